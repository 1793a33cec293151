"""Letters as they are read: a subject, a text, a page."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any, cast

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context as TemplateContext
from django.template import engines
from django.template.backends.django import DjangoTemplates
from django.utils.safestring import SafeString

from fabriques.kit.outbox.models import Mail
from fabriques.kit.outbox.notifications import Context, Notification, notification
from fabriques.kit.outbox.stops import example_stop, stop_address

WIDTH = 72
LETTER_ID = "X-Letter-Id"
_SHOWN = ("SITE_NAME", "SITE_OPERATOR", "SITE_CONTACT")


@dataclass(frozen=True)
class Body:
    """The middle of a letter, in both versions."""

    text: str
    html: SafeString


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str
    html: str


def one_line(text: str) -> str:
    """A text for a header: neither line ends nor control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def body_of(kind: Notification, presented: Context) -> Body:
    """The middle of a letter of this kind, from what `present` gave."""
    context = presented | _site()
    return Body(
        text=_render(f"{kind.template}.txt", context, escape=False),
        html=_render(f"{kind.template}.html", context, escape=True),
    )


def letter_of(kind: Notification, presented: Context, *, stop: str = "") -> Letter:
    """The whole letter; `stop` is the link by which its address says stop, when there is one."""
    subject = one_line(kind.subject(presented))
    body = body_of(kind, presented)
    context = _site() | {"subject": subject, "kind": kind, "stop": stop}
    return Letter(
        subject=subject,
        text=reflowed(_render("kit/mails/layout.txt", context | {"body": body.text}, escape=False)),
        html=_render("kit/mails/layout.html", context | {"body": body.html}, escape=True),
    )


def preview_of(mail: Mail) -> Letter:
    """A letter as it will leave, for who rereads it: its stop link leads nowhere.

    Raises KeyError when its kind is not known any more, ObjectDoesNotExist when what it speaks of
    is gone, when it is only for its reader and when its content was forgotten.
    """
    kind = notification(mail.kind)
    if kind.secret or not mail.address:
        raise Mail.DoesNotExist
    return letter_of(kind, kind.present(mail.context), stop=example_stop())


def message_of(mail: Mail) -> EmailMultiAlternatives:
    """The message to send. Raises what `present` raises."""
    kind = notification(mail.kind)
    stop = "" if kind.asked else stop_address(mail.address)
    letter = letter_of(kind, kind.present(mail.context), stop=stop)
    headers = {
        "Message-ID": f"<{mail.ref}@{_domain()}>",
        LETTER_ID: str(mail.ref),
        "Auto-Submitted": "auto-generated",
    }
    if stop:
        headers["List-Unsubscribe"] = f"<{stop}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        from_email=settings.MAIL_FROM,
        to=[mail.address],
        reply_to=[settings.SITE_CONTACT] if settings.SITE_CONTACT else None,
        headers=headers,
    )
    message.attach_alternative(letter.html, "text/html")
    return message


def reflowed(text: str) -> str:
    """Each line wrapped as a paragraph of its own; links left whole, under what announces them.

    Items of a list are indented and stand together.
    """
    lines: list[str] = []
    for line in text.splitlines():
        line = line.strip()
        if not line:
            continue
        item = line.startswith("- ")
        if lines and not (item or line.startswith(("http://", "https://"))):
            lines.append("")
        lines += textwrap.wrap(
            line,
            WIDTH,
            subsequent_indent="  " if item else "",
            break_long_words=False,
            break_on_hyphens=False,
        )
    return "\n".join(lines) + "\n"


def _site() -> Context:
    site = {name: getattr(settings, name) for name in _SHOWN}
    return {"origin": settings.SITE_URL, "SITE": site}


def _domain() -> str:
    return parseaddr(settings.MAIL_FROM)[1].rpartition("@")[2] or "localhost"


def _render(name: str, context: dict[str, Any], *, escape: bool) -> SafeString:
    engine = cast(DjangoTemplates, engines["django"]).engine
    return engine.get_template(name).render(TemplateContext(context, autoescape=escape))
