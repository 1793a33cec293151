"""Rules of a draft: set, changed, loosened; refused when nobody could ever meet them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from fabriques.intake.domain.composing.opening import changed, opened
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.enums import Lock, Place, RuleKind
from fabriques.intake.models import Composition, Placement, Rule
from fabriques.intake.queries.composing import asking, words
from fabriques.intake.queries.composing.reasons import loosened_places
from fabriques.intake.queries.composing.words import Asked
from fabriques.intake.queries.pool import Pool
from fabriques.kit.journal import Actor

MOST_RULES = 40
#: Rules that need a criterion, and those that need values of it.
OF_CRITERION = (
    RuleKind.AT_LEAST,
    RuleKind.AT_MOST,
    RuleKind.AT_MOST_EACH,
    RuleKind.AT_LEAST_VALUES,
)
OF_VALUES = (RuleKind.AT_LEAST, RuleKind.AT_MOST)
#: Rules that need a number.
COUNTED = (*OF_CRITERION, RuleKind.NOT_RECENT)


@transaction.atomic
def add_rule(
    *, composition: Composition, version: int, asked: Asked, pool: Pool, actor: Actor
) -> Composition:
    """Set a rule. Raises `RefusedError`, by field, when it cannot be met even alone."""
    fresh = opened(composition, version)
    rules = list(Rule.objects.filter(composition=fresh).order_by("position", "pk"))
    if len(rules) >= MOST_RULES:
        raise RefusedError(f"{MOST_RULES} règles au plus\u00a0: retirez-en une.")
    check(asked, pool, fresh.places)
    if any(_same(rule, asked) for rule in rules):
        raise RefusedError("Cette règle est déjà posée.")
    last = rules[-1].position if rules else 0
    made = Rule(composition=fresh, position=last + 1)
    _write(made, asked)
    return changed(fresh, "règle posée", actor, after={"règle": _told(made, pool)}, ruling=True)


@transaction.atomic
def change_rule(*, rule: Rule, version: int, asked: Asked, pool: Pool, actor: Actor) -> Composition:
    """Set a rule otherwise. Raises as `add_rule`."""
    fresh = opened(rule.composition, version)
    rule = Rule.objects.get(pk=rule.pk)
    check(asked, pool, fresh.places)
    before = _told(rule, pool)
    _write(rule, asked)
    after = _told(rule, pool)
    if before == after:
        return fresh
    return changed(
        fresh,
        "règle changée",
        actor,
        before={"règle": before},
        after={"règle": after},
        ruling=True,
    )


@transaction.atomic
def remove_rule(*, rule: Rule, version: int, pool: Pool, actor: Actor) -> Composition:
    """Take a rule away."""
    fresh = opened(rule.composition, version)
    before = _told(rule, pool)
    Rule.objects.filter(pk=rule.pk).delete()
    return changed(fresh, "règle retirée", actor, before={"règle": before}, ruling=True)


@transaction.atomic
def loosen(
    *,
    composition: Composition,
    version: int,
    changes: Sequence[tuple[str, int]],
    pool: Pool,
    actor: Actor,
) -> Composition:
    """Loosen rules together, as the engine says: (identifier in the engine, new count).

    A count moves; a rule without one becomes a wish; a lock is undone; the places widen. Raises
    `RefusedError` for a rule that is no longer there.
    """
    fresh = opened(composition, version)
    rules = {
        f"{asking.RULE}{rule.pk}": rule
        for rule in Rule.objects.filter(composition=fresh).order_by("pk")
    }
    told = []
    for name, after in changes:
        if name == asking.PLACES:
            fresh.places_min, fresh.places_max = loosened_places(fresh.places, after)
            told.append(f"{fresh.places_min} à {fresh.places_max} places")
        elif name.startswith((asking.IN, asking.OUT)):
            told.append(_freed(fresh, int(name.rpartition("-")[2])))
        elif name in rules:
            rule = rules[name]
            if rule.kind in (RuleKind.NOT_NEIGHBOURS, RuleKind.NOT_NESTED, RuleKind.NOT_RECENT):
                rule.hard = False
            else:
                rule.count = after
            rule.save()
            told.append(_told(rule, pool))
        else:
            raise RefusedError("Cette règle a été retirée depuis\u00a0: demandez à nouveau.")
    if not told:
        raise RefusedError("Il n’y a rien à assouplir.")
    return changed(fresh, "règles assouplies", actor, after={"règles": told}, ruling=True)


def _freed(composition: Composition, number: int) -> str:
    seat = (
        Placement.objects.filter(composition=composition, volunteer__number=number)
        .select_related("volunteer")
        .first()
    )
    if seat is None or not seat.lock:
        raise RefusedError("Ce verrou a été levé depuis\u00a0: demandez à nouveau.")
    seat.lock = Lock.NONE
    if seat.place == Place.NONE:
        seat.delete()
    else:
        seat.save()
    return seat.volunteer.subject


def check(asked: Asked, pool: Pool, places: tuple[int, int]) -> None:
    """Raises `RefusedError` beside its field when no cohort of this pool could meet the rule."""
    if asked.kind in COUNTED and asked.count is None:
        raise RefusedError({"count": "Indiquez un nombre."})
    criterion = pool.by_key.get(asked.category)
    if asked.kind in OF_CRITERION and (criterion is None or not criterion.ruled):
        raise RefusedError({"category": "Choisissez un critère de la liste."})
    if asked.kind in OF_VALUES and not asked.values:
        raise RefusedError({"values": "Choisissez au moins une valeur."})
    count = asked.count or 0
    match asked.kind:
        case RuleKind.AT_LEAST | RuleKind.AT_LEAST_VALUES if count < 1:
            raise RefusedError({"count": "Il faut au moins 1\u00a0: sinon, retirez la règle."})
        case RuleKind.AT_LEAST | RuleKind.AT_LEAST_VALUES if count > places[1]:
            raise RefusedError(
                {"count": f"Vous en demandez {count}, la cohorte a {places[1]} places au plus."}
            )
        case RuleKind.AT_LEAST:
            _refuse_few(asked, pool, count)
        case RuleKind.AT_LEAST_VALUES:
            known = len(pool.by_key[asked.category].values)
            if count > known:
                raise RefusedError(
                    {
                        "count": f"Vous demandez {count} {pool.by_key[asked.category].different}, "
                        f"il y en a {known} parmi les volontaires."
                    }
                )
        case RuleKind.AT_MOST_EACH:
            _refuse_narrow(asked, pool, count, places)
        case RuleKind.NOT_RECENT:
            left = len(pool) - len(pool.recent(count))
            if count < 1 or count > 30:
                raise RefusedError({"count": "Écrivez un nombre d’années, de 1 à 30."})
            if asked.hard and left < places[0]:
                raise RefusedError(
                    {
                        "count": f"Il ne resterait que {left} territoire{'s' if left > 1 else ''}, "
                        f"il en faut {places[0]}."
                    }
                )


def _refuse_few(asked: Asked, pool: Pool, count: int) -> None:
    wanted = set(asked.values)
    held = sum(
        bool(wanted & set(entry.values.get(asked.category, ()))) for entry in pool.volunteers
    )
    if held < count:
        what = words.noun(pool.by_key[asked.category], asked.values, count)
        raise RefusedError(
            {
                "count": f"Vous demandez {count} {what}, "
                f"il y en a {held or 'aucun'} parmi les volontaires."
            }
        )


def _refuse_narrow(asked: Asked, pool: Pool, count: int, places: tuple[int, int]) -> None:
    """At most so many of each: enough places must remain that can be filled."""
    if count < 1:
        raise RefusedError({"count": "Il faut au moins 1."})
    unknown = sum(asked.category not in entry.values for entry in pool.volunteers)
    several = any(len(entry.values.get(asked.category, ())) > 1 for entry in pool.volunteers)
    most = unknown + sum(min(count, held) for held in pool.counts[asked.category].values())
    if asked.hard and not several and len(pool) >= places[0] > most:
        raise RefusedError(
            {
                "count": f"Avec au plus {count} par {pool.by_key[asked.category].one}, "
                f"{most} places pourraient être pourvues, il en faut {places[0]}."
            }
        )


def _same(rule: Rule, asked: Asked) -> bool:
    return (rule.kind, rule.category, tuple(rule.values), rule.count) == (
        asked.kind,
        asked.category,
        asked.values,
        asked.count,
    )


def _write(rule: Rule, asked: Asked) -> None:
    rule.kind, rule.category, rule.values = asked.kind, asked.category, list(asked.values)
    rule.count, rule.hard = asked.count, asked.hard
    rule.weight = 1 if asked.hard else asked.weight
    rule.save()


def _told(rule: Rule, pool: Pool) -> str:
    """The rule in the journal, with how much it binds."""
    binds = "impérative" if rule.hard else f"souhaitée, {words.WEIGHTS.get(rule.weight, 'un peu')}"
    return f"{words.sentence(rule, pool)} ({binds})"
