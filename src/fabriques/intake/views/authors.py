"""Who writes a declaration: the link to pass on, those who ask, those who leave."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from fabriques.intake.abilities import require
from fabriques.intake.domain import authors as verbs
from fabriques.intake.enums import VolunteerState
from fabriques.intake.models import Volunteer
from fabriques.intake.queries import access
from fabriques.intake.queries import volunteering as read
from fabriques.intake.views.volunteering import acts, opened, public_call
from fabriques.kit.ratelimit import limited
from fabriques.people.current import signed_in
from fabriques.people.models import User


@limited("volunteer-authors", per_person="60/h")
def authors(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Those who write, those who ask, and the link; `act` says what to do."""
    user, found, can = opened(request, ref)
    require(can.write or can.admit)
    if request.method == "POST":
        try:
            gone = _act(request, user, found, writes=can.write)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            if gone:
                return redirect("volunteerings")
        return redirect("volunteer-authors", found.ref)
    shares = can.write and found.state != VolunteerState.WITHDRAWN
    path = reverse("volunteer-join", args=[verbs.token_of(found)]) if shares else ""
    return render(
        request,
        "intake/volunteer_authors.html",
        {
            "volunteer": found,
            "call": found.call,
            "can": can,
            "authors": read.authors_of(found),
            "requests": read.requests_to(found) if can.admit else [],
            "link": request.build_absolute_uri(path) if path else "",
            "most": verbs.MOST_AUTHORS,
            "person": user,
        },
    )


def _act(request: HttpRequest, user: User, found: Volunteer, *, writes: bool) -> bool:
    """Do what the button asks; whether the person has left. Raises ValidationError."""
    act, actor = request.POST.get("act", ""), acts(user, found)
    if act in ("accept", "refuse"):
        rows = found.join_requests.select_related("user")
        number = request.POST.get("request", "")
        asked = get_object_or_404(rows, pk=number if number.isdecimal() else 0)
        answer = verbs.accept_join if act == "accept" else verbs.refuse_join
        answer(request=asked, actor=actor)
        told = "écrit maintenant avec vous" if act == "accept" else "est prévenu·e de votre refus"
        messages.success(request, f"{asked.user} {told}.")
        return False
    if act in ("renew", "leave", "remove"):
        require(writes)
    if act == "renew":
        verbs.renew_link(volunteer=found, actor=actor)
        messages.success(request, "Voici le nouveau lien. L’ancien ne marche plus.")
    elif act == "leave":
        verbs.leave(volunteer=found, user=user)
        messages.success(request, f"Vous n’écrivez plus la déclaration de {found.territory.name}.")
        return True
    elif act == "remove":
        number = request.POST.get("author", "")
        author = get_object_or_404(read.authors_of(found), pk=number if number.isdecimal() else 0)
        verbs.remove_author(volunteer=found, person=author.user, actor=actor)
        messages.success(
            request, f"{author.user} n’écrit plus la déclaration. Le lien est renouvelé."
        )
    return False


@limited("volunteer-join", per_person="30/h")
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Behind the link that an author passed on: what it is, then join."""
    user = signed_in(request)
    found = verbs.by_token(token)
    if found is None:
        return TemplateResponse(request, "intake/volunteer_join_unknown.html", status=404)
    if request.method == "POST":
        try:
            joined = verbs.join_by_link(token=token, user=user)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect("volunteer-join", token)
        messages.success(
            request, f"Bienvenue : vous écrivez la déclaration de {joined.territory.name}."
        )
        return redirect("volunteer-edit", joined.ref)
    return render(
        request,
        "intake/volunteer_join.html",
        {
            "volunteer": found,
            "call": found.call,
            "authors": read.authors_of(found),
            "own": access.writes(user, found),
            "withdrawn": found.state == VolunteerState.WITHDRAWN,
            "person": user,
        },
    )


@require_POST
@limited("volunteer-ask", per_person="20/h")
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask those who write the declaration of a territory to write with them."""
    user = signed_in(request)
    call = public_call(slug)
    territory = read.territory_of(request.POST.get("territoire", ""))
    found = read.standing(call, territory) if territory else None
    if found is None:
        return redirect("volunteer-start", call.slug)
    try:
        verbs.ask_to_join(volunteer=found, user=user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(
            request,
            "Votre demande est partie. Vous recevrez la réponse par courriel, et la déclaration "
            "apparaîtra dans votre espace si elle est acceptée.",
        )
    return redirect("volunteerings")
