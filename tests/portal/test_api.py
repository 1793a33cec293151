"""The read API: resources, pages, filters, errors, and that it answers only what it documents."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from jsonschema import Draft202012Validator

from fabriques.people.enums import OrganisationKind
from fabriques.people.models import FormerName
from fabriques.portal.api.openapi import as_text
from fabriques.programme.enums import Role
from fabriques.territories.enums import Accuracy, Kind
from fabriques.territories.models import ProgrammeMembership
from tests.factories import (
    make_fabrique,
    make_organisation,
    make_participation,
    make_partnership,
    make_result,
    make_territory,
)

LISTS = ["fabriques", "participations", "territoires", "organisations", "transitions", "programmes"]


def get(client: Client, path: str, status: int = 200, **query: Any) -> Any:
    response = client.get(f"/api/v1/{path}", query)
    assert response.status_code == status, response.content
    return response.json()


def codes(client: Client, path: str, **query: Any) -> list[str]:
    return [item["code"] for item in get(client, path, **query)["elements"]]


def check_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"].endswith(f"#{code}")
    assert problem["detail"].endswith(".")
    return problem


# --- Resources ---------------------------------------------------------------------------------


def test_fabriques_are_listed_and_told(client: Client, db: None) -> None:
    members = [make_territory(), make_territory()]
    fabrique = make_fabrique(code="fabp-07", year=2020, transitions=["ecologique"], members=members)
    make_participation(fabrique=fabrique, territory=members[0], focus="QPV Nord")
    make_fabrique(code="fabp-20", title="", year=None)
    make_fabrique(code="fabp-15", year=2022)
    answer = get(client, "fabriques/")
    assert [item["code"] for item in answer["elements"]] == ["fabp-15", "fabp-07", "fabp-20"]
    assert (answer["total"], answer["page"], answer["pages"]) == (3, 1, 1)
    assert answer["elements"][1]["compteurs"] == {"participations": 3, "territoires": 2}
    assert answer["elements"][1]["transitions"] == [
        {"code": "ecologique", "nom": "Transition ecologique"}
    ]
    assert answer["elements"][2]["titre"] is None
    one = get(client, "fabriques/fabp-07")
    assert len(one["participations"]) == 3
    [of_document] = [
        item
        for item in client.get("/donnees/fabriques.json").json()["fabriques"]
        if item["code"] == "fabp-07"
    ]
    assert one == of_document


def test_fabriques_are_filtered_as_on_the_site(client: Client, db: None) -> None:
    region = make_territory(Kind.REGION, code="53")
    overseas = make_territory(Kind.EPCI, overseas=True, nature="CA")
    breton = make_territory(Kind.COMMUNE, region=region)
    make_fabrique(code="fabp-01", year=2018, transitions=["eco"], members=[breton], indexed=True)
    make_fabrique(
        code="fabp-02", year=2020, programmes=["pvd"], members=[overseas], indexed=True,
        title="Le vieillissement",
    )  # fmt: skip
    assert codes(client, "fabriques/", annee=2018) == ["fabp-01"]
    assert codes(client, "fabriques/", annee=[2018, 2020]) == ["fabp-02", "fabp-01"]
    assert codes(client, "fabriques/", transition="eco") == ["fabp-01"]
    assert codes(client, "fabriques/", type="CA") == ["fabp-02"]
    assert codes(client, "fabriques/", region="53") == ["fabp-01"]
    assert codes(client, "fabriques/", programme="pvd") == ["fabp-02"]
    assert codes(client, "fabriques/", q="vieillissements") == ["fabp-02"]
    assert codes(client, "fabriques/", **{"outre-mer": "oui"}) == ["fabp-02"]
    assert codes(client, "fabriques/", **{"outre-mer": "non"}) == ["fabp-01"]
    assert codes(client, "fabriques/", annee=2018, programme="pvd") == []
    # What no fabrique has gives nothing, rather than everything.
    assert codes(client, "fabriques/", region="94") == []
    # Participations follow the same filters.
    [row] = get(client, "participations/", region="53")["elements"]
    assert row["territoire"]["code"] == breton.code
    assert row["fabrique"]["code"] == "fabp-01"


def test_territories_are_found_and_filtered(client: Client, db: None) -> None:
    departement = make_territory(Kind.DEPARTEMENT, code="22", name="Côtes-d’Armor")
    commune = make_territory(code="22278", name="Saint-Brieuc", departement=departement)
    epci = make_territory(Kind.EPCI, name="Saint-Brieuc Armor")
    gone = make_territory(code="22999", name="Disparue", closed_on="2024-01-01")
    make_fabrique(members=[epci])
    assert codes(client, "territoires/", sorte="commune") == ["22278"]
    assert codes(client, "territoires/", departement="22") == ["22278"]
    assert codes(client, "territoires/", a_participe="true") == [epci.code]
    assert epci.code not in codes(client, "territoires/", a_participe="false")
    assert gone.code not in codes(client, "territoires/")
    assert gone.code in codes(client, "territoires/", disparus="true")
    from fabriques.territories.search import rebuild

    rebuild()
    assert codes(client, "territoires/", q="st brieuc")[0] == commune.code
    assert codes(client, "territoires/", q="st brieuc", sorte="epci") == [epci.code]
    assert codes(client, "territoires/", q=epci.siren) == [epci.code]
    assert codes(client, "territoires/", q="\x00 introuvable \x00") == []


def test_a_territory_is_told_with_its_family(client: Client, db: None) -> None:
    region = make_territory(Kind.REGION, code="53", name="Bretagne")
    epci = make_territory(Kind.EPCI, region=region, longitude=-2.7, latitude=48.5)
    commune = make_territory(
        code="22278", epci=epci, region=region, postal_codes="22000 22099", accuracy=Accuracy.NEAR
    )
    make_territory(code="22279", epci=epci, closed_on="2024-01-01", successor=commune)
    fabrique = make_fabrique(programmes=["acv"], members=[epci])
    [programme] = fabrique.programmes.all()
    ProgrammeMembership.objects.create(
        territory=commune, programme=programme, external_id="acv-1", signed_on="2018-09-28"
    )
    found = get(client, "territoires/22278")
    assert found["epci"] == {"code": epci.code, "nom": epci.name}
    assert found["codes_postaux"] == ["22000", "22099"]
    assert found["programmes"][0]["signe_le"] == "2018-09-28"
    assert found["position"] is None
    found = get(client, f"territoires/{epci.code}")
    assert found["membres"] == [{"code": "22278", "nom": commune.name}]
    assert found["position"]["longitude"] == -2.7
    assert found["participations"][0]["fabrique"]["code"] == fabrique.code
    assert get(client, "territoires/22279")["successeur"]["code"] == "22278"


def test_a_code_of_several_kinds_is_told_apart(client: Client, db: None) -> None:
    make_territory(Kind.REGION, code="11", name="Île-de-France")
    make_territory(Kind.DEPARTEMENT, code="11", name="Aude")
    assert get(client, "territoires/11")["nom"] == "Aude"
    assert get(client, "territoires/11?sorte=region")["nom"] == "Île-de-France"
    assert get(client, "territoires/11?sorte=commune", 404)["code"] == "introuvable"


def test_organisations_say_their_roles(client: Client, db: None) -> None:
    association = make_organisation(slug="idf", kind=OrganisationKind.ELECTED)
    FormerName.objects.create(organisation=association, name="AdCF", until="2021-10")
    fabrique = make_fabrique(code="fabp-01")
    make_partnership(fabrique=fabrique, organisation=association, role=Role.ELECTED)
    make_partnership(fabrique=fabrique, organisation=association, role=Role.FINANCER)
    make_partnership(fabrique=make_fabrique(code="fabp-02"), role=Role.CONTRACTOR)
    [found] = get(client, "organisations/", role="association-elus")["elements"]
    assert found["roles"] == ["financeur", "association-elus"]
    assert found["fabriques"] == ["fabp-01"]
    assert found["anciens_noms"] == [{"nom": "AdCF", "sigle": None, "jusqu_a": "2021-10"}]
    assert codes(client, "organisations/", sorte="association-elus") == ["idf"]
    # A role and a fabrique are those of one partnership.
    assert codes(client, "organisations/", role="association-elus", fabrique="fabp-02") == []


def test_topics_count_their_fabriques(client: Client, db: None) -> None:
    make_fabrique(transitions=["eco"], programmes=["pvd"])
    make_fabrique(transitions=["eco", "num"])
    found = get(client, "transitions/")["elements"]
    assert [(item["code"], item["fabriques"]) for item in found] == [("eco", 2), ("num", 1)]
    found = get(client, "programmes/")["elements"]
    assert [(item["code"], item["fabriques"]) for item in found] == [("pvd", 1)]


# --- Pages, caches, other sites ----------------------------------------------------------------


def test_pages_and_their_links(client: Client, db: None) -> None:
    for number in range(5):
        make_fabrique(code=f"fabp-0{number}", transitions=["é"])
    response = client.get("/api/v1/fabriques/?taille=2&page=2&annee=2022&annee=2023")
    # Not indexed: no filter finds them, so ask without.
    response = client.get("/api/v1/fabriques/?taille=2&page=2&q=")
    assert (response.json()["total"], response.json()["pages"]) == (5, 3)
    assert [item["code"] for item in response.json()["elements"]] == ["fabp-02", "fabp-01"]
    link = response["Link"]
    base = "http://testserver/api/v1/fabriques/?taille=2&"
    for name, page in (("first", 1), ("prev", 1), ("next", 3), ("last", 3)):
        assert f'<{base}page={page}&q=>; rel="{name}"' in link
    assert 'rel="license"' in link
    last = client.get("/api/v1/fabriques/?taille=2&page=3")
    assert 'rel="next"' not in last["Link"]
    beyond = get(client, "fabriques/", page=9)
    assert (beyond["total"], beyond["elements"]) == (5, [])


@pytest.mark.parametrize("name", LISTS)
def test_lists_read_as_much_for_three_as_for_one(client: Client, db: None, name: str) -> None:
    def grow() -> None:
        territory = make_territory(
            departement=make_territory(Kind.DEPARTEMENT), region=make_territory(Kind.REGION)
        )
        number = territory.pk
        fabrique = make_fabrique(
            transitions=[f"t{number}"], programmes=[f"p{number}"], members=[territory]
        )
        make_partnership(fabrique=fabrique, organisation=make_organisation())
        make_result(fabrique=fabrique)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            get(client, f"{name}/")
        return len(queries)

    grow()
    one = count()
    grow()
    grow()
    assert count() == one


def test_one_object_reads_as_much_whatever_it_holds(client: Client, db: None) -> None:
    fabrique = make_fabrique(code="fabp-01")
    territory = make_territory(Kind.EPCI)

    def grow() -> None:
        make_participation(fabrique=fabrique, territory=make_territory(epci=territory))
        make_participation(fabrique=make_fabrique(), territory=territory)
        make_partnership(fabrique=fabrique)
        make_result(fabrique=fabrique)

    def count() -> list[int]:
        counts = []
        for path in ("fabriques/fabp-01", f"territoires/{territory.code}"):
            with CaptureQueriesContext(connection) as queries:
                get(client, path)
            counts.append(len(queries))
        return counts

    grow()
    one = count()
    grow()
    grow()
    assert count() == one


def test_answers_have_an_etag_and_are_open(client: Client, db: None) -> None:
    make_fabrique()
    response = client.get("/api/v1/fabriques/")
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in response["Access-Control-Expose-Headers"]
    again = client.get("/api/v1/fabriques/", headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    asked = client.options(
        "/api/v1/fabriques/",
        headers={"Origin": "https://autre.test", "Access-Control-Request-Method": "GET"},
    )
    assert asked.status_code == 204
    assert asked["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert asked["Access-Control-Allow-Origin"] == "*"
    assert client.head("/api/v1/fabriques/").status_code == 200


# --- Errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "parameter", "words"),
    [
        ("page=0", "page", "supérieur ou égal à 1"),
        ("page=x", "page", "nombre entier"),
        ("page=99999999999999999999999", "page", "inférieur ou égal à"),
        ("taille=201", "taille", "inférieur ou égal à 200"),
        ("annee=hier", "annee", "nombre entier"),
        ("annee=2018&annee=99999", "annee", "inférieur ou égal à 2200"),
        ("transition=%00", "transition", "ne correspond pas"),
        ("outre-mer=peut-etre", "outre-mer", "valeurs possibles"),
        ("q=" + "a" * 201, "q", "200 caractères au plus"),
        ("&".join(f"annee={year}" for year in range(2000, 2051)), "annee", "50 au plus"),
    ],
)
def test_nonsense_is_refused_in_french(
    client: Client, db: None, query: str, parameter: str, words: str
) -> None:
    response = client.get(f"/api/v1/fabriques/?{query}")
    problem = check_problem(response, 422, "parametres-invalides")
    assert problem["erreurs"][0]["parametre"] == parameter
    assert words in problem["erreurs"][0]["detail"]


@pytest.mark.parametrize(
    "path",
    ["fabriques/inconnue", "fabriques/a%00b", "territoires/00000", "rien", "fabriques/a/b"],
)
def test_what_does_not_exist_is_a_problem(client: Client, db: None, path: str) -> None:
    problem = check_problem(client.get(f"/api/v1/{path}"), 404, "introuvable")
    assert problem["instance"].startswith("/api/v1/")


def test_the_root_shows_what_stands_under_it(client: Client, db: None) -> None:
    response = client.get("/api/v1/")
    assert (response.status_code, response["Location"]) == (302, "/api/v1/docs")


@pytest.mark.parametrize("path", ["fabriques/", "fabriques/fabp-01", "openapi.json", "rien"])
def test_writing_is_refused(client: Client, db: None, path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post(f"/api/v1/{path}", {"a": 1}, content_type="application/json")
    check_problem(response, 405, "methode-refusee")
    assert response["Allow"] == "GET, HEAD, OPTIONS"


def test_too_many_parameters_are_a_bad_request(client: Client, db: None) -> None:
    response = client.get("/api/v1/fabriques/?" + "a=1&" * 1001)
    check_problem(response, 400, "requete-invalide")


def test_our_own_errors_say_nothing_of_their_cause(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("secret")

    monkeypatch.setattr("fabriques.portal.api.resources.queries.filtered", broken)
    response = client.get("/api/v1/fabriques/")
    check_problem(response, 500, "erreur-interne")
    assert b"secret" not in response.content
    assert "secret" in caplog.text


def test_the_real_programme_is_answered(client: Client, country: None) -> None:
    assert get(client, "fabriques/")["total"] == 22
    assert get(client, "participations/", taille=200)["total"] == 107
    assert get(client, "territoires/", a_participe="true")["total"] == 105
    assert get(client, "territoires/", q="st brieuc")["elements"][0]["code"] == "22278"
    assert get(client, "territoires/", sorte="commune")["total"] > 34_000
    validated: Callable[[Any], None] = Draft202012Validator(
        {**json.loads(as_text()), "$ref": "#/components/schemas/FabriqueRecord"}
    ).validate
    for number in range(1, 23):
        validated(get(client, f"fabriques/fabp-{number:02}"))
