"""Extracts: the words of the query, marked in the title and in a piece of the text."""

import re
import unicodedata
from collections.abc import Sequence

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from fabriques.kit.search.ranking import Word
from fabriques.kit.search.text import written

LENGTH = 240
# Only the beginning of a text is looked through, and only so many matches are weighed.
_SCANNED = 20_000
_WEIGHED = 100
_WORD = re.compile(r"[^\W_]+")


class Marker:
    """Marks what the words of one query stand for, in texts of one kind.

    Remembers its decisions: words come back from one hit to the next.
    """

    def __init__(self, words: Sequence[Word]) -> None:
        self._words = words
        self._known: dict[str, int | None] = {}

    def which(self, token: str) -> int | None:
        """Place in the query of the word that `token`, a word of a text, answers best."""
        if token not in self._known:
            form = written(token)
            values = [(word.quality(form), -at) for at, word in enumerate(self._words)]
            best = max(values, default=(0, 0))
            self._known[token] = -best[1] if best[0] > 0 else None
        return self._known[token]

    def mark(self, text: str) -> SafeString:
        """`text` escaped, with <mark> around the words that answer."""
        parts, at = [], 0
        for found in _WORD.finditer(text):
            if self.which(found.group()) is not None:
                parts += [escape(text[at : found.start()]), f"<mark>{escape(found.group())}</mark>"]
                at = found.end()
        parts.append(escape(text[at:]))
        return mark_safe("".join(parts))  # noqa: S308 - every part is escaped above

    def extract(self, text: str) -> SafeString:
        """The piece of `text` that answers the most words; "" when none does."""
        text = " ".join(composed(text[:_SCANNED]).split())
        # With one word nothing is weighed: the first place is the best.
        enough = _WEIGHED if len(self._words) > 1 else 1
        matches: list[tuple[int, int]] = []
        for found in _WORD.finditer(text):
            which = self.which(found.group())
            if which is not None:
                matches.append((found.start(), which))
                if len(matches) == enough:
                    break
        if not matches:
            return SafeString("")
        best = max(
            (start for start, _ in matches),
            key=lambda start: (
                len({which for at, which in matches if start <= at < start + LENGTH * 3 // 4}),
                -start,
            ),
        )
        start, end = _cut(text, best)
        before, after = "… " if start else "", " …" if end < len(text) else ""
        return mark_safe(f"{before}{self.mark(text[start:end])}{after}")  # noqa: S308

    def surfaces(self, text: str) -> dict[int, str]:
        """For each word of the query, the best word of `text` that answers it, as it is written."""
        found: dict[int, tuple[int, str]] = {}
        for token in _WORD.findall(composed(text[:_SCANNED])):
            form = written(token)
            for at, word in enumerate(self._words):
                quality = word.quality(form)
                if quality > found.get(at, (0, ""))[0]:
                    found[at] = (quality, token)
        return {at: token for at, (_, token) in found.items()}


def composed(text: str) -> str:
    """Letters and accents as single characters: an accent apart would cut a word in two."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def corrected(query: str, surfaces: dict[str, str]) -> str:
    """`query` as typed, with its corrected words in the spelling of the answer."""
    return _WORD.sub(lambda found: surfaces.get(written(found.group()), found.group()), query)


def _cut(text: str, match: int) -> tuple[int, int]:
    """Start and end of the extract around a match, on spaces."""
    start = max(0, match - LENGTH // 4)
    if start:
        start = text.find(" ", start, match) + 1 or match
    end = min(len(text), start + LENGTH)
    if end < len(text):
        end = max(text.rfind(" ", match, end), match)
        if end == match:  # one endless word
            end = start + LENGTH
    return start, end
