"""The decision of a call: settled, its reasons, its letters, the announcement, the reserve."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from fabriques.intake.abilities import acting, call_abilities, require
from fabriques.intake.domain import deciding as verbs
from fabriques.intake.domain.deciding.letters import without_letter
from fabriques.intake.domain.refusals import StaleError
from fabriques.intake.forms.deciding import TERRITORY, ReasonsForm, ReopenForm, SettleForm
from fabriques.intake.models import Call
from fabriques.intake.queries import deciding as read
from fabriques.kit import journal
from fabriques.kit.forms import refused
from fabriques.people.current import signed_in
from fabriques.people.models import User

SHOWN_CHANGES = 20


@require_safe
def decision(request: HttpRequest, slug: str) -> HttpResponse:
    """Where the decision stands, and what comes next."""
    user, call = _call(request, slug)
    volunteers = read.declarations(user, call)
    pending = [volunteer for volunteer in volunteers if volunteer.pending_outcome]
    batches = read.batches(call) if pending else []
    vacancies = verbs.vacancies(call, volunteers)
    compositions: list[Any] = [] if call.settled_at else list(read.compositions(call))
    return render(
        request,
        "intake/decision.html",
        {
            "call": call,
            "total": len(volunteers),
            "compositions": compositions,
            "placed": any(composition.members for composition in compositions),
            "settled": call.compositions.exclude(settled_at=None).order_by("pk").first(),
            "groups": read.groups(volunteers),
            "pending": pending,
            "batches": batches,
            "lacking": len(without_letter(call, pending)) if pending else 0,
            "unwritten": read.unwritten(batches, pending),
            "vacancies": vacancies,
            "next": verbs.first_in_reserve(volunteers) if vacancies else None,
            "to_invite": read.to_invite(volunteers) if call.announced_at else [],
            "history": journal.history(call.subject)[:SHOWN_CHANGES],
        },
    )


def settle(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """What a composition would decide, reread before it is settled."""
    user, call = _call(request, slug)
    composition = get_object_or_404(
        call.compositions.select_related("call").filter(archived_at=None), pk=pk
    )
    cautions = verbs.cautions(composition)
    form = SettleForm(
        request.POST or None,
        cautious=bool(cautions),
        initial={"version": composition.version},
    )
    if request.method == "POST" and form.is_valid():
        try:
            verbs.settle(
                composition=composition,
                version=form.cleaned_data["version"],
                reason=form.cleaned_data.get("reason", ""),
                actor=acting(user, call),
            )
        except StaleError as error:
            form.stale(error, error.version)
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(
                request,
                "La décision est arrêtée. Seules les personnes qui décident la voient\u00a0: "
                "relisez maintenant les motifs.",
            )
            return redirect("space-call-reasons", slug=slug)
    return render(
        request,
        "intake/decision_settle.html",
        {
            "call": call,
            "composition": composition,
            "cautions": cautions,
            "groups": read.placed(composition, read.declarations(user, call)),
            "form": form,
        },
    )


def reasons(request: HttpRequest, slug: str) -> HttpResponse:
    """The reason that each territory will receive."""
    user, call = _call(request, slug)
    pending = [v for v in read.declarations(user, call) if v.pending_outcome]
    if not pending:
        messages.info(request, "Aucune décision n’attend ses motifs.")
        return redirect("space-call-decision", slug=slug)
    groups = read.groups(pending, pending=True)
    form = ReasonsForm(
        request.POST or None,
        volunteers=pending,
        outcomes=[group.outcome for group in groups],
        initial={"version": call.version},
    )
    if spread := request.POST.get("tous"):
        form.spread(spread)
    elif request.method == "POST" and form.is_valid():
        try:
            changed = verbs.write_reasons(
                call=call,
                version=form.cleaned_data["version"],
                reasons=form.reasons,
                actor=acting(user, call),
            )
        except StaleError as error:
            form.stale(error, error.version)
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(
                request,
                f"Motifs enregistrés\u00a0: {changed} modifié{'s' if changed > 1 else ''}."
                if changed
                else "Motifs relus\u00a0: aucun n’a changé.",
            )
            return redirect("space-call-decision", slug=slug)
    return render(
        request,
        "intake/decision_reasons.html",
        {
            "call": call,
            "form": form,
            "spread": spread,
            "placeholder": TERRITORY,
            "groups": [
                (
                    group,
                    form[f"all-{group.outcome}"],
                    [(v, form[f"reason-{v.pk}"]) for v in group.volunteers],
                )
                for group in groups
            ],
        },
    )


@require_POST
def letters(request: HttpRequest, slug: str) -> HttpResponse:
    """Compose the letters that are missing."""
    user, call = _call(request, slug)
    try:
        composed = verbs.compose_letters(call=call, actor=acting(user, call))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        number = sum(batch.mails.count() for batch in composed)
        messages.success(
            request,
            f"{number} lettre{'s' if number > 1 else ''} à relire, dans {len(composed)} "
            f"envoi{'s' if len(composed) > 1 else ''}. Rien n’est parti.",
        )
    return redirect("space-call-decision", slug=slug)


def announce(request: HttpRequest, slug: str) -> HttpResponse:
    """Asked again before it is done: it cannot be taken back."""
    user, call = _call(request, slug)
    volunteers = read.declarations(user, call)
    pending = [volunteer for volunteer in volunteers if volunteer.pending_outcome]
    problem = ""
    if request.method == "POST":
        try:
            done = verbs.announce(call=call, user=user, actor=acting(user, call))
        except ValidationError as error:
            problem = " ".join(error.messages)
        else:
            many = "s" if done.letters > 1 else ""
            messages.success(
                request,
                f"C’est annoncé\u00a0: {done.letters} lettre{many} part{'ent' if many else ''}.",
            )
            for sentence in done.not_invited:
                messages.warning(request, f"À inviter autrement. {sentence}")
            return redirect("space-call-decision", slug=slug)
    elif not pending:
        messages.info(request, "Rien de nouveau à annoncer.")
        return redirect("space-call-decision", slug=slug)
    batches = read.batches(call)
    return render(
        request,
        "intake/decision_announce.html",
        {
            "call": call,
            "problem": problem,
            "groups": read.groups(pending, pending=True),
            "letters": sum(batch.to_review for batch in batches),  # type: ignore[attr-defined]
            "unwritten": read.unwritten(batches, pending),
        },
    )


def reopen(request: HttpRequest, slug: str) -> HttpResponse:
    user, call = _call(request, slug)
    form = ReopenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            verbs.reopen(call=call, reason=form.cleaned_data["reason"], actor=acting(user, call))
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(
                request, "C’est rouvert\u00a0: rien n’est décidé, les lettres sont annulées."
            )
            return redirect("space-call-decision", slug=slug)
    return render(request, "intake/decision_reopen.html", {"call": call, "form": form})


@require_POST
def reserve(request: HttpRequest, slug: str) -> HttpResponse:
    """Call the first of the reserve."""
    user, call = _call(request, slug)
    try:
        called = verbs.call_reserve(call=call, actor=acting(user, call))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(
            request,
            f"{called.territory.name} prend la place. Relisez son motif et sa lettre, puis "
            "annoncez\u00a0: rien n’est encore parti.",
        )
    return redirect("space-call-decision", slug=slug)


def _call(request: HttpRequest, slug: str) -> tuple[User, Call]:
    """Who decides, and about what; 404 for who may not."""
    user = signed_in(request)
    call = get_object_or_404(Call.objects.select_related("fabrique"), slug=slug)
    require(call_abilities(user, call).decide)
    return user, call
