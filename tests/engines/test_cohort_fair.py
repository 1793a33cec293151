"""A draw with fair chances, and a draw that anyone can do again."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from bench.cohort_instances import call
from hypothesis import assume, given, settings
from scipy.optimize import linprog

from fabriques.engines.cohort import Lottery, Profile, draw, lottery, read
from tests.engines import naive
from tests.engines.calls import calls

# `example_small_20` of Flanigan, Gölz, Gupta, Hennig, Procaccia, "Fair algorithms for selecting
# citizens' assemblies", Nature 596 (2021), supplementary material: 200 people, two quotas. The
# exact LEXIMIN minimum that they publish is 10.0 %, that is k/n: everyone has exactly that.
SMALL_20 = {("female", "liberal"): 99, ("female", "conservative"): 1, ("male", "conservative"): 100}


def small_20() -> dict[str, Any]:
    people = [pair for pair, number in SMALL_20.items() for _ in range(number)]
    return {
        "candidates": [
            {"id": f"p{index:03}", "gender": gender, "leaning": leaning}
            for index, (gender, leaning) in enumerate(people)
        ],
        "places": [20, 20],
        "rules": [
            {
                "id": f"{kind} {value}",
                "type": kind,
                "category": category,
                "value": value,
                "count": n,
            }
            for category, values in (
                ("gender", ("female", "male")),
                ("leaning", ("liberal", "conservative")),
            )
            for value in values
            for kind, n in (("at_least", 9), ("at_most", 20))
        ],
    }


def fair(data: dict[str, Any]) -> Lottery:
    made = lottery(read(data))
    assert made is not None
    return made


def cohorts_drawn_from(data: dict[str, Any]) -> list[naive.Ids]:
    """Those that meet the hard rules and fill as many places as these allow."""
    every = naive.admissible(data)
    most = max(map(len, every), default=0)
    return [ids for ids in every if len(ids) == most]


def chances_by_brute_force(names: list[str], every: list[naive.Ids]) -> dict[str, float]:
    """LEXIMIN over every cohort, one person settled at a time.

    Another route than the engine's: no groups, no duals. A person is settled when the most that
    they can have, while everyone not settled keeps the least, is the least.
    """
    holds = np.array([[name in ids for ids in every] for name in names], float)
    settled: dict[int, float] = {}

    def most(objective: np.ndarray, floor: dict[int, float]) -> float:
        """The largest objective over lotteries, a last variable, z, being everyone else's least."""
        rows = [np.r_[-holds[i], 0.0] for i in floor]
        limits = [-value + 1e-9 for value in floor.values()]
        rows += [np.r_[-holds[i], 1.0] for i in range(len(names)) if i not in floor]
        limits += [0.0] * (len(names) - len(floor))
        found = linprog(
            -objective,
            A_ub=np.array(rows),
            b_ub=limits,
            A_eq=[[1.0] * len(every) + [0.0]],
            b_eq=[1.0],
            bounds=[(0, None)] * (len(every) + 1),
        )
        assert found.status == 0
        return float(-found.fun)

    while len(settled) < len(names):
        least = most(np.r_[np.zeros(len(every)), 1.0], settled)
        free = [i for i in range(len(names)) if i not in settled]
        floors = settled | dict.fromkeys(free, least)
        tight = [i for i in free if most(np.r_[holds[i], 0.0], floors) < least + 1e-6]
        settled |= dict.fromkeys(tight, least)
    return {names[i]: chance for i, chance in settled.items()}


def test_the_published_instance_gives_everyone_one_chance_in_ten() -> None:
    made = fair(small_20())
    assert len(made.probabilities) == 200
    assert set(made.probabilities.values()) == {0.1}
    assert sorted(map(len, made.groups)) == [1, 99, 100]


def test_unequal_chances_are_the_fairest() -> None:
    """One of three from the coast, one of two from the mountain, nobody else can be the third."""
    data = {
        "candidates": [
            {"id": name, "where": where, "kind": kind}
            for name, where, kind in (
                ("a", "coast", "CC"),
                ("b", "coast", "CC"),
                ("c", "coast", "CA"),
                ("d", "mountain", "CC"),
                ("e", "mountain", "CA"),
                ("f", "plain", "CC"),
            )
        ],
        "places": [3, 3],
        "rules": [
            {"id": "1", "type": "at_most", "category": "where", "value": "coast", "count": 1},
            {"id": "2", "type": "at_least", "category": "kind", "value": "CA", "count": 1},
            {"id": "3", "type": "at_most", "category": "where", "value": "mountain", "count": 1},
        ],
    }
    # One of the coast, one of the mountain, and f: c and e must be 1 together.
    assert fair(data).probabilities == pytest.approx(
        {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3, "d": 1 / 3, "e": 2 / 3, "f": 1.0}
    )


