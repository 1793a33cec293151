"""What people do in a browser, whoever they are: come in, read their letters."""

import re
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from allauth.mfa.totp.internal import auth as totp
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESK
from tests.processes import wait_for

# A busy machine answers slowly; what never comes fails all the same.
expect.set_options(timeout=15_000)
# A code, alone on its line.
CODE = r"^([A-Z]{4}-[A-Z]{4})$"
# The code in the next letter to an address.
Codes = Callable[[str], str]


def letters(mailbox: Path, address: str) -> list[str]:
    """The texts of the letters to this address, the oldest first."""
    found = []
    for file in sorted(mailbox.glob("*"), key=lambda file: file.stat().st_mtime):
        text = file.read_bytes().partition(b"\n" + b"-" * 79)[0]
        letter = message_from_bytes(text, policy=policy.default)
        body = letter.get_body(("plain",))
        if letter["To"] == address and body:
            found.append(body.get_content())
    return found


def letter_with(mailbox: Path, address: str, pattern: str) -> str:
    """What `pattern` finds in the latest letter to this address that has it, once it has come."""

    def latest() -> str:
        hits = [m[1] for text in letters(mailbox, address) if (m := re.search(pattern, text, re.M))]
        return hits[-1] if hits else ""

    return str(wait_for(latest))


def a_page(chromium: Browser, size: dict[str, int] = DESK) -> Page:
    page = chromium.new_context(viewport=size, locale="fr-FR").new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.set_default_timeout(10_000)
    return page


def sound(page: Page) -> None:
    """Nothing for axe to say, nothing wider than the screen."""
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found] == [], page.url
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], page.url


def enter(page: Page, site: str, address: str, code_for: Codes) -> None:
    """From the door to the space, by keyboard only."""
    page.goto(f"{site}/compte/connexion/")
    page.get_by_label("Adresse électronique").focus()
    page.keyboard.press("Control+A")  # an address typed before is offered again
    page.keyboard.type(address)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Saisissez votre code")).to_be_visible()
    page.get_by_label("Code reçu par courriel").focus()
    page.keyboard.type(code_for(address).lower().replace("-", " "))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/espace/"))
    if "/bienvenue/" in page.url:
        page.get_by_label("Prénom et nom").fill("Jeanne Martin")
        page.get_by_role("button", name="Continuer").click()
    page.wait_for_url(f"{site}/espace/")


def become_steward(
    page: Page, site: str, manage: Callable[..., None], mailbox: Path, address: str
) -> None:
    """The role comes by a command, the rights with a second factor: ends on the recovery codes."""
    manage("add_steward", address)
    enter(page, site, address, lambda address: letter_with(mailbox, address, CODE))
    expect(page.locator("main")).to_contain_text("Protégez votre compte avant de piloter")
    expect(page.get_by_role("link", name="Le journal")).to_have_count(0)
    page.get_by_role("link", name="Protéger mon compte").click()
    page.get_by_role("link", name="Ajouter une application").click()
    secret = page.locator("code.secret").inner_text()
    page.get_by_label("Code affiché par l’application").fill(application_code(secret))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Codes de secours")).to_be_visible()


def application_code(secret: str) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30))
