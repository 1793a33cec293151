from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from fabriques.programme.rights import markdown


class Command(BaseCommand):
    help = "Write the table of rights to docs/droits.md."

    def handle(self, **options: Any) -> None:
        (settings.ROOT / "docs" / "droits.md").write_text(markdown(), encoding="utf-8")
