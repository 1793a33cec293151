"""Which of two answers comes first: pure functions, no database.

The class of an answer decides first (`Match`), then how well its words fit (`weight`), then the
static rank of the entry, then the order of its kind, then its code. Nothing else does: no score of
the database, no order of arrival.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from fabriques.kit.search.text import STOP_WORDS, core


class Match(IntEnum):
    """How an entry answers a query, the worst first."""

    TEXT = 0  # at least one word stands in the text or in another name only
    FUZZY = 1  # all in the title, at least one with a typing error
    PREFIX = 2  # all in the title, at least one as the beginning of a word
    STEM = 3  # all in the title, at least one in another form (plural, feminine…)
    EXACT = 4  # all in the title
    START = 5  # the title starts with the query, articles apart
    NAME = 6  # another name is the query: a former name, an acronym
    WHOLE = 7  # the title is the query, articles apart
    CODE = 8  # a code is the query


# What one word of the query is worth; TEXT is completed by `NAMED` for words of other names.
_VALUES = {Match.EXACT: 40, Match.STEM: 30, Match.PREFIX: 20, Match.FUZZY: 10}
_NAMED = 5
_WHOLE = 1000


@dataclass(frozen=True)
class Word:
    """One word of the query and the words of one vocabulary that it may stand for.

    `close` gives the distance of each correction. `prefix` says whether the beginning of a word is
    enough.
    """

    text: str
    prefix: bool
    stems: frozenset[str] = frozenset()
    close: Mapping[str, int] = field(default_factory=dict)

    def quality(self, word: str) -> int:
        """What this word of the query is worth when `word` stands in a title; 0 when it differs."""
        return self.best((word,))

    def best(self, parts: Sequence[str]) -> int:
        """What it is worth in a title of these words: that of the one which answers it best."""
        if self.text in parts:
            return _VALUES[Match.EXACT]
        if not self.stems.isdisjoint(parts):
            return _VALUES[Match.STEM]
        if self.prefix:
            for part in parts:
                if part.startswith(self.text):
                    return _VALUES[Match.PREFIX]
        if self.close:
            return max((self._corrected(part) for part in parts), default=0)
        return 0

    def _corrected(self, word: str) -> int:
        distance = self.close.get(word)
        if distance is None:
            return 0
        # One error is likelier than two, and the first letter is rarely the wrong one.
        return _VALUES[Match.FUZZY] + 1 - distance - (word[:1] != self.text[:1])


class Candidate(NamedTuple):
    """An entry selected by the database, with what selected it.

    `key`: one of its codes or whole names is the query; `named`: the best place of the searched
    word is another name; `matched`: how many words of the query the entry has somewhere (0 when
    all were required).
    """

    pk: int
    kind: str
    code: str
    rank: int
    plain: str
    key: bool = False
    named: bool = False
    matched: int = 0


@dataclass(frozen=True)
class Query:
    """What is asked: the whole normalised text, stop words included, and how to read it.

    `code` says that it holds a digit, so that a key it meets is a code and not a name. With
    `partial`, words that a title lacks do not count against it.
    """

    plain: str
    code: bool = False
    partial: bool = False


def judge(candidate: Candidate, query: Query, words: Sequence[Word]) -> tuple[Match, int]:
    """Class and weight of a candidate for a query read as `words`.

    Within a class the weight adds what each word is worth in the title, and prefers titles that
    start as the query does.
    """
    title, plain = candidate.plain, query.plain
    named = core(title)
    if candidate.key:  # a whole title is always a key
        if query.code:
            return Match.CODE, 0
        if title == plain:
            return Match.WHOLE, 1
        whole = named.replace(" ", "") == core(plain).replace(" ", "")
        return (Match.WHOLE if whole else Match.NAME), 0
    starts = title.startswith(plain) or named.startswith(plain)
    if starts and (title.startswith(plain + " ") or named.startswith(plain + " ")):
        return Match.START, 0
    parts = title.split()
    values = [word.best(parts) for word in words]
    if query.partial:
        values = [value for value in values if value]
    worst = _match(min(values, default=0))
    weight = 2 * sum(values) + starts
    if worst is Match.TEXT:
        return worst, weight + (_NAMED if candidate.named else 0)
    if worst in (Match.STEM, Match.FUZZY):
        # The whole title, but for an ending or an error. Not for prefixes: « la ro » begins
        # « La Roche-sur-Yon » as well as « La Rochelle ».
        return worst, weight + all(
            part in STOP_WORDS or any(word.quality(part) for word in words) for part in parts
        )
    return worst, weight


def _match(value: int) -> Match:
    """The class of an answer from what its worst word is worth."""
    if value == 0:
        return Match.TEXT
    return next((match for match, least in _VALUES.items() if value >= least), Match.FUZZY)


def score(match: Match, weight: int) -> int:
    """Class and weight as one number that grows with the quality of the answer."""
    return int(match) * _WHOLE * 10 + weight
