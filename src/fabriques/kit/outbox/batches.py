"""Letters that leave together, once stewards have reread them."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from fabriques.kit import journal
from fabriques.kit.journal import Actor
from fabriques.kit.outbox import tasks
from fabriques.kit.outbox.models import Batch, Mail, State
from fabriques.kit.outbox.notifications import Context, Notification, is_secret, notification
from fabriques.kit.outbox.recipients import Recipient, whys_not


class BatchClosedError(Exception):
    """The batch has left or was cancelled. The text is a French sentence for the page."""


class BatchHeldError(BatchClosedError):
    """The batch leaves with the act that holds it, and only then."""


@transaction.atomic
def compose_batch(
    *,
    title: str,
    kind: type[Notification],
    recipients: Iterable[tuple[AbstractBaseUser | str, Context]],
    actor: Actor,
    held_by: str = "",
) -> Batch:
    """Letters to reread: one for each address, the first context when it comes twice; but one for
    each thing that contexts are about, by their key `about` (a subject of the journal).

    With `held_by`, a subject, only who names it lets the batch leave or cancels it. Those who may
    not be written to have theirs cancelled at once, with the reason. Raises ValidationError for
    what is no address, ValueError without recipient.
    """
    letters: dict[tuple[str, str], tuple[Recipient, Context]] = {}
    for who, context in recipients:
        recipient = Recipient.of(who)
        validate_email(recipient.address)
        about = str(context.get("about", ""))
        letters.setdefault((recipient.address, about), (recipient, context))
    if not letters:
        raise ValueError("a batch needs a recipient")
    whys = whys_not(notification(kind.key), [recipient for recipient, _ in letters.values()])
    batch = Batch.objects.create(title=title, kind=kind.key, held_by=held_by)
    Mail.objects.bulk_create(
        Mail(
            batch=batch,
            kind=kind.key,
            address=recipient.address,
            user_id=recipient.user.pk if recipient.user else None,
            context=context,
            state=State.CANCELLED if why else State.REVIEW,
            error=why,
        )
        for (recipient, context), why in zip(letters.values(), whys, strict=True)
    )
    journal.record(
        subject=batch.subject,
        verb="envoi composé",
        actor=actor,
        after={"titre": title, "lettres": len(letters)},
    )
    return batch


@transaction.atomic
def release_batch(*, batch: Batch, actor: Actor, by: str = "") -> int:
    """Let the letters leave; give their number. Raises BatchClosedError the second time, and for a
    batch that is not held `by` this."""
    batch = _open(batch, by)
    batch.released_at = now = timezone.now()
    batch.save(update_fields=["released_at"])
    number = batch.mails.filter(state=State.REVIEW).update(state=State.WAITING, due_at=now)
    journal.record(
        subject=batch.subject, verb="envoi parti", actor=actor, after={"lettres": number}
    )
    transaction.on_commit(tasks.deliver_due.enqueue)
    return number


@transaction.atomic
def cancel_batch(*, batch: Batch, actor: Actor, reason: str = "", by: str = "") -> int:
    """None of the letters leaves; give their number. Raises BatchClosedError for a closed batch,
    and for one that is not held `by` this."""
    batch = _open(batch, by)
    batch.cancelled_at = timezone.now()
    batch.save(update_fields=["cancelled_at"])
    number = batch.mails.filter(state=State.REVIEW).update(state=State.CANCELLED)
    journal.record(
        subject=batch.subject,
        verb="envoi annulé",
        actor=actor,
        after={"lettres": number},
        reason=reason,
    )
    return number


@transaction.atomic
def cancel_mail(*, mail: Mail, actor: Actor) -> bool:
    """Take one letter out of a batch that is being reread; False when it is out already.

    Raises BatchClosedError when the batch has left or was cancelled, ValueError for a letter that
    belongs to none.
    """
    if mail.batch is None:
        raise ValueError("only the letters of a batch are reread")
    batch = _open(mail.batch, mail.batch.held_by)
    taken = batch.mails.filter(pk=mail.pk, state=State.REVIEW).update(state=State.CANCELLED)
    if taken:
        journal.record(
            subject=batch.subject, verb="lettre retirée", actor=actor, after={"lettre": mail.pk}
        )
    return bool(taken)


@transaction.atomic
def try_again(*, mail: Mail, actor: Actor) -> bool:
    """Send a letter that was given up; False when it was not, or when its content is forgotten."""
    if is_secret(mail.kind):
        return False
    taken = (
        Mail.objects.filter(pk=mail.pk, state=State.FAILED)
        .exclude(address="")
        .update(state=State.WAITING, attempts=0, due_at=timezone.now(), claimed_at=None)
    )
    if taken:
        journal.record(subject=f"lettre:{mail.pk}", verb="lettre renvoyée", actor=actor)
        transaction.on_commit(tasks.deliver_due.enqueue)
    return bool(taken)


def _open(batch: Batch, by: str) -> Batch:
    """The batch as it is now, locked. Raises BatchClosedError when it is closed or held."""
    batch = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    if batch.released_at:
        raise BatchClosedError("Cet envoi est déjà parti : il n’est pas parti une seconde fois.")
    if batch.cancelled_at:
        raise BatchClosedError("Cet envoi a été annulé : rien n’est parti.")
    if batch.held_by != by:
        raise BatchHeldError(
            "Ces lettres partent avec la décision qu’elles annoncent, et s’annulent avec elle : "
            "cela se fait depuis la page de cette décision."
        )
    return batch


def _titles(keys: set[str]) -> dict[str, str]:
    found = Batch.objects.filter(pk__in=[key for key in keys if key.isdigit()])
    return {str(batch.pk): batch.title for batch in found}


journal.register_subject(
    "envoi",
    label="Envoi",
    address=lambda key: reverse("space-mail-batch", args=[key]) if key.isdigit() else None,
    titles=_titles,
    fields={"titre": "Titre", "lettres": "Nombre de lettres", "lettre": "Lettre"},
)
journal.register_subject(
    "lettre",
    label="Lettre",
    address=lambda key: reverse("space-mails"),
)
