from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fabriques.programme.volumetry import generate, generate_people


class Command(BaseCommand):
    help = "Add made-up fabriques (codes vol-…) to measure with; --factor 1 takes them away."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--factor", type=int, default=100)
        parser.add_argument("--users", type=int, default=0, help="made-up accounts with roles")

    def handle(self, *, factor: int, users: int, **options: Any) -> None:
        if factor < 1:
            raise CommandError("Le facteur est un nombre entier, 1 ou plus.")
        try:
            made = generate(factor=factor)
        except ValueError as error:
            raise CommandError(str(error)) from error
        people = generate_people(users=users, fabriques=40)
        self.stdout.write(f"{made} fabriques et {len(people)} personnes inventées.")
