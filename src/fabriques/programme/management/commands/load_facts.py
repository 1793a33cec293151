from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from fabriques.programme import domain, facts
from fabriques.programme.models import Fabrique
from fabriques.programme.volumetry import PREFIX


class Command(BaseCommand):
    help = "Load the file of facts about the fabriques; doing it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", nargs="?", type=Path, default=settings.FACTS)

    def handle(self, *, path: Path, **options: Any) -> None:
        try:
            read = facts.read(path)
            changed = domain.load_facts(facts=read, actor=domain.TEAM)
        except (facts.FactsError, domain.UnknownTerritoryError) as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            self.stdout.write(f"{len(changed)} fabrique(s) créée(s) ou mise(s) à jour.")
            kept = Fabrique.objects.exclude(code__in=read.fabriques).exclude(
                code__startswith=PREFIX
            )
            for fabrique in kept.order_by("code"):
                self.stdout.write(
                    f"{fabrique.code} : absente du fichier, gardée sur le site (rien n’est effacé)."
                )
