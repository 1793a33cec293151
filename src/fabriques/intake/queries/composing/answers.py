"""What the engine answered about a draft: asked, stored on the composition, read again.

Stored as values and codes, with the digest of the question: an answer says by itself whether the
rules, the locks or the pool have changed since. Sentences are made when it is shown (`reasons`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import cached_property

from fabriques.engines import cohort
from fabriques.intake.enums import RuleKind
from fabriques.intake.models import Composition
from fabriques.intake.queries.composing import asking
from fabriques.intake.queries.composing.draft import Draft
from fabriques.intake.queries.pool import Entry

Stored = dict[str, Any]

#: Seconds that a page gives to proofs; the proposals themselves take less, and come without. Pools
#: of the usual size are proven in that time; a much larger one would not be in ten times as long.
SECONDS, LARGE, SECONDS_WHEN_LARGE = 4.0, 150, 0.8
LOCK_SECONDS, EXPLAIN_SECONDS = 0.2, 2.0

_LEVELS = {
    "": "tout",
    "places": "places pourvues",
    "broken": "souhaits respectés",
    "shortfall": "souhaits respectés",
    "coverage": "profils couverts",
    "dispersion": "différences entre territoires",
    "opinions": "avis favorables",
}


@dataclass(frozen=True)
class Proposed:
    """One of the cohorts that the engine proposes. `number` counts from 1, the best first."""

    number: int
    members: tuple[Entry, ...]
    #: Numbers of members who left the pool since.
    gone: tuple[int, ...]
    objective: Mapping[str, float]
    coverage: Mapping[str, Sequence[str]]
    optimal: bool
    gap: float
    #: The first level that is not proven; "" when all are.
    unproven: str

    @property
    def covered(self) -> int:
        return sum(len(values) for values in self.coverage.values())

    @property
    def gap_words(self) -> str:
        """« 0,4 % de plus en différences entre territoires »"""
        percent = f"{100 * self.gap:.1f}\u00a0%".replace(".", ",")
        return f"{percent} de plus en {_LEVELS[self.unproven]}"


@dataclass(frozen=True)
class Answer:
    """The last answer, over the draft as it is now."""

    draft: Draft
    stored: Stored = field(repr=False)

    @property
    def is_current(self) -> bool:
        """Whether the rules, the locks, the places and the pool are still those of the question."""
        return bool(self.stored["inputs"] == asking.digest_of(self.draft.question))

    @property
    def at(self) -> Any:
        return parse_datetime(self.stored["at"])

    @cached_property
    def proposals(self) -> list[Proposed]:
        known = self.draft.pool.by_number
        found = []
        for number, item in enumerate(self.stored["proposals"], 1):
            numbers = sorted(int(name) for name in item["members"])
            found.append(
                Proposed(
                    number,
                    tuple(known[n] for n in numbers if n in known),
                    tuple(n for n in numbers if n not in known),
                    item["objective"],
                    {
                        key: values
                        for key, values in item["coverage"].items()
                        if key in self.draft.pool.by_key and self.draft.pool.by_key[key].balanced
                    },
                    item["optimal"],
                    item["gap"],
                    _unproven(item, self.draft),
                )
            )
        return found

    @property
    def why(self) -> Mapping[str, Stored]:
        """About the first proposal, by number of volunteer."""
        found: Mapping[str, Stored] = self.stored["why"]
        return found


def _unproven(item: Stored, draft: Draft) -> str:
    levels = ["places", "broken", "shortfall", *draft.levels, ""]
    return levels[min(len(item["proven"]), len(levels) - 1)]


def answer_of(draft: Draft) -> Answer | None:
    """The stored answer; None when nothing was ever asked."""
    stored = draft.composition.proposals
    return Answer(draft, stored) if stored else None


def ask(draft: Draft, *, k: int) -> Stored:
    """Ask the engine for `k` cohorts, as what `Composition.proposals` holds.

    What cannot be even asked (a rule that wants more than there are places, or than anybody in the
    pool is) is an answer too: those rules, each impossible by itself.
    """
    inputs = asking.digest_of(draft.question)
    out_of_reach = _out_of_reach(draft)
    costs: tuple[cohort.Lock, ...] = ()
    if out_of_reach or not draft.pool:
        result = cohort.Result((), impossible=tuple(out_of_reach))
    else:
        problem = asking.read({**draft.question, "k": k})
        seconds = SECONDS if len(problem.candidates) <= LARGE else SECONDS_WHEN_LARGE
        result = cohort.propose(problem, seconds=seconds)
        costs = cohort.locks(problem, seconds=LOCK_SECONDS)
    return {
        **asdict(result),
        "locks": [asdict(lock) for lock in costs],
        "inputs": inputs,
        "k": k,
        "at": timezone.now().isoformat(),
    }


def keep(composition: Composition, stored: Stored) -> None:
    """Store an answer. It changes nothing of the draft: no version, no entry in the journal."""
    Composition.objects.filter(pk=composition.pk).update(
        proposals=stored, proposed_version=composition.version
    )


def explain(draft: Draft, members: Sequence[Entry], entry: Entry) -> Stored:
    """Why this volunteer is in or out of these members, exactly: the best cohort of all the others
    is looked for. Raises `cohort.InputError` where the question cannot be asked."""
    problem = asking.read(draft.question)
    name = str(entry.number)
    return asdict(cohort.explain(problem, asking.names(members), name, seconds=EXPLAIN_SECONDS))


def _out_of_reach(draft: Draft) -> list[str]:
    """Hard rules that ask for more than the places, or for what nobody in the pool is."""
    most = draft.places[1]
    return [
        f"{asking.RULE}{rule.pk}"
        for rule in draft.rules
        if rule.kind in (RuleKind.AT_LEAST, RuleKind.AT_LEAST_VALUES)
        and ((rule.count or 0) > most or (rule.hard and not asking.is_askable(rule, draft.pool)))
    ]
