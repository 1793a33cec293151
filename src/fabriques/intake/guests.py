"""Lists of territories to invite, pasted or sent as a file: read, checked, nothing stored.

One line for each: the territory (INSEE code, SIREN, or exact name with its département), then the
address, separated by `;`, a tab or a comma. A first line of mere words is a header.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from fabriques.intake.models import Call
from fabriques.intake.queries import naming
from fabriques.intake.queries.inviting import Guest, Known, known
from fabriques.people.models import User
from fabriques.people.signin.addresses import suggestion
from fabriques.territories.models import Territory

MOST_LINES = 1000
TERRITORY, ADDRESS = "territoire", "adresse"
_NAMED = 5
_SOMEBODY = re.compile(r"[@.\d]")


@dataclass(frozen=True)
class Problem:
    """Why a line cannot be kept: its number, the column, what was read there, the rule."""

    line: int
    column: str
    value: str
    rule: str


@dataclass(frozen=True)
class Line:
    number: int
    territory: str
    address: str


@dataclass
class Checked:
    """A list that was read: what can be invited, and what cannot, in the order of the lines.
    `doubts` are addresses that look mistyped: they are kept, and shown."""

    guests: list[Guest] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    doubts: list[Problem] = field(default_factory=list)


def read(text: str) -> list[Line | Problem]:
    """The lines of a list. Raises `ValidationError` when there is none, or too many."""
    rows = list(_rows(text))
    if len(rows) > MOST_LINES:
        raise ValidationError(
            f"{MOST_LINES} lignes au plus à la fois : celle-ci en a {len(rows)}. Coupez la liste."
        )
    if not rows:
        raise ValidationError("Cette liste est vide : une ligne par territoire.")
    return rows


def _rows(text: str) -> Iterator[Line | Problem]:
    first = True
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip(" ;\t,\ufeff"):
            continue
        cells = _cells(line.strip("\ufeff"))
        # With a figure, a dot or an @ it is somebody, if mistyped: to be said, not passed over.
        header, first = first and not _SOMEBODY.search(line), False
        if header and len(cells) >= 2:
            continue
        if len(cells) != 2:
            rule = "il faut deux colonnes : le territoire, puis l’adresse électronique."
            yield Problem(number, "ligne", line.strip()[:200], rule)
        else:
            yield Line(number, *cells)


def _cells(line: str) -> list[str]:
    """The two cells of a line; a name may hold a comma where commas separate."""
    delimiter = next((mark for mark in ";\t" if mark in line), ",")
    try:
        read = next(csv.reader([line], delimiter=delimiter))
    except csv.Error:  # no end to a cell
        return []
    cells = [" ".join(cell.split()) for cell in read]
    while cells and not cells[-1]:
        cells.pop()
    if delimiter == "," and len(cells) > 2:
        cells = [", ".join(cells[:-1]), cells[-1]]
    return cells


def check(rows: list[Line | Problem], *, call: Call, user: User) -> Checked:
    """Sort these lines into what can be invited and what cannot; eight queries, whatever their
    number."""
    lines = [row for row in rows if isinstance(row, Line)]
    territories = naming.resolve({line.territory for line in lines})
    here = known(call, user, [line.address.lower() for line in lines if _is_address(line.address)])
    checked = Checked()
    seen: dict[int, int] = {}
    for row in rows:
        if isinstance(row, Problem):
            checked.problems.append(row)
            continue
        found = _guest(row, territories, here, seen)
        if isinstance(found, Problem):
            checked.problems.append(found)
            continue
        checked.guests.append(found)
        if meant := suggestion(found.email):
            rule = f"vouliez-vous écrire {meant} ?"
            checked.doubts.append(Problem(row.number, ADDRESS, found.email, rule))
    return checked


def _guest(
    line: Line, territories: dict[str, list[Territory]], here: Known, seen: dict[int, int]
) -> Guest | Problem:
    territory = _territory(line, territories[line.territory])
    if isinstance(territory, Problem):
        return territory
    if not _is_address(line.address):
        rule = "cette adresse n’a pas la forme nom@domaine.fr."
        return Problem(line.number, ADDRESS, line.address, rule)
    guest = Guest(territory, line.address.lower())
    column, why = here.why_not(guest)
    if why:
        address = column == "email"
        value = line.address if address else line.territory
        return Problem(line.number, ADDRESS if address else TERRITORY, value, why)
    if before := seen.get(territory.pk):
        rule = f"{territory.name} est déjà à la ligne {before}."
        return Problem(line.number, TERRITORY, line.territory, rule)
    seen[territory.pk] = line.number
    return guest


def _territory(line: Line, found: list[Territory]) -> Territory | Problem:
    if len(found) == 1:
        return found[0]
    if not found:
        rule = (
            "aucune commune, intercommunalité ni autre groupement ne porte ce nom ou ce code. "
            "Écrivez le code INSEE, le SIREN, ou le nom exact."
        )
        return Problem(line.number, TERRITORY, line.territory, rule)
    several = " ; ".join(naming.placed(item) for item in found[:_NAMED])
    more = " ; …" if len(found) > _NAMED else ""
    rule = f"plusieurs territoires portent ce nom : {several}{more}. Écrivez le code."
    return Problem(line.number, TERRITORY, line.territory, rule)


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254
