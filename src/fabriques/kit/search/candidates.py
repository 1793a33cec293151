"""The queries: which entries may answer, in SQL that SQLite and PostgreSQL both speak.

Each word of the query stands for a few words of the vocabulary of a kind. The rarest word drives:
its entries are taken in the order of the index (place, rank, code), and the other words are
checked on each by an `EXISTS`. Everything is cut at `LIMIT` *in that order*, never in the order of
arrival, so that both databases cut alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from fabriques.kit.search.models import Place
from fabriques.kit.search.ranking import Candidate, Word
from fabriques.kit.search.vocabulary import COMMON, END, Vocabulary

LIMIT = COMMON
# Beyond so many words apart in one prefix, they are taken together even when common.
APART = 12
# Candidates kept for the check of how many words they have (see `count_words`).
CHECKED = 600
# A number may be a postal code that no vocabulary knows: supposed to be about as rare.
RARE = 10

_KEYS = -1


@dataclass(frozen=True)
class Condition:
    """A condition on the column `term`, with its parameters."""

    sql: str
    params: tuple[Any, ...]


@dataclass(frozen=True)
class Selection:
    """Candidates, and the kinds for which there may be more than were taken."""

    candidates: dict[int, Candidate]
    capped: frozenset[str]


def keys_of(word: str) -> list[str]:
    """The keys that a word with a digit may be; an INSEE or postal code may lack its zero."""
    if not any(sign.isdigit() for sign in word):
        return []
    keys = [f"={word}"]
    if len(word) == 4 and word.isdigit():
        keys.append(f"=0{word}")
    if len(word) == 14 and word.isdigit():
        keys.append(f"={word[:9]}")  # the SIREN that begins a SIRET
    return keys


def known(word: Word, vocabulary: Vocabulary) -> bool:
    """Whether some entry of the kind may have the word."""
    if word.stems or word.close or keys_of(word.text) or vocabulary.has(word.text):
        return True
    first, last = vocabulary.range(word.text)
    return word.prefix and last > first


def select_keys(kinds: Sequence[str], keys: Sequence[str]) -> str:
    """Kept apart from words: a query with a separator is one key but several words."""
    raise NotImplementedError


def _equal(terms: Sequence[str]) -> Condition:
    marks = ", ".join(["%s"] * len(terms))
    return Condition(f"t.term IN ({marks})", tuple(terms))


def _between(first: str, last: str) -> Condition:
    return Condition("t.term >= %s AND t.term <= %s", (first, last))


def _starts(prefix: str) -> Condition:
    return Condition("t.term >= %s AND t.term < %s", (prefix, prefix + END))


def _others(word: Word) -> list[str]:
    """Terms that the word stands for, apart from itself and what it begins."""
    found = {*word.stems, *word.close, *keys_of(word.text)} - {word.text}
    return sorted(t for t in found if not (word.prefix and t.startswith(word.text)))


def _whole(word: Word) -> Condition:
    """All that the word stands for, in one condition."""
    others = _others(word)
    if not word.prefix:
        return _equal([word.text, *others])
    starts = _starts(word.text)
    if not others:
        return starts
    equal = _equal(others)
    return Condition(f"(({starts.sql}) OR {equal.sql})", starts.params + equal.params)


def _pieces(word: Word, vocabulary: Vocabulary) -> list[Condition]:
    """All that the driving word stands for, in conditions that are cut at `LIMIT` one by one.

    A prefix such as "sa" holds a few words with thousands of entries: each is taken alone, since
    the index gives its first entries at once, and the runs between them are small enough to sort.
    The exact word is alone too: the commune « Sai » must not drown among those of « Saint ».
    """
    others = _others(word)
    pieces = [_equal(others)] if others else []
    if not word.prefix:
        return [_equal([word.text]), *pieces]
    first, last = vocabulary.range(word.text)
    if vocabulary.cumulated[last] - vocabulary.cumulated[first] <= LIMIT:
        return [_starts(word.text), *pieces]
    alone = sorted(vocabulary.common_in(first, last), key=lambda at: -vocabulary.counts[at])[:APART]
    if vocabulary.has(word.text):
        alone.append(first)
    for at in sorted({*alone}):
        if at > first:
            pieces.append(_between(vocabulary.words[first], vocabulary.words[at - 1]))
        pieces.append(_equal([vocabulary.words[at]]))
        first = at + 1
    if first < last:
        pieces.append(_between(vocabulary.words[first], vocabulary.words[last - 1]))
    return pieces


def _size(word: Word, vocabulary: Vocabulary) -> int:
    """About how many entries have the word."""
    size = sum(vocabulary.count(term) for term in _others(word))
    if word.prefix:
        first, last = vocabulary.range(word.text)
        size += vocabulary.cumulated[last] - vocabulary.cumulated[first]
    else:
        size += vocabulary.count(word.text)
    return size + (RARE if keys_of(word.text) else 0)
