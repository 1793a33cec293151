"""Two people in two browsers: one runs the programme, the other has just been invited."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import (
    Codes,
    a_page,
    become_steward,
    enter,
    letter_with,
    sound,
)

pytestmark = pytest.mark.browser
STEWARD, NEWCOMER = "claire@anct.test", "maire@herault.test"


@pytest.fixture(scope="module")
def claire(
    chromium: Browser, site: str, manage: Callable[..., None], mailbox: Path
) -> Iterator[Page]:
    """The first steward: the role comes by a command, the rights with a second factor."""
    page = a_page(chromium)
    become_steward(page, site, manage, mailbox, STEWARD)
    yield page
    page.context.close()


@pytest.fixture
def awa(chromium: Browser, site: str) -> Iterator[Page]:
    page = a_page(chromium)
    yield page
    page.context.close()


def test_from_the_first_steward_to_a_role_that_ends(
    claire: Page, awa: Page, chromium: Browser, site: str, mailbox: Path, code_for: Codes
) -> None:
    claire.goto(f"{site}/espace/")
    expect(claire.get_by_role("link", name="Le journal")).to_be_visible()
    sound(claire)

    # She invites an elected official, who is shown what it is before anything is accepted.
    claire.get_by_role("link", name="Toutes les fabriques").click()
    sound(claire)
    claire.get_by_role("link", name="Quels usages du numérique").click()
    sound(claire)
    claire.get_by_role("link", name=re.compile("CC Vallée de l.Hérault")).click()
    sound(claire)
    claire.get_by_role("link", name="Inviter quelqu’un").click()
    claire.get_by_label("Adresse électronique").fill("maire(at)herault")
    claire.locator("label", has_text="Élu·e référent·e").click()
    claire.get_by_role("button", name="Envoyer l’invitation").click()
    assert claire.get_by_label("Adresse électronique").input_value() == "maire(at)herault"
    claire.get_by_label("Adresse électronique").fill(NEWCOMER)
    sound(claire)
    claire.get_by_role("button", name="Envoyer l’invitation").click()
    expect(claire.locator("#messages")).to_contain_text(f"Invitation envoyée à {NEWCOMER}")
    link = letter_with(mailbox, NEWCOMER, r"^(http\S+/invitation/\S+)$")

    awa.goto(link)
    expect(awa.locator("main")).to_contain_text("Élu·e référent·e")
    sound(awa)
    awa.get_by_role("link", name="Continuer").click()
    awa.get_by_label("Adresse électronique").fill(NEWCOMER)
    awa.keyboard.press("Enter")
    awa.get_by_label("Code reçu par courriel").fill(code_for(NEWCOMER))
    awa.keyboard.press("Enter")
    awa.get_by_label("Prénom et nom").fill("Awa Diop")
    awa.get_by_role("button", name="Continuer").click()
    sound(awa)
    awa.get_by_role("button", name="Accepter").click()
    expect(awa.get_by_role("heading", name=re.compile("CC Vallée de l.Hérault"))).to_be_visible()
    expect(awa.locator("#messages")).to_contain_text("Bienvenue")
    sound(awa)
    place = awa.url

    # The link is spent; forwarded, it would give nothing anyway.
    other = a_page(chromium)
    other.goto(link)
    expect(other.locator("main")).to_contain_text("déjà été acceptée")
    other.context.close()

    # What the steward changes shows at once on the open page of the other, then closes it.
    claire.goto(place)
    claire.get_by_role("link", name="Dates du rôle de Awa Diop").click()
    claire.get_by_label("Au", exact=False).last.fill("2030-06-30")
    claire.get_by_role("button", name="Enregistrer").click()
    expect(awa.get_by_role("status").filter(has_text="du nouveau")).to_be_visible()
    awa.reload()
    expect(awa.locator("main")).to_contain_text("jusqu’au 30 juin 2030")
    claire.get_by_role("link", name="Retirer à Awa Diop").click()
    sound(claire)
    claire.get_by_label("Pourquoi").fill("Nouvelle délibération")
    claire.get_by_role("button", name="Retirer le rôle").click()
    expect(awa.get_by_role("status").filter(has_text="Vos droits ont changé")).to_be_visible()
    awa.goto(place)
    expect(awa.get_by_role("heading", name="Page non trouvée")).to_be_visible()
    letter_with(mailbox, NEWCOMER, r"(Nouvelle délibération)")

    # The journal tells it all, to the steward alone.
    claire.get_by_role("link", name="Le journal").click()
    for words in ("invitation envoyée", "invitation acceptée", "rôle donné", "rôle retiré"):
        expect(claire.locator("main")).to_contain_text(words)
    sound(claire)
    awa.goto(f"{site}/espace/journal/")
    expect(awa.get_by_role("heading", name="Page non trouvée")).to_be_visible()


def test_the_relay_passes_from_one_to_the_next(
    claire: Page, awa: Page, chromium: Browser, site: str, mailbox: Path, code_for: Codes
) -> None:
    """Somebody leaves: what they held passes on when the next one accepts."""
    leaving, coming = "thomas@landes.test", "suite@landes.test"
    claire.goto(f"{site}/espace/fabriques/fabp-19/")
    claire.get_by_role("link", name="CC Maremne Adour Côte Sud").click()
    claire.get_by_role("link", name="Inviter quelqu’un").click()
    claire.get_by_label("Adresse électronique").fill(leaving)
    claire.locator("label", has_text="Technicien·ne référent·e").click()
    claire.get_by_role("button", name="Envoyer l’invitation").click()
    link = letter_with(mailbox, leaving, r"^(http\S+/invitation/\S+)$")
    enter(awa, site, leaving, code_for)
    expect(awa.locator("main")).to_contain_text("Invitation : Technicien·ne référent·e")
    awa.goto(link)
    awa.get_by_role("button", name="Accepter").click()
    awa.get_by_role("link", name="Passer le relais").click()
    sound(awa)
    awa.get_by_label("Adresse électronique").fill(leaving)
    awa.get_by_role("button", name="Passer le relais").click()
    expect(awa.locator("main")).to_contain_text("à soi-même")
    awa.get_by_label("Adresse électronique").fill(coming)
    awa.get_by_role("button", name="Passer le relais").click()
    expect(awa.locator("#messages")).to_contain_text("quand cette personne l’acceptera")

    other = a_page(chromium)
    enter(other, site, coming, code_for)
    other.goto(letter_with(mailbox, coming, r"^(http\S+/invitation/\S+)$"))
    expect(other.locator("main")).to_contain_text("Vous prendrez la suite de Jeanne Martin")
    other.get_by_role("button", name="Accepter").click()
    expect(other.get_by_role("heading", name="CC Maremne Adour Côte Sud")).to_be_visible()
    other.context.close()
    awa.reload()
    expect(awa.get_by_role("heading", name="Page non trouvée")).to_be_visible()


def test_pages_of_the_account_are_sound_on_a_phone(
    chromium: Browser, site: str, code_for: Codes
) -> None:
    page = a_page(chromium, {"width": 360, "height": 740})
    enter(page, site, "telephone@mairie.test", code_for)
    for path in (
        "/espace/",
        "/espace/profil/",
        "/espace/notifications/",
        "/espace/mes-donnees/",
        "/espace/mes-donnees/effacer/",
        "/espace/droits/",
    ):
        page.goto(f"{site}{path}")
        sound(page)
    page.get_by_role("button", name="Mon espace").click()
    expect(page.get_by_role("link", name="Mes appareils")).to_be_visible()
    sound(page)
    page.goto(f"{site}/espace/mes-donnees/effacer/")
    page.get_by_label("Votre adresse électronique").fill("autre@mairie.test")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Rien n’a été effacé")
    page.get_by_label("Votre adresse électronique").fill("telephone@mairie.test")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("effacé")
    page.goto(f"{site}/espace/")
    expect(page).to_have_url(re.compile("/compte/connexion/"))
    page.context.close()
