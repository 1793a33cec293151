"""When rules contradict: which, and what to loosen."""

from __future__ import annotations

import itertools
from typing import Any

from bench.cohort_instances import call
from hypothesis import assume, given, settings

from fabriques.engines.cohort import PLACES, propose, read
from tests.engines import naive
from tests.engines.calls import calls


def sets_of_broken(data: dict[str, Any]) -> set[frozenset[str]]:
    """What each possible cohort breaks, the empty one left out of places only by places."""
    every = naive.cohorts(data, range(len(data["candidates"]) + 1))
    return {frozenset(naive.broken(data, ids)) for ids in every}


@given(calls(rules=6, hard=True, most=7))
@settings(max_examples=40, deadline=None)
def test_a_conflict_is_minimal_and_what_to_loosen_is_least(data: dict[str, Any]) -> None:
    broken = sets_of_broken(data)
    assume(frozenset() not in broken)
    result = propose(read(data))
    assert not result.proposals

    conflict = set(result.conflict)
    assert all(some & conflict for some in broken)  # no cohort meets them all
    for name in conflict:  # without any one of them, one does
        assert any(not some & (conflict - {name}) for some in broken)

    with_members = naive.cohorts(data, range(1, len(data["candidates"]) + 1))
    least = min(len(naive.broken(data, ids)) for ids in with_members)
    assert result.loosen
    for changes in result.loosen:
        assert len(changes) == least
        assert naive_loosened(data, changes)
    assert len({frozenset(c.rule for c in changes) for changes in result.loosen}) == len(
        result.loosen
    )
    totals = [sum(abs(c.after - c.before) for c in changes) for changes in result.loosen]
    assert totals == sorted(totals)
    assert totals[0] == min(
        sum(cost(data, ids, name) for name in naive.broken(data, ids))
        for ids in with_members
        if len(naive.broken(data, ids)) == least
    )


def cost(data: dict[str, Any], ids: tuple[str, ...], name: str) -> int:
    if name == PLACES:
        low, high = data["places"]
        return max(low - len(ids), len(ids) - high)
    rule = next(rule for rule in data["rules"] if rule["id"] == name)
    return naive.amount(data, rule, [c for c in data["candidates"] if c["id"] in ids])


def naive_loosened(data: dict[str, Any], changes: tuple[Any, ...]) -> bool:
    """With the counts that are proposed, is there a cohort?"""
    by_rule = {change.rule: change.after for change in changes}
    low, high = data["places"]
    if PLACES in by_rule:
        low, high = min(low, by_rule[PLACES]), max(high, by_rule[PLACES])
    rules = []
    for rule in data["rules"]:
        if rule["id"] not in by_rule:
            rules.append(rule)
        elif "count" in rule:
            rules.append(rule | {"count": by_rule[rule["id"]]})
    borne = {
        r["id"]: by_rule[r["id"]]
        for r in data["rules"]
        if r["type"] == "not_together" and r["id"] in by_rule
    }
    loosened = data | {"places": [low, high], "rules": rules}
    return any(
        all(
            naive.found(data, r, [c for c in data["candidates"] if c["id"] in ids])
            <= borne[r["id"]]
            for r in data["rules"]
            if r["id"] in borne
        )
        for ids in naive.admissible(loosened)
    )


def test_a_rule_that_the_pool_cannot_meet_is_said_as_such() -> None:
    data = {
        "candidates": [{"id": name, "overseas": name == "a"} for name in "abcdef"],
        "places": [4, 5],
        "rules": [
            {"id": "sea", "type": "at_least", "category": "overseas", "value": True, "count": 3},
            {"id": "a", "type": "must", "candidate": "a"},
        ],
    }
    result = propose(read(data))
    assert result.impossible == ("sea",)
    assert result.conflict == ("sea",)
    assert [[(c.rule, c.before, c.after) for c in changes] for changes in result.loosen] == [
        [("sea", 3, 1)]
    ]


def test_too_few_volunteers_for_the_places() -> None:
    result = propose(read({"candidates": [{"id": "a"}, {"id": "b"}], "places": [4, 8]}))
    assert result.conflict == result.impossible == (PLACES,)
    assert [(c.rule, c.before, c.after) for c in result.loosen[0]] == [(PLACES, 4, 2)]


def test_among_five_hundred_the_three_rules_that_contradict_are_found() -> None:
    data = call(500)
    data["rules"] += [
        {"id": "six", "type": "at_least", "category": "kind", "value": "CC", "count": 5},
        {"id": "big", "type": "at_least", "category": "density", "value": "1", "count": 2},
    ]
    result = propose(read(data))
    assert set(result.conflict) == {"r2", "six"}  # three of a kind at most, five wanted
    for size, names in itertools.product((1,), result.loosen):
        assert len(names) == size
    assert ("six", 5, 3) in [
        (c.rule, c.before, c.after) for changes in result.loosen for c in changes
    ]
