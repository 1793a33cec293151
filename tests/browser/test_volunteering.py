"""A territory volunteers on a phone, in one go; two people write together in two browsers."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE, Watched
from tests.browser.people import Codes, a_page, enter, sound

pytestmark = pytest.mark.browser
START = "/appels/bien-vieillir-essai/volontariat/"
MAKE_CALL = """
from datetime import timedelta
from django.utils import timezone
from fabriques.intake.models import Call
today = timezone.localdate()
call, new = Call.objects.get_or_create(slug="bien-vieillir-essai", defaults=dict(
    title="Bien vieillir", question="Comment bien vieillir dans nos territoires ?",
    opens_on=today - timedelta(days=1), closes_on=today + timedelta(days=20),
    decides_on=today + timedelta(days=60), published_at=timezone.now()))
if new:
    call.questions.create(label="Avec qui travaillez-vous déjà ?", kind="choices", position=1,
        choices="Un CCAS\\nDes associations\\nDes bailleurs")
    call.questions.create(label="Une équipe est-elle prête ?", kind="yes-no", position=2,
        required=True)
"""
SAID = {
    "La question que vous vous posez ici": "Comment vieillir ici sans partir ?",
    "Élu·e : prénom et nom": "Josiane Petit",
    "Élu·e : mandat": "maire",
    "Élu·e : adresse électronique": "maire@ville.test",
    "Technicien·ne : prénom et nom": "Thomas Le Goff",
    "Technicien·ne : fonction": "directeur général",
    "Technicien·ne : adresse électronique": "dgs@ville.test",
    "Pourquoi vous portez-vous volontaires ?": "Un habitant sur trois a plus de 65 ans.",
}
WHY = "Pourquoi vous portez-vous volontaires ?"
QUESTION = "La question que vous vous posez ici"


@pytest.fixture(scope="module", autouse=True)
def call(site: str, manage: Callable[..., None]) -> None:
    """An open call, with two questions of its own."""
    manage("shell", "-v0", "-c", MAKE_CALL)


@pytest.fixture
def pages(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Browsers, one for each page asked."""
    opened: list[Page] = []

    def one(**options: dict[str, int]) -> Page:
        opened.append(a_page(chromium, **options))
        return opened[-1]

    yield one
    for page in opened:
        page.context.close()


def begin(page: Page, site: str, words: str, name: str) -> None:
    """From the search to the page where one writes."""
    page.goto(f"{site}{START}")
    page.get_by_label("Nom, code postal").fill(words)
    page.keyboard.press("Enter")
    page.locator("main").get_by_role("link", name=name, exact=True).first.click()
    page.get_by_role("button", name="C’est bien nous").click()
    expect(page).to_have_url(re.compile("/modifier/$"))


def saved(page: Page) -> None:
    expect(page.locator("[data-status]")).to_have_text(re.compile(r"^Enregistré à \d+.h.\d\d\.$"))


def test_a_newcomer_submits_on_a_phone_in_one_go(
    pages: Callable[..., Page], site: str, code_for: Codes
) -> None:
    page = pages(size=PHONE)
    page.goto(f"{site}{START}")
    page.get_by_label("Adresse électronique").fill("nouvelle@mairie.test")
    page.keyboard.press("Enter")
    page.get_by_label("Code reçu par courriel").fill(code_for("nouvelle@mairie.test"))
    page.keyboard.press("Enter")
    page.get_by_label("Prénom et nom").fill("Jeanne Martin")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("heading", name="Se porter volontaire")).to_be_visible()
    sound(page)
    page.get_by_label("Nom, code postal").fill("jonzac")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").last).to_contain_text("jonzac")
    sound(page)
    page.locator("main").get_by_role("link", name="Jonzac", exact=True).click()
    expect(page.locator("main")).to_contain_text("habitants")
    sound(page)
    page.get_by_role("button", name="C’est bien nous").click()
    expect(page.get_by_label(WHY)).to_be_visible()
    sound(page)
    page.get_by_role("button", name="Déposer la déclaration").click()
    expect(page.get_by_role("heading", name="9 réponses à voir")).to_be_visible()
    sound(page)
    page.get_by_role("link", name=WHY).click()
    expect(page.get_by_label(WHY)).to_be_focused()
    for label, text in SAID.items():
        page.get_by_label(label).fill(text)
    page.locator("label", has_text="Un CCAS").click()
    page.locator("label", has_text="Oui").last.click()
    expect(page.locator("[data-progress]")).to_have_text("6 sur 6")
    saved(page)
    expect(page.locator("#a-voir")).to_have_count(0)  # nothing is missing any more
    sound(page)
    page.get_by_role("button", name="Déposer la déclaration").click()
    expect(page.locator("#messages")).to_contain_text("est déposée sous le numéro")
    sound(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger le reçu").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")
    page.get_by_role("link", name="Partager le lien").click()
    sound(page)
    page.goto(f"{site}/espace/volontariats/")
    sound(page)
    page.get_by_role("link", name="Jonzac").click()
    page.get_by_role("link", name="Retirer la déclaration").click()
    sound(page)


