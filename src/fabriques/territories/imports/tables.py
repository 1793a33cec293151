"""The one reader of open-data files: CSV in all the shapes met, GeoJSON points, API Géo's JSON.

What is known to happen is read: a byte order mark, `;` or `,`, `="01004"` wrappers, Windows-1252,
trailing blanks, empty lines. Anything else is a `Problem`, with its place.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fabriques.territories.imports.layouts import Layout
from fabriques.territories.imports.report import Problem, RefusedError

_WRAPPED = re.compile(r'^="(.*)"$', re.DOTALL)
# Lines with their numbers; a problem stands for a line that could not be split into cells.
_Lines = Iterator[tuple[int, list[str] | Problem]]
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Row:
    """The cells of one line, as its layout reads them."""

    line: int
    values: dict[str, Any]


@dataclass
class Table:
    """A file that was read. `header` holds the columns kept; rows with a problem are left out."""

    file: str
    header: tuple[str, ...]
    layout: Layout
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def refuse(self, row: Row, column: str, value: str, rule: str) -> None:
        """Say that a row, well formed, cannot be imported."""
        self.problems.append(Problem(self.file, row.line, column, value, rule))


def read(path: Path, layouts: Sequence[Layout]) -> Table:
    """Read the file at `path` by the first of `layouts` that its header fits.

    Raises `RefusedError` when the file as a whole cannot be read; problems of single rows are in
    `Table.problems`.
    """
    return read_bytes(path.read_bytes(), path.name, layouts)


def header_fits(path: Path, layouts: Sequence[Layout]) -> None:
    """Raise `RefusedError` unless the file at `path` has the header of one of `layouts`."""
    _open(path.read_bytes(), path.name, layouts)


def read_bytes(data: bytes, name: str, layouts: Sequence[Layout]) -> Table:
    """Like `read`, from the bytes of a file called `name` (messages only)."""
    return _parse(name, *_open(data, name, layouts))


def _open(data: bytes, name: str, layouts: Sequence[Layout]) -> tuple[list[str], Layout, _Lines]:
    """The header of a file, its layout, and the lines that follow."""
    text = _decode(data, name)
    if text.lstrip()[:1] in ("{", "["):
        header, lines = _json_lines(text, name)
        fitting = _layout_of(header, layouts)
        if fitting is None:
            raise RefusedError([_wrong_header(name, ", ".join(header), layouts)])
        layout = fitting
    else:
        header, layout, lines = _csv_lines(text, name, layouts)
    repeated = {column for column in header if column and header.count(column) > 1}
    if repeated:
        rule = "cette colonne apparaît deux fois."
        raise RefusedError([Problem(name, 1, column, column, rule) for column in sorted(repeated)])
    return header, layout, lines


def _decode(data: bytes, name: str) -> str:
    rule = "le fichier n’est ni en UTF-8 ni en Windows-1252 : enregistrez-le en UTF-8."
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise RefusedError([Problem(name, 0, "", "UTF-16", rule)])
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            bad = data[error.start : error.start + 1].hex()
            line = data.count(b"\n", 0, error.start) + 1
            continue
        if match := _CONTROL.search(text):
            line = text.count("\n", 0, match.start()) + 1
            rule = "caractère interdit : ce n’est pas un fichier de texte."
            raise RefusedError([Problem(name, line, "", f"U+{ord(match.group()):04X}", rule)])
        return text
    raise RefusedError([Problem(name, line, "", f"octet {bad}", rule)])


def _clean(cell: str) -> str:
    cell = cell.strip()
    if match := _WRAPPED.match(cell):
        cell = match.group(1).replace('""', '"').strip()
    return cell


def _layout_of(header: Iterable[str], layouts: Sequence[Layout]) -> Layout | None:
    names = set(header)
    for layout in layouts:
        if names.issuperset(layout.required) and (
            not layout.others or any(name.startswith(layout.others) for name in names)
        ):
            return layout
    return None


def _wrong_header(name: str, found: str, layouts: Sequence[Layout]) -> Problem:
    wanted = " ou ".join(
        ",".join([*layout.required, *([f"{layout.others}…"] if layout.others else [])])
        for layout in layouts
    )
    return Problem(name, 1, "", found, f"en-tête inconnu ; colonnes attendues : {wanted}.")


def _csv_lines(text: str, name: str, layouts: Sequence[Layout]) -> tuple[list[str], Layout, _Lines]:
    """The header, its layout, and the lines that follow with their numbers."""
    first = text.split("\n", 1)[0].rstrip("\r")
    for separator in (";", ","):
        lines = _split(text, name, separator)
        _, header = next(lines, (1, []))
        if isinstance(header, Problem):
            continue
        header = [_clean(cell).casefold() for cell in header]
        while header and not header[-1]:
            header.pop()
        layout = _layout_of(header, layouts)
        if layout is not None:
            return header, layout, lines
    raise RefusedError([_wrong_header(name, first, layouts)])


def _split(text: str, name: str, separator: str) -> _Lines:
    """Cells of each line that is not blank; a broken quotation ends it with a problem."""
    if '="' in text:
        text = _unwrap(text, separator)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            rule = "guillemets mal fermés : la suite du fichier n’a pas pu être lue."
            yield number, Problem(name, number, "", "", rule)
            return
        if any(cell.strip() for cell in cells):
            yield number, cells
        number = reader.line_num + 1


def _unwrap(text: str, separator: str) -> str:
    """Write cells like `="01004, 01005"` as `"01004, 01005"`, which the csv module keeps whole.

    The first branch of the pattern steps over cells that are quoted already.
    """
    quoted = r'"(?:[^"]++|"")*+"'
    wrapped = rf'(?P<start>^|{separator})="(?P<cell>[^"\r\n]*)"(?={separator}|\r?$)'

    def replace(match: re.Match[str]) -> str:
        if match["cell"] is None:
            return match[0]
        return f'{match["start"]}"{match["cell"]}"'

    return re.sub(f"{quoted}|{wrapped}", replace, text, flags=re.MULTILINE)


def _json_lines(text: str, name: str) -> tuple[list[str], _Lines]:
    """GeoJSON features, or API Géo's list of objects, as lines of cells.

    Points become the columns `longitude` and `latitude`.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        raise RefusedError([Problem(name, line, "", text[:40], "ce JSON est mal formé.")]) from None
    items = data.get("features") if isinstance(data, dict) else data
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        rule = "il faut une collection GeoJSON de points, ou une liste d’objets."
        raise RefusedError([Problem(name, 0, "", text[:40], rule)])
    records = [_record(item) for item in items]
    header = list(dict.fromkeys(key for record in records for key in record))
    return header, (
        (number, [record.get(key, "") for key in header])
        for number, record in enumerate(records, start=1)
    )


