"""Recognise a file by its content, check it, give back what may be kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from django.core.files.base import ContentFile, File

from fabriques.kit.uploads.images import clean_image
from fabriques.kit.uploads.kinds import (
    FORMATS,
    Kind,
    RefusedFile,
    WrongFileError,
    expected,
    megabytes,
)
from fabriques.kit.uploads.office import check_office, check_old_office
from fabriques.kit.uploads.pdf import check_pdf
from fabriques.kit.uploads.text import clean_text

# Extensions that people give to files: replaced by the one of what the file holds.
_EXTENSION = re.compile(
    r"\.(png|jpe?g|webp|gif|pdf|od[tsp]|docx?|xlsx?|pptx?|do[tc]m|xlsm|pptm|csv|tsv|txt|zip)$", re.I
)
_NAME_BYTES = 120


@dataclass(frozen=True)
class Accepted:
    """A file that may be kept: `content` is what was checked, re-encoded for images and texts."""

    name: str
    media_type: str
    kind: Kind
    content: bytes = field(repr=False)

    @property
    def file(self) -> ContentFile[bytes]:
        """For `FileField.save`; a new one at each call."""
        return ContentFile(self.content, self.name)


def accept(file: File[bytes], *, kinds: Collection[Kind], max_bytes: int) -> Accepted:
    """Check `file` (its content is read whole, `max_bytes` at most) and give what may be kept.

    Raises `RefusedFile`, and nothing else, with a sentence for the person who sent it.
    """
    try:
        extension, content = _recognise(file, max_bytes)
        kind, media_type = FORMATS[extension]
        if kind not in kinds:
            raise WrongFileError(f"Ce fichier est de type « {kind.value} ».", "kind")
    except WrongFileError as wrong:
        sentence = f"{wrong} {expected(kinds, max_bytes)}"
        raise RefusedFile(sentence, code=wrong.code) from None
    return Accepted(_with_extension(file.name or "", extension), media_type, kind, content)


def _recognise(file: File[bytes], max_bytes: int) -> tuple[str, bytes]:
    """The extension of what the file holds, and the content to keep."""
    if file.size > max_bytes:
        raise WrongFileError(
            f"Ce fichier pèse {megabytes(file.size)} ; la limite est de {megabytes(max_bytes)}.",
            "too-big",
        )
    file.seek(0)
    data = file.read(max_bytes + 1)
    if not data:
        raise WrongFileError("Ce fichier est vide.", "empty")
    for start, check in _CHECKS:
        if re.match(start, data, re.DOTALL):
            return check(data)
    is_csv = (file.name or "").lower().endswith((".csv", ".tsv"))  # nothing but its name says so
    return "csv" if is_csv else "txt", clean_text(data)


_CHECKS: tuple[tuple[bytes, Callable[[bytes], tuple[str, bytes]]], ...] = (
    (rb"\x89PNG\r\n\x1a\n", lambda data: clean_image(data, "PNG")),
    (rb"\xff\xd8\xff", lambda data: clean_image(data, "JPEG")),
    (rb"RIFF....WEBP", lambda data: clean_image(data, "WEBP")),
    (rb"GIF8[79]a", lambda data: clean_image(data, "GIF")),
    (rb"%PDF-", lambda data: ("pdf", check_pdf(data))),
    (rb"PK\x03\x04", lambda data: (check_office(data), data)),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", check_old_office),
)


def clean_name(name: str) -> str:
    """The last part of a path, without anything that a system or a reader could take otherwise."""
    last = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    kept = "".join(
        " " if unicodedata.category(char)[0] in "CZ" or char in '<>:"|?*' else char for char in last
    )
    return " ".join(kept.split()).strip(". ")


def _with_extension(name: str, extension: str) -> str:
    stem = _EXTENSION.sub("", clean_name(name))
    stem = stem.encode()[:_NAME_BYTES].decode(errors="ignore").strip(". ")
    return f"{stem or 'document'}.{extension}"
