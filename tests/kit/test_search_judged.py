"""The judged queries over the whole country, and how fast they are answered."""

import random
import tomllib
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fabriques.kit.search.models import SearchEntry
from fabriques.kit.search.query import find
from fabriques.kit.search.text import normalise

QUERIES = tomllib.loads(Path(__file__).with_name("judged_queries.toml").read_text())["query"]

pytestmark = pytest.mark.usefixtures("country")


def test_there_are_thirty() -> None:
    assert len({query["text"] for query in QUERIES}) == 30


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query["text"])
def test_judged(query: dict[str, Any]) -> None:
    results = find(query["text"], kinds=query.get("kinds"))
    five = [hit.url for hit in results.hits[:5]]
    if "first" in query:
        assert five, query["why"]
        assert five[0].startswith(query["first"]), (query["why"], five)
    for wanted in query.get("among", ()):
        assert any(url.startswith(wanted) for url in five), (query["why"], wanted, five)
    assert bool(results.corrected) == query.get("corrected", False), results.corrected
    assert results.partial == query.get("partial", False)


def test_every_title_finds_its_own() -> None:
    """Or namesakes only: there are forty communes called Sainte-Colombe."""
    entries = list(
        SearchEntry.objects.order_by("kind", "code").values_list("kind", "code", "title")
    )
    for kind, code, title in random.Random(2026).sample(entries, 200):
        for text in (title, title.upper(), normalise(title)):
            hits = find(text, kinds={kind}).hits[:5]
            found = (kind, code) in [(hit.kind, hit.code) for hit in hits]
            assert found or {normalise(hit.title) for hit in hits} == {normalise(title)}, text


FAMILIES = {
    "names": ["st brieuc", "saint-brieuc", "la rochelle", "l'hay les roses"],
    "codes": ["22278", "35000", "200067981", "1004"],
    "common": ["saint", "la", "sa", "sainte", "sur", "co"],
    "prefixes": ["chat", "saint-b", "la ro", "ville"],
    "errors": ["fougerre", "chateu", "strasbour", "montpelier"],
    "nothing": ["xqzzt", "zzzzzzzz"],
}


def test_a_territory_is_found_in_20_ms() -> None:
    """p95 over all families; each is answered in two or three queries.

    The best of five times counts for each query: the tests share the machine with others, the
    bench holds the real distribution.
    """
    best = []
    for texts in FAMILIES.values():
        for text in texts:
            find(text, kinds={"territoire"})  # plans and pages in memory, as on a running site
            with CaptureQueriesContext(connection) as queries:
                find(text, kinds={"territoire"})
            assert len(queries) <= 3
            times = []
            for _ in range(5):
                start = perf_counter()
                find(text, kinds={"territoire"})
                times.append(perf_counter() - start)
            best.append((min(times), text))
    best.sort()
    assert best[len(best) * 95 // 100][0] < 0.020, best[-5:]


def test_an_entry_taken_alone_is_read_from_the_index() -> None:
    """Whatever the collation of the database: see `BytewiseField`."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite compares bytes")
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN SELECT entry_id FROM kit_searchterm WHERE kind = 'territoire'"
            " AND term >= 'fouge' AND term < 'fouge{' ORDER BY place, rank DESC, code LIMIT 200"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "search_term_order" in plan
