"""What can be found of a territory."""

import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from fabriques.kit.search import index
from fabriques.kit.search.index import Document
from fabriques.territories.enums import Kind, Nature
from fabriques.territories.models import FormerCode, Territory, address_of

KIND = "territoire"
# Of two territories of one name and one population, the first is what people look for; an
# arrondissement bears the name of a commune, which comes first although it has fewer inhabitants.
_PRECEDENCE = {
    Kind.COMMUNE: 9,
    Kind.DEPARTEMENT: 6,
    Kind.REGION: 5,
    Kind.EPCI: 4,
    Kind.EPT: 3,
    Kind.ARRONDISSEMENT: -900,
}


def rebuild() -> int:
    """Write the index of all territories again; how many there are."""
    return index.replace(KIND, documents())


def documents() -> Iterator[Document]:
    """One document for each open territory, and for each closed one without an open successor.

    A former code or name leads to the territory that took over.
    """
    rows = _read()
    names = {
        row.pk: row.name if row.kind == Kind.REGION else f"{row.name} ({row.code})"
        for row in rows
        if row.kind in (Kind.REGION, Kind.DEPARTEMENT, Kind.COLLECTIVITE)
    }
    open_ids = {row.pk for row in rows if row.closed_on is None}
    heirs = {row.pk: row.successor_id for row in rows if row.closed_on is not None}
    keys = _former_keys()
    for row in rows:
        if row.closed_on and (heir := _heir(row.pk, heirs)) in open_ids:
            keys[heir] += [row.code, row.siren, row.name]
    for row in rows:
        if row.closed_on and _heir(row.pk, heirs) in open_ids:
            continue
        place = names.get(row.departement_id or row.region_id or 0, "")
        parts = [str(Kind(row.kind).label), place, "disparu" if row.closed_on else ""]
        known = [row.code, row.siren, *row.postal_codes.split(), *keys[row.pk]]
        yield Document(
            kind=KIND,
            code=f"{row.kind}:{row.code}",
            title=row.name,
            subtitle=" · ".join(part for part in parts if part),
            url=address_of(row.kind, row.code),
            text=", ".join(_about(row, names)),
            rank=_rank(row.kind, row.population),
            keys=tuple(dict.fromkeys(key for key in known if key)),
        )


def _about(row: "_Row", names: dict[int, str]) -> Iterator[str]:
    """What a name may be narrowed by: legal nature, département, région."""
    if row.nature:
        yield str(Nature(row.nature).label)
    for parent in (row.departement_id, row.region_id):
        if parent in names:
            yield names[parent]


class _Row(NamedTuple):
    pk: int
    kind: str
    nature: str
    code: str
    name: str
    siren: str
    postal_codes: str
    population: int | None
    departement_id: int | None
    region_id: int | None
    closed_on: date | None
    successor_id: int | None


def _read() -> list[_Row]:
    rows = Territory.objects.order_by("pk").values_list(*_Row._fields)
    return [_Row(*row) for row in rows]


def _former_keys() -> dict[int, list[str]]:
    keys: dict[int, list[str]] = defaultdict(list)
    for territory, code, name in FormerCode.objects.order_by("pk").values_list(
        "territory_id", "code", "name"
    ):
        keys[territory] += [code, name]
    return keys


def _heir(pk: int | None, heirs: dict[int, int | None]) -> int:
    """The last successor of a closed territory; 0 when there is none."""
    for _ in range(20):  # successions are short; a circle must not hang the import
        if pk not in heirs:
            return pk or 0
        pk = heirs[pk]
    return 0


def _rank(kind: str, population: int | None) -> int:
    """Up to about 800: a hundred for each power of ten of inhabitants; less than any fabrique."""
    size = round(100 * math.log10(population)) if population else 0
    return size + _PRECEDENCE.get(Kind(kind), 0)
