from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from fabriques.portal.api.openapi import as_text


class Command(BaseCommand):
    help = "Write docs/openapi.json, the description of the API that a test compares with the code."

    def handle(self, **options: Any) -> None:
        path = Path(settings.ROOT) / "docs" / "openapi.json"
        path.write_text(as_text(), encoding="utf-8")
        self.stdout.write(f"{path.relative_to(settings.ROOT)} est à jour.")
