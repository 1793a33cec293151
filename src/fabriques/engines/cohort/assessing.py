"""A cohort as it stands, composed by hand or not."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fabriques.engines.cohort.types import Assessment, InputError, Problem, RuleState


def assess(problem: Problem, members: Iterable[str]) -> Assessment:
    """What each rule finds in these members (ids, in any order), and every level.

    Raises `InputError` for an unknown id. An empty cohort is assessed as any other.
    """
    pool = problem.pool
    rows = rows_of(problem, members)
    found = pool.found(rows)
    amounts = pool.amounts(found)
    low, high = problem.places
    held = pool.has[rows].sum(axis=0).astype(int)
    counts: dict[str, dict[str, int]] = {
        name: {} for name, kind in problem.categories.items() if kind != "number"
    }
    for (category, value), number in zip(pool.columns, held.tolist(), strict=True):
        counts[category][value] = number
    chosen = [pool.candidates[row] for row in rows]
    return Assessment(
        members=pool.named(rows),
        admissible=pool.admissible(rows),
        places_off=min(0, len(rows) - low) + max(0, len(rows) - high),
        rules=tuple(
            RuleState(rule.id, rule.hard, not amount, int(number), int(amount))
            for rule, number, amount in zip(pool.rules, found, amounts, strict=True)
        ),
        levels={
            level: pool.shown(level, value)
            for level, value in zip(pool.levels, pool.score(rows)[1:-1], strict=True)
        },
        counts=counts,
        unknown={
            name: sum(not c.values.get(name) and name not in c.numbers for c in chosen)
            for name in problem.categories
        },
    )


def rows_of(problem: Problem, members: Iterable[str]) -> np.typing.NDArray[np.int64]:
    """Rows of the pool, sorted. Raises `InputError` for an id that is unknown or given twice."""
    rows: set[int] = set()
    for index, name in enumerate(members):
        row = problem.pool.row.get(name)
        if row is None or row in rows:
            reason = "n’est pas parmi les candidats" if row is None else "est là deux fois"
            raise InputError(f"« {name} » {reason}.", f"members[{index}]")
        rows.add(row)
    return np.array(sorted(rows), np.int64)
