"""Invitations of a call in the space: the list, inviting, putting forward, letters, reminder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from fabriques.intake import guests
from fabriques.intake.abilities import CallAbilities, acting, require
from fabriques.intake.domain import inviting as verbs
from fabriques.intake.enums import InvitationState, Phase
from fabriques.intake.forms.inviting import (
    FILTERS,
    SILENT,
    CancelForm,
    ListForm,
    OneForm,
    PutForwardForm,
)
from fabriques.intake.models import Call, CallInvitation
from fabriques.intake.queries import access
from fabriques.intake.queries import inviting as read
from fabriques.intake.views.calls import call_or_404
from fabriques.kit.exports import Column, Table, attachment, to_csv, to_ods
from fabriques.kit.forms import refused
from fabriques.kit.outbox.models import Batch
from fabriques.kit.paging import kept_filters, paginate, searched
from fabriques.kit.ratelimit import limited
from fabriques.people.models import User

PER_PAGE = 50


def _listed(request: HttpRequest, slug: str) -> tuple[User, Call, CallAbilities]:
    user, call, can = call_or_404(request, slug)
    require(can.invite or can.put_forward)
    return user, call, can


def _filtered(request: HttpRequest, rows: Any) -> tuple[Any, str, str]:
    """The rows that the filters keep, the state asked for and the words."""
    asked = request.GET.get("etat", "")
    asked = asked if asked in dict(FILTERS) else ""
    if not asked:
        states = [s.value for s in InvitationState if s != InvitationState.CANCELLED]
    else:
        states = [s.value for s in read.SILENT] if asked == SILENT else [asked]
    words = searched(request)
    return read.searched(rows, states=states, words=words), asked, words


@require_safe
def invitations(request: HttpRequest, slug: str) -> HttpResponse:
    """Every invitation that the person may see, where it is, and what can be done next."""
    user, call, can = _listed(request, slug)
    rows = read.visible_invitations(user, call)
    counts = read.counts(rows)
    found, asked, words = _filtered(request, rows)
    page = paginate(found, request.GET.get("page"), PER_PAGE)
    counts[SILENT] = sum(counts.get(state, 0) for state in read.SILENT)
    counts[""] = sum(counts.get(s, 0) for s in InvitationState if s != InvitationState.CANCELLED)
    return render(
        request,
        "intake/invitations.html",
        {
            "call": call,
            "can": can,
            "page": page,
            "rows": [(row, _state(row), read.silent_since(row)) for row in page.object_list],
            "query": kept_filters(request),
            "words": words,
            "asked": asked,
            "filters": [(value, label, counts.get(value, 0)) for value, label in FILTERS],
            "counts": {state.name: counts.get(state, 0) for state in InvitationState},
            "total": counts[""],
            "silent": counts[SILENT],
            "to_write": read.to_write(rows).count() if can.invite else 0,
            "to_remind": read.to_remind(rows).count() if can.invite and call.is_open else 0,
            "may_invite": call.phase in (Phase.DRAFT, Phase.ANNOUNCED, Phase.OPEN),
        },
    )


# --- Inviting -----------------------------------------------------------------------------------


@limited("call-invitation", per_person="300/h")
def invite_list(request: HttpRequest, slug: str) -> HttpResponse:
    """A list, then what can be made of it, then the invitations. Nothing is kept in between: the
    list is sent again with the confirmation, and checked again."""
    user, call, _ = call_or_404(request, slug, "invite")
    form = ListForm(request.POST or None, request.FILES or None)
    checked = None
    if request.method == "POST" and form.is_valid():
        checked = guests.check(form.cleaned_data["rows"], call=call, user=user)
        confirmed = request.POST.get("confirm", "")
        if confirmed and confirmed != _shown(checked):
            form.add_error(None, "La liste a changé depuis que vous l’avez relue : relisez-la.")
        elif confirmed and checked.guests:
            try:
                return _invited(request, user, call, checked)
            except ValidationError as error:
                refused(form, error)
    return render(
        request,
        "intake/invite_list.html",
        {"call": call, "form": form, "checked": checked, "shown": checked and _shown(checked)},
    )


def _shown(checked: guests.Checked) -> str:
    """What a confirmation is about, in one short text: who is invited, and where."""
    rows = [[guest.territory.pk, guest.email] for guest in checked.guests]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _invited(request: HttpRequest, user: User, call: Call, checked: guests.Checked) -> HttpResponse:
    actor = acting(user, call)
    made = verbs.invite(call=call, guests=checked.guests, inviter=user, actor=actor)
    messages.success(request, _counted(len(made), "invitation préparée", "invitations préparées"))
    if call.phase == Phase.DRAFT:
        messages.info(request, "Leurs lettres se composent une fois l’appel publié.")
        return redirect("space-call-invitations", slug=call.slug)
    return _composed(request, call, verbs.compose_letters(call=call, reader=user, actor=actor))


@limited("call-invitation", per_person="300/h")
def invite_one(request: HttpRequest, slug: str) -> HttpResponse:
    user, call, _ = call_or_404(request, slug, "invite")
    form = OneForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        guest = read.Guest(form.cleaned_data["territory"], form.cleaned_data["email"])
        try:
            verbs.invite(call=call, guests=[guest], inviter=user, actor=acting(user, call))
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(
                request,
                f"{guest.territory.name} est dans la liste. Ajoutez-en d’autres, puis composez "
                "les lettres.",
            )
            return redirect("space-call-invitations", slug=call.slug)
    return render(request, "intake/invite_one.html", {"call": call, "form": form})


@limited("call-invitation", per_person="300/h")
def put_forward(request: HttpRequest, slug: str) -> HttpResponse:
    user, call, _ = call_or_404(request, slug, "put_forward")
    partners = [partner for partner in access.reviewing(user, call) if partner.puts_forward]
    form = PutForwardForm(request.POST or None, partners=partners)
    if request.method == "POST" and form.is_valid():
        guest = read.Guest(form.cleaned_data["territory"], form.cleaned_data["email"])
        try:
            verbs.put_forward(
                call=call,
                partner=form.chosen,
                guest=guest,
                reason=form.cleaned_data["reason"],
                by=user,
                actor=acting(user, call),
            )
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(
                request,
                f"Vous proposez {guest.territory.name}. L’équipe nationale relit sa lettre, puis "
                "la fait partir, comme pour tous les autres territoires.",
            )
            return redirect("space-call-invitations", slug=call.slug)
    return render(
        request,
        "intake/put_forward.html",
        {"call": call, "form": form, "partners": partners},
    )


# --- Letters ------------------------------------------------------------------------------------


@require_POST
def letters(request: HttpRequest, slug: str) -> HttpResponse:
    return _compose(request, slug, verbs.compose_letters)


def remind(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks first: there is one reminder and no more."""
    user, call, _ = call_or_404(request, slug, "invite")
    if request.method == "POST":
        return _compose(request, slug, verbs.remind_silent)
    rows = read.to_remind(read.visible_invitations(user, call))
    return render(
        request,
        "intake/invitations_remind.html",
        {"call": call, "rows": list(rows[: PER_PAGE * 20])},
    )


