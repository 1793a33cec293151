"""The reader of open-data files: what it reads in all its shapes, what it refuses and where."""

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from fabriques.territories.imports import cells, tables
from fabriques.territories.imports.layouts import LAYOUTS, Column, Layout
from fabriques.territories.imports.report import RefusedError
from fabriques.territories.imports.tables import Table

ACV = "insee_com,lib_com,id_acv,lib_acv,date_signature\n"


def read(name: str, content: str | bytes) -> Table:
    data = content if isinstance(content, bytes) else content.encode()
    return tables.read_bytes(data, "fichier.csv", LAYOUTS[name])


def only_row(name: str, content: str | bytes) -> dict[str, Any]:
    table = read(name, content)
    assert table.problems == []
    assert len(table.rows) == 1
    return table.rows[0].values


def refusal(name: str, content: str | bytes) -> str:
    with pytest.raises(RefusedError) as refused:
        read(name, content)
    assert len(refused.value.problems) == 1
    return str(refused.value.problems[0])


ROW = {
    "insee_com": "01004",
    "lib_com": "Ambérieu-en-Bugey",
    "id_acv": "acv-001",
    "lib_acv": "Ambérieu",
    "date_signature": date(2018, 9, 28),
}


@pytest.mark.parametrize(
    "content",
    [
        ACV + "01004,Ambérieu-en-Bugey,acv-001,Ambérieu,2018-09-28\n",
        ACV + "1004,Ambérieu-en-Bugey,acv-001,Ambérieu,28-09-2018",
        ACV.replace(",", ";") + "01004;Ambérieu-en-Bugey;acv-001;Ambérieu;28/09/2018\r\n",
        ACV + '="01004","Ambérieu-en-Bugey",="acv-001",Ambérieu,="2018-09-28"\n',
        ACV + '"=""01004""",Ambérieu-en-Bugey,acv-001,Ambérieu,2018-09-28\n',
        "\ufeff" + ACV + "01004 , Ambérieu-en-Bugey  ,acv-001,Ambérieu,2018-09-28 \n\n,,,,\n",
        (ACV + "01004,Ambérieu-en-Bugey,acv-001,Ambérieu,2018-09-28\n").encode("cp1252"),
        ACV.upper().replace("\n", ",\n") + "01004,Ambérieu-en-Bugey,acv-001,Ambérieu,2018-09-28,\n",
        ACV.replace("\n", "\r") + "01004,Ambérieu-en-Bugey,acv-001,Ambérieu,2018-09-28\r",
    ],
    ids=["plain", "no-zero", "semicolon", "wrapped", "quoted", "bom", "cp1252", "more", "cr"],
)
def test_known_shapes_are_read_alike(content: str | bytes) -> None:
    assert only_row("acv", content) == ROW


def test_columns_in_any_order_and_unknown_ones_ignored() -> None:
    table = read("acv", "id_acv,note,insee_com\nacv-1,à revoir,2a004\n")
    assert table.rows[0].values == {"id_acv": "acv-1", "insee_com": "2A004"}
    assert table.notes == ["Colonne(s) ignorée(s) : note."]


@pytest.mark.parametrize(
    "cell",
    ["01004,01005", "01004;1005", "1004 | 1005", "01004/01005", "01004 01005", "01004, 01005,"],
)
def test_several_communes_in_one_cell(cell: str) -> None:
    for quoted in (f'"{cell}"', f'="{cell}"'):
        row = only_row("qpv", f"code_qp,lib_qp,insee_com\nQN00103M,Les Courbes,{quoted}\n")
        assert row["insee_com"] == ("01004", "01005")


def test_the_crossing_keeps_unknown_programmes() -> None:
    row = only_row(
        "croisement", "insee_com;lib_com;id_pvd;id_nouveau\n01004;Ambérieu;pvd-1;n1|n2\n"
    )
    assert row["id_pvd"] == ("pvd-1",)
    assert row["id_nouveau"] == ("n1", "n2")


def test_points_of_geojson_and_of_api_geo() -> None:
    feature = {
        "type": "Feature",
        "properties": {"insee_dep": "01", "lib_dep": "Ain"},
        "geometry": {"type": "Point", "coordinates": [5.3, 46.1]},
    }
    collection = json.dumps({"type": "FeatureCollection", "features": [feature]})
    assert only_row("positions", collection) == {
        "insee_dep": "01",
        "longitude": 5.3,
        "latitude": 46.1,
    }
    communes = [{"code": "01004", "centre": {"type": "Point", "coordinates": [5.37, 45.96]}}]
    assert only_row("positions", json.dumps(communes)) == {
        "code": "01004",
        "longitude": 5.37,
        "latitude": 45.96,
    }


