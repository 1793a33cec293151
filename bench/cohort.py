"""Composing a cohort: proofs, proposals against HiGHS and CP-SAT, LEXIMIN against a peer."""

from __future__ import annotations

import json
import statistics
import subprocess
import time
import venv
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.cohort_instances import call
from fabriques.engines.cohort import Problem, assess, lottery, propose, read, whys
from fabriques.engines.cohort.exact import Model
from fabriques.engines.cohort.proving import STEPS
from fabriques.engines.cohort.searching import search

HERE = Path(__file__).resolve().parent
HOME = HERE.parent / ".bench" / "cohort"
REQUIREMENTS = HERE / "cohort-requirements.txt"
LINEAR = ("coverage", "opinions")
PEER_SECONDS = 60
#: Seconds after which a peer that does not come back is stopped.
PATIENCE = 240
Judge = Callable[..., None]


def best_of(times: int, action: Callable[[], Any]) -> float:
    """Milliseconds of processor time of the quickest of several runs, warm.

    Everything here runs in one thread: on a machine left alone it is the time on the clock.
    """
    taken = []
    action()
    for _ in range(times):
        started = time.process_time()
        action()
        taken.append((time.process_time() - started) * 1000)
    return min(taken)


def run(judge: Judge) -> None:
    """Print and judge every figure of the cohort engine."""
    print("Cohort: 500 volunteers, 8 places, 20 rules", flush=True)
    _without_dispersion(judge)
    _by_hand(judge)
    _shortlists(judge)
    _ten(judge)
    _leximin(judge)
    _with_dispersion(judge)


def _without_dispersion(judge: Judge) -> None:
    times = []
    for seed in range(1, 10):
        data = call(500, seed=seed, levels=LINEAR)
        assert propose(read(data)).optimal
        times.append(best_of(5, partial(_proposed, data)))
    print(f"  nine calls, coverage then opinions, ms: {[round(t) for t in times]}")
    judge(
        "proven optimum without dispersion, median of nine calls (ms)",
        statistics.median(times),
        100,
    )


def _proposed(data: dict[str, Any]) -> None:
    propose(read(data))


def _by_hand(judge: Judge) -> None:
    problem = read(call(500))
    members = propose(problem, seconds=0).proposals[0].members
    judge("assessment of a cohort (ms)", best_of(5, lambda: assess(problem, members)), 20)
    judge("reasons for all 500 (ms)", best_of(3, lambda: whys(problem, members)), 100)


def _with_dispersion(judge: Judge) -> None:
    for seed in (1,):
        data = call(500, seed=seed)
        found: list[Any] = []

        def once(data: Any = data, found: list[Any] = found) -> None:
            pool = read(data).pool
            found.append((pool, *search(pool, 8, steps=STEPS)))

        taken = best_of(5, once)
        pool, score, _ = found[-1]
        value = score[1 + pool.levels.index("dispersion")]
        judge(f"call {seed}: proposal with 124 750 pairs (ms)", taken, 200)
        path = HOME / f"call-{seed}.npz"
        _export(pool.problem, score, path)
        for name in ("cpsat", "highs"):
            other = _peer(name, str(path), str(PEER_SECONDS))
            reached = f"{other['value'] or 'nothing'}, bound {other['bound']:.0f}"
            print(f"  {name} in {other['seconds']:.0f} s: {reached}", flush=True)
            judge(
                f"call {seed}: dispersion, ours / {name} in {PEER_SECONDS} s",
                value / other["value"] if other["value"] else float("inf"),
                1,
                at_least=True,
            )
        started = time.perf_counter()
        proposal = propose(pool.problem, seconds=PEER_SECONDS).proposals[0]
        print(
            f"  ours {value}; with a proof of {time.perf_counter() - started:.0f} s:"
            f" {proposal.objective['dispersion']}, optimal {proposal.optimal},"
            f" gap {proposal.gap:.2%}",
            flush=True,
        )


def _export(problem: Problem, score: tuple[int, ...], path: Path) -> None:
    """The rules, with wishes and coverage at what we reached, and the matrix of distances."""
    pool = problem.pool
    model = Model(pool, (score[1], score[1]))
    for index, level in enumerate(pool.levels):
        if level == "dispersion":
            break
        if model.level(level).any():
            model.keep(level, score[1 + index])
    program = model.program
    data, rows, columns = (np.concatenate(part) for part in zip(*program.blocks, strict=True))
    low, high, whole = (np.concatenate(p) for p in zip(*program.variable_bounds, strict=True))
    row_low, row_high = (np.concatenate(p) for p in zip(*program.row_bounds, strict=True))
    np.savez(
        path,
        data=data,
        rows=rows,
        columns=columns,
        shape=(program.height, program.width),
        low=low,
        high=high,
        whole=whole,
        row_low=row_low,
        row_high=row_high,
        distance=pool.distance,
    )


def _shortlists(judge: Judge) -> None:
    for seed in (1, 2, 3):
        started = time.perf_counter()
        proposal = propose(read(call(120, seed=seed)), seconds=30).proposals[0]
        print(f"  shortlist {seed}: optimal {proposal.optimal}, gap {proposal.gap:.2%}")
        judge(f"shortlist {seed} of 120, proof (s)", time.perf_counter() - started, 15)
        judge(f"shortlist {seed} of 120, gap (%)", proposal.gap * 100, 0)


def _ten(judge: Judge) -> None:
    for name, levels in (("linear", LINEAR), ("with dispersion", (*LINEAR[:1], "dispersion"))):
        started = time.perf_counter()
        result = propose(read(call(500, levels=levels, k=10)), seconds=7)
        taken = time.perf_counter() - started
        gap = max(proposal.gap for proposal in result.proposals)
        print(f"  ten best, {name}: optimal {result.optimal}, largest gap {gap:.2%}")
        judge(f"ten best that differ, {name} (s)", taken, 10)


def _leximin(judge: Judge) -> None:
    pairs = [("female", "liberal")] * 99 + [("female", "conservative")]
    pairs += [("male", "conservative")] * 100
    data = {
        "candidates": [
            {"id": f"p{index:03}", "gender": gender, "leaning": leaning}
            for index, (gender, leaning) in enumerate(pairs)
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
            for category, value in (
                ("gender", "female"),
                ("gender", "male"),
                ("leaning", "liberal"),
                ("leaning", "conservative"),
            )
            for kind, n in (("at_least", 9), ("at_most", 20))
        ],
    }
    ours = best_of(9, lambda: lottery(read(data)))
    other = _peer("sortition", "2")
    theirs = statistics.median(other["seconds"]) * 1000
    made = lottery(read(data))
    assert made is not None
    print(
        f"  LEXIMIN, 200 people, 20 places: {ours:.1f} ms, least chance"
        f" {min(made.probabilities.values()):.9f}; peer {theirs:.0f} ms, {other['least']:.9f}"
    )
    judge("LEXIMIN, peer's time / ours", theirs / ours, 100, at_least=True)


def _peer(*arguments: str) -> dict[str, Any]:
    python = HOME / "bin" / "python"
    if not (HOME / "installed").exists():
        venv.create(HOME, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", REQUIREMENTS], check=True)
        (HOME / "installed").touch()
    try:
        done = subprocess.run(
            [python, HERE / "cohort_peers.py", *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:  # its own limit is not always read before the first node
        return {"value": None, "bound": float("inf"), "seconds": PATIENCE}
    return dict(json.loads(done.stdout.splitlines()[-1]))
