from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from fabriques.intake.models import Call
from fabriques.intake.volumetry import generate_volunteers


class Command(BaseCommand):
    help = "Submit made-up declarations to an open call, over real territories, to measure with."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--call", required=True, help="its name in addresses")
        parser.add_argument("--count", type=int, default=60)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--essai",
            action="store_true",
            help="this site is for trials: without it, only a demonstration takes made-up data",
        )

    def handle(self, *, call: str, count: int, seed: int, essai: bool, **options: Any) -> None:
        if not (settings.DEMO or essai):
            raise CommandError(
                "Ces déclarations sont inventées : sur un site qui n’est pas une démonstration, "
                "ajoutez --essai si personne n’y travaille pour de vrai."
            )
        found = Call.objects.filter(slug=call).first()
        if found is None:
            raise CommandError(f"Aucun appel ne s’appelle « {call} ».")
        if count < 1:
            raise CommandError("Le nombre de déclarations est un entier, 1 ou plus.")
        try:
            made = generate_volunteers(call=found, count=count, seed=seed)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{len(made)} déclarations inventées.")
