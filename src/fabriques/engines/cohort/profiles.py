"""Candidates that no rule tells apart, as one group; cohorts as counts over groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb

import numpy as np

from fabriques.engines.cohort.arrays import Floats, Ints
from fabriques.engines.cohort.exact import Model, Way
from fabriques.engines.cohort.pool import FIRST_LEVELS, Pool

#: Up to so many profiles of a size are looked at one by one rather than asked from a solver.
ENUMERABLE = 50_000


@dataclass(frozen=True)
class Groups:
    """Groups of a pool: g of them, each held by its first member in a smaller pool.

    A profile is a vector (g,) of members taken in each group.
    """

    whole: Pool
    members: tuple[tuple[int, ...], ...]  # rows of the whole pool, sorted
    pool: Pool  # of the first member of each
    sizes: Ints  # (g,)
    #: Levels and what they must reach, beside the hard rules.
    kept: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, pool: Pool, kept: Sequence[tuple[str, int]] = ()) -> Groups:
        counted = np.ones(len(pool.rules), bool) if kept else pool.hard
        columns = np.zeros(len(pool.columns), bool)
        if kept:
            columns |= pool.covered_weight > 0
        alone = np.zeros(len(pool), bool)  # who is in a pair is alone in its group
        for index, rule in enumerate(pool.rules):
            if counted[index] and rule.category in pool.span:
                columns[pool.span[rule.category]] |= rule.type in (
                    "at_most_each",
                    "at_least_values",
                )
            if counted[index] and index in pool.apart:
                alone |= pool.apart[index].any(axis=1)
        known = np.hstack([pool.counts[:, counted], pool.has[:, columns]])
        by_role: dict[tuple[bytes, int], list[int]] = {}
        for row in range(len(pool)):
            key = known[row].tobytes(), row if alone[row] else -1
            by_role.setdefault(key, []).append(row)
        members = tuple(tuple(rows) for rows in by_role.values())
        return cls(
            whole=pool,
            members=members,
            pool=pool.among(np.array([rows[0] for rows in members])),
            sizes=np.array([len(rows) for rows in members], np.int64),
            kept=tuple(kept),
        )

    def __len__(self) -> int:
        return len(self.members)

    def model(self, size: tuple[int, int]) -> Model:
        """A program whose solutions are the admissible profiles."""
        ways: list[Way] = [
            "holds" if rule.hard else "gives" if self.kept else "off" for rule in self.pool.rules
        ]
        model = Model(self.pool, size, ways)
        model.narrow(np.zeros(len(self)), self.sizes.astype(float))
        for level, value in self.kept:
            if model.level(level).any():
                model.keep(level, value)
        return model

    @cached_property
    def size(self) -> int | None:
        """As many places as the hard rules allow; None when they allow no cohort."""
        if self.kept:
            return dict(self.kept)["places"]
        low, high = self.pool.problem.places
        model = self.model((low, min(high, int(self.sizes.sum()))))
        answer = model.program.solve(model.level("places"), seconds=np.inf)
        return None if answer.values is None else round(float(answer.values[model.x].sum()))

    def profiles(self) -> Ints | None:
        """(c, g): every admissible profile, or None when there are too many to look at."""
        size = self.size or 0
        if comb(size + len(self) - 1, size) > ENUMERABLE:
            return None
        found = np.zeros((1, 0), np.int64)
        for most in self.sizes:
            taken = np.arange(min(int(most), size) + 1)
            found = np.hstack(
                [np.repeat(found, len(taken), axis=0), np.tile(taken, len(found))[:, None]]
            )
            found = found[found.sum(axis=1) <= size]
        return np.asarray(found[self._admissible(found) & (found.sum(axis=1) == size)])

    def _admissible(self, profiles: Ints) -> np.typing.NDArray[np.bool_]:
        """(c,): which of these meet the hard rules and keep the levels."""
        pool = self.pool
        held = profiles @ pool.has
        found = profiles @ pool.counts
        for index, rule in enumerate(pool.rules):
            span = pool.columns_of(rule)
            if rule.type == "at_most_each":
                found[:, index] = held[:, span].max(axis=1, initial=0)
            elif rule.type == "at_least_values":
                found[:, index] = (held[:, span] > 0).sum(axis=1)
            elif rule.type == "not_together":
                found[:, index] = ((profiles @ pool.apart[index]) * profiles).sum(axis=1) / 2
        amounts = np.maximum((found - pool.limit) * pool.sign, 0)
        fits = ~amounts[:, pool.hard].any(axis=1)
        for level, value in self.kept:
            if level != "places":
                fits &= self._level(level, amounts, held) >= value
        return np.asarray(fits)

    def _level(self, level: str, amounts: Floats, held: Floats) -> Floats:
        if level == "coverage":
            return np.asarray((held > 0) @ self.pool.covered_weight)
        lost = (amounts > 0) if level == "broken" else amounts
        return np.asarray(-(lost @ self.pool.rule_weight))


#: What a draw may keep at its best: the levels up to coverage.
KEPT = (*FIRST_LEVELS, "coverage")
