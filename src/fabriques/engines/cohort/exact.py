"""The rules and the levels of a call as a mixed integer program.

Variables: x (candidate taken), y (value covered), for each rule that may give way by how much and
whether at all, and for the dispersion a count and a term for each cut of the pool.

The dispersion of p members is, for a cut with k of them on one side, unit * k * (p - k): a concave
function of a count. At whole numbers it is the least of p lines, so the program holds it exactly
with p rows for each cut instead of one for each pair of candidates. Only distances by position are
truly by pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from fabriques.engines.cohort.arrays import Floats
from fabriques.engines.cohort.pool import NO_LIMIT, Pool
from fabriques.engines.cohort.program import Program
from fabriques.engines.cohort.types import Rule

Way = Literal["holds", "gives", "off"]


class Model:
    """A program whose solutions are the cohorts of a pool under its rules.

    `ways` says of each rule whether it holds, gives way (its amount is a variable) or is off; by
    default hard rules hold and wished ones give way. `places` of None: of any size.
    """

    def __init__(
        self,
        pool: Pool,
        places: tuple[int, int] | None,
        ways: Sequence[Way] | None = None,
    ) -> None:
        self.pool = pool
        self.program = Program()
        n = len(pool)
        self.x = self.program.variables(n, whole=True)
        self.ways = ways or ["holds" if rule.hard else "gives" for rule in pool.rules]
        if places:
            self.program.rows([(self.x, np.ones((1, n)))], *places)
        self._cover()
        giving = [index for index, way in enumerate(self.ways) if way == "gives"]
        #: Rule: the variable of its amount, and the one that says whether it is broken.
        self.amount: dict[int, slice] = {}
        self.broken: dict[int, slice] = {}
        for index in giving:
            most = self._most(index)
            amount = self.program.variables(1, most)
            broken = self.program.variables(1, whole=True)
            self.program.rows([(amount, [[1]]), (broken, [[-most]])], high=0)
            self.amount[index], self.broken[index] = amount, broken
        for index, rule in enumerate(pool.rules):
            if self.ways[index] != "off":
                self._rule(index, rule)

    def _cover(self) -> None:
        """y for each value that counts: at most the number of members who have it."""
        pool = self.pool
        needed = pool.covered_weight > 0
        for index, rule in enumerate(pool.rules):
            if rule.type == "at_least_values" and self.ways[index] != "off":
                needed[pool.columns_of(rule)] = True
        self.covered = np.flatnonzero(needed)
        self.y = self.program.variables(len(self.covered), whole=True)
        self.y_of = dict(zip(self.covered.tolist(), range(len(self.covered)), strict=True))
        if len(self.covered):
            self.program.rows(
                [(self.y, np.eye(len(self.covered))), (self.x, -pool.has[:, self.covered].T)],
                high=0,
            )

    def _most(self, index: int) -> int:
        """No cohort breaks this rule by more."""
        low, high = self.pool.low[index], self.pool.high[index]
        rule = self.pool.rules[index]
        return max(int(low), len(rule.pairs) or len(self.pool.problem.candidates) - int(high), 1)

    def _rule(self, index: int, rule: Rule) -> None:
        pool, program = self.pool, self.program
        low, high = int(pool.low[index]), int(pool.high[index])
        give = self.amount.get(index)

        def rows(parts: list[tuple[slice, Floats]]) -> None:
            height = parts[0][1].shape[0]
            if high < NO_LIMIT:
                slack = [(give, np.full((height, 1), -1.0))] if give else []
                program.rows(parts + slack, high=high)
            if low > 0:
                slack = [(give, np.ones((height, 1)))] if give else []
                program.rows(parts + slack, low=low)

        if rule.type == "at_most_each":
            columns = pool.has[:, pool.columns_of(rule)].T
            if len(columns):
                rows([(self.x, columns)])
        elif rule.type == "at_least_values":
            chosen = [self.y_of[c] for c in range(*pool.columns_of(rule).indices(10**9))]
            picked = np.zeros((1, len(self.covered)))
            picked[0, chosen] = 1
            rows([(self.y, picked)])
        elif rule.type == "not_together":
            self._pairs(index, rule, give)
        else:
            rows([(self.x, pool.counts[:, index][None, :])])

    def _pairs(self, index: int, rule: Rule, give: slice | None) -> None:
        """One row for each pair; where the rule gives way, one variable for each pair too."""
        if not rule.pairs:
            return
        both = np.zeros((len(rule.pairs), len(self.pool)))
        for line, pair in enumerate(rule.pairs):
            both[line, [self.pool.row[name] for name in pair]] = 1
        if give is None:
            self.program.rows([(self.x, both)], high=1)
            return
        together = self.program.variables(len(both))
        self.program.rows([(self.x, both), (together, -np.eye(len(both)))], high=1)
        self.program.rows([(together, np.ones((1, len(both)))), (give, [[-1]])], high=0)

    # ------------------------------------------------------------ dispersion

    def spread(self, size: int) -> None:
        """Add the dispersion of a cohort of `size`."""
        pool, program = self.pool, self.program
        cuts = pool.cuts
        n, number = len(pool), len(pool.cuts)
        self.disperse: list[tuple[slice, Floats]] = []
        if number:
            side = np.array([c.side if 2 * c.side.sum() <= n else ~c.side for c in cuts], float)
            count = program.variables(number, size)
            term = program.variables(number, size * size / 4)
            program.rows([(count, np.eye(number)), (self.x, -side)], 0, 0)
            for k in range(size):
                at, slope = k * (size - k), size - 2 * k - 1
                if slope >= 0 or (side.sum(axis=1) > k).any():
                    program.rows(
                        [(term, np.eye(number)), (count, -slope * np.eye(number))],
                        high=at - slope * k,
                    )
            self.disperse.append((term, np.array([c.unit for c in cuts], float)))
        if pool.apart_by_position.any():
            self._by_position(size)

    def _by_position(self, size: int) -> None:
        """Half the sum of each member's distances to the others; 0 for who is not in.

        Source: F. Glover, "Improved linear integer programming formulations of nonlinear integer
        problems", Management Science 22(4), 1975. `most` and `least` are what the distances of a
        candidate to a cohort can add up to; at whole numbers the rows hold the sum exactly.
        """
        pool, program = self.pool, self.program
        apart = pool.apart_by_position
        n = len(pool)
        ranked = np.sort(apart + np.diag(np.full(n, np.inf)), axis=1)  # oneself comes last
        most = ranked[:, :-1][:, ::-1][:, : size - 1].sum(axis=1)
        least = ranked[:, :-1][:, :size].sum(axis=1)
        term = program.variables(n, float(most.max(initial=0)))
        program.rows([(term, np.eye(n)), (self.x, -np.diag(most))], high=0)
        program.rows([(term, np.eye(n)), (self.x, -apart - np.diag(least))], high=-least)
        self.disperse.append((term, np.full(n, 0.5)))

    # ------------------------------------------------------------ levels

    def level(self, name: str) -> Floats:
        """The vector whose product with a solution is the level, larger is better."""
        pool = self.pool
        vector = np.zeros(self.program.width)
        if name == "places":
            vector[self.x] = 1
        elif name in ("broken", "shortfall"):
            for index, where in (self.broken if name == "broken" else self.amount).items():
                vector[where] = -pool.rule_weight[index]
        elif name == "coverage":
            vector[self.y] = pool.covered_weight[self.covered]
        elif name == "dispersion":
            for where, units in self.disperse:
                vector[where] = units
        else:
            vector[self.x] = pool.opinion if name == "opinions" else -pool.tie
        return vector

    def rows_of(self, values: Floats) -> tuple[int, ...]:
        return tuple(np.flatnonzero(values[self.x] > 0.5).tolist())

    def keep(self, name: str, value: float) -> None:
        self.program.rows([(slice(0, self.program.width), self.level(name)[None, :])], low=value)

    def narrow(self, low: Floats, high: Floats) -> None:
        """Candidates who can only be out (high 0) or in (low 1)."""
        self.program.bound_variables(self.x, low, high)

    def exclude(self, rows: Iterable[int]) -> None:
        """Not this very cohort, nor one that contains it."""
        taken = np.zeros((1, len(self.pool)))
        chosen = list(rows)
        taken[0, chosen] = 1
        self.program.rows([(self.x, taken)], high=len(chosen) - 1)
