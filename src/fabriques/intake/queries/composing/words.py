"""Rules of a composition in French: what each asks, and where a draft stands with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from fabriques.intake.enums import OpinionValue, RuleKind
from fabriques.intake.queries.pool import Criterion, Entry, Pool
from fabriques.territories.enums import Kind

#: The weights of a wish, in words.
WEIGHTS = {1: "un peu", 3: "beaucoup"}

_KINDS = {
    Kind.COMMUNE: ("commune", "communes"),
    Kind.EPCI: ("intercommunalité", "intercommunalités"),
    Kind.EPT: ("établissement public territorial", "établissements publics territoriaux"),
    Kind.ARRONDISSEMENT: ("arrondissement", "arrondissements"),
    Kind.DEPARTEMENT: ("département", "départements"),
    Kind.REGION: ("région", "régions"),
    Kind.COLLECTIVITE: ("collectivité d’outre-mer", "collectivités d’outre-mer"),
    Kind.QPV: ("quartier prioritaire", "quartiers prioritaires"),
    Kind.OTHER: ("autre groupement", "autres groupements"),
}
_OVERSEAS = {"yes": "d’outre-mer", "no": "de l’Hexagone ou de Corse"}
_OPINIONS = {
    OpinionValue.FAVOURABLE: "favorable",
    OpinionValue.RESERVED: "réservé",
    OpinionValue.UNFAVOURABLE: "défavorable",
}


class Asks(Protocol):
    """What a rule asks: a `Rule`, or one that is not written yet."""

    @property
    def kind(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def values(self) -> Sequence[str]: ...
    @property
    def count(self) -> int | None: ...


@dataclass(frozen=True)
class Asked:
    """A rule that is not written yet; `weight` is that of a wish."""

    kind: str
    category: str = ""
    values: tuple[str, ...] = ()
    count: int | None = None
    hard: bool = True
    weight: int = 1


def sentence(rule: Asks, pool: Pool) -> str:
    """« Au moins 2 communes », « Au plus 1 par région »; without a full stop."""
    count = rule.count or 0
    criterion = pool.by_key.get(rule.category)
    match RuleKind(rule.kind):
        case RuleKind.NOT_NEIGHBOURS:
            return "Pas deux territoires voisins"
        case RuleKind.NOT_NESTED:
            return "Pas une commune avec son intercommunalité"
        case RuleKind.NOT_RECENT:
            years = "la dernière année" if count == 1 else f"les {count} dernières années"
            return f"Pas de territoire déjà membre dans {years}"
        case RuleKind.AT_MOST_EACH:
            return f"Au plus {count} par {criterion.one if criterion else rule.category}"
        case RuleKind.AT_LEAST_VALUES:
            return f"Au moins {count} {criterion.different if criterion else rule.category}"
        case RuleKind.AT_MOST if count == 0:
            return f"Pas de {noun(criterion, rule.values, 1)}"
        case RuleKind.AT_MOST:
            return f"Au plus {count} {noun(criterion, rule.values, count)}"
        case _:
            return f"Au moins {count} {noun(criterion, rule.values, count)}"


def noun(criterion: Criterion | None, values: Sequence[str], count: int) -> str:
    """« communes », « territoires d’outre-mer », « territoire (densité : bourgs ruraux) »."""
    many = count > 1
    territories = "territoires" if many else "territoire"
    if criterion is None:  # nobody in the pool is known by it any more
        return f"{territories} ({either(values)})"
    labels = [criterion.labels.get(value, value) for value in values]
    if criterion.key == "kind":
        return either(_KINDS[Kind(value)][many] for value in values)
    if criterion.key == "overseas":
        return f"{territories} {either(_OVERSEAS.get(value, value) for value in values)}"
    if criterion.key == "opinions":
        words = either(_OPINIONS[OpinionValue(value)] for value in values)
        return f"{territories} ayant reçu un avis {words}"
    if criterion.key == "programmes":
        of = "du programme" if len(labels) == 1 else "des programmes"
        return f"{territories} {of} {either(labels)}"
    if criterion.key == "region":
        of = "de la région" if len(labels) == 1 else "des régions"
        return f"{territories} {of} {either(labels)}"
    words = either(f"{label[:1].lower()}{label[1:]}" for label in labels)
    return f"{territories} ({criterion.label[:1].lower()}{criterion.label[1:]}\u00a0: {words})"


def standing(rule: Asks, pool: Pool, members: Sequence[Entry], found: int) -> str:
    """Where these members are with the rule: « 1 sur 2 », or the names that break it."""
    match RuleKind(rule.kind):
        case RuleKind.NOT_NEIGHBOURS:
            return _pairs(pool.neighbours, members) or "aucun voisinage"
        case RuleKind.NOT_NESTED:
            return _pairs(pool.nested, members) or "aucun cas"
        case RuleKind.NOT_RECENT:
            recent = pool.recent(rule.count or 0)
            names = [entry.name for entry in members if entry.number in recent]
            return both(names) or "aucun"
        case RuleKind.AT_LEAST | RuleKind.AT_LEAST_VALUES:
            return f"{found} sur {rule.count}"
        case RuleKind.AT_MOST_EACH:
            return _most(rule, pool, members)
        case _:
            return f"{found} pour {rule.count} au plus" if rule.count else f"{found}"


def _most(rule: Asks, pool: Pool, members: Sequence[Entry]) -> str:
    """The values of which there are too many, else how many there are of the most frequent."""
    criterion = pool.by_key.get(rule.category)
    if criterion is None:
        return "0"
    counts = {
        value.label: sum(entry.has(criterion.key, value.key) for entry in members)
        for value in criterion.values
    }
    above = {label: number for label, number in counts.items() if number > (rule.count or 0)}
    if above:
        return ", ".join(f"{label}\u00a0: {number}" for label, number in above.items())
    return f"{max(counts.values(), default=0)} au plus"


def _pairs(pairs: Iterable[tuple[Entry, Entry]], members: Sequence[Entry]) -> str:
    numbers = {entry.number for entry in members}
    return "\u00a0; ".join(
        f"{one.name} et {other.name}"
        for one, other in pairs
        if one.number in numbers and other.number in numbers
    )


def either(words: Iterable[str]) -> str:
    """« a », « a ou b », « a, b ou c »"""
    return _joined(words, "ou")


def both(words: Iterable[str]) -> str:
    """« a », « a et b », « a, b et c »"""
    return _joined(words, "et")


def _joined(words: Iterable[str], last: str) -> str:
    *first, end = list(words) or [""]
    return f"{', '.join(first)} {last} {end}" if first else end
