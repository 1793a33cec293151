"""The board in a browser: by keyboard, on a phone, and two stewards at once."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.people import a_page, become_steward, sound

pytestmark = pytest.mark.browser
FIRST, SECOND = "awa@anct.test", "benoit@anct.test"
SLUG = "bien-composer"
SPACE = f"/espace/appels/{SLUG}/"
PREPARED = f"""
from datetime import timedelta
from django.utils import timezone
from fabriques.intake.models import Call, Composition, Volunteer
from fabriques.territories.models import Territory
today = timezone.localdate()
call = Call.objects.create(
    slug="{SLUG}", title="Bien composer", question="?", published_at=timezone.now(),
    opens_on=today - timedelta(days=40), closes_on=today - timedelta(days=1),
)
communes = Territory.objects.filter(kind="commune", population__gt=2000, closed_on=None)
chosen = list(communes.filter(overseas=True).order_by("code")[:2])
chosen += list(communes.filter(overseas=False).order_by("code")[::150][:38])
for number, territory in enumerate(chosen, 1):
    Volunteer.objects.create(
        call=call, territory=territory, number=number, state="submitted",
        submitted_at=timezone.now(),
    )
Composition.objects.create(call=call, name="Première")
"""


@pytest.fixture(scope="module")
def awa(chromium: Browser, site: str, manage: Callable[..., None], mailbox: Path) -> Iterator[Page]:
    page = a_page(chromium)
    page.set_default_timeout(20_000)
    manage("shell", "-v0", "-c", PREPARED)
    become_steward(page, site, manage, mailbox, FIRST)
    yield page
    page.context.close()


@pytest.fixture
def benoit(
    chromium: Browser, site: str, manage: Callable[..., None], mailbox: Path
) -> Iterator[Page]:
    page = a_page(chromium)
    page.set_default_timeout(20_000)
    become_steward(page, site, manage, mailbox, SECOND)
    yield page
    page.context.close()


def at_the_board(page: Page, site: str) -> None:
    page.goto(f"{site}{SPACE}compositions/")
    page.get_by_role("link", name="Première", exact=True).click()
    expect(page.get_by_role("heading", name="Dans la cohorte")).to_be_visible()


def press(page: Page, button: str) -> None:
    """By keyboard, the button of this id."""
    page.locator(f"#{button}").focus()
    page.keyboard.press("Enter")


def test_a_cohort_is_composed_by_keyboard(awa: Page, site: str) -> None:
    at_the_board(awa, site)
    whole = awa.evaluate("performance.timeOrigin")
    members = awa.locator("#cohorte .seat__who")
    press(awa, "ajouter-1")
    expect(members).to_have_count(1)
    expect(awa.locator("composition-board > [role=status]")).to_contain_text(
        "entre dans la cohorte"
    )
    expect(awa.locator("#ajouter-2")).to_be_focused()  # the row that took its place
    awa.keyboard.press("Enter")
    expect(members).to_have_count(2)
    press(awa, "verrouiller-1")
    expect(awa.locator("#v-1")).to_contain_text("Verrouillé")
    press(awa, "reserve-3")
    expect(awa.locator("#reserve .seat__who")).to_have_count(1)
    expect(awa.locator(".board__figures")).to_contain_text("2 territoires, pour 4 à 8 places")
    assert awa.evaluate("performance.timeOrigin") == whole  # the page was never left
    sound(awa)

    # A rule that nobody could meet, then one that holds.
    awa.get_by_role("link", name="Ajouter une règle").click()
    awa.get_by_role("link", name="Au moins", exact=True).click()
    awa.get_by_label("Combien", exact=True).fill("3")
    awa.get_by_label("De quels territoires").select_option("overseas|yes")
    awa.get_by_role("button", name="Poser la règle").click()
    expect(awa.locator("main")).to_contain_text(
        "Vous demandez 3 territoires d’outre-mer, il y en a 2 parmi les volontaires."
    )
    sound(awa)
    awa.get_by_label("Combien", exact=True).fill("1")
    awa.get_by_role("button", name="Poser la règle").click()
    expect(awa.locator("#regles")).to_contain_text("Au moins 1 territoire d’outre-mer")
    expect(awa.locator("#regles")).to_contain_text("2 sur 1")

    # A proposal with its reasons becomes the cohort; the lock is kept.
    awa.get_by_label("Combien de propositions différentes").fill("2")
    press(awa, "proposer")
    expect(awa.get_by_role("heading", name="Proposition 2")).to_be_visible()
    awa.get_by_text("Pourquoi ces territoires").click()
    expect(awa.locator(".whys").first).to_contain_text(re.compile("Sans (ce territoire|lui)"))
    sound(awa)
    press(awa, "prendre-1")
    expect(members).to_have_count(8)
    expect(awa.locator("#v-1")).to_contain_text("Verrouillé")


def test_the_board_on_a_phone(awa: Page, site: str) -> None:
    awa.set_viewport_size(PHONE)
    try:
        at_the_board(awa, site)
        sound(awa)
        for where in ("volontaires/", "volontaires/?vue=couverture", "compositions/comparer/"):
            awa.goto(f"{site}{SPACE}{where}")
            sound(awa)
    finally:
        awa.set_viewport_size(DESK)


def test_two_stewards_at_once(awa: Page, benoit: Page, site: str) -> None:
    at_the_board(awa, site)
    at_the_board(benoit, site)
    free = awa.locator("#autres button[id^=ecarter-]")
    one, other = (free.nth(rank).get_attribute("id") for rank in (0, 1))
    press(awa, str(one))
    expect(awa.locator("#ecartes .seat__who")).to_have_count(1)

    press(benoit, str(other))
    problem = benoit.locator(".board__problem")
    expect(problem).to_contain_text("Votre geste n’a pas été fait")
    expect(problem).to_contain_text("Territoire écarté")
    expect(problem).to_be_focused()
    expect(benoit.locator("#ecartes .seat__who")).to_have_count(1)  # hers, nothing lost
    sound(benoit)
    problem.get_by_role("button", name=re.compile("quand même")).click()
    expect(benoit.locator("#ecartes .seat__who")).to_have_count(2)
    expect(problem).to_have_count(0)
