"""Themes in the space: proposed by anybody signed in, backed, answered by stewards."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from fabriques.intake.abilities import ThemeAbilities, acting, require, theme_abilities
from fabriques.intake.domain import themes as verbs
from fabriques.intake.domain.refusals import StaleError
from fabriques.intake.enums import ThemeState
from fabriques.intake.forms.themes import AnswerForm, SupportForm, ThemeForm
from fabriques.intake.models import Theme
from fabriques.intake.queries import themes as read
from fabriques.intake.queries.access import is_steward
from fabriques.kit import journal
from fabriques.kit.forms import refused
from fabriques.kit.paging import kept_filters, paginate, searched
from fabriques.kit.ratelimit import limited
from fabriques.people.current import signed_in
from fabriques.people.models import User

PER_PAGE = 20
SHOWN_SUPPORTS = 200
SHOWN_CHANGES = 20
MINE = "miens"


def themes(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    words = searched(request)
    state = request.GET.get("etat", "")
    asked = state if state in ThemeState.values else ""
    mine = user if state == MINE else None
    page = paginate(read.themes(words, asked, mine=mine), request.GET.get("page"), PER_PAGE)
    return render(
        request,
        "intake/themes.html",
        {
            "page": page,
            "words": words,
            "state": state if asked or mine else "",
            "states": [("", "Tous"), (MINE, "Ceux que j’ai proposés"), *ThemeState.choices],
            "query": kept_filters(request),
        },
    )


@limited("theme", per_person="20/h")
def propose(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    form = ThemeForm.for_newcomer(user, request.POST or None, anct=is_steward(user))
    if request.method == "POST" and form.is_valid():
        try:
            theme = verbs.propose_theme(values=form.cleaned_data, author=user, actor=acting(user))
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, "Votre proposition est enregistrée. Faites-la connaître.")
            return redirect(theme)
    return render(request, "intake/theme_edit.html", {"form": form})


def theme(request: HttpRequest, ref: UUID) -> HttpResponse:
    user, found, can = _opened(request, ref)
    return _page(request, user, found, can)


def edit(request: HttpRequest, ref: UUID) -> HttpResponse:
    user, found, can = _opened(request, ref)
    require(can.edit)
    form = ThemeForm.for_theme(found, request.POST or None, anct=is_steward(user))
    changes = None
    if request.method == "POST" and form.is_valid():
        try:
            verbs.edit_theme(
                theme=found,
                values=form.cleaned_data,
                version=form.cleaned_data["version"],
                actor=acting(user),
            )
        except StaleError as error:
            changes = error.changes
            form.stale(error, error.version)
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, "Proposition enregistrée.")
            return redirect(found)
    return render(
        request, "intake/theme_edit.html", {"form": form, "theme": found, "changes": changes}
    )


def withdraw(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Asks first: a withdrawn proposal does not come back."""
    user, found, can = _opened(request, ref)
    require(can.edit)
    if request.method == "POST":
        try:
            verbs.withdraw_theme(theme=found, actor=acting(user))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect(found)
        messages.success(request, "Proposition retirée.")
        return redirect("themes")
    return render(request, "intake/theme_withdraw.html", {"theme": found})


@require_POST
@limited("support", per_person="60/h")
def support(request: HttpRequest, ref: UUID) -> HttpResponse:
    user, found, can = _opened(request, ref)
    require(can.support)
    form = SupportForm(request.POST)
    if form.is_valid():
        try:
            verbs.back_theme(theme=found, user=user, actor=acting(user), **form.cleaned_data)
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, "Merci : votre soutien est enregistré.")
            return redirect(found)
    return _page(request, user, found, can, support_form=form)


@require_POST
def unsupport(request: HttpRequest, ref: UUID) -> HttpResponse:
    user, found, can = _opened(request, ref)
    require(can.support)
    try:
        verbs.unback_theme(theme=found, user=user, actor=acting(user))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "Votre soutien est retiré.")
    return redirect(found)


@require_POST
def answer(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Stewards keep a theme, then make a call of it, or decline it."""
    user, found, can = _opened(request, ref)
    require(can.answer)
    form = AnswerForm(request.POST)
    if form.is_valid():
        keep = form.cleaned_data["decision"] == "keep"
        try:
            verbs.answer_theme(
                theme=found, keep=keep, answer=form.cleaned_data["answer"], actor=acting(user)
            )
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, "Réponse enregistrée : la personne qui propose la reçoit.")
            if keep:
                return redirect(f"{reverse('space-call-new')}?theme={found.ref}")
            return redirect(found)
    return _page(request, user, found, can, answer_form=form)


def _opened(request: HttpRequest, ref: UUID) -> tuple[User, Theme, ThemeAbilities]:
    user = signed_in(request)
    found = get_object_or_404(
        Theme.objects.select_related("organisation", "programme", "author"), ref=ref
    )
    can = theme_abilities(user, found)
    require(can.open)
    return user, found, can


def _page(
    request: HttpRequest,
    user: User,
    found: Theme,
    can: ThemeAbilities,
    *,
    support_form: SupportForm | None = None,
    answer_form: AnswerForm | None = None,
) -> HttpResponse:
    backers = list(read.supports(found)[:SHOWN_SUPPORTS])
    mine = next((item for item in backers if item.user_id == user.pk), None)
    initial = (
        {"on_behalf_of": mine.on_behalf_of, "comment": mine.comment}
        if mine
        else {"on_behalf_of": str(user.organisation or "")}
    )
    waits = found.state == ThemeState.PROPOSED
    return render(
        request,
        "intake/theme.html",
        {
            "theme": found,
            "behalf": read.behalf(found),
            "territories": found.territories.select_related("departement").order_by("name", "code"),
            "can": can,
            "mine": mine,
            "backers": backers,
            "support_form": support_form or SupportForm(initial=initial),
            "answer_form": answer_form or (AnswerForm() if can.answer and waits else None),
            "calls": _calls(found, can),
            "history": journal.history(found.subject)[:SHOWN_CHANGES] if can.answer else None,
        },
    )


def _calls(theme: Theme, can: ThemeAbilities) -> list[object]:
    """The calls made of this theme: those that are public, all of them for stewards."""
    found = theme.calls.order_by("pk")
    return list(found if can.answer else found.exclude(published_at=None))
