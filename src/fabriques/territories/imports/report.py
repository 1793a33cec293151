"""What an import says: each problem with its place, and what was done in the end."""

from dataclasses import dataclass, field

from fabriques.territories.domain import Counts


@dataclass(frozen=True)
class Problem:
    """A value that breaks a rule.

    `line` counts from 1, as a text editor does; in a JSON list it is the rank of the object; 0
    stands for the file as a whole.
    """

    file: str
    line: int
    column: str
    value: str
    rule: str

    def __str__(self) -> str:
        place = [self.file]
        if self.line:
            place.append(f"ligne {self.line}")
        if self.column:
            place.append(f"colonne {self.column}")
        value = self.value if len(self.value) <= 80 else self.value[:79] + "…"
        return f"{', '.join(place)} : « {value} » : {self.rule}"


class RefusedError(Exception):
    """The file cannot be imported as it is; nothing was written."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems[:20]))
        self.problems = problems


@dataclass
class Outcome:
    """One finished import. `source` is a file name, a package or an address."""

    name: str
    source: str
    digest: str
    counts: Counts = field(default_factory=Counts)
    rejected: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = self.counts
        return (
            f"{self.name} : {counts.added} ajouté(s), {counts.changed} modifié(s), "
            f"{counts.closed} fermé(s), {len(self.rejected)} refusé(s)."
        )
