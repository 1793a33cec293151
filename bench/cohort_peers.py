"""What other software makes of the same calls; runs in the environment of the peers.

    python cohort_peers.py highs MODEL.npz SECONDS       # scipy's HiGHS, one product for each pair
    python cohort_peers.py cpsat MODEL.npz SECONDS       # CP-SAT of OR-Tools, the same model
    python cohort_peers.py sortition ROUNDS              # LEXIMIN of sortition-algorithms

One JSON object on standard output. Each solver has a process to itself.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def highs(path: str, seconds: float) -> dict[str, Any]:
    import numpy as np
    from scipy import sparse
    from scipy.optimize import Bounds, LinearConstraint, milp

    model = np.load(path)
    distance = model["distance"]
    one, other = np.triu_indices(len(distance), 1)
    pairs, width = len(one), len(model["low"])
    rows = sparse.csr_array((model["data"], (model["rows"], model["columns"])), model["shape"])
    each = np.arange(pairs)
    ones = np.ones(pairs)
    products = sparse.vstack(  # product <= x of each of the two
        [
            sparse.hstack(
                [
                    sparse.csr_array((-ones, (each, end)), (pairs, width)),
                    sparse.eye_array(pairs),
                ]
            )
            for end in (one, other)
        ]
    )
    matrix = sparse.vstack(
        [sparse.hstack([rows, sparse.csr_array((rows.shape[0], pairs))]), products]
    )
    started = time.monotonic()
    found = milp(
        -np.concatenate([np.zeros(width), distance[one, other]]),
        integrality=np.concatenate([model["whole"], np.zeros(pairs)]),
        bounds=Bounds(
            np.concatenate([model["low"], 0 * ones]), np.concatenate([model["high"], ones])
        ),
        constraints=LinearConstraint(
            matrix.tocsc(),
            np.concatenate([model["row_low"], np.full(2 * pairs, -np.inf)]),
            np.concatenate([model["row_high"], np.zeros(2 * pairs)]),
        ),
        options={"time_limit": seconds},
    )
    return {
        "value": None if found.x is None else round(-found.fun),
        "bound": None if found.mip_dual_bound is None else -found.mip_dual_bound,
        "seconds": time.monotonic() - started,
    }


def cpsat(path: str, seconds: float) -> dict[str, Any]:
    import numpy as np
    from ortools.sat.python import cp_model

    loaded = np.load(path)
    distance = loaded["distance"].astype(int)
    model = cp_model.CpModel()
    variables = [
        model.new_int_var(int(low), int(high), "")
        for low, high in zip(loaded["low"], loaded["high"], strict=True)
    ]
    by_row: dict[int, list[Any]] = {}
    for value, row, column in zip(loaded["data"], loaded["rows"], loaded["columns"], strict=True):
        by_row.setdefault(int(row), []).append(int(value) * variables[column])
    for row, terms in by_row.items():
        low, high = loaded["row_low"][row], loaded["row_high"][row]
        if np.isfinite(low):
            model.add(sum(terms) >= int(np.ceil(low)))
        if np.isfinite(high):
            model.add(sum(terms) <= int(np.floor(high)))
    terms = []
    for one in range(len(distance)):
        for other in range(one + 1, len(distance)):
            if distance[one, other]:
                product = model.new_bool_var("")
                model.add_implication(product, variables[one])
                model.add_implication(product, variables[other])
                terms.append(int(distance[one, other]) * product)
    model.maximize(sum(terms))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 2
    started = time.monotonic()
    status = solver.solve(model)
    some = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return {
        "value": round(solver.objective_value) if some else None,
        "bound": solver.best_objective_bound,
        "seconds": time.monotonic() - started,
    }


def sortition(rounds: int) -> dict[str, Any]:
    """`example_small_20` of Flanigan et al., Nature 2021: 200 people, 20 places, two quotas."""
    from sortition_algorithms import CSVStringDataSource, SelectionData, Settings
    from sortition_algorithms.core import find_distribution_leximin

    pairs = [("female", "liberal")] * 99 + [("female", "conservative")]
    pairs += [("male", "conservative")] * 100
    quotas = "feature,value,min,max\n" + "".join(
        f"{feature},{value},9,20\n"
        for feature, value in (
            ("gender", "female"),
            ("gender", "male"),
            ("leaning", "liberal"),
            ("leaning", "conservative"),
        )
    )
    people_data = "id,gender,leaning\n" + "".join(
        f"p{index:03},{gender},{leaning}\n" for index, (gender, leaning) in enumerate(pairs)
    )
    data = SelectionData(CSVStringDataSource(quotas, people_data))
    features, _ = data.load_features(20)
    people, _ = data.load_people(Settings(id_column="id", columns_to_keep=[]), features)
    times, chances = [], {}
    for _ in range(rounds + 1):  # the first warms it
        started = time.perf_counter()
        cohorts, weights, _ = find_distribution_leximin(features, people, 20, [])
        times.append(time.perf_counter() - started)
    for cohort, weight in zip(cohorts, weights, strict=True):
        for person in cohort:
            chances[person] = chances.get(person, 0.0) + weight
    return {"seconds": times[1:], "least": min(chances.values())}


if __name__ == "__main__":
    name, *rest = sys.argv[1:]
    stdout, sys.stdout = sys.stdout, sys.stderr  # solvers talk
    if name == "sortition":
        result = sortition(int(rest[0]))
    else:
        result = {"highs": highs, "cpsat": cpsat}[name](rest[0], float(rest[1]))
    print(json.dumps(result), file=stdout)
