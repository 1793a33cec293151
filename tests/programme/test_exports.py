"""The ANCT's two layouts, our tables, our document: from small objects, then from the facts."""

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from jsonschema import Draft202012Validator, FormatChecker

from fabriques.kit.exports import Table, to_csv, to_ods, to_rows
from fabriques.programme import exports
from fabriques.programme.enums import Role
from fabriques.programme.exports import records
from fabriques.programme.models import Participation
from fabriques.territories.enums import Kind, Nature
from tests.factories import (
    make_fabrique,
    make_organisation,
    make_participation,
    make_partnership,
    make_result,
    make_territory,
)

REFERENCE = Path(settings.ROOT).parent / "shared" / "reference" / "fabriques_territoires.csv"
SCHEMA = "https://exemple.test/schema.json"


def absolute(path: str | None) -> str:
    return f"https://exemple.test{path}"


def written(table: Table) -> list[list[str]]:
    content = to_csv(table, guard=False).decode()
    return list(csv.reader(io.StringIO(content, newline="")))


def document() -> dict[str, Any]:
    return exports.document(schema_url=SCHEMA, absolute=absolute)


def check(value: dict[str, Any]) -> None:
    schema = exports.json_schema(schema_url=SCHEMA)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(value)


# --- The ANCT's layouts ------------------------------------------------------------------------


def test_groupings_have_the_columns_and_the_codes_of_the_anct(db: None) -> None:
    late = make_fabrique(code="fabp-02", title="=1+1, « suite »")
    early = make_fabrique(code="fabp-01")
    lyon = make_territory(
        Kind.EPCI, siren="200046977", nature=Nature.MET69, name="Métropole de Lyon"
    )
    commune = make_territory(siren="213001894", name="Nîmes, ville")
    plaine = make_territory(Kind.EPT, siren="200057867", name="Plaine Commune")
    for fabrique, territory in ((late, lyon), (early, plaine), (early, lyon), (late, commune)):
        make_participation(fabrique=fabrique, territory=territory)
    assert to_csv(exports.groupings(), guard=False).decode() == (
        "id_fabp,siren_groupement,lib_groupement,nature_juridique\n"
        "fabp-01,200046977,Métropole de Lyon,MET69\n"
        "fabp-01,200057867,Plaine Commune,EPT\n"
        "fabp-02,200046977,Métropole de Lyon,MET69\n"
        'fabp-02,213001894,"Nîmes, ville",COM\n'
    )


def test_communes_are_members_or_belong_to_a_member_once(db: None) -> None:
    epci = make_territory(Kind.EPCI)
    ept = make_territory(Kind.EPT)
    granville = make_territory(code="50218", name="Granville", epci=epci)
    make_territory(code="01004", name="Ambérieu", epci=epci)
    make_territory(code="2A004", name="Ajaccio", epci=make_territory(Kind.EPCI))
    make_territory(code="93066", name="Saint-Denis", epci=make_territory(Kind.EPCI), ept=ept)
    make_territory(code="50999", name="Disparue", epci=epci, closed_on=date(2024, 1, 1))
    make_fabrique(code="fabp-02", title="", members=[ept])
    make_fabrique(code="fabp-01", title='Un "titre"', members=[epci, granville])
    assert to_csv(exports.communes(), guard=False).decode() == (
        "insee_com,lib_com,id_fabp,lib_fabp\n"
        '01004,Ambérieu,fabp-01,"Un ""titre"""\n'
        '50218,Granville,fabp-01,"Un ""titre"""\n'
        "93066,Saint-Denis,fabp-02,\n"
    )


def test_the_layouts_hold_what_the_anct_lists_and_nothing_else(db: None) -> None:
    fabrique = make_fabrique(code="fabp-01")
    member = make_territory(siren="200000001")
    make_participation(fabrique=fabrique, territory=member, last_listed="2026-07")
    make_participation(fabrique=fabrique, territory=make_territory(), unlisted_by="2026-07")
    make_participation(fabrique=fabrique, territory=make_territory(Kind.OTHER, siren=""))
    make_fabrique(code="autre-01", initiator=make_organisation(), members=[make_territory()])
    assert [row[:2] for row in written(exports.groupings())[1:]] == [["fabp-01", "200000001"]]
    assert [row[0] for row in written(exports.communes())[1:]] == [member.code]
    # They are all in our own files.
    assert len(to_rows(exports.participations())) == 4
    assert document()["compteurs"] == {"fabriques": 2, "participations": 4, "territoires": 4}


