from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from fabriques.programme import facts
from fabriques.programme.checks import check


class Command(BaseCommand):
    help = (
        "Check the file of facts against the referential of territories; print what does not fit."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", nargs="?", type=Path, default=settings.FACTS)

    def handle(self, *, path: Path, **options: Any) -> None:
        try:
            report = check(facts.read(path))
        except facts.FactsError as error:
            raise CommandError(str(error)) from error
        for line in report.notes:
            self.stdout.write(line)
        for line in report.problems:
            self.stderr.write(self.style.ERROR(line))
        if report.problems:
            raise CommandError(f"{len(report.problems)} point(s) ne vont pas.")
        self.stdout.write(self.style.SUCCESS("Tout concorde avec le référentiel."))
