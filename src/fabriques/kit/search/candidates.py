# ruff: noqa: S608 - names of tables are ours, what a visitor typed is always a parameter
"""The queries: which entries may answer, in SQL that SQLite and PostgreSQL both speak.

The rarest word of the query drives: its entries are taken in the order of the index (place, rank,
code), and the other words are checked on each by a subquery. Everything is cut *in that order*,
never in the order of arrival, so that both databases cut alike.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection

from fabriques.kit.search.conditions import LIMIT, Condition, groups, known, size, whole
from fabriques.kit.search.models import Place, SearchEntry, SearchTerm
from fabriques.kit.search.ranking import Candidate, Word
from fabriques.kit.search.vocabulary import Vocabulary

# When no entry has all the words: how many are taken for each word, and kept to count their words.
LIMIT_OF_SOME = 100
CHECKED = 300

# Origin of the candidates found by their key rather than by a word.
_KEYS = -1
_TERMS = connection.ops.quote_name(SearchTerm._meta.db_table)
_ENTRIES = connection.ops.quote_name(SearchEntry._meta.db_table)
_COLUMNS = "t.entry_id, t.place, t.kind, t.code, t.rank"

Branch = tuple[str, tuple[Any, ...]]
Readings = Mapping[str, Sequence[Word]]
Vocabularies = Mapping[str, Vocabulary]


@dataclass(frozen=True)
class Selection:
    """Candidates, and the kinds for which there may be more than were taken."""

    candidates: dict[int, Candidate]
    capped: frozenset[str]


class _Row(NamedTuple):
    """One candidate by one origin, a number given to each branch of a query."""

    origin: int
    place: int
    pk: int
    kind: str
    code: str
    rank: int
    plain: str


def select_all(readings: Readings, vocabularies: Vocabularies, keys: Sequence[str]) -> Selection:
    """Entries that have a key among `keys`, and those that have all the words of `readings`.

    `readings` gives the words of the query as each kind reads them. One query.
    """
    branches: list[Branch] = []
    origins: list[str] = []
    if keys and readings:
        kinds_in, keys_in = (", ".join(["%s"] * len(group)) for group in (readings, keys))
        branches.append(
            (
                f"SELECT {_KEYS} AS origin, {_COLUMNS} FROM {_TERMS} t"
                f" WHERE t.kind IN ({kinds_in}) AND t.term IN ({keys_in})"
                f" ORDER BY t.rank DESC, t.kind, t.code LIMIT {LIMIT}",
                (*readings, *keys),
            )
        )
    for kind, words in readings.items():
        vocabulary = vocabularies[kind]
        if not words or not all(known(word, vocabulary) for word in words):
            continue
        sizes = [size(word, vocabulary) for word in words]
        driver = words[sizes.index(min(sizes))]
        others = [whole(word) for word in words if word is not driver]
        for pieces in groups(driver, vocabulary):
            branches.append(_branch(len(origins), kind, pieces, others, LIMIT))
            origins.append(kind)
    rows = _fetch(branches)
    taken = Counter(row.origin for row in rows)
    return Selection(
        _best(rows), frozenset(kind for at, kind in enumerate(origins) if taken[at] >= LIMIT)
    )


def select_some(readings: Readings, vocabularies: Vocabularies) -> Selection:
    """Entries that have some of the words, with their number as `matched`. Two queries.

    Of each word only the first entries are taken; those met for several words, then those of the
    rarest words, are kept.
    """
    branches: list[Branch] = []
    origins: list[tuple[str, int]] = []
    for kind, words in readings.items():
        vocabulary = vocabularies[kind]
        present = [word for word in words if known(word, vocabulary)]
        for rarity, word in enumerate(sorted(present, key=lambda w: size(w, vocabularies[kind]))):
            for pieces in groups(word, vocabulary):
                branches.append(_branch(len(origins), kind, pieces, (), LIMIT_OF_SOME))
                origins.append((kind, rarity))
    rows = _fetch(branches)
    met: defaultdict[int, set[int]] = defaultdict(set)
    for row in rows:
        met[row.pk].add(origins[row.origin][1])
    found = sorted(
        _best(rows).values(),
        key=lambda c: (-len(met[c.pk]), min(met[c.pk]), -c.rank, c.kind, c.code),
    )
    taken = Counter(row.origin for row in rows)
    capped = {kind for at, (kind, _) in enumerate(origins) if taken[at] >= LIMIT_OF_SOME}
    capped |= {candidate.kind for candidate in found[CHECKED:]}
    return Selection(_count_words(found[:CHECKED], readings), frozenset(capped))


def _branch(
    origin: int, kind: str, pieces: Sequence[Condition], others: Sequence[Condition], limit: int
) -> Branch:
    """Entries of the kind by one group of pieces of the driving word, that have the other words.

    The check is no `EXISTS`: PostgreSQL would turn it into a join, read all entries of the other
    word and sort, where the first entries in the order of the index are nearly always enough.
    """
    checks = "".join(f" AND {_check(other, 't.entry_id')} IS NOT NULL" for other in others)
    checked = tuple(param for other in others for param in other.params)
    sqls = [
        f"SELECT {origin} AS origin, {_COLUMNS} FROM {_TERMS} t"
        f" WHERE t.kind = %s AND {piece.sql.format(t='t')}{checks}"
        f" ORDER BY t.place, t.rank DESC, t.code LIMIT {limit}"
        for piece in pieces
    ]
    params = tuple(param for piece in pieces for param in (kind, *piece.params, *checked))
    if len(sqls) == 1:
        return sqls[0], params
    return (
        f"SELECT * FROM ({_union(sqls)}) AS g ORDER BY g.place, g.rank DESC, g.code LIMIT {limit}",
        params,
    )


def _check(condition: Condition, entry: str) -> str:
    """1 when the entry has a term that meets the condition, else NULL."""
    return (
        f"(SELECT 1 FROM {_TERMS} o WHERE o.entry_id = {entry}"
        f" AND {condition.sql.format(t='o')} LIMIT 1)"
    )


def _union(sqls: Sequence[str]) -> str:
    """All rows of several queries that have their own order and limit."""
    return " UNION ALL ".join(f"SELECT * FROM ({sql}) AS b{at}" for at, sql in enumerate(sqls))


def _fetch(branches: Sequence[Branch]) -> list[_Row]:
    """Run the branches as one query."""
    if not branches:
        return []
    union = _union([sql for sql, _ in branches])
    with connection.cursor() as cursor:
        cursor.execute(  # a subquery, since PostgreSQL would join by reading the whole table
            f"SELECT c.origin, c.place, c.entry_id, c.kind, c.code, c.rank,"
            f" (SELECT e.plain FROM {_ENTRIES} e WHERE e.id = c.entry_id) FROM ({union}) AS c",
            [param for _, params in branches for param in params],
        )
        return [_Row(*row) for row in cursor.fetchall()]


def _best(rows: Sequence[_Row]) -> dict[int, Candidate]:
    """One candidate for each entry, with its best place."""
    by_key = {row.pk for row in rows if row.origin == _KEYS}
    best: dict[int, _Row] = {}
    for row in rows:
        if row.pk not in best or row.place < best[row.pk].place:
            best[row.pk] = row
    return {
        pk: Candidate(
            pk, row.kind, row.code, row.rank, row.plain, pk in by_key, row.place == Place.NAME
        )
        for pk, row in best.items()
    }


def _count_words(found: Sequence[Candidate], readings: Readings) -> dict[int, Candidate]:
    """The same candidates with the number of words of the query that each one has."""
    branches: list[str] = []
    params: list[Any] = []
    for kind, words in readings.items():
        ids = [candidate.pk for candidate in found if candidate.kind == kind]
        if not ids:
            continue
        conditions = [whole(word) for word in words]
        checks = " + ".join(f"COALESCE({_check(condition, 'e.id')}, 0)" for condition in conditions)
        marks = ", ".join(["%s"] * len(ids))
        branches.append(f"SELECT e.id, {checks} FROM {_ENTRIES} e WHERE e.id IN ({marks})")
        params += [param for condition in conditions for param in condition.params] + ids
    if not branches:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(branches), params)
        matched = dict(cursor.fetchall())
    return {c.pk: c._replace(matched=matched[c.pk]) for c in found if c.pk in matched}
