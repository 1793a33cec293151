"""When no cohort meets the hard rules: which of them contradict, and what to loosen."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from fabriques.engines.cohort.exact import Model, Way
from fabriques.engines.cohort.pool import Pool
from fabriques.engines.cohort.types import PLACES, Change

#: Alternatives given for what to loosen.
MOST_ALTERNATIVES = 5


def impossible(pool: Pool) -> tuple[str, ...]:
    """Hard rules that nothing meets, even alone: the whole pool has not what they ask for."""
    found = pool.found(range(len(pool)))
    alone = [
        rule.id
        for index, rule in enumerate(pool.rules)
        if rule.hard and found[index] < pool.low[index]
    ]
    return (*alone, *([PLACES] if len(pool) < pool.problem.places[0] else []))


def conflict(pool: Pool) -> tuple[str, ...]:
    """A minimal set of hard rules (and "places") that no cohort meets; () when one meets all.

    Without any one of them, the others can be met. Source: deletion filter, J. W. Chinneck and
    E. W. Dravnieks, "Locating minimal infeasible constraint sets in linear programs", ORSA Journal
    on Computing 3(2), 1991.
    """
    alone = impossible(pool)
    if alone:
        return alone[:1]
    names = [rule.id for rule in pool.rules if rule.hard] + [PLACES]
    if _possible(pool, names):
        return ()
    kept = list(names)
    for name in names:
        fewer = [other for other in kept if other != name]
        if not _possible(pool, fewer):
            kept = fewer
    return tuple(kept)


def _possible(pool: Pool, names: Iterable[str]) -> bool:
    """Does a cohort meet all of these?"""
    held = set(names)
    ways: list[Way] = ["holds" if r.hard and r.id in held else "off" for r in pool.rules]
    model = Model(pool, pool.problem.places if PLACES in held else None, ways)
    answer = model.program.solve(np.zeros(model.program.width), seconds=math.inf)
    return answer.values is not None


def loosen(pool: Pool) -> tuple[tuple[Change, ...], ...]:
    """The fewest hard rules (or places) to loosen so that a cohort exists, and by how much.

    Alternatives of the same number of rules come in order of the total change. One member stays.
    """
    ways: list[Way] = ["gives" if rule.hard else "off" for rule in pool.rules]
    model = Model(pool, None, ways)
    program = model.program
    low, high = pool.problem.places
    n = len(pool)
    fewer, more = program.variables(1, low - 1), program.variables(1, max(0, n - high))
    moved = program.variables(1, whole=True)
    everyone = (model.x, np.ones((1, n)))
    program.rows([everyone, (fewer, [[1]])], low=low)
    program.rows([everyone, (more, [[-1]])], high=high)
    program.rows([(fewer, [[1]]), (more, [[1]]), (moved, [[-n - low]])], high=0)
    program.rows([everyone], low=1)

    number = np.zeros(program.width)  # how many give way
    change = np.zeros(program.width)  # then by how much, then the first of the rules
    for index in model.amount:
        number[model.broken[index]] = 1
        change[model.amount[index]] = n
        change[model.broken[index]] = index / len(pool.rules)
    number[moved] = 1
    change[fewer] = change[more] = n
    change[moved] = 1
    everything = slice(0, program.width)
    answer = program.solve(-number, seconds=math.inf)
    if answer.values is None:  # more must be held than the pool could ever give
        return ()
    least = round(float(number @ answer.values))
    program.rows([(everything, number[None, :])], high=least)

    found: list[tuple[Change, ...]] = []
    while len(found) < MOST_ALTERNATIVES:
        answer = program.solve(-change, seconds=math.inf)
        if answer.values is None:
            break
        values = answer.values
        broken = [index for index in model.amount if values[model.broken[index]][0] > 0.5]
        changes = [_change(pool, i, round(float(values[model.amount[i]][0]))) for i in broken]
        if values[moved][0] > 0.5:
            size = round(float(values[model.x].sum()))
            changes.append(Change(PLACES, low if size < low else high, size))
        if not changes:
            break
        found.append(tuple(changes))
        taken = np.zeros(program.width)
        for index in broken:
            taken[model.broken[index]] = 1
        taken[moved] = values[moved][0] > 0.5
        program.rows([(everything, taken[None, :])], high=taken.sum() - 1)
    return tuple(found)


def _change(pool: Pool, index: int, amount: int) -> Change:
    rule = pool.rules[index]
    if pool.low[index]:
        before = int(pool.low[index])
        return Change(rule.id, before, before - amount)
    before = int(pool.high[index])
    return Change(rule.id, before, before + amount)
