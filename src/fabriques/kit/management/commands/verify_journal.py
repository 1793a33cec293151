from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.management.base import BaseCommand, CommandError, CommandParser

from fabriques.kit import journal


class Command(BaseCommand):
    help = (
        "Verify that no entry of the journal was changed, inserted or removed; print its head, "
        "to be kept elsewhere."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            nargs=2,
            metavar=("NUMBER", "DIGEST"),
            help="a head noted earlier: prove that the journal still passes through it",
        )

    def handle(self, *, since: list[str] | None = None, **options: Any) -> None:
        noted = _point(*since) if since else None
        try:
            head = journal.verify(noted)
        except journal.BrokenError as error:
            raise CommandError(str(error)) from error
        if not head.number:
            self.stdout.write("Le journal est vide.")
            return
        count = "une entrée" if head.number == 1 else f"{intcomma(head.number)} entrées"
        self.stdout.write(
            f"Le journal est intact : {count}. "
            f"À noter ailleurs : numéro {head.number}, empreinte {head.digest}."
        )
        if noted:
            self.stdout.write(f"Rien n’a changé jusqu’à l’entrée {noted.number}, notée auparavant.")


def _point(number: str, digest: str) -> journal.Point:
    digest = digest.strip().lower()
    if not (number.isascii() and number.isdigit() and int(number)):
        raise CommandError(f"« {number} » n’est pas le numéro d’une entrée : 1, 2, 3…")
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise CommandError(
            f"« {digest} » n’est pas une empreinte : il y faut 64 chiffres et lettres de a à f."
        )
    return journal.Point(int(number), digest)
