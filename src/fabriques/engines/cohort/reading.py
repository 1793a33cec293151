"""From JSON to a `Problem`, or one French sentence and the place it is about."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, get_args

from fabriques.engines.cohort.types import (
    PLACES,
    STATED_LEVELS,
    UNIT,
    Candidate,
    Draw,
    InputError,
    Problem,
    Rule,
    RuleType,
)

#: More would not fit the matrix of distances (n² integers) nor the time of a page.
MOST_CANDIDATES = 2000
MOST_PROPOSALS = 50
#: Largest weight, opinion or number: thousandths of it still add up exactly.
LARGEST = 1_000_000
_OWN = ("id", "position", "opinion")
_FIELDS = {
    "at_least": {"category", "value", "values", "min", "max", "count"},
    "at_most": {"category", "value", "values", "min", "max", "count"},
    "at_most_each": {"category", "count"},
    "at_least_values": {"category", "count"},
    "must": {"candidate"},
    "must_not": {"candidate"},
    "not_together": {"pairs"},
}


def read(data: object) -> Problem:
    """Read a call, as `fabriques engine cohort` takes it.

    Raises `InputError` at the first thing that cannot be understood.
    """
    top = _object(data, "")
    _known(
        top,
        {"candidates", "places", "rules", "objective", "k", "different", "seed", "draw"},
        "",
    )
    places = _places(top.get("places"))
    kinds, candidates = _candidates(top.get("candidates"))
    levels, coverage, distance = _objective(top.get("objective"), kinds, candidates)
    return Problem(
        candidates=candidates,
        places=places,
        rules=_rules(
            [] if top.get("rules") is None else top["rules"],
            kinds,
            {c.id for c in candidates},
            places[1],
        ),
        levels=levels,
        coverage=coverage,
        distance=distance,
        k=_integer(top.get("k", 1), "k", low=1, high=MOST_PROPOSALS),
        different=_integer(
            top.get("different", min(2, places[1])), "different", low=1, high=places[1]
        ),
        seed=_seed(top.get("seed", ""), "seed"),
        draw=_draw(top.get("draw")),
        categories=dict(sorted(kinds.items())),
    )


# ---------------------------------------------------------------- candidates


def _candidates(data: object) -> tuple[dict[str, str], tuple[Candidate, ...]]:
    """The candidates, and each category with its kind: "values", "number", "" (all unknown)."""
    items = _list(data, "candidates")
    if not items:
        raise InputError("Il n’y a aucun candidat.", "candidates")
    if len(items) > MOST_CANDIDATES:
        raise InputError(f"Il y a plus de {MOST_CANDIDATES} candidats.", "candidates")
    kinds: dict[str, str] = {}
    seen: dict[str, int] = {}
    found = []
    for index, item in enumerate(items):
        where = f"candidates[{index}]"
        entry = _object(item, where)
        name = _text(entry.get("id"), f"{where}.id")
        if name in seen:
            raise InputError(
                f"L’identifiant « {name} » est déjà celui de candidates[{seen[name]}].",
                f"{where}.id",
            )
        seen[name] = index
        found.append(_candidate(name, entry, where, kinds))
    return kinds, tuple(found)


def _candidate(name: str, entry: dict[str, Any], where: str, kinds: dict[str, str]) -> Candidate:
    values: dict[str, frozenset[str]] = {}
    numbers: dict[str, float] = {}
    for category, raw in entry.items():
        if category in _OWN:
            continue
        at = f"{where}.{category}"
        kind = ""
        if raw is None or raw == "":
            kinds.setdefault(category, "")
            continue
        if isinstance(raw, bool | str | list):
            kind = "values"
            values[category] = (
                frozenset(_value(item, f"{at}[{number}]") for number, item in enumerate(raw))
                if isinstance(raw, list)
                else frozenset({_value(raw, at)})
            )
        else:
            kind = "number"
            numbers[category] = _number(raw, at)
        if kinds.setdefault(category, kind) not in ("", kind):
            raise InputError(
                f"La catégorie « {category} » est ici "
                f"{'un nombre' if kind == 'number' else 'un texte'}, ailleurs non.",
                at,
            )
        kinds[category] = kind
    return Candidate(
        id=name,
        values=values,
        numbers=numbers,
        position=_position(entry.get("position"), f"{where}.position"),
        opinion=_thousandths(
            0 if entry.get("opinion") is None else entry["opinion"], f"{where}.opinion"
        ),
    )


def _position(data: object, where: str) -> tuple[float, float] | None:
    if data is None:
        return None
    pair = _list(data, where)
    if len(pair) != 2:
        raise InputError("Une position est [longitude, latitude].", where)
    longitude, latitude = (_number(item, f"{where}[{i}]") for i, item in enumerate(pair))
    if abs(longitude) > 180 or abs(latitude) > 90:
        raise InputError("Longitude de -180 à 180, latitude de -90 à 90.", where)
    return longitude, latitude


# ---------------------------------------------------------------- rules


def _rules(data: object, kinds: Mapping[str, str], ids: set[str], most: int) -> tuple[Rule, ...]:
    seen: set[str] = set()
    rules = []
    for index, item in enumerate(_list(data, "rules")):
        where = f"rules[{index}]"
        entry = _object(item, where)
        name = _text(entry.get("id"), f"{where}.id")
        if name in seen or name == PLACES:
            raise InputError(f"L’identifiant « {name} » est déjà pris.", f"{where}.id")
        seen.add(name)
        rules.append(_rule(name, entry, where, kinds, ids, most))
    return tuple(rules)


def _rule(
    name: str,
    entry: dict[str, Any],
    where: str,
    kinds: Mapping[str, str],
    ids: set[str],
    most: int,
) -> Rule:
    kind: RuleType | None = entry.get("type")
    if not isinstance(kind, str) or kind not in get_args(RuleType):
        raise InputError(f"Ce type de règle n’existe pas : {_shown(kind)}.", f"{where}.type")
    _known(entry, {"id", "type", "hard", "weight"} | _FIELDS[kind], where)
    hard = entry.get("hard", True)
    if not isinstance(hard, bool):
        raise InputError("Il faut vrai ou faux.", f"{where}.hard")
    weight = _thousandths(entry.get("weight", 1), f"{where}.weight")
    if weight <= 0:
        raise InputError("Le poids d’une règle est plus grand que zéro.", f"{where}.weight")
    rule = Rule(id=name, type=kind, hard=hard, weight=weight)
    if kind in ("must", "must_not"):
        candidate = _one_of(entry.get("candidate"), ids, f"{where}.candidate")
        return replace(rule, candidate=candidate)
    if kind == "not_together":
        return replace(rule, pairs=_pairs(entry.get("pairs"), ids, f"{where}.pairs"))
    category = entry.get("category")
    if not isinstance(category, str) or category not in kinds:
        raise InputError(
            f"Aucun candidat n’a de catégorie {_shown(category)}.", f"{where}.category"
        )
    at_least = kind in ("at_least", "at_least_values")
    count = _integer(entry.get("count"), f"{where}.count", low=0)
    if at_least and count > most:
        raise InputError(
            f"La règle en demande {count}, il y a {most} place{'s' if most > 1 else ''} au plus.",
            f"{where}.count",
        )
    rule = replace(rule, category=category, count=count)
    if kind in ("at_most_each", "at_least_values"):
        if kinds[category] == "number":
            raise InputError(
                f"« {category} » est un nombre : cette règle veut des valeurs.",
                f"{where}.category",
            )
        return rule
    return replace(rule, **_concerned(entry, category, kinds[category], where))


def _concerned(entry: dict[str, Any], category: str, kind: str, where: str) -> dict[str, Any]:
    """Which members an `at_least` or an `at_most` counts: values, or an interval."""
    interval = entry.get("min") is not None or entry.get("max") is not None
    valued = entry.get("value") is not None or entry.get("values") is not None
    if interval and valued:
        raise InputError("Des valeurs ou un intervalle, pas les deux.", where)
    if kind == "number" or (interval and not kind):
        if not interval:
            raise InputError(f"« {category} » est un nombre : il faut min ou max.", where)
        low, high = (
            None if entry.get(side) is None else _number(entry[side], f"{where}.{side}")
            for side in ("min", "max")
        )
        if low is not None and high is not None and low > high:
            raise InputError("Le minimum dépasse le maximum.", f"{where}.min")
        return {"low": low, "high": high}
    if interval:
        raise InputError(f"« {category} » n’est pas un nombre : il faut value ou values.", where)
    if entry.get("value") is not None and entry.get("values") is not None:
        raise InputError("« value » ou « values », pas les deux.", f"{where}.values")
    if entry.get("value") is not None:
        return {"values": frozenset({_value(entry["value"], f"{where}.value")})}
    items = _list(entry.get("values"), f"{where}.values")
    if not items:
        raise InputError("Il faut au moins une valeur.", f"{where}.values")
    return {"values": frozenset(_value(v, f"{where}.values[{i}]") for i, v in enumerate(items))}


def _pairs(data: object, ids: set[str], where: str) -> tuple[tuple[str, str], ...]:
    pairs = set()
    for index, item in enumerate(_list(data, where)):
        at = f"{where}[{index}]"
        pair = _list(item, at)
        if len(pair) != 2:
            raise InputError("Il faut deux candidats.", at)
        one, other = (_one_of(name, ids, f"{at}[{i}]") for i, name in enumerate(pair))
        if one == other:
            raise InputError("C’est deux fois le même candidat.", at)
        pairs.add((min(one, other), max(one, other)))
    return tuple(sorted(pairs))


# ---------------------------------------------------------------- objective, places, draw


def _objective(
    data: object, kinds: Mapping[str, str], candidates: Iterable[Candidate]
) -> tuple[tuple[str, ...], dict[str, int], dict[str, int]]:
    if data is None or isinstance(data, list):
        data = {} if data is None else {"levels": data}
    entry = _object(data, "objective")
    _known(entry, {"levels", "coverage", "distance"}, "objective")
    levels = _list(entry.get("levels", list(STATED_LEVELS)), "objective.levels")
    for index, level in enumerate(levels):
        if level not in STATED_LEVELS or level in levels[:index]:
            raise InputError(
                f"Un niveau est l’un de {', '.join(STATED_LEVELS)}, une seule fois.",
                f"objective.levels[{index}]",
            )
    valued = {name for name, kind in kinds.items() if kind != "number"}
    positions = {"position"} if any(c.position is not None for c in candidates) else set()
    return (
        tuple(levels),
        _weights(entry.get("coverage"), valued, "objective.coverage"),
        _weights(entry.get("distance"), set(kinds) | positions, "objective.distance"),
    )


def _weights(data: object, names: set[str], where: str) -> dict[str, int]:
    if data is None:
        return dict.fromkeys(sorted(names), UNIT)
    weights = {}
    for name, raw in sorted(_object(data, where).items()):
        if name not in names:
            raise InputError("Aucun candidat n’a cette catégorie.", f"{where}.{name}")
        weights[name] = _thousandths(raw, f"{where}.{name}")
        if weights[name] < 0:
            raise InputError("Un poids n’est pas négatif.", f"{where}.{name}")
    return {name: weight for name, weight in weights.items() if weight}


def _places(data: object) -> tuple[int, int]:
    pair = _list(data, "places")
    if len(pair) != 2:
        raise InputError("Les places sont [minimum, maximum].", "places")
    low = _integer(pair[0], "places[0]", low=1)
    high = _integer(pair[1], "places[1]", low=1, high=MOST_CANDIDATES)
    if low > high:
        raise InputError("Le minimum dépasse le maximum.", "places")
    return low, high


def _draw(data: object) -> Draw | None:
    if data is None:
        return None
    entry = _object(data, "draw")
    _known(entry, {"seed", "keep"}, "draw")
    if "seed" not in entry:
        raise InputError("Un tirage a une graine.", "draw.seed")
    keep = entry.get("keep") or ""
    if keep not in ("", "coverage"):
        raise InputError("On ne peut garder que « coverage ».", "draw.keep")
    seed = _seed(entry["seed"], "draw.seed")
    return Draw(seed, keep="coverage") if keep else Draw(seed)


# ---------------------------------------------------------------- small readers


def _known(entry: dict[str, Any], names: set[str], where: str) -> None:
    for name in entry:
        if name not in names:
            raise InputError("Ce champ n’existe pas.", f"{where}.{name}" if where else name)


def _object(data: object, where: str) -> dict[str, Any]:
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise InputError("Il faut un objet {…}.", where)
    return data


def _list(data: object, where: str) -> list[Any]:
    if not isinstance(data, list | tuple):
        raise InputError("Il faut une liste […].", where)
    return list(data)


def _text(data: object, where: str) -> str:
    if not isinstance(data, str) or not data or not data.isprintable():
        raise InputError("Il faut un texte.", where)
    return data


def _value(data: object, where: str) -> str:
    if isinstance(data, bool):
        return "true" if data else "false"
    return _text(data, where)


def _one_of(data: object, ids: set[str], where: str) -> str:
    if not isinstance(data, str) or data not in ids:
        raise InputError(f"Aucun candidat n’a l’identifiant {_shown(data)}.", where)
    return data


def _integer(data: object, where: str, *, low: int, high: int | None = None) -> int:
    if isinstance(data, float) and data.is_integer() and abs(data) <= LARGEST:
        data = int(data)
    if not isinstance(data, int) or isinstance(data, bool) or abs(data) > LARGEST:
        raise InputError("Il faut un nombre entier.", where)
    if data < low:
        raise InputError(f"Il faut au moins {low}.", where)
    if high is not None and data > high:
        raise InputError(f"Il faut au plus {high}.", where)
    return data


def _number(data: object, where: str) -> float:
    if isinstance(data, bool) or not isinstance(data, int | float):
        raise InputError("Il faut un nombre.", where)
    if isinstance(data, int) and abs(data) > 10**15:
        raise InputError("Ce nombre est trop grand.", where)
    if not math.isfinite(data):
        raise InputError("Ce nombre n’en est pas un.", where)
    if abs(data) > 1e15:
        raise InputError("Ce nombre est trop grand.", where)
    return float(data)


def _thousandths(data: object, where: str) -> int:
    number = _number(data, where)
    if abs(number) > LARGEST:
        raise InputError("Ce nombre est trop grand.", where)
    return round(number * UNIT)


def _seed(data: object, where: str) -> str:
    if isinstance(data, bool) or not isinstance(data, str | int):
        raise InputError("Une graine est un texte ou un nombre entier.", where)
    if not str(data).isprintable():  # half a surrogate pair has no bytes to hash
        raise InputError("Une graine s’écrit sur une ligne.", where)
    return str(data)


def _shown(data: object) -> str:
    return f"« {data} »" if isinstance(data, str) else "(ce n’est pas un texte)"
