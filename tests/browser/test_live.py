"""The live element in a real browser: what it says, what it leaves alone, one stream for all."""

import os
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from fabriques.kit import live
from fabriques.people.models import User
from tests.factories import make_user
from tests.processes import Server, serving

# Playwright runs an event loop in this thread, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
pytestmark = pytest.mark.django_db(transaction=True)

NEWS = "Il y a du nouveau sur cette page. Recharger la page"
OVER = "Vos droits ont changé : rechargez la page."
STATE = "document.querySelector('live-updates').source?.readyState ?? 2"


@pytest.fixture(scope="module")
def live_page(django_db_setup: None) -> Iterator[Server]:
    limits = {"PING": "600", "STALLED": "30", "LIVE_STREAMS_PER_USER": "1"}
    with serving("tests.browser.live_page:application", **limits) as server:
        yield server


@pytest.fixture
def reader(transactional_db: None) -> User:
    return make_user("", job="a,b")


@pytest.fixture
def browsing(chromium: Browser, live_page: Server, reader: User) -> Iterator[BrowserContext]:
    """A browser in which the reader is signed in."""
    client = Client()
    client.force_login(reader)
    name = settings.SESSION_COOKIE_NAME
    context = chromium.new_context(locale="fr-FR")
    address = f"http://127.0.0.1:{live_page.port}"
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": address}])
    yield context
    context.close()


@pytest.fixture
def open_tab(browsing: BrowserContext, live_page: Server) -> Callable[[], Page]:
    def open_one() -> Page:
        page = browsing.new_page()
        page.goto(f"http://127.0.0.1:{live_page.port}/page")
        return page

    return open_one


def test_news_are_said_and_nothing_typed_is_lost(open_tab: Callable[[], Page]) -> None:
    page = open_tab()
    status = page.get_by_role("status")
    page.get_by_label("Texte").fill("commencé")
    assert status.inner_text().strip() == ""
    live.publish("a")
    expect(status.get_by_text("Il y a du nouveau")).to_be_visible()
    assert " ".join(status.inner_text().split()) == NEWS
    assert page.get_by_label("Texte").input_value() == "commencé"
    with page.expect_navigation():
        page.get_by_role("link", name="Recharger la page").click()
    expect(page.get_by_text("Il y a du nouveau")).to_be_hidden()


def test_one_stream_serves_all_tabs_and_passes_on(open_tab: Callable[[], Page]) -> None:
    tabs = [open_tab() for _ in range(8)]  # more than a browser's connections to one site
    live.publish("a")
    for tab in tabs:
        expect(tab.get_by_text("Il y a du nouveau")).to_be_visible()
    first, second, *_ = tabs
    second.reload()
    first.close()
    live.publish("b")
    # One stream a person here: the next tab may find the place taken, and tries again.
    expect(second.get_by_text("Il y a du nouveau")).to_be_visible(timeout=20_000)


def test_the_end_of_rights_is_said_and_nothing_is_asked_again(
    open_tab: Callable[[], Page], reader: User
) -> None:
    tabs = [open_tab(), open_tab()]
    live.publish("a")  # heard: the stream is open
    for tab in tabs:
        expect(tab.get_by_text("Il y a du nouveau")).to_be_visible()
    User.objects.filter(pk=reader.pk).update(job="a")
    live.cut(reader.ref)
    for tab in tabs:
        expect(tab.get_by_text("Vos droits ont changé")).to_be_visible()
        assert " ".join(tab.get_by_role("status").inner_text().split()) == OVER
    # A closed source never comes back, and no tab waits for its turn.
    assert [tab.evaluate(STATE) for tab in tabs] == [2, 2]
    locks = tabs[0].evaluate("navigator.locks.query()")
    assert (locks["held"], locks["pending"]) == ([], [])
