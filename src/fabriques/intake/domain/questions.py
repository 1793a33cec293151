"""A call's own questions to its volunteers."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from fabriques.intake.domain.calls import has_opened, locked_call
from fabriques.intake.domain.editing import apply_changes
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.enums import QuestionKind
from fabriques.intake.models import Call, CallQuestion
from fabriques.kit import journal
from fabriques.kit.journal import Actor

MOST = 10  # the declaration stays a light one
_LISTS = (QuestionKind.CHOICE, QuestionKind.CHOICES)


@transaction.atomic
def add_question(*, call: Call, values: dict[str, Any], actor: Actor) -> CallQuestion:
    """Ask volunteers one thing more, last. `values`: label, help, kind, choices, required.

    Raises `RefusedError` by field, beyond `MOST` questions, and for a required one once the call
    is open: what was submitted would lack it.
    """
    call = locked_call(call)
    known = list(call.questions.order_by("position", "pk"))
    if len(known) >= MOST:
        raise RefusedError(
            f"{MOST} questions au plus : la déclaration doit rester légère. Retirez-en une d’abord."
        )
    values = _checked(values)
    if values.get("required") and has_opened(call):
        raise RefusedError(
            {
                "required": "L’appel est ouvert : une nouvelle question ne peut plus être "
                "obligatoire."
            }
        )
    question = CallQuestion(call=call, position=len(known) + 1, **values)
    question.full_clean()
    question.save()
    _renumber([*known, question])
    journal.record(
        subject=call.subject,
        verb="question ajoutée",
        actor=actor,
        after={"question": question.label},
    )
    return question


@transaction.atomic
def edit_question(*, question: CallQuestion, values: dict[str, Any], actor: Actor) -> CallQuestion:
    """Change a question. Once somebody has answered it, its kind and its choices stay, and it does
    not become required."""
    call = locked_call(question.call)
    question = CallQuestion.objects.select_for_update(no_key=True, of=("self",)).get(pk=question.pk)
    values = _checked(values)
    if question.answers.exists():
        kind, choices = values.get("kind", question.kind), values.get("choices", question.choices)
        if kind != question.kind or choices.split() != question.choices.split():
            raise RefusedError(
                {
                    "kind": "Des territoires ont déjà répondu : la forme de la réponse et les "
                    "choix ne changent plus."
                }
            )
    if values.get("required") and not question.required and has_opened(call):
        raise RefusedError(
            {"required": "L’appel est ouvert : cette question ne peut plus devenir obligatoire."}
        )
    before, after = apply_changes(question, values)
    if after:
        journal.record(
            subject=call.subject,
            verb="question modifiée",
            actor=actor,
            before={_label(name): value for name, value in before.items()},
            after={_label(name): value for name, value in after.items()},
        )
    return question


@transaction.atomic
def move_question(*, question: CallQuestion, up: bool, actor: Actor) -> None:
    """Exchange its place with the one before or after; nothing happens at either end."""
    call = locked_call(question.call)
    known = list(call.questions.order_by("position", "pk"))
    rank = next(i for i, item in enumerate(known) if item.pk == question.pk)
    other = rank - 1 if up else rank + 1
    if not 0 <= other < len(known):
        return
    known[rank], known[other] = known[other], known[rank]
    _renumber(known)
    journal.record(
        subject=call.subject,
        verb="question déplacée",
        actor=actor,
        before={"question": question.label, "rang": rank + 1},
        after={"question": question.label, "rang": other + 1},
    )


@transaction.atomic
def delete_question(*, question: CallQuestion, actor: Actor) -> None:
    """Take a question away; refused once somebody has answered it."""
    call = locked_call(question.call)
    if question.answers.exists():
        raise RefusedError(
            "Des territoires ont déjà répondu à cette question : elle reste. Vous pouvez la "
            "rendre facultative."
        )
    label = question.label
    question.delete()
    _renumber(list(call.questions.order_by("position", "pk")))
    journal.record(
        subject=call.subject, verb="question retirée", actor=actor, before={"question": label}
    )


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """The values, without choices where there are none to make; two at least where there are."""
    if values["kind"] not in _LISTS:
        return {**values, "choices": ""}
    choices = [line.strip() for line in values.get("choices", "").splitlines() if line.strip()]
    if len(set(choices)) < 2:
        raise RefusedError({"choices": "Écrivez au moins deux choix différents, un par ligne."})
    return {**values, "choices": "\n".join(dict.fromkeys(choices))}


def _renumber(questions: list[CallQuestion]) -> None:
    for position, question in enumerate(questions, start=1):
        if question.position != position:
            question.position = position
            question.save(update_fields=["position"])


def _label(name: str) -> str:
    return str(CallQuestion._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
