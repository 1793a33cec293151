"""Proposals, in order and different from one another, or why there is none."""

from __future__ import annotations

import time
from collections.abc import Callable

from fabriques.engines.cohort.conflicts import conflict, impossible, loosen
from fabriques.engines.cohort.pool import Pool
from fabriques.engines.cohort.proving import Best, best_cohort
from fabriques.engines.cohort.types import Lock, Number, Problem, Proposal, Result
from fabriques.engines.cohort.why import changed, whys

#: Seconds for proofs, unless told otherwise; proposals come without them too.
SECONDS = 20.0


def _silent(message: str) -> None:
    pass


def propose(
    problem: Problem, *, seconds: float = SECONDS, tell: Callable[[str], None] = _silent
) -> Result:
    """The best cohort, then the best that differs enough from all before it, `problem.k` times.

    A proposal counts as different when at least `problem.different` members of each earlier one
    are not in it. Fewer than k come back when there are no more. `seconds` bounds the time spent
    on proofs: 0 gives the same proposals as a proof that was not finished, with `proven` and
    `bound` saying what is known. `tell` hears how far it is.

    When no cohort meets the hard rules, the result holds a minimal conflict and what to loosen.
    """
    until = time.monotonic() + seconds
    pool = problem.pool
    proposals: list[Proposal] = []
    best: Best | None = None
    for number in range(problem.k):
        left = max(0.0, until - time.monotonic())
        share = left if number == problem.k - 1 else left / 2  # a proof of the first counts most
        best = best_cohort(pool, seconds=share, first=best.rows if best else None)
        if best is None:
            break
        proposals.append(_proposal(pool, best))
        tell(f"{number + 1}/{problem.k}")
        pool = pool.except_near(best.rows, problem.different)
    if not proposals:
        tell("conflict")
        return Result(
            proposals=(),
            conflict=conflict(problem.pool),
            impossible=impossible(problem.pool),
            loosen=loosen(problem.pool),
        )
    return Result(tuple(proposals), why=whys(problem, proposals[0].members))


def locks(problem: Problem, *, seconds: float = SECONDS) -> tuple[Lock, ...]:
    """What each hard `must` and `must_not` costs, alone: levels with it minus levels without it."""
    rules = [rule for rule in problem.rules if rule.hard and rule.type in ("must", "must_not")]
    if not rules:
        return ()
    share = seconds / (len(rules) + 1)
    with_all = best_cohort(problem.pool, seconds=share)
    found = []
    for rule in rules:
        pool = problem.pool.with_rules([other for other in problem.rules if other is not rule])
        without = best_cohort(pool, seconds=share, first=with_all.rows if with_all else None)
        change: dict[str, Number] = {}
        if with_all and without:
            change = changed(pool, without.score, with_all.score)
        found.append(
            Lock(
                rule.id,
                change,
                exact=all(best is None or best.optimal for best in (with_all, without)),
                decisive=with_all is None and without is not None,
            )
        )
    return tuple(found)


def _proposal(pool: Pool, best: Best) -> Proposal:
    held = pool.has[list(best.rows)].sum(axis=0)
    covered: dict[str, tuple[str, ...]] = dict.fromkeys(pool.span, ())
    for (category, value), number in zip(pool.columns, held, strict=True):
        if number:
            covered[category] += (value,)
    levels = dict(zip(pool.levels, best.score[1:-1], strict=True))
    bound, gap = None, 0.0
    if best.bound is not None and best.proven < len(pool.levels):
        level = pool.levels[best.proven]
        bound = pool.shown(level, best.bound)
        largest = max(abs(best.bound), abs(levels[level]))
        gap = abs(best.bound - levels[level]) / largest if largest else 0.0
    return Proposal(
        members=pool.named(best.rows),
        objective={level: pool.shown(level, value) for level, value in levels.items()},
        coverage=covered,
        proven=pool.levels[: best.proven],
        optimal=best.optimal,
        bound=bound,
        gap=gap,
    )