def test_territories_that_are_no_more_stay(db: None) -> None:
    gone = make_territory(Kind.EPCI, siren="200000009", closed_on=date(2025, 1, 1))
    make_territory(code="01001", epci=gone, closed_on=date(2025, 1, 1))
    commune = make_territory(code="01002", closed_on=date(2025, 1, 1))
    make_fabrique(code="fabp-01", members=[gone, commune])
    assert {row[1] for row in written(exports.groupings())[1:]} == {gone.siren, commune.siren}
    assert [row[0] for row in written(exports.communes())[1:]] == ["01001", "01002"]


def test_two_perimeters_of_one_territory_are_one_row_of_the_layout(db: None) -> None:
    territory = make_territory()
    fabrique = make_fabrique(code="fabp-01")
    for focus in ("QPV Nord", "QPV Sud"):
        make_participation(fabrique=fabrique, territory=territory, focus=focus)
    assert len(written(exports.groupings())) == 2
    assert len(to_rows(exports.participations())) == 2


# --- Our own files -----------------------------------------------------------------------------


@pytest.fixture
def full(db: None) -> Participation:
    region = make_territory(Kind.REGION, code="04", name="La Réunion")
    departement = make_territory(Kind.DEPARTEMENT, code="974", name="La Réunion")
    district = make_territory(Kind.QPV, code="QP974008", name="Butor", generation=2015)
    member = make_territory(
        name="Saint-Joseph", region=region, departement=departement, overseas=True
    )
    fabrique = make_fabrique(
        code="fabp-09",
        transitions=["ecologique", "sociale"],
        programmes=["pdv"],
        context="Contexte",
        announced_start="2021-06",
        actual_end="2022-06-30",
    )
    make_partnership(
        fabrique=fabrique,
        role=Role.RESEARCHER,
        person="Une chercheuse",
        organisation=make_organisation(name="Institut", acronym="INST"),
    )
    make_partnership(
        fabrique=fabrique, role=Role.PILOT, organisation=fabrique.initiator, named="CGET"
    )
    make_result(fabrique=fabrique, title="=Livret", date="2022-07", url="https://exemple.test/l")
    return make_participation(
        fabrique=fabrique,
        territory=member,
        focus="QPV Butor",
        focus_territory=district,
        local_question="- Comment mieux manger ?",
        joined="2021",
        left="2022-03",
        last_listed="2026-07",
    )


def test_the_document_tells_everything_and_follows_its_schema(full: Participation) -> None:
    value = document()
    check(value)
    assert value["$schema"] == SCHEMA
    assert value["licence"]["nom"] == "Licence Ouverte 2.0"
    [fabrique] = value["fabriques"]
    assert fabrique["dates"] == {
        "debut_annonce": "2021-06",
        "fin_annoncee": None,
        "debut_reel": None,
        "fin_reelle": "2022-06-30",
    }
    assert {item["code"] for item in fabrique["transitions"]} == {"ecologique", "sociale"}
    assert fabrique["objectif"] is None
    # In the order of roles: the pilot first.
    assert [(item["role"], item["personne"]) for item in fabrique["partenariats"]] == [
        ("pilote", None),
        ("recherche", "Une chercheuse"),
    ]
    [participation] = fabrique["participations"]
    assert participation["territoire"]["region"] == {"code": "04", "nom": "La Réunion"}
    assert participation["perimetre"] == {
        "nom": "QPV Butor",
        "code_qpv": "QP974008",
        "generation_qpv": 2015,
    }
    assert (participation["entree"], participation["sortie"]) == ("2021", "2022-03")
    assert participation["jeu_anct"] == {
        "present": True,
        "derniere_version_avec": "2026-07",
        "premiere_version_sans": None,
    }
    [result] = fabrique["resultats"]
    assert (result["date"], result["sorte"]) == ("2022-07", "publication")
    known = {source["code"] for source in value["sources"]}
    assert {*participation["sources"], result["source"]} <= known


def test_a_bare_fabrique_follows_the_schema_too(db: None) -> None:
    make_fabrique(code="fabp-20", title="", year=None)
    check(document())


def test_the_schema_refuses_what_it_does_not_describe(full: Participation) -> None:
    schema = exports.json_schema(schema_url=SCHEMA)
    validator = Draft202012Validator(schema)
    for change in ({"inconnu": 1}, {"licence": None}, {"fabriques": [{"code": "fabp-01"}]}):
        assert not validator.is_valid({**document(), **change})


def test_the_public_vocabulary_names_every_choice() -> None:
    assert set(records.ROLES) == set(Role)
    assert set(records.RESULTS) == set(records.ResultKind)
    assert set(records.ORGANISATIONS) == set(records.OrganisationKind)


