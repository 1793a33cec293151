"""The table of rights, role by capability: drawn from the functions that decide, never typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from fabriques.programme.abilities import (
    FabriqueAbilities,
    ParticipationAbilities,
    Relation,
    SiteAbilities,
)

# Abilities over each object, with the relations that exist over it, in the order of the columns.
_OBJECTS: dict[Any, tuple[StrEnum, ...]] = {
    SiteAbilities: (Relation.STEWARD, Relation.EDITOR, Relation.SIGNED_IN),
    FabriqueAbilities: tuple(r for r in Relation if r != Relation.NEIGHBOUR),
    ParticipationAbilities: tuple(Relation),
}


def register(abilities: Any, columns: Sequence[StrEnum]) -> None:
    """Add an object of another domain; the last column is whoever is signed in without a role."""
    _OBJECTS[abilities] = tuple(columns)


@dataclass(frozen=True)
class Grid:
    """One object: its capabilities in rows, what a person may be to it in columns."""

    title: str
    columns: tuple[StrEnum, ...]
    rows: list[tuple[str, list[bool]]]


def grids() -> list[Grid]:
    """All the tables, computed by asking the abilities of somebody who is only that."""
    found = []
    for abilities, columns in _OBJECTS.items():
        answers = [abilities.of(frozenset({relation, columns[-1]})) for relation in columns]
        rows = [
            (item.metadata["label"], [bool(getattr(answer, item.name)) for answer in answers])
            for item in fields(abilities)
        ]
        found.append(Grid(abilities.TITLE, columns, rows))
    return found


def markdown() -> str:
    """The same tables for `docs/droits.md`."""
    lines = [
        "# Qui peut faire quoi",
        "",
        "Cette page est écrite par `fabriques write_rights`, à partir du code des droits.",
        "La même se lit dans l’application, à l’adresse `/espace/droits/`.",
    ]
    for grid in grids():
        head = " | ".join(["", *grid.columns])
        lines += ["", f"## {grid.title}", "", f"|{head} |", "|---" * (len(grid.columns) + 1) + "|"]
        lines += [
            f"| {label} | " + " | ".join("oui" if yes else "—" for yes in cells) + " |"
            for label, cells in grid.rows
        ]
    return "\n".join(lines) + "\n"
