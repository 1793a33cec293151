"""The board: who is in the cohort, in reserve or not; moved by buttons, counted at once.

Every change is a form that posts. The script of the board sends the same form and gets the board
alone, in which it puts the new state; without it the page comes back whole.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from fabriques.intake.abilities import call_abilities, require
from fabriques.intake.domain import composing as verbs
from fabriques.intake.domain.composing import Act
from fabriques.intake.domain.refusals import StaleError
from fabriques.intake.forms.composing import OBJECTIVES, ObjectiveForm, ProposeForm
from fabriques.intake.models import Composition, Volunteer
from fabriques.intake.queries.composing.answers import answer_of
from fabriques.intake.queries.composing.draft import Draft
from fabriques.intake.queries.composing.shown import shown
from fabriques.intake.queries.pool.filters import PoolFilters
from fabriques.intake.views.composing.opening import (
    Composing,
    composing,
    composition_of,
    since,
    version_of,
)
from fabriques.kit import journal
from fabriques.kit.paging import paginate
from fabriques.people.current import signed_in

PER_PAGE = 30
SHOWN_CHANGES = 20
FRAGMENT = "X-Fragment"  # header of the script: only the board is wanted
SAID = {
    Act.ADD: "{} entre dans la cohorte.",
    Act.REMOVE: "{} en sort.",
    Act.RESERVE: "{} est en réserve.",
    Act.UP: "{} monte dans la réserve.",
    Act.DOWN: "{} descend dans la réserve.",
    Act.LOCK: "{} est verrouillé dans la cohorte.",
    Act.EXCLUDE: "{} est écarté\u00a0: les propositions ne le prendront pas.",
    Act.FREE: "{} est libre.",
}
AGAIN = {
    Act.ADD: "Ajouter {} quand même",
    Act.REMOVE: "Retirer {} quand même",
    Act.RESERVE: "Mettre {} en réserve quand même",
    Act.UP: "Monter {} quand même",
    Act.DOWN: "Descendre {} quand même",
    Act.LOCK: "Verrouiller {} quand même",
    Act.EXCLUDE: "Écarter {} quand même",
    Act.FREE: "Libérer {} quand même",
}


@require_safe
def by_number(request: HttpRequest, pk: int) -> HttpResponse:
    """From the journal, which knows a draft by its number alone."""
    user = signed_in(request)
    found = get_object_or_404(Composition.objects.select_related("call"), pk=pk)
    require(call_abilities(user, found.call).compose)
    return redirect(found)


@require_safe
def board(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    who = composing(request, slug)
    draft = who.draft(composition_of(who, pk))
    if FRAGMENT in request.headers:
        return render(request, "intake/composing/board.html", board_context(draft, request.GET))
    return whole(request, draft)


@require_POST
def place(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One button: `act` is « ajouter-12 », the act and the number of the volunteer."""
    who = composing(request, slug)
    composition = composition_of(who, pk)
    word, _, number = request.POST.get("act", "").rpartition("-")
    if word not in tuple(Act) or not number.isdecimal() or len(number) > 9:
        return refused(request, who, composition, ValidationError("Ce geste n’existe pas."))
    act = Act(word)
    volunteer = get_object_or_404(
        Volunteer.objects.select_related("territory"), call=who.call, number=int(number)
    )
    name = volunteer.territory.name
    try:
        composition = verbs.place(
            composition=composition,
            version=version_of(request),
            volunteer=volunteer,
            act=act,
            actor=who.actor,
        )
    except ValidationError as error:
        again = (AGAIN[act].format(name), reverse("composition-place", args=[slug, pk]))
        return refused(request, who, composition, error, again, {"act": f"{act}-{number}"})
    return done(request, who, composition, SAID[act].format(name))


def done(request: HttpRequest, who: Composing, composition: Composition, said: str) -> HttpResponse:
    """The board as it became; as a page of its own without script."""
    if FRAGMENT not in request.headers:
        messages.success(request, said)
        return redirect(composition.get_absolute_url() + _kept(request))
    composition.call = who.call
    context = board_context(who.draft(composition), _filters(request), said=said)
    return render(request, "intake/composing/board.html", context)


def refused(
    request: HttpRequest,
    who: Composing,
    composition: Composition,
    error: ValidationError,
    again: tuple[str, str] | None = None,
    fields: dict[str, str] | None = None,
) -> HttpResponse:
    """Why nothing was done; when somebody else was quicker, what they did, and the same act to do
    on top of it (`again`: its words and its address, `fields`: what its form sends)."""
    stale = isinstance(error, StaleError)
    seen = version_of(request)
    composition.refresh_from_db()
    composition.call = who.call
    problem = {
        "sentences": error.messages,
        "stale": stale,
        "since": since(composition, seen) if stale else [],
        "again": again if stale else None,
        "fields": fields or {},
        "query": _kept(request),
    }
    draft = who.draft(composition)
    status = 409 if stale else 422
    if FRAGMENT in request.headers:
        context = board_context(draft, _filters(request), problem=problem)
        return render(request, "intake/composing/board.html", context, status=status)
    return whole(request, draft, _filters(request), problem=problem, status=status)


def whole(
    request: HttpRequest,
    draft: Draft,
    data: QueryDict | None = None,
    *,
    problem: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a draft."""
    composition = draft.composition
    context = {
        **board_context(draft, request.GET if data is None else data, problem=problem),
        "history": journal.history(composition.subject)[:SHOWN_CHANGES],
    }
    return render(request, "intake/composing/composition.html", context, status=status)


def board_context(
    draft: Draft,
    data: QueryDict,
    *,
    said: str = "",
    problem: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """All that the board shows."""
    composition = draft.composition
    filters = PoolFilters.parse(data, draft.pool)
    outside = [seat for seat in draft.others if filters.keeps(seat.entry)]
    version = composition.version
    levels = ",".join(draft.levels)
    answer = answer_of(draft)
    hard = [line for line in draft.lines if line.rule.hard]
    return {
        "call": composition.call,
        "composition": composition,
        "draft": draft,
        "frozen": bool(
            composition.archived_at
            or composition.call.settled_at
            or composition.call.announced_at
            or composition.call.cancelled_at
        ),
        "hard_met": sum(line.met is True for line in hard),
        "hard_count": len(hard),
        "filters": filters,
        "choices": filters.choices(draft.pool),
        "outside": outside,
        "page": paginate(outside, data.get("page"), PER_PAGE),
        "query": filters.query(),
        "objective": OBJECTIVES.get(levels, ""),
        "objective_form": ObjectiveForm(initial={"version": version, "levels": levels}),
        "propose_form": ProposeForm(initial={"k": (answer.stored["k"] if answer else 3)}),
        "answer": shown(answer) if answer else None,
        "said": said,
        "problem": problem,
    }


def _filters(request: HttpRequest) -> QueryDict:
    """The filters of the list, which every form of the board sends along."""
    return QueryDict(request.POST.get("retour", "")[:2000].removeprefix("?"))


def _kept(request: HttpRequest) -> str:
    kept = _filters(request).urlencode()
    return f"?{kept}" if kept else ""
