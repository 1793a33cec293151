"""A composition as it stands: who is where, what its rules find, what it covers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count, F, Q, QuerySet

from fabriques.engines import cohort as engine
from fabriques.engines.cohort.types import STATED_LEVELS
from fabriques.intake.abilities import call_abilities
from fabriques.intake.enums import Lock, Place, VolunteerState
from fabriques.intake.models import Call, Composition, Placement, Rule
from fabriques.intake.queries.access import visible_volunteers
from fabriques.intake.queries.composing import asking, words
from fabriques.intake.queries.pool import Criterion, Entry, Pool, counts_of, pool_of
from fabriques.people.models import User


@dataclass(frozen=True)
class Seat:
    """A volunteer of the pool, and where the draft puts it."""

    entry: Entry
    place: str = ""
    lock: str = ""
    rank: int | None = None

    @property
    def is_member(self) -> bool:
        return self.place == Place.MEMBER

    @property
    def locked_in(self) -> bool:
        return self.lock == Lock.IN

    @property
    def set_aside(self) -> bool:
        return self.lock == Lock.OUT


@dataclass(frozen=True)
class Line:
    """A rule, as one sentence, and where the draft is with it; `met` is None when unknown."""

    rule: Rule
    sentence: str
    standing: str
    met: bool | None

    @property
    def weight(self) -> str:
        return "impérative" if self.rule.hard else f"souhaitée, {_weight(self.rule.weight)}"


def _weight(weight: int) -> str:
    return words.WEIGHTS[max(key for key in words.WEIGHTS if key <= max(weight, 1))]


@dataclass(frozen=True)
class Covered:
    """How many values of a criterion the members have, of those of the pool."""

    criterion: Criterion
    found: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Draft:
    """A composition over its pool. `left`: placements of volunteers who withdrew since."""

    composition: Composition
    pool: Pool
    rules: tuple[Rule, ...]
    seats: tuple[Seat, ...]  # all the pool, by number
    left: tuple[Placement, ...]

    @cached_property
    def members(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.is_member]

    @cached_property
    def reserve(self) -> list[Seat]:
        found = [seat for seat in self.seats if seat.place == Place.RESERVE]
        return sorted(found, key=lambda seat: (seat.rank or 0, seat.entry.number))

    @cached_property
    def others(self) -> list[Seat]:
        return [seat for seat in self.seats if not seat.place and not seat.set_aside]

    @cached_property
    def aside(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.set_aside]

    @cached_property
    def locks(self) -> dict[int, str]:
        return {seat.entry.number: seat.lock for seat in self.seats if seat.lock}

    @property
    def cohort(self) -> list[Entry]:
        return [seat.entry for seat in self.members]

    @property
    def places(self) -> tuple[int, int]:
        return self.composition.places

    @property
    def levels(self) -> list[str]:
        return self.composition.levels or list(STATED_LEVELS)

    @property
    def places_line(self) -> str:
        """« 6 territoires, pour 4 à 8 places »"""
        low, high = self.places
        count = len(self.members)
        places = f"{high} place{'s' if high > 1 else ''}"
        if low != high:
            places = f"{low} à {places}"
        return f"{count} territoire{'s' if count > 1 else ''}, pour {places}"

    @property
    def places_met(self) -> bool:
        return self.places[0] <= len(self.members) <= self.places[1]

    @cached_property
    def question(self) -> dict[str, object]:
        """What the engine is asked about this draft, see `asking.asked`."""
        return asking.asked(self.pool, self.rules, self.locks, self.places, self.levels)

    @cached_property
    def assessment(self) -> engine.Assessment | None:
        """The engine's reading of the members; None for an empty pool."""
        if not self.pool:
            return None
        # Any number of places: a rule that asks for more than there are is still read. No lock: a
        # move by hand changes nothing of the question, which is then not read again.
        loose = asking.asked(self.pool, self.rules, {}, (1, 2000), self.levels)
        return engine.assess(asking.read(loose), asking.names(self.cohort))

    @cached_property
    def lines(self) -> list[Line]:
        """The rules, each with where the draft is."""
        states = {state.id: state for state in self.assessment.rules} if self.assessment else {}
        found = []
        for rule in self.rules:
            state = states.get(f"{asking.RULE}{rule.pk}")
            found.append(
                Line(
                    rule,
                    words.sentence(rule, self.pool),
                    words.standing(rule, self.pool, self.cohort, state.found if state else 0),
                    state.met if state else None,
                )
            )
        return found

    @property
    def unmet(self) -> list[Line]:
        """Hard rules that do not hold: the decision asks why."""
        return [line for line in self.lines if line.rule.hard and not line.met]

    @cached_property
    def covered(self) -> list[Covered]:
        """For each criterion that counts, the values that the members have and those they lack."""
        counts = counts_of(self.cohort)
        return [
            Covered(
                criterion,
                tuple(v.label for v in criterion.values if counts[criterion.key][v.key]),
                tuple(v.label for v in criterion.values if not counts[criterion.key][v.key]),
            )
            for criterion in self.pool.criteria
            if criterion.balanced
        ]

    def level(self, name: str) -> float:
        return float(self.assessment.levels.get(name, 0)) if self.assessment else 0.0

    @property
    def coverage(self) -> int:
        return sum(len(item.found) for item in self.covered)

    @property
    def coverage_of(self) -> int:
        return sum(len(item.criterion.values) for item in self.covered)

    @property
    def dispersion(self) -> int:
        """Mean distance of two members, in hundredths of the largest there could be."""
        pairs = len(self.members) * (len(self.members) - 1) / 2
        weights = len(self.question["objective"]["distance"])  # type: ignore[index]
        if not pairs or not weights or "dispersion" not in self.levels:
            return 0
        return round(self.level("dispersion") / pairs / weights / 10)

    @property
    def opinions(self) -> int:
        return sum(entry.opinion for entry in self.cohort)


def compositions(call: Call) -> QuerySet[Composition]:
    """The drafts of a call, those put away last."""
    seated = Q(
        placements__place=Place.MEMBER, placements__volunteer__state=VolunteerState.SUBMITTED
    )
    return (
        Composition.objects.filter(call=call)
        .annotate(
            members=Count("placements", filter=seated, distinct=True),
            asked=Count("rules", distinct=True),
        )
        .order_by(F("archived_at").asc(nulls_first=True), "created_at", "pk")
    )


def draft_of(composition: Composition, pool: Pool) -> Draft:
    """The draft over an already read pool; two queries."""
    rules = tuple(Rule.objects.filter(composition=composition).order_by("position", "pk"))
    placements = list(
        Placement.objects.filter(composition=composition)
        .select_related("volunteer__territory__departement")
        .order_by("pk")
    )
    by_volunteer: Mapping[int, Placement] = {item.volunteer_id: item for item in placements}
    seats = []
    for entry in pool.volunteers:
        placed = by_volunteer.get(entry.pk)
        seats.append(Seat(entry, placed.place, placed.lock, placed.rank) if placed else Seat(entry))
    left = tuple(
        item
        for item in placements
        if item.volunteer.state != VolunteerState.SUBMITTED and (item.place or item.lock)
    )
    return Draft(composition, pool, rules, tuple(seats), left)


def pool_for(user: User, call: Call) -> Pool:
    """The pool as this person may see it: partners know neither opinions nor ways in."""
    inside = call_abilities(user, call).see_opinions
    return pool_of(call, visible_volunteers(user, call), ways_in=inside, opinions=inside)
