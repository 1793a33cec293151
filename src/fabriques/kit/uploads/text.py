"""Plain text and CSV: decoded, and kept as UTF-8."""

import codecs
import re

from fabriques.kit.uploads.kinds import WrongFileError

_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
_MARKUP = re.compile(r"<(!doctype|\?xml|html|head|body|script|svg|iframe)\b", re.I)
_HEAD = 2000  # characters in which markup shows


def clean_text(data: bytes) -> bytes:
    """The text in UTF-8; `WrongFileError` when it is none, or when a browser would run it.

    Spreadsheets of French offices write Windows-1252, or UTF-16 with its mark; both are understood.
    """
    text = _decoded(data)
    if text is None or _CONTROL.search(text):
        raise WrongFileError("Le format de ce fichier n’est pas reconnu.", "unknown")
    if _MARKUP.search(text[:_HEAD]):
        raise WrongFileError(
            "Les pages HTML, XML et les images SVG ne sont pas acceptées.", "markup"
        )
    return text.encode()


def _decoded(data: bytes) -> str | None:
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if marked else ["utf-8-sig", "cp1252"]:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None
