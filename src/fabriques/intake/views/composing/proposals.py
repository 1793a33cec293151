"""Cohorts that the engine proposes: asked, explained, taken; rules loosened in one click."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from fabriques.engines.cohort import InputError
from fabriques.intake.domain import composing as verbs
from fabriques.intake.forms.composing import ProposeForm
from fabriques.intake.queries.composing import answers, reasons
from fabriques.intake.queries.composing.answers import answer_of
from fabriques.intake.queries.pool.filters import PoolFilters
from fabriques.intake.views.composing import board
from fabriques.intake.views.composing.opening import composing, composition_of, version_of
from fabriques.kit.paging import paginate
from fabriques.kit.ratelimit import limited

PER_PAGE = 50


@require_POST
@limited("proposer", per_person="120/h")
def propose(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Ask the engine. The draft itself does not change."""
    who = composing(request, slug)
    composition = composition_of(who, pk)
    form = ProposeForm(request.POST)
    if not form.is_valid():
        sentences = [str(message) for errors in form.errors.values() for message in errors]
        return board.refused(request, who, composition, ValidationError(sentences))
    draft = who.draft(composition)
    if not draft.pool:
        empty = ValidationError("Aucune déclaration n’est déposée : il n’y a rien à proposer.")
        return board.refused(request, who, composition, empty)
    stored = answers.ask(draft, k=form.cleaned_data["k"])
    answers.keep(composition, stored)
    composition.proposals = stored
    count = len(stored["proposals"])
    said = (
        f"{count} proposition{'s' if count > 1 else ''}." if count else "Aucune cohorte possible."
    )
    if board.FRAGMENT in request.headers:
        return board.done(request, who, composition, said)
    messages.success(request, said) if count else messages.warning(request, said)
    return redirect(f"{composition.get_absolute_url()}#propositions")


@require_POST
def adopt(request: HttpRequest, slug: str, pk: int, number: int) -> HttpResponse:
    """Make the cohort of a proposal; locks are kept, and so is the reserve."""
    who = composing(request, slug)
    composition = composition_of(who, pk)
    stored = composition.proposals or {"proposals": []}
    if not 1 <= number <= len(stored["proposals"]):
        raise Http404
    members = [int(name) for name in stored["proposals"][number - 1]["members"]]
    asked_at = request.POST.get("at", "")
    try:
        if asked_at != stored["at"]:
            raise ValidationError(
                "D’autres propositions ont été demandées depuis : choisissez parmi celles-ci."
            )
        composition = verbs.adopt(
            composition=composition,
            version=version_of(request),
            numbers=members,
            verb=f"proposition {number} placée dans la cohorte",
            actor=who.actor,
        )
    except ValidationError as error:
        again = (
            f"Prendre la proposition {number} quand même",
            reverse("composition-adopt", args=[slug, pk, number]),
        )
        return board.refused(request, who, composition, error, again, {"at": asked_at})
    return board.done(request, who, composition, f"La proposition {number} est la cohorte.")


@require_POST
def loosen(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Loosen what the engine says is the least, then ask it again."""
    who = composing(request, slug)
    composition = composition_of(who, pk)
    answer = answer_of(who.draft(composition))
    options = reasons.loosenings(answer) if answer else []
    key = request.POST.get("assouplir", "")
    option = next((option for option in options if option.key == key), None)
    if option is None or answer is None:
        gone = ValidationError("Les règles ont changé depuis : demandez à nouveau.")
        return board.refused(request, who, composition, gone)
    try:
        composition = verbs.loosen(
            composition=composition,
            version=version_of(request),
            changes=option.changes,
            pool=answer.draft.pool,
            actor=who.actor,
        )
    except ValidationError as error:
        again = ("Assouplir quand même", reverse("composition-loosen", args=[slug, pk]))
        return board.refused(request, who, composition, error, again, {"assouplir": key})
    composition.call = who.call
    stored = answers.ask(who.draft(composition), k=answer.stored["k"])
    answers.keep(composition, stored)
    composition.proposals = stored
    return board.done(request, who, composition, "Règles assouplies, nouvelles propositions.")


@require_safe
def why(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Why each volunteer is in or out of the first proposal."""
    who = composing(request, slug)
    draft = who.draft(composition_of(who, pk))
    answer = answer_of(draft)
    if answer is None or not answer.proposals:
        raise Http404
    filters = PoolFilters.parse(request.GET, draft.pool)
    members = {entry.number for entry in answer.proposals[0].members}
    told = answer.why
    found = sorted(filters.of(draft.pool), key=lambda entry: entry.number not in members)
    page = paginate(found, request.GET.get("page"), PER_PAGE)
    rows = [
        (
            entry,
            entry.number in members,
            reasons.why(draft, told[str(entry.number)]) if str(entry.number) in told else [],
        )
        for entry in page.object_list
    ]
    return render(
        request,
        "intake/composing/why.html",
        {
            "call": who.call,
            "composition": draft.composition,
            "answer": answer,
            "rows": rows,
            "page": page,
            "filters": filters,
            "query": filters.query(),
        },
    )


@require_safe
@limited("expliquer", per_person="120/h")
def why_one(request: HttpRequest, slug: str, pk: int, number: int) -> HttpResponse:
    """The exact explanation for one volunteer, in front of a proposal or of the draft itself.

    `?proposition=2`: of that proposal; without it, of the cohort as it is on the board.
    """
    who = composing(request, slug)
    draft = who.draft(composition_of(who, pk))
    entry = draft.pool.by_number.get(number)
    if entry is None:
        raise Http404
    members, of = draft.cohort, "la cohorte du tableau"
    answer = answer_of(draft)
    asked = request.GET.get("proposition", "")
    if asked.isdecimal() and answer and 1 <= int(asked[:3]) <= len(answer.proposals):
        members, of = list(answer.proposals[int(asked) - 1].members), f"la proposition {asked}"
    sentences, exact, problem = [], False, ""
    try:
        told = answers.explain(draft, members, entry)
    except InputError as error:
        problem = error.error
    else:
        sentences, exact = reasons.why(draft, told), told["exact"]
    return render(
        request,
        "intake/composing/why_one.html",
        {
            "call": who.call,
            "composition": draft.composition,
            "entry": entry,
            "is_member": entry in members,
            "of": of,
            "sentences": sentences,
            "exact": exact,
            "problem": problem,
        },
    )
