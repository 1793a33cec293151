"""What each importer of open data receives, and what it must be able to do."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from fabriques.territories.domain import Counts
from fabriques.territories.imports.register import Found, Register
from fabriques.territories.imports.tables import Row, Table

Wanted = TypeVar("Wanted")


@dataclass
class Job:
    """A table to import under `name`; rows that cannot be are refused on the table."""

    name: str
    table: Table
    register: Register
    generation: int | None = None
    source: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every row is kept; when not, what seems to be gone may only be refused."""
        return not self.table.problems

    def communes(self, row: Row, column: str, codes: Iterable[str]) -> list[Found]:
        """The communes that `codes` name; an unknown one refuses the row (and gives none)."""
        found = []
        for code in codes:
            place = self.register.commune(code)
            if place is None:
                rule = "aucune commune n’a ni n’a eu ce code INSEE."
                self.table.refuse(row, column, code, rule)
                return []
            self.note(row, place)
            found.append(place)
        return found

    def repeated(self, row: Row, line: int) -> None:
        """Tell that a row says again what an earlier line says."""
        self.notes.append(f"{self.table.file}, ligne {row.line} : répète la ligne {line}.")

    def note(self, row: Row, found: Found) -> None:
        """Tell when a territory was found by a code that is no longer its own."""
        if found.note:
            self.notes.append(f"{self.table.file}, ligne {row.line} : {found.note}.")


@dataclass(frozen=True)
class Importer(Generic[Wanted]):
    """`plan` reads the whole table without writing; `write` applies what it wants."""

    plan: Callable[[Job], Wanted]
    write: Callable[[Job, Wanted], Counts]


AnyImporter = Importer[Any]
