"""The page behind the link of an invitation: what is offered and by whom, before it is accepted."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from fabriques.kit.ratelimit import limited
from fabriques.people.current import signed_in
from fabriques.people.models import User
from fabriques.people.queries import addresses_of
from fabriques.programme import domain
from fabriques.programme.models import Invitation
from fabriques.programme.scopes import Scope


@login_not_required
@limited("invitation-link", per_address="60/h", reads=True)
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Behind the link of the letter; open to all, so that it says what is offered."""
    found = domain.by_token(token)
    if found is None:
        raise Http404("Aucune invitation à cette adresse.")
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
    if request.method == "POST" and user and not problem:
        try:
            membership = domain.accept(invitation=found, user=user)
        except ValidationError as error:
            problem = " ".join(error.messages)
        else:
            said = "Bienvenue" if membership else "Vous aviez déjà ce rôle"
            messages.success(request, f"{said} : {found.get_role_display()}, {scope}.")
            return redirect(scope.address if membership else "space")
    return render(
        request,
        "programme/invitation.html",
        {
            "invitation": found,
            "scope": scope,
            "problem": problem,
            "masked": domain.masked(found.email),
            "person": user,
            "mine": bool(user and found.email in addresses_of(user)),
        },
        status=409 if problem and request.method == "POST" else 200,
    )
