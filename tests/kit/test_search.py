"""The index and the search on a small index, the same on both databases."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from fabriques.kit.search import index
from fabriques.kit.search.candidates import LIMIT
from fabriques.kit.search.models import SearchEntry, SearchTerm, SearchWord
from fabriques.kit.search.query import find
from tests.kit.search_examples import FABRIQUES, TOWNS, small, titles, town

__all__ = ["small"]

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("st brieuc", ["Saint-Brieuc", "Saint-Brieuc-des-Iffs"]),
        ("22278", ["Saint-Brieuc"]),
        ("22000", ["Saint-Brieuc"]),
        ("212 202 782", ["Saint-Brieuc"]),
        ("21220278200015", ["Saint-Brieuc"]),
        ("1001", ["L'Abergement-Clémenciat"]),
        ("FABP-02", ["Temporalités"]),
        ("divio", ["Dijon"]),
        ("sai", ["Sai", "Saint-Brieuc", "Saint-Brieuc-des-Iffs"]),
        ("y", ["Y"]),
        ("les", ["Les Territoires <b>", "La nature dans les quartiers prioritaires"]),
        ("fougere", ["Fougères"]),
        ("temporalite", ["Temporalités"]),
        ("rythme dijon", ["Temporalités"]),
        ("dijon", ["Dijon", "Temporalités"]),
        ("prioritaire nature", ["La nature dans les quartiers prioritaires"]),
        ("élu", ["La nature dans les quartiers prioritaires"]),
        ("rochele", ["La Rochelle"]),
        ("saint armor", ["Saint-Brieuc"]),
    ],
)
def test_what_is_found_and_in_which_order(text: str, expected: list[str]) -> None:
    assert titles(text)[: len(expected)] == expected


@pytest.mark.usefixtures("small")
def test_kinds_totals_and_pages() -> None:
    results = find("saint brieuc")
    assert results.total == {"commune": 2, "fabrique": 1}
    assert not results.capped
    assert titles("saint brieuc", kinds={"fabrique"}) == [FABRIQUES[0].title]
    assert titles("saint brieuc", kinds={"unknown"}) == []
    assert titles("saint brieuc", kinds=()) == []
    assert titles("saint brieuc", limit=1, offset=1) == ["Saint-Brieuc-des-Iffs"]
    assert titles("saint brieuc", per_kind=1) == ["Saint-Brieuc", FABRIQUES[0].title]
    assert find("saint brieuc", per_kind=1).total == results.total


@pytest.mark.usefixtures("small")
def test_extracts_are_safe_and_show_the_words() -> None:
    hit = find("saint brieuc", kinds={"fabrique"}).hits[0]
    assert hit.extract.startswith("… ")
    assert "<mark>Saint</mark>-<mark>Brieuc</mark> &amp; d’ailleurs" in hit.extract
    assert len(hit.extract) < 400
    hit = find("territoire").hits[0]
    assert hit.marked == "Les <mark>Territoires</mark> &lt;b&gt;"
    assert hit.extract == hit.marked  # nothing in the text
    assert find("territoire", extracts=False).hits[0].extract == ""


@pytest.mark.usefixtures("small")
def test_typing_errors_are_said() -> None:
    assert find("Rochllle").corrected == "Rochelle"
    assert find("saint brieux").corrected == "saint Brieuc"
    assert find("fougeres").corrected == ""


@pytest.mark.usefixtures("small")
def test_words_that_no_entry_has_together() -> None:
    results = find("nature rochelle dans les quartiers")
    assert results.partial
    assert results.hits[0].title == FABRIQUES[0].title
    assert {hit.title for hit in results.hits} == {FABRIQUES[0].title, "La Rochelle"}
    assert not find("nature quartiers").partial


@pytest.mark.usefixtures("small")
def test_one_object_is_put_and_removed() -> None:
    index.put(town("99999", "Brioche-sur-Mer", 5, keys=("Viennoiserie",)))
    assert titles("brioche") == ["Brioche-sur-Mer"]
    index.put(town("99999", "Croissant-sur-Mer", 5))
    assert titles("brioche sur mer") == ["Croissant-sur-Mer"]
    assert find("viennoiserie").hits == []
    assert titles("croisant") == ["Croissant-sur-Mer"]
    assert index.remove("commune", "99999")
    assert not index.remove("commune", "99999")
    assert find("croissant").hits == []
    assert not SearchWord.objects.filter(word__in=["croissant", "brioche"]).exists()
    assert not SearchTerm.objects.filter(code="99999").exists()


@pytest.mark.usefixtures("small")
def test_the_same_index_one_by_one_or_at_once() -> None:
    def content() -> list[Any]:
        return [
            list(SearchTerm.objects.order_by("term", "code").values_list("kind", "term", "place")),
            list(
                SearchWord.objects.order_by("kind", "word").values_list("word", "stem", "entries")
            ),
        ]

    at_once = content()
    for document in [*TOWNS, *FABRIQUES]:
        index.remove(document.kind, document.code)
    assert content() == [[], []]
    assert index.put_many([*TOWNS, *FABRIQUES]) == len(TOWNS) + len(FABRIQUES)
    index.put_many(FABRIQUES)
    assert content() == at_once


@pytest.mark.usefixtures("small")
def test_a_rolled_back_change_is_forgotten() -> None:
    assert titles("sai")
    with transaction.atomic():
        index.replace("commune", [town("1", "Tout autre chose")])
        assert titles("autre") == ["Tout autre chose"]
        transaction.set_rollback(True)
    assert find("autre chose").hits == []
    assert titles("rochelle") == ["La Rochelle"]


def test_documents_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="'fabrique'"):
        index.replace("commune", FABRIQUES)
    with pytest.raises(ValueError, match="two documents commune 1"):
        index.replace("commune", [town("1", "A"), town("1", "B")])
    assert index.replace("commune", []) == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        SearchEntry.objects.bulk_create(
            SearchEntry(kind="k", code="1", title="t", plain="t", url="/") for _ in range(2)
        )


def test_odd_documents_are_kept() -> None:
    title = "Œ" * 300 + "\0" + "x" * 500
    document = town(
        "z\u00e9-1", title, text="mot " * 100 + "\0" + "y" * 10_000, keys=("", "-", "🙂")
    )
    index.replace("commune", [document])
    index.put(document)
    entry = SearchEntry.objects.get()
    assert len(entry.title) == 300
    assert titles("mot") == [entry.title]


def test_a_thousand_equals_are_cut_by_code() -> None:
    index.replace("commune", [town(f"{n:04}", "Saint-Ex", 7) for n in reversed(range(LIMIT * 3))])
    results = find("saint", limit=5)
    assert [hit.code for hit in results.hits] == ["0000", "0001", "0002", "0003", "0004"]
    assert results.capped == {"commune"}
    assert results.total["commune"] >= LIMIT
    assert titles("sai") == ["Saint-Ex"] * 20
    assert titles("saint e", offset=LIMIT - 1, limit=5) == ["Saint-Ex"]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("text", "most"), [("saint", 3), ("st brieuc", 3), ("saint brieux", 4), ("nature rochelle", 6)]
)
def test_queries_do_not_grow_with_entries(text: str, most: int) -> None:
    find(text)  # the vocabulary is read once

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            find(text)
        return len(queries)

    few = count()
    index.put_many(town(f"9{n}", f"Saint-Brieuc-{n}", n) for n in range(30))
    find(text)
    assert count() <= few <= most
