"""What a word of the query stands for in the index, as conditions on the column of terms.

Words of the vocabulary (other forms, corrections) and codes are compared by equality, what a word
begins by a range that the index answers: terms are ASCII and their column is bytewise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fabriques.kit.search.ranking import Word
from fabriques.kit.search.vocabulary import COMMON, END, Vocabulary

LIMIT = COMMON  # a word with fewer entries is never cut
# Beyond so many words apart in one prefix, they are taken together even when common.
APART = 12
# A number may be a postal code that no vocabulary knows: supposed to be about as rare.
RARE = 10


@dataclass(frozen=True)
class Condition:
    """A condition on `{t}.term`, where `{t}` is the table as the query names it."""

    sql: str
    params: tuple[Any, ...]


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


def _equal(terms: Sequence[str]) -> Condition:
    marks = ", ".join(["%s"] * len(terms))
    return Condition(f"{{t}}.term IN ({marks})", tuple(terms))


def _between(first: str, last: str) -> Condition:
    return Condition("{t}.term >= %s AND {t}.term <= %s", (first, last))


def _starts(prefix: str) -> Condition:
    return Condition("{t}.term >= %s AND {t}.term < %s", (prefix, prefix + END))


def _others(word: Word) -> list[str]:
    """Terms that the word stands for, apart from itself and what it begins."""
    found = {*word.stems, *word.close, *keys_of(word.text)} - {word.text}
    return sorted(t for t in found if not (word.prefix and t.startswith(word.text)))


def whole(word: Word) -> Condition:
    """All that the word stands for, in one condition."""
    others = _others(word)
    if not word.prefix:
        return _equal([word.text, *others])
    starts = _starts(word.text)
    if not others:
        return starts
    equal = _equal(others)
    return Condition(f"(({starts.sql}) OR {equal.sql})", starts.params + equal.params)


def groups(word: Word, vocabulary: Vocabulary) -> list[list[Condition]]:
    """All that the driving word stands for: groups of pieces, each group cut at `LIMIT`.

    The exact word is a group: the commune « Sai » must not drown among those of « Saint ». So are
    other forms and corrections. The last one is what the word begins: a prefix such as "sa" holds
    a few words with thousands of entries, each of which makes a piece, since the index gives its
    first entries at once; the runs between them are small enough to be sorted.
    """
    found: list[list[Condition]] = []
    if others := _others(word):
        rare = [term for term in others if vocabulary.count(term) <= LIMIT]
        many = [_equal([term]) for term in others if vocabulary.count(term) > LIMIT]
        found.append(([_equal(rare)] if rare else []) + many)
    if not word.prefix:
        return [[_equal([word.text])], *found]
    first, last = vocabulary.range(word.text)
    if vocabulary.cumulated[last] - vocabulary.cumulated[first] <= LIMIT:
        return [[_starts(word.text)], *found]
    if vocabulary.has(word.text):
        found.append([_equal([word.text])])
        first += 1  # it begins itself, before all longer words
    pieces: list[Condition] = []
    alone = sorted(vocabulary.common_in(first, last), key=lambda at: -vocabulary.counts[at])[:APART]
    for at in sorted(alone):
        if at > first:
            pieces.append(_between(vocabulary.words[first], vocabulary.words[at - 1]))
        pieces.append(_equal([vocabulary.words[at]]))
        first = at + 1
    if first < last:
        pieces.append(_between(vocabulary.words[first], vocabulary.words[last - 1]))
    return [*found, pieces] if pieces else found


def size(word: Word, vocabulary: Vocabulary) -> int:
    """About how many entries have the word."""
    size = sum(vocabulary.count(term) for term in _others(word))
    if word.prefix:
        first, last = vocabulary.range(word.text)
        size += vocabulary.cumulated[last] - vocabulary.cumulated[first]
    else:
        size += vocabulary.count(word.text)
    return size + (RARE if keys_of(word.text) else 0)
