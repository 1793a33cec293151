"""Calls, as lists and pages read them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, Max, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from fabriques.intake.enums import Outcome, Phase, VolunteerState, WayIn
from fabriques.intake.models import (
    Call,
    CallInvitation,
    CallPartner,
    Opinion,
    Reviewer,
    Theme,
    Volunteer,
)
from fabriques.intake.queries import access
from fabriques.people.models import User

# In the order in which lists show them.
PHASES = (
    Phase.OPEN,
    Phase.CLOSED,
    Phase.ANNOUNCED,
    Phase.DRAFT,
    Phase.DECIDED,
    Phase.CANCELLED,
)


def in_phase(phase: Phase) -> Q:
    """`Call.phase` as a condition, today."""
    today = timezone.localdate()
    lasts = Q(cancelled_at=None, announced_at=None)
    shown = lasts & Q(published_at__isnull=False, opens_on__isnull=False, closes_on__isnull=False)
    return {
        Phase.CANCELLED: Q(cancelled_at__isnull=False),
        Phase.DECIDED: Q(cancelled_at=None, announced_at__isnull=False),
        Phase.DRAFT: lasts
        & (Q(published_at=None) | Q(opens_on__isnull=True) | Q(closes_on__isnull=True)),
        Phase.ANNOUNCED: shown & Q(settled_at=None, opens_on__gt=today),
        Phase.OPEN: shown & Q(settled_at=None, opens_on__lte=today, closes_on__gte=today),
        Phase.CLOSED: shown & (Q(settled_at__isnull=False) | Q(closes_on__lt=today)),
    }[phase]


def calls_for(user: User) -> QuerySet[Call]:
    """The calls that this person may open in the space: all for stewards, those of the partners
    they act for."""
    found = Call.objects.order_by("-opens_on", "-pk")
    if access.is_steward(user):
        return found
    acting = Reviewer.objects.filter(partner__call=OuterRef("pk"), user=user, withdrawn_at=None)
    return found.filter(Exists(acting))


def by_phase(user: User, words: str = "") -> list[tuple[Phase, list[Call]]]:
    """Those calls whose title or question holds every word, by phase, the liveliest first."""
    found = calls_for(user)
    for word in words.split():
        found = found.filter(Q(title__icontains=word) | Q(question__icontains=word))
    calls = list(found)
    groups = [(phase, [call for call in calls if call.phase is phase]) for phase in PHASES]
    return [(phase, items) for phase, items in groups if items]


@dataclass(frozen=True)
class Counters:
    """Where a call is, as far as one person may know; what concealed territories did is left out.

    `drafts` and the rest of the steward's figures are None for partners.
    """

    submitted: int
    ways_in: tuple[tuple[str, int], ...]
    invited: int
    opened: int
    drafts: int | None
    opinions: int
    opinions_expected: int | None


def counters(user: User, call: Call) -> Counters:
    """Ten queries at most, whatever the number of declarations."""
    steward = access.is_steward(user)
    visible = access.visible_volunteers(user, call)
    ways = Counter(dict(visible.order_by().values_list("way_in").annotate(Count("pk"))))
    invitations = CallInvitation.objects.filter(call=call, cancelled_at=None).exclude(
        territory__in=access.concealed_territories(user, call)
    )
    opinions = Opinion.objects.filter(volunteer__in=visible.order_by())
    if not steward:
        partners = access.reviewing(user, call)
        invitations = invitations.filter(partner__in=partners)
        opinions = opinions.filter(partner__in=partners)
    invited = invitations.aggregate(
        all=Count("pk"), opened=Count("pk", filter=Q(opened_at__isnull=False))
    )
    return Counters(
        submitted=sum(ways.values()),
        ways_in=tuple((str(way.label), ways.get(way.value, 0)) for way in WayIn),
        invited=invited["all"],
        opened=invited["opened"],
        drafts=access.drafts_count(user, call) if steward else None,
        opinions=opinions.count(),
        opinions_expected=(call.partners.filter(gives_opinion=True).count() if steward else None),
    )


def partners_of(call: Call) -> QuerySet[CallPartner]:
    """Partners with the people who act for them today, in `acting`."""
    acting = Reviewer.objects.filter(withdrawn_at=None).select_related("user").order_by("pk")
    return (
        call.partners.select_related("organisation", "only_programme")
        .prefetch_related(Prefetch("reviewers", queryset=acting, to_attr="acting"))
        .order_by("role", "organisation__name", "pk")
    )


# --- In public --------------------------------------------------------------------------------


def public_calls() -> QuerySet[Call]:
    """Published calls, with the fabrique that came of each."""
    return (
        Call.objects.exclude(published_at=None)
        .select_related("fabrique", "main_transition")
        .order_by("-opens_on", "-pk")
    )


def open_calls() -> QuerySet[Call]:
    """Those for which territories can volunteer today, the first to close first."""
    return public_calls().filter(in_phase(Phase.OPEN)).order_by("closes_on", "pk")


def coming_calls() -> QuerySet[Call]:
    """Announced ones, the first to open first."""
    return public_calls().filter(in_phase(Phase.ANNOUNCED)).order_by("opens_on", "pk")


def past_calls() -> QuerySet[Call]:
    """Closed, decided or cancelled ones, the latest closed first."""
    past = in_phase(Phase.CLOSED) | in_phase(Phase.DECIDED) | in_phase(Phase.CANCELLED)
    return public_calls().filter(past).order_by("-closes_on", "-pk")


def news() -> list[tuple[Call, datetime]]:
    """Published calls, each with when the public last learnt something of it; the latest first."""
    found = public_calls().annotate(extended_at=Max("extensions__at"))
    dated = []
    for call in found:
        moments = (call.published_at, call.announced_at, call.cancelled_at, call.extended_at)
        dated.append((call, max(moment for moment in moments if moment)))
    return sorted(dated, key=lambda item: item[1], reverse=True)


def public_call(slug: str) -> Call | None:
    return public_calls().filter(slug=slug).first()


def published_pool(call: Call) -> QuerySet[Volunteer]:
    """The territories that volunteer, for a call that publishes them; none otherwise."""
    found = call.volunteers.select_related("territory__departement").order_by(
        "territory__name", "territory__code"
    )
    return found.filter(state=VolunteerState.SUBMITTED) if call.publish_pool else found.none()


def published_result(call: Call) -> list[tuple[str, list[Volunteer]]]:
    """What was decided, for a call that publishes it once announced: label and territories, the
    retained first. Territories not retained are never listed."""
    if not call.publish_result or not call.announced_at:
        return []
    shown = (Outcome.RETAINED, Outcome.RESERVE)
    rows = list(
        call.volunteers.filter(outcome__in=shown)
        .exclude(state=VolunteerState.WITHDRAWN)
        .select_related("territory__departement")
        .order_by("reserve_rank", "territory__name", "territory__code")
    )
    labels = {Outcome.RETAINED: "Territoires retenus", Outcome.RESERVE: "En réserve"}
    groups = [(labels[kind], [row for row in rows if row.outcome == kind]) for kind in shown]
    return [(label, items) for label, items in groups if items]


def themes_to_answer() -> int:
    """How many proposals wait for an answer."""
    return Theme.objects.filter(state="proposed").count()
