"""What a call is made of, for stewards: questions, partners and their people."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from fabriques.intake.abilities import acting
from fabriques.intake.domain import partners as partner_verbs
from fabriques.intake.domain import questions as question_verbs
from fabriques.intake.forms.call_parts import (
    NewPartnerForm,
    PartnerForm,
    QuestionForm,
    ReviewerForm,
)
from fabriques.intake.models import CallPartner, CallQuestion, Reviewer
from fabriques.intake.queries import calls as read
from fabriques.intake.views.calls import back, call_or_404
from fabriques.kit.forms import refused
from fabriques.kit.ratelimit import limited

QUESTIONS, PARTNERS = "space-call-questions", "space-call-partners"


def questions(request: HttpRequest, slug: str) -> HttpResponse:
    """The questions in their order, and one to add."""
    user, found, _ = call_or_404(request, slug, "edit")
    form = QuestionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            question_verbs.add_question(
                call=found, values=form.cleaned_data, actor=acting(user, found)
            )
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, "Question ajoutée.")
            return back(found, QUESTIONS)
    return render(
        request,
        "intake/call_questions.html",
        {"call": found, "form": form, "questions": list(found.questions.order_by("position"))},
    )


def question(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    user, found, _ = call_or_404(request, slug, "edit")
    asked = get_object_or_404(CallQuestion, call=found, pk=pk)
    initial = {name: getattr(asked, name) for name in QuestionForm.Meta.fields}
    form = QuestionForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            question_verbs.edit_question(
                question=asked, values=form.cleaned_data, actor=acting(user, found)
            )
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, "Question enregistrée.")
            return back(found, QUESTIONS)
    return render(
        request, "intake/call_question.html", {"call": found, "form": form, "question": asked}
    )


@require_POST
def move_question(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    user, found, _ = call_or_404(request, slug, "edit")
    asked = get_object_or_404(CallQuestion, call=found, pk=pk)
    up = request.POST.get("vers") == "haut"
    return _done(
        request,
        back(found, QUESTIONS),
        "Question déplacée.",
        question_verbs.move_question,
        question=asked,
        up=up,
        actor=acting(user, found),
    )


@require_POST
def delete_question(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    user, found, _ = call_or_404(request, slug, "edit")
    asked = get_object_or_404(CallQuestion, call=found, pk=pk)
    return _done(
        request,
        back(found, QUESTIONS),
        "Question retirée.",
        question_verbs.delete_question,
        question=asked,
        actor=acting(user, found),
    )


def partners(request: HttpRequest, slug: str) -> HttpResponse:
    """The partners with their people, and one to add."""
    user, found, _ = call_or_404(request, slug, "edit")
    form = NewPartnerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            added = partner_verbs.add_partner(
                call=found, values=form.cleaned_data, actor=acting(user, found)
            )
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(
                request, f"{added.organisation} est partenaire. Désignez qui agit en son nom."
            )
            return back(found, PARTNERS)
    return render(
        request,
        "intake/call_partners.html",
        {"call": found, "form": form, "partners": list(read.partners_of(found))},
    )


def partner(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One partner: what it sees and does, who acts for it."""
    user, found, _ = call_or_404(request, slug, "edit")
    beside = get_object_or_404(read.partners_of(found), pk=pk)
    initial = {name: getattr(beside, name) for name in PartnerForm.Meta.fields}
    form = PartnerForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            partner_verbs.edit_partner(
                partner=beside, values=form.cleaned_data, actor=acting(user, found)
            )
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, "Partenaire enregistré.")
            return back(found, PARTNERS)
    return _partner(request, beside, form, ReviewerForm(auto_id="personne_%s"))


@require_POST
def remove_partner(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    user, found, _ = call_or_404(request, slug, "edit")
    beside = get_object_or_404(CallPartner, call=found, pk=pk)
    return _done(
        request,
        back(found, PARTNERS),
        "Partenaire retiré.",
        partner_verbs.remove_partner,
        partner=beside,
        actor=acting(user, found),
    )


@require_POST
@limited("reviewer", per_person="60/h")
def name_reviewer(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    user, found, _ = call_or_404(request, slug, "edit")
    beside = get_object_or_404(read.partners_of(found), pk=pk)
    form = ReviewerForm(request.POST, auto_id="personne_%s")
    if form.is_valid():
        try:
            partner_verbs.name_reviewer(
                partner=beside, email=form.cleaned_data["email"], actor=acting(user, found)
            )
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(
                request, f"Lettre envoyée à {form.cleaned_data['email']} : l’accès est ouvert."
            )
            return back(found, PARTNERS)
    initial = {name: getattr(beside, name) for name in PartnerForm.Meta.fields}
    return _partner(request, beside, PartnerForm(initial=initial), form)


@require_POST
def withdraw_reviewer(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    user, found, _ = call_or_404(request, slug, "edit")
    reviewer = get_object_or_404(
        Reviewer.objects.select_related("partner__call"), partner__call=found, pk=pk
    )
    return _done(
        request,
        back(found, PARTNERS),
        "C’est fait : cette personne n’a plus accès à l’appel.",
        partner_verbs.withdraw_reviewer,
        reviewer=reviewer,
        actor=acting(user, found),
    )


def _partner(
    request: HttpRequest, beside: CallPartner, form: PartnerForm, reviewer_form: ReviewerForm
) -> HttpResponse:
    return render(
        request,
        "intake/call_partner.html",
        {
            "call": beside.call,
            "partner": beside,
            "form": form,
            "reviewer_form": reviewer_form,
        },
    )


def _done(
    request: HttpRequest, answer: HttpResponse, said: str, run: Any, **arguments: Any
) -> HttpResponse:
    """Run a verb of a button, and say what came of it on the page that follows."""
    try:
        run(**arguments)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, said)
    return answer
