"""Tables declared once, written in every format: CSV, JSON rows, ODS.

What leaves for a spreadsheet is safe to open: in CSV a text that a spreadsheet would take for a
formula gets a leading apostrophe; in ODS every text is typed as text. A layout that other software
reads character for character asks for `guard=False`.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from math import isfinite
from operator import attrgetter
from typing import Any, Literal
from xml.sax.saxutils import escape, quoteattr

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from odfdo import Document

Kind = Literal["text", "number", "date", "url"]

# A spreadsheet reads a cell that starts with one of these as a formula (OWASP, CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_QUOTED = re.compile('[",\r\n]')
_FULL_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# What XML 1.0 cannot hold at all.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPACES = re.compile(r"^ +|(?<= ) +")
# One character of the sheet's typeface, in centimetres; columns wider than this many wrap.
_CHARACTER, _WIDEST, _MEASURED_ROWS = 0.2, 60, 500


@dataclass(frozen=True)
class Column:
    """One column. `value` is a function of the row, or the dotted path of its attribute."""

    name: str
    title: str
    value: str | Callable[[Any], object]
    kind: Kind = "text"
    note: str = ""

    @cached_property
    def get(self) -> Callable[[Any], object]:
        return attrgetter(self.value) if isinstance(self.value, str) else self.value


@dataclass(frozen=True)
class Table:
    title: str
    columns: Sequence[Column]
    rows: Iterable[Any] = field(default_factory=list)

    def values(self) -> Iterator[list[object]]:
        getters = [column.get for column in self.columns]
        for row in self.rows:
            yield [get(row) for get in getters]


def as_text(value: object) -> str:
    """A value as people read it in a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def guarded(text: str) -> str:
    """The same text, harmless for a spreadsheet that opens it from a CSV file."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def to_csv(table: Table, *, bom: bool = False, guard: bool = True) -> bytes:
    """UTF-8, comma, minimal quoting, one line feed a row; `bom` for spreadsheets."""
    lines = [_line(column.name for column in table.columns)]
    for values in table.values():
        lines.append(
            _line(
                # A number is never a formula: only texts are guarded.
                as_text(value)
                if not guard or (isinstance(value, int | float) and not isinstance(value, bool))
                else guarded(as_text(value))
                for value in values
            )
        )
    return "".join(lines).encode("utf-8-sig" if bom else "utf-8")


def _line(texts: Iterable[str]) -> str:
    """A row of CSV. Python's writer leaves a lone carriage return unquoted before 3.13."""
    line = ",".join(
        '"{}"'.format(text.replace('"', '""')) if _QUOTED.search(text) else text for text in texts
    )
    # A row of one empty cell would be an empty line, which readers skip.
    return (line or '""') + "\n"


def to_rows(table: Table) -> list[dict[str, object]]:
    """Rows as JSON objects: numbers stay numbers, what is unknown is `null`."""
    names = [column.name for column in table.columns]
    return [
        dict(zip(names, (_json_value(value) for value in values), strict=True))
        for values in table.values()
    ]


