"""Positions of territories: points, or tables of longitudes and latitudes (WGS84, degrees)."""

from collections import defaultdict

from fabriques.territories import domain
from fabriques.territories.domain import Position
from fabriques.territories.enums import Accuracy, Kind
from fabriques.territories.imports import cells
from fabriques.territories.imports.job import Importer, Job
from fabriques.territories.imports.register import Found
from fabriques.territories.imports.tables import Row

_STATE = (Kind.DEPARTEMENT, Kind.COLLECTIVITE)
_GROUPINGS = ("siren_groupement", "siren_epci", "siren_ept")


def plan(job: Job) -> dict[int, Position]:
    """Position of each territory, by primary key.

    A district over several communes has a point in each: the mean is kept. Of a territory named by
    a former code, the first point, unless its own code has one.
    """
    own: dict[int, dict[Position, int]] = defaultdict(dict)
    former: dict[int, Position] = {}
    for row in job.table.rows:
        named = _named(job, row)
        point = point_of(row, shared=len(named) > 1)
        if point is None:
            continue
        for found in named:
            pk = found.place.pk
            if found.note:
                job.note(row, found)
                former.setdefault(pk, point)
            elif own[pk] and found.place.kind != Kind.QPV:
                line = next(iter(own[pk].values()))
                if point in own[pk]:
                    job.repeated(row, line)
                else:
                    rule = f"contredit la ligne {line}."
                    job.table.refuse(row, "longitude", str(point.longitude), rule)
            else:
                own[pk].setdefault(point, row.line)
    return former | {pk: mean(list(points)) for pk, points in own.items() if points}


def point_of(row: Row, *, shared: bool) -> Position | None:
    """The point of a row, if it has one; `shared` by several districts, it is not their own."""
    longitude, latitude = row.values.get("longitude"), row.values.get("latitude")
    if longitude is None or latitude is None:
        return None
    accuracy = Accuracy.NEAR if shared else Accuracy.EXACT
    return Position(longitude, latitude, accuracy.value)


def mean(points: list[Position]) -> Position:
    """The mean of points a few kilometres apart, rounded to a tenth of a metre; exact ones win."""
    exact = [point for point in points if point.accuracy == Accuracy.EXACT]
    points = exact or points
    if len(points) == 1:
        return points[0]
    return Position(
        round(sum(point.longitude for point in points) / len(points), 6),
        round(sum(point.latitude for point in points) / len(points), 6),
        points[0].accuracy,
    )


def _named(job: Job, row: Row) -> list[Found]:
    """The territories that a row names, whatever the column of its code."""
    values = row.values
    if "code_qp" in values:
        return _all(job, row, "code_qp", values["code_qp"], (Kind.QPV,))
    if "insee_dep" in values:
        return _all(job, row, "insee_dep", [values["insee_dep"].upper().zfill(2)], _STATE)
    if "insee_com" in values:
        return _all(job, row, "insee_com", [values["insee_com"]], (Kind.COMMUNE,))
    if "code" in values:
        return _plain(job, row, values["code"].upper())
    column = next((name for name in _GROUPINGS if values.get(name)), "")
    if not column:
        job.table.refuse(row, _GROUPINGS[1], "", "il faut un numéro SIREN.")
        return []
    return _all(job, row, column, [values[column]], (Kind.EPCI, Kind.EPT))


def _plain(job: Job, row: Row, code: str) -> list[Found]:
    """A column called only `code`: its shape tells which kind of territory it names."""
    if len(code) <= 3:
        return _all(job, row, "code", [code.zfill(2)], _STATE)
    if len(code) == 9 and code.isdigit():
        return _all(job, row, "code", [code], (Kind.EPCI, Kind.EPT))
    if code.startswith("Q"):
        return _all(job, row, "code", [code], (Kind.QPV,))
    try:
        return _all(job, row, "code", [cells.insee(code)], (Kind.COMMUNE,))
    except ValueError as error:
        job.table.refuse(row, "code", code, str(error))
        return []


def _all(
    job: Job, row: Row, column: str, codes: list[str] | tuple[str, ...], kinds: tuple[Kind, ...]
) -> list[Found]:
    found = []
    for code in codes:
        place = job.register.find(kinds, code)
        if place is None:
            job.table.refuse(row, column, code, "aucun territoire connu n’a ce code.")
            return []
        found.append(place)
    return found


def write(job: Job, positions: dict[int, Position]) -> domain.Counts:
    counts = domain.place(positions)
    domain.spread_positions()
    return counts


IMPORTER = Importer(plan, write)
