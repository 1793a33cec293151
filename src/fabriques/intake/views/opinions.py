"""Opinions of partners on declarations; conflicts of interest."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from fabriques.intake.abilities import (
    CallAbilities,
    acting,
    require,
    volunteer_abilities,
)
from fabriques.intake.domain import opinions as verbs
from fabriques.intake.domain.refusals import StaleError
from fabriques.intake.enums import OpinionValue
from fabriques.intake.forms.opinions import ConflictForm, LiftForm, OpinionForm
from fabriques.intake.models import Call, CallPartner, Opinion, Volunteer
from fabriques.intake.queries import access
from fabriques.intake.queries import opinions as read
from fabriques.intake.views.calls import call_or_404
from fabriques.kit.exports import Column, Table, attachment, to_csv, to_ods
from fabriques.kit.forms import refused
from fabriques.kit.paging import kept_filters, paginate, searched
from fabriques.kit.ratelimit import limited
from fabriques.people.current import signed_in
from fabriques.people.models import User

PER_PAGE = 50
FILTERS = [("", "Toutes"), (read.MISSING, "Il manque un avis"), *OpinionValue.choices]


def _listed(request: HttpRequest, slug: str) -> tuple[User, Call, CallAbilities, list[CallPartner]]:
    """The call, and the partners whose opinions the person reads: all for stewards, those in whose
    name they give theirs for others."""
    user, call, can = call_or_404(request, slug)
    require(can.see_opinions or can.give_opinion)
    partners = read.all_judging(call) if can.see_opinions else read.judging(user, call)
    return user, call, can, partners


def _filtered(
    request: HttpRequest, user: User, call: Call, partners: list[CallPartner]
) -> tuple[Any, str, str]:
    """The declarations that the filters keep, by number, the filter and the words."""
    asked = request.GET.get("avis", "")
    asked = asked if asked in dict(FILTERS) else ""
    words = searched(request)
    found = access.visible_volunteers(user, call)
    for word in words.split():
        found = found.filter(territory__name__icontains=word)
    found = read.with_reach(read.filtered(found, partners, asked), partners)
    return found.select_related("territory__departement"), asked, words


@require_safe
def opinions(request: HttpRequest, slug: str) -> HttpResponse:
    """Each declaration that the person sees, by number, with what partners say and owe."""
    user, call, can, partners = _listed(request, slug)
    found, asked, words = _filtered(request, user, call, partners)
    page = paginate(found, request.GET.get("page"), PER_PAGE)
    return render(
        request,
        "intake/opinions.html",
        {
            "call": call,
            "can": can,
            "partners": partners,
            "tallies": read.tallies(access.visible_volunteers(user, call), partners),
            "page": page,
            "rows": read.rows(page.object_list, partners),
            "query": kept_filters(request),
            "asked": asked,
            "words": words,
            "filters": FILTERS,
            "closed": read.closed(call),
        },
    )


def _department(row: tuple[Volunteer, read.Cell]) -> str:
    departement = row[0].territory.departement
    return departement.name if departement else ""


def _given_on(row: tuple[Volunteer, read.Cell]) -> str:
    opinion = row[1].opinion
    return timezone.localdate(opinion.given_at).isoformat() if opinion else ""


COLUMNS = (
    Column("numero", "Numéro", lambda row: row[0].number, kind="number"),
    Column("code", "Code", lambda row: row[0].territory.code),
    Column("territoire", "Territoire", lambda row: row[0].territory.name),
    Column("departement", "Département", _department),
    Column("partenaire", "Partenaire", lambda row: str(row[1].partner.organisation)),
    Column(
        "avis",
        "Avis",
        lambda row: row[1].opinion.get_value_display() if row[1].opinion else "à donner",
    ),
    Column("motif", "Motif", lambda row: row[1].opinion.reason if row[1].opinion else ""),
    Column("donne", "Donné le", _given_on, kind="date"),
)


def _lines(found: Any, partners: list[CallPartner]) -> Iterator[tuple[Volunteer, read.Cell]]:
    """One line for each opinion given or owed, a few declarations at a time."""
    left = found.iterator(chunk_size=500)
    while batch := list(islice(left, 500)):
        for row in read.rows(batch, partners):
            for cell in row.cells:
                if cell.opinion or cell.expected:
                    yield row.volunteer, cell


@require_safe
def export(request: HttpRequest, slug: str, extension: str) -> HttpResponse:
    """What the page shows, as a file, with the reasons."""
    user, call, _, partners = _listed(request, slug)
    found, _, _ = _filtered(request, user, call, partners)
    table = Table("Avis", COLUMNS, _lines(found, partners))
    content = to_csv(table, bom=True) if extension == "csv" else to_ods(table, at=timezone.now())
    return attachment(content, f"avis-{call.slug}.{extension}")


@limited("opinion", per_person="300/h")
def opinion(request: HttpRequest, ref: UUID, partner: int) -> HttpResponse:
    """The opinion of one partner on one declaration: given, or changed."""
    user = signed_in(request)
    volunteer = get_object_or_404(
        Volunteer.objects.select_related("call", "territory__departement"), ref=ref
    )
    require(volunteer_abilities(user, volunteer).open)
    call = volunteer.call
    named = next((item for item in read.judging(user, call) if item.pk == partner), None)
    visible = access.visible_volunteers(user, call).filter(pk=volunteer.pk).exists()
    if not (visible and named and read.judges(named, volunteer)):
        raise Http404
    known = Opinion.objects.filter(partner=named, volunteer=volunteer).first()
    form = OpinionForm.for_partner(named, known, request.POST or None)
    changes = None
    if request.method == "POST" and form.is_valid():
        try:
            verbs.give_opinion(
                volunteer=volunteer,
                partner=named,
                author=user,
                value=OpinionValue(form.cleaned_data["value"]),
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["version"],
                actor=acting(user, call),
            )
        except StaleError as error:
            changes = error.changes
            form.stale_over(error)
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, f"Votre avis sur {volunteer.territory.name} est enregistré.")
            return redirect(volunteer)
    return render(
        request,
        "intake/opinion.html",
        {
            "call": call,
            "volunteer": volunteer,
            "partner": named,
            "form": form,
            "changes": changes,
            "closed": read.closed(call),
        },
    )


# --- Conflicts ----------------------------------------------------------------------------------


@limited("conflict", per_person="60/h")
def conflicts(request: HttpRequest, slug: str) -> HttpResponse:
    """Links of interest in force, and declaring one."""
    user, call, can = call_or_404(request, slug)
    require(can.declare_conflict)
    form = ConflictForm(request.POST or None, partners=access.reviewing(user, call))
    if request.method == "POST" and form.is_valid():
        territory = form.cleaned_data["territory"]
        try:
            verbs.declare_conflict(
                call=call,
                territory=territory,
                user=user,
                partner=form.partner,
                reason=form.cleaned_data["reason"],
                actor=acting(user, call),
            )
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(
                request,
                f"Lien d’intérêt déclaré avec {territory.name}. S’il se porte volontaire, vous "
                "n’en verrez rien dans cet espace.",
            )
            return redirect("space-call-conflicts", slug=call.slug)
    rows = [(row, read.may_lift(user, row)) for row in read.conflicts(user, call)]
    return render(
        request,
        "intake/conflicts.html",
        {
            "call": call,
            "form": form,
            "mine": [row for row in rows if read.binds(row[0], user)],
            "others": [row for row in rows if not read.binds(row[0], user)],
            "steward": access.is_steward(user),
        },
    )


def lift(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    user, call, can = call_or_404(request, slug)
    require(can.declare_conflict)
    conflict = get_object_or_404(read.conflicts(user, call), pk=pk)
    require(read.may_lift(user, conflict))
    form = LiftForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            verbs.lift_conflict(
                conflict=conflict,
                by=user,
                reason=form.cleaned_data["reason"],
                actor=acting(user, call),
            )
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, f"Le lien avec {conflict.territory.name} est levé.")
        return redirect("space-call-conflicts", slug=call.slug)
    return render(
        request,
        "intake/conflict_lift.html",
        {"call": call, "form": form, "conflict": conflict},
    )
