"""The words of each kind, kept in memory: prefixes, stems and typing errors are looked up here.

One cheap query a search (`load` reads the stamps) tells whether the copy of this process is still
good; only the kinds whose stamp changed are read again. 30,000 words take 0.1 to 0.3 s to read.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from django.db import connection
from rapidfuzz import process
from rapidfuzz.distance import OSA

from fabriques.kit.search.models import SearchStamp, SearchWord
from fabriques.kit.search.text import stem

# Greater than any letter or digit, so that p ≤ word < p + END says "word starts with p".
END = "{"
# Words with more entries than this are taken alone, in the order of the index (see `candidates`).
COMMON = 200
# At most so many corrections of one word.
CLOSEST = 12


@dataclass(frozen=True)
class Vocabulary:
    """The sorted words of one kind with the number of entries of each."""

    stamp: str
    words: list[str] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    stems: Mapping[str, list[str]] = field(default_factory=dict)
    # cumulated[i] = entries of the i first words; an entry counts once for each of its words.
    cumulated: list[int] = field(default_factory=lambda: [0])
    common: list[int] = field(default_factory=list)
    lengths: Mapping[int, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, stamp: str, rows: Collection[tuple[str, str, int]]) -> "Vocabulary":
        """Build from rows (word, stem, number of entries)."""
        ordered = sorted(rows)
        stems, lengths = defaultdict(list), defaultdict(list)
        for word, root, _ in ordered:
            stems[root].append(word)
            if word.isalpha():  # a number has no typing error: it is another number
                lengths[len(word)].append(word)
        counts = [count for _, _, count in ordered]
        return cls(
            stamp=stamp,
            words=[word for word, _, _ in ordered],
            counts=counts,
            stems=dict(stems),
            cumulated=[0, *accumulate(counts)],
            common=[place for place, count in enumerate(counts) if count > COMMON],
            lengths=dict(lengths),
        )

    def range(self, prefix: str) -> tuple[int, int]:
        """Places [first, last[ of the words that start with `prefix`."""
        return bisect_left(self.words, prefix), bisect_left(self.words, prefix + END)

    def has(self, word: str) -> bool:
        place = bisect_left(self.words, word)
        return place < len(self.words) and self.words[place] == word

    def count(self, word: str) -> int:
        """Number of entries that have exactly `word`."""
        place = bisect_left(self.words, word)
        known = place < len(self.words) and self.words[place] == word
        return self.counts[place] if known else 0

    def common_in(self, first: int, last: int) -> list[int]:
        """Places of the common words within [first, last[."""
        return self.common[bisect_left(self.common, first) : bisect_left(self.common, last)]

    def forms(self, word: str) -> frozenset[str]:
        """Other forms of `word`: same stem, and a beginning in common of 3 letters out of 5.

        Without the latter, Snowball's shortest stems join « vieillissement » to « Vielle ».
        """
        return frozenset(
            other
            for other in self.stems.get(stem(word), ())
            if other != word and shared(word, other) * 5 >= max(len(word), len(other)) * 3
        )

    def close(self, word: str) -> dict[str, int]:
        """Words within typing-error distance of `word`, with their distance.

        Optimal string alignment (Damerau–Levenshtein where no letter is edited twice): 1 for words
        of 4 to 7 letters, 2 from 8; the first letter may be wrong like any other.
        """
        allowed = tolerance(word)
        if not allowed:
            return {}
        found: list[tuple[int, str]] = []
        for length in range(len(word) - allowed, len(word) + allowed + 1):
            found += [
                (int(distance), close)
                for close, distance, _ in process.extract(
                    word,
                    self.lengths.get(length, ()),
                    scorer=OSA.distance,
                    score_cutoff=allowed,
                    limit=None,
                )
            ]
        return {close: distance for distance, close in sorted(found)[:CLOSEST]}


def tolerance(word: str) -> int:
    """Number of typing errors forgiven in `word`."""
    if not word.isalpha() or len(word) < 4:
        return 0
    return 1 if len(word) < 8 else 2


def shared(one: str, other: str) -> int:
    """Number of letters that two words begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


_loaded: dict[tuple[str, str], Vocabulary] = {}


def load(kinds: Collection[str] | None) -> dict[str, Vocabulary]:
    """The vocabulary of each indexed kind among `kinds` (all when None), up to date.

    One query for the stamps, one more when some kind changed since this process last looked.
    """
    stamps = SearchStamp.objects.order_by("kind")
    if kinds is not None:
        stamps = stamps.filter(kind__in=sorted(kinds))
    current = dict(stamps.values_list("kind", "stamp"))
    base = str(connection.settings_dict["NAME"])
    known = {kind: _loaded.get((base, kind)) for kind in current}
    stale = [kind for kind, seen in known.items() if seen is None or seen.stamp != current[kind]]
    if stale:
        rows: dict[str, list[tuple[str, str, int]]] = {kind: [] for kind in stale}
        words = SearchWord.objects.filter(kind__in=stale).order_by()
        for kind, word, root, count in words.values_list("kind", "word", "stem", "entries"):
            rows[kind].append((word, root, count))
        for kind in stale:
            _loaded[base, kind] = Vocabulary.of(current[kind], rows[kind])
    return {kind: _loaded[base, kind] for kind in current}