def test_participations_are_rows_with_the_columns_of_their_fabrique(full: Participation) -> None:
    [row] = to_rows(exports.participations())
    assert row["id_fabp"] == "fabp-09"
    assert row["transitions"] in (
        "Transition ecologique ; Transition sociale",
        "Transition sociale ; Transition ecologique",
    )
    assert row["recherche"] == "Une chercheuse (INST)"
    assert (row["departement"], row["outre_mer"], row["generation_qpv"]) == (
        "La Réunion",
        True,
        2015,
    )
    names = [column.name for column in exports.PARTICIPATION_COLUMNS]
    assert len(names) == len(set(names))
    # For people: a question that starts with a dash would be read as a formula.
    assert "'- Comment mieux manger ?" in to_csv(exports.participations()).decode()


def test_the_workbook_has_a_sheet_for_each_kind_of_fact(full: Participation) -> None:
    sheets = {table.title: to_rows(table) for table in exports.workbook()}
    assert {title: len(rows) for title, rows in sheets.items() if title != "Sources"} == {
        "Participations": 1,
        "Fabriques": 1,
        "Partenaires": 2,
        "Résultats": 1,
    }
    assert sheets["Fabriques"][0]["participations"] == 1
    assert sheets["Résultats"][0]["titre"] == "=Livret"
    assert to_ods(*exports.workbook()) == to_ods(*exports.workbook())


def test_query_counts_do_not_grow(db: None) -> None:
    def grow(number: int) -> None:
        for _ in range(number):
            fabrique = make_fabrique(
                transitions=["a"], programmes=["b"], members=[make_territory()]
            )
            make_partnership(fabrique=fabrique)
            make_result(fabrique=fabrique)

    def count(read: Any) -> int:
        with CaptureQueriesContext(connection) as queries:
            read()
        return len(queries)

    readers = (
        document,
        lambda: to_ods(*exports.workbook()),
        lambda: to_csv(exports.participations()),
        lambda: to_csv(exports.groupings()),
        lambda: to_csv(exports.communes()),
    )
    grow(1)
    one = [count(reader) for reader in readers]
    grow(2)
    assert [count(reader) for reader in readers] == one


# --- The real facts ----------------------------------------------------------------------------


def _reference() -> set[tuple[str, str]]:
    if not REFERENCE.exists():
        pytest.skip("the reference rows are not beside this checkout")
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        return {
            (row["id_fabp"], row["siren_groupement"])
            for row in csv.DictReader(file)
            if row["presence"] == "dans le jeu ANCT 07/2026"
        }


def test_the_real_groupings_are_those_of_the_anct(country: None) -> None:
    rows = written(exports.groupings())
    assert len(rows) == 1 + 105
    assert {row[3] for row in rows[1:]} <= {"COM", "EPT", "CC", "CA", "CU", "METRO", "MET69"}
    assert [row[:2] for row in rows[1:]] == sorted(row[:2] for row in rows[1:])


def test_the_real_groupings_equal_the_reference(country: None) -> None:
    expected = _reference()
    assert len(expected) == 105
    assert {(row[0], row[1]) for row in written(exports.groupings())[1:]} == expected


def test_the_real_communes_are_unique_and_complete(country: None) -> None:
    rows = written(exports.communes())[1:]
    keys = [(row[2], row[0]) for row in rows]
    assert len(keys) == len(set(keys))
    assert keys == sorted(keys)
    by_fabrique = {code: {insee for fabp, insee in keys if fabp == code} for code, _ in keys}
    assert len(by_fabrique) == 22
    # Granville took part itself, then through its grouping; Saint-Denis is of Plaine Commune.
    assert "50218" in by_fabrique["fabp-11"]
    assert "50218" in by_fabrique["fabp-18"]
    assert "93066" in by_fabrique["fabp-09"]
    # Fabriques whose title is not published have an empty one.
    assert {row[3] for row in rows if row[2] == "fabp-20"} == {""}


def test_the_real_document_follows_its_schema(country: None) -> None:
    value = document()
    check(value)
    assert value["compteurs"] == {"fabriques": 22, "participations": 107, "territoires": 105}
    without = [
        row["territoire"]["nom"]
        for fabrique in value["fabriques"]
        for row in fabrique["participations"]
        if row["territoire"]["siren"] is None
    ]
    assert without == ["Lezoux – Thiers – Ambert – Montbrison"]
    absent = [
        row
        for fabrique in value["fabriques"]
        for row in fabrique["participations"]
        if not row["jeu_anct"]["present"]
    ]
    assert len(absent) == 2
