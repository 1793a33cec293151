"""A draw with fair chances among all the cohorts that the rules allow, and its public list.

LEXIMIN: the least chance of anyone is as high as it can be; then the next, and so on. Nobody's
chance could be raised without lowering that of someone whose chance is no better.

Source: B. Flanigan, P. Gölz, A. Gupta, B. Hennig, A. D. Procaccia, "Fair algorithms for selecting
citizens' assemblies", Nature 596, 2021. Two things are ours: candidates that no rule tells apart
are one group, which makes the programs small, and few profiles are all looked at; otherwise they
come one by one (column generation), asked from HiGHS.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
from scipy.optimize import linprog

from fabriques.engines.cohort.arrays import Floats, Ints
from fabriques.engines.cohort.columns import SLACK, Columns
from fabriques.engines.cohort.profiles import KEPT, Groups
from fabriques.engines.cohort.proving import best_cohort
from fabriques.engines.cohort.types import Lottery, Problem, Profile

#: Tickets, unless fewer say the same exactly.
TICKETS = 10**9
FEW_TICKETS = 2000


def lottery(problem: Problem) -> Lottery | None:
    """The fairest lottery over the cohorts that meet the hard rules and fill most places.

    With `draw.keep == "coverage"`, over those that are also the best for the wished rules and the
    coverage. None when no cohort exists. What it returns is to be published before the draw.
    """
    pool = problem.pool
    kept: list[tuple[str, int]] = []
    if problem.draw is not None and problem.draw.keep == "coverage":
        narrow = replace(problem, levels=("coverage",)).pool
        best = best_cohort(narrow, seconds=np.inf)
        if best is None:
            return None
        kept = list(zip(KEPT, best.score[1:-1], strict=True))
    groups = Groups.of(pool, kept)
    if groups.size is None:
        return None
    profiles, weights = _leximin(groups)
    used = np.flatnonzero(weights > SLACK / 10)
    tickets = _tickets(weights[used])
    order = sorted(
        (tuple(profiles[column].tolist()), int(number))
        for column, number in zip(used, tickets, strict=True)
        if number
    )
    total = sum(number for _, number in order)
    ids = tuple(pool.named(rows) for rows in groups.members)
    expected = [sum(counts[g] * number for counts, number in order) for g in range(len(groups))]
    return Lottery(
        groups=ids,
        profiles=tuple(Profile(number, counts) for counts, number in reversed(order)),
        probabilities={
            name: expected[g] / (total * len(names))
            for g, names in enumerate(ids)
            for name in names
        },
        total=total,
    )


def draw(lottery: Lottery, seed: str) -> tuple[str, ...]:
    """The cohort that this seed draws. Anyone can do it again, in any language, in any year:

        import hashlib
        def number(text): return int(hashlib.sha256(text.encode("utf-8")).hexdigest(), 16)
        ticket = number(seed + ":ticket") % total
        for profile in profiles:
            if ticket < profile["tickets"]: break
            ticket -= profile["tickets"]
        members = []
        for names, count in zip(groups, profile["counts"]):
            members += sorted(names, key=lambda name: number(seed + ":" + name))[:count]

    `total`, `profiles` and `groups` are those of the published lottery.
    """

    def number(text: str) -> int:
        return int(hashlib.sha256(text.encode()).hexdigest(), 16)

    ticket = number(f"{seed}:ticket") % lottery.total
    for profile in lottery.profiles:
        if ticket < profile.tickets:
            break
        ticket -= profile.tickets
    members: list[str] = []
    for names, count in zip(lottery.groups, profile.counts, strict=True):
        members += sorted(names, key=lambda name: number(f"{seed}:{name}"))[:count]
    return tuple(sorted(members))


def _leximin(groups: Groups) -> tuple[Ints, Floats]:
    """The profiles of the fairest lottery, one a row, and their weights."""
    master = Columns.of(groups)
    sizes = groups.sizes.astype(np.float64)
    chances = np.where(master.never, 0.0, np.nan)
    weights = np.zeros(0)
    while (free := np.isnan(chances)).any():
        least, duals, weights = _raise(master, chances)
        # Places that are left, shared alike: nothing fairer, every free group is settled at once.
        given = (chances[~free] * sizes[~free]).sum()
        share = ((groups.size or 0) - given) / sizes[free].sum()
        settled = free if share - least < SLACK else free & (duals > SLACK)
        if not settled.any():
            settled = free & (duals == duals[free].max())
        chances[settled] = max(least, 0.0)
    return master.profiles[: len(weights)], weights


def _raise(master: Columns, chances: Floats) -> tuple[float, Floats, Floats]:
    """The highest least chance of the free groups when the others keep theirs.

    Returns it, the duals of the groups (a free group with one is at the least in every solution),
    and the weights of the profiles.
    """
    free = np.isnan(chances)
    room = SLACK / 10
    while True:
        shares = master.shares
        number = len(shares)
        found = linprog(
            np.r_[np.zeros(number), -1.0],
            A_ub=np.hstack([-shares.T, free[:, None].astype(float)]),
            b_ub=np.where(free, 0.0, room - np.nan_to_num(chances)),
            A_eq=np.r_[np.ones(number), 0.0][None, :],
            b_eq=[1.0],
            bounds=[(0, None)] * (number + 1),
            method="highs",
        )
        if found.status != 0 and room < 1e-4:  # what was fixed was fixed to a solver's precision
            room *= 10
            continue
        if found.status != 0:
            raise ArithmeticError(found.message)
        duals = np.maximum(-found.ineqlin.marginals, 0)
        if not master.price(duals, -float(found.eqlin.marginals[0])):
            return -float(found.fun), duals, found.x[:-1]


def _tickets(weights: Floats) -> Ints:
    """Whole numbers in the proportions of the weights: exact when few tickets say them."""
    weights = np.maximum(weights, 0) / np.maximum(weights, 0).sum()
    totals = np.arange(1, FEW_TICKETS + 1)[:, None]
    off = np.abs(weights * totals - np.rint(weights * totals)).max(axis=1)
    exact = np.flatnonzero(off < 1e-6)
    total = int(totals[exact[0], 0]) if exact.size else TICKETS
    tickets = np.floor(weights * total + 1e-6).astype(np.int64)
    rest = weights * total - tickets
    for column in np.argsort(-rest, kind="stable")[: total - int(tickets.sum())]:
        tickets[column] += 1
    return tickets
