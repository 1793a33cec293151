"""The page behind the link of an invitation: who invites, to what, and two buttons."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from fabriques.intake.abilities import call_abilities
from fabriques.intake.domain import inviting as verbs
from fabriques.intake.enums import VolunteerState
from fabriques.intake.forms.inviting import DeclineForm
from fabriques.intake.models import CallInvitation, Volunteer
from fabriques.intake.queries.volunteering import key_of, until
from fabriques.kit.errors import too_many_requests
from fabriques.kit.forms import refused
from fabriques.kit.ratelimit import client_address, consume, wait

GUESSES = "30/h"  # links that are not ours, for each network address


def invitation(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Open to all: the link is what is shown to be known. Whoever runs the call only looks: what
    they open in a letter to reread counts for nothing."""
    found = verbs.by_token(token)
    if found is None or found.call.slug != slug:
        if not consume(action="call-invitation-link", key=client_address(request), rate=GUESSES):
            return too_many_requests(request, retry_after=wait(GUESSES))
        return TemplateResponse(request, "intake/invitation_unknown.html", status=404)
    looks_only = call_abilities(request.user, found.call).open
    spent = verbs.why_spent(found)
    form = DeclineForm(request.POST or None, initial={"why": found.declined_why})
    if request.method == "POST" and not looks_only and form.is_valid():
        try:
            return _answered(request, found, form)
        except ValidationError as error:
            refused(form, error)
    elif request.method == "GET" and not looks_only and not spent and not _fetched_ahead(request):
        verbs.note_opened(invitation=found)
    return _page(request, found, form, spent=spent, looks_only=looks_only)


def _answered(request: HttpRequest, found: CallInvitation, form: DeclineForm) -> HttpResponse:
    if request.POST.get("answer") == "reconsider":
        verbs.reconsider(invitation=found)
        messages.success(request, "C’est noté : vous y réfléchissez encore.")
    else:
        verbs.decline(invitation=found, why=form.cleaned_data["why"])
        messages.success(request, "C’est noté. Merci de nous l’avoir dit.")
    return redirect(request.path)


def _fetched_ahead(request: HttpRequest) -> bool:
    """Whether a program opens the page before anybody reads it, and says so."""
    purposes = [request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz")]
    return any("prefetch" in purpose.lower() for purpose in purposes)


def _page(
    request: HttpRequest,
    found: CallInvitation,
    form: DeclineForm,
    *,
    spent: str,
    looks_only: bool,
) -> HttpResponse:
    volunteers = Volunteer.objects.filter(call=found.call, territory=found.territory)
    wanted = {"territoire": key_of(found.territory), "invitation": found.ref}
    response = TemplateResponse(
        request,
        "intake/invitation.html",
        {
            "invitation": found,
            "call": found.call,
            "form": form,
            "spent": spent,
            "looks_only": looks_only,
            "volunteers": volunteers.filter(state=VolunteerState.SUBMITTED).exists(),
            "until": until(found.call),
            "start": f"{reverse('volunteer-start', args=[found.call.slug])}?{urlencode(wanted)}",
        },
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response
