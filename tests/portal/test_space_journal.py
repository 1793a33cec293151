"""The page of the journal: who may read it, what its filters find, what it exports."""

import csv
import io
import zipfile
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from fabriques.kit import journal
from fabriques.kit.journal import SYSTEM, Actor, subjects
from fabriques.portal.space import journal as page_of_journal
from tests.factories import make_membership, make_user

PAGE = "/espace/journal/"
CSV, ODS = f"{PAGE}journal.csv", f"{PAGE}journal.ods"
EMILIE = Actor("élue référente, Brest", name="Émilie Le Goff", ref="ref-emilie")


@pytest.fixture
def steward(client: Client, db: None, settings: Any) -> Client:
    settings.REQUIRE_SECOND_FACTOR = False
    user = make_user()
    make_membership(user, role="steward")
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kinds of objects of these tests alone."""
    monkeypatch.setattr(subjects, "_registered", dict(subjects._registered))
    journal.register_subject(
        "essai",
        label="Essai",
        address=lambda key: f"/essais/{key}/" if key != "sans-page" else None,
        titles=lambda found: {"essai:brest": "Brest Métropole"},
        fields={"title": "Titre"},
    )
    journal.register_subject("autre", label="Autre", address=lambda key: None)


@pytest.fixture
def written(db: None) -> None:
    journal.record(subject="essai:brest", verb="créée", actor=EMILIE, after={"title": "<b>Rade"})
    journal.record(
        subject="essai:brest",
        verb="mise à jour",
        actor="équipe du site",
        before={"title": "<b>Rade"},
        after={"title": "=Rade"},
        reason="Le nom était faux.",
    )
    journal.record(subject="essai:sans-page", verb="créée", actor=SYSTEM)
    journal.record(subject="autre:x", verb="rôle donné", actor=Actor("ANCT", name="Paul Martin"))


def verbs(response: Any) -> list[str]:
    return [entry.verb for entry in response.context["page"].object_list]


# --- Rights ------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [PAGE, CSV, ODS])
def test_only_those_who_run_the_programme_read_the_journal(
    client: Client, db: None, address: str
) -> None:
    response = client.get(address)
    assert response.status_code == 302
    assert "next=" in response["Location"]
    client.force_login(make_user())
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("address", [PAGE, CSV, ODS])
def test_the_journal_is_only_read(steward: Client, address: str) -> None:
    for method in (steward.post, steward.put, steward.patch, steward.delete):
        assert method(address).status_code == 405


# --- The page ----------------------------------------------------------------------------------


def test_each_entry_says_what_who_when_why_before_and_after(steward: Client, written: None) -> None:
    html = steward.get(PAGE).content.decode()
    assert '<a href="/essais/brest/">Brest Métropole</a>' in html
    assert "Essai sans-page" in html
    assert 'href="/essais/sans-page/"' not in html
    assert "par Émilie Le Goff (élue référente, Brest)" in html
    assert "Pourquoi : Le nom était faux." in html
    assert "titre\u00a0: " in html
    assert "&lt;b&gt;Rade" in html
    assert "<b>Rade" not in html
    head = journal.head()
    assert head.digest in html
    assert f"--since {head.number} {head.digest}" in html
    assert f'href="{CSV}"' in html
    assert f'href="{ODS}"' in html


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({}, [4, 3, 2, 1]),
        ({"objet": "essai"}, [3, 2, 1]),
        ({"objet": "autre"}, [4]),
        ({"sujet": "BREST"}, [2, 1]),
        ({"sujet": "%"}, []),
        ({"personne": "emilie"}, [1]),
        ({"personne": "GOFF Émilie"}, [1]),
        ({"personne": "ref-emilie"}, [1]),
        ({"personne": "equipe site"}, [2]),
        ({"personne": "anct"}, [4]),
        ({"personne": "?!"}, []),
        ({"changement": "cree"}, [3, 1]),
        ({"changement": "RÔLE"}, [4]),
        ({"objet": "essai", "changement": "créée", "sujet": "sans"}, [3]),
        ({"du": "01/01/2020"}, [4, 3, 2, 1]),
        ({"au": "2020-01-01"}, []),
    ],
)
def test_filters_find(steward: Client, db: None, asked: dict[str, str], numbers: list[int]) -> None:
    journal.record(subject="essai:brest", verb="créée", actor=EMILIE)
    journal.record(subject="essai:brest", verb="mise à jour", actor="équipe du site")
    journal.record(subject="essai:sans-page", verb="créée", actor=SYSTEM)
    journal.record(subject="autre:x", verb="rôle donné", actor=Actor("ANCT", name="Paul Martin"))
    response = steward.get(PAGE, asked)
    assert [e.number for e in response.context["page"].object_list] == numbers


def test_a_day_is_a_local_day_and_both_ends_are_included(steward: Client, written: None) -> None:

    today = timezone.localdate().strftime("%d/%m/%Y")
    assert len(verbs(steward.get(PAGE, {"du": today, "au": today}))) == 4


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"objet": "baleine"}, "« baleine » n’est pas une sorte d’objet du journal."),
        ({"du": "hier"}, "Écrivez une date comme 24/11/2026."),
        ({"au": "31/02/2026"}, "Écrivez une date comme 24/11/2026."),
        ({"du": "0001-01-01"}, "Le journal ne remonte pas si loin"),
        ({"au": "9999-12-31"}, "Le journal ne va pas si loin"),
        ({"du": "02/11/2026", "au": "01/11/2026"}, "La fin précède le début."),
        ({"sujet": "x" * 121}, "au plus 120 caractères"),
        ({"personne": "a\0b"}, "nul"),
    ],
)
def test_a_bad_filter_has_its_message_and_loses_nothing(
    steward: Client, written: None, asked: dict[str, str], told: str
) -> None:
    response = steward.get(PAGE, asked)
    assert response.status_code == 200
    html = response.content.decode()
    assert told in html
    assert "Ce filtre n’est pas appliqué." in html
    assert "Corrigez d’abord la recherche" in html
    for name, value in asked.items():
        if name != "objet" and "\0" not in value:
            assert f'name="{name}" value="{value}"' in html
    # A file would hold more than what was asked for.
    for address in (CSV, ODS):
        again = steward.get(address, asked)
        assert again.status_code == 302
        assert again["Location"].startswith(f"{PAGE}?")


def test_a_long_journal_has_pages_that_keep_the_filters(steward: Client) -> None:
    for number in range(31):
        journal.record(subject=f"essai:{number}", verb="créée", actor="ANCT")
    response = steward.get(PAGE, {"objet": "essai", "page": "2"})
    assert verbs(response) == ["créée"]
    assert 'href="?objet=essai&amp;page=1"' in response.content.decode()
    assert verbs(steward.get(PAGE, {"objet": "essai", "page": "rien"})) == ["créée"] * 30


def test_nothing_found_and_nothing_written_are_said(steward: Client) -> None:
    html = steward.get(PAGE, {"sujet": "rien de tel"}).content.decode()
    assert "rien ne répond à cette recherche" in html


def test_the_page_reads_as_much_for_three_as_for_one(steward: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            steward.get(PAGE, {"personne": "anct", "changement": "créée"})
        return len(queries)

    steward.get(PAGE)  # the first page of a session notes that somebody came
    for number in range(3):
        journal.record(
            subject=f"essai:{number}",
            verb="créée",
            actor="ANCT",
            after={"avec": f"essai:autre-{number}"},
        )
        if not number:
            first = count()
    assert count() == first < 15


# --- Files -------------------------------------------------------------------------------------


def test_the_csv_holds_what_the_page_shows_and_is_harmless(steward: Client, written: None) -> None:
    response = steward.get(CSV, {"objet": "essai", "sujet": "brest"})
    assert response["Content-Type"].startswith("text/csv")
    assert "journal.csv" in response["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [row["changement"] for row in rows] == ["mise à jour", "créée"]
    assert rows[0]["objet"] == "Brest Métropole"
    assert rows[0]["reference"] == "essai:brest"
    assert rows[0]["avant"] == "Titre : <b>Rade"
    assert rows[0]["apres"] == "Titre : =Rade"
    assert rows[0]["pourquoi"] == "Le nom était faux."
    assert rows[0]["efface"] == "non"
    assert len(rows[0]["empreinte"]) == 64
    assert rows[1]["par"] == "Émilie Le Goff (élue référente, Brest)"


def test_a_formula_in_the_journal_stays_a_text(steward: Client) -> None:
    journal.record(
        subject="essai:x", verb="=1+1", actor=Actor("ANCT", name="@SUM(A1)"), reason="+33 6"
    )
    content = steward.get(CSV, {"objet": "essai"}).content.decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(content))
    assert (row["changement"], row["par"], row["pourquoi"]) == (
        "'=1+1",
        "'@SUM(A1) (ANCT)",
        "'+33 6",
    )


def test_the_ods_opens_with_the_same_entries(steward: Client, written: None) -> None:
    response = steward.get(ODS, {"objet": "essai"})
    assert response["Content-Type"] == "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        root = ElementTree.fromstring(archive.read("content.xml"))
    table = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
    assert len(list(root.iter(f"{table}table-row"))) == 1 + 3
    text = "".join(root.itertext())
    assert "Émilie Le Goff (élue référente, Brest)" in text
    assert "Titre : =Rade" in text


def test_an_erased_person_is_named_neither_on_the_page_nor_in_files(
    steward: Client, written: None
) -> None:
    journal.erase_person(ref=EMILIE.ref)
    erased = "une personne dont le compte est effacé (élue référente, Brest)"
    for address in (PAGE, CSV):
        content = steward.get(address).content.decode()
        assert erased in content
        assert "Émilie" not in content
    assert steward.get(PAGE, {"personne": "emilie"}).context["page"].paginator.count == 0


def test_a_file_too_long_is_not_made(
    steward: Client, written: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_of_journal, "MOST_EXPORTED", 2)
    html = steward.get(PAGE, {"objet": "essai"}).content.decode()
    assert "Un fichier tient au plus 2 entrées" in html
    assert steward.get(CSV, {"objet": "essai"})["Location"] == f"{PAGE}?objet=essai"
    assert steward.get(CSV, {"objet": "autre"}).status_code == 200
