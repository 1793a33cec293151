"""Open data of a call: when, what, and what never."""

import csv
import io
import json
import zipfile
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from fabriques.intake.enums import Outcome, VolunteerState
from fabriques.intake.models import Call
from fabriques.territories.models import NationalProgramme, ProgrammeMembership
from tests.factories import make_territory
from tests.intake.factories import make_call, make_volunteer, today

pytestmark = pytest.mark.django_db
CLOSED = {"opens_on": today(-30), "closes_on": today(-1)}


def call_with(**fields: Any) -> Call:
    """A closed call with a volunteer of each outcome, one that withdrew and a draft."""
    call = make_call(**CLOSED | fields)
    region = make_territory("region", name="Bretagne", code="53")
    departement = make_territory("departement", name="Finistère", code="29")
    for name, outcome in (
        ("Retenue", Outcome.RETAINED),
        ("Reserve", Outcome.RESERVE),
        ("Autre", Outcome.NOT_RETAINED),
    ):
        territory = make_territory(name=name, region=region, departement=departement)
        volunteer = make_volunteer(
            call, territory, outcome=outcome, outcome_reason="Un motif secret", way_in="invited"
        )
        assert volunteer.territory_id
    programme = NationalProgramme.objects.create(slug="pvd", name="Petites villes de demain")
    ProgrammeMembership.objects.create(
        territory=call.volunteers.get(territory__name="Retenue").territory, programme=programme
    )
    make_volunteer(call, make_territory(name="Partie"), state=VolunteerState.WITHDRAWN)
    make_volunteer(call, make_territory(name="Brouillon"), state=VolunteerState.DRAFT)
    return call


def rows(client: Client, call: Call) -> list[dict[str, str]]:
    answer = client.get(f"/donnees/appels/{call.slug}.csv")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_the_pool_once_closed_without_any_answer(client: Client) -> None:
    call = call_with(publish_pool=True)
    found = rows(client, call)
    assert [row["territoire"] for row in found] == ["Retenue", "Reserve", "Autre"]
    assert found[0] | {"code_territoire": "", "siren": ""} == {
        "sorte": "Commune",
        "nature_juridique": "COM",
        "code_territoire": "",
        "siren": "",
        "territoire": "Retenue",
        "code_departement": "29",
        "departement": "Finistère",
        "code_region": "53",
        "region": "Bretagne",
        "outre_mer": "non",
        "programmes": "Petites villes de demain",
    }


def test_the_result_once_announced_without_the_others(client: Client) -> None:
    call = call_with(publish_result=True, announced_at=timezone.now())
    found = {row["territoire"]: row["reponse"] for row in rows(client, call)}
    assert found == {"Retenue": "retenu", "Reserve": "en-reserve"}


def test_the_pool_and_the_result(client: Client) -> None:
    call = call_with(publish_pool=True, publish_result=True, announced_at=timezone.now())
    found = {row["territoire"]: row["reponse"] for row in rows(client, call)}
    assert found == {"Retenue": "retenu", "Reserve": "en-reserve", "Autre": "non-retenu"}


@pytest.mark.parametrize(
    "fields",
    [
        {"publish_pool": True, "closes_on": today(3)},
        {"publish_pool": False, "publish_result": True, "settled_at": timezone.now()},
        {"publish_pool": False, "publish_result": False, "announced_at": timezone.now()},
        {"publish_pool": True, "cancelled_at": timezone.now()},
        {"publish_pool": True, "published_at": None},
    ],
    ids=["still open", "pending", "never", "cancelled", "draft"],
)
def test_nothing_before_its_time(client: Client, fields: dict[str, Any]) -> None:
    call = call_with(**fields)
    for form in ("csv", "json", "ods"):
        assert client.get(f"/donnees/appels/{call.slug}.{form}").status_code == 404
    assert call.title not in client.get("/donnees/").content.decode()


def test_each_format_and_the_list_of_files(client: Client) -> None:
    call = call_with(publish_pool=True, announced_at=timezone.now())
    for address in ("/donnees/", call.get_absolute_url()):
        page = client.get(address).content.decode()
        for form in ("csv", "json", "ods"):
            assert f'href="/donnees/appels/{call.slug}.{form}"' in page
    answer = client.get(f"/donnees/appels/{call.slug}.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    read = json.loads(answer.content)
    assert read["appel"]["code"] == call.slug
    assert [item["reponse"] for item in read["territoires"]] == [
        "retenu",
        "en-reserve",
        "non-retenu",
    ]
    sheet = client.get(f"/donnees/appels/{call.slug}.ods")
    with zipfile.ZipFile(io.BytesIO(sheet.content)) as archive:
        assert "Retenue" in archive.read("content.xml").decode()
    assert client.get(f"/donnees/appels/{call.slug}.exe").status_code == 404
    assert client.post(f"/donnees/appels/{call.slug}.csv").status_code == 405


def test_never_a_person_a_reason_or_a_way_in(client: Client) -> None:
    call = call_with(publish_pool=True, announced_at=timezone.now())
    for form in ("csv", "json"):
        text = client.get(f"/donnees/appels/{call.slug}.{form}").content.decode()
        for words in ("Josiane", "maire@", "motif secret", "invit", "Partie", "Brouillon"):
            assert words not in text


def test_a_call_without_volunteers_gives_an_empty_file(client: Client) -> None:
    call = make_call(**CLOSED, publish_pool=True)
    assert rows(client, call) == []
    assert json.loads(client.get(f"/donnees/appels/{call.slug}.json").content)["territoires"] == []


def test_no_call_no_file(client: Client) -> None:
    assert "Aucun appel ne publie encore" in client.get("/donnees/").content.decode()


def test_it_costs_the_same_for_many(client: Client, django_assert_num_queries: Any) -> None:
    call = call_with(publish_pool=True)
    with django_assert_num_queries(3):
        client.get(f"/donnees/appels/{call.slug}.csv")
    for _ in range(10):
        make_volunteer(call)
    with django_assert_num_queries(3):
        client.get(f"/donnees/appels/{call.slug}.csv")
