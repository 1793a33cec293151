"""How every verb of a draft begins and ends: the row locked at its version, one entry written."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from fabriques.intake.domain.refusals import RefusedError, StaleError
from fabriques.intake.models import Call, Composition, Draw
from fabriques.kit import journal
from fabriques.kit.journal import Actor

STALE = "Quelqu’un a changé cette composition pendant que vous l’aviez sous les yeux."
CHANGED_SINCE = "Les règles, les verrous ou les places ont changé après la publication."


def refuse_decided(call: Call) -> None:
    """Raises `RefusedError` once the decision is made, or the call cancelled."""
    if call.cancelled_at:
        raise RefusedError("Cet appel est annulé\u00a0: on n’y compose plus.")
    if call.settled_at or call.announced_at:
        raise RefusedError(
            "La décision est arrêtée\u00a0: rouvrez la composition depuis la page «\u00a0Décision"
            "\u00a0» pour la changer."
        )


def locked(composition: Composition, version: int, *, stale: str = STALE) -> Composition:
    """The row as it is, locked, with its call, even when the draft is put away.

    Raises `StaleError` when it is no longer at `version`, and `RefusedError` once the decision is
    made.
    """
    fresh = (
        Composition.objects.select_for_update(no_key=True, of=("self",))
        .select_related("call")
        .get(pk=composition.pk)
    )
    refuse_decided(fresh.call)
    if fresh.version != version:
        raise StaleError(stale, fresh.version)
    return fresh


def opened(composition: Composition, version: int) -> Composition:
    """The same for a draft to change: `RefusedError` also when it is put away."""
    fresh = locked(composition, version)
    if fresh.archived_at:
        raise RefusedError("Cette composition est archivée\u00a0: reprenez-la pour la changer.")
    return fresh


def changed(
    composition: Composition,
    verb: str,
    actor: Actor,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    ruling: bool = False,
) -> Composition:
    """Save the draft under its next version and write the entry. `ruling`: what the engine is asked
    has changed, so that a draw published before and not drawn yet is void."""
    composition.version += 1
    composition.save()
    if ruling:
        Draw.objects.filter(composition=composition, void_at=None, drawn_at=None).update(
            void_at=timezone.now(), void_reason=CHANGED_SINCE
        )
    journal.record(subject=composition.subject, verb=verb, actor=actor, before=before, after=after)
    return composition
