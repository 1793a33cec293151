"""What the engine answers, in one or two French sentences: why, at what cost, what to loosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fabriques.engines.cohort import PLACES
from fabriques.intake.enums import RuleKind
from fabriques.intake.queries.composing import asking, words
from fabriques.intake.queries.composing.answers import Answer
from fabriques.intake.queries.composing.draft import Draft

#: Levels in the order in which they decide. Each with what less and more of it means, for one and
#: for several; `broken` and `shortfall` count what is missing: more is worse.
_LEVELS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "places": (
        ("une place de moins pourvue", "{n} places de moins pourvues"),
        ("une place de plus pourvue", "{n} places de plus pourvues"),
    ),
    "broken": (
        ("davantage de souhaits respectés", "davantage de souhaits respectés"),
        ("un souhait de moins respecté", "des souhaits en moins"),
    ),
    "shortfall": (
        ("des souhaits approchés de plus près", "des souhaits approchés de plus près"),
        ("des souhaits respectés de moins près", "des souhaits respectés de moins près"),
    ),
    "coverage": (
        ("une caractéristique de moins couverte", "{n} caractéristiques de moins couvertes"),
        ("une caractéristique de plus couverte", "{n} caractéristiques de plus couvertes"),
    ),
    "dispersion": (
        ("des territoires moins différents entre eux",) * 2,
        ("des territoires plus différents entre eux",) * 2,
    ),
    "opinions": (
        ("des avis moins favorables",) * 2,
        ("des avis plus favorables",) * 2,
    ),
}


@dataclass(frozen=True)
class Loosening:
    """Rules to loosen together so that a cohort exists: what each becomes, and how to do it."""

    sentences: tuple[str, ...]
    #: (identifier of the rule, value that its count takes) for the button.
    changes: tuple[tuple[str, int], ...]

    @property
    def key(self) -> str:
        return ",".join(f"{rule}={after}" for rule, after in self.changes)


def change_in_words(change: Mapping[str, float], levels: Sequence[str]) -> str:
    """The first thing that changes, in the order in which the levels decide; "" when none does."""
    for name in ("places", "broken", "shortfall", *levels):
        by = change.get(name, 0)
        if by:
            one, many = _LEVELS[name][by > 0]
            count = abs(by)
            return one if count == 1 else many.format(n=f"{count:g}")
    return ""


def why(draft: Draft, told: Mapping[str, Any]) -> list[str]:
    """One or two sentences for one volunteer, from what the engine says of it (`cohort.Why`)."""
    comes = words.both(entry.name for entry in asking.entries(draft.pool, told["comes"]))
    goes = words.both(entry.name for entry in asking.entries(draft.pool, told["goes"]))
    change = change_in_words(told["change"], draft.levels)
    if told["member"]:
        return _why_in(draft, told, comes, change)
    return _why_out(draft, told, goes, change)


def _why_in(draft: Draft, told: Mapping[str, Any], comes: str, change: str) -> list[str]:
    found = []
    rules = [name for name in told["barred_by"] if name != PLACES]
    if rules:
        named = words.both(f"«\u00a0{named_rule(draft, name)}\u00a0»" for name in rules)
        found.append(
            f"Sans ce territoire, {'la règle' if len(rules) == 1 else 'les règles'} {named} "
            f"{'n’est plus tenue' if len(rules) == 1 else 'ne sont plus tenues'}."
        )
    elif only := _only(draft, told["only"]):
        found.append(f"Le seul de la cohorte à apporter\u00a0: {only}.")
    if not told["change"]:
        found.append("Aucune cohorte ne respecte les règles sans lui.")
    elif comes:
        found.append(
            f"Sans lui, {comes} prendrai{'ent' if len(told['comes']) > 1 else 't'} sa place"
            + (
                f"\u00a0: {change}."
                if change
                else ", à égalité\u00a0: le départage publié l’a emporté."
            )
        )
    elif change:
        found.append(f"Sans lui\u00a0: {change}.")
    return found


def _why_out(draft: Draft, told: Mapping[str, Any], goes: str, change: str) -> list[str]:
    barred = [f"«\u00a0{named_rule(draft, name)}\u00a0»" for name in told["barred_by"]]
    if not told["change"]:
        against = f" sans enfreindre {words.both(barred)}" if barred else ""
        if told["exact"]:
            return [f"Aucune cohorte ne peut le comprendre{against}."]
        return [f"Aucun échange d’un seul territoire ne le fait entrer{against}."]
    instead = f"Aurait remplacé {goes}" if goes else "Serait venu en plus"
    if change:
        return [f"{instead}\u00a0: {change}."]
    return [f"{instead}, à égalité\u00a0: le départage publié en a décidé autrement."]


def _only(draft: Draft, pairs: Sequence[Sequence[str]]) -> str:
    """« Région : Bretagne ; Densité : bourgs ruraux », three at most."""
    found = []
    for key, value in pairs:
        criterion = draft.pool.by_key.get(key)
        if criterion and criterion.balanced:
            label = criterion.labels.get(value, value)
            found.append(f"{label} ({criterion.label[:1].lower()}{criterion.label[1:]})")
    more = f" et {len(found) - 3} autres" if len(found) > 4 else ""
    return ", ".join(found[:3] if more else found) + more


def named_rule(draft: Draft, name: str) -> str:
    """The rule of the engine, as on screen: a sentence, a lock, the number of places."""
    if name == PLACES:
        low, high = draft.places
        return f"{high} places" if low == high else f"{low} à {high} places"
    for prefix, what in ((asking.IN, "verrouillé"), (asking.OUT, "écarté")):
        if name.startswith(prefix):
            entry = draft.pool.by_number.get(int(name.removeprefix(prefix)))
            return f"{entry.name} {what}" if entry else "un territoire retiré depuis"
    rule = _rule_of(draft, name)
    return words.sentence(rule, draft.pool) if rule else "une règle retirée depuis"


def _rule_of(draft: Draft, name: str) -> Any:
    return next((rule for rule in draft.rules if f"{asking.RULE}{rule.pk}" == name), None)


def locks(answer: Answer) -> list[str]:
    """What each lock and each exclusion costs."""
    found = []
    for lock in answer.stored["locks"]:
        name = lock["rule"]
        number = int(name.rpartition("-")[2])
        entry = answer.draft.pool.by_number.get(number)
        if entry is None:
            continue
        act = f"Verrouiller {entry.name}" if name.startswith(asking.IN) else f"Écarter {entry.name}"
        cost = change_in_words(lock["change"], answer.draft.levels)
        if lock["decisive"]:
            found.append(f"{act} empêche toute cohorte\u00a0: sans cela, il en existe une.")
        elif cost:
            found.append(f"{act} coûte\u00a0: {cost}.")
        else:
            found.append(f"{act} ne coûte rien.")
    return found


def conflict(answer: Answer) -> list[str]:
    """The requirements that cannot hold together, as on screen; [] when there is a cohort."""
    return [named_rule(answer.draft, name) for name in answer.stored["conflict"]]


def impossible(answer: Answer) -> list[str]:
    """Rules that no cohort of this pool meets, even alone."""
    return [named_rule(answer.draft, name) for name in answer.stored["impossible"]]


def loosenings(answer: Answer) -> list[Loosening]:
    """The smallest sets of rules to loosen, each with its button."""
    return [
        Loosening(
            tuple(_loosened(answer.draft, change) for change in option),
            tuple((change["rule"], change["after"]) for change in option),
        )
        for option in answer.stored["loosen"]
    ]


def _loosened(draft: Draft, change: Mapping[str, Any]) -> str:
    """« Au moins 3 communes » devient « Au moins 2 communes »."""
    name, after = change["rule"], change["after"]
    was = named_rule(draft, name)
    if name == PLACES:
        return f"«\u00a0{was}\u00a0» devient «\u00a0{_places(draft, change)}\u00a0»"
    if name.startswith((asking.IN, asking.OUT)):
        return f"«\u00a0{was}\u00a0»\u00a0: rendre ce territoire libre"
    rule = _rule_of(draft, name)
    if rule is None:
        return was
    if rule.kind in (RuleKind.NOT_NEIGHBOURS, RuleKind.NOT_NESTED, RuleKind.NOT_RECENT):
        return f"«\u00a0{was}\u00a0» devient un souhait"
    becomes = words.sentence(
        words.Asked(rule.kind, rule.category, tuple(rule.values), after), draft.pool
    )
    return f"«\u00a0{was}\u00a0» devient «\u00a0{becomes}\u00a0»"


def _places(draft: Draft, change: Mapping[str, Any]) -> str:
    low, high = loosened_places(draft.places, change["after"])
    return f"{high} places" if low == high else f"{low} à {high} places"


def loosened_places(places: tuple[int, int], after: int) -> tuple[int, int]:
    """The places once the bound that moves is `after`: fewer at least, or more at most."""
    low, high = places
    return (low, after) if after > high else (min(low, after), high)
