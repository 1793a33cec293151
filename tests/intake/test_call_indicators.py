"""Indicators of a call: declared, filled from a file after a preview, exported."""

import io
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fabriques.intake.models import (
    Indicator,
    IndicatorValue,
)
from fabriques.kit import journal
from fabriques.people.models import User
from fabriques.territories.models import FormerCode
from tests.factories import make_territory
from tests.guards import GuardedClient
from tests.intake.factories import (
    make_call,
    make_steward,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _without_second_factor(settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = False


@pytest.fixture
def client() -> GuardedClient:
    """A steward's."""
    return as_(make_steward())


def as_(user: User) -> GuardedClient:
    client = GuardedClient()
    client.force_login(user)
    return client


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def upload(content: str | bytes, name: str = "valeurs.csv") -> dict[str, Any]:
    file = io.BytesIO(content.encode() if isinstance(content, str) else content)
    file.name = name
    return {"file": file}


@pytest.fixture
def measure() -> Indicator:
    call = make_call()
    return Indicator.objects.create(
        call=call, slug="part", name="Part des plus de 75 ans", unit="%", source="Insee"
    )


def address_of(measure: Indicator) -> str:
    return f"/espace/appels/{measure.call.slug}/indicateurs/{measure.slug}/"


def signed(page: Any) -> str:
    match = re.search(r'name="valeurs" value="([^"]+)"', page.content.decode())
    assert match
    return match[1]


@pytest.mark.parametrize(("year", "kept"), [("2021", True), ("2018-2021", True), ("12", False)])
def test_the_year_of_an_indicator_is_a_year(client, year, kept) -> None:
    address = f"/espace/appels/{make_call().slug}/indicateurs/"
    answer = client.post(address, {"name": "Part", "source": "Insee", "year": year})
    assert Indicator.objects.exists() is kept
    assert kept or "Écrivez une année" in text(answer)


def test_a_file_is_previewed_then_stored_and_exported_as_it_came(client, measure) -> None:
    ain = make_territory(code="01004", name="Ambérieu")
    group = make_territory("epci", code="200000001", siren="200000001", name="CC du Pays bleu")
    gone = make_territory(code="01005", closed_on="2024-01-01", successor=ain, name="Ancienne")
    FormerCode.objects.create(code="01999", territory=group)
    other = make_territory(code="2A004", siren="212000001", name="Ajaccio")
    file = (
        "Code;Valeur;Nom\n1004;12,5;Ambérieu\n200 000 001;1 234.5 %;CC\n212000001;-3;Ajaccio\n"
        "99999;4;Rien\n01004;7;contredit\n01005;9;ancienne\n2A004;-3;la même\n"
        "33063;beaucoup;Bordeaux\nxx;1;?\n33063\n"
    )
    page = client.post(f"{address_of(measure)}importer/", upload(file))
    said = text(page)
    assert "3 territoires trouvés, 5 lignes refusées" in said
    for place, sentence in (
        ("5 code 99999", "aucune commune ni intercommunalité"),
        ("6 code 01004", "contredit la ligne 2"),
        ("9 valeur beaucoup", "une valeur est un nombre"),
        ("10 code xx", "un code INSEE a cinq caractères"),
        ("11", "cette ligne a 1 cellule"),
    ):
        assert place in said
        assert sentence in said
    assert not IndicatorValue.objects.exists()  # nothing before the confirmation
    client.post(f"{address_of(measure)}confirmer/", {"valeurs": signed(page)})
    assert dict(IndicatorValue.objects.values_list("territory", "value")) == {
        ain.pk: 12.5, group.pk: 1234.5, other.pk: -3,
    }  # fmt: skip
    assert gone.pk not in set(IndicatorValue.objects.values_list("territory", flat=True))
    exported = client.get(f"{address_of(measure)}valeurs.csv").content
    assert exported.decode("utf-8-sig").splitlines()[0] == "code,valeur,nom"
    again = client.post(f"{address_of(measure)}importer/", upload(exported))
    assert "3 territoires trouvés, 0 ligne refusée" in text(again)
    few = client.post(f"{address_of(measure)}importer/", upload("code;valeur\n01004;1\n"))
    assert "Les 3 valeurs d’aujourd’hui seront remplacées." in text(few)
    client.post(f"{address_of(measure)}confirmer/", {"valeurs": signed(few)})
    assert IndicatorValue.objects.get().value == 1
    assert journal.history(measure.call.subject)[0].after["territoires"] == 1


@pytest.mark.parametrize(
    "content",
    [
        "code;valeur\r\n01004;12,5\r\n",
        "code,valeur\n01004,12.5\n",
        'code,valeur\n="01004","12,5"\n',
        "\ufeffcode;valeur;libellé\n1004;12,5;Ambérieu\n".encode(),
        "code;valeur;libellé\n01004;12,5;Ambérieu\n".encode("cp1252"),
        "code;valeur\n01004;12,5\n".encode("utf-16"),
        "code;valeur\n01004;\u00a012,5\u202f%\n",
    ],
)
def test_spreadsheets_write_in_many_ways(client, measure, content) -> None:
    make_territory(code="01004")
    page = client.post(f"{address_of(measure)}importer/", upload(content))
    client.post(f"{address_of(measure)}confirmer/", {"valeurs": signed(page)})
    assert IndicatorValue.objects.get().value == 12.5


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "a.csv", "vide"),
        (b"%PDF-1.4 x", "a.csv", "PDF"),
        ("insee;part\n01004;1\n", "a.csv", "colonnes attendues : code,valeur"),
        ("code;valeur\n", "a.csv", "aucune ligne de données"),
        ("code;valeur;code\n01004;1;2\n", "a.csv", "apparaît deux fois"),
        ("code;valeur\n01004;1e999\n", "a.csv", "trop grand"),
        ('code;valeur\n01004;"1\n', "a.csv", "guillemets mal fermés"),
        (b"x" * 3_100_000, "a.csv", "limite"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(client, measure, content, name, sentence) -> None:
    make_territory(code="01004")
    page = client.post(f"{address_of(measure)}importer/", upload(content, name))
    assert page.status_code == 200
    assert sentence in text(page)
    assert 'name="valeurs"' not in page.content.decode()


def test_a_confirmation_is_for_this_indicator_and_untouched(client, measure) -> None:
    make_territory(code="01004")
    other = Indicator.objects.create(call=measure.call, slug="b", name="B", source="Insee")
    page = client.post(f"{address_of(measure)}importer/", upload("code;valeur\n01004;1\n"))
    for target, value in ((other, signed(page)), (measure, signed(page)[:-2]), (measure, "")):
        answer = client.post(f"{address_of(target)}confirmer/", {"valeurs": value}, follow=True)
        assert "Rien n’a changé" in text(answer)
    assert not IndicatorValue.objects.exists()


def test_a_large_file_is_read_in_few_queries(client, measure) -> None:
    for number in range(40):
        make_territory(code=f"{33000 + number}")
    lines = "".join(f"{33000 + number};{number}\n" for number in range(40))
    page = client.post(f"{address_of(measure)}importer/", upload(f"code;valeur\n{lines}"))
    with CaptureQueriesContext(connection) as queries:
        client.post(f"{address_of(measure)}confirmer/", {"valeurs": signed(page)})
    assert IndicatorValue.objects.count() == 40
    assert len(queries) < 40
    shown = client.get(address_of(measure), {"q": "Commune"})
    assert "40 territoires" in text(shown)


def test_indicators_are_declared_renamed_and_taken_away(client) -> None:
    call = make_call()
    root = f"/espace/appels/{call.slug}/indicateurs/"
    assert "Nommez l’indicateur." in text(client.post(root, {"name": "", "source": "Insee"}))
    assert "Dites d’où vient" in text(client.post(root, {"name": "Part", "source": ""}))
    for _ in range(2):
        client.post(root, {"name": "Part des plus de 75 ans", "source": "Insee", "unit": "%"})
    slugs = set(call.indicators.values_list("slug", flat=True))
    assert slugs == {"part-des-plus-de-75-ans", "part-des-plus-de-75-ans-2"}
    client.post(f"{root}part-des-plus-de-75-ans/", {"name": "Part des aînés", "source": "Insee"})
    assert call.indicators.get(slug="part-des-plus-de-75-ans").name == "Part des aînés"
    client.post(f"{root}part-des-plus-de-75-ans-2/retirer/")
    assert call.indicators.count() == 1
