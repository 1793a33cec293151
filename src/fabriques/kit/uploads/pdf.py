"""PDF: whole, open to everyone, and nothing in it that acts by itself.

A document that acts must name its action (`/S /JavaScript`, `/S /Launch`). Names may be written
with `#xx` escapes, and may lie in compressed object streams: both are looked into. Page contents,
fonts and pictures are not objects and are left alone.
"""

import re
import zlib

from fabriques.kit.uploads.kinds import WrongFileError

_INFLATED_LIMIT = 100_000_000  # bytes, for all object streams together
_END = 1024  # bytes within which the end mark must stand (ISO 32000, annex H)


def _name(*texts: bytes) -> re.Pattern[bytes]:
    """These PDF names, each character plain or escaped, ended by a delimiter."""
    names = (b"".join(b"(?:%c|#%02x)" % (char, char) for char in text) for text in texts)
    return re.compile(b"/(?:" + b"|".join(names) + rb")(?=[\x00\t\n\f\r ()<>\[\]{}/%]|$)", re.I)


_ACTIVE = _name(b"JavaScript", b"Launch", b"RichMedia", b"EmbeddedFile", b"EmbeddedFiles")
_ENCRYPTED = _name(b"Encrypt")
_OBJECTS = _name(b"ObjStm")
_FILTER = _name(b"Filter")
_STREAM = re.compile(rb"(?<!end)stream[ \t]*(?:\r\n?|\n)")


def check_pdf(data: bytes) -> bytes:
    """The same bytes, or `WrongFileError`."""
    if b"%%EOF" not in data[-_END:] or b"startxref" not in data:
        raise WrongFileError("Ce PDF est incomplet : il manque sa fin.", "pdf")
    if _ENCRYPTED.search(data):
        raise WrongFileError(
            "Ce PDF est protégé (mot de passe ou droits restreints) : "
            "enregistrez-le sans protection.",
            "pdf-encrypted",
        )
    if _ACTIVE.search(data) or any(_ACTIVE.search(objects) for objects in _object_streams(data)):
        raise WrongFileError(
            "Ce PDF contient un programme ou un fichier joint : « imprimez-le » au format PDF, "
            "puis envoyez le résultat.",
            "pdf-active",
        )
    return data


def _object_streams(data: bytes) -> list[bytes]:
    """The objects that the document keeps compressed."""
    found = []
    left = _INFLATED_LIMIT
    view = memoryview(data)
    before = 0
    for start in _STREAM.finditer(data):
        # Its dictionary lies between the start of the stream before and its own.
        head = (before, start.start())
        before = start.end()
        if not _OBJECTS.search(data, *head) or not _FILTER.search(data, *head):
            continue
        try:
            objects = zlib.decompressobj().decompress(view[before:], left)
        except zlib.error:
            raise WrongFileError("Ce PDF est abîmé : il ne peut pas être lu.", "pdf") from None
        left -= len(objects)
        if left <= 0:
            raise WrongFileError("Ce PDF est trop lourd une fois ouvert.", "pdf")
        found.append(objects)
    return found
