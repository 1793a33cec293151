"""The layouts of the open-data files, each column declared once."""

from collections.abc import Callable
from dataclasses import dataclass

from fabriques.territories.imports import cells


@dataclass(frozen=True)
class Column:
    """A column and how its cells are read; an optional one may be absent from the file."""

    name: str
    read: Callable[[str], object]
    optional: bool = False


@dataclass(frozen=True)
class Layout:
    """The columns of a file. With `others`, columns of that prefix are read as identifiers."""

    columns: tuple[Column, ...]
    others: str = ""

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if not column.optional)

    def reader(self, name: str) -> Callable[[str], object] | None:
        """How column `name` is read; None when this layout ignores it."""
        for column in self.columns:
            if column.name == name:
                return column.read
        if self.others and name.startswith(self.others):
            return cells.identifiers
        return None


INSEE = Column("insee_com", cells.insee)
LIB_COM = Column("lib_com", cells.optional_text, optional=True)
SIREN = Column("siren_groupement", cells.siren)
LIB_GROUPEMENT = Column("lib_groupement", cells.optional_text, optional=True)
LONGITUDE = Column("longitude", cells.longitude)
LATITUDE = Column("latitude", cells.latitude)


def _programme(slug: str) -> tuple[Layout, ...]:
    """One programme: its communes, or its groupings."""
    own = (
        Column(f"id_{slug}", cells.identifier),
        Column(f"lib_{slug}", cells.optional_text, optional=True),
        Column("date_signature", cells.optional(cells.day), optional=True),
    )
    return (Layout((INSEE, LIB_COM, *own)), Layout((SIREN, LIB_GROUPEMENT, *own)))


def _grid(column: str) -> tuple[Layout, ...]:
    return (Layout((INSEE, LIB_COM, Column(column, cells.grid_class))),)


LAYOUTS: dict[str, tuple[Layout, ...]] = {
    "qpv": (
        Layout(
            (
                Column("code_qp", cells.districts),
                Column("lib_qp", cells.long_text),
                Column("insee_com", cells.insee_list),
                LIB_COM,
                Column("longitude", cells.optional(cells.longitude), optional=True),
                Column("latitude", cells.optional(cells.latitude), optional=True),
            )
        ),
    ),
    "acv": _programme("acv"),
    "pvd": _programme("pvd"),
    "ti": _programme("ti"),
    "croisement": (Layout((INSEE, LIB_COM), others="id_"),),
    "densite": _grid("niveau_densite"),
    "centralite": _grid("niveau_centralite"),
    "montagne": _grid("niveau_montagne"),
    "ruralite": _grid("niveau_ruralite"),
    "positions": (
        Layout((Column("insee_dep", cells.text), LONGITUDE, LATITUDE)),
        Layout(
            (
                Column("siren_epci", cells.optional(cells.siren)),
                Column("siren_ept", cells.optional(cells.siren)),
                LONGITUDE,
                LATITUDE,
            )
        ),
        Layout((Column("code_qp", cells.districts), LONGITUDE, LATITUDE)),
        Layout((INSEE, LONGITUDE, LATITUDE)),
        Layout((SIREN, LONGITUDE, LATITUDE)),
        Layout((Column("code", cells.text), LONGITUDE, LATITUDE)),
    ),
}
