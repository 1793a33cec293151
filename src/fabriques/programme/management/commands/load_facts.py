from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from fabriques.programme import domain, facts


class Command(BaseCommand):
    help = "Load the file of facts about the fabriques; doing it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", nargs="?", type=Path, default=settings.FACTS)

    def handle(self, *, path: Path, **options: Any) -> None:
        try:
            changed = domain.load_facts(facts=facts.read(path), actor=f"Fichier {path.name}")
        except (facts.FactsError, domain.UnknownTerritoryError) as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            self.stdout.write(f"{len(changed)} fabrique(s) créée(s) ou mise(s) à jour.")
