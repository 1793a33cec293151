"""From a draft to what the engine is asked; the engine itself knows no territory and no French.

Volunteers are named by their number, which is public and never changes: anybody can check a draw.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from fabriques.engines import cohort
from fabriques.intake.enums import Lock, RuleKind
from fabriques.intake.models import Rule
from fabriques.intake.queries.pool import Entry, Pool

#: Prefixes of the identifiers of rules: of the rule of that number, of a lock on that volunteer.
RULE, IN, OUT = "rule-", "in-", "out-"
#: How the engine names the number of places.
PLACES = cohort.PLACES

_TYPES = {
    RuleKind.AT_LEAST: "at_least",
    RuleKind.AT_MOST: "at_most",
    RuleKind.AT_MOST_EACH: "at_most_each",
    RuleKind.AT_LEAST_VALUES: "at_least_values",
}


def asked(
    pool: Pool,
    rules: Sequence[Rule],
    locks: Mapping[int, str],
    places: tuple[int, int],
    levels: Sequence[str],
    *,
    k: int = 1,
) -> dict[str, Any]:
    """The question, as `cohort.read` takes it. `locks`: {number of a volunteer: `Lock`}.

    Rules about a criterion that nobody in the pool is known by any more are left out: see
    `is_askable`.
    """
    kept = [rule for rule in rules if is_askable(rule, pool)]
    balanced = [criterion.key for criterion in pool.criteria if criterion.balanced]
    placed = any(entry.longitude is not None for entry in pool.volunteers)
    return {
        "candidates": _candidates(pool, kept),
        "places": list(places),
        "rules": [_rule(rule, pool) for rule in kept] + _locks(pool, locks),
        "objective": {
            "levels": list(levels),
            "coverage": dict.fromkeys(balanced, 1),
            "distance": dict.fromkeys([*balanced, *(["position"] if placed else [])], 1),
        },
        "k": k,
    }


def asked_for_draw(
    pool: Pool,
    rules: Sequence[Rule],
    locks: Mapping[int, str],
    places: tuple[int, int],
    keep: str,
) -> dict[str, Any]:
    """The question of a fair draw: only what it rests on, so that nothing else makes it void.

    `keep` of "": all the cohorts that meet the hard rules; "coverage": the best of them by wishes
    and coverage.
    """
    kept = [rule for rule in rules if is_askable(rule, pool) and (rule.hard or keep)]
    balanced = [criterion.key for criterion in pool.criteria if criterion.balanced and keep]
    used = {rule.category for rule in kept} | set(balanced)
    used |= {"id", *(f"{RULE}{rule.pk}" for rule in kept)}
    return {
        "candidates": [
            {name: value for name, value in whole.items() if name in used}
            for whole in _candidates(pool, kept)
        ],
        "places": list(places),
        "rules": [_rule(rule, pool) for rule in kept] + _locks(pool, locks),
        "objective": {
            "levels": ["coverage"] if keep else [],
            "coverage": dict.fromkeys(balanced, 1),
            "distance": {},
        },
        "draw": {"seed": "", "keep": keep},
    }


def digest_of(value: object) -> str:
    """SHA-256 of a JSON value, written with sorted keys and without spaces."""
    return hashlib.sha256(_text(value).encode()).hexdigest()


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def is_askable(rule: Rule, pool: Pool) -> bool:
    """Whether the pool knows the criterion of the rule, where it has one."""
    return not rule.category or rule.category in pool.by_key


def names(entries: Iterable[Entry]) -> list[str]:
    """The identifiers of these volunteers in the engine."""
    return [str(entry.number) for entry in entries]


def entries(pool: Pool, ids: Iterable[str]) -> list[Entry]:
    """The volunteers that the engine names, those who left since left out, by number."""
    known = pool.by_number
    numbers = sorted(int(name) for name in ids)
    return [known[number] for number in numbers if number in known]


def read(question: Mapping[str, Any]) -> cohort.Problem:
    """The question as the engine holds it. The same one, asked again, is not read again: distances
    between five hundred volunteers take longer than all the rest of a page."""
    return _read(_text(question))


@lru_cache(maxsize=8)
def _read(text: str) -> cohort.Problem:
    return cohort.read(json.loads(text))


@lru_cache(maxsize=4)
def _lottery(text: str) -> cohort.Lottery | None:
    return cohort.lottery(_read(text))


def lottery(question: Mapping[str, Any]) -> cohort.Lottery | None:
    """The fairest lottery of this question; None when no cohort meets its rules."""
    return _lottery(_text(question))


def _candidates(pool: Pool, rules: Sequence[Rule]) -> list[dict[str, Any]]:
    recent = {
        f"{RULE}{rule.pk}": pool.recent(rule.count or 0)
        for rule in rules
        if rule.kind == RuleKind.NOT_RECENT
    }
    criteria = [criterion.key for criterion in pool.criteria if criterion.ruled]
    return [_candidate(entry, criteria, recent) for entry in pool.volunteers]


def _candidate(
    entry: Entry, criteria: Sequence[str], recent: Mapping[str, frozenset[int]]
) -> dict[str, Any]:
    found: dict[str, Any] = {"id": str(entry.number), "opinion": entry.opinion}
    for key in criteria:
        found[key] = list(entry.values.get(key, ())) or None
    if entry.longitude is not None and entry.latitude is not None:
        found["position"] = [entry.longitude, entry.latitude]
    for name, numbers in recent.items():
        found[name] = entry.number in numbers
    return found


def _rule(rule: Rule, pool: Pool) -> dict[str, Any]:
    name = f"{RULE}{rule.pk}"
    found: dict[str, Any] = {"id": name, "hard": rule.hard, "weight": rule.weight}
    match RuleKind(rule.kind):
        case RuleKind.NOT_NEIGHBOURS:
            return found | {"type": "not_together", "pairs": _pairs(pool.neighbours)}
        case RuleKind.NOT_NESTED:
            return found | {"type": "not_together", "pairs": _pairs(pool.nested)}
        case RuleKind.NOT_RECENT:
            return found | {"type": "at_most", "category": name, "value": "true", "count": 0}
        case kind:
            found |= {"type": _TYPES[kind], "category": rule.category, "count": rule.count or 0}
            if kind in (RuleKind.AT_LEAST, RuleKind.AT_MOST):
                found["values"] = list(rule.values)
            return found


def _pairs(pairs: Iterable[tuple[Entry, Entry]]) -> list[list[str]]:
    return [names(pair) for pair in pairs]


def _locks(pool: Pool, locks: Mapping[int, str]) -> list[dict[str, Any]]:
    """Locks on volunteers who left the pool hold nothing."""
    return [
        {"id": f"{IN}{number}", "type": "must", "candidate": str(number)}
        if lock == Lock.IN
        else {"id": f"{OUT}{number}", "type": "must_not", "candidate": str(number)}
        for number, lock in sorted(locks.items())
        if lock and number in pool.by_number
    ]
