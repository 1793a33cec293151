"""Imports of open data: districts, programmes, grids, positions; refusals and repetitions."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fabriques.territories import domain
from fabriques.territories.domain import Position
from fabriques.territories.imports.report import Outcome, RefusedError
from fabriques.territories.models import (
    ImportRun,
    NationalProgramme,
    ProgrammeMembership,
    Territory,
)
from tests.territories.conftest import Import

pytestmark = pytest.mark.usefixtures("small_country")


def counts(outcome: Outcome) -> tuple[int, int, int]:
    return outcome.counts.added, outcome.counts.changed, outcome.counts.closed


def get(kind: str, code: str) -> Territory:
    return Territory.objects.get(kind=kind, code=code)


def members(slug: str) -> list[tuple[str, str, bool]]:
    """Code of the territory, identifier, still in."""
    rows = ProgrammeMembership.objects.filter(programme__slug=slug)
    return [
        (code, identifier, closed_on is None)
        for code, identifier, closed_on in rows.order_by(
            "territory__code", "external_id"
        ).values_list("territory__code", "external_id", "closed_on")
    ]


def problems(refused: pytest.ExceptionInfo[RefusedError]) -> list[tuple[int, str, str]]:
    return [(item.line, item.column, item.value) for item in refused.value.problems]


# --- Priority districts -----------------------------------------------------------------------
QPV = "code_qp,lib_qp,insee_com,lib_com\n"
TWO = QPV + 'QN02201M,Balzac,22278,Saint-Brieuc\nQN03501M,Maurepas,"35238, 35047",Rennes\n'


def test_districts_and_their_communes(import_text: Import) -> None:
    assert counts(import_text("qpv", TWO)) == (2, 0, 0)
    maurepas = get("qpv", "QN03501M")
    assert (maurepas.name, maurepas.generation) == ("Maurepas", 2024)
    assert [item.code for item in maurepas.communes.order_by("code")] == ["35047", "35238"]
    assert maurepas.departement == get("departement", "35")
    assert maurepas.region == get("region", "53")
    assert counts(import_text("qpv", TWO)) == (0, 0, 0)


def test_a_district_may_have_a_line_for_each_commune(import_text: Import) -> None:
    import_text("qpv", QPV + "QN03501M,Maurepas,35238,\nQN03501M,MAUREPAS,35047,\n")
    assert get("qpv", "QN03501M").communes.count() == 2


def test_several_districts_in_one_cell(import_text: Import) -> None:
    import_text("qpv", QPV + '"QN02201M, QN02202M","Balzac, Europe",22278,\n')
    assert [item.name for item in Territory.objects.filter(kind="qpv").order_by("code")] == [
        "Balzac",
        "Europe",
    ]


def test_generations_live_side_by_side(import_text: Import) -> None:
    import_text("qpv", TWO)
    import_text("qpv", QPV + "QP022001,Balzac,22278,\nQP022002,Europe,22278,\n")
    assert counts(import_text("qpv", QPV + "QP022001,Balzac,22278,\n")) == (0, 0, 1)
    assert get("qpv", "QP022001").generation == 2015
    assert get("qpv", "QP022002").closed_on is not None
    assert get("qpv", "QN02201M").closed_on is None
    assert counts(import_text("qpv", QPV + "QP022001,Balzac,22278,\nQP022002,Europe,22278,\n")) == (
        0,
        1,
        0,
    )


def test_a_changed_district(import_text: Import) -> None:
    import_text("qpv", TWO)
    changed = TWO.replace("Balzac", "Balzac-Ville").replace('"35238, 35047"', "35238")
    assert counts(import_text("qpv", changed)) == (0, 2, 0)
    assert get("qpv", "QN03501M").communes.get().code == "35238"


@pytest.mark.parametrize(
    ("lines", "options", "place"),
    [
        ("ZUS01,Balzac,22278,\n", {}, (2, "code_qp", "ZUS01")),
        ("QN02201M,Balzac,22278,\n", {"generation": 2015}, (2, "code_qp", "QN02201M")),
        ("QN02201M,Balzac,99999,\n", {}, (2, "insee_com", "99999")),
        ("QN02201M,A,22278,\nQN02201M,B,22278,\n", {}, (3, "lib_qp", "B")),
        ('"QN02201M,QN02202M",Balzac,22278,\n', {}, (2, "lib_qp", "Balzac")),
    ],
)
def test_refused_districts(
    import_text: Import, lines: str, options: dict[str, Any], place: tuple[int, str, str]
) -> None:
    with pytest.raises(RefusedError) as refused:
        import_text("qpv", QPV + lines, **options)
    assert problems(refused) == [place]
    assert not Territory.objects.filter(kind="qpv").exists()


def test_the_generation_can_be_given(import_text: Import) -> None:
    import_text("qpv", QPV + "ZUS01,Balzac,22278,\n", generation=2015)
    assert get("qpv", "ZUS01").generation == 2015


# --- Programmes -------------------------------------------------------------------------------
ACV = "insee_com,lib_com,id_acv,lib_acv,date_signature\n"


def test_members_of_a_programme(import_text: Import) -> None:
    text = ACV + "22278,Saint-Brieuc,acv-1,Saint-Brieuc,28-09-2018\n35238,Rennes,acv-2,Rennes,\n"
    assert counts(import_text("acv", text)) == (2, 0, 0)
    row = ProgrammeMembership.objects.get(external_id="acv-1")
    assert (row.territory, row.label, row.signed_on) == (
        get("commune", "22278"),
        "Saint-Brieuc",
        date(2018, 9, 28),
    )
    assert (row.origin, row.source) == ("acv", "fichier.csv")
    assert row.programme.name == "Action cœur de ville"
    assert counts(import_text("acv", text, file="copie.csv")) == (0, 0, 0)
    # An empty cell of a poorer copy of the file erases nothing.
    assert counts(import_text("acv", text.replace("28-09-2018", ""))) == (0, 0, 0)


def test_who_left_is_closed_and_may_come_back(import_text: Import) -> None:
    both = ACV + "22278,,acv-1,,\n35238,,acv-2,,\n"
    import_text("acv", both)
    assert counts(import_text("acv", ACV + "22278,,acv-1,,\n")) == (0, 0, 1)
    assert members("acv") == [("22278", "acv-1", True), ("35238", "acv-2", False)]
    assert counts(import_text("acv", both)) == (0, 1, 0)
    assert members("acv") == [("22278", "acv-1", True), ("35238", "acv-2", True)]


def test_groupings_and_communes_by_siren(import_text: Import) -> None:
    text = (
        "siren_groupement,lib_groupement,id_ti,lib_ti\n"
        "200069409,CA Saint-Brieuc,ti-1,Armor\n243500139,Rennes,ti-2,Rennes\n"
        f"{get('commune', '35047').siren},Bruz,ti-2,Rennes\n"
    )
    import_text("ti", text)
    assert [code for code, _, _ in members("ti")] == ["200069409", "243500139", "35047"]


def test_merged_communes_are_read_as_their_successor(import_text: Import) -> None:
    outcome = import_text("acv", ACV + "35099,Campel,acv-1,,\n93059,Pierrefitte,acv-2,,\n")
    assert members("acv") == [("35168", "acv-1", True), ("93066", "acv-2", True)]
    assert outcome.notes == [
        "fichier.csv, ligne 2 : 35099 lu comme Val d'Anast (35168).",
        "fichier.csv, ligne 3 : 93059 lu comme Saint-Denis (93066).",
    ]


def test_rows_that_repeat_or_contradict(import_text: Import) -> None:
    outcome = import_text("acv", ACV + "22278,,acv-1,A,\n22278,,acv-1,A,\n")
    assert outcome.notes == ["fichier.csv, ligne 3 : répète la ligne 2."]
    with pytest.raises(RefusedError) as refused:
        import_text("acv", ACV + "22278,,acv-1,A,\n22278,,acv-1,B,\n")
    assert problems(refused) == [(3, "id_acv", "acv-1")]


def test_valid_rows_only_on_demand(import_text: Import) -> None:
    import_text("acv", ACV + "22278,,acv-1,,\n35238,,acv-2,,\n")
    text = ACV + "22278,,acv-1,,\n99999,Nulle part,acv-2,,\n35047,,acv-3,,demain\n97411,,acv-4,,\n"
    with pytest.raises(RefusedError) as refused:
        import_text("acv", text)
    assert problems(refused) == [(4, "date_signature", "demain"), (3, "insee_com", "99999")]
    assert len(members("acv")) == 2
    outcome = import_text("acv", text, valid_rows=True)
    # Rennes is not closed: the refused rows may be about it.
    assert counts(outcome) == (1, 0, 0)
    assert len(outcome.rejected) == 2
    assert outcome.notes == ["Des lignes ont été refusées : rien n’a été fermé."]
    assert ImportRun.objects.filter(name="acv").first().rejected == 2  # type: ignore[union-attr]


CROSSING = "insee_com;lib_com;id_pvd;id_fabp;id_nouveau\n"


def test_the_crossing_of_all_programmes(import_text: Import) -> None:
    text = CROSSING + "22278;Saint-Brieuc;;fabp-01|fabp-02;\n35168;Anast;pvd-1;;n1\n"
    assert counts(import_text("croisement", text)) == (4, 0, 0)
    assert members("fabp") == [("22278", "fabp-01", True), ("22278", "fabp-02", True)]
    assert NationalProgramme.objects.get(slug="nouveau").name == "id_nouveau"
    assert counts(import_text("croisement", text)) == (0, 0, 0)


def test_a_file_of_one_programme_knows_better_than_the_crossing(import_text: Import) -> None:
    crossing = CROSSING + "22278;;pvd-1;;\n35168;;pvd-2;;\n"
    import_text("croisement", crossing)
    pvd = "insee_com,id_pvd,lib_pvd\n35168,pvd-2,Val d'Anast\n35257,pvd-3,Saint-Brice\n"
    assert counts(import_text("pvd", pvd)) == (1, 1, 0)
    assert counts(import_text("croisement", crossing)) == (0, 0, 0)
    assert counts(import_text("pvd", pvd.replace("35257,pvd-3,Saint-Brice\n", ""))) == (0, 0, 1)
    # What only the crossing listed is closed by the crossing.
    assert counts(import_text("croisement", crossing.replace("pvd-1", ""))) == (0, 0, 1)
    assert members("pvd") == [
        ("22278", "pvd-1", False),
        ("35168", "pvd-2", True),
        ("35257", "pvd-3", False),
    ]


def test_a_commune_twice_in_the_crossing(import_text: Import) -> None:
    with pytest.raises(RefusedError) as refused:
        import_text("croisement", CROSSING + "22278;;pvd-1;;\n22278;;pvd-2;;\n")
    assert problems(refused) == [(3, "insee_com", "22278")]


# --- Grids ------------------------------------------------------------------------------------
DENSITY = "insee_com,lib_com,niveau_densite\n"


def test_a_grid_and_the_class_of_groupings(import_text: Import) -> None:
    text = DENSITY + "35238,,Grands centres urbains\n35047,,Bourgs ruraux\n93066,,Urbain\n"
    assert counts(import_text("densite", text)) == (3, 0, 0)
    assert get("commune", "35047").density == "Bourgs ruraux"
    assert get("epci", "243500139").density == "Grands centres urbains"
    assert get("ept", "200057867").density == "Urbain"
    assert get("epci", "200069409").density == ""
    assert counts(import_text("densite", text)) == (0, 0, 0)
    moved = text.replace("35238,,Grands centres urbains", "35238,,Bourgs ruraux")
    assert counts(import_text("densite", moved)) == (0, 1, 0)
    assert get("epci", "243500139").density == "Bourgs ruraux"


def test_the_grid_of_mountains_names_only_those_within(import_text: Import) -> None:
    text = "insee_com,niveau_montagne\n35168,06 - Massif Central\n"
    import_text("montagne", text)
    assert get("commune", "35168").mountain == "Massif Central"
    assert get("commune", "22278").mountain == "Hors massif"
    with pytest.raises(RefusedError):
        import_text("montagne", text + "99999,06 - Massif Central\n")


def test_rows_refused_say_nothing_of_mountains_elsewhere(import_text: Import) -> None:
    text = "insee_com,niveau_montagne\n35168,06 - Massif Central\n99999,06 - Massif Central\n"
    import_text("montagne", text, valid_rows=True)
    assert get("commune", "22278").mountain == ""


def test_a_class_that_the_file_lacks_stays_blank(import_text: Import) -> None:
    import_text("centralite", "insee_com,niveau_centralite\n97411, - undefined\n")
    assert get("commune", "97411").centrality == ""


def test_merged_communes_in_a_grid(import_text: Import) -> None:
    # Its own line wins over that of a commune that it absorbed.
    import_text("densite", DENSITY + "35099,,Rural\n35168,,Bourgs ruraux\n93059,,Urbain\n")
    assert get("commune", "35168").density == "Bourgs ruraux"
    assert get("commune", "93066").density == "Urbain"


def test_a_grid_that_contradicts_itself(import_text: Import) -> None:
    with pytest.raises(RefusedError) as refused:
        import_text("densite", DENSITY + "35168,,Rural\n22278,,Urbain\n35168,,Urbain\n")
    assert problems(refused) == [(4, "niveau_densite", "Urbain")]


# --- Positions --------------------------------------------------------------------------------
def position(kind: str, code: str) -> tuple[float | None, float | None, str]:
    found = get(kind, code)
    return found.longitude, found.latitude, found.accuracy


def test_positions_from_a_table(import_text: Import) -> None:
    text = "code;longitude;latitude\n22278;-2,76;48,51\n22;-2,9;48,4\n200069409;-2,7;48,5\n"
    assert counts(import_text("positions", text)) == (3, 0, 0)
    assert position("commune", "22278") == (-2.76, 48.51, "exact")
    assert position("epci", "200069409") == (-2.7, 48.5, "exact")
    # The others of the département are at its centre.
    assert position("commune", "22215") == (-2.9, 48.4, "approximate")
    assert counts(import_text("positions", text)) == (0, 0, 0)
    assert counts(import_text("positions", text.replace("-2,9", "-2,8"))) == (0, 1, 0)
    assert position("commune", "22215") == (-2.8, 48.4, "approximate")


def test_positions_of_districts(import_text: Import) -> None:
    import_text("qpv", QPV + '"QN02201M, QN02202M","Balzac, Europe",22278,\nQN03501M,M,35238,\n')
    features = [
        {"properties": {"code_qp": code}, "geometry": {"type": "Point", "coordinates": point}}
        for code, point in [
            ("QN02201M, QN02202M", [-2.76, 48.51]),
            ("QN03501M", [-1.6, 48.1]),
            ("QN03501M", [-1.8, 48.3]),
        ]
    ]
    import_text("positions", json.dumps({"features": features}), file="qpv.geojson")
    assert position("qpv", "QN02202M") == (-2.76, 48.51, "near")
    assert position("qpv", "QN03501M") == (-1.7, 48.2, "exact")


def test_an_exact_position_does_not_give_way(import_text: Import) -> None:
    import_text("qpv", QPV + '"QN02201M, QN02202M","Balzac, Europe",22278,\n')
    domain.place({get("qpv", "QN02201M").pk: Position(-2.0, 48.0)})
    text = 'code_qp,longitude,latitude\n"QN02201M, QN02202M",-2.76,48.51\n'
    import_text("positions", text)
    assert position("qpv", "QN02201M") == (-2.0, 48.0, "exact")
    assert position("qpv", "QN02202M") == (-2.76, 48.51, "near")


@pytest.mark.parametrize(
    ("line", "column", "value"),
    [
        ("99999,1,1", "code", "99999"),
        ("QN99999X,1,1", "code", "QN99999X"),
        ("999999999,1,1", "code", "999999999"),
        ("12345678,1,1", "code", "12345678"),
        ("22278,-2.77,48.51", "longitude", "-2.77"),
    ],
)
def test_refused_positions(import_text: Import, line: str, column: str, value: str) -> None:
    with pytest.raises(RefusedError) as refused:
        import_text("positions", f"code,longitude,latitude\n22278,-2.76,48.51\n{line}\n")
    assert problems(refused) == [(3, column, value)]
    assert get("commune", "22278").longitude is None


# --- The command, and what all imports share ---------------------------------------------------
def test_the_command(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "acv.csv"
    path.write_text(ACV + "22278,,acv-1,,\n99999,,acv-2,,\n")
    with pytest.raises(CommandError, match="Rien n’a été importé : 1 problème"):
        call_command("import_open_data", "acv", str(path))
    assert "acv.csv, ligne 3, colonne insee_com, « 99999 »" in capsys.readouterr().err.replace(
        " : « ", ", « "
    )
    call_command("import_open_data", "acv", str(path), "--valid-rows")
    out = capsys.readouterr()
    assert "acv : 1 ajouté(s), 0 modifié(s), 0 fermé(s), 1 refusé(s)." in out.out
    assert "ligne 3" in out.err
    with pytest.raises(CommandError, match="ni un fichier"):
        call_command("import_open_data", "acv", str(tmp_path / "absent.csv"))


def test_the_number_of_queries_does_not_depend_on_the_rows(import_text: Import) -> None:
    def queries(name: str, text: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            import_text(name, text)
        return len(captured)

    rows = ["22278,,acv-1,,\n", "35238,,acv-2,,\n", "35047,,acv-3,,\n"]
    import_text("acv", ACV + rows[0])  # makes the programme
    ProgrammeMembership.objects.all().delete()
    one = queries("acv", ACV + rows[0])
    ProgrammeMembership.objects.all().delete()
    assert queries("acv", ACV + "".join(rows)) == one
    grid = ["22278,,Rural\n", "35238,,Rural\n", "35047,,Rural\n"]
    one = queries("densite", DENSITY + grid[0])
    Territory.objects.update(density="")
    assert queries("densite", DENSITY + "".join(grid)) == one
    districts = ["QN02201M,A,22278,\n", "QN02202M,B,22278,\n", "QN02203M,C,22278,\n"]
    one = queries("qpv", QPV + districts[0])
    Territory.communes.through.objects.all().delete()
    Territory.objects.filter(kind="qpv").delete()
    assert queries("qpv", QPV + "".join(districts)) == one
