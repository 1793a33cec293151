"""The page behind the link of an invitation: what is offered and by whom, before it is accepted."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.response import TemplateResponse

from fabriques.kit.errors import too_many_requests
from fabriques.kit.ratelimit import client_address, consume, wait
from fabriques.people.current import signed_in
from fabriques.people.models import User
from fabriques.people.queries import addresses_of
from fabriques.programme import domain
from fabriques.programme.models import Invitation
from fabriques.programme.scopes import Scope

GUESSES = "30/h"  # unknown links, for each network address


@login_not_required
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Behind the link of the letter; open to all, so that it says what is offered."""
    found = domain.by_token(token)
    if found is None:
        # A link that works is never held back: a whole room may open theirs at once.
        if not consume(action="invitation-link", key=client_address(request), rate=GUESSES):
            return too_many_requests(request, retry_after=wait(GUESSES))
        return TemplateResponse(request, "programme/invitation_unknown.html", status=404)
    user = request.user if isinstance(request.user, User) else None
    return _offer(request, found, user)


def mine(request: HttpRequest, pk: int) -> HttpResponse:
    """The same for whoever is signed in with the address that was invited."""
    user = signed_in(request)
    found = get_object_or_404(domain.all_invitations(), pk=pk, email__in=addresses_of(user))
    return _offer(request, found, user)


def _offer(request: HttpRequest, found: Invitation, user: User | None) -> HttpResponse:
    scope = Scope.of(found)
    problem = domain.why_closed(found)
    roles = domain.offered(found)
    if request.method == "POST" and user and not problem:
        try:
            membership = domain.accept(invitation=found, user=user)
        except ValidationError as error:
            problem = " ".join(error.messages)
        else:
            said = "Bienvenue" if membership else "Vous aviez déjà ce rôle"
            messages.success(request, f"{said} : {', '.join(roles)}, {scope}.")
            return redirect(scope.address if membership else "space")
    return render(
        request,
        "programme/invitation.html",
        {
            "invitation": found,
            "roles": roles or [found.get_role_display()],
            "scope": scope,
            "problem": problem,
            "masked": domain.masked(found.email),
            "person": user,
            "mine": bool(user and found.email in addresses_of(user)),
        },
    )
