"""The space of the programme's team, of a fabrique and of a territory in a fabrique."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from fabriques.kit import journal
from fabriques.people.current import signed_in
from fabriques.people.enums import Subject
from fabriques.people.models import User
from fabriques.people.queries import consenting
from fabriques.programme import abilities
from fabriques.programme.abilities import standing
from fabriques.programme.enums import MemberRole
from fabriques.programme.models import Fabrique, Invitation, Membership, Participation
from fabriques.programme.queries import memberships as held
from fabriques.programme.scopes import Scope

SHOWN_CHANGES = 20


@dataclass(frozen=True)
class Line:
    """A member of a team, and what whoever looks may do with their role."""

    membership: Membership
    address: str
    may_withdraw: bool
    may_date: bool
    own: bool


def participation_or_404(pk: int) -> Participation:
    """The territory in a fabrique that an address names."""
    return get_object_or_404(
        Participation.objects.select_related("fabrique", "territory__departement"), pk=pk
    )


def scope_or_404(*, code: str = "", pk: int | None = None) -> Scope:
    """The place that an address names: a participation, a fabrique, or the whole programme."""
    if pk is not None:
        return Scope(participation=participation_or_404(pk))
    return Scope(fabrique=get_object_or_404(Fabrique, code=code)) if code else Scope()


def lines(user: User, team: held.Team, *, addresses: bool, listed: set[int]) -> list[Line]:
    """The team as this person may see it: with the addresses that they may see, their own, and
    those of the people `listed` (who consent to it)."""
    return [
        Line(
            membership=m,
            address=m.user.email if addresses or m.user_id in listed | {user.pk} else "",
            may_withdraw=abilities.may_withdraw(user, m),
            may_date=abilities.may_change_dates(user, m),
            own=m.user_id == user.pk,
        )
        for m in team.members
    ]


def may_manage(user: User, invitation: Invitation) -> bool:
    """Whether this person may send an invitation again or cancel it."""
    if invitation.handed_over_by_id == user.pk:  # the relay is theirs
        return True
    return abilities.may_give(user, Scope.of(invitation), MemberRole(invitation.role))


def invitations(user: User, team: held.Team) -> list[Invitation]:
    """Those that wait, as far as this person may do something with them."""
    return [invitation for invitation in team.invitations if may_manage(user, invitation)]


def listed_in(teams: Iterable[held.Team]) -> set[int]:
    """Who in these teams lets the other territories see their address."""
    return consenting({m.user_id for team in teams for m in team.members}, Subject.DIRECTORY)


def team(request: HttpRequest) -> HttpResponse:
    """Who runs the programme: national roles."""
    user = signed_in(request)
    can = abilities.site_abilities(user)
    if not can.give_site_roles:
        raise Http404
    scope = Scope()
    found = held.teams([scope.key])[scope.key]
    return render(
        request,
        "programme/team.html",
        {
            "lines": lines(user, found, addresses=True, listed=set()),
            "invitations": found.invitations,
            "roles": abilities.givable(user, scope),
            "history": journal.history(scope.subject)[:SHOWN_CHANGES],
        },
    )


def fabrique(request: HttpRequest, code: str) -> HttpResponse:
    """A fabrique for those who take part: its territories, who holds what."""
    user = signed_in(request)
    found = get_object_or_404(Fabrique, code=code)
    scope = Scope(fabrique=found)
    can = abilities.fabrique_abilities(user, found)
    if not can.open:
        raise Http404
    participations = list(held.participations_of(found))
    places = [Scope(participation=p) for p in participations]
    teams = held.teams([scope.key, *(place.key for place in places)])
    listed = listed_in(teams.values())
    rows = []
    for participation, place in zip(participations, places, strict=True):
        here = abilities.participation_abilities(user, participation)
        members = teams[place.key]
        rows.append(
            {
                "participation": participation,
                "can": here,
                "lines": lines(user, members, addresses=here.see_addresses, listed=listed),
                "invitations": invitations(user, members),
            }
        )
    return render(
        request,
        "programme/fabrique_space.html",
        {
            "fabrique": found,
            "can": can,
            "rows": rows,
            "lines": lines(user, teams[scope.key], addresses=can.see_addresses, listed=listed),
            "invitations": invitations(user, teams[scope.key]),
            "roles": abilities.givable(user, scope),
            "history": journal.history(scope.subject)[:SHOWN_CHANGES] if can.read_history else None,
        },
    )


def participation(request: HttpRequest, pk: int) -> HttpResponse:
    """A territory in a fabrique: its team, what may be done with it, its history."""
    user = signed_in(request)
    taking_part = participation_or_404(pk)
    scope = Scope(participation=taking_part)
    can = abilities.participation_abilities(user, taking_part)
    if not can.open:
        raise Http404
    found = held.teams([scope.key])[scope.key]
    roles = abilities.givable(user, scope)
    return render(
        request,
        "programme/participation_space.html",
        {
            "participation": taking_part,
            "fabrique": taking_part.fabrique,
            "can": can,
            "lines": lines(user, found, addresses=can.see_addresses, listed=listed_in([found])),
            "invitations": invitations(user, found),
            "roles": roles,
            "mine": [m for m in standing(user).memberships if m.scope == scope.key],
            "history": journal.history(scope.subject)[:SHOWN_CHANGES] if can.read_history else None,
        },
    )


def back(scope: Scope) -> HttpResponse:
    """To the page of the place, once something was done there."""
    return redirect(scope.address)
