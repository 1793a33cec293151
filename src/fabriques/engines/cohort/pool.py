"""A call in arrays: who has which value, how far apart, what each rule counts.

Candidates are held in the order of their ids, whatever the order they came in, so that nothing
that is computed depends on it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from fabriques.engines.cohort import distances
from fabriques.engines.cohort.arrays import Bools, Floats, Ints
from fabriques.engines.cohort.distances import Cut
from fabriques.engines.cohort.types import UNIT, Candidate, Problem, Rule

#: Levels that come before those that an objective states.
FIRST_LEVELS = ("places", "broken", "shortfall")
NO_LIMIT = 10**9


@dataclass(frozen=True)
class Pool:
    """The arrays. n candidates, m pairs (category, value), r rules."""

    problem: Problem
    ids: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    columns: tuple[tuple[str, str], ...]
    #: (n, m): the candidate has this value. Floats: products of matrices are exact and fast.
    has: Floats
    #: category: its columns of `has`.
    span: dict[str, slice]
    #: (n, r): what each candidate counts for in a linear rule; 0 for the other rules.
    counts: Floats
    #: (r,) each: the rule is met when low <= found <= high.
    low: Ints
    high: Ints
    hard: Bools
    weight: Ints  # 0 for hard rules
    #: rule index: (n, n) of 0 and 1, for not_together.
    apart: dict[int, Floats]
    tie: Ints  # (n,)

    @classmethod
    def of(cls, problem: Problem) -> Pool:
        candidates = tuple(sorted(problem.candidates, key=lambda c: c.id))
        categories = sorted({name for c in candidates for name in c.values})
        columns: list[tuple[str, str]] = []
        span = {}
        for name in categories:
            values = sorted(set().union(*(c.values.get(name, frozenset()) for c in candidates)))
            span[name] = slice(len(columns), len(columns) + len(values))
            columns += [(name, value) for value in values]
        place = {column: index for index, column in enumerate(columns)}
        has = np.zeros((len(candidates), len(columns)))
        for row, candidate in enumerate(candidates):
            for name, held in candidate.values.items():
                has[row, [place[name, value] for value in held]] = 1
        bare = cls(
            problem=problem,
            ids=tuple(c.id for c in candidates),
            candidates=candidates,
            columns=tuple(columns),
            has=has,
            span=span,
            counts=np.zeros((len(candidates), 0)),
            low=np.zeros(0, np.int64),
            high=np.zeros(0, np.int64),
            hard=np.zeros(0, np.bool_),
            weight=np.zeros(0, np.int64),
            apart={},
            tie=np.array([_tie(problem.seed, c.id) for c in candidates], np.int64),
        )
        return bare.with_rules(problem.rules)

    def with_rules(self, rules: Sequence[Rule]) -> Pool:
        """The same candidates under other rules."""
        counts = np.zeros((len(self.ids), len(rules)))
        low = np.zeros(len(rules), np.int64)
        high = np.full(len(rules), NO_LIMIT, np.int64)
        apart = {}
        row = self.row
        for index, rule in enumerate(rules):
            if rule.type in ("at_least", "at_least_values"):
                low[index] = rule.count
            elif rule.type in ("at_most", "at_most_each"):
                high[index] = rule.count
            elif rule.type == "must":
                low[index] = 1
            else:
                high[index] = 0
            if rule.type in ("at_least", "at_most"):
                counts[:, index] = [_concerned(rule, c) for c in self.candidates]
            elif rule.type in ("must", "must_not"):
                counts[row[rule.candidate], index] = 1
            elif rule.type == "not_together":
                matrix = np.zeros((len(self.ids), len(self.ids)))
                for one, other in rule.pairs:
                    matrix[row[one], row[other]] = matrix[row[other], row[one]] = 1
                apart[index] = matrix
        return self._with(
            rules,
            counts=counts,
            low=low,
            high=high,
            hard=np.array([rule.hard for rule in rules], np.bool_),
            weight=np.array([0 if rule.hard else rule.weight for rule in rules], np.int64),
            apart=apart,
        )

    def except_near(self, rows: Sequence[int], by: int) -> Pool:
        """Cohorts must leave out at least `by` of these members: one more hard rule."""
        taken = np.zeros((len(self), 1))
        taken[list(rows)] = 1
        return self._with(
            (*self.rules, Rule("", "at_most", count=len(rows) - by)),
            counts=np.hstack([self.counts, taken]),
            low=np.append(self.low, 0),
            high=np.append(self.high, len(rows) - by),
            hard=np.append(self.hard, True),
            weight=np.append(self.weight, 0),
            apart=self.apart,
        )

    def among(self, rows: Ints) -> Pool:
        """Only these candidates, in the order of rows. Units stay those of the whole pool."""
        every = np.ix_(rows, rows)
        fewer = replace(
            self,
            ids=tuple(self.ids[row] for row in rows),
            candidates=tuple(self.candidates[row] for row in rows),
            has=self.has[rows],
            counts=self.counts[rows],
            apart={index: matrix[every] for index, matrix in self.apart.items()},
            tie=self.tie[rows],
        )
        fewer.__dict__["units"] = self.units
        if "dispersion" in self.problem.levels:
            fewer.__dict__["distance"] = self.distance[every]
        return fewer

    def _with(self, rules: Sequence[Rule], **arrays: Any) -> Pool:
        """Other rules; what does not depend on them is not computed again."""
        changed = replace(self, problem=replace(self.problem, rules=tuple(rules)), **arrays)
        for name in ("row", "cuts", "apart_by_position", "distance", "covered_weight", "opinion"):
            if name in self.__dict__:
                changed.__dict__[name] = self.__dict__[name]
        return changed

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self.problem.rules

    @cached_property
    def row(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.ids)}

    @property
    def levels(self) -> tuple[str, ...]:
        return (*FIRST_LEVELS, *self.problem.levels)

    # ------------------------------------------------------------ what the levels add up

    @cached_property
    def units(self) -> dict[str, int]:
        """Level: how many thousandths its integer unit is worth."""
        problem = self.problem
        weights = {
            "broken": self.weight.tolist(),
            "shortfall": self.weight.tolist(),
            "coverage": problem.coverage.values(),
            "dispersion": problem.distance.values(),
            "opinions": [c.opinion for c in self.candidates],
        }
        return {"places": UNIT} | {
            level: math.gcd(*map(int, numbers)) or UNIT for level, numbers in weights.items()
        }

    @cached_property
    def rule_weight(self) -> Ints:
        return self.weight // self.units["broken"]

    @cached_property
    def covered_weight(self) -> Floats:
        """(m,): what covering each value brings."""
        given = self.problem.coverage
        unit = self.units["coverage"]
        return np.array([given.get(name, 0) // unit for name, _ in self.columns], np.float64)

    @cached_property
    def opinion(self) -> Ints:
        unit = self.units["opinions"]
        return np.array([c.opinion // unit for c in self.candidates], np.int64)

    # ------------------------------------------------------------ distances

    @cached_property
    def cuts(self) -> tuple[Cut, ...]:
        """The distance by categories and numbers, as a sum of cuts."""
        unit = self.units["dispersion"]
        cuts: list[Cut] = []
        for name, weight in self.problem.distance.items():
            if name in self.span:
                cuts += distances.by_values(self.has[:, self.span[name]], weight // unit)
            elif name != "position":
                cuts += distances.by_number(self.candidates, name, weight // unit)
        return tuple(distances.merged(cuts))

    @cached_property
    def apart_by_position(self) -> Floats:
        """(n, n): the distance by position, truly by pairs."""
        weight = self.problem.distance.get("position", 0) // self.units["dispersion"]
        return distances.by_position(self.candidates, weight)

    @cached_property
    def distance(self) -> Floats:
        """(n, n): all of it, integers held as floats."""
        return self.apart_by_position + distances.summed(self.cuts, len(self))

    # ------------------------------------------------------------ one cohort

    def found(self, members: Sequence[int] | Ints) -> Ints:
        """(r,): what each rule counts in this cohort."""
        rows = np.asarray(members, np.int64)
        found = self.counts[rows].sum(axis=0)
        held = self.has[rows].sum(axis=0)
        for index, rule in enumerate(self.rules):
            if rule.type == "at_most_each":
                found[index] = held[self.columns_of(rule)].max(initial=0)
            elif rule.type == "at_least_values":
                found[index] = (held[self.columns_of(rule)] > 0).sum()
            elif rule.type == "not_together":
                found[index] = self.apart[index][np.ix_(rows, rows)].sum() / 2
        return np.asarray(found, np.int64)

    def single(self, span: slice) -> bool:
        """No candidate has two values in these columns."""
        return bool(self.has[:, span].sum(axis=1).max(initial=0) <= 1)

    def known(self, span: slice) -> Floats:
        """(n,): 1 for those who have a value in these columns."""
        return np.asarray(self.has[:, span].max(axis=1, initial=0))

    def columns_of(self, rule: Rule) -> slice:
        return self.span.get(rule.category, slice(0, 0))

    def amounts(self, found: Ints) -> Ints:
        """(r,): by how much each rule's count must change to be met."""
        return np.asarray(np.maximum(np.maximum(self.low - found, found - self.high), 0))

    @cached_property
    def sign(self) -> Floats:
        """(r,): 1 for a rule that finding more breaks, -1 for one that finding less breaks."""
        return np.where(self.high < NO_LIMIT, 1.0, -1.0)

    @cached_property
    def signed(self) -> npt.NDArray[np.int16]:
        """(r, n): sign * counts, small numbers held short: exchanges add many of them."""
        return np.ascontiguousarray((self.counts * self.sign).T, np.int16)

    @cached_property
    def limit(self) -> Floats:
        """(r,): the rule is met when sign * (found - limit) <= 0."""
        return np.where(self.high < NO_LIMIT, self.high, self.low).astype(np.float64)

    def score(self, members: Sequence[int] | Ints) -> tuple[int, ...]:
        """What a cohort is worth: lexicographic, larger is better.

        Hard rules first (minus the sum of their amounts), then `levels`, then minus the sum of
        the tie-break integers. What is wished less of is negative.
        """
        rows = np.asarray(members, np.int64)
        amounts = self.amounts(self.found(rows))
        return (
            -int(amounts[self.hard].sum()),
            *(int(self._level(level, rows, amounts)) for level in self.levels),
            -int(self.tie[rows].sum()),
        )

    def _level(self, name: str, rows: Ints, amounts: Ints) -> float:
        if name == "places":
            return len(rows)
        if name == "coverage":
            return float(self.covered_weight[self.has[rows].sum(axis=0) > 0].sum())
        if name == "dispersion":
            return float(self.distance[np.ix_(rows, rows)].sum() / 2)
        if name == "opinions":
            return int(self.opinion[rows].sum())
        lost = (amounts > 0) if name == "broken" else amounts
        return -int((self.rule_weight * lost).sum())

    def ceilings(self, size: int) -> dict[str, float]:
        """Level: what no cohort of that size exceeds, at a glance (infinite when not at one)."""
        coverage = 0.0
        for span in self.span.values():
            weights = np.sort(self.covered_weight[span])[::-1]
            most = self.has[:, span].sum(axis=1).max(initial=0)
            coverage += weights[: int(most) * size].sum()
        return {
            "hard": 0,
            "places": size,
            "broken": 0,
            "shortfall": 0,
            "coverage": coverage,
            "dispersion": math.inf,
            "opinions": float(np.sort(self.opinion)[::-1][:size].sum()),
            "tie": -float(np.sort(self.tie)[:size].sum()),
        }

    def admissible(self, members: Sequence[int] | Ints) -> bool:
        low, high = self.problem.places
        amounts = self.amounts(self.found(members))
        return low <= len(members) <= high and not amounts[self.hard].any()

    def shown(self, level: str, value: int) -> int | float:
        """A level's integer in its own unit; broken and shortfall as what they are, positive."""
        if level in ("broken", "shortfall"):
            value = -value
        number = value * self.units[level] / UNIT
        return int(number) if number.is_integer() else number

    def named(self, members: Sequence[int] | Ints) -> tuple[str, ...]:
        return tuple(self.ids[row] for row in sorted(int(row) for row in members))


def _tie(seed: str, name: str) -> int:
    """The published integer of the tie-break: 16 bits, so that sums stay exact in a solver."""
    return int(hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()[:4], 16)


def _concerned(rule: Rule, candidate: Candidate) -> bool:
    if rule.low is None and rule.high is None:
        return bool(rule.values & candidate.values.get(rule.category, frozenset()))
    number = candidate.numbers.get(rule.category)
    return number is not None and (
        (rule.low is None or rule.low <= number) and (rule.high is None or number <= rule.high)
    )
