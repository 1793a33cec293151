"""Rules of a draft in plain forms, and its objective."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from fabriques.intake.domain import composing as verbs
from fabriques.intake.domain.composing.rules import OF_VALUES
from fabriques.intake.domain.refusals import StaleError
from fabriques.intake.enums import RuleKind
from fabriques.intake.forms.composing import ObjectiveForm, RuleForm
from fabriques.intake.models import Composition, Rule
from fabriques.intake.queries.composing import words
from fabriques.intake.queries.pool import NEIGHBOURS_NOTE, NESTED_NOTE, RECENT_NOTE, Pool
from fabriques.intake.views.composing import board
from fabriques.intake.views.composing.opening import (
    Composing,
    composing,
    composition_of,
    since,
    version_of,
)
from fabriques.kit.forms import refused

#: Each kind with an example, as the choice of a rule shows it.
KINDS = {
    RuleKind.AT_LEAST: "Au moins 2 communes, au moins 1 territoire d’outre-mer…",
    RuleKind.AT_MOST: "Au plus 3 territoires d’une région, pas de territoire ayant reçu un avis "
    "défavorable…",
    RuleKind.AT_MOST_EACH: "Au plus 1 par région, au plus 2 par classe de population…",
    RuleKind.AT_LEAST_VALUES: "Au moins 5 régions différentes…",
    RuleKind.NOT_NEIGHBOURS: NEIGHBOURS_NOTE,
    RuleKind.NOT_NESTED: NESTED_NOTE,
    RuleKind.NOT_RECENT: RECENT_NOTE,
}


def create(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """First the kind (`?sorte=`), then what it asks."""
    who = composing(request, slug)
    composition = composition_of(who, pk)
    asked = request.GET.get("sorte", "")
    if asked not in RuleKind:
        kinds = [(kind, kind.label, KINDS[kind]) for kind in RuleKind]
        context = {"call": who.call, "composition": composition, "kinds": kinds}
        return render(request, "intake/composing/rule_kinds.html", context)
    kind, pool = RuleKind(asked), who.pool()
    form = RuleForm(
        request.POST or None,
        kind=kind,
        pool=pool,
        initial={"version": composition.version, "binding": "imperative"},
    )

    def act() -> Composition:
        return verbs.add_rule(
            composition=composition,
            version=form.cleaned_data["version"],
            asked=form.asked,
            pool=pool,
            actor=who.actor,
        )

    return _form(request, who, composition, form, pool, act)


def change(request: HttpRequest, slug: str, pk: int, rule: int) -> HttpResponse:
    who = composing(request, slug)
    composition = composition_of(who, pk)
    found = get_object_or_404(Rule, composition=composition, pk=rule)
    found.composition = composition
    pool = who.pool()
    form = RuleForm.of(found, pool, composition.version, request.POST or None)

    def act() -> Composition:
        return verbs.change_rule(
            rule=found,
            version=form.cleaned_data["version"],
            asked=form.asked,
            pool=pool,
            actor=who.actor,
        )

    return _form(request, who, composition, form, pool, act, rule=found)


def _form(
    request: HttpRequest,
    who: Composing,
    composition: Composition,
    form: RuleForm,
    pool: Pool,
    act: Any,
    *,
    rule: Rule | None = None,
) -> HttpResponse:
    entries: list[Any] = []
    if request.method == "POST" and form.is_valid():
        seen = form.cleaned_data["version"]
        try:
            made = act()
        except StaleError as error:
            entries = since(composition, seen)
            form.stale(error, error.version)
        except ValidationError as error:
            refused(form, _beside(error, form.kind))
        else:
            said = words.sentence(form.asked, pool)
            messages.success(request, f"Règle enregistrée\u00a0: {said}.")
            return redirect(f"{made.get_absolute_url()}#regles")
    return render(
        request,
        "intake/composing/rule.html",
        {
            "call": who.call,
            "composition": composition,
            "form": form,
            "kind": form.kind,
            "note": KINDS[form.kind],
            "rule": rule,
            "since": entries,
        },
    )


def _beside(error: ValidationError, kind: RuleKind) -> ValidationError:
    """What the verb says of the values goes beside the first select of values."""
    known = getattr(error, "error_dict", None)
    if known and kind in OF_VALUES:
        return ValidationError(
            {
                "value_0" if name in ("values", "category") else name: errors
                for name, errors in known.items()
            }
        )
    return error


@require_POST
def remove(request: HttpRequest, slug: str, pk: int, rule: int) -> HttpResponse:
    who = composing(request, slug)
    composition = composition_of(who, pk)
    found = Rule.objects.filter(composition=composition, pk=rule).first()
    if found is None:  # somebody else was quicker: there is nothing left to do
        return board.done(request, who, composition, "Cette règle a déjà été retirée.")
    found.composition = composition
    try:
        composition = verbs.remove_rule(
            rule=found, version=version_of(request), pool=who.pool(), actor=who.actor
        )
    except ValidationError as error:
        again = (
            "Retirer la règle quand même",
            reverse("composition-rule-remove", args=[slug, pk, rule]),
        )
        return board.refused(request, who, composition, error, again)
    return board.done(request, who, composition, "Règle retirée.")


@require_POST
def levels(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """What proposals look for, in which order."""
    who = composing(request, slug)
    composition = composition_of(who, pk)
    form = ObjectiveForm(request.POST)
    if not form.is_valid():
        return board.refused(
            request, who, composition, ValidationError("Choisissez un ordre parmi ceux proposés.")
        )
    asked = form.cleaned_data["levels"]
    try:
        composition = verbs.set_levels(
            composition=composition,
            version=form.cleaned_data["version"],
            levels=asked.split(","),
            actor=who.actor,
        )
    except ValidationError as error:
        again = ("Choisir cet ordre quand même", reverse("composition-levels", args=[slug, pk]))
        return board.refused(request, who, composition, error, again, {"levels": asked})
    return board.done(request, who, composition, "L’ordre est enregistré.")
