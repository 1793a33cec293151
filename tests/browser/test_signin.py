"""Signing in with a real browser, a real mailbox and a real authenticator (Chromium's own)."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.people import Codes, a_page, application_code, enter, sound

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Browser, site: str) -> Iterator[Page]:
    page = a_page(chromium)
    yield page
    page.context.close()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_is_sound(
    chromium: Browser, site: str, code_for: Codes, size: dict[str, int]
) -> None:
    page = a_page(chromium, size)
    page.goto(f"{site}/compte/connexion/")
    sound(page)
    page.get_by_role("button", name="Recevoir un code").click()
    expect(page.locator("main")).to_contain_text("Indiquez votre adresse électronique.")
    sound(page)
    page.get_by_label("Adresse électronique").fill("jeanne@gmail.con")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Vouliez-vous écrire jeanne@gmail.com ?")
    sound(page)
    address = f"saine-{size['width']}@mairie.fr"
    page.get_by_label("Adresse électronique").fill(address)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code reçu par courriel")).to_be_visible()
    sound(page)
    page.get_by_label("Code reçu par courriel").fill("BBBB")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Il vous reste 2 essais.")
    sound(page)
    code_for(address)  # another code takes its place
    enter(page, site, address, code_for)
    for path in (
        "/compte/securite/",
        "/compte/securite/application/ajouter/",
        "/compte/securite/cle/ajouter/",
        "/compte/appareils/",
        "/compte/deconnexion/",
    ):
        page.goto(f"{site}{path}")
        sound(page)
    page.goto(f"{site}/compte/securite/application/ajouter/")
    secret = page.locator("code.secret").inner_text()
    page.get_by_label("Code affiché par l’application").fill(application_code(secret))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Codes de secours")).to_be_visible()
    sound(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger les codes").click()
    assert re.fullmatch(r"(\d{8}\r\n){10}", download.value.path().read_bytes().decode())
    for path in ("secours/", "secours/renouveler/", "application/retirer/", ""):
        page.goto(f"{site}/compte/securite/{path}")
        sound(page)
    page.context.close()


def test_a_passkey_opens_the_door_without_a_letter(page: Page, site: str, code_for: Codes) -> None:
    """Chromium's virtual authenticator stands for the fingerprint reader of a computer."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    authenticator = devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )["authenticatorId"]
    enter(page, site, "cle@mairie.fr", code_for)
    page.goto(f"{site}/compte/securite/cle/ajouter/")
    page.get_by_label("Nom de la clé").fill("Mon ordinateur")
    page.get_by_role("button", name="Créer la clé").click()
    expect(page.get_by_role("heading", name="Codes de secours")).to_be_visible()
    kept = devtools.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})
    assert kept["credentials"][0]["rpId"] == "localhost"
    page.goto(f"{site}/compte/securite/")
    expect(page.locator("main")).to_contain_text("Mon ordinateur")
    page.get_by_role("link", name="Ajouter une clé d’accès").click()
    page.get_by_role("button", name="Créer la clé").click()
    expect(page.get_by_role("alert")).to_have_text("Cette clé est déjà sur votre compte.")

    # Sign in with it alone.
    page.goto(f"{site}/compte/deconnexion/")
    page.get_by_role("button", name="Me déconnecter").click()
    expect(page.get_by_role("heading", name="Se connecter")).to_be_visible()
    sound(page)
    page.goto(f"{site}/compte/connexion/?next=/compte/appareils/")
    page.get_by_role("button", name="Utiliser une clé d’accès").click()
    expect(page.get_by_role("heading", name="Mes appareils")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Chrome sur Linux")

    # After a letter, it is the second factor.
    page.context.clear_cookies()
    page.goto(f"{site}/compte/connexion/")
    page.get_by_label("Adresse électronique").fill("cle@mairie.fr")
    page.keyboard.press("Enter")
    page.get_by_label("Code reçu par courriel").fill(code_for("cle@mairie.fr"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Second facteur")).to_be_visible()
    sound(page)
    page.get_by_role("button", name="Utiliser ma clé d’accès").click()
    page.wait_for_url(f"{site}/espace/")

    # One that does not answer leaves everything as it was, and says so.
    page.context.clear_cookies()
    devtools.send(
        "WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False}
    )
    page.goto(f"{site}/compte/connexion/")
    page.get_by_role("button", name="Utiliser une clé d’accès").click()
    expect(page.get_by_role("alert")).to_contain_text("Rien n’a été fait", timeout=70_000)
    expect(page.get_by_role("button", name="Utiliser une clé d’accès")).to_be_enabled()


def test_a_session_ended_from_elsewhere_is_over(
    chromium: Browser, page: Page, site: str, code_for: Codes
) -> None:
    other = a_page(chromium)
    enter(page, site, "deux@mairie.fr", code_for)
    enter(other, site, "deux@mairie.fr", code_for)
    page.goto(f"{site}/compte/appareils/")
    page.get_by_role("button", name="Fermer toutes les autres connexions").click()
    expect(page.locator("#messages")).to_contain_text("Toutes vos autres connexions sont fermées.")
    other.goto(f"{site}/espace/")
    expect(other.get_by_role("heading", name="Se connecter")).to_be_visible()
    other.context.close()


def test_without_javascript_a_code_is_enough(chromium: Browser, site: str, code_for: Codes) -> None:
    context = chromium.new_context(viewport=DESK, locale="fr-FR", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/compte/connexion/")
    expect(page.get_by_role("button", name="Utiliser une clé d’accès")).to_be_hidden()
    enter(page, site, "sans-script@mairie.fr", code_for)
    context.close()
