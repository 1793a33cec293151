"""The drafts of a call: listed, begun, copied, put away, compared side by side."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from fabriques.intake.domain import composing as verbs
from fabriques.intake.domain.refusals import StaleError
from fabriques.intake.forms.composing import DraftForm, NameForm
from fabriques.intake.models import Composition
from fabriques.intake.queries.composing.comparing import MOST_COMPARED, compare
from fabriques.intake.queries.composing.draft import compositions, draft_of
from fabriques.intake.views.composing import board
from fabriques.intake.views.composing.opening import (
    composing,
    composition_of,
    since,
    version_of,
)
from fabriques.kit.forms import refused


@require_safe
def drafts(request: HttpRequest, slug: str) -> HttpResponse:
    who = composing(request, slug)
    found = list(compositions(who.call))
    return render(
        request,
        "intake/composing/drafts.html",
        {
            "call": who.call,
            "drafts": [item for item in found if not item.archived_at],
            "archived": [item for item in found if item.archived_at],
            "decided": bool(who.call.settled_at or who.call.announced_at),
            "most": MOST_COMPARED,
        },
    )


def create(request: HttpRequest, slug: str) -> HttpResponse:
    who = composing(request, slug)
    form = NameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = verbs.create(call=who.call, name=form.cleaned_data["name"], actor=who.actor)
        except ValidationError as error:
            refused(form, error)
        else:
            return redirect(made)
    context = {"call": who.call, "form": form, "source": None}
    return render(request, "intake/composing/new.html", context)


def duplicate(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    who = composing(request, slug)
    source = composition_of(who, pk)
    form = NameForm(request.POST or None, initial={"name": f"{source.name} (copie)"[:120]})
    if request.method == "POST" and form.is_valid():
        try:
            made = verbs.duplicate(
                composition=source, name=form.cleaned_data["name"], actor=who.actor
            )
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, "La copie est prête : l’original ne changera plus avec elle.")
            return redirect(made)
    context = {"call": who.call, "form": form, "source": source}
    return render(request, "intake/composing/new.html", context)


def edit(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Name, note, places."""
    who = composing(request, slug)
    composition = composition_of(who, pk)
    form = DraftForm.of(composition, request.POST or None)
    entries: list[Any] = []
    if request.method == "POST" and form.is_valid():
        try:
            composition = verbs.edit(
                composition=composition,
                version=form.cleaned_data["version"],
                name=form.cleaned_data["name"],
                note=form.cleaned_data["note"],
                places=form.places,
                actor=who.actor,
            )
        except StaleError as error:
            entries = since(composition, form.cleaned_data["version"])
            form.stale(error, error.version)
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, "Composition enregistrée.")
            return redirect(composition)
    return render(
        request,
        "intake/composing/edit.html",
        {"call": who.call, "composition": composition, "form": form, "since": entries},
    )


@require_POST
def archive(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    return _put(request, slug, pk, archived=True)


@require_POST
def restore(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    return _put(request, slug, pk, archived=False)


def _put(request: HttpRequest, slug: str, pk: int, *, archived: bool) -> HttpResponse:
    who = composing(request, slug)
    composition = composition_of(who, pk)
    verb = verbs.archive if archived else verbs.restore
    try:
        verb(composition=composition, version=version_of(request), actor=who.actor)
    except ValidationError as error:
        return board.refused(request, who, composition, error)
    said = "archivée : elle se relit, et ne change plus" if archived else "reprise"
    messages.success(request, f"Composition {said}.")
    return redirect("space-call-compositions", who.call.slug)


@require_safe
def comparison(request: HttpRequest, slug: str) -> HttpResponse:
    """`?avec=1&avec=2`: these drafts side by side; without any, the first ones."""
    who = composing(request, slug)
    found = list(compositions(who.call))
    asked = {int(pk) for pk in request.GET.getlist("avec") if pk.isdecimal() and len(pk) < 10}
    chosen = [item for item in found if item.pk in asked] or [
        item for item in found if not item.archived_at
    ]
    chosen = chosen[:MOST_COMPARED]
    pool = who.pool()
    return render(
        request,
        "intake/composing/compare.html",
        {
            "call": who.call,
            "drafts": found,
            "chosen": {item.pk for item in chosen},
            "comparison": compare([_over(item, who.call, pool) for item in chosen]),
            "most": MOST_COMPARED,
            "too_many": len(asked) > MOST_COMPARED,
        },
    )


def _over(composition: Composition, call: Any, pool: Any) -> Any:
    composition.call = call
    return draft_of(composition, pool)
