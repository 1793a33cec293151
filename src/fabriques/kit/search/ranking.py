"""Which of two answers comes first: pure functions, no database.

The class of an answer decides first (`Match`), then how well its words fit (`weight`), then the
static rank of the entry, then the order of its kind, then its code. Nothing else does: no score of
the database, no order of arrival.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from fabriques.kit.search.text import core


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
        if word == self.text:
            return _VALUES[Match.EXACT]
        if word in self.stems:
            return _VALUES[Match.STEM]
        if self.prefix and word.startswith(self.text):
            return _VALUES[Match.PREFIX]
        distance = self.close.get(word)
        return 0 if distance is None else _VALUES[Match.FUZZY] + 1 - distance


_MATCHES = {
    **{value: match for match, value in _VALUES.items()},
    _VALUES[Match.FUZZY] - 1: Match.FUZZY,
    0: Match.TEXT,
}


@dataclass(frozen=True)
class Candidate:
    """An entry selected by the database, with what selected it.

    `key`: one of its codes or whole names is the query; `named`: the best place of the searched
    word is another name; `matched`: how many words of the query the entry has somewhere.
    """

    pk: int
    kind: str
    code: str
    rank: int
    plain: str
    key: bool = False
    named: bool = False
    matched: int = 0


def judge(
    candidate: Candidate, plain: str, words: Sequence[Word], codes: Collection[str]
) -> tuple[Match, int]:
    """Class and weight of a candidate.

    `plain` is the whole normalised query, stop words included, and `codes` its forms that hold a
    digit (empty when it is no code). Within a class the weight adds what each word is worth in the
    title, and prefers titles that start as the query does.
    """
    if candidate.key and codes:
        return Match.CODE, 0
    title = candidate.plain
    if title == plain:
        return Match.WHOLE, 1
    wanted, named = core(plain), core(title)
    if named == wanted or named.replace(" ", "") == wanted.replace(" ", ""):
        return Match.WHOLE, 0
    if candidate.key:
        return Match.NAME, 0
    # An article asked for is an article wanted: « la roche » is no start of « Les Roches ».
    starts = title.startswith(plain) or named.startswith(plain)
    if starts and (title.startswith(plain + " ") or named.startswith(plain + " ")):
        return Match.START, 0
    parts = title.split()
    values = [max((word.quality(part) for part in parts), default=0) for word in words]
    worst = _MATCHES[min(values, default=0)]
    weight = 2 * sum(values) + (_NAMED if worst is Match.TEXT and candidate.named else 0)
    return worst, weight + (1 if starts else 0)


def score(match: Match, weight: int) -> int:
    """Class and weight as one number that grows with the quality of the answer."""
    return int(match) * _WHOLE * 10 + weight
