"""Saying something to somebody."""

from __future__ import annotations

from datetime import date
from functools import partial

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from fabriques.kit.outbox import tasks
from fabriques.kit.outbox.models import Mail, Notice, State
from fabriques.kit.outbox.notifications import Context, Notification, notification
from fabriques.kit.outbox.recipients import Recipient, whys_not


@transaction.atomic
def notify(
    kind: type[Notification],
    *,
    to: AbstractBaseUser,
    about: str,
    context: Context,
    dated: date | None = None,
) -> Notice | None:
    """Tell a person something about a subject of the journal.

    It waits for their next digest, or leaves at once when `dated` is today. Within the window of
    its kind the same is not said again: what still waits is brought up to date, and None is
    returned for what has already left. `context` holds JSON values.
    """
    now = timezone.now()
    notice = None
    if kind.window:
        notice = (
            Notice.objects.since(now - kind.window)
            .filter(user_id=to.pk, kind=kind.key, about=about)
            .order_by("-created_at")
            .first()
        )
        if notice and notice.settled_at:
            return None
    notice = notice or Notice(user_id=to.pk, kind=kind.key, about=about, created_at=now)
    notice.context, notice.dated = context, dated
    if dated == timezone.localdate(now):
        why = whys_not(notification(kind.key), [Recipient.of(to)])[0]
        notice.mail = None if why else _leave(kind, Recipient.of(to), context)
        notice.settled_at = now
    notice.save()
    return notice


def send(kind: type[Notification], *, address: str, context: Context) -> Mail:
    """Write to an address at once; for what is transactional only.

    An address that bounced or said stop gets nothing: the letter is then born cancelled, and its
    `error` says why. Raises ValidationError for what is no address, ValueError for another kind.
    """
    if not kind.transactional:
        raise ValueError(f"{kind.key} is not transactional: use notify")
    recipient = Recipient.of(address)
    validate_email(recipient.address)
    if why := whys_not(notification(kind.key), [recipient])[0]:
        return Mail.objects.create(
            kind=kind.key, address=recipient.address, state=State.CANCELLED, error=why
        )
    return _leave(kind, recipient, context)


def _leave(kind: type[Notification], recipient: Recipient, context: Context) -> Mail:
    mail = Mail.objects.create(
        kind=kind.key,
        address=recipient.address,
        user_id=recipient.user.pk if recipient.user else None,
        context=context,
    )
    transaction.on_commit(partial(tasks.deliver.enqueue, mail.pk))
    return mail
