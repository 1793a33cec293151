"""Why one is in, another out, and what a lock costs."""

from __future__ import annotations

from typing import Any

import pytest
from bench.cohort_instances import call
from hypothesis import assume, given, settings

from fabriques.engines.cohort import InputError, explain, locks, propose, read, whys
from tests.engines import naive
from tests.engines.calls import calls


def best_of(data: dict[str, Any], cohorts: list[naive.Ids]) -> naive.Ids | None:
    return min(cohorts, key=lambda ids: naive.order(data, ids), default=None)


def difference(data: dict[str, Any], before: naive.Ids, after: naive.Ids) -> dict[str, float]:
    old, new = naive.levels(data, before), naive.levels(data, after)
    return {level: new[level] - old[level] for level in old}


@given(calls(most=7))
@settings(max_examples=15, deadline=None)
def test_an_explanation_compares_with_the_best_on_the_other_side(data: dict[str, Any]) -> None:
    every = naive.admissible(data)
    best = best_of(data, every)
    assume(best)
    assert best is not None
    problem = read(data)
    for name in sorted(c["id"] for c in data["candidates"]):
        why = explain(problem, best, name)
        other = best_of(data, [ids for ids in every if (name in ids) != (name in best)])
        assert why.exact
        assert why.member == (name in best)
        if other is None:
            assert (dict(why.change), why.comes, why.goes) == ({}, (), ())
            if not why.member:
                forced = {"id": "", "type": "must", "candidate": name}
                barred = [r for r in data["rules"] if r["id"] in why.barred_by] + [forced]
                places = (
                    data["places"] if "places" in why.barred_by else [0, len(data["candidates"])]
                )
                assert not naive.admissible(data | {"rules": barred, "places": places})
            continue
        assert dict(why.change) == difference(data, best, other)
        assert set(why.comes) == set(other) - set(best)
        assert set(why.goes) == set(best) - set(other)


@given(calls(most=7))
@settings(max_examples=30, deadline=None)
def test_one_exchange_is_the_best_exchange(data: dict[str, Any]) -> None:
    best = best_of(data, naive.admissible(data))
    assume(best)
    assert best is not None
    for name, why in whys(read(data), best).items():
        around = [
            tuple(sorted({*best, into} - {out}))
            for out in best
            for into in (c["id"] for c in data["candidates"])
            if into not in best and name in (into, out)
        ]
        other = best_of(data, [ids for ids in around if not naive.broken(data, ids)])
        assert not why.exact
        assert dict(why.change) == (difference(data, best, other) if other else {})
        if name in best:
            left = tuple(sorted(set(best) - {name}))
            assert set(why.barred_by) == set(naive.broken(data, left))
            members = [c for c in data["candidates"] if c["id"] in left]
            mine = next(c for c in data["candidates"] if c["id"] == name)
            for category, value in why.only:
                assert value in naive.values_of(mine, category)
                assert not any(value in naive.values_of(c, category) for c in members)
        elif other is None and around:
            broken = [set(naive.broken(data, ids)) for ids in around]
            always = set.intersection(*broken)
            assert set(why.barred_by) == always or (not always and set(why.barred_by) in broken)


def test_a_lock_says_what_it_costs() -> None:
    data = {
        "candidates": [
            {"id": "a", "kind": "CC", "opinion": 5},
            {"id": "b", "kind": "CA", "opinion": 1},
            {"id": "c", "kind": "CC", "opinion": 0.5},
        ],
        "places": [2, 2],
        "objective": ["coverage", "opinions"],
        "rules": [
            {"id": "with c", "type": "must", "candidate": "c"},
            {"id": "not b", "type": "must_not", "candidate": "b"},
        ],
    }
    found = {lock.rule: lock for lock in locks(read(data))}
    assert found["with c"].change == {
        "places": -0,
        "broken": 0,
        "shortfall": 0,
        "coverage": 0,
        "opinions": 0,
    }  # a and c remain once b is out: the lock on c costs nothing
    assert found["not b"].change["coverage"] == -1
    assert found["not b"].change["opinions"] == 5.5 - 1.5
    assert found["not b"].exact


def test_a_lock_that_leaves_no_cohort_is_decisive() -> None:
    data = {
        "candidates": [{"id": "a", "sea": True}, {"id": "b"}, {"id": "c"}],
        "places": [2, 2],
        "rules": [
            {"id": "sea", "type": "at_least", "category": "sea", "value": True, "count": 1},
            {"id": "not a", "type": "must_not", "candidate": "a"},
        ],
    }
    (lock,) = locks(read(data))
    assert (lock.rule, lock.decisive, lock.change) == ("not a", True, {})


def test_every_volunteer_of_a_large_call_has_a_reason() -> None:
    data = call(300, levels=("coverage", "opinions"))
    result = propose(read(data))
    members = set(result.proposals[0].members)
    assert set(result.why) == {c["id"] for c in data["candidates"]}
    assert {name for name, why in result.why.items() if why.member} == members
    for why in result.why.values():
        assert why.change or why.barred_by
        assert list(why.change.values()) <= [0] * 5 or why.change["broken"] >= 0
    forbidden = next(r["candidate"] for r in data["rules"] if r["type"] == "must_not")
    assert result.why[forbidden].barred_by == ("r15",)


def test_a_stranger_has_no_explanation() -> None:
    problem = read({"candidates": [{"id": "a"}, {"id": "b"}], "places": [1, 1]})
    with pytest.raises(InputError) as caught:
        explain(problem, ["a"], "z")
    assert caught.value.where == "id"
