from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fabriques.territories.imports import open_data
from fabriques.territories.imports.download import DownloadError
from fabriques.territories.imports.qpv import GENERATIONS
from fabriques.territories.imports.report import RefusedError

SHOWN = 100


class Command(BaseCommand):
    help = (
        "Import open data about territories from a file or a data.gouv dataset; nothing is "
        "imported when a row has a problem, unless --valid-rows. Doing it again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=sorted(open_data.IMPORTERS))
        parser.add_argument("source", help="path of a file, or slug of a data.gouv dataset")
        parser.add_argument(
            "--valid-rows", action="store_true", help="import the rows that have no problem"
        )
        parser.add_argument(
            "--generation",
            type=int,
            choices=sorted(GENERATIONS.values()),
            help="of priority districts whose code does not tell it",
        )

    def handle(self, *, name: str, source: str, **options: Any) -> None:
        def say(line: str) -> None:
            if options["verbosity"]:
                self.stdout.write(line)
                self.stdout.flush()

        try:
            outcome = open_data.run(
                name,
                source,
                say,
                valid_rows=options["valid_rows"],
                generation=options["generation"],
            )
        except RefusedError as refused:
            self._list(refused.problems)
            raise CommandError(
                f"Rien n’a été importé : {len(refused.problems)} problème(s). "
                "Corrigez le fichier, ou ajoutez --valid-rows."
            ) from refused
        except DownloadError as error:
            raise CommandError(str(error)) from error
        self._list(outcome.rejected)
        for line in _first(outcome.notes):
            say(line)

    def _list(self, problems: Iterable[object]) -> None:
        for line in _first([str(problem) for problem in problems]):
            self.stderr.write(line)


def _first(lines: list[str]) -> list[str]:
    more = len(lines) - SHOWN
    return lines if more <= 0 else [*lines[:SHOWN], f"… et {more} autre(s)."]
