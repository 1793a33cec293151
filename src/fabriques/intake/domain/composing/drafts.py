"""Drafts: begun, named, copied, put away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from fabriques.engines.cohort.types import STATED_LEVELS
from fabriques.intake.domain.composing.opening import changed, locked, opened, refuse_decided
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.models import Call, Composition, Placement, Rule
from fabriques.kit import journal
from fabriques.kit.journal import Actor

#: More than can be told apart in a list.
MOST_DRAFTS = 40
#: The levels of an objective, in words.
LEVELS = {"coverage": "diversité des profils", "dispersion": "différences", "opinions": "avis"}


@transaction.atomic
def create(*, call: Call, name: str, note: str = "", actor: Actor) -> Composition:
    """An empty draft. Raises `RefusedError` once the decision is made."""
    refuse_decided(call)
    _refuse_too_many(call)
    made = Composition.objects.create(call=call, name=name, note=note, levels=list(STATED_LEVELS))
    journal.record(
        subject=made.subject, verb="composition commencée", actor=actor, after={"nom": name}
    )
    return made


@transaction.atomic
def duplicate(*, composition: Composition, name: str, actor: Actor) -> Composition:
    """The same rules, places and locks under another name; its draws are not copied."""
    source = Composition.objects.select_related("call").get(pk=composition.pk)
    refuse_decided(source.call)
    _refuse_too_many(source.call)
    made = Composition.objects.create(
        call=source.call,
        name=name,
        note=source.note,
        places_min=source.places_min,
        places_max=source.places_max,
        levels=source.levels,
    )
    for model in (Rule, Placement):
        rows: Any = list(model.objects.filter(composition=source).order_by("pk"))
        for row in rows:
            row.pk, row.composition = None, made
        model.objects.bulk_create(rows)
    journal.record(
        subject=made.subject,
        verb="composition copiée",
        actor=actor,
        after={"de": source.subject, "nom": name},
    )
    return made


@transaction.atomic
def edit(
    *,
    composition: Composition,
    version: int,
    name: str,
    note: str,
    places: tuple[int, int] | None,
    actor: Actor,
) -> Composition:
    """Name, note, and its own number of places; `places` of None: as the call says."""
    fresh = opened(composition, version)
    was = fresh.places
    before = {"nom": fresh.name, "note": fresh.note, "places": _places(fresh)}
    fresh.name, fresh.note = name, note
    fresh.places_min, fresh.places_max = places or (None, None)
    after = {"nom": fresh.name, "note": fresh.note, "places": _places(fresh)}
    differing = [key for key in after if before[key] != after[key]]
    if not differing:
        return fresh
    return changed(
        fresh,
        "composition modifiée",
        actor,
        before={key: before[key] for key in differing},
        after={key: after[key] for key in differing},
        ruling=was != fresh.places,
    )


def _places(composition: Composition) -> str:
    if composition.places_min is None:
        return "celles de l’appel"
    return f"{composition.places_min} à {composition.places_max}"


@transaction.atomic
def set_levels(
    *, composition: Composition, version: int, levels: Sequence[str], actor: Actor
) -> Composition:
    """What proposals look for first, second, third."""
    fresh = opened(composition, version)
    if not levels or len(set(levels)) != len(levels) or set(levels) - set(STATED_LEVELS):
        raise RefusedError("Choisissez un ordre parmi ceux proposés.")
    before, after = fresh.levels or list(STATED_LEVELS), list(levels)
    if before == after:
        return fresh
    fresh.levels = after
    return changed(
        fresh,
        "objectif changé",
        actor,
        before={"ordre": ", ".join(LEVELS[name] for name in before)},
        after={"ordre": ", ".join(LEVELS[name] for name in after)},
        ruling=True,
    )


@transaction.atomic
def archive(*, composition: Composition, version: int, actor: Actor) -> Composition:
    """Put a draft away: it is kept, and no longer changes."""
    fresh = opened(composition, version)
    fresh.archived_at = timezone.now()
    return changed(fresh, "composition archivée", actor)


@transaction.atomic
def restore(*, composition: Composition, version: int, actor: Actor) -> Composition:
    """Take a draft up again."""
    stale = "Quelqu’un l’a fait pendant que vous l’aviez sous les yeux."
    fresh = locked(composition, version, stale=stale)
    if fresh.archived_at is None:
        return fresh
    fresh.archived_at = None
    return changed(fresh, "composition reprise", actor)


def _refuse_too_many(call: Call) -> None:
    if Composition.objects.filter(call=call).count() >= MOST_DRAFTS:
        raise RefusedError(f"Cet appel a déjà {MOST_DRAFTS} compositions\u00a0: reprenez-en une.")
