"""Sending letters: each claimed in the database first, tried again when it fails.

A claim outlives the process that made it for an hour; then the letter is tried again. It may leave
twice only if that process died between the server's agreement and the note of it; both copies bear
the same Message-ID, by which mail servers know them as one.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from fabriques.kit.outbox.models import Mail, State, Suppression
from fabriques.kit.outbox.notifications import is_secret, notification
from fabriques.kit.outbox.recipients import Recipient, digest_of, suppress, whys_not
from fabriques.kit.outbox.rendering import message_of

logger = logging.getLogger(__name__)

# After each failure; the letter is given up after the last one's.
DELAYS = (
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
)
ATTEMPTS = len(DELAYS) + 1
ABANDONED_AFTER = timedelta(hours=1)
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.\d{1,3}\b")


@dataclass(frozen=True)
class Outcome:
    """What became of a letter; a state of None asks for another try."""

    state: State | None
    error: str = ""


def due(now: datetime) -> list[int]:
    """The letters whose time has come, the oldest first."""
    return list(_free(now).order_by("due_at", "pk").values_list("pk", flat=True))


def give_up(now: datetime) -> None:
    """Say as failed the letters whose last try was cut short."""
    lost = Mail.objects.filter(state=State.WAITING, attempts__gte=ATTEMPTS)
    lost.filter(claimed_at__lte=now - ABANDONED_AFTER).update(
        state=State.FAILED, claimed_at=None, error="Le dernier essai a été interrompu."
    )


def deliver(ids: Iterable[int], *, clock: Callable[[], datetime] = timezone.now) -> None:
    """Send these letters, those that are still to be sent and that nobody else is sending."""
    connection = get_connection()
    try:
        for pk in ids:
            now = clock()
            if _free(now).filter(pk=pk).update(claimed_at=now, attempts=F("attempts") + 1):
                _deliver(Mail.objects.select_related("user").get(pk=pk), now, connection)
    finally:
        connection.close()


def _free(now: datetime) -> QuerySet[Mail]:
    abandoned = Q(claimed_at__lte=now - ABANDONED_AFTER)
    return Mail.objects.filter(
        Q(claimed_at=None) | abandoned,
        state=State.WAITING,
        due_at__lte=now,
        attempts__lt=ATTEMPTS,
    )


def _deliver(mail: Mail, now: datetime, connection: BaseEmailBackend) -> None:
    outcome = _pointless(mail, now) or _sent(mail, connection)
    state = outcome.state or (State.FAILED if mail.attempts >= ATTEMPTS else State.WAITING)
    changes: dict[str, Any] = {"state": state, "error": outcome.error, "claimed_at": None}
    if state == State.WAITING:
        changes["due_at"] = now + DELAYS[mail.attempts - 1]
    if state == State.SENT:
        changes["sent_at"] = now
    if state != State.WAITING and is_secret(mail.kind):
        changes["context"] = {}
    # By its claim: what a report or another process has said meanwhile stands.
    Mail.objects.filter(pk=mail.pk, claimed_at=now, state=State.WAITING).update(**changes)


def _pointless(mail: Mail, now: datetime) -> Outcome | None:
    """Why the letter has lost its point since it was composed; None when it has one."""
    try:
        kind = notification(mail.kind)
    except KeyError:
        return Outcome(State.CANCELLED, "Cette sorte de lettre n’existe plus.")
    if kind.valid_for and now > mail.created_at + kind.valid_for:
        return Outcome(State.CANCELLED, "Il était trop tard pour l’envoyer.")
    if why := whys_not(kind, [Recipient(mail.address, mail.user)])[0]:
        return Outcome(State.CANCELLED, why)
    return None


def _sent(mail: Mail, connection: BaseEmailBackend) -> Outcome:
    """Render and send; never raises."""
    try:
        if not notification(mail.kind).applicable(mail.user, mail.context):
            return Outcome(State.CANCELLED, "Elle n’avait plus d’objet.")
        message = message_of(mail)
    except ObjectDoesNotExist:
        return Outcome(State.CANCELLED, "Ce dont elle parlait n’existe plus.")
    except Exception as problem:  # a fault of ours: the other letters must leave
        logger.exception("The letter %s could not be rendered.", mail.pk)
        return Outcome(None, _words(problem))
    try:
        connection.open()
        message.connection = connection
        message.send()
    except SMTPRecipientsRefused as refusal:
        connection.close()
        code, answer = next(iter(refusal.recipients.values()), (450, b""))
        text = f"{code} {answer.decode(errors='replace')}"
        if is_permanent(text):
            suppress(digest_of(mail.address), Suppression.Reason.UNDELIVERABLE)
            return Outcome(State.BOUNCED, text)
        return Outcome(None, text)
    except Exception as problem:  # whatever the server or the network did, try again
        logger.warning("The letter %s did not leave: %s", mail.pk, type(problem).__name__)
        connection.close()
        return Outcome(None, _words(problem))
    return Outcome(State.SENT)


def is_permanent(answer: str) -> bool:
    """Whether a server's answer says that the address itself will never do.

    A refusal of policy (5.7.x: relaying, reputation) speaks of us, not of the address.
    """
    code = _ENHANCED.search(answer)
    if code:
        return code[1] == "5" and code[2] != "7"
    return answer.startswith("5")


def _words(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"[:500]
