"""Reports of mail servers on letters that did not arrive (RFC 3464)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from enum import Enum
from uuid import UUID

from django.db import transaction

from fabriques.kit.outbox.delivery import is_permanent
from fabriques.kit.outbox.models import Mail, State, Suppression
from fabriques.kit.outbox.recipients import digest_of, suppress
from fabriques.kit.outbox.rendering import LETTER_ID

_REF = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


class NotAReportError(ValueError):
    """What was read is no delivery report. The text is a French sentence."""


class Finding(Enum):
    """What a report taught us, as the command says it."""

    REFUSED = "lettre refusée"
    UNDELIVERED = "lettre non remise"
    DELAYED = "remise retardée"
    ARRIVED = "lettre arrivée"
    UNKNOWN = "rapport sur une lettre qui n’est pas de nous"


@dataclass(frozen=True)
class Report:
    refs: tuple[UUID, ...]
    action: str
    status: str


def read(raw: bytes) -> Report:
    """A delivery report, from the bytes of its message. Raises NotAReportError."""
    if not raw.strip():
        raise NotAReportError("Le message est vide.")
    message = message_from_bytes(raw)
    fields = [block for part in message.walk() for block in _status_blocks(part)]
    told = [block for block in fields if block.get("Action")]
    if not told:
        raise NotAReportError("Ce message n’est pas un rapport de remise (RFC 3464).")
    failed = [block for block in told if _word(block, "Action") == "failed"]
    block = (failed or told)[0]
    status = _STATUS.search(str(block.get("Status", "")))
    refs = [ref for part in message.walk() for ref in _refs(part)]
    return Report(
        refs=tuple(dict.fromkeys(refs)),
        action=_word(block, "Action"),
        status=status[0] if status else "",
    )


@transaction.atomic
def take(raw: bytes) -> Finding:
    """Learn from a report. The same one twice changes nothing. Raises NotAReportError."""
    report = read(raw)
    mail = (
        Mail.objects.select_for_update(no_key=True)
        .filter(ref__in=report.refs)
        .order_by("pk")
        .first()
    )
    if mail is None or mail.state in (State.REVIEW, State.CANCELLED):
        return Finding.UNKNOWN
    if report.action == "delayed":
        mail.error = f"Remise retardée ({report.status})."
        mail.save(update_fields=["error"])
        return Finding.DELAYED
    if report.action != "failed":
        return Finding.ARRIVED
    refused = report.status.startswith("5")
    mail.state = State.BOUNCED if refused else State.FAILED
    mail.error = f"Le serveur du destinataire ne l’a pas remise ({report.status or 'sans code'})."
    mail.claimed_at = None
    mail.save(update_fields=["state", "error", "claimed_at"])
    if mail.address and is_permanent(report.status):
        suppress(digest_of(mail.address), Suppression.Reason.UNDELIVERABLE)
    return Finding.REFUSED if refused else Finding.UNDELIVERED


def _status_blocks(part: Message) -> list[Message]:
    payload = part.get_payload()
    if part.get_content_type() != "message/delivery-status" or not isinstance(payload, list):
        return []
    return [block for block in payload if isinstance(block, Message)]


def _refs(part: Message) -> Iterator[UUID]:
    """The letters of ours that this part of a report names: the returned message or its headers."""
    returned: Message | None = None
    kind = part.get_content_type()
    payload = part.get_payload()
    if kind == "message/rfc822" and isinstance(payload, list) and payload:
        first = payload[0]
        returned = first if isinstance(first, Message) else None
    elif kind == "text/rfc822-headers":
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            returned = message_from_string(content.decode(errors="replace"))
    if returned is not None:
        for header in ("Message-ID", LETTER_ID):
            for found in _REF.findall(str(returned.get(header, ""))):
                yield UUID(found)


def _word(block: Message, header: str) -> str:
    return str(block.get(header, "")).split(";")[0].strip().lower()
