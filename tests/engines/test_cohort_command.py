"""`fabriques engine cohort`: what it answers, and what it says of a bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fabriques.engines.command import run

FABRIQUES = Path(sys.executable).parent / "fabriques"
GOOD: dict[str, Any] = {
    "candidates": [
        {"id": "a", "region": "Bretagne", "programmes": ["acv"], "population": 12000},
        {"id": "b", "region": "Corse", "programmes": [], "population": None, "position": [9, 42]},
        {"id": "c", "region": "Corse", "first": True, "opinion": 2},
    ],
    "places": [1, 2],
    "rules": [
        {"id": "1", "type": "at_most_each", "category": "region", "count": 1},
        {"id": "2", "type": "must", "candidate": "c", "hard": False, "weight": 2},
    ],
    "objective": {"levels": ["coverage", "opinions"], "coverage": {"region": 1}},
    "k": 2,
    "draw": {"seed": "2027"},
}


def engine(data: object) -> tuple[dict[str, Any], int]:
    return run("cohort", json.dumps(data).encode(), tell=lambda message: None)


def test_the_command_answers_on_standard_output() -> None:
    """In a process of its own, without any setting: nothing but JSON on standard output."""
    done = subprocess.run(
        [FABRIQUES, "engine", "cohort"],
        input=json.dumps(GOOD).encode(),
        capture_output=True,
        check=False,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    assert answer["proposals"][0]["members"] == ["a", "c"]
    assert answer["proposals"][0]["objective"]["coverage"] == 2
    assert answer["optimal"] is True
    assert answer["conflict"] == []
    assert set(answer["why"]) == {"a", "b", "c"}
    assert sum(answer["probabilities"].values()) == pytest.approx(2)
    assert set(answer["drawn"]) <= {"a", "b", "c"}
    assert answer["lottery"]["total"] == sum(p["tickets"] for p in answer["lottery"]["profiles"])


def test_the_command_refuses_on_standard_output_with_2() -> None:
    done = subprocess.run(
        [FABRIQUES, "engine", "cohort"],
        input=b"{",
        capture_output=True,
        check=False,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode == 2
    assert json.loads(done.stdout) == {"error": "Ce n’est pas du JSON.", "where": "1:2"}
    assert b"Traceback" not in done.stderr


def test_a_contradiction_is_an_answer_not_an_error() -> None:
    rules = [
        {"id": "in", "type": "must", "candidate": "a"},
        {"id": "out", "type": "must_not", "candidate": "a"},
    ]
    answer, code = engine(GOOD | {"rules": rules})
    assert code == 0
    assert (answer["proposals"], answer["optimal"]) == ([], False)
    assert answer["conflict"] == ["in", "out"]
    assert [[change["rule"] for change in changes] for changes in answer["loosen"]] == [
        ["in"],
        ["out"],
    ]
    assert [lock["decisive"] for lock in answer["locks"]] == [True, True]
    assert (answer["lottery"], answer["drawn"]) == (None, [])


def rule(**fields: Any) -> dict[str, Any]:
    """The good call with one more rule, whose place is rules[2]."""
    return GOOD | {"rules": [*GOOD["rules"], {"id": "3"} | fields]}


def candidate(**fields: Any) -> dict[str, Any]:
    return GOOD | {"candidates": [*GOOD["candidates"], {"id": "d"} | fields]}


NAN, HUGE = float("nan"), 10**400

BAD: list[tuple[object, str]] = [
    ([], ""),
    ("a", ""),
    ({}, "places"),
    (GOOD | {"rule": []}, "rule"),
    (GOOD | {"candidates": []}, "candidates"),
    (GOOD | {"candidates": {"a": 1}}, "candidates"),
    (GOOD | {"candidates": ["a"]}, "candidates[0]"),
    (candidate(id="b"), "candidates[3].id"),
    (candidate(id=4), "candidates[3].id"),
    (candidate(id=""), "candidates[3].id"),
    (candidate(id="\ud800"), "candidates[3].id"),
    (candidate(population="many"), "candidates[3].population"),
    (candidate(population=NAN), "candidates[3].population"),
    (candidate(population=HUGE), "candidates[3].population"),
    (candidate(region=12), "candidates[3].region"),
    (candidate(region={"name": "x"}), "candidates[3].region"),
    (candidate(programmes=["acv", 3]), "candidates[3].programmes[1]"),
    (candidate(opinion="good"), "candidates[3].opinion"),
    (candidate(opinion=float("inf")), "candidates[3].opinion"),
    (candidate(position=[1]), "candidates[3].position"),
    (candidate(position=[1, 91]), "candidates[3].position"),
    (candidate(position=[1, "2"]), "candidates[3].position[1]"),
    (GOOD | {"places": 4}, "places"),
    (GOOD | {"places": [3, 2]}, "places"),
    (GOOD | {"places": [0, 2]}, "places[0]"),
    (GOOD | {"places": [1.5, 2]}, "places[0]"),
    (GOOD | {"places": [True, 2]}, "places[0]"),
    (GOOD | {"rules": "none"}, "rules"),
    (GOOD | {"rules": [1]}, "rules[0]"),
    (rule(id="1", type="must", candidate="a"), "rules[2].id"),
    (rule(id="places", type="must", candidate="a"), "rules[2].id"),
    (rule(type="best"), "rules[2].type"),
    (rule(type=["must"]), "rules[2].type"),
    (rule(type="must", candidate="z"), "rules[2].candidate"),
    (rule(type="must"), "rules[2].candidate"),
    (rule(type="must", candidate="a", count=1), "rules[2].count"),
    (rule(type="must", candidate="a", hard="yes"), "rules[2].hard"),
    (rule(type="must", candidate="a", hard=False, weight=0), "rules[2].weight"),
    (rule(type="must", candidate="a", hard=False, weight=NAN), "rules[2].weight"),
    (rule(type="not_together", pairs=[["a", "z"]]), "rules[2].pairs[0][1]"),
    (rule(type="not_together", pairs=[["a", "a"]]), "rules[2].pairs[0]"),
    (rule(type="not_together", pairs=[["a"]]), "rules[2].pairs[0]"),
    (rule(type="at_least", category="regoin", value="x", count=1), "rules[2].category"),
    (rule(type="at_least", category="region", value="x"), "rules[2].count"),
    (rule(type="at_least", category="region", value="x", count=3), "rules[2].count"),
    (rule(type="at_least", category="region", value="x", count=-1), "rules[2].count"),
    (rule(type="at_least", category="region", value="x", count=NAN), "rules[2].count"),
    (rule(type="at_least_values", category="region", count=3), "rules[2].count"),
    (rule(type="at_least", category="region", count=1), "rules[2].values"),
    (rule(type="at_least", category="region", values=[], count=1), "rules[2].values"),
    (rule(type="at_least", category="region", value="x", values=["y"], count=1), "rules[2].values"),
    (rule(type="at_least", category="region", min=1, count=1), "rules[2]"),
    (rule(type="at_least", category="population", value="x", count=1), "rules[2]"),
    (rule(type="at_least", category="population", min=2, max=1, count=1), "rules[2].min"),
    (rule(type="at_least", category="population", min=NAN, count=1), "rules[2].min"),
    (rule(type="at_most_each", category="population", count=1), "rules[2].category"),
    (GOOD | {"objective": "coverage"}, "objective"),
    (GOOD | {"objective": ["coverage", "beauty"]}, "objective.levels[1]"),
    (GOOD | {"objective": ["coverage", "coverage"]}, "objective.levels[1]"),
    (GOOD | {"objective": {"coverage": {"x": 1}}}, "objective.coverage.x"),
    (GOOD | {"objective": {"coverage": {"region": -1}}}, "objective.coverage.region"),
    (GOOD | {"objective": {"distance": {"region": "1"}}}, "objective.distance.region"),
    (GOOD | {"k": 0}, "k"),
    (GOOD | {"k": "two"}, "k"),
    (GOOD | {"different": 3}, "different"),
    (GOOD | {"seed": ["x"]}, "seed"),
    (GOOD | {"draw": {}}, "draw.seed"),
    (GOOD | {"draw": {"seed": 1.5}}, "draw.seed"),
    (GOOD | {"draw": {"seed": "x", "keep": "all"}}, "draw.keep"),
]


@pytest.mark.parametrize(("data", "where"), BAD, ids=[f"{n}-{w}" for n, (_, w) in enumerate(BAD)])
def test_what_cannot_be_understood_is_refused_with_its_place(data: object, where: str) -> None:
    answer, code = engine(data)
    assert code == 2
    assert answer["where"] == where
    assert set(answer) == {"error", "where"}
    assert answer["error"].endswith(".")


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        (b"", "1:1"),
        (b'{"places": [1, 2],\n "candidates" []}', "2:15"),
        (b"\xff\xfe", "octet 0"),
        (b"[" * 100_000, ""),
        (b'{"places": [' + b"1" * 5000 + b", 2]}", ""),
    ],
)
def test_what_is_not_json_is_refused(raw: bytes, where: str) -> None:
    answer, code = run("cohort", raw, tell=lambda message: None)
    assert (code, answer["where"]) == (2, where)


def test_the_good_call_of_these_tests_is_good() -> None:
    assert engine(GOOD)[1] == 0
