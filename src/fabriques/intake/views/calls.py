"""Calls in the space: listed, prepared, published, prolonged, cancelled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from fabriques.intake.abilities import CallAbilities, acting, call_abilities, require
from fabriques.intake.domain import calls as verbs
from fabriques.intake.domain.refusals import StaleError
from fabriques.intake.enums import Phase, ThemeState
from fabriques.intake.forms.calls import CallForm, CancelForm, ExtensionForm
from fabriques.intake.models import Call, Theme
from fabriques.intake.queries import access
from fabriques.intake.queries import calls as read
from fabriques.intake.queries.access import is_steward
from fabriques.kit import journal
from fabriques.kit.forms import refused
from fabriques.kit.paging import searched
from fabriques.people.current import signed_in
from fabriques.people.models import User

SHOWN_CHANGES = 30


def calls(request: HttpRequest) -> HttpResponse:
    """All the calls for stewards; for others, those of the partners they act for."""
    user = signed_in(request)
    words = searched(request)
    steward = is_steward(user)
    groups = read.by_phase(user, words)
    require(steward or bool(groups) or read.calls_for(user).exists())
    return render(
        request,
        "intake/calls.html",
        {
            "groups": groups,
            "words": words,
            "steward": steward,
            "themes": read.themes_to_answer() if steward else 0,
        },
    )


def call(request: HttpRequest, slug: str) -> HttpResponse:
    """Where the call is, and what comes next."""
    user, found, can = call_or_404(request, slug)
    partners = access.reviewing(user, found)
    return render(
        request,
        "intake/call_dashboard.html",
        {
            "call": found,
            "can": can,
            "counters": read.counters(user, found),
            "partners": read.partners_of(found),
            "mine": partners,
            "judges": any(partner.gives_opinion for partner in partners),
            "extensions": list(found.extensions.order_by("at", "pk")),
            "missing": verbs.missing(found) if found.phase == Phase.DRAFT else [],
            "ended": found.phase in verbs.ENDED,
            "proposes": found.phase in (Phase.ANNOUNCED, Phase.OPEN),
            "history": journal.history(found.subject)[:SHOWN_CHANGES] if can.read_history else None,
        },
    )


def create(request: HttpRequest) -> HttpResponse:
    """From nothing, or from a kept theme (`?theme=`)."""
    user = signed_in(request)
    require(is_steward(user))
    theme = _theme(request.GET.get("theme", ""))
    form = CallForm.for_new(theme, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = verbs.create_call(values=form.values, theme=theme, actor=acting(user))
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(
                request, "Appel enregistré. Personne d’autre que l’équipe nationale ne le voit."
            )
            return redirect("space-call", made.slug)
    return render(request, "intake/call_edit.html", {"form": form, "theme": theme})


def edit(request: HttpRequest, slug: str) -> HttpResponse:
    user, found, _ = call_or_404(request, slug, "edit")
    fixed = verbs.fixed_fields(found)
    form = CallForm.for_call(found, request.POST or None, fixed=fixed)
    changes = None
    if request.method == "POST" and form.is_valid():
        try:
            verbs.edit_call(
                call=found,
                values=form.values,
                version=form.cleaned_data["version"],
                reason=form.cleaned_data.get("reason", "").strip(),
                actor=acting(user, found),
            )
        except StaleError as error:
            changes = error.changes
            form.stale(error, error.version)
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, "Appel enregistré.")
            return redirect("space-call", slug)
    return render(
        request,
        "intake/call_edit.html",
        {"form": form, "call": found, "changes": changes, "fixed": fixed},
    )


def publish(request: HttpRequest, slug: str) -> HttpResponse:
    """Says what is missing, or asks for a last confirmation."""
    user, found, _ = call_or_404(request, slug, "edit")
    problems: list[str] = []
    if request.method == "POST":
        try:
            verbs.publish_call(call=found, actor=acting(user, found))
        except ValidationError as error:
            problems = error.messages
        else:
            messages.success(request, "L’appel est public.")
            return redirect("space-call", slug)
    elif found.published_at:
        return redirect("space-call", slug)
    return render(
        request,
        "intake/call_publish.html",
        {
            "call": found,
            "missing": verbs.missing(found) if not found.published_at else [],
            "problems": problems,
        },
    )


@dataclass(frozen=True)
class Act:
    """An act on a call that asks for a reason on a page of its own."""

    run: Callable[..., Call]
    form: type[Form]
    template: str
    said: str

    def __call__(self, request: HttpRequest, slug: str) -> HttpResponse:
        user, found, _ = call_or_404(request, slug, "edit")
        form = self.form(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                self.run(call=found, actor=acting(user, found), **form.cleaned_data)
            except ValidationError as error:
                refused(form, error)
            else:
                messages.success(request, self.said)
                return redirect("space-call", slug)
        return render(request, self.template, {"form": form, "call": found})


extend = Act(
    verbs.extend_call,
    ExtensionForm,
    "intake/call_extend.html",
    "Appel prolongé. Les personnes qui écrivent et les territoires invités sont prévenus.",
)
cancel = Act(
    verbs.cancel_call,
    CancelForm,
    "intake/call_cancel.html",
    "Appel annulé. Les personnes concernées sont prévenues.",
)


def call_or_404(
    request: HttpRequest, slug: str, ability: str = "open"
) -> tuple[User, Call, CallAbilities]:
    """The call of the address, for who has this ability over it (a field of `CallAbilities`)."""
    user = signed_in(request)
    found = get_object_or_404(
        Call.objects.select_related("main_transition", "theme", "fabrique"), slug=slug
    )
    can = call_abilities(user, found)
    require(getattr(can, ability))
    return user, found, can


def _theme(ref: str) -> Theme | None:
    """The kept theme that the address names; 404 for another one."""
    if not ref:
        return None
    try:
        return get_object_or_404(Theme, ref=UUID(ref), state=ThemeState.KEPT)
    except ValueError:
        raise Http404 from None


def back(call: Call, name: str = "space-call", *, anchor: str = "") -> HttpResponse:
    """To a page of the call, once something was done there."""
    return redirect(reverse(name, args=[call.slug]) + (f"#{anchor}" if anchor else ""))
