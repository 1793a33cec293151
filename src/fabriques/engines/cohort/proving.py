"""The best cohort, level after level, and the proof that there is none better.

Each level is taken in turn with the best cohort known (from `searching`): is there another one,
as good on the levels before, that does at least as well? Cheap answers come first:

1. a ceiling at a glance (a value is covered or not; no more values than there are);
2. the linear relaxation: a whole number cannot exceed its integer part;
3. what the relaxation says of each candidate (reduced costs): those who could only be in a worse
   cohort are set aside, often all but a few dozen;
4. HiGHS on those who remain.

As soon as no other cohort does as well, the one known is the only best one: whatever levels remain
are proven with it.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from fabriques.engines.cohort.arrays import Floats
from fabriques.engines.cohort.exact import Model
from fabriques.engines.cohort.pool import Pool
from fabriques.engines.cohort.searching import Rows, Score, climb, search

#: Room for the solver's tolerances; levels are integers.
SLACK = 1e-5
#: Steps of the search; fewer when programs finish the work in no time.
STEPS, FEW_STEPS = 120, 8


@dataclass(frozen=True)
class Best:
    """The best cohort known, and how far it is proven."""

    rows: Rows
    score: Score
    #: Levels proven, counted from the first; all of them and the tie-break when `optimal`.
    proven: int
    #: Bound on the first level that is not proven, in its integer unit.
    bound: int | None

    @property
    def optimal(self) -> bool:
        return self.bound is None


def best_cohort(pool: Pool, *, seconds: float, first: Rows | None = None) -> Best | None:
    """The best cohort in the published order, or None when the hard rules allow none.

    `seconds` bounds the proof, not the search nor the proof that a cohort exists. A proof that is
    not finished changes nothing: the cohort is then the one of the search, the same everywhere.
    `first`: a cohort to start from.
    """
    until = time.monotonic() + seconds
    alone = "dispersion" in pool.problem.levels or seconds <= 0  # the search does most of the work
    steps = STEPS if alone else FEW_STEPS
    low, high = pool.problem.places
    size = min(high, len(pool))
    if size < low:
        return None
    if first is not None and len(first) != size:
        first = None
    score, rows = search(pool, size, first=first, steps=steps)
    if score[0] < 0:
        largest = _largest(pool)
        if largest is None:
            return None
        score, rows = search(pool, len(largest), first=largest, steps=steps)
    return _Proof(pool, score, rows, until).run()


def _largest(pool: Pool) -> Rows | None:
    """A cohort that fills as many places as the hard rules allow."""
    low, high = pool.problem.places
    ways = ["holds" if rule.hard else "off" for rule in pool.rules]
    model = Model(pool, (low, high), ways)  # type: ignore[arg-type]
    answer = model.program.solve(model.level("places"), seconds=math.inf)
    return None if answer.values is None else model.rows_of(answer.values)


class _Proof:
    def __init__(self, pool: Pool, score: Score, rows: Rows, until: float) -> None:
        self.pool, self.until = pool, until
        self.score, self.rows = score, rows
        size = len(rows)
        self.model = Model(pool, (size, size))
        self.excluded: set[Rows] = set()
        self.low, self.high = np.zeros(len(pool)), np.ones(len(pool))

    def run(self) -> Best:
        names = ("hard", *self.pool.levels, "tie")
        ceilings = self.pool.ceilings(len(self.rows))
        for index, name in enumerate(names):
            if name in ("hard", "places"):
                continue
            if name == "dispersion":
                self.model.spread(len(self.rows))
            if self.score[index] < ceilings[name]:
                bound = self._level(index, name)
                if bound is None:
                    return self._best(len(names) - 2, None)
                if bound > self.score[index]:
                    return self._best(index - 1, bound)
            if self.model.level(name).any():
                self.model.keep(name, self.score[index])
        self._first_by_ids()
        return self._best(len(names) - 2, None)

    def _best(self, proven: int, bound: int | None) -> Best:
        return Best(self.rows, self.score, proven, bound)

    def _level(self, index: int, name: str) -> int | None:
        """The bound on this level, equal to the score when it is proven.

        None: no other cohort does as well, so that every level that remains is proven too.
        """
        objective = self.model.level(name)
        self._exclude_known()
        relaxed = self.model.program.relax(objective)
        if relaxed is None or relaxed.bound < self.score[index] - SLACK:
            return None
        if self.until <= time.monotonic():
            return max(self.score[index], math.floor(relaxed.bound + SLACK))
        if relaxed.bound - self.score[index] < SLACK and name != "tie":
            return self.score[index]
        reduced = relaxed.reduced[self.model.x]
        self._set_aside(relaxed.bound, reduced, self.score[index])
        if self._search_again():
            self._set_aside(relaxed.bound, reduced, self.score[index])
        while True:
            self._exclude_known()
            value = self.score[index]
            program = self.model.program.copy()
            program.rows([(slice(0, program.width), objective[None, :])], low=value - 0.5)
            answer = program.solve(objective, seconds=self.until - time.monotonic())
            if not answer.proven:
                return max(value, math.floor(min(answer.bound, relaxed.bound) + SLACK))
            if answer.values is None:
                return None
            other = round(float(objective @ answer.values))
            score, rows = climb(self.pool, self.model.rows_of(answer.values))
            if score <= self.score:  # as good on this level: the next ones will tell them apart
                return max(value, other)
            self.score, self.rows = score, rows
            if name != "tie":
                return max(score[index], other)
            self._set_aside(relaxed.bound, reduced, score[index])

    def _exclude_known(self) -> None:
        if self.rows not in self.excluded:
            self.model.exclude(self.rows)
            self.excluded.add(self.rows)

    def _search_again(self) -> bool:
        """Search among those who are not set aside, if that is far fewer; was it of use?"""
        left = np.union1d(np.flatnonzero(self.high), self.rows)
        if 2 * len(left) > len(self.pool):
            return False
        first = np.searchsorted(left, self.rows)
        score, found = search(
            self.pool.among(left), len(self.rows), first=first, steps=FEW_STEPS, tie=True
        )
        if score <= self.score:
            return False
        self.score, self.rows = score, tuple(left[list(found)].tolist())
        return True

    def _set_aside(self, bound: float, reduced: Floats, value: int) -> None:
        """Forget who could only be in, or only be missing from, a cohort worth less."""
        room = bound - value + SLACK * max(1.0, abs(bound))
        free = self.low < self.high
        self.high = np.where(free & (reduced > room), 0.0, self.high)
        self.low = np.where(free & (reduced < -room), 1.0, self.low)
        self.model.narrow(self.low, self.high)

    def _first_by_ids(self) -> None:
        """Among cohorts equal on everything, the first in the order of sorted ids."""
        chosen: list[int] = []
        while len(chosen) < len(self.rows):
            following = self.rows[len(chosen)]
            program = self.model.program.copy()
            must = np.zeros((1, len(self.pool)))
            must[0, chosen] = 1
            earlier = np.zeros((1, len(self.pool)))
            earlier[0, :following] = 1
            earlier[0, chosen] = 0
            program.rows([(self.model.x, must)], low=len(chosen))
            program.rows([(self.model.x, earlier)], low=1)
            answer = program.solve(np.zeros(program.width), seconds=math.inf)
            rows = None if answer.values is None else self.model.rows_of(answer.values)
            if rows is not None and self.pool.score(rows) == self.score and rows < self.rows:
                self.rows = rows
            else:
                chosen.append(following)
