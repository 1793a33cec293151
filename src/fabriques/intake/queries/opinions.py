"""Opinions: who is to give one on what, what was given, what is missing; conflicts of interest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from fabriques.intake.enums import OpinionValue, Phase, VolunteerState
from fabriques.intake.models import (
    Call,
    CallPartner,
    Conflict,
    Opinion,
    Reviewer,
    Volunteer,
)
from fabriques.intake.queries import access
from fabriques.people.models import User

MISSING = "manque"


def closed(call: Call) -> str:
    """Why opinions cannot be given or changed any more; "" when they can. Says nothing of a
    decision that is still pending."""
    if call.cancelled_at:
        return "Cet appel est annulé : les avis n’ont plus d’objet."
    if call.settled_at or call.announced_at:
        return "Les avis sont clos."
    return ""


def judging(user: User, call: Call) -> list[CallPartner]:
    """The partners in whose name this person gives opinions."""
    return [partner for partner in access.reviewing(user, call) if partner.gives_opinion]


def all_judging(call: Call) -> list[CallPartner]:
    """All the partners that give opinions, by name."""
    found = call.partners.filter(gives_opinion=True).select_related("organisation")
    return list(
        found.select_related("organisation", "only_programme").order_by("organisation__name", "pk")
    )


def judges(partner: CallPartner, volunteer: Volunteer) -> bool:
    """Whether an opinion of this partner is expected on this declaration."""
    return (
        partner.gives_opinion
        and partner.call_id == volunteer.call_id
        and volunteer.state == VolunteerState.SUBMITTED
        and Volunteer.objects.filter(access.reach_of(partner), pk=volunteer.pk).exists()
    )


def _reach(partner: CallPartner) -> Q:
    return access.reach_of(partner) or Q(pk__isnull=False)


@dataclass(frozen=True)
class Cell:
    """What one partner says of one declaration. `expected`: within its reach."""

    partner: CallPartner
    opinion: Opinion | None
    expected: bool

    @property
    def missing(self) -> bool:
        return self.expected and self.opinion is None


@dataclass(frozen=True)
class Row:
    """A declaration, and what each partner says of it."""

    volunteer: Volunteer
    cells: list[Cell]


def with_reach(
    volunteers: QuerySet[Volunteer], partners: Iterable[CallPartner]
) -> QuerySet[Volunteer]:
    """Each declaration with `reach_<pk>` for each partner."""
    return volunteers.annotate(
        **{
            f"reach_{partner.pk}": ExpressionWrapper(_reach(partner), BooleanField())
            for partner in partners
        }
    )


def rows(volunteers: Iterable[Any], partners: Sequence[CallPartner]) -> list[Row]:
    """These declarations (see `with_reach`) with what these partners say; one query more."""
    volunteers = list(volunteers)
    given: dict[tuple[int, int], Opinion] = {
        (opinion.volunteer_id, opinion.partner_id): opinion
        for opinion in Opinion.objects.filter(
            volunteer__in=[volunteer.pk for volunteer in volunteers], partner__in=partners
        )
        .select_related("author")
        .order_by("pk")
    }
    return [
        Row(
            volunteer,
            [
                Cell(
                    partner,
                    given.get((volunteer.pk, partner.pk)),
                    bool(getattr(volunteer, f"reach_{partner.pk}")),
                )
                for partner in partners
            ],
        )
        for volunteer in volunteers
    ]


def filtered(
    volunteers: QuerySet[Volunteer], partners: Sequence[CallPartner], asked: str
) -> QuerySet[Volunteer]:
    """Declarations on which one of these partners has given this opinion, or owes one."""
    if asked == MISSING:
        owed = Q(pk__in=())
        for partner in partners:
            given = Opinion.objects.filter(volunteer=OuterRef("pk"), partner=partner)
            owed |= _reach(partner) & Q(~Exists(given))
        return volunteers.filter(owed)
    if asked in OpinionValue.values:
        given = Opinion.objects.filter(volunteer=OuterRef("pk"), partner__in=partners, value=asked)
        return volunteers.filter(Exists(given))
    return volunteers


@dataclass(frozen=True)
class Tally:
    """What one partner has given, and what is expected of it."""

    partner: CallPartner
    expected: int
    given: dict[str, int]

    @property
    def missing(self) -> int:
        return max(self.expected - sum(self.given.values()), 0)


def tallies(volunteers: QuerySet[Volunteer], partners: Sequence[CallPartner]) -> list[Tally]:
    """For each partner, over these declarations; two queries."""
    volunteers = volunteers.order_by()
    expected = volunteers.aggregate(
        **{f"n_{partner.pk}": Count("pk", filter=_reach(partner)) for partner in partners}
    )
    given: dict[int, dict[str, int]] = defaultdict(dict)
    counted = (
        Opinion.objects.filter(volunteer__in=volunteers, partner__in=partners)
        .order_by("partner", "value")
        .values_list("partner", "value")
        .annotate(Count("pk"))
    )
    for partner, value, number in counted:
        given[partner][OpinionValue(value).label] = number
    return [Tally(partner, expected[f"n_{partner.pk}"], given[partner.pk]) for partner in partners]


def owed(user: User) -> list[tuple[CallPartner, int]]:
    """For each partner in whose name this person gives opinions: how many are owed, in calls that
    are open or closed and not settled."""
    acting = Reviewer.objects.filter(
        user=user,
        withdrawn_at=None,
        partner__gives_opinion=True,
        partner__call__settled_at=None,
        partner__call__announced_at=None,
        partner__call__cancelled_at=None,
        partner__call__published_at__isnull=False,
    ).select_related("partner__call", "partner__organisation", "partner__only_programme")
    found = []
    for reviewer in acting.order_by("partner__call__decides_on", "pk"):
        partner = reviewer.partner
        if partner.call.phase in (Phase.OPEN, Phase.CLOSED):
            visible = access.visible_volunteers(user, partner.call)
            number = filtered(visible, [partner], MISSING).count()
            found += [(partner, number)] if number else []
    return found


# --- Conflicts ----------------------------------------------------------------------------------


def conflicts(user: User, call: Call) -> QuerySet[Conflict]:
    """Those in force: all for stewards; their own and those of their partners for others."""
    found = (
        Conflict.objects.filter(call=call, lifted_at=None)
        .select_related("territory__departement", "user", "partner__organisation")
        .order_by("declared_at", "pk")
    )
    if access.is_steward(user):
        return found
    return found.filter(Q(user=user) | Q(partner__in=access.reviewing(user, call)))


def binds(conflict: Conflict, user: User) -> bool:
    """Whether a conflict conceals something from this person."""
    return conflict.user_id == user.pk or (
        conflict.partner_id is not None
        and conflict.partner_id in [p.pk for p in access.reviewing(user, conflict.call)]
    )


def may_lift(user: User, conflict: Conflict) -> bool:
    """A steward whom it does not bind; partners lift those that they declared themselves, but a
    steward's is always lifted by another one."""
    if access.is_steward(user):
        return not binds(conflict, user)
    return conflict.user_id == user.pk
