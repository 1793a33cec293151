"""The programme as it is loaded from the facts, read through its public doors."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.http import QueryDict
from django.test import Client

from fabriques.kit.models import JournalEntry
from fabriques.people.models import FormerName
from fabriques.programme import checks, domain, facts, queries, sheets
from fabriques.programme.models import Fabrique, Membership, Participation
from tests.factories import make_membership

pytestmark = pytest.mark.usefixtures("country")


def test_counters_are_computed_and_agree_with_the_published_figure() -> None:
    counters = queries.counters()
    assert (counters.fabriques, counters.participations) == (22, 107)
    # CA du Cotentin and CARENE took part twice.
    assert counters.territories == 105
    until_2022 = [row for row in counters.per_year if row[0] and row[0] <= 2022]
    assert sum(row[2] for row in until_2022) == 70
    assert [(row[0], row[1]) for row in counters.per_year] == [
        (2018, 3), (2019, 3), (2020, 3), (2021, 3), (2022, 3), (2023, 1), (None, 6),
    ]  # fmt: skip


def test_loading_again_changes_nothing() -> None:
    entries = JournalEntry.objects.count()
    read = facts.read(settings.FACTS)
    assert domain.load_facts(facts=read, actor="essai") == []
    assert JournalEntry.objects.count() == entries
    assert Participation.objects.count() == 107


def test_a_change_of_the_facts_is_journaled_with_before_and_after() -> None:
    read = facts.read(settings.FACTS)
    read.fabriques["fabp-20"]["title"] = "Un titre enfin publié"
    dropped = read.fabriques["fabp-20"]["participation"].pop()
    assert domain.load_facts(facts=read, actor="Essai") == ["fabp-20"]
    entry = JournalEntry.objects.filter(subject="fabrique:fabp-20").order_by("-pk")[0]
    assert (entry.actor, entry.verb) == ("Essai", "mise à jour")
    assert (entry.before["title"], entry.after["title"]) == ("", "Un titre enfin publié")
    assert len(entry.before["participations"]) == len(entry.after["participations"]) + 1
    assert not Participation.objects.filter(
        fabrique__code="fabp-20", territory__siren=dropped["territory"]
    ).exists()
    # The search index follows in the same transaction.
    page = Client().get("/recherche/", {"q": "titre enfin publié"})
    assert 'href="/fabriques/fabp-20/"' in page.content.decode()
    assert "Un titre enfin publié" in Client().get("/fabriques/fabp-20/").content.decode()


def test_the_facts_fit_the_referential() -> None:
    report = checks.check(facts.read(settings.FACTS))
    assert report.problems == []
    assert any("107 participations, 105 territoires" in note for note in report.notes)
    assert any("113 territoires" in note and "manque 8" in note for note in report.notes)


@pytest.fixture
def altered(tmp_path: Path) -> Path:
    path = tmp_path / "faits.toml"
    text = settings.FACTS.read_text(encoding="utf-8")
    text = text.replace('"200067205"', '"999999999"').replace(
        "communauté d'agglomération Pays Foix-Varilhes (9)",
        "communauté d'agglomération Pays Foix-Varilhes (31)",
    )
    path.write_text(text, encoding="utf-8")
    return path


def test_the_check_prints_what_does_not_fit(altered: Path) -> None:
    output = StringIO()
    with pytest.raises(CommandError):
        call_command("check_facts", altered, stdout=output, stderr=output)
    assert "999999999 CA du Cotentin : ce SIREN n’existe pas" in output.getvalue()
    assert "la source écrit le département 31" in output.getvalue()


def test_nothing_is_loaded_when_a_territory_is_unknown(altered: Path) -> None:
    before = JournalEntry.objects.count()
    with pytest.raises(CommandError, match="absent du référentiel"):
        call_command("load_facts", altered)
    assert JournalEntry.objects.count() == before


def test_a_fabrique_that_leaves_the_file_stays_and_is_named(tmp_path: Path) -> None:
    path = tmp_path / "faits.toml"
    text = settings.FACTS.read_text(encoding="utf-8")
    path.write_text(text[: text.rindex("[[fabrique]]")], encoding="utf-8")
    output = StringIO()
    call_command("load_facts", path, stdout=output)
    assert "fabp-22 : absente du fichier, gardée sur le site" in output.getvalue()
    assert Fabrique.objects.filter(code="fabp-22").exists()


def test_people_keep_their_roles_when_the_facts_change(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A focus in other words is the same participation; one that leaves is kept with its people."""
    text = settings.FACTS.read_text(encoding="utf-8")
    fabrique = Fabrique.objects.get(code="fabp-09")
    reworded, leaving = fabrique.participations.exclude(focus="").order_by("pk")[:2]
    held = [make_membership(role="officer", participation=p) for p in (reworded, leaving)]
    start = text.index('id = "fabp-09"')
    end = text.index("[[fabrique]]", start)
    part = text[start:end].replace(reworded.focus, "Un autre nom du quartier")
    block = part.index(leaving.focus)
    first = part.rindex("[[fabrique.participation]]", 0, block)
    last = part.find("[[fabrique.", block)
    part = part[:first] + (part[last:] if last > 0 else "\n")
    path = tmp_path / "faits.toml"
    path.write_text(text[:start] + part + text[end:], encoding="utf-8")

    call_command("load_facts", path, stdout=StringIO())

    reworded.refresh_from_db()
    assert reworded.focus == "Un autre nom du quartier"
    assert Membership.objects.filter(pk__in=[m.pk for m in held]).count() == 2
    assert Participation.objects.filter(pk=leaving.pk).exists()
    assert "gardée car des personnes y ont un rôle" in caplog.text


def test_the_home_page_says_what_our_list_lacks() -> None:
    html = Client().get("/").content.decode()
    assert "113 territoires</a> : il en manque 8 à nos sources" in html


def test_former_names_are_kept() -> None:
    names = set(FormerName.objects.values_list("organisation__slug", "acronym").order_by("pk"))
    assert ("intercommunalites-de-france", "AdCF") in names
    assert ("anct", "CGET") in names


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("annee=2019", ["fabp-06", "fabp-05", "fabp-04"]),
        ("annee=2018&annee=2019&region=28", ["fabp-04", "fabp-03", "fabp-01"]),
        ("type=EPT", ["fabp-09"]),
        ("outre-mer=oui&annee=2021", ["fabp-12", "fabp-11"]),
        ("programme=acv", ["fabp-14", "fabp-10"]),
        ("q=vieillissement", ["fabp-11", "fabp-02"]),
        ("q=cotentin", ["fabp-01", "fabp-17"]),
    ],
)
def test_filters_find_what_they_say(query: str, expected: list[str]) -> None:
    filters, messages = queries.Filters.parse(QueryDict(query))
    assert messages == []
    assert sorted(queries.filtered(filters).values_list("code", flat=True)) == sorted(expected)


def test_counts_of_a_filter_are_what_choosing_it_gives() -> None:
    start, _ = queries.Filters.parse(QueryDict("transition=sociale"))
    for dimension in queries.dimensions(start):
        for choice in dimension.choices:
            name = dimension.name.replace("-", "_")
            chosen = replace(start, **{name: (choice.value,)})
            assert choice.label.endswith(f" ({queries.filtered(chosen).count()})"), choice


def test_every_fabrique_carries_its_sources() -> None:
    for fabrique in queries.with_details(Fabrique.objects.all()):
        assert sheets.sources_of(fabrique), fabrique.code
