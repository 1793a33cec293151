"""The composition of a cohort again, from the JSON, in plain Python and by trying everything."""

from __future__ import annotations

import hashlib
import itertools
import math
from typing import Any

Data = dict[str, Any]
Ids = tuple[str, ...]
LEVELS = ["coverage", "dispersion", "opinions"]


def values_of(candidate: Data, category: str) -> set[str]:
    raw = candidate.get(category)
    if raw is None or raw == "":
        return set()
    listed = raw if isinstance(raw, list) else [raw]
    return {str(item).lower() if isinstance(item, bool) else item for item in listed}


def is_number(data: Data, category: str) -> bool:
    raws = [c.get(category) for c in data["candidates"]]
    return any(isinstance(raw, int | float) and not isinstance(raw, bool) for raw in raws)


def categories(data: Data) -> list[str]:
    names = {name for c in data["candidates"] for name in c}
    return sorted(names - {"id", "position", "opinion"})


def found(data: Data, rule: Data, members: list[Data]) -> int:
    kind, category = rule["type"], rule.get("category", "")
    ids = {c["id"] for c in members}
    if kind in ("must", "must_not"):
        return int(rule["candidate"] in ids)
    if kind == "not_together":
        return sum(pair <= ids for pair in {frozenset(pair) for pair in rule["pairs"]})
    if "min" in rule or "max" in rule:
        low = -math.inf if rule.get("min") is None else rule["min"]
        high = math.inf if rule.get("max") is None else rule["max"]
        numbers = [c[category] for c in members if c.get(category) is not None]
        return sum(low <= number <= high for number in numbers)
    if kind in ("at_least", "at_most"):
        wanted = values_of({"x": rule["value"] if "value" in rule else rule["values"]}, "x")
        return sum(bool(values_of(c, category) & wanted) for c in members)
    held = [value for c in members for value in values_of(c, category)]
    if kind == "at_least_values":
        return len(set(held))
    return max((held.count(value) for value in set(held)), default=0)


def amount(data: Data, rule: Data, members: list[Data]) -> int:
    """By how much the count of the rule must change to be met."""
    number = found(data, rule, members)
    if rule["type"] == "must":
        return 1 - number
    if rule["type"] in ("must_not", "not_together"):
        return number
    if rule["type"] in ("at_least", "at_least_values"):
        return max(0, rule["count"] - number)
    return max(0, number - rule["count"])


def distance(data: Data, one: Data, other: Data) -> float:
    """0 to 1000 for each category, weighted."""
    every = data["candidates"]
    names = categories(data)
    if any(c.get("position") for c in every):
        names = [*names, "position"]
    weights = (data.get("objective") or {}).get("distance") or dict.fromkeys(names, 1)
    total = 0.0
    for name, weight in weights.items():
        if name == "position":
            total += weight * _by_position(one.get("position"), other.get("position"))
        elif is_number(data, name):
            known = [c[name] for c in every if c.get(name) is not None]
            width = (max(known) - min(known)) or 1
            step = [
                10 if c.get(name) is None else round((c[name] - min(known)) / width * 20)
                for c in (one, other)
            ]
            total += weight * 50 * abs(step[0] - step[1])
        else:
            sets = [values_of(c, name) for c in every]
            most = max(len(a ^ b) for a in sets for b in sets)
            if most:
                unlike = len(values_of(one, name) ^ values_of(other, name))
                total += weight * (1000 // most) * unlike
    return total


def _by_position(one: list[float] | None, other: list[float] | None) -> int:
    if one is None or other is None:
        return 0 if one is other else 500
    (a, b), (c, d) = (map(math.radians, pair) for pair in (one, other))
    chord = math.sin((b - d) / 2) ** 2 + math.cos(b) * math.cos(d) * math.sin((a - c) / 2) ** 2
    km = 2 * 6371 * math.asin(math.sqrt(chord))
    return round(1000 * km / (km + 500))


def levels(data: Data, ids: Ids) -> dict[str, float]:
    members = [c for c in data["candidates"] if c["id"] in ids]
    wished = [rule for rule in data["rules"] if not rule.get("hard", True)]
    amounts = [(rule.get("weight", 1), amount(data, rule, members)) for rule in wished]
    names = [name for name in categories(data) if not is_number(data, name)]
    weights = (data.get("objective") or {}).get("coverage") or dict.fromkeys(names, 1)
    value = {
        "places": len(members),
        "broken": sum(weight for weight, by in amounts if by),
        "shortfall": sum(weight * by for weight, by in amounts),
        "coverage": sum(
            weight * len(set().union(*(values_of(c, name) for c in members), set()))
            for name, weight in weights.items()
        ),
        "dispersion": sum(distance(data, a, b) for a, b in itertools.combinations(members, 2)),
        "opinions": sum(c.get("opinion") or 0 for c in members),
    }
    stated = (data.get("objective") or {}).get("levels", LEVELS)
    return {name: value[name] for name in ["places", "broken", "shortfall", *stated]}


def broken(data: Data, ids: Ids) -> list[str]:
    """Hard rules that a cohort does not meet, "places" among them."""
    members = [c for c in data["candidates"] if c["id"] in ids]
    low, high = data["places"]
    return [
        rule["id"]
        for rule in data["rules"]
        if rule.get("hard", True) and amount(data, rule, members)
    ] + ([] if low <= len(members) <= high else ["places"])


def order(data: Data, ids: Ids) -> tuple[Any, ...]:
    """The published order: the best cohort is the least."""
    value = levels(data, ids)
    seed = data.get("seed", "")
    sums = sum(int(hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()[:4], 16) for name in ids)
    signs = [
        number if name in ("broken", "shortfall") else -number for name, number in value.items()
    ]
    return (*signs, sums, tuple(sorted(ids)))


def cohorts(data: Data, sizes: range | None = None) -> list[Ids]:
    """Every set of candidates of these sizes; by default those that the places allow."""
    ids = sorted(c["id"] for c in data["candidates"])
    low, high = data["places"]
    return [
        chosen
        for size in (sizes or range(low, high + 1))
        for chosen in itertools.combinations(ids, size)
    ]


def admissible(data: Data) -> list[Ids]:
    return [ids for ids in cohorts(data) if not broken(data, ids)]
