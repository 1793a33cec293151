"""All exchanges of one member for one other candidate at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from fabriques.engines.cohort.arrays import Bools, Floats, Ints
from fabriques.engines.cohort.pool import Pool
from fabriques.engines.cohort.types import Rule


@dataclass(frozen=True)
class Exchanges:
    """Every cohort one exchange away from `members` (p of them, out of n candidates).

    Arrays are (p, n): row i goes out, candidate j comes in; a j already in is never `allowed`.
    """

    pool: Pool
    members: Ints
    allowed: Bools
    known: dict[str, Floats] = field(default_factory=dict)

    @classmethod
    def of(cls, pool: Pool, members: Sequence[int] | Ints) -> Exchanges:
        rows = np.array(sorted(int(row) for row in members), np.int64)
        allowed = np.ones((len(rows), len(pool)), np.bool_)
        allowed[:, rows] = False
        return cls(pool, rows, allowed)

    @cached_property
    def left(self) -> Floats:
        """(p, m): members who have each value once one of the p is out."""
        return np.asarray(self.pool.has[self.members].sum(axis=0) - self.pool.has[self.members])

    @cached_property
    def amounts(self) -> npt.NDArray[np.int16]:
        """(r, p, n): by how much each rule's count must change after each exchange."""
        pool, rows = self.pool, self.members
        signed = pool.signed[:, rows]
        kept = signed.sum(axis=1, keepdims=True) - signed - (pool.limit * pool.sign)[:, None]
        over = kept.astype(np.int16)[:, :, None] + pool.signed[:, None, :]
        for index, rule in enumerate(pool.rules):
            if rule.type in ("at_most_each", "at_least_values", "not_together"):
                found = self._found(index, rule)
                over[index] = (found - pool.limit[index]) * pool.sign[index]
        return np.asarray(np.maximum(over, 0, out=over))

    def _found(self, index: int, rule: Rule) -> Floats:
        """(p, n): what a rule that is not linear counts after each exchange."""
        if rule.type == "not_together":
            return self._moved(self.pool.apart[index])
        span = self.pool.columns_of(rule)
        left, has = self.left[:, span], self.pool.has[:, span]
        if rule.type == "at_least_values":
            return np.asarray((left > 0).sum(axis=1)[:, None] + (left == 0) @ has.T)
        if self.pool.single(span):  # only the value that comes in can go up
            most = left.max(axis=1, initial=0)[:, None]
            return np.asarray(np.maximum(most, left @ has.T + self.pool.known(span)))
        both = left.T[:, :, None] + has.T[:, None, :]
        return np.asarray(both.max(axis=0, initial=0))

    def _moved(self, matrix: Floats) -> Floats:
        """(p, n): the sum over pairs of members, after each exchange."""
        near = matrix[self.members]
        inside = near[:, self.members]
        return np.asarray(
            inside.sum() / 2 - inside.sum(axis=1)[:, None] + near.sum(axis=0)[None, :] - near
        )

    def level(self, name: str) -> Floats:
        """(p, n): the level after each exchange, larger is better."""
        if name not in self.known:
            self.known[name] = self._level(name)
        return self.known[name]

    def _level(self, name: str) -> Floats:
        pool, rows = self.pool, self.members
        if name == "hard":
            lost = self.amounts[pool.hard].sum(axis=0, dtype=np.int32)
            return np.asarray(-lost, np.float64)
        if name == "places":
            return np.full(self.allowed.shape, float(len(rows)))
        if name in ("broken", "shortfall"):
            wished = np.flatnonzero(~pool.hard)
            amounts = self.amounts[wished].astype(np.float64)
            by = (amounts > 0).astype(np.float64) if name == "broken" else amounts
            return np.asarray(-np.tensordot(pool.rule_weight[wished].astype(float), by, 1))
        if name == "coverage":
            weight = pool.covered_weight
            kept = (self.left > 0) @ weight
            return np.asarray(kept[:, None] + ((self.left == 0) * weight) @ pool.has.T)
        if name == "dispersion":
            return self._moved(pool.distance)
        each = (pool.opinion if name == "opinions" else -pool.tie).astype(np.float64)
        return np.asarray(each[rows].sum() - each[rows][:, None] + each[None, :])

    def best(
        self, among: Bools | None = None, *, above: tuple[int, ...] | None = None
    ) -> tuple[tuple[int, ...], int, int] | None:
        """The best exchange: its score as `Pool.score`, the row out, the row in; None if none.

        Equal to the last level, the first in the order of ids. `above`: None too unless it is worth
        more, which the first levels often tell.
        """
        flat = np.flatnonzero(self.allowed if among is None else self.allowed & among)
        if not flat.size:
            return None
        score: list[int] = []
        for name in ("hard", *self.pool.levels, "tie"):
            values = self.level(name).ravel()[flat]
            top = values.max()
            flat = flat[values == top]
            score.append(int(top))
            if above is not None and tuple(score) < above[: len(score)]:
                return None
        if above is not None and tuple(score) == above:
            return None
        out, into = divmod(int(flat[0]), len(self.pool))
        return tuple(score), int(self.members[out]), into
