"""Writing the index: a whole kind at once, or one object when it changes."""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction
from django.db.models import F

from fabriques.kit.search.models import (
    PLAIN_LENGTH,
    TERM_LENGTH,
    Place,
    SearchEntry,
    SearchStamp,
    SearchTerm,
    SearchWord,
)
from fabriques.kit.search.text import ARTICLES, STOP_WORDS, core, normalise, stem, tokens

# Beyond this a text is kept for extracts but no longer indexed.
TEXT_LENGTH = 200_000
BATCH = 5_000


@dataclass(frozen=True)
class Document:
    """An object as search sees it.

    - `kind`, `code`: its identity in the index; codes are compared as text in ties.
    - `title`: the name that ranking compares with the query.
    - `subtitle`: shown under the title, never searched.
    - `text`: what else leads to it, and what extracts are cut from.
    - `rank`: static importance within equally good answers, higher first, on one scale for all
      kinds (population for a territory).
    - `keys`: other exact codes and names: SIREN, INSEE, postal codes, former names. `code` is a
      key by itself.
    """

    kind: str
    code: str
    title: str
    url: str
    subtitle: str = ""
    text: str = ""
    rank: int = 0
    keys: tuple[str, ...] = ()


def compact(text: str) -> str:
    """The form in which codes and whole names are compared: normalised, without separators."""
    return normalise(text).replace(" ", "")


def key(text: str) -> str:
    """The term of a key; `=` is no letter, so that no word and no prefix ever meets it."""
    return f"={compact(text)}"[:TERM_LENGTH]


def terms(document: Document) -> dict[str, Place]:
    """Every term of a document with the best place where it stands."""
    places: dict[str, Place] = {}

    def add(term: str, place: Place) -> None:
        places.setdefault(term[:TERM_LENGTH], place)

    plain = normalise(document.title)
    for name in (document.code, *document.keys, plain, core(plain)):
        if len(term := key(name)) > 1:
            add(term, Place.KEY)
    words = plain.split()
    heads = [word for word in words if word not in ARTICLES] or words
    for word in heads[:1]:
        add(word, Place.HEAD)
    for word in words:
        add(word, Place.TITLE)
    for name in document.keys:
        for word in tokens(name):
            if word.isalpha():  # codes are met whole, through their key
                add(word, Place.NAME)
    for word in tokens(document.text[:TEXT_LENGTH]):
        if word not in STOP_WORDS:
            add(word, Place.TEXT)
    return places


def replace(kind: str, documents: Iterable[Document]) -> int:
    """Rebuild a whole kind from `documents`, in one transaction; return how many there are.

    Raises `ValueError` for a document of another kind or for a code met twice.
    """
    kept = sorted(documents, key=lambda document: document.code)
    _check(kind, kept)
    with transaction.atomic():
        _stamp(kind)
        for model in (SearchTerm, SearchEntry, SearchWord):
            table = connection.ops.quote_name(model._meta.db_table)
            with connection.cursor() as cursor:  # a queryset would fetch what it cascades to
                cursor.execute(f"DELETE FROM {table} WHERE kind = %s", [kind])  # noqa: S608
        _insert(
            SearchEntry,
            ("kind", "code", "title", "plain", "subtitle", "text", "url", "rank"),
            (tuple(_entry(document).values()) for document in kept),
        )
        ids = dict(SearchEntry.objects.filter(kind=kind).order_by().values_list("code", "pk"))
        counts: Counter[str] = Counter()
        _insert(
            SearchTerm,
            ("entry_id", "kind", "term", "place", "rank", "code"),
            _term_rows(kept, ids, counts),
        )
        _insert(
            SearchWord,
            ("kind", "word", "stem", "entries"),
            ((kind, word, stem(word)[:TERM_LENGTH], counts[word]) for word in sorted(counts)),
        )
        _analyse()
    return len(kept)


def put_many(documents: Iterable[Document]) -> int:
    """`put` each of a few documents, in one transaction; return how many there were."""
    with transaction.atomic():
        kept = sorted(documents, key=lambda document: (document.kind, document.code))
        for document in kept:  # always locked in the same order: two writers never wait in a ring
            put(document)
    return len(kept)


