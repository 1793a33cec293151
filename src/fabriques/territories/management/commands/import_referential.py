from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from fabriques.territories.imports import referential
from fabriques.territories.imports.report import RefusedError

PACKAGE = settings.NODE_MODULES / "@etalab" / "decoupage-administratif" / "data"


class Command(BaseCommand):
    help = (
        "Load the division of the country from the npm package @etalab/decoupage-administratif; "
        "doing it again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--source", type=Path, default=PACKAGE, help="folder of the six JSON files"
        )

    def handle(self, *, source: Path, **options: Any) -> None:
        def say(line: str) -> None:
            if options["verbosity"]:
                self.stdout.write(line)
                self.stdout.flush()

        try:
            outcome = referential.run(source, say)
        except RefusedError as refused:
            raise CommandError(f"Rien n’a été importé.\n{refused}") from refused
        for note in outcome.notes:
            say(note)
