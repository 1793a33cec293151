"""Made-up calls for volunteers, as a national call would gather them; the same for one seed."""

from __future__ import annotations

import random
from typing import Any

#: Region, share of the volunteers, centre (longitude, latitude), half-width in degrees.
REGIONS = (
    ("Auvergne-Rhône-Alpes", 11, 4.5, 45.5, 1.6),
    ("Bourgogne-Franche-Comté", 7, 4.9, 47.2, 1.4),
    ("Bretagne", 7, -2.8, 48.2, 1.4),
    ("Centre-Val de Loire", 6, 1.7, 47.5, 1.2),
    ("Corse", 1, 9.1, 42.2, 0.4),
    ("Grand Est", 9, 5.6, 48.7, 1.7),
    ("Hauts-de-France", 8, 2.8, 50.0, 1.0),
    ("Île-de-France", 7, 2.5, 48.7, 0.5),
    ("Normandie", 7, 0.1, 49.1, 1.2),
    ("Nouvelle-Aquitaine", 10, 0.3, 45.2, 1.7),
    ("Occitanie", 10, 2.1, 43.7, 1.6),
    ("Pays de la Loire", 6, -0.8, 47.5, 1.0),
    ("Provence-Alpes-Côte d’Azur", 6, 6.0, 43.9, 0.9),
    ("Guadeloupe", 1, -61.5, 16.2, 0.2),
    ("Martinique", 1, -61.0, 14.6, 0.2),
    ("Guyane", 1, -52.9, 4.6, 0.8),
    ("La Réunion", 1, 55.5, -21.1, 0.2),
    ("Mayotte", 1, 45.1, -12.8, 0.1),
)
OVERSEAS = {"Guadeloupe", "Martinique", "Guyane", "La Réunion", "Mayotte"}
KINDS = (("commune", 30), ("CC", 45), ("CA", 18), ("CU", 3), ("métropole", 4))
GRIDS = {  # the seven levels of the grid of densities, by kind
    "commune": ("4", "5", "6", "6", "7"),
    "CC": ("4", "5", "6", "6", "7"),
    "CA": ("2", "3", "4", "5"),
    "CU": ("1", "2"),
    "métropole": ("1", "1", "2"),
}
PROGRAMMES = (
    ("Petites villes de demain", 0.35),
    ("Action cœur de ville", 0.2),
    ("Territoires d’industrie", 0.25),
    ("Villages d’avenir", 0.3),
    ("France services", 0.6),
    ("Politique de la ville", 0.2),
    ("Contrat de réussite", 0.15),
)


def call(
    size: int,
    *,
    seed: int = 1,
    places: tuple[int, int] = (6, 8),
    levels: tuple[str, ...] = ("coverage", "dispersion", "opinions"),
    k: int = 1,
) -> dict[str, Any]:
    """A call with `size` volunteers and 20 rules (fewer when there are few volunteers)."""
    dice = random.Random(seed)
    candidates = [_volunteer(f"t{number:04d}", dice) for number in range(size)]
    overseas = sum(c["overseas"] for c in candidates)
    return {
        "candidates": candidates,
        "places": list(places),
        "rules": _rules(candidates, overseas, dice),
        "objective": {"levels": list(levels)},
        "k": k,
    }


def _volunteer(name: str, dice: random.Random) -> dict[str, Any]:
    region, _, longitude, latitude, half = dice.choices(REGIONS, [r[1] for r in REGIONS])[0]
    kind = dice.choices([k[0] for k in KINDS], [k[1] for k in KINDS])[0]
    grid = dice.choice(GRIDS[kind])
    return {
        "id": name,
        "region": region,
        "kind": kind,
        "density": grid,
        "overseas": region in OVERSEAS,
        "programmes": [p for p, share in PROGRAMMES if dice.random() < share],
        "first": dice.random() < 0.7,
        "axis": dice.choice(("climat", "vieillissement", "mobilités", "commerce", "logement")),
        "population": round(10 ** dice.gauss(5.5 - int(grid) * 0.25, 0.3)),
        "position": [
            round(longitude + dice.uniform(-half, half), 3),
            round(latitude + dice.uniform(-half, half) * 0.7, 3),
        ],
        "opinion": dice.choice((0, 0, 1, 1, 2, 3)),
    }


def _rules(
    candidates: list[dict[str, Any]], overseas: int, dice: random.Random
) -> list[dict[str, Any]]:
    ids = [c["id"] for c in candidates]
    picked = dice.sample(ids, min(len(ids), 26))
    pairs = [[picked[i], picked[i + 1]] for i in range(0, len(picked) - 3, 2)]
    rules: list[dict[str, Any]] = [
        {"type": "at_most_each", "category": "region", "count": 1},
        {"type": "at_least_values", "category": "kind", "count": 4},
        {"type": "at_most_each", "category": "kind", "count": 3},
        {"type": "at_least_values", "category": "density", "count": 4},
        {"type": "at_most_each", "category": "axis", "count": 3},
        {"type": "at_least", "category": "first", "value": True, "count": 3},
        {"type": "at_most", "category": "first", "value": True, "count": 6},
        {"type": "at_least", "category": "density", "values": ["6", "7"], "count": 2},
        {"type": "at_most", "category": "density", "values": ["1", "2"], "count": 3},
        {"type": "at_least", "category": "programmes", "value": "Villages d’avenir", "count": 1},
        {"type": "at_least", "category": "programmes", "value": "Action cœur de ville", "count": 2},
        {"type": "at_most", "category": "programmes", "value": "France services", "count": 5},
        {"type": "at_least", "category": "population", "max": 15000, "count": 2},
        {"type": "at_most", "category": "population", "min": 200000, "count": 2},
        {"type": "not_together", "pairs": pairs},
        {"type": "must_not", "candidate": picked[-1]},
        {"type": "must", "candidate": picked[-2]},
        {"type": "at_least_values", "category": "axis", "count": 5, "hard": False, "weight": 2},
        {"type": "at_least", "category": "kind", "value": "métropole", "count": 1, "hard": False},
    ]
    if overseas:
        rules.append({"type": "at_least", "category": "overseas", "value": True, "count": 1})
    for number, rule in enumerate(rules):
        rule["id"] = f"r{number}"
    return rules
