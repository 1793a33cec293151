"""A territory volunteers: the way in; its declaration as it is read; its receipt; withdrawal."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render

from fabriques.intake.abilities import (
    VolunteerAbilities,
    acting,
    call_abilities,
    require,
    volunteer_abilities,
)
from fabriques.intake.domain import volunteering as verbs
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.enums import VolunteerState
from fabriques.intake.forms.volunteering import LeaveForm
from fabriques.intake.models import Call, CallInvitation, Volunteer
from fabriques.intake.queries import access
from fabriques.intake.queries import declarations as content
from fabriques.intake.queries import volunteering as read
from fabriques.intake.receipts import receipt_of
from fabriques.kit import journal
from fabriques.kit.forms import refused
from fabriques.kit.journal import Actor
from fabriques.kit.paging import paginate, searched
from fabriques.kit.ratelimit import limited
from fabriques.kit.uploads import served
from fabriques.people.current import signed_in
from fabriques.people.models import User
from fabriques.territories.enums import Kind
from fabriques.territories.models import Territory

PER_PAGE = 20
SHOWN_CHANGES = 30


def public_call(slug: str) -> Call:
    """A call that everybody may read; 404 for one in preparation."""
    return get_object_or_404(Call, slug=slug, published_at__isnull=False)


@limited("volunteer-start", per_person="60/h")
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Find the territory, recognise it, begin."""
    user = signed_in(request)
    call = public_call(slug)
    sent = request.POST if request.method == "POST" else request.GET
    territory = read.territory_of(sent.get("territoire", ""))
    focus = read.territory_of(sent.get("perimetre", ""))
    words = searched(request)
    context: dict[str, Any] = {
        "call": call,
        "until": read.until(call),
        "closed": read.why_closed(call),
        "words": words,
        "found": read.lookup(words) if words else [],
        "invitation": sent.get("invitation", ""),
        "focus": focus,
        "territory": territory,
        "unknown": bool(sent.get("territoire")) and territory is None,
        "mine": [item for item in read.mine(user) if item.call_id == call.pk],
    }
    if territory and not context["closed"]:
        if request.method == "POST":
            try:
                found = verbs.start_volunteering(
                    call=call,
                    territory=territory,
                    user=user,
                    focus=focus,
                    invitation=_invitation(call, sent.get("invitation", "")),
                )
            except RefusedError:
                pass  # said below, with what can be done
            else:
                return redirect("volunteer-edit", found.ref)
        context |= _situation(call, territory, user)
    return render(request, "intake/volunteer_start.html", context)


def _situation(call: Call, territory: Territory, user: User) -> dict[str, Any]:
    """What can be done for this territory in this call, and why not more."""
    shown: dict[str, Any] = {"problem": "", "successor": None, "carriers": [], "taken": None}
    if territory.kind == Kind.QPV and not territory.closed_on:
        return shown | {"carriers": read.carriers(territory)}
    try:
        verbs.check_start(call, territory)
    except verbs.SucceededError as error:
        return shown | {"problem": error.messages[0], "successor": error.successor}
    except RefusedError as error:
        return shown | {"problem": error.messages[0]}
    shown["card"] = read.card(territory, call)
    if found := read.standing(call, territory):
        own = access.writes(user, found)
        shown |= {"own": found} if own else {"taken": verbs.TakenError(found).messages[0]}
    return shown


def _invitation(call: Call, ref: str) -> CallInvitation | None:
    try:
        return CallInvitation.objects.filter(call=call, ref=ref).first()
    except ValidationError:
        return None


def mine(request: HttpRequest) -> HttpResponse:
    """The declarations that I write."""
    page = paginate(read.mine(signed_in(request)), request.GET.get("page"), PER_PAGE)
    return render(request, "intake/volunteerings.html", {"page": page, "query": ""})


def opened(request: HttpRequest, ref: UUID) -> tuple[User, Volunteer, VolunteerAbilities]:
    """The declaration that an address names, for who may read it; 404 for the others."""
    user = signed_in(request)
    found = get_object_or_404(read.declarations(), ref=ref)
    can = volunteer_abilities(user, found)
    require(can.open)
    return user, found, can


def acts(user: User, found: Volunteer) -> Actor:
    """Who acts on a declaration, as its history names them."""
    return acting(user, found.call, author=access.writes(user, found))


def volunteer(request: HttpRequest, ref: UUID) -> HttpResponse:
    """One declaration, for its authors, for stewards and for partners: each sees what they may."""
    user, found, can = opened(request, ref)
    questions = list(found.call.questions.all())
    said = content.values(found, questions)
    done, of = content.progress(said, questions)
    submitted = found.state == VolunteerState.SUBMITTED
    in_call = call_abilities(user, found.call).open
    context = {
        "call": found.call,
        "volunteer": found,
        "can": can,
        "writes": can.write and found.state != VolunteerState.WITHDRAWN and found.call.is_open,
        "withdraws": can.withdraw and found.state != VolunteerState.WITHDRAWN,
        "card": read.card(found.territory, found.call),
        "answers": [(question, said[content.field_of(question)]) for question in questions],
        "done": done,
        "of": of,
        "until": read.until(found.call),
        "closed": read.why_closed(found.call),
        "overlaps": _overlaps(user, found) if submitted and can.see_contacts else [],
        "authors": read.authors_of(found) if can.see_contacts else [],
        "requests": read.requests_to(found) if can.admit else [],
        "history": journal.history(found.subject)[:SHOWN_CHANGES] if can.read_history else None,
    }
    page = "intake/volunteer_in_call.html" if in_call else "intake/volunteer.html"
    return render(request, page, context)


def _overlaps(user: User, found: Volunteer) -> list[Volunteer]:
    """Declarations on the same ground, less those concealed from this person."""
    hidden = access.concealed_territories(user, found.call)
    return [other for other in read.overlapping(found) if other.territory_id not in hidden]


def letter(request: HttpRequest, ref: UUID) -> HttpResponseBase:
    """The framing letter or the deliberation, to be saved."""
    _, found, _ = opened(request, ref)
    if not found.framing_letter:
        raise Http404
    return served(found.framing_letter.open("rb"), name=found.framing_letter_name)


def receipt(request: HttpRequest, ref: UUID) -> HttpResponseBase:
    """The PDF that acknowledges a declaration submitted: all that it says."""
    _, found, can = opened(request, ref)
    require(can.see_contacts and found.number is not None)
    content_ = ContentFile(receipt_of(found))
    return served(content_, name=f"declaration-{found.call.slug}-{found.number}.pdf")


@limited("volunteer-withdraw", per_person="30/h")
def withdraw(request: HttpRequest, ref: UUID) -> HttpResponse:
    user, found, can = opened(request, ref)
    require(can.withdraw)
    form = LeaveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            verbs.withdraw_declaration(
                volunteer=found, actor=acts(user, found), reason=form.cleaned_data["reason"]
            )
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, f"La déclaration de {found.territory.name} est retirée.")
            # A draft withdrawn is nobody's but its authors'.
            return redirect(found if can.write or found.number else "volunteerings")
    context = {"form": form, "volunteer": found, "call": found.call, "own": can.write}
    return render(request, "intake/volunteer_withdraw.html", context)
