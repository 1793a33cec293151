"""What a withdrawal does to a decision, and what a decision awaits of those who decide."""

from __future__ import annotations

from django.db.models import Count, F, Q
from django.urls import reverse

from fabriques.intake.abilities import call_abilities
from fabriques.intake.domain.deciding import follow_withdrawal
from fabriques.intake.domain.volunteering import after_withdrawal
from fabriques.intake.enums import Outcome, VolunteerState
from fabriques.intake.models import Call
from fabriques.intake.queries.access import is_steward
from fabriques.kit import awaiting
from fabriques.kit.awaiting import Task
from fabriques.people.models import User


def decisions(user: User) -> list[Task]:
    """Decisions to announce, and places that were left; one query, then one call at a time."""
    if not is_steward(user):
        return []
    submitted = Q(volunteers__state=VolunteerState.SUBMITTED)
    pending = submitted & ~Q(volunteers__pending_outcome="")
    retained = submitted & (
        Q(volunteers__pending_outcome=Outcome.RETAINED)
        | Q(volunteers__pending_outcome="", volunteers__outcome=Outcome.RETAINED)
    )
    waiting = submitted & (
        Q(volunteers__pending_outcome=Outcome.RESERVE)
        | Q(volunteers__pending_outcome="", volunteers__outcome=Outcome.RESERVE)
    )
    calls = (
        Call.objects.exclude(settled_at=None)
        .filter(cancelled_at=None)
        .annotate(
            to_announce=Count("volunteers", filter=pending),
            held=Count("volunteers", filter=retained),
            in_reserve=Count("volunteers", filter=waiting),
        )
        .filter(Q(to_announce__gt=0) | Q(held__lt=F("cohort_size")))
        .order_by("settled_at", "pk")
    )
    tasks = []
    for call in calls:
        if not call_abilities(user, call).decide:
            continue
        address = reverse("space-call-decision", args=[call.slug])
        if call.held < (call.cohort_size or 0) and call.in_reserve:
            tasks.append(
                Task(
                    title="La réserve est à appeler",
                    detail=f"{call}\u00a0: un territoire retenu s’est retiré.",
                    address=address,
                    act="Voir la réserve",
                    urgent=True,
                )
            )
        if call.to_announce:
            tasks.append(
                Task(
                    title="Une décision reste à annoncer",
                    detail=f"{call}\u00a0: {call.to_announce} réponse"
                    f"{'s' if call.to_announce > 1 else ''} à relire.",
                    address=address,
                    act="Voir la décision",
                )
            )
    return tasks


after_withdrawal.append(follow_withdrawal)
awaiting.register(decisions)
