import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fabriques.portal import install
from fabriques.programme.domain import UnknownTerritoryError
from fabriques.programme.facts import FactsError
from fabriques.territories.imports.report import RefusedError


class Command(BaseCommand):
    requires_system_checks = ()  # `check` has its own command; every start would pay for it
    help = "Build the assets, create the tables and load the data; what is already there stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--data-only", action="store_true", help="neither assets nor tables")

    def handle(self, *, data_only: bool, verbosity: int, **options: Any) -> None:
        start = time.monotonic()

        def say(message: str) -> None:
            if verbosity:
                self.stdout.write(f"[{time.monotonic() - start:5.1f} s] {message}")
                self.stdout.flush()

        if not data_only:
            install.prepare_assets(say)
            install.prepare_database(say)
        try:
            install.prepare_data(say)
            install.prepare_demo(say)
        except (FactsError, UnknownTerritoryError, RefusedError) as error:
            raise CommandError(str(error)) from error
