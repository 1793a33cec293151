"""What goes into the composition of a cohort and what comes out: values only, no computation.

Numbers that are compared (weights, opinions) are held in thousandths, as integers, so that two
cohorts compare exactly on any machine. Results give them back in their own unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from fabriques.engines.cohort.pool import Pool

Number = int | float
RuleType = Literal[
    "at_least",
    "at_most",
    "at_most_each",
    "at_least_values",
    "must",
    "must_not",
    "not_together",
]
#: The levels that an objective may state, in its default order.
STATED_LEVELS = ("coverage", "dispersion", "opinions")
#: The name under which the number of places appears in a conflict or among what to loosen.
PLACES = "places"
#: Weights, opinions and distances are integers of a thousandth.
UNIT = 1000


class InputError(ValueError):
    """The input cannot be read: a sentence in French, and where (`rules[3].count`)."""

    def __init__(self, error: str, where: str) -> None:
        super().__init__(f"{where} : {error}" if where else error)
        self.error = error
        self.where = where


@dataclass(frozen=True)
class Candidate:
    """A volunteer. What is unknown is in neither mapping and counts for no value."""

    id: str
    values: Mapping[str, frozenset[str]]
    numbers: Mapping[str, float]
    position: tuple[float, float] | None  # longitude, latitude, degrees
    opinion: int  # thousandths


@dataclass(frozen=True)
class Rule:
    """One rule. `count` is what may be loosened; which other fields serve depends on `type`."""

    id: str
    type: RuleType
    hard: bool = True
    weight: int = UNIT  # thousandths; wished rules only
    category: str = ""
    values: frozenset[str] = frozenset()
    low: float | None = None  # numeric categories: members whose number is in [low, high]
    high: float | None = None
    count: int = 0
    candidate: str = ""
    pairs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Draw:
    """A fair draw is asked for. `keep` restricts it to the cohorts of best coverage."""

    seed: str
    keep: Literal["", "coverage"] = ""


@dataclass(frozen=True)
class Problem:
    """A call as it was read; `pool` is the same in arrays, made once."""

    candidates: tuple[Candidate, ...]
    places: tuple[int, int]
    rules: tuple[Rule, ...] = ()
    levels: tuple[str, ...] = STATED_LEVELS
    coverage: Mapping[str, int] = field(default_factory=dict)  # category: thousandths
    distance: Mapping[str, int] = field(default_factory=dict)  # category or "position"
    k: int = 1
    different: int = 2
    seed: str = ""
    draw: Draw | None = None
    #: Category: "values", "number", or "" when it is unknown for every candidate.
    categories: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def pool(self) -> Pool:
        from fabriques.engines.cohort.pool import Pool

        return Pool.of(self)


@dataclass(frozen=True)
class RuleState:
    """A rule in front of a cohort. `amount`: by how much its count must change to be met."""

    id: str
    hard: bool
    met: bool
    #: Members concerned (at_least, at_most, must, must_not), distinct values (at_least_values),
    #: members of the most frequent value (at_most_each), pairs (not_together).
    found: int
    amount: int


@dataclass(frozen=True)
class Assessment:
    """A cohort, good or bad, as it stands."""

    members: tuple[str, ...]
    #: Every hard rule met, and the number of places kept.
    admissible: bool
    #: Members missing (negative) or too many (positive); 0 within the places.
    places_off: int
    rules: tuple[RuleState, ...]
    #: In the published order: places, broken, shortfall, then the levels stated.
    levels: Mapping[str, Number]
    #: Members by category of values and value, for every value of the pool, even without a member.
    counts: Mapping[str, Mapping[str, int]]
    #: Members whose value is unknown, by category (numbers too).
    unknown: Mapping[str, int]


@dataclass(frozen=True)
class Why:
    """Why a candidate is in or out: what the nearest cohort on the other side would change.

    `exact` says that `instead` is the best cohort of all without (or with) the candidate; otherwise
    it is the best that one exchange gives. `change` is what the levels become minus what they
    are: {} when no cohort exists on the other side, and then `barred_by` names the rules that bar.
    """

    id: str
    member: bool
    exact: bool
    change: Mapping[str, Number]
    #: The candidates who come in and go out in the nearest cohort of the other side.
    comes: tuple[str, ...]
    goes: tuple[str, ...]
    #: For a member: hard rules (or "places") that break when it leaves and nobody comes. For a
    #: candidate who is out, when nothing was found: the hard rules that bar every exchange or,
    #: when exact, a minimal set of those that contradict its presence.
    barred_by: tuple[str, ...]
    #: For a member: the values that it alone covers, as (category, value).
    only: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Proposal:
    """A cohort that meets every hard rule."""

    members: tuple[str, ...]  # ids, sorted
    objective: Mapping[str, Number]
    coverage: Mapping[str, tuple[str, ...]]  # category: values covered, sorted
    #: Levels, in order, for which no cohort does better: proven, as all those before it.
    proven: tuple[str, ...]
    #: Every level and the tie-break are proven: there is no better cohort, and no other as good.
    optimal: bool
    #: For the first level that is not proven: no cohort exceeds `bound` (or goes under it, for
    #: broken and shortfall); `gap` is the distance to it, relative.
    bound: Number | None = None
    gap: float = 0.0


@dataclass(frozen=True)
class Change:
    """Loosen this rule by so much: its count goes `before` → `after`.

    For must, must_not and not_together, `before` is what the rule asks (1, 0 and 0 pairs
    together) and `after` what it would bear. For "places", the bound that moves.
    """

    rule: str
    before: int
    after: int


@dataclass(frozen=True)
class Lock:
    """What a `must` or a `must_not` costs: levels with it minus levels without it."""

    rule: str
    change: Mapping[str, Number]
    exact: bool
    #: Without this rule there is a cohort, with it there is none.
    decisive: bool = False


@dataclass(frozen=True)
class Profile:
    """Cohorts that are alike for every rule: so many members of each group."""

    tickets: int
    counts: tuple[int, ...]  # one for each group of the lottery


@dataclass(frozen=True)
class Lottery:
    """What is published before a draw; `draw` and anyone's ten lines of Python read only this."""

    groups: tuple[tuple[str, ...], ...]  # candidates alike for every rule, ids sorted
    profiles: tuple[Profile, ...]
    probabilities: Mapping[str, float]  # candidate: chance, exactly as the tickets give it
    total: int  # tickets


@dataclass(frozen=True)
class Result:
    """Proposals, or why there is none."""

    proposals: tuple[Proposal, ...]
    why: Mapping[str, Why] = field(default_factory=dict)  # about the first proposal
    conflict: tuple[str, ...] = ()  # a minimal set of rules (or "places") that contradict
    impossible: tuple[str, ...] = ()  # rules that no cohort of this pool meets, even alone
    loosen: tuple[tuple[Change, ...], ...] = ()  # alternatives, fewest rules, then least change

    @property
    def optimal(self) -> bool:
        return bool(self.proposals) and all(proposal.optimal for proposal in self.proposals)

    def __bool__(self) -> bool:
        return bool(self.proposals)


Json = dict[str, Any]
