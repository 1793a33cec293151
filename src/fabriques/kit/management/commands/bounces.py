import mailbox
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fabriques.kit.outbox.bounces import Finding, NotAReportError, take


class Command(BaseCommand):
    help = "Read delivery reports: one message on standard input, or every message of a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--folder",
            type=Path,
            help="a Maildir, whose new messages are read and marked as seen, or .eml files",
        )

    def handle(self, *, folder: Path | None, **options: Any) -> None:
        if folder is None:
            self._one(sys.stdin.buffer.read())
        elif folder.is_dir():
            self._all(folder)
        else:
            raise CommandError(f"{folder} n’est pas un dossier.")

    def _one(self, raw: bytes) -> None:
        try:
            finding = take(raw)
        except NotAReportError as error:
            raise CommandError(str(error)) from None
        if finding is Finding.UNKNOWN:
            raise CommandError(f"{finding.value[0].upper()}{finding.value[1:]}.")
        self.stdout.write(finding.value)

    def _all(self, folder: Path) -> None:
        """Other mail lies in such a folder too (answers, advertising): it is counted and left."""
        counts: Counter[str] = Counter()
        for raw in _new_messages(folder):
            try:
                counts[take(raw).value] += 1
            except NotAReportError:
                counts["autre message, laissé de côté"] += 1
        for label, number in sorted(counts.items()):
            self.stdout.write(f"{label} : {number}")
        if not counts:
            self.stdout.write("Aucun message à lire.")


def _new_messages(folder: Path) -> Iterator[bytes]:
    if not (folder / "new").is_dir():
        for file in sorted(folder.glob("*.eml")):
            yield file.read_bytes()
        return
    box = mailbox.Maildir(folder, create=False)
    for key in sorted(box.keys()):
        message = box.get_message(key)
        if message.get_subdir() == "new":
            yield box.get_bytes(key)
            message.set_subdir("cur")
            message.add_flag("S")
            box[key] = message
