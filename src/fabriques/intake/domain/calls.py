"""Calls: prepared, published, prolonged, cancelled."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from fabriques.intake import search
from fabriques.intake.domain.editing import apply_changes, in_words
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.enums import Phase, ThemeState, VolunteerState
from fabriques.intake.models import Call, CallInvitation, Extension, Theme
from fabriques.intake.notifications.calls import CallCancelled, CallExtended, CallExtendedInvited
from fabriques.intake.queries import inviting
from fabriques.kit import journal, outbox
from fabriques.kit.journal import Actor
from fabriques.kit.slugs import first_free
from fabriques.people.models import User

# Addresses under /espace/appels/ that are no call.
_RESERVED = {"nouveau"}
_SLUG_LENGTH = 60  # with a number after it, no longer than search takes a code
ENDED = (Phase.DECIDED, Phase.CANCELLED)


def locked_call(call: Call, *, ended: bool = False) -> Call:
    """The row as it is now, locked; a call that is over is refused unless `ended`."""
    fresh = Call.objects.select_for_update(no_key=True, of=("self",)).get(pk=call.pk)
    if not ended and fresh.phase == Phase.CANCELLED:
        raise RefusedError("Cet appel est annulé : il ne change plus.")
    if not ended and fresh.phase == Phase.DECIDED:
        raise RefusedError("La cohorte est annoncée : cet appel ne change plus.")
    return fresh


@transaction.atomic
def create_call(*, values: dict[str, Any], actor: Actor, theme: Theme | None = None) -> Call:
    """Begin a call, from a kept theme or from nothing; nobody else sees it before `publish_call`.

    `values`: fields of `Call` by name, `programmes` a list. Raises `RefusedError` by field.
    """
    if theme and theme.state != ThemeState.KEPT:
        raise RefusedError("Répondez d’abord à la proposition : ce thème n’est pas retenu.")
    values = dict(values)
    programmes = values.pop("programmes", [])
    call = Call(slug=_free_slug(values["title"]), theme=theme, **values)
    _check(call)
    call.full_clean()
    call.save()
    call.programmes.set(programmes)
    journal.record(
        subject=call.subject,
        verb="appel préparé",
        actor=actor,
        after={"title": call.title, **({"thème": theme.subject} if theme else {})},
    )
    return call


@transaction.atomic
def edit_call(
    *, call: Call, values: dict[str, Any], version: int, actor: Actor, reason: str = ""
) -> Call:
    """Change a call. Once published, the closing moves by `extend_call` only, the opening until it
    has come, and the question with a reason once territories can answer it: asking for one only
    when some do would tell of them to those who must not know.

    Raises `StaleError` when it changed meanwhile, `RefusedError` by field.
    """
    call = locked_call(call)
    values = {name: value for name, value in values.items() if name not in fixed_fields(call)}
    if values.get("question", call.question) != call.question and has_opened(call) and not reason:
        raise RefusedError(
            {
                "reason": "L’appel est ouvert, des territoires répondent à la question : dites "
                "pourquoi elle change. Cela reste inscrit à l’historique."
            }
        )
    before, after = apply_changes(call, values, version=version, check=_check)
    if after:
        _published(call)
        journal.record(
            subject=call.subject,
            verb="appel modifié",
            actor=actor,
            before=before,
            after=after,
            reason=reason,
        )
    return call


def has_opened(call: Call) -> bool:
    """Whether territories can volunteer, or could: what they are asked is then settled."""
    return call.phase not in (Phase.DRAFT, Phase.ANNOUNCED)


def fixed_fields(call: Call) -> set[str]:
    """The fields of a call that its page of editing no longer changes."""
    if not call.published_at:
        return set()
    return {"closes_on"} if call.phase == Phase.ANNOUNCED else {"closes_on", "opens_on"}


def missing(call: Call) -> list[str]:
    """What a call lacks to be published, a sentence each; empty when it can be."""
    lacking = [
        (not call.question.strip(), "La question posée."),
        (not call.presentation.strip(), "La présentation : de quoi il s’agit, pour qui."),
        (call.opens_on is None, "La date d’ouverture."),
        (call.closes_on is None, "La date de clôture."),
        (
            call.closes_on is not None and call.closes_on < timezone.localdate(),
            "Une date de clôture à venir : celle-ci est passée.",
        ),
        (call.decides_on is None, "La date d’annonce de la cohorte : les territoires l’attendent."),
    ]
    return [sentence for lacks, sentence in lacking if lacks]


@transaction.atomic
def publish_call(*, call: Call, actor: Actor) -> Call:
    """Show the call to all; territories can volunteer from its opening day.

    Raises `RefusedError` with all that is missing, or when it is published already.
    """
    call = locked_call(call)
    if call.published_at:
        raise RefusedError("Cet appel est déjà publié.")
    if lacking := missing(call):
        raise RefusedError([f"Il manque : {sentence}" for sentence in lacking])
    call.published_at = timezone.now()
    call.version += 1
    call.save(update_fields=["published_at", "version"])
    _published(call)
    journal.record(
        subject=call.subject,
        verb="appel publié",
        actor=actor,
        after={"opens_on": in_words(call.opens_on), "closes_on": in_words(call.closes_on)},
    )
    return call


@transaction.atomic
def extend_call(
    *, call: Call, closes_on: date, reason: str, actor: Actor, decides_on: date | None = None
) -> Call:
    """Close later than was said, also once closed, as long as no cohort is chosen. Both dates and
    the reason stay on the public page; who is writing, and who was invited and says nothing, are
    told. Raises `RefusedError` by field."""
    call = locked_call(call)
    if not call.published_at or call.closes_on is None:
        raise RefusedError("Cet appel n’est pas publié : changez simplement sa date.")
    if call.settled_at:
        raise RefusedError("Une composition est arrêtée : rouvrez-la avant de prolonger l’appel.")
    if not reason.strip():
        raise RefusedError({"reason": "Dites pourquoi : c’est écrit sur la page publique."})
    if closes_on <= call.closes_on:
        raise RefusedError(
            {
                "closes_on": f"L’appel ferme déjà le {in_words(call.closes_on)} : "
                "indiquez un jour plus tardif."
            }
        )
    if closes_on < timezone.localdate():
        raise RefusedError({"closes_on": "Ce jour est passé."})
    decides_on = decides_on or call.decides_on
    if decides_on and decides_on < closes_on:
        raise RefusedError(
            {
                "decides_on": "La cohorte serait annoncée avant la clôture "
                f"({in_words(decides_on)}) : indiquez un jour plus tardif."
            }
        )
    was, announced = call.closes_on, call.decides_on
    Extension.objects.create(call=call, was=was, becomes=closes_on, reason=reason.strip())
    call.closes_on, call.decides_on = closes_on, decides_on
    call.version += 1
    call.save(update_fields=["closes_on", "decides_on", "version"])
    _published(call)
    for user in _authors(call, VolunteerState.DRAFT):
        outbox.notify(CallExtended, to=user, about=call.subject, context={"call": call.slug})
    for invitation in _silent(call):
        context = {"call": call.slug, "about": invitation.subject}
        outbox.send(CallExtendedInvited, address=invitation.email, context=context)
    before, after = {"closes_on": in_words(was)}, {"closes_on": in_words(closes_on)}
    if decides_on and decides_on != announced:
        before["decides_on"] = in_words(announced)
        after["decides_on"] = in_words(decides_on)
    journal.record(
        subject=call.subject,
        verb="appel prolongé",
        actor=actor,
        before=before,
        after=after,
        reason=reason.strip(),
    )
    return call


@transaction.atomic
def cancel_call(*, call: Call, reason: str, actor: Actor) -> Call:
    """End a call without a cohort. Its page stays and says why; authors and partners are told at
    once. Raises `RefusedError` without a reason, or once the cohort is announced."""
    call = locked_call(call)
    if not reason.strip():
        raise RefusedError({"reason": "Dites pourquoi : les territoires le liront."})
    if call.settled_at:
        raise RefusedError("Une composition est arrêtée : rouvrez-la avant d’annuler l’appel.")
    call.cancelled_at = timezone.now()
    call.cancel_reason = reason.strip()
    call.version += 1
    call.save(update_fields=["cancelled_at", "cancel_reason", "version"])
    _published(call)
    told = _authors(call, VolunteerState.DRAFT, VolunteerState.SUBMITTED) | _reviewers(call)
    for user in sorted(told, key=lambda user: user.pk):
        outbox.notify(
            CallCancelled,
            to=user,
            about=call.subject,
            context={"call": call.slug},
            dated=timezone.localdate(),
        )
    journal.record(
        subject=call.subject, verb="appel annulé", actor=actor, reason=call.cancel_reason
    )
    return call


def _published(call: Call) -> None:
    """Search follows what is public."""
    if call.published_at:
        search.put(call)


def _authors(call: Call, *states: VolunteerState) -> set[User]:
    return set(
        User.objects.filter(
            volunteerings__left_at=None,
            volunteerings__volunteer__call=call,
            volunteerings__volunteer__state__in=states,
            is_active=True,
        )
    )


def _reviewers(call: Call) -> set[User]:
    return set(
        User.objects.filter(
            reviewerships__partner__call=call, reviewerships__withdrawn_at=None, is_active=True
        )
    )


def _silent(call: Call) -> list[CallInvitation]:
    """Invitations that have arrived and to which nothing was answered, one for each address."""
    rows = inviting.with_states(CallInvitation.objects.filter(call=call))
    found = rows.filter(state__in=inviting.SILENT).order_by("email", "pk")
    return list({row.email: row for row in found}.values())


def _check(call: Call) -> None:
    """What fields say together. Raises `RefusedError` beside the field to change."""
    problems: dict[str, str] = {}
    if call.published_at and not call.presentation.strip():
        problems["presentation"] = "L’appel est public : sa présentation ne peut pas être vide."
    if call.published_at and call.opens_on is None:
        problems["opens_on"] = "L’appel est public : gardez une date d’ouverture."
    if call.published_at and call.decides_on is None:
        problems["decides_on"] = "L’appel est public : les territoires attendent cette date."
    if call.places_min > call.places_max:
        problems["places_max"] = "Le nombre le plus grand doit venir en second."
    if call.opens_on and call.closes_on and call.closes_on < call.opens_on:
        problems["closes_on"] = "L’appel fermerait avant d’ouvrir : vérifiez ces deux dates."
    if call.closes_on and call.decides_on and call.decides_on < call.closes_on:
        problems["decides_on"] = "La cohorte serait annoncée avant la clôture."
    # Partial dates (2027, 2027-09) compare as far as both are said.
    said = min(len(call.starts_on), len(call.ends_on))
    if call.ends_on[:said] < call.starts_on[:said]:
        problems["ends_on"] = "La fabrique finirait avant de commencer."
    if problems:
        raise RefusedError(problems)


def _free_slug(title: str) -> str:
    slug = slugify(title.replace("’", " ").replace("'", " "))[:_SLUG_LENGTH].strip("-") or "appel"
    taken = set(Call.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
    return first_free(slug, taken | _RESERVED)