@given(calls(most=8, hard=True, rules=3))
@settings(max_examples=40, deadline=None)
def test_chances_are_those_of_leximin(data: dict[str, Any]) -> None:
    every = cohorts_drawn_from(data)
    made = lottery(read(data))
    assert (made is None) == (not every)
    assume(made)
    assert made is not None
    names = sorted(c["id"] for c in data["candidates"])
    assert made.probabilities == pytest.approx(chances_by_brute_force(names, every), abs=1e-6)
    check(data, made, every)


@given(calls(most=7, rules=3))
@settings(max_examples=25, deadline=None)
def test_a_draw_may_keep_the_best_coverage(data: dict[str, Any]) -> None:
    every = naive.admissible(data)
    assume(every)
    data["objective"] = {"levels": ["coverage"]}
    best = min(naive.order(data, ids)[:4] for ids in every)
    every = [ids for ids in every if naive.order(data, ids)[:4] == best]
    made = fair(data | {"draw": {"seed": "1", "keep": "coverage"}})
    names = sorted(c["id"] for c in data["candidates"])
    assert made.probabilities == pytest.approx(chances_by_brute_force(names, every), abs=1e-6)
    check(data, made, every)


def check(data: dict[str, Any], made: Lottery, every: list[naive.Ids]) -> None:
    """The published list is coherent, and whatever is drawn from it is a cohort of `every`."""
    assert sum(profile.tickets for profile in made.profiles) == made.total
    assert sorted(name for names in made.groups for name in names) == sorted(made.probabilities)
    for seed in ("a", "b", "c"):
        assert draw(made, seed) in every


def test_chances_follow_from_the_list_of_tickets() -> None:
    """Exactly: what each ticket gives to each member of each group, added up."""
    data = call(60, seed=2, levels=("coverage",))
    made = fair(data)
    for names, column in zip(
        made.groups, zip(*(p.counts for p in made.profiles), strict=True), strict=True
    ):
        taken = sum(
            Fraction(profile.tickets * count, made.total * len(names))
            for profile, count in zip(made.profiles, column, strict=True)
        )
        assert {made.probabilities[name] for name in names} == {float(taken)}
    assert sum(made.probabilities.values()) == pytest.approx(8)
    for seed in range(5):
        assert naive.broken(data, draw(made, str(seed))) == []


def test_many_groups_by_column_generation_are_as_fair_as_all_profiles_at_once() -> None:
    """Sixteen volunteers whom no two rules see alike: every cohort listed, or asked for."""
    data = call(16, seed=5, places=(5, 5))
    data["rules"] = [
        {"id": "a", "type": "at_most_each", "category": "region", "count": 1},
        {"id": "b", "type": "at_least_values", "category": "density", "count": 3},
        {"id": "c", "type": "at_most_each", "category": "programmes", "count": 3},
        {"id": "d", "type": "at_most_each", "category": "axis", "count": 2},
    ]
    every = naive.admissible(data)
    assert len(every) > 20
    names = sorted(c["id"] for c in data["candidates"])
    expected = chances_by_brute_force(names, every)
    assert fair(data).probabilities == pytest.approx(expected, abs=1e-6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fabriques.engines.cohort.profiles.ENUMERABLE", 0)
        assert fair(data).probabilities == pytest.approx(expected, abs=1e-6)


def test_anyone_can_draw_again() -> None:
    """The published procedure, written again from the documentation."""
    made = fair(small_20())
    groups = made.groups
    profiles = [{"tickets": p.tickets, "counts": p.counts} for p in made.profiles]
    for seed in ("2027-03-01", "été", ""):

        def number(text: str) -> int:
            return int(hashlib.sha256(text.encode("utf-8")).hexdigest(), 16)

        ticket = number(seed + ":ticket") % made.total
        for profile in profiles:
            if ticket < profile["tickets"]:
                break
            ticket -= profile["tickets"]
        members: list[str] = []
        for names, count in zip(groups, profile["counts"], strict=True):
            members += sorted(names, key=lambda name: number(seed + ":" + name))[:count]
        assert draw(made, seed) == tuple(sorted(members))
        assert draw(fair(small_20()), seed) == tuple(sorted(members))


def test_the_draw_of_a_known_seed_never_changes() -> None:
    """Held by its value: a draw that was published must come out the same in any year."""
    profiles = (Profile(1, (2, 0)), Profile(1, (1, 1)))
    made = Lottery((("a", "b", "c"), ("d",)), profiles, probabilities={}, total=2)
    drawn = [draw(made, seed) for seed in ("2027", "2028", "2029")]
    assert drawn == [("c", "d"), ("a", "d"), ("a", "c")]


def test_no_cohort_no_lottery() -> None:
    data = {
        "candidates": [{"id": "a"}, {"id": "b"}],
        "places": [2, 2],
        "rules": [{"id": "1", "type": "must_not", "candidate": "a"}],
    }
    assert lottery(read(data)) is None
