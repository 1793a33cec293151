"""Letters in a folder, for demonstrations: nothing leaves the machine."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone
from django.utils.text import slugify


@dataclass(frozen=True)
class Received:
    """A letter of the folder."""

    to: str
    subject: str
    date: datetime
    text: str


class FolderBackend(BaseEmailBackend):
    """One `.eml` file a letter in `settings.MAIL_FOLDER`, which any mail program opens."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.MAIL_FOLDER)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            moment = timezone.localtime().strftime("%Y%m%d-%H%M%S-%f")
            name = f"{moment}-{slugify(message.subject)[:60]}-{uuid.uuid4().hex[:8]}.eml"
            draft = folder / f".{name}"
            draft.write_bytes(message.message().as_bytes())
            os.replace(draft, folder / name)  # readers never see half a letter
        return len(email_messages)


def latest(number: int) -> list[Received]:
    """The latest letters of the folder, the newest first."""
    folder = Path(settings.MAIL_FOLDER)
    files = sorted(folder.glob("[!.]*.eml"), reverse=True) if folder.is_dir() else []
    return [_received(file.read_bytes()) for file in files[:number]]


def _received(raw: bytes) -> Received:
    message = message_from_bytes(raw, policy=policy.default)
    body = message.get_body(("plain",))
    return Received(
        to=str(message["To"]),
        subject=str(message["Subject"]),
        date=parsedate_to_datetime(str(message["Date"])).replace(tzinfo=UTC),
        text=str(body.get_content()) if body else "",
    )
