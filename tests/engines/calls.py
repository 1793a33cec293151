"""Small made-up calls for property tests: every kind of category and of rule."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

REGIONS = ("Bretagne", "Corse", "Normandie", "Mayotte")
PROGRAMMES = ("acv", "pvd", "ti")
CATEGORIES = ("region", "programmes", "first", "population")


@st.composite
def candidates(draw: st.DrawFn, least: int, most: int) -> list[dict[str, Any]]:
    names = draw(
        st.lists(st.sampled_from("abcdefghijkl"), min_size=least, max_size=most, unique=True)
    )
    numbers = st.integers(0, 4)
    return [
        {
            "id": name,
            "region": draw(st.sampled_from((*REGIONS, None))),
            "programmes": draw(st.lists(st.sampled_from(PROGRAMMES), unique=True)),
            "first": draw(st.booleans()),
            "population": draw(st.none() | numbers.map(lambda n: n * 100)),
            "position": draw(st.none() | st.tuples(numbers, numbers).map(list)),
            "opinion": draw(numbers) - 1,
        }
        for name in names
    ]


@st.composite
def rule(draw: st.DrawFn, ids: list[str], most: int, *, hard: bool | None) -> dict[str, Any]:
    kind = draw(
        st.sampled_from(
            (
                "at_least",
                "at_most",
                "at_most_each",
                "at_least_values",
                "must",
                "must_not",
                "not_together",
            )
        )
    )
    made: dict[str, Any] = {"type": kind}
    made["hard"] = draw(st.booleans()) if hard is None else hard
    if not made["hard"]:
        made["weight"] = draw(st.sampled_from((1, 2, 0.5)))
    if kind in ("must", "must_not"):
        return made | {"candidate": draw(st.sampled_from(ids))}
    if kind == "not_together":
        pair = st.lists(st.sampled_from(ids), min_size=2, max_size=2, unique=True)
        return made | {"pairs": draw(st.lists(pair, max_size=3))}
    made["count"] = draw(st.integers(0, most))
    if kind in ("at_most_each", "at_least_values"):
        return made | {"category": draw(st.sampled_from(("region", "programmes", "first")))}
    category = made["category"] = draw(st.sampled_from(CATEGORIES))
    if category == "population":
        low = draw(st.integers(0, 4)) * 100
        return made | {"min": low, "max": draw(st.none() | st.just(low + 200))}
    if category == "first":
        return made | {"value": draw(st.booleans())}
    known = REGIONS if category == "region" else PROGRAMMES
    return made | {
        "values": draw(st.lists(st.sampled_from(known), min_size=1, max_size=2, unique=True))
    }


@st.composite
def calls(
    draw: st.DrawFn, *, least: int = 3, most: int = 8, rules: int = 4, hard: bool | None = None
) -> dict[str, Any]:
    pool = draw(candidates(least, most))
    low = draw(st.integers(1, 3))
    high = low + draw(st.integers(0, 2))
    ids = sorted(c["id"] for c in pool)
    made = [
        draw(rule(ids, high, hard=hard)) | {"id": f"r{number}"}
        for number in range(draw(st.integers(0, rules)))
    ]
    stated = draw(st.permutations(("coverage", "dispersion", "opinions")))
    return {
        "candidates": pool,
        "places": [low, high],
        "rules": made,
        "objective": {"levels": list(stated)[: draw(st.integers(1, 3))]},
        "seed": draw(st.sampled_from(("", "2027"))),
    }
