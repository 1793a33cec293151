"""Themes: proposed, backed, answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction

from fabriques.intake.domain.editing import apply_changes
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.enums import Proposer, ThemeState
from fabriques.intake.models import Support, Theme
from fabriques.intake.notifications.themes import ThemeAnswered
from fabriques.kit import journal, outbox
from fabriques.kit.journal import Actor
from fabriques.people.models import User
from fabriques.territories.models import Territory

LEAST_TERRITORIES = 2


@transaction.atomic
def propose_theme(*, values: dict[str, Any], author: User, actor: Actor) -> Theme:
    """Propose a theme. `values`: title, question, why, proposer, and, as the proposer asks for it,
    organisation, programme or territories (two at least). Raises `RefusedError` by field."""
    values = _behalf(values)
    territories = values.pop("territories")
    theme = Theme(author=author, **values)
    theme.full_clean()
    theme.save()
    theme.territories.set(territories)
    journal.record(
        subject=theme.subject, verb="thème proposé", actor=actor, after={"title": theme.title}
    )
    return theme


@transaction.atomic
def edit_theme(*, theme: Theme, values: dict[str, Any], version: int, actor: Actor) -> Theme:
    """Change a proposal that waits for its answer. Raises `StaleError` when it changed meanwhile,
    `RefusedError` when it was answered or withdrawn."""
    theme = _waiting(theme)
    before, after = apply_changes(theme, _behalf(values), version=version)
    if after:
        journal.record(
            subject=theme.subject, verb="thème modifié", actor=actor, before=before, after=after
        )
    return theme


@transaction.atomic
def withdraw_theme(*, theme: Theme, actor: Actor) -> Theme:
    """Take a proposal back, before its answer."""
    return _end(_waiting(theme), ThemeState.WITHDRAWN, "thème retiré", actor)


@transaction.atomic
def answer_theme(*, theme: Theme, keep: bool, answer: str, actor: Actor) -> Theme:
    """Keep a proposal for a call, or not; its author is told, with the answer.

    Raises `RefusedError` without an answer, or when there was one already.
    """
    theme = _waiting(theme)
    theme.answer = answer.strip()
    if not theme.answer:
        raise RefusedError({"answer": "Écrivez ce que lira la personne qui propose."})
    state = ThemeState.KEPT if keep else ThemeState.DECLINED
    return _end(theme, state, "thème retenu" if keep else "thème non retenu", actor)


@transaction.atomic
def back_theme(
    *, theme: Theme, user: User, on_behalf_of: str, comment: str, actor: Actor
) -> Support:
    """Back a theme, once; backing it again replaces what was said. Refused to its author."""
    theme = _waiting(theme)
    if theme.author_id == user.pk:
        raise RefusedError("Vous avez proposé ce thème : votre soutien va de soi.")
    support = Support.objects.filter(theme=theme, user=user).first()
    known = support is not None
    support = support or Support(theme=theme, user=user)
    said = (on_behalf_of.strip(), comment.strip())
    if known and (support.on_behalf_of, support.comment) == said:
        return support
    support.on_behalf_of, support.comment = said
    support.full_clean(validate_unique=False, validate_constraints=False)
    try:
        with transaction.atomic():
            support.save()
    except IntegrityError:  # sent twice at once
        return Support.objects.get(theme=theme, user=user)
    verb = "soutien modifié" if known else "thème soutenu"
    journal.record(subject=theme.subject, verb=verb, actor=actor, after={"par": user.subject})
    return support


@transaction.atomic
def unback_theme(*, theme: Theme, user: User, actor: Actor) -> None:
    """Take one's support back; nothing happens without one."""
    theme = _waiting(theme)
    if Support.objects.filter(theme=theme, user=user).delete()[0]:
        journal.record(
            subject=theme.subject, verb="soutien retiré", actor=actor, before={"par": user.subject}
        )


def _waiting(theme: Theme) -> Theme:
    """The row as it is now, locked, provided that nobody has answered it."""
    fresh = Theme.objects.select_for_update(no_key=True, of=("self",)).get(pk=theme.pk)
    if fresh.state == ThemeState.WITHDRAWN:
        raise RefusedError("Cette proposition a été retirée.")
    if fresh.state != ThemeState.PROPOSED:
        raise RefusedError("Cette proposition a déjà sa réponse.")
    return fresh


def _end(theme: Theme, state: ThemeState, verb: str, actor: Actor) -> Theme:
    theme.state = state
    theme.version += 1
    theme.save(update_fields=["state", "answer", "version"])
    if state != ThemeState.WITHDRAWN and theme.author:
        outbox.notify(
            ThemeAnswered, to=theme.author, about=theme.subject, context={"theme": str(theme.ref)}
        )
    after = {"réponse": theme.answer} if theme.answer else None
    journal.record(subject=theme.subject, verb=verb, actor=actor, after=after)
    return theme


def _behalf(values: dict[str, Any]) -> dict[str, Any]:
    """Only what goes with whoever the theme is proposed on behalf of; all of it must be there."""
    proposer = Proposer(values["proposer"])
    organisation = programme = None
    territories: Sequence[Territory] = []
    match proposer:
        case Proposer.PROGRAMME:
            programme = values.get("programme")
            if programme is None:
                raise RefusedError({"programme": "Choisissez le programme."})
        case Proposer.ASSOCIATION | Proposer.PARTNER:
            organisation = values.get("organisation")
            if organisation is None:
                raise RefusedError({"organisation": "Indiquez l’organisation."})
        case Proposer.TERRITORIES:
            territories = list(values.get("territories") or [])
            if len({territory.pk for territory in territories}) < LEAST_TERRITORIES:
                raise RefusedError(
                    {"territories": "Indiquez au moins deux territoires, un par ligne."}
                )
    return {
        **{name: values[name] for name in ("title", "question", "why")},
        "proposer": proposer,
        "organisation": organisation,
        "programme": programme,
        "territories": territories,
    }
