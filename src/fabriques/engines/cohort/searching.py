"""A good cohort quickly: exchanges that improve, then a tabu search that may cross what is worse.

Deterministic: it counts steps, not seconds, and draws nothing by chance.

Source: F. Glover, "Tabu Search, Part I", ORSA Journal on Computing 1(3), 1989, with strategic
oscillation: what is lost on the levels before costs a price that rises while it is lost and falls
while it is not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fabriques.engines.cohort.arrays import Bools, Ints
from fabriques.engines.cohort.exchanges import Exchanges
from fabriques.engines.cohort.pool import Pool

Score = tuple[int, ...]
Rows = tuple[int, ...]

#: Steps during which who has gone out does not come back, and who has come in does not leave.
OUT_FOR, IN_FOR = 12, 2


def climb(
    pool: Pool, members: Sequence[int] | Ints, *, among: Bools | None = None
) -> tuple[Score, Rows]:
    """Exchange while it improves: the score and the members (rows, sorted) of a local best.

    `among` (n,): only these candidates may come in.
    """
    rows = tuple(sorted(int(row) for row in members))
    score = pool.score(rows)
    while found := Exchanges.of(pool, rows).best(among, above=score):
        score, out, into = found
        rows = tuple(sorted({*rows, into} - {out}))
    return score, rows


def search(
    pool: Pool,
    size: int,
    *,
    steps: int,
    first: Sequence[int] | Ints | None = None,
    tie: bool = False,
) -> tuple[Score, Rows]:
    """A good cohort of that size, starting from `first`; `steps` for each level.

    `tie`: search for the tie-break as for a level.

    The score says how good; its first number is negative when no cohort meeting the hard rules
    was found, which proves nothing.
    """
    best = climb(pool, first if first is not None else _first(pool, size))
    names = ("hard", *pool.levels, *(["tie"] if tie else []))
    ceilings = pool.ceilings(size)
    for focus, name in enumerate(names):
        if best[0][focus] < ceilings[name]:
            best = _tabu(pool, names[: focus + 1], best, steps, ceilings[name])
    return climb(pool, best[1])


def _tabu(
    pool: Pool, names: Sequence[str], best: tuple[Score, Rows], steps: int, ceiling: float
) -> tuple[Score, Rows]:
    """Look for more of the last of `names` without losing, in the end, what the others have."""
    *before, focus = names
    rows = best[1]
    free_at = np.zeros(len(pool), np.int64)  # step from which a candidate may move again
    prices = np.zeros(0)
    for step in range(steps if len(pool) > len(rows) else 0):
        if best[0][len(before)] >= ceiling:
            break
        around = Exchanges.of(pool, rows)
        aim = around.level(focus)
        if not prices.size:
            spread = float(aim[around.allowed].max() - np.median(aim[around.allowed]))
            prices = np.full(len(before), max(spread, 1.0))
        if found := around.best(above=best[0]):
            score, out, into = found
            best = score, tuple(sorted({*rows, into} - {out}))
            lost = np.zeros(len(before), np.bool_)
        else:
            worth = aim.copy()
            for name, price, kept in zip(before, prices, best[0], strict=False):
                worth -= price * np.maximum(kept - around.level(name), 0)
            free = around.allowed & (free_at <= step)[None, :]
            free &= (free_at[around.members] <= step)[:, None]
            if not free.any():
                continue
            worth[~free] = -np.inf
            place, into = divmod(int(worth.argmax()), len(pool))
            out = int(around.members[place])
            lost = np.array(
                [
                    around.level(name)[place, into] < kept
                    for name, kept in zip(before, best[0], strict=False)
                ],
                np.bool_,
            )
        rows = tuple(sorted({*rows, into} - {out}))
        free_at[out], free_at[into] = step + OUT_FOR, step + IN_FOR
        prices *= np.where(lost, 1.3, 0.85)
    return best


def _first(pool: Pool, size: int) -> list[int]:
    """Those that must be in, then by the published order."""
    first = [pool.row[rule.candidate] for rule in pool.rules if rule.type == "must"]
    rest = np.argsort(pool.tie, kind="stable").tolist()
    return list(dict.fromkeys(first + rest))[:size]