@pytest.mark.parametrize(
    ("line", "column", "value"),
    [
        ("123,X,acv-1,Y,", "insee_com", "123"),
        ("abcde,X,acv-1,Y,", "insee_com", "abcde"),
        ("01004,X,,Y,", "id_acv", ""),
        ("01004,X,acv-1|acv-2,Y,", "id_acv", "acv-1|acv-2"),
        ("01004,X,acv-1,Y,2021-02-30", "date_signature", "2021-02-30"),
        ("01004,X,acv-1,Y,28 mai 2021", "date_signature", "28 mai 2021"),
        ("01004,X,acv-1,Y,0021-05-28", "date_signature", "0021-05-28"),
        ("01004,X,acv-1", "", "01004,X,acv-1"),
        ("01004,X,acv-1,Y,,extra", "", "01004,X,acv-1,Y,,extra"),
    ],
)
def test_a_bad_row_says_line_column_value_and_rule(line: str, column: str, value: str) -> None:
    table = read("acv", ACV + "01005,Z,acv-9,Z,\n\n" + line + "\n01006,Z,acv-8,Z,\n")
    assert [row.line for row in table.rows] == [2, 5]
    assert len(table.problems) == 1
    problem = table.problems[0]
    assert (problem.file, problem.line, problem.column, problem.value) == (
        "fichier.csv",
        4,
        column,
        value,
    )
    assert "ligne 4" in str(problem)
    assert problem.rule in str(problem)


@pytest.mark.parametrize("value", ["nan", "inf", "181", "est", ""])
def test_a_bad_number(value: str) -> None:
    table = read("positions", f"code,longitude,latitude\n01004,{value},46\n")
    assert [(p.line, p.column, p.value) for p in table.problems] == [(2, "longitude", value)]


def test_the_line_is_the_one_a_text_editor_shows() -> None:
    table = read("acv", ACV + '01004,"deux\nlignes",acv-1,Y,\nxxx,X,acv-1,Y,\n')
    assert [p.line for p in table.problems] == [4]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "en-tête inconnu"),
        ("commune,programme\n01004,acv\n", "colonnes attendues : insee_com,id_acv"),
        (ACV, "aucune ligne de données"),
        ("insee_com,id_acv,insee_com\n01004,acv-1,01004\n", "deux fois"),
        (ACV.encode("utf-16"), "UTF-8"),
        (ACV.encode() + b"01004,\x81\xff,acv-1,Y,\n", "octet"),
        (ACV + "01004,a\x00b,acv-1,Y,\n", "ligne 2"),
        ("PK\x03\x04", "ce n’est pas un fichier de texte"),
        ('{"features": 3}', "collection GeoJSON"),
        ('{"features": [', "mal formé"),
        ('[{"a": 1}]', "en-tête inconnu"),
        ("[" * 100_000, "mal formé"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value[:12],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(content: str | bytes, words: str) -> None:
    assert words in refusal("acv", content)


def test_a_quotation_that_never_ends() -> None:
    table = read("acv", ACV + '01004,X,acv-1,Y,\n01005,"X,acv-2,Y,\n01006,X,acv-3,Y,\n')
    assert [row.line for row in table.rows] == [2]
    assert [(p.line, "guillemets" in p.rule) for p in table.problems] == [(3, True)]


# --- Round trip: whatever a spreadsheet writes comes back ------------------------------------
_TEXT = st.text(
    st.characters(codec="cp1252", exclude_categories=["Cc", "Zs", "Zl", "Zp"]), max_size=20
).map(str.strip)
_CODE = st.from_regex(r"\A(0[1-9]|[1-8][0-9]|2[AB])[0-9]{3}\Z")
_LAYOUT = Layout((Column("code", cells.insee), Column("nom", str), Column("note", str)))


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(
    rows=st.lists(st.tuples(_CODE, _TEXT, _TEXT), min_size=1, max_size=6),
    separator=st.sampled_from(",;"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]),
    end=st.sampled_from(["\n", "\r\n"]),
    eaten=st.booleans(),
    wrapped=st.booleans(),
)
@example([("01004", 'x,=",y', '="')], ",", "utf-8", "\n", False, True)
def test_round_trip(
    rows: list[tuple[str, str, str]],
    separator: str,
    encoding: str,
    end: str,
    eaten: bool,
    wrapped: bool,
) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, lineterminator=end)
    writer.writerow(["code", "nom", "note"])
    for code, name, note in rows:
        shown = code.removeprefix("0") if eaten else code
        writer.writerow([f'="{shown}"' if wrapped else shown, name, note])
    data = buffer.getvalue().encode(encoding)
    # Windows-1252 that happens to be UTF-8 cannot be told from it.
    assume(encoding != "cp1252" or data.isascii() or not _is_utf8(data))
    table = tables.read_bytes(data, "f.csv", [_LAYOUT])
    assert table.problems == []
    # A name that itself looks like a wrapper is unwrapped: that is what wrappers are for.
    expected = [(code, tables._clean(name), tables._clean(note)) for code, name, note in rows]
    assert [tuple(row.values.values()) for row in table.rows] == expected


# --- The ANCT's own files ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "file", "count"),
    [
        ("acv", "programme-acv.csv", 245),
        ("pvd", "programme-pvd.csv", 1645),
        ("ti", "programme-ti.csv", 641),
        ("montagne", "montagne.csv", 8594),
        ("qpv", "centroide-4326_qpv.geojson", 824),
        ("positions", "centroide-4326_qpv.geojson", 824),
        ("positions", "centroide-4326_dep.geojson", 101),
        ("positions", "centroide-4326_epci-ept.geojson", 1266),
    ],
)
def test_real_files_are_read_whole(real: Path, name: str, file: str, count: int) -> None:
    table = tables.read(real / file, LAYOUTS[name])
    assert table.problems == []
    assert len(table.rows) == count
