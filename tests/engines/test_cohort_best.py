"""The best cohort is the best of all, in the published order."""

from __future__ import annotations

import random
from typing import Any

import pytest
from bench.cohort_instances import call
from hypothesis import given, settings
from hypothesis import strategies as st

from fabriques.engines.cohort import InputError, assess, propose, read
from tests.engines import naive
from tests.engines.calls import calls


@given(calls())
@settings(max_examples=50, deadline=None)
def test_the_proposal_is_the_best_cohort_of_all(data: dict[str, Any]) -> None:
    every = naive.admissible(data)
    result = propose(read(data))
    if not every:
        assert result.proposals == ()
        return
    best = min(every, key=lambda ids: naive.order(data, ids))
    assert result.optimal
    assert result.proposals[0].members == best
    assert result.proposals[0].objective == naive.levels(data, best)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("levels", [("coverage", "opinions"), ("coverage", "dispersion")])
def test_twenty_volunteers_and_rules_of_a_real_call(seed: int, levels: tuple[str, ...]) -> None:
    data = call(20, seed=seed, places=(3, 4), levels=levels)
    lower = {"r1": 3, "r3": 3, "r7": 1}  # rules made for eight places
    data["rules"] = [
        rule | ({"count": lower[rule["id"]]} if rule["id"] in lower else {})
        for rule in data["rules"]
        if rule["id"] != "r17"
    ]
    every = naive.admissible(data)
    proposals = propose(read(data)).proposals
    assert [p.members for p in proposals] == sorted(every, key=lambda i: naive.order(data, i))[:1]


@given(calls(most=7), st.integers(2, 5), st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_the_k_best_are_the_k_best_that_differ(
    data: dict[str, Any], k: int, different: int
) -> None:
    data |= {"k": k, "different": min(different, data["places"][1])}
    expected: list[tuple[str, ...]] = []
    for ids in sorted(naive.admissible(data), key=lambda ids: naive.order(data, ids)):
        if all(len(set(other) - set(ids)) >= data["different"] for other in expected):
            expected.append(ids)
    assert [p.members for p in propose(read(data)).proposals] == expected[:k]


@given(calls(), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_in_which_candidates_come_changes_nothing(
    data: dict[str, Any], dice: random.Random
) -> None:
    shuffled = data | {"candidates": dice.sample(data["candidates"], len(data["candidates"]))}
    assert propose(read(shuffled)) == propose(read(data))


def test_alike_in_everything_the_first_ids_win() -> None:
    """Sums of the tie-break are made equal by taking the same candidates' integers."""
    twins: dict[int, list[str]] = {}
    for number in range(2000):
        name = f"c{number}"
        twins.setdefault(naive.order({"candidates": [], "rules": []}, (name,))[-2], []).append(name)
    pairs = [names for names in twins.values() if len(names) > 1]
    assert pairs
    for one, other in pairs[:5]:
        data = {
            "candidates": [{"id": other, "region": "x"}, {"id": one, "region": "x"}],
            "places": [1, 1],
            "rules": [],
        }
        assert propose(read(data)).proposals[0].members == (min(one, other),)


def test_without_time_for_proofs_the_cohort_is_admissible_and_the_gap_is_said() -> None:
    data = call(150, seed=3)
    quick = propose(read(data), seconds=0).proposals[0]
    assert naive.broken(data, quick.members) == []
    assert not quick.optimal
    assert quick.proven[:3] == ("places", "broken", "shortfall")
    value = quick.objective[
        ("places", "broken", "shortfall", *data["objective"]["levels"])[len(quick.proven)]
    ]
    assert quick.bound is not None
    assert quick.bound >= value
    assert quick.gap == pytest.approx((quick.bound - value) / quick.bound)


def test_weights_of_the_objective_count() -> None:
    data = {
        "candidates": [
            {"id": "a", "kind": "CC", "axis": "x"},
            {"id": "b", "kind": "CC", "axis": "y"},
            {"id": "c", "kind": "CA", "axis": "x"},
        ],
        "places": [2, 2],
        "rules": [{"id": "m", "type": "must", "candidate": "a"}],
    }
    for heavy, expected in (("axis", ("a", "b")), ("kind", ("a", "c"))):
        objective = {"levels": ["coverage"], "coverage": {"axis": 1, "kind": 1} | {heavy: 2.5}}
        proposal = propose(read(data | {"objective": objective})).proposals[0]
        assert proposal.members == expected
        assert proposal.objective["coverage"] == 1 + 2 * 2.5
        assert proposal.coverage[heavy] == tuple(sorted(proposal.coverage[heavy]))


@given(calls(), st.data())
@settings(max_examples=40, deadline=None)
def test_an_assessment_says_what_counting_by_hand_says(
    data: dict[str, Any], choice: st.DataObject
) -> None:
    ids = sorted(c["id"] for c in data["candidates"])
    chosen = choice.draw(st.lists(st.sampled_from(ids), unique=True))
    members = [c for c in data["candidates"] if c["id"] in chosen]
    seen = assess(read(data), chosen)
    assert seen.members == tuple(sorted(chosen))
    assert dict(seen.levels) == naive.levels(data, tuple(chosen))
    assert seen.admissible == (not naive.broken(data, tuple(chosen)))
    assert [(r.id, r.found, r.amount, r.met) for r in seen.rules] == [
        (r["id"], naive.found(data, r, members), by := naive.amount(data, r, members), not by)
        for r in data["rules"]
    ]
    for category, counts in seen.counts.items():
        for value, number in counts.items():
            assert number == sum(value in naive.values_of(c, category) for c in members)
    assert seen.unknown["region"] == sum(c["region"] is None for c in members)


def test_a_cohort_with_a_stranger_or_twice_the_same_is_refused() -> None:
    problem = read({"candidates": [{"id": "a"}, {"id": "b"}], "places": [1, 2]})
    for members in (["a", "z"], ["a", "a"]):
        with pytest.raises(InputError) as caught:
            assess(problem, members)
        assert caught.value.where == "members[1]"
