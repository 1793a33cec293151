"""The public side in a real browser: accessibility, widths, keyboard, without JavaScript."""

import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser

PAGES = [
    "/",
    "/fabriques/",
    "/fabriques/?annee=2020&region=93&q=durable",
    "/fabriques/?annee=2018&transition=numerique",
    "/fabriques/?annee=1789",
    "/fabriques/fabp-07-sites-industriels-de-demain/",
    "/fabriques/fabp-09-alimentation-durable-qpv/",
    "/fabriques/fabp-20/",
    "/territoires/",
    "/territoires/?q=st+brieuc",
    "/territoires/?q=zzzzqqq",
    "/territoires/22278/",
    "/territoires/200067205/",
    "/territoires/97404/",
    "/territoires/departement/974/",
    "/territoires/region/28/",
    "/territoires/autre/ti-8408/",
    "/carte/",
    "/carte/?legende=annee&outre-mer=oui",
    "/carte/interactive/",
    "/recherche/",
    "/recherche/?q=vieilissement",
    "/recherche/?q=zzzzqqq",
    "/donnees/",
    "/api/v1/docs",
    "/accessibilite/",
    "/mentions-legales/",
    "/donnees-personnelles/",
    "/plan-du-site/",
    "/nulle-part/",
]


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_and_nothing_overflows(anywhere: Watched, path: str) -> None:
    page = anywhere.open(path)
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found] == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"]
    assert anywhere.problems == []


def test_open_menus_and_panels_are_accessible_on_a_phone(anywhere: Watched) -> None:
    page = anywhere.open("/fabriques/fabp-07-sites-industriels-de-demain/")
    if page.viewport_size["width"] < 500:
        page.get_by_role("button", name="Menu").click()
        expect(page.get_by_role("navigation", name="Menu principal")).to_be_visible()
        assert Axe().run(page).violations_count == 0
        page.keyboard.press("Escape")
    page.locator("summary", has_text="Ce qui a changé sur cette page").click()
    expect(page.locator("#historique ol")).to_be_visible()
    assert Axe().run(page).violations_count == 0


def test_every_public_address_answers(desk: Watched) -> None:
    """Walk from the home page: every link of our own must lead somewhere."""
    seen, waiting = set(), ["/"]
    patterns: dict[str, int] = {}
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        # Pages of one shape are many: a few of each are enough.
        shape = re.sub(r"[0-9]+[AB]?[0-9]*|(?<=/fabriques/)[^/?]+|=[^&]*", "*", path)
        patterns[shape] = patterns.get(shape, 0) + 1
        if patterns[shape] > 3:
            continue
        answer = desk.page.request.get(desk.site + path)
        assert answer.status == 200, path
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        for link in re.findall(r'(?:href|src|data-points|data-outlines)="(/[^"#]*)', answer.text()):
            waiting.append(link.replace("&amp;", "&"))
    shapes = {urlsplit(path).path for path in seen}
    for path in (
        "/carte.svg",
        "/carte.geojson",
        "/flux.atom",
        "/donnees/fabriques.ods",
        "/api/v1/openapi.json",
        "/donnees/fabriques-prospectives-communes.csv",
    ):
        assert path in shapes, path
    assert len(patterns) > 25


def test_three_clicks_from_my_region_to_what_came_out(desk: Watched) -> None:
    """Which territories of my région took part, with whom, on what, and what came out."""
    page = desk.open("/")
    page.get_by_role("link", name="Trouver mon territoire").click()
    page.get_by_role("link", name="Auvergne-Rhône-Alpes").click()
    content = page.locator("main")
    expect(content).to_contain_text("La Côte-Saint-André")
    page.get_by_role("link", name="Être sénior demain dans une petite ville").click()
    for heading in ("8 territoires", "Ce qui en est sorti", "Avec qui"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(content).to_contain_text("Association des petites villes de France")
    expect(content).to_contain_text("Jean-Philippe Viriot-Durandal")


def test_the_keyboard_is_enough(desk: Watched) -> None:
    page = desk.open("/fabriques/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Contenu", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.locator("#filtre-q").focus()
    page.keyboard.press("Tab")  # the first dimension: years
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("[name=annee][value='2023']")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("annee=2023"))
    expect(page.locator(".card")).to_have_count(1)


def test_each_mark_of_the_map_is_reached_and_opened_by_keyboard(desk: Watched) -> None:
    page = desk.open("/carte/?annee=2018")
    marks = page.locator("svg.carte a")
    expect(marks).to_have_count(12)
    marks.first.focus()
    names = []
    for _ in range(12):
        names.append(page.evaluate("document.activeElement.querySelector('title').textContent"))
        page.keyboard.press("Tab")
    assert len(set(names)) == 12
    assert any(name.startswith("Bagnolet (93)") for name in names)
    marks.last.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/territoires/"))


def test_the_interactive_map_works_without_any_other_network(desk: Watched) -> None:
    page = desk.open("/carte/interactive/?annee=2018")
    expect(page.locator("#carte-etat")).to_have_text("12 participations sur la carte.")
    point = page.locator('path[role="button"]').first
    point.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".leaflet-popup-content a")).to_be_visible()
    page.get_by_role("button", name="Mayotte").click()
    assert desk.problems == []


def test_filters_and_search_work_without_javascript(without_script: Watched) -> None:
    page = without_script.open("/fabriques/")
    page.locator("summary", has_text="Région").click()
    page.get_by_label(re.compile("^Bretagne")).check()
    page.get_by_role("button", name="Appliquer").click()
    expect(page).to_have_url(re.compile("region=53"))
    expect(page.locator(".card")).to_have_count(5)
    page.locator("#recherche-entete").fill("st brieuc")
    page.locator("#recherche-entete").press("Enter")
    expect(page.get_by_role("link", name="Saint-Brieuc", exact=True).first).to_be_visible()


def test_the_map_can_be_printed(desk: Watched) -> None:
    page = desk.open("/carte/")
    page.emulate_media(media="print")
    expect(page.locator("svg.carte")).to_be_visible()
    expect(page.locator("form.filters")).to_be_hidden()
    assert page.pdf(format="A4")[:5] == b"%PDF-"