def _record(item: dict[str, Any]) -> dict[str, str]:
    properties = item.get("properties") if "geometry" in item else item
    point = item.get("geometry") if "geometry" in item else item.get("centre")
    record = {
        str(key).casefold(): "" if value is None else str(value)
        for key, value in (properties if isinstance(properties, dict) else {}).items()
        if not isinstance(value, dict | list)
    }
    coordinates = point.get("coordinates") if isinstance(point, dict) else None
    if (
        isinstance(point, dict)
        and point.get("type") == "Point"
        and isinstance(coordinates, list)
        and len(coordinates) >= 2
    ):
        record["longitude"], record["latitude"] = str(coordinates[0]), str(coordinates[1])
    return record


def _parse(
    name: str,
    header: list[str],
    layout: Layout,
    lines: _Lines,
) -> Table:
    readers = [(position, column, layout.reader(column)) for position, column in enumerate(header)]
    kept = [(position, column, read) for position, column, read in readers if read is not None]
    table = Table(name, tuple(column for _, column, _ in kept), layout)
    ignored = [column for _, column, read in readers if column and read is None]
    if ignored:
        table.notes.append(f"Colonne(s) ignorée(s) : {', '.join(ignored)}.")
    read_any = False
    for line, cells in lines:
        read_any = True
        if isinstance(cells, Problem):
            table.problems.append(cells)
            continue
        cells = [_clean(cell) for cell in cells]
        if len(cells) < len(header) or any(cells[len(header) :]):
            rule = f"cette ligne a {len(cells)} cellule(s), l’en-tête en a {len(header)}."
            table.problems.append(Problem(name, line, "", ",".join(cells), rule))
            continue
        values: dict[str, Any] = {}
        problems = []
        for position, column, read in kept:
            try:
                values[column] = read(cells[position])
            except ValueError as error:
                problems.append(Problem(name, line, column, cells[position], str(error)))
        if problems:
            table.problems += problems
        else:
            table.rows.append(Row(line, values))
    if not read_any:
        raise RefusedError([Problem(name, 0, "", "", "le fichier n’a aucune ligne de données.")])
    return table