def put(document: Document) -> None:
    """Add a document, or replace the one of the same kind and code."""
    with transaction.atomic():
        _stamp(document.kind)
        values = _entry(document)
        entry, created = SearchEntry.objects.update_or_create(
            kind=values.pop("kind"), code=values.pop("code"), defaults=values
        )
        before = set() if created else _forget(entry)
        counts: Counter[str] = Counter()
        rows = _term_rows([document], {document.code: entry.pk}, counts)
        SearchTerm.objects.bulk_create(
            SearchTerm(entry_id=pk, kind=kind, term=term, place=place, rank=rank, code=code)
            for pk, kind, term, place, rank, code in rows
        )
        _count(document.kind, gained=set(counts) - before, lost=before - set(counts))


def remove(kind: str, code: str) -> bool:
    """Take one object out of the index; return whether it was there."""
    with transaction.atomic():
        _stamp(kind)
        entry = SearchEntry.objects.filter(kind=kind, code=code).first()
        if entry is None:
            return False
        _count(kind, gained=set(), lost=_forget(entry))
        entry.delete()
    return True


def _check(kind: str, documents: Sequence[Document]) -> None:
    seen: set[str] = set()
    for document in documents:
        if document.kind != kind:
            raise ValueError(f"a document of kind {document.kind!r} among those of {kind!r}")
        if document.code in seen:
            raise ValueError(f"two documents {kind} {document.code}")
        seen.add(document.code)


def _entry(document: Document) -> dict[str, Any]:
    """The columns of an entry, in the order of `replace`; PostgreSQL takes no NUL in a text."""

    def clean(text: str) -> str:
        return text.replace("\0", "")

    return {
        "kind": document.kind,
        "code": document.code,
        "title": clean(document.title)[:300],
        "plain": normalise(document.title)[:PLAIN_LENGTH],
        "subtitle": clean(document.subtitle)[:300],
        "text": clean(document.text),
        "url": document.url,
        "rank": document.rank,
    }


def _term_rows(
    documents: Iterable[Document], ids: dict[str, int], counts: Counter[str]
) -> Iterator[tuple[int, str, str, int, int, str]]:
    """Rows (entry, kind, term, place, rank, code); counts the entries of each word on the way."""
    for document in documents:
        places = terms(document)
        counts.update(term for term, place in places.items() if place is not Place.KEY)
        for term, place in places.items():
            yield (
                ids[document.code],
                document.kind,
                term,
                int(place),
                document.rank,
                document.code,
            )


def _stamp(kind: str) -> None:
    """Lock the kind until the end of the transaction and tell readers that its words changed."""
    SearchStamp.objects.update_or_create(kind=kind, defaults={"stamp": uuid.uuid4().hex})


def _forget(entry: SearchEntry) -> set[str]:
    """Delete the terms of an entry; return those that were words."""
    found = SearchTerm.objects.filter(entry=entry).order_by()
    words = set(found.exclude(place=Place.KEY).values_list("term", flat=True))
    found.delete()
    return words


def _count(kind: str, *, gained: set[str], lost: set[str]) -> None:
    """Keep the vocabulary in step with the terms; a word without entries leaves it."""
    of_kind = SearchWord.objects.filter(kind=kind)
    for words, step in ((sorted(gained), 1), (sorted(lost), -1)):
        for start in range(0, len(words), 500):  # SQLite limits the parameters of a query
            part = of_kind.filter(word__in=words[start : start + 500])
            part.update(entries=F("entries") + step)
            if step < 0:
                part.filter(entries__lte=0).delete()
            else:
                known = set(part.values_list("word", flat=True))
                SearchWord.objects.bulk_create(
                    SearchWord(kind=kind, word=word, stem=stem(word)[:TERM_LENGTH], entries=1)
                    for word in words[start : start + 500]
                    if word not in known
                )


def _insert(
    model: type[models.Model], columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Insert rows in bulk: the model layer would take most of the time of a rebuild."""
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(columns))
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
        batch: list[tuple[Any, ...]] = []
        for row in rows:
            batch.append(row)
            if len(batch) == BATCH:
                cursor.executemany(statement, batch)
                batch.clear()
        if batch:
            cursor.executemany(statement, batch)


def _analyse() -> None:
    """Without fresh statistics PostgreSQL would plan the first searches for an empty table."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for model in (SearchEntry, SearchTerm, SearchWord):
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")
