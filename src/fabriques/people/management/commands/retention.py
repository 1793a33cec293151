from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from fabriques.people.personal.retention import apply_retention


class Command(BaseCommand):
    help = "Erase what is too old and warn the owners of unused accounts; the tick does it daily."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        lines = apply_retention(timezone.now(), dry_run=dry_run)
        if dry_run:
            self.stdout.write("À blanc, rien n’est changé. À faire :")
        self.stdout.write("\n".join(lines) or "Rien n’est trop ancien.")