def _compose(request: HttpRequest, slug: str, verb: Callable[..., Batch]) -> HttpResponse:
    user, call, _ = call_or_404(request, slug, "invite")
    try:
        batch = verb(call=call, reader=user, actor=acting(user, call))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("space-call-invitations", slug=slug)
    return _composed(request, call, batch)


def _composed(request: HttpRequest, call: Call, batch: Batch) -> HttpResponse:
    messages.success(request, "Les lettres sont composées. Relisez-les, puis faites-les partir.")
    return redirect("space-mail-batch", pk=batch.pk)


def cancel(request: HttpRequest, slug: str, ref: UUID) -> HttpResponse:
    user, call, _ = _listed(request, slug)
    invitation = get_object_or_404(read.visible_invitations(user, call), ref=ref)
    form = CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            verbs.cancel_invitation(
                invitation=invitation,
                actor=acting(user, call),
                reason=form.cleaned_data["reason"],
            )
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, f"L’invitation de {invitation.territory.name} est annulée.")
        return redirect("space-call-invitations", slug=slug)
    return render(
        request,
        "intake/invitation_cancel.html",
        {"call": call, "form": form, "invitation": invitation},
    )


# --- Files --------------------------------------------------------------------------------------


def _day(name: str) -> Callable[[CallInvitation], str]:
    """The local day of a moment, "" when it has not come."""

    def of(row: CallInvitation) -> str:
        at = getattr(row, name)
        return timezone.localdate(at).isoformat() if at else ""

    return of


def _sent(row: CallInvitation) -> str:
    at = row.letter.sent_at if row.letter else None
    return timezone.localdate(at).isoformat() if at else ""


def _silent(row: CallInvitation) -> str:
    at = read.silent_since(row)
    return timezone.localdate(at).isoformat() if at else ""


def _state(row: Any) -> str:
    return str(InvitationState(row.state).label)


COLUMNS = (
    Column("code", "Code", "territory.code"),
    Column("territoire", "Territoire", "territory.name"),
    Column("sorte", "Sorte", "territory.label"),
    Column(
        "departement",
        "Département",
        lambda row: row.territory.departement.name if row.territory.departement else "",
    ),
    Column("adresse", "Adresse", "email"),
    Column("voie", "Voie", lambda row: row.get_way_in_display()),
    Column(
        "partenaire",
        "Partenaire",
        lambda row: str(row.partner.organisation) if row.partner else "",
    ),
    Column("pourquoi", "Pourquoi ce territoire", "reason"),
    Column("etat", "État", _state),
    Column("preparee", "Préparée le", _day("created_at"), kind="date"),
    Column("envoyee", "Envoyée le", _sent, kind="date"),
    Column("ouverte", "Ouverte le", _day("opened_at"), kind="date"),
    Column("relancee", "Relancée le", _day("reminded_at"), kind="date"),
    Column("silencieux", "Silencieux depuis le", _silent, kind="date"),
    Column("declinee", "Déclinée le", _day("declined_at"), kind="date"),
    Column("mot", "Un mot", "declined_why"),
)


@require_safe
def export(request: HttpRequest, slug: str, extension: str) -> HttpResponse:
    """What the page shows, as a file."""
    user, call, _ = _listed(request, slug)
    rows, _, _ = _filtered(request, read.visible_invitations(user, call))
    table = Table("Invitations", COLUMNS, rows)
    content = to_csv(table, bom=True) if extension == "csv" else to_ods(table, at=timezone.now())
    return attachment(content, f"invitations-{call.slug}.{extension}")


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number < 2 else many}."
