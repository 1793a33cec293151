"""The first page of the signed-in space: what awaits me, where I take part, what changed."""

from __future__ import annotations

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from fabriques.intake.queries.volunteering import mine
from fabriques.kit import journal
from fabriques.kit.awaiting import awaiting
from fabriques.kit.models import JournalEntry
from fabriques.kit.paging import paginate
from fabriques.people.current import signed_in
from fabriques.programme import abilities
from fabriques.programme.abilities import standing
from fabriques.programme.enums import MemberRole
from fabriques.programme.queries.memberships import (
    all_memberships,
    coming_memberships,
    with_team_counts,
)
from fabriques.programme.scopes import Scope

SHOWN_CHANGES = 12
SHOWN_DECLARATIONS = 5


def home(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    held = standing(user).memberships
    can = abilities.site_abilities(user)
    scopes = [Scope.of(membership) for membership in held]
    subjects = {user.subject} | {
        place.subject
        for scope in scopes
        for place in (scope, Scope(fabrique=scope.within))
        if abilities.may_read_history(user, place)
    }
    changes = JournalEntry.objects.order_by("-number").select_related("text")
    if can.read_journal or len(subjects) > 1:
        # What happens to a role is told once, in the history of its team.
        about_people = Q(subject__startswith=f"{journal.PERSON}:")
        changes = changes.exclude(about_people & Q(verb__startswith="rôle"))
    if not can.read_journal:
        changes = changes.filter(subject__in=subjects)
    roles = {MemberRole(membership.role) for membership in held}
    return render(
        request,
        "portal/space/home.html",
        {
            "person": user,
            "tasks": awaiting(user),
            "coming": coming_memberships(user),
            "declarations": list(mine(user)[:SHOWN_DECLARATIONS]),
            "had": all_memberships(user).exists() if not held else False,
            "held": [
                (membership, scope)
                for membership, scope in zip(held, scopes, strict=True)
                if scope.within
            ],
            "national": [m for m in held if m.scope == "site"],
            "roles": roles,
            "can": can,
            "changes": journal.seen_by(changes, user)[:SHOWN_CHANGES],
        },
    )


def fabriques(request: HttpRequest) -> HttpResponse:
    """Every fabrique, for those who run the programme."""
    if not abilities.site_abilities(request.user).see_every_fabrique:
        raise Http404
    page = paginate(with_team_counts(), request.GET.get("page"), 30)
    return render(request, "portal/space/fabriques.html", {"page": page, "query": ""})
