"""When a territory withdraws after the decision: its place, and the reserve."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from fabriques.intake.domain.deciding.letters import (
    compose_missing,
    held_batches,
    take_out_letters,
)
from fabriques.intake.domain.deciding.reasons import Choice, prefilled
from fabriques.intake.domain.deciding.rows import decided, locked_call, locked_volunteers, raised
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.enums import Outcome
from fabriques.intake.models import Call, Volunteer
from fabriques.kit import journal
from fabriques.kit.journal import Actor
from fabriques.programme.domain import leave_fabrique

WITHDRAWN = "désistement"


def vacancies(call: Call, volunteers: Iterable[Volunteer]) -> int:
    """Places of the decision that nobody holds any more, among these submitted declarations."""
    if not call.settled_at:
        return 0
    held = sum(decided(volunteer) == Outcome.RETAINED for volunteer in volunteers)
    return max((call.cohort_size or 0) - held, 0)


def first_in_reserve(volunteers: Iterable[Volunteer]) -> Volunteer | None:
    """The next of these declarations to be called; None when the reserve is exhausted."""
    waiting = [v for v in volunteers if decided(v) == Outcome.RESERVE]
    return min(waiting, key=lambda v: (v.reserve_rank or 0, v.number or 0), default=None)


@transaction.atomic
def call_reserve(*, call: Call, actor: Actor) -> Volunteer:
    """The first of the reserve takes a place that was left: pending, its letter to be reread; it
    enters when it is announced.

    Raises `RefusedError` when no place is free or the reserve is exhausted.
    """
    call = locked_call(call.pk)
    volunteers = locked_volunteers(call)
    if not vacancies(call, volunteers):
        raise RefusedError("Aucune place n’est libre\u00a0: la réserve n’a pas à être appelée.")
    volunteer = first_in_reserve(volunteers)
    if volunteer is None:
        raise RefusedError(
            "La réserve est épuisée\u00a0: plus aucun territoire ne peut être appelé."
        )
    composed = call.announced_at is not None or held_batches(call).exists()
    volunteer.pending_outcome = Outcome.RETAINED
    volunteer.pending_reason = prefilled(
        volunteer, Outcome.RETAINED, Choice(call.cohort_size or 0, len(volunteers))
    )
    volunteer.save(update_fields=["pending_outcome", "pending_reason"])
    raised(call)
    take_out_letters(call, volunteer, actor)
    if composed:
        compose_missing(call, [volunteer], actor)
    journal.record(
        subject=call.subject,
        verb="réserve appelée",
        actor=actor,
        after={"déclaration": volunteer.subject},
    )
    return volunteer


def follow_withdrawal(volunteer: Volunteer, actor: Actor) -> None:
    """What the withdrawal of a declaration undoes, in its transaction, the call and it locked.

    Before the announcement: the pending decision and the letters about it. After: the territory
    leaves the fabrique today and roles held for it end.
    """
    call, reason = volunteer.call, volunteer.withdrawal_reason
    outcome = decided(volunteer)
    if not outcome:
        return
    if volunteer.pending_outcome:
        volunteer.pending_outcome, volunteer.pending_reason = "", ""
        volunteer.reserve_rank = None
        volunteer.save(update_fields=["pending_outcome", "pending_reason", "reserve_rank"])
        take_out_letters(call, volunteer, actor)
    if volunteer.participation and not volunteer.participation.left:
        leave_fabrique(participation=volunteer.participation, actor=actor, reason=reason)
    journal.record(
        subject=call.subject,
        verb=WITHDRAWN,
        actor=actor,
        after={"déclaration": volunteer.subject, "était": str(Outcome(outcome).label)},
        reason=reason,
    )
