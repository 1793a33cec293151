from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fabriques.programme.volumetry import generate


class Command(BaseCommand):
    help = "Add made-up fabriques (codes vol-…) to measure with; --factor 1 takes them away."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--factor", type=int, default=100)

    def handle(self, *, factor: int, **options: Any) -> None:
        if factor < 1:
            raise CommandError("Le facteur est un nombre entier, 1 ou plus.")
        try:
            made = generate(factor=factor)
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{made} fabriques inventées.")
