"""Going through the doors as people do: with a browser and a mailbox."""

import re
import time
from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.test import Client

from fabriques.kit.outbox import delivery
from fabriques.kit.outbox.models import Mail

SIGN_IN = "/compte/connexion/"
CODE = "/compte/code/"
CONFIRM = "/compte/confirmer/"
SECURITY = "/compte/securite/"
DEVICES = "/compte/appareils/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def ask(client: Client, email: str, **fields: str) -> Any:
    """Ask for a code."""
    return client.post(SIGN_IN, {"email": email, **fields})


def letters(address: str) -> list[str]:
    """What arrived in this mailbox, the latest last: subject and text."""
    waiting = Mail.objects.filter(state="waiting").order_by("pk")
    delivery.deliver(list(waiting.values_list("pk", flat=True)))
    return [f"{m.subject}\n{m.body}" for m in mail.outbox if m.to == [address]]


def code_in(letter: str) -> str:
    found = re.search(r"^([BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4})$", letter, re.M)
    assert found, letter
    return found[1]


def code_of(address: str) -> str:
    """The code of the latest letter."""
    return code_in(letters(address)[-1])


def sign_in(client: Client, email: str, next_: str = "") -> Any:
    """The whole way, for who has no second factor; gives the last answer."""
    query = f"?next={next_}" if next_ else ""
    answer = client.post(f"{SIGN_IN}{query}", {"email": email})
    return client.post(answer.url, {"code": code_of(email)})


def said(answer: Any) -> str:
    """The words of a page, on one line."""
    text = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return " ".join(text.replace("&#x27;", "'").split())


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def application_code(secret: str, ago: int = 0) -> str:
    """What an application of codes shows, `ago` periods before now."""
    period = int(time.time()) // app_settings.TOTP_PERIOD - ago
    return totp.format_hotp_value(totp.hotp_value(secret, period))


def add_application(client: Client) -> str:
    """Add an application of codes, as a person does; gives its secret."""
    page = client.get(f"{SECURITY}application/ajouter/").content.decode()
    found = re.search(r'<code class="secret">([A-Z2-7]+)</code>', page)
    assert found, page
    answer = client.post(
        f"{SECURITY}application/ajouter/", {"code": application_code(found[1])}, follow=True
    )
    assert answer.status_code == 200
    return found[1]


def recovery_codes(page: Any) -> list[str]:
    return re.findall(r"<li><code>(\d{8})</code></li>", page.content.decode())
