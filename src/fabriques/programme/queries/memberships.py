"""Who holds which role: what the pages of the signed-in space read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from fabriques.people.models import User
from fabriques.people.queries import addresses_of
from fabriques.programme.enums import MemberRole
from fabriques.programme.models import Fabrique, Invitation, Membership, Participation

_ORDER = {role: place for place, role in enumerate(MemberRole)}


def not_ended(today: date | None = None) -> Q:
    """Roles neither withdrawn nor over; those that start later included."""
    today = today or timezone.localdate()
    return Q(withdrawn_at=None) & (Q(ends_on=None) | Q(ends_on__gte=today))


def unanswered() -> Q:
    """Invitations that nobody has accepted or cancelled; the time of some is over."""
    return Q(accepted_at=None, cancelled_at=None)


def acceptable() -> Q:
    """Invitations whose link works; the same test as `Invitation.is_valid`, in a query."""
    return unanswered() & Q(expires_at__gt=timezone.now())


def is_open(membership: Membership) -> bool:
    """Whether the role counts today, in the time zone of the site."""
    today = timezone.localdate()
    return (
        membership.withdrawn_at is None
        and membership.starts_on <= today
        and (membership.ends_on is None or today <= membership.ends_on)
    )


Placed = TypeVar("Placed", Membership, Invitation)


def with_places(rows: QuerySet[Placed]) -> QuerySet[Placed]:
    """With the fabrique, the territory and the place that pages name."""
    return rows.select_related("fabrique", "participation__fabrique", "participation__territory")


def open_memberships(user: User) -> QuerySet[Membership]:
    """The roles that count today."""
    today = timezone.localdate()
    return with_places(Membership.objects.filter(not_ended(today), user=user, starts_on__lte=today))


def coming_memberships(user: User) -> QuerySet[Membership]:
    """The roles that will count later."""
    later = Membership.objects.filter(not_ended(), user=user, starts_on__gt=timezone.localdate())
    return with_places(later).order_by("starts_on", "pk")


def all_memberships(user: User) -> QuerySet[Membership]:
    """Everything that a person holds and held, the latest first."""
    return with_places(Membership.objects.filter(user=user)).order_by("-starts_on", "-pk")


@dataclass(frozen=True)
class Team:
    """Who is in one place, and who is invited there."""

    members: list[Membership]
    invitations: list[Invitation]


def teams(scopes: Iterable[str]) -> dict[str, Team]:
    """The team of each place, by its key: two queries whatever their number."""
    keys = list(scopes)
    found = {key: Team([], []) for key in keys}
    members = (
        with_places(Membership.objects.filter(not_ended(), scope__in=keys))
        .select_related("user__organisation")
        .order_by("user__name", "user__email", "pk")
    )
    for member in sorted(members, key=lambda m: _ORDER[MemberRole(m.role)]):
        found[member.scope].members.append(member)
    waiting = (
        Invitation.objects.filter(unanswered(), scope__in=keys)
        .select_related("handed_over_by")
        .order_by("-created_at", "-pk")
    )
    for invitation in waiting:
        found[invitation.scope].invitations.append(invitation)
    return found


def works_in(user: User, fabrique: Fabrique) -> bool:
    """Whether this person has a role in the fabrique today, and is known to its members so."""
    return (
        open_memberships(user)
        .filter(Q(fabrique=fabrique) | Q(participation__fabrique=fabrique))
        .exists()
    )


def participations_of(fabrique: Fabrique) -> QuerySet[Participation]:
    """The territories of a fabrique, by name."""
    return (
        Participation.objects.filter(fabrique=fabrique)
        .select_related("territory__departement", "fabrique")
        .order_by("territory__name", "focus", "pk")
    )


def with_team_counts() -> QuerySet[Fabrique]:
    """Every fabrique, with how many territories it has and how many have an elected official."""
    today = not_ended()
    elected = Membership.objects.filter(
        today, role=MemberRole.ELECTED, participation__fabrique=OuterRef("pk")
    )
    people = Membership.objects.filter(today).filter(
        Q(fabrique=OuterRef("pk")) | Q(participation__fabrique=OuterRef("pk"))
    )

    def count(rows: QuerySet[Membership], what: str) -> Coalesce:
        counted = rows.order_by().annotate(all=Value(1)).values("all")
        return Coalesce(Subquery(counted.annotate(n=Count(what, distinct=True)).values("n")), 0)

    return (
        Fabrique.objects.annotate(
            territories=Count("participations", distinct=True),
            with_elected=count(elected, "participation"),
            people=count(people, "user"),
        )
        .only("code", "slug", "title", "year")
        .order_by("-year", "-code")
    )


def waiting_for(user: User) -> QuerySet[Invitation]:
    """Invitations that this person may accept now."""
    return (
        with_places(Invitation.objects.filter(acceptable(), email__in=addresses_of(user)))
        .select_related("handed_over_by")
        .order_by("created_at", "pk")
    )


def fabriques_of(memberships: Iterable[Membership]) -> list[Fabrique]:
    """The fabriques in which these roles are held, each once, the latest edition first."""
    found = {
        fabrique.pk: fabrique
        for m in memberships
        if (fabrique := m.fabrique or (m.participation.fabrique if m.participation else None))
    }
    return sorted(found.values(), key=lambda f: (-(f.year or 0), f.code))