def test_two_people_write_one_declaration(
    pages: Callable[..., Page], site: str, code_for: Codes
) -> None:
    one, two = pages(), pages()
    enter(one, site, "une@mairie.test", code_for)
    begin(one, site, "marennes", "Marennes-Hiers-Brouage")
    one.get_by_role("link", name="Écrire à plusieurs").click()
    link = one.get_by_label("Lien de partage").input_value()
    one.go_back()
    enter(two, site, "deux@mairie.test", code_for)
    two.goto(link)
    sound(two)
    two.get_by_role("button", name="Écrire avec eux").click()

    # Different fields: each sees what the other wrote, without a word.
    one.get_by_label(WHY).fill("Parce que nous sommes prêts.")
    saved(one)
    two.get_by_label(QUESTION).fill("Comment vieillir ici ?")
    saved(two)
    expect(two.get_by_label(WHY)).to_have_value("Parce que nous sommes prêts.")

    # The same field: nothing is written over, both texts are there, one chooses.
    one.get_by_label(QUESTION).fill("Une autre question.")
    expect(one.get_by_role("alert")).to_contain_text("Comment vieillir ici ?")
    expect(one.get_by_label(QUESTION)).to_have_value("Une autre question.")
    sound(one)
    two.reload()
    expect(two.get_by_label(QUESTION)).to_have_value("Comment vieillir ici ?")
    one.get_by_role("button", name="Garder mon texte").click()
    saved(one)
    two.reload()
    expect(two.get_by_label(QUESTION)).to_have_value("Une autre question.")


def test_nothing_typed_is_lost_without_a_network_nor_after_the_session(
    pages: Callable[..., Page], site: str, code_for: Codes
) -> None:
    page = pages()
    enter(page, site, "seule@mairie.test", code_for)
    begin(page, site, "saintes", "Saintes")
    address = page.url
    status = page.locator("[data-status]")
    page.context.set_offline(True)
    page.get_by_label(WHY).fill("Écrit dans un tunnel.")
    expect(status).to_contain_text("gardé sur cet appareil")
    page.context.set_offline(False)
    saved(page)
    page.context.clear_cookies()
    page.get_by_label(QUESTION).fill("Écrit après la session.")
    expect(status).to_contain_text("Votre session est terminée")
    sound(page)
    status.get_by_role("link", name="se reconnecter").click()
    page.get_by_label("Adresse électronique").fill("seule@mairie.test")
    page.keyboard.press("Enter")
    page.get_by_label("Code reçu par courriel").fill(code_for("seule@mairie.test"))
    page.keyboard.press("Enter")
    page.wait_for_url(address)
    expect(page.get_by_label(QUESTION)).to_have_value("Écrit après la session.")
    expect(page.get_by_label(WHY)).to_have_value("Écrit dans un tunnel.")
    saved(page)
    kept = page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('declaration'))")
    assert kept == []


def test_by_keyboard_alone_nothing_hides_under_the_bar(
    pages: Callable[..., Page], site: str, code_for: Codes
) -> None:
    page = pages(size=PHONE)
    enter(page, site, "clavier@mairie.test", code_for)
    begin(page, site, "royan", "Royan")
    page.get_by_label(QUESTION).focus()
    names = []
    for _ in range(12):
        name, bottom, bar = page.evaluate(
            """() => [document.activeElement.name,
                      document.activeElement.getBoundingClientRect().bottom,
                      document.querySelector(".declaration__bar").getBoundingClientRect().top]"""
        )
        names.append(name)
        if name == "submit" or not name:
            break
        assert bottom <= bar + 1, name
        page.keyboard.press("Tab")
    assert names[:3] == ["local_question", "elected_name", "elected_job"]
    assert "motivation" in names
    page.get_by_label("Élu·e : mandat").focus()
    page.keyboard.type("maire")
    page.keyboard.press("Enter")  # saves, and does not submit
    expect(page.locator("#messages")).to_contain_text("Enregistré à")
    expect(page.get_by_label("Élu·e : mandat")).to_have_value("maire")


def test_without_script_the_buttons_do_it_all(
    without_script: Watched, site: str, code_for: Codes
) -> None:
    page = without_script.page
    page.goto(f"{site}{START}")
    page.get_by_label("Adresse électronique").fill("sobre@mairie.test")
    page.keyboard.press("Enter")
    page.get_by_label("Code reçu par courriel").fill(code_for("sobre@mairie.test"))
    page.keyboard.press("Enter")
    page.get_by_label("Prénom et nom").fill("Jeanne Martin")
    page.get_by_role("button", name="Continuer").click()
    begin(page, site, "cognac", "Cognac")
    for label, text in SAID.items():
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator("#messages")).to_contain_text("Enregistré à")
    page.locator("label", has_text="Oui").last.click()
    page.get_by_role("button", name="Déposer la déclaration").click()
    expect(page.locator("#messages")).to_contain_text("est déposée sous le numéro")
    assert without_script.problems == []
