"""A mixed integer program, put together block by block and solved by HiGHS through scipy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from fabriques.engines.cohort.arrays import Floats

#: One of scipy's answers.
INFEASIBLE = 2


@dataclass(frozen=True)
class Answer:
    """The largest value found. `values` is None when there is none, or none was found in time."""

    values: Floats | None
    #: `values` is the best there is; without values: there is none.
    proven: bool
    #: No solution is worth more.
    bound: float


@dataclass(frozen=True)
class Relaxed:
    """The answer without asking for whole numbers."""

    bound: float
    #: Each variable: what the value changes (negative: loses) when it moves off its bound by one.
    reduced: Floats


@dataclass
class Program:
    """Variables and rows, added as they come."""

    width: int = 0
    height: int = 0
    variable_bounds: list[tuple[Floats, Floats, Floats]] = field(default_factory=list)
    row_bounds: list[tuple[Floats, Floats]] = field(default_factory=list)
    #: Entries of the matrix: data, rows, columns.
    blocks: list[tuple[Floats, Any, Any]] = field(default_factory=list)

    def variables(
        self, number: int, high: float = 1, *, low: float = 0, whole: bool = False
    ) -> slice:
        """Add variables between `low` and `high`."""
        shape = (number,)
        self.variable_bounds.append(
            (np.full(shape, float(low)), np.full(shape, float(high)), np.full(shape, float(whole)))
        )
        self.width += number
        return slice(self.width - number, self.width)

    def rows(
        self, parts: Sequence[tuple[slice, Any]], low: Any = -np.inf, high: Any = np.inf
    ) -> None:
        """Add rows: low <= sum of each (h, w) matrix times its slice of variables <= high."""
        height = 0
        for where, matrix in parts:
            dense = np.atleast_2d(np.asarray(matrix, np.float64))
            height = dense.shape[0]
            row, column = np.nonzero(dense)
            self.blocks.append((dense[row, column], row + self.height, column + where.start))
        self.row_bounds.append(
            (np.full((height,), low, np.float64), np.full((height,), high, np.float64))
        )
        self.height += height

    def copy(self) -> Program:
        return Program(
            self.width,
            self.height,
            list(self.variable_bounds),
            list(self.row_bounds),
            list(self.blocks),
        )

    def bound_variables(self, where: slice, low: Floats, high: Floats) -> None:
        """Narrow the bounds of variables that were added together."""
        start = 0
        for index, (_, _, whole) in enumerate(self.variable_bounds):
            if start == where.start and len(whole) == where.stop - where.start:
                self.variable_bounds[index] = (low, high, whole)
            start += len(whole)

    def _parts(self) -> tuple[Any, ...]:
        data, rows, columns = (np.concatenate(part) for part in zip(*self.blocks, strict=True))
        matrix = sparse.csc_array((data, (rows, columns)), shape=(self.height, self.width))
        return (
            matrix,
            *(np.concatenate(part) for part in zip(*self.variable_bounds, strict=True)),
            *(np.concatenate(part) for part in zip(*self.row_bounds, strict=True)),
        )

    def relax(self, objective: Floats) -> Relaxed | None:
        """The largest value without asking for whole numbers; None when there is no solution."""
        matrix, low, high, _, row_low, row_high = self._parts()
        matrix = matrix.tocsr()
        equal = row_low == row_high
        above, below = np.isfinite(row_high) & ~equal, np.isfinite(row_low) & ~equal
        found = linprog(
            -objective,
            A_ub=sparse.vstack([matrix[above], -matrix[below]]),
            b_ub=np.concatenate([row_high[above], -row_low[below]]),
            A_eq=matrix[equal] if equal.any() else None,
            b_eq=row_low[equal] if equal.any() else None,
            bounds=np.stack([low, high], axis=1),
            method="highs",
        )
        if found.status == INFEASIBLE:
            return None
        if found.status != 0:
            return Relaxed(np.inf, np.zeros(self.width))
        return Relaxed(-float(found.fun), found.lower.marginals + found.upper.marginals)

    def solve(self, objective: Floats, *, seconds: float = 60) -> Answer:
        """The variables with the largest `objective @ variables`, within a time."""
        matrix, low, high, whole, row_low, row_high = self._parts()
        found = milp(
            -objective,
            integrality=whole,
            bounds=Bounds(low, high),
            constraints=LinearConstraint(matrix, row_low, row_high),
            options={"mip_rel_gap": 0.0, "time_limit": max(seconds, 0.01)},
        )
        if found.status == INFEASIBLE:
            return Answer(None, proven=True, bound=-np.inf)
        bound = found.mip_dual_bound
        return Answer(
            None if found.x is None else np.asarray(found.x, np.float64),
            proven=found.status == 0,
            bound=np.inf if bound is None or not np.isfinite(bound) else -float(bound),
        )
