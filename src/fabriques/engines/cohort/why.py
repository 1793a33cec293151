"""Why this one and not that one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fabriques.engines.cohort.arrays import Ints
from fabriques.engines.cohort.assessing import rows_of
from fabriques.engines.cohort.conflicts import conflict
from fabriques.engines.cohort.exchanges import Exchanges
from fabriques.engines.cohort.pool import Pool
from fabriques.engines.cohort.proving import best_cohort
from fabriques.engines.cohort.types import PLACES, InputError, Number, Problem, Rule, Why


def whys(problem: Problem, members: Iterable[str]) -> dict[str, Why]:
    """For each candidate, what one exchange would change: quick, and not exact.

    `members` is any cohort. Raises `InputError` for an unknown id.
    """
    pool = problem.pool
    rows = rows_of(problem, members)
    around = Exchanges.of(pool, rows)
    score = pool.score(rows)
    found = {}
    for row, name in enumerate(pool.ids):
        member = bool((rows == row).any())
        among = np.zeros_like(around.allowed)
        if member:
            among[rows == row] = True
        else:
            among[:, row] = True
        best = around.best(among)
        possible = best is not None and best[0][0] == 0
        found[name] = Why(
            id=name,
            member=member,
            exact=False,
            change=changed(pool, score, best[0]) if best and possible else {},
            comes=(pool.ids[best[2]],) if best and possible else (),
            goes=(pool.ids[best[1]],) if best and possible else (),
            barred_by=(
                _needs(pool, rows, row) if member else () if possible else _barring(around, row)
            ),
            only=_only(pool, rows, row) if member else (),
        )
    return found


def explain(problem: Problem, members: Iterable[str], name: str, *, seconds: float = 10.0) -> Why:
    """The same for one candidate, exactly: against the best cohort on the other side.

    `exact` is False when the proof was not finished in time. Raises `InputError` for an unknown id.
    """
    pool = problem.pool
    rows = rows_of(problem, members)
    if name not in pool.row:
        raise InputError(f"« {name} » n’est pas parmi les candidats.", "id")
    row = pool.row[name]
    member = row in rows
    turned = Rule("", "must_not" if member else "must", candidate=name)
    other = pool.with_rules((*problem.rules, turned))
    best = best_cohort(other, seconds=seconds, first=tuple(rows.tolist()))
    comes: tuple[str, ...] = ()
    goes: tuple[str, ...] = ()
    change: dict[str, Number] = {}
    if best:
        comes = pool.named(np.setdiff1d(best.rows, rows))
        goes = pool.named(np.setdiff1d(rows, best.rows))
        change = changed(pool, pool.score(rows), best.score)
    barring = () if best or member else tuple(name for name in conflict(other) if name)
    return Why(
        id=name,
        member=member,
        exact=best is None or best.optimal,
        change=change,
        comes=comes,
        goes=goes,
        barred_by=_needs(pool, rows, row) if member else barring,
        only=_only(pool, rows, row) if member else (),
    )


def changed(pool: Pool, before: tuple[int, ...], after: tuple[int, ...]) -> dict[str, Number]:
    """Levels of `after` minus levels of `before`, in their own units."""
    return {
        level: pool.shown(level, to - since)
        for level, since, to in zip(pool.levels, before[1:-1], after[1:-1], strict=True)
    }


def _only(pool: Pool, rows: Ints, row: int) -> tuple[tuple[str, str], ...]:
    """The values that this member alone covers."""
    alone = pool.has[row] > pool.has[rows].sum(axis=0) - 1
    return tuple(pool.columns[column] for column in np.flatnonzero(alone & (pool.has[row] > 0)))


def _needs(pool: Pool, rows: Ints, row: int) -> tuple[str, ...]:
    """Hard rules that hold, and break when this member leaves."""
    left = rows[rows != row]
    before, after = (pool.amounts(pool.found(some)) for some in (rows, left))
    broken = np.flatnonzero(pool.hard & (before == 0) & (after > 0))
    short = [PLACES] if len(left) < pool.problem.places[0] else []
    return (*(pool.rules[index].id for index in broken), *short)


def _barring(around: Exchanges, row: int) -> tuple[str, ...]:
    """Hard rules broken whoever leaves; if none is, those of the exchange that breaks least."""
    pool = around.pool
    broken = (around.amounts[:, :, row] > 0) & pool.hard[:, None]
    always = broken.all(axis=1)
    if not always.any():
        always = broken[:, int(around.level("hard")[:, row].argmax())]
    return tuple(pool.rules[index].id for index in np.flatnonzero(always))
