"""Drafts side by side: what they have in common, what differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fabriques.intake.queries.composing.draft import Draft

#: More columns cannot be read beside one another.
MOST_COMPARED = 4
NOTHING = "–"


@dataclass(frozen=True)
class Row:
    """One line of the comparison: for each draft, its name and what it has there."""

    label: str
    cells: tuple[tuple[str, str], ...]

    @property
    def differs(self) -> bool:
        """Whether the drafts are not all alike."""
        return len({text for _, text in self.cells}) > 1


@dataclass(frozen=True)
class Comparison:
    drafts: tuple[Draft, ...]
    figures: tuple[Row, ...]
    members: tuple[Row, ...]
    rules: tuple[Row, ...]
    coverage: tuple[Row, ...]


def compare(drafts: Sequence[Draft]) -> Comparison:
    """These drafts, over one pool, in the order given."""

    def row(label: str, texts: Iterable[str]) -> Row:
        names = (draft.composition.name for draft in drafts)
        return Row(label, tuple(zip(names, texts, strict=True)))

    def rows(found: Mapping[str, Mapping[int, str]]) -> tuple[Row, ...]:
        """From {label: {column: text}}, what a draft has not is « – »."""
        return tuple(
            row(label, (texts.get(column, NOTHING) for column in range(len(drafts))))
            for label, texts in found.items()
        )

    return Comparison(
        tuple(drafts),
        (
            row("Territoires", (draft.places_line for draft in drafts)),
            row("Profils couverts", (f"{d.coverage} sur {d.coverage_of}" for d in drafts)),
            row("Différences entre territoires", (f"{d.dispersion} sur 100" for d in drafts)),
            row("Avis (favorables moins défavorables)", (f"{d.opinions}" for d in drafts)),
            row("En réserve", (str(len(draft.reserve)) for draft in drafts)),
        ),
        rows(_members(drafts)),
        rows(_rules(drafts)),
        tuple(
            row(
                item.criterion.label,
                (", ".join(draft.covered[number].found) or NOTHING for draft in drafts),
            )
            for number, item in enumerate(drafts[0].covered if drafts else ())
        ),
    )


def _members(drafts: Sequence[Draft]) -> dict[str, dict[int, str]]:
    """Where each draft has a volunteer; those that most drafts have come first."""
    where: dict[int, dict[int, str]] = {}
    for column, draft in enumerate(drafts):
        for seat in draft.members:
            where.setdefault(seat.entry.number, {})[column] = (
                "cohorte, verrouillé" if seat.locked_in else "cohorte"
            )
        for rank, seat in enumerate(draft.reserve, 1):
            where.setdefault(seat.entry.number, {})[column] = f"réserve, rang {rank}"
    return {
        f"{drafts[0].pool.by_number[number].label} – n°\u00a0{number}": where[number]
        for number in sorted(where, key=lambda number: (-len(where[number]), number))
    }


def _rules(drafts: Sequence[Draft]) -> dict[str, dict[int, str]]:
    """Rules of the same words are one line."""
    found: dict[str, dict[int, str]] = {}
    for column, draft in enumerate(drafts):
        for line in draft.lines:
            binds = "" if line.rule.hard else " (souhait)"
            state = "tenue" if line.met else f"non tenue\u00a0: {line.standing}"
            found.setdefault(line.sentence, {})[column] = f"{state}{binds}"
    return found
