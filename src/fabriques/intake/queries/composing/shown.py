"""An answer of the engine, as the board shows it."""

from __future__ import annotations

from dataclasses import dataclass

from fabriques.intake.queries.composing import reasons
from fabriques.intake.queries.composing.answers import Answer, Proposed
from fabriques.intake.queries.pool import Entry


@dataclass(frozen=True)
class Shown:
    """An answer as the board shows it."""

    answer: Answer
    proposals: list[Proposed]
    #: The first proposal: (volunteer, sentences) for each of its members.
    why: list[tuple[Entry, list[str]]]
    locks: list[str]
    conflict: list[str]
    impossible: list[str]
    loosenings: list[reasons.Loosening]


def shown(answer: Answer) -> Shown:
    proposals = answer.proposals
    first = proposals[0].members if proposals else ()
    told = answer.why
    return Shown(
        answer,
        proposals,
        [
            (entry, reasons.why(answer.draft, told[str(entry.number)]))
            for entry in first
            if str(entry.number) in told
        ],
        reasons.locks(answer),
        reasons.conflict(answer),
        reasons.impossible(answer),
        reasons.loosenings(answer),
    )
