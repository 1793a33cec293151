"""The kinds of files that can be asked for, and the words that refuse the others."""

from collections.abc import Collection
from enum import Enum

from django.core.exceptions import ValidationError

MO = 1_000_000  # bytes


class Kind(Enum):
    """A family of formats; its value is what a person reads."""

    IMAGE = "image (PNG, JPEG, WebP ou GIF)"
    PDF = "PDF"
    OFFICE = "document bureautique (ODT, ODS, ODP, DOCX, XLSX ou PPTX)"
    TEXT = "texte ou CSV"


# Extension of what was recognised → its kind and its media type.
FORMATS: dict[str, tuple[Kind, str]] = {
    "png": (Kind.IMAGE, "image/png"),
    "jpg": (Kind.IMAGE, "image/jpeg"),
    "webp": (Kind.IMAGE, "image/webp"),
    "pdf": (Kind.PDF, "application/pdf"),
    "odt": (Kind.OFFICE, "application/vnd.oasis.opendocument.text"),
    "ods": (Kind.OFFICE, "application/vnd.oasis.opendocument.spreadsheet"),
    "odp": (Kind.OFFICE, "application/vnd.oasis.opendocument.presentation"),
    "docx": (
        Kind.OFFICE,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "xlsx": (Kind.OFFICE, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pptx": (
        Kind.OFFICE,
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    "csv": (Kind.TEXT, "text/csv; charset=utf-8"),
    "txt": (Kind.TEXT, "text/plain; charset=utf-8"),
}


class RefusedFile(ValidationError):  # noqa: N818 - it is said to a person, beside a field
    """A file that cannot be taken: what is wrong, then what would be accepted."""


class WrongFileError(Exception):
    """What is wrong with a file, in a sentence; `accept` adds what would do."""

    def __init__(self, sentence: str, code: str) -> None:
        super().__init__(sentence)
        self.code = code


def megabytes(size: int) -> str:
    """A size in Mo as it is written in French, never rounded down to the limit it exceeds."""
    tenths = -(-size * 10 // MO)
    return f"{tenths // 10},{tenths % 10} Mo" if tenths % 10 else f"{tenths // 10} Mo"


def expected(kinds: Collection[Kind], max_bytes: int) -> str:
    """What would be accepted, in the order of `Kind`."""
    words = " ; ".join(kind.value for kind in Kind if kind in kinds)
    label = "Formats acceptés" if " ou " in words or ";" in words else "Format accepté"
    return f"{label} : {words}. {megabytes(max_bytes)} au plus."
