"""What a declaration says: written field by field by several people, with its letter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils import timezone

from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.enums import VolunteerState
from fabriques.intake.models import Answer, CallQuestion, Volunteer
from fabriques.intake.notifications.volunteering import Named
from fabriques.intake.queries import declarations as content
from fabriques.intake.queries import volunteering as read
from fabriques.kit import journal, outbox
from fabriques.kit.journal import Actor
from fabriques.kit.uploads import Accepted
from fabriques.people.queries import addresses_of

WITHDRAWN = "Cette déclaration a été retirée : elle ne se modifie plus."
_JOURNALED = ("focus", "local_question", "motivation")


@dataclass(frozen=True)
class Saved:
    """What became of a save. Each is by field: `changed` and `merged` (written by others
    meanwhile, left as it is) hold the text that is stored; `conflicts` the text of the others,
    over which nothing was written."""

    volunteer: Volunteer
    at: datetime
    changed: dict[str, str] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    conflicts: dict[str, str] = field(default_factory=dict)


@transaction.atomic
def save_declaration(
    *,
    volunteer: Volunteer,
    values: Mapping[str, str],
    actor: Actor,
    seen: Mapping[str, str] | None = None,
) -> Saved:
    """Write these texts (see `queries.declarations`), field by field.

    `seen` gives the digest of what whoever writes had under their eyes: over a field that others
    changed meanwhile nothing is written, and their text is given back. Without `seen`, all is
    written. Raises `RefusedError` when nothing can be written any more, or when what a submitted
    declaration must say would be emptied (by field; nothing is then written).
    """
    volunteer = writable(volunteer)
    questions = list(volunteer.call.questions.all())
    stored = content.values(volunteer, questions)
    now = timezone.now()
    saved = Saved(volunteer, now)
    for name, text in values.items():
        known = stored[name]
        shown = content.digest(known)
        if seen is not None and (known or name in seen):
            shown = seen.get(name, "")
        if text == known:
            continue
        if shown == content.digest(known):
            saved.changed[name] = text
        elif shown == content.digest(text):
            saved.merged[name] = known
        else:
            saved.conflicts[name] = known
    submitted = volunteer.state == VolunteerState.SUBMITTED
    if submitted:
        _check_kept(stored | saved.changed, questions)
    if not saved.changed:
        return saved
    _write(volunteer, saved.changed, now)
    if submitted:
        tell_named(volunteer, before=stored)
        _record_change(volunteer, stored, saved.changed, questions, actor)
    return saved


def _check_kept(said: Mapping[str, str], questions: list[CallQuestion]) -> None:
    if names := content.lacking(said, questions):
        kept = "Une déclaration déposée garde cette réponse : modifiez-la sans la vider."
        raise RefusedError(dict.fromkeys(names, kept))


def _write(volunteer: Volunteer, changed: Mapping[str, str], now: datetime) -> None:
    for name, text in changed.items():
        number = content.question_number(name)
        if number is not None and text:
            Answer.objects.update_or_create(
                volunteer=volunteer, question_id=number, defaults={"text": text}
            )
        elif number is not None:
            Answer.objects.filter(volunteer=volunteer, question=number).delete()
        elif name == content.FOCUS:
            focus = read.territory_of(text) if text else None
            inside = focus and read.is_inside(focus, volunteer.territory)
            volunteer.focus_territory = focus if inside else None
        else:
            setattr(volunteer, name, text)
    volunteer.saved_at = now
    volunteer.version += 1
    volunteer.save(update_fields=[*content.TEXTS, content.FOCUS, "saved_at", "version"])


def _record_change(
    volunteer: Volunteer,
    stored: Mapping[str, str],
    changed: Mapping[str, str],
    questions: list[CallQuestion],
    actor: Actor,
) -> None:
    """Texts before and after; of contacts, only that they changed: names stay out."""
    labels = {name: name for name in _JOURNALED}
    labels |= {content.field_of(question): question.label for question in questions}
    before = {labels[name]: stored[name] for name in changed if name in labels}
    after = {labels[name]: changed[name] for name in changed if name in labels}
    if content.FOCUS in changed:
        after["périmètre choisi"] = str(volunteer.focus_territory or "tout le territoire")
    if any(name in changed for name in content.CONTACTS):
        after["élu·e et technicien·ne"] = "modifiés"
    journal.record(
        subject=volunteer.subject,
        verb="déclaration modifiée",
        actor=actor,
        before=before,
        after=after,
    )


@transaction.atomic
def attach_letter(*, volunteer: Volunteer, letter: Accepted, actor: Actor) -> Volunteer:
    """Join the framing letter or the deliberation; it takes the place of the one before."""
    volunteer = writable(volunteer)
    forget_letter(volunteer)
    volunteer.framing_letter.save(letter.name, letter.file, save=False)
    volunteer.framing_letter_name = letter.name
    _save_letter(volunteer, "pièce jointe", actor)
    return volunteer


@transaction.atomic
def remove_letter(*, volunteer: Volunteer, actor: Actor) -> Volunteer:
    volunteer = writable(volunteer)
    if volunteer.framing_letter:
        forget_letter(volunteer)
        _save_letter(volunteer, "pièce retirée", actor)
    return volunteer


def forget_letter(volunteer: Volunteer) -> None:
    """Empty the fields of the letter, not saved; its file goes when the transaction ends."""
    if volunteer.framing_letter:
        storage, name = volunteer.framing_letter.storage, volunteer.framing_letter.name
        transaction.on_commit(partial(storage.delete, str(name)))
    volunteer.framing_letter = ""
    volunteer.framing_letter_name = ""


def _save_letter(volunteer: Volunteer, verb: str, actor: Actor) -> None:
    volunteer.saved_at = timezone.now()
    volunteer.version += 1
    volunteer.save(update_fields=["framing_letter", "framing_letter_name", "saved_at", "version"])
    if volunteer.state == VolunteerState.SUBMITTED:
        journal.record(subject=volunteer.subject, verb=verb, actor=actor)


def locked(volunteer: Volunteer) -> Volunteer:
    """The declaration as it is now, its row locked."""
    rows = read.declarations().select_for_update(no_key=True, of=("self",))
    return rows.get(pk=volunteer.pk)


def writable(volunteer: Volunteer) -> Volunteer:
    """The declaration, locked. Raises `RefusedError` when it is not written any more."""
    fresh = locked(volunteer)
    if fresh.state == VolunteerState.WITHDRAWN:
        raise RefusedError(WITHDRAWN)
    if why := read.why_closed(fresh.call):
        raise RefusedError(f"{why} La déclaration ne se modifie plus.")
    return fresh


def tell_named(volunteer: Volunteer, *, before: Mapping[str, str]) -> None:
    """Tell those whose address the declaration now names, unless they write it themselves."""
    written_by = {
        address for author in read.authors_of(volunteer) for address in addresses_of(author.user)
    }
    for name in ("elected_email", "officer_email"):
        address = str(getattr(volunteer, name)).lower()
        if not address or address in written_by or address == before.get(name, "").lower():
            continue
        written_by.add(address)
        outbox.send(
            Named,
            address=address,
            context={
                "about": volunteer.subject,
                "volunteer": volunteer.pk,
                "role": name.partition("_")[0],
            },
        )
