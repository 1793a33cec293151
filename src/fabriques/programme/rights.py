"""The table of rights, role by capability: drawn from the functions that decide, never typed."""

from __future__ import annotations

from dataclasses import dataclass, fields

from fabriques.programme.abilities import OBJECTS, Relation

# Relations that exist over each object, in the order of the columns.
COLUMNS = {
    "SiteAbilities": (Relation.STEWARD, Relation.EDITOR, Relation.SIGNED_IN),
    "FabriqueAbilities": tuple(r for r in Relation if r != Relation.NEIGHBOUR),
    "ParticipationAbilities": tuple(Relation),
}


@dataclass(frozen=True)
class Grid:
    """One object: its capabilities in rows, what a person may be to it in columns."""

    title: str
    columns: tuple[Relation, ...]
    rows: list[tuple[str, list[bool]]]


def grids() -> list[Grid]:
    """All the tables, computed by asking the abilities of somebody who is only that."""
    found = []
    for abilities in OBJECTS:
        columns = COLUMNS[abilities.__name__]
        answers = [abilities.of(frozenset({relation, Relation.SIGNED_IN})) for relation in columns]
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