def _json_value(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if value is None or value == "":
        return None
    return value if isinstance(value, bool | int | float) else str(value)


# --- ODS ---------------------------------------------------------------------------------------


def _paragraphs(text: str) -> str:
    """Text as ODF paragraphs: line feeds, tabs and repeated spaces survive."""
    text = _NOT_XML.sub("\ufffd", text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        "<text:p>"
        + _SPACES.sub(lambda run: f'<text:s text:c="{len(run[0])}"/>', escape(line)).replace(
            "\t", "<text:tab/>"
        )
        + "</text:p>"
        for line in text.split("\n")
    )


def _cell(value: object, column: Column) -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
    text = as_text(value)
    if column.kind == "date" and _FULL_DATE.fullmatch(text):
        # Partial dates (« 2022-11 ») stay texts: a spreadsheet would invent their day.
        return (
            '<table:table-cell table:style-name="day" office:value-type="date" '
            f'office:date-value="{text}"/>'
        )
    content = _paragraphs(text)
    if column.kind == "url" and text.startswith(("http://", "https://")):
        address = quoteattr(_NOT_XML.sub("", text))
        content = (
            f'<text:p><text:a xlink:type="simple" xlink:href={address}>'
            f"{escape(_NOT_XML.sub('', text))}</text:a></text:p>"
        )
    return (
        '<table:table-cell table:style-name="body" office:value-type="string">'
        f"{content}</table:table-cell>"
    )


def _sheet(table: Table, number: int, rows: list[list[object]]) -> str:
    columns = "".join(
        f'<table:table-column table:style-name="width-{number}-{position}"/>'
        for position in range(len(table.columns))
    )
    header = "".join(
        '<table:table-cell table:style-name="header" office:value-type="string">'
        f"{_paragraphs(column.title)}</table:table-cell>"
        for column in table.columns
    )
    body = "".join(
        "<table:table-row>"
        + "".join(_cell(value, column) for value, column in zip(values, table.columns, strict=True))
        + "</table:table-row>"
        for values in rows
    )
    return (
        f"<table:table table:name={quoteattr(table.title)}>{columns}<table:table-header-rows>"
        f"<table:table-row>{header}</table:table-row></table:table-header-rows>{body}</table:table>"
    )


def _widths(table: Table, number: int, rows: list[list[object]]) -> Iterator[str]:
    """A style for each column, as wide as its longest line within reason.

    Without one, LibreOffice shows dates as ###.
    """
    for position, column in enumerate(table.columns):
        longest = max(
            (len(as_text(values[position])) for values in rows[:_MEASURED_ROWS]), default=0
        )
        characters = min(max(longest, len(column.title), 10), _WIDEST)
        yield (
            f'<style:style style:name="width-{number}-{position}" style:family="table-column">'
            f'<style:table-column-properties style:column-width="'
            f'{characters * _CHARACTER + 0.4:.2f}cm"/></style:style>'
        )


_STYLES = (
    '<number:date-style style:name="iso"><number:year number:style="long"/>'
    "<number:text>-</number:text>"
    '<number:month number:style="long"/><number:text>-</number:text>'
    '<number:day number:style="long"/></number:date-style>',
    '<style:style style:name="day" style:family="table-cell" style:data-style-name="iso"/>',
    '<style:style style:name="body" style:family="table-cell">'
    '<style:table-cell-properties fo:wrap-option="wrap" style:vertical-align="top"/>'
    "</style:style>",
    '<style:style style:name="header" style:family="table-cell">'
    '<style:table-cell-properties fo:wrap-option="wrap" style:vertical-align="bottom"/>'
    '<style:text-properties fo:font-weight="bold"/></style:style>',
)


def to_ods(*tables: Table, title: str = "", at: datetime | None = None) -> bytes:
    """An OpenDocument spreadsheet, one sheet a table; the same data give the same bytes.

    odfdo brings the package and its metadata. The sheets are written as text into its content:
    element by element, ten thousand rows take minutes.
    """
    document = Document("spreadsheet")
    document.set_language("fr-FR")
    moment = at or datetime(2000, 1, 1, tzinfo=UTC)
    document.meta.title = title or tables[0].title
    document.meta.date = moment
    document.meta.creation_date = moment
    document.body.clear()
    buffer = io.BytesIO()
    document.save(buffer)

    styles, sheets = list(_STYLES), []
    for number, table in enumerate(tables):
        rows = list(table.values())
        styles += _widths(table, number, rows)
        sheets.append(_sheet(table, number, rows))
    return _repacked(buffer.getvalue(), "".join(styles), "".join(sheets))


def _repacked(archive: bytes, styles: str, sheets: str) -> bytes:
    """The archive with its sheets, without the hour of packing, so that an ETag can hold."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            data = source.read(name)
            if name == "content.xml":
                content = data.decode()
                before, end, rest = content.partition("</office:automatic-styles>")
                head, body, tail = rest.partition("<office:spreadsheet/>")
                if not (end and body):
                    raise ValueError("odfdo's empty spreadsheet has changed shape")
                data = (
                    f"{before}{styles}{end}{head}<office:spreadsheet>{sheets}</office:spreadsheet>"
                    f"{tail}"
                ).encode()
            # The format wants `mimetype` first and stored as it is.
            kind = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o644 << 16
            target.writestr(entry, data, compress_type=kind)
    return buffer.getvalue()


# --- Answers -----------------------------------------------------------------------------------

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8; header=present",
    "json": "application/json",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}


def attachment(content: bytes, filename: str) -> HttpResponse:
    """A file to keep under a good name."""
    response = HttpResponse(content, content_type=MEDIA_TYPES[filename.rsplit(".", 1)[-1]])
    disposition = content_disposition_header(True, filename)
    if disposition:
        response.headers["Content-Disposition"] = disposition
    return response
