"""Profiles of cohorts as columns of a linear program: all of them, or those that are asked for."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from fabriques.engines.cohort.arrays import Bools, Floats, Ints
from fabriques.engines.cohort.pool import Pool
from fabriques.engines.cohort.profiles import Groups
from fabriques.engines.cohort.searching import climb

#: Chances closer than this are the same.
SLACK = 1e-8
#: Profiles from which better ones are looked for, each time, before a solver is asked.
STARTS = 5
#: Worths as integers, for the search.
FINE = 10**9


@dataclass
class Columns:
    """The profiles known so far (c, g), and where others come from."""

    groups: Groups
    profiles: Ints
    complete: bool
    turn: int = 0

    @classmethod
    def of(cls, groups: Groups) -> Columns:
        every = groups.profiles()
        if every is not None:
            return cls(groups, every, complete=True)
        columns = cls(groups, np.zeros((0, len(groups)), np.int64), complete=False)
        columns._spread()
        return columns

    @property
    def shares(self) -> Floats:
        """(c, g): the chance of each member of a group under each profile."""
        return np.asarray(self.profiles / self.groups.sizes)

    @cached_property
    def never(self) -> Bools:
        """(g,): groups that no admissible profile takes from."""
        never: Bools = np.logical_not(self.profiles.any(axis=0))
        if not self.complete:
            for group in np.flatnonzero(never):
                profile = self._dearest(np.eye(len(never))[group])
                never[group] = not profile[group]
                self._add(profile)
        return np.asarray(never)

    def price(self, worth: Floats, above: float) -> bool:
        """Add profiles whose shares are worth more than `above`; False when there are none."""
        if self.complete:
            return False
        known = len(self.profiles)
        values = self.shares @ worth
        order = np.argsort(-values, kind="stable")
        best = order[: max(STARTS, int((values >= above - SLACK).sum()))]
        each = worth / self.groups.sizes
        self.turn += 1
        for step in range(min(STARTS, len(best))):
            profile = self._climbed(self.profiles[best[(self.turn + step * 7) % len(best)]], worth)
            if profile @ each > above + SLACK:
                self._add(profile)
        if len(self.profiles) == known:
            profile = self._dearest(worth)
            if profile @ each > above + SLACK:
                self._add(profile)
        return len(self.profiles) > known

    def _add(self, profile: Ints) -> None:
        if not (self.profiles == profile).all(axis=1).any():
            self.profiles = np.vstack([self.profiles, profile])

    def _dearest(self, worth: Floats) -> Ints:
        """The profile worth most, by HiGHS."""
        size = self.groups.size or 0
        model = self.groups.model((size, size))
        objective = np.zeros(model.program.width)
        objective[model.x] = worth / self.groups.sizes
        answer = model.program.solve(objective, seconds=np.inf)
        if answer.values is None:  # the hard rules allow this size: it was found before
            raise ArithmeticError("HiGHS lost a solution")
        return np.rint(answer.values[model.x]).astype(np.int64)

    # ------------------------------------------------------------ by exchanges

    @cached_property
    def _pool(self) -> Pool:
        """The whole pool, judged on what is kept, then on opinions."""
        groups = self.groups
        pool = groups.whole
        if not groups.kept:
            pool = pool.with_rules([rule for rule in pool.rules if rule.hard])
        levels = ("coverage", "opinions") if groups.kept else ("opinions",)
        return replace(pool, problem=replace(pool.problem, levels=levels))

    @cached_property
    def _group_of(self) -> Ints:
        group = np.zeros(len(self.groups.whole), np.int64)
        for index, rows in enumerate(self.groups.members):
            group[list(rows)] = index
        return group

    def _climbed(self, profile: Ints, worth: Floats) -> Ints:
        """A profile worth more, by exchanges; the same when there is none."""
        pool = copy.copy(self._pool)
        each = np.rint(worth / self.groups.sizes * FINE).astype(np.int64)
        pool.__dict__["opinion"] = each[self._group_of]
        members = self.groups.members
        rows = [row for index, count in enumerate(profile) for row in members[index][:count]]
        _, better = climb(pool, rows)
        return np.bincount(self._group_of[list(better)], minlength=len(members))

    def _spread(self) -> None:
        """First profiles: always those who were taken least (multiplicative weights)."""
        worth = np.ones(len(self.groups))
        profile = self._dearest(worth)
        for _ in range(2 * len(self.groups)):
            self._add(profile)
            worth = worth * np.where(profile > 0, 0.5, 1.0)
            worth /= worth.max()
            profile = self._climbed(profile, worth)
