"""One declaration, several formats; what a spreadsheet opens is harmless and faithful."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabriques.kit.exports import (
    FORMULA_STARTS,
    Column,
    Table,
    attachment,
    guarded,
    to_csv,
    to_ods,
    to_rows,
)

ODF = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "xlink": "http://www.w3.org/1999/xlink",
}
# PostgreSQL stores neither NUL nor half characters: no text of ours has any.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
# What XML cannot hold is replaced, and line ends become line feeds.
XML_TEXTS = st.text(
    st.one_of(
        st.sampled_from(" \t\n=+-@'\"<>&é"),
        st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]),
    )
)


def q(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{ODF[prefix]}}}{local}"


def content(ods: bytes) -> ElementTree.Element:
    with zipfile.ZipFile(io.BytesIO(ods)) as archive:
        return ElementTree.fromstring(archive.read("content.xml"))


def plain(cell: ElementTree.Element) -> str:
    """The text of a cell, read from its XML without the library that wrote it."""

    def text(element: ElementTree.Element) -> str:
        parts = [element.text or ""]
        for child in element:
            if child.tag == q("text:s"):
                parts.append(" " * int(child.get(q("text:c"), "1")))
            elif child.tag == q("text:tab"):
                parts.append("\t")
            else:
                parts.append(text(child))
            parts.append(child.tail or "")
        return "".join(parts)

    return "\n".join(text(paragraph) for paragraph in cell.findall("text:p", ODF))


def sheet(ods: bytes) -> list[list[ElementTree.Element]]:
    rows = content(ods).iter(q("table:table-row"))
    return [row.findall("table:table-cell", ODF) for row in rows]


def table_of(*rows: Any, kind: Any = "text") -> Table:
    return Table("Essai", [Column("valeur", "Valeur", lambda row: row, kind)], rows)


def test_columns_read_an_attribute_path_or_a_function() -> None:
    row = SimpleNamespace(place=SimpleNamespace(name="Brest"), rank=3)
    table = Table(
        "Essai",
        [
            Column("nom", "Nom", "place.name"),
            Column("rang", "Rang", lambda item: item.rank + 1, "number"),
        ],
        [row],
    )
    assert to_csv(table) == b"nom,rang\nBrest,4\n"
    assert to_rows(table) == [{"nom": "Brest", "rang": 4}]


def test_csv_has_a_byte_order_mark_only_when_asked() -> None:
    assert to_csv(table_of("é")) == "valeur\né\n".encode()
    assert to_csv(table_of("é"), bom=True) == b"\xef\xbb\xbf" + "valeur\né\n".encode()


def test_csv_quotes_only_what_needs_it() -> None:
    assert to_csv(table_of("a,b", 'c"d', "l’e f")).decode() == ('valeur\n"a,b"\n"c""d"\nl’e f\n')


def test_values_are_written_for_people_in_csv_and_for_programmes_in_json() -> None:
    values = [None, "", True, False, -3, 2.5, date(2022, 11, 3), "2022-11"]
    table = table_of(*values)
    written = to_csv(table).decode().splitlines()[1:]
    assert written == ['""', '""', "oui", "non", "-3", "2.5", "2022-11-03", "2022-11"]
    assert [row["valeur"] for row in to_rows(table)] == [
        None, None, True, False, -3, 2.5, "2022-11-03", "2022-11",
    ]  # fmt: skip


@given(st.sampled_from(FORMULA_STARTS), TEXTS)
def test_no_text_of_a_csv_starts_as_a_formula(start: str, rest: str) -> None:
    table = table_of(start + rest)
    [[written]] = list(csv.reader(io.StringIO(to_csv(table).decode(), newline="")))[1:]
    assert written == f"'{start}{rest}"
    assert not written.startswith(FORMULA_STARTS)
    # A machine format is left as it is.
    exact = list(csv.reader(io.StringIO(to_csv(table, guard=False).decode(), newline="")))
    assert exact[1:] == [[start + rest]]


@given(TEXTS)
def test_texts_come_back_from_csv(text: str) -> None:
    rows = list(csv.reader(io.StringIO(to_csv(table_of(text)).decode(), newline="")))
    assert rows == [["valeur"], [guarded(text)]]
    assert guarded(text).removeprefix("'") == text or guarded(text) == text


@given(XML_TEXTS)
def test_texts_come_back_from_ods_and_never_as_formulas(text: str) -> None:
    ods = to_ods(table_of(text))
    [cell] = sheet(ods)[1]
    assert plain(cell) == text
    if text:
        assert cell.get(q("office:value-type")) == "string"
    assert b"table:formula" not in zipfile.ZipFile(io.BytesIO(ods)).read("content.xml")


def test_what_xml_cannot_hold_is_replaced() -> None:
    [cell] = sheet(to_ods(table_of("a\x00\x0b\uffffb\r\nc")))[1]
    assert plain(cell) == "a\ufffd\ufffd\ufffdb\nc"


def test_ods_cells_have_their_type() -> None:
    columns = [
        Column("n", "Nombre", lambda row: row[0], "number"),
        Column("d", "Jour", lambda row: row[1], "date"),
        Column("u", "Lien", lambda row: row[2], "url"),
    ]
    rows = [
        (-3, date(2022, 11, 3), "https://exemple.test/?a=1&b=é"),
        (2.5, "2022-11", "javascript:alert(1)"),
        (float("nan"), None, ""),
    ]
    _, first, second, third = sheet(to_ods(Table("Essai", columns, rows)))
    assert (first[0].get(q("office:value-type")), first[0].get(q("office:value"))) == (
        "float",
        "-3",
    )
    assert first[1].get(q("office:date-value")) == "2022-11-03"
    link = first[2].find("text:p/text:a", ODF)
    assert link is not None
    assert link.get(q("xlink:href")) == "https://exemple.test/?a=1&b=é" == link.text
    # A partial date is not a day, a script is not a link.
    assert (second[1].get(q("office:value-type")), plain(second[1])) == ("string", "2022-11")
    assert second[2].find("text:p/text:a", ODF) is None
    assert plain(third[0]) == "nan"
    assert [cell.get(q("office:value-type")) for cell in third[1:]] == [None, None]


def test_ods_repeats_its_bold_header_and_sets_its_widths() -> None:
    root = content(to_ods(table_of("x" * 40), Table("Autre", [Column("a", "A", str)], [])))
    first, second = root.iter(q("table:table"))
    assert [first.get(q("table:name")), second.get(q("table:name"))] == ["Essai", "Autre"]
    header = first.find("table:table-header-rows/table:table-row/table:table-cell", ODF)
    assert header is not None
    assert plain(header) == "Valeur"
    styles = {style.get(q("style:name")): style for style in root.iter(q("style:style"))}
    bold = styles[header.get(q("table:style-name"))].find("style:text-properties", ODF)
    assert bold is not None
    assert list(bold.attrib.values()) == ["bold"]
    column = first.find("table:table-column", ODF)
    assert column is not None
    width = styles[column.get(q("table:style-name"))].find("style:table-column-properties", ODF)
    assert width is not None
    assert width.get(q("style:column-width")) == "8.40cm"


def test_the_same_data_make_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2026, 7, 1, tzinfo=UTC)
    first = to_ods(table_of("a"), at=at)
    # An archive keeps its hour of packing to two seconds: pretend that it is another one.
    monkeypatch.setattr("time.localtime", lambda *args: datetime(2031, 2, 3).timetuple())  # noqa: DTZ001
    assert to_ods(table_of("a"), at=at) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        mimetype = archive.infolist()[0]
        assert (mimetype.filename, mimetype.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert b"2026-07-01T00:00:00" in archive.read("meta.xml")


def test_an_attachment_has_a_name_and_a_type() -> None:
    response = attachment(b"a", "fabriques.ods")
    assert response["Content-Type"] == "application/vnd.oasis.opendocument.spreadsheet"
    assert response["Content-Disposition"] == 'attachment; filename="fabriques.ods"'
