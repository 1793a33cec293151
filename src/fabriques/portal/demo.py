"""The door of a demonstration: enter as anybody, in one click. Not there where DEMO is off."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from fabriques.people.models import User
from fabriques.programme.demo import HOST, PERSONAS
from fabriques.programme.scopes import Scope


@login_not_required
def personas(request: HttpRequest) -> HttpResponse:
    if not settings.DEMO:
        raise Http404
    users = {
        user.email: user
        for user in User.objects.filter(
            email__in=[persona.email for persona in PERSONAS], is_active=True
        )
        .prefetch_related(
            "memberships__fabrique",
            "memberships__participation__fabrique",
            "memberships__participation__territory",
        )
        .order_by("pk")
    }
    shown = [
        (
            persona,
            [
                (held, Scope.of(held))
                for held in users[persona.email].memberships.all()
                if not held.withdrawn_at
            ],
        )
        for persona in PERSONAS
        if persona.email in users
    ]
    return render(request, "portal/demo.html", {"personas": shown})


@login_not_required
@require_POST
def enter(request: HttpRequest, key: str) -> HttpResponse:
    if not settings.DEMO:
        raise Http404
    user = get_object_or_404(User, email=f"{key}@{HOST}", is_active=True)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect("space")
