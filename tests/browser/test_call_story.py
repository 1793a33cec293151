"""The whole story: a call on brownfields, from its first line to a fabrique and its reserve.

Sixty territories volunteer: two in their browsers, the others by the generator, through the verbs.
Days go by because the dates of the call are moved back; nothing sleeps.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import (
    Codes,
    a_page,
    become_steward,
    enter,
    letter_with,
    letters,
    sound,
)

pytestmark = pytest.mark.browser
STEWARD, INVITED, VOLUNTEER = "agathe@anct.test", "mairie@jonzac.test", "dgs@fougeres.test"
SLUG = "la-seconde-vie-des-friches"
SPACE = f"/espace/appels/{SLUG}/"
GENERATED = 58
DAYS_GO_BY = f"""
from datetime import timedelta
from fabriques.intake.models import Call
call = Call.objects.get(slug="{SLUG}")
call.opens_on -= timedelta(days=40)
call.closes_on -= timedelta(days=40)
call.save()
"""


@pytest.fixture(scope="module")
def agathe(
    chromium: Browser, site: str, manage: Callable[..., None], mailbox: Path
) -> Iterator[Page]:
    """She runs the programme."""
    page = a_page(chromium)
    page.set_default_timeout(20_000)
    become_steward(page, site, manage, mailbox, STEWARD)
    yield page
    page.context.close()


@pytest.fixture
def pages(chromium: Browser) -> Iterator[Callable[[], Page]]:
    """Browsers of other people."""
    opened: list[Page] = []

    def one() -> Page:
        opened.append(a_page(chromium))
        return opened[-1]

    yield one
    for page in opened:
        page.context.close()


def said(page: Page, words: str | re.Pattern[str]) -> None:
    """What the page answers to what was just done."""
    expect(page.locator("#messages")).to_contain_text(words)


def prepared_and_published(page: Page, site: str) -> None:
    page.goto(f"{site}/espace/appels/")
    page.get_by_role("link", name="Préparer un appel").first.click()
    page.get_by_label("Titre").fill("La seconde vie des friches")
    page.get_by_label("La question posée").fill("Que faire de nos friches, et avec qui ?")
    page.get_by_label("Présentation").fill("Un an pour décider ensemble de lieux oubliés.")
    today = date.today()  # noqa: DTZ011  (the day of the browser's calendar)
    for label, days in (("Ouverture", 0), ("Clôture", 30), ("Annonce de la cohorte", 60)):
        page.get_by_label(label, exact=False).first.fill(f"{today + timedelta(days=days)}")
    page.get_by_label("Démarrage de la fabrique").fill(f"{today.year + 1}-03")
    page.get_by_label("Publier la liste des territoires volontaires").check(force=True)
    page.get_by_role("button", name="Enregistrer").click()
    expect(page).to_have_url(re.compile(f"{SPACE}$"))
    page.get_by_role("link", name="Publier", exact=True).click()
    page.get_by_role("button", name="Publier l’appel").click()
    page.goto(f"{site}/appels/{SLUG}/")
    expect(page.get_by_role("link", name="Se porter volontaire")).to_be_visible()


def invited_by_letter(page: Page, site: str) -> None:
    """A list is checked, its letters are reread, then leave."""
    page.goto(f"{site}{SPACE}invitations/")
    page.get_by_role("link", name="Inviter une liste").click()
    page.get_by_label("La liste").fill(
        f"Jonzac (17) ; {INVITED}\nVille inconnue ; rien@essai.test\n35115 ; maire@fougeres.test"
    )
    page.get_by_role("button", name="Vérifier la liste").click()
    expect(page.locator("main")).to_contain_text("2 lignes valables, 1 à corriger")
    page.get_by_role("button", name="Inviter les 2 lignes valables seulement").click()
    said(page, "Les lettres sont composées. Relisez-les")
    page.get_by_role("button", name="Faire partir 2 lettres").click()
    said(page, "2 lettres partent")


def volunteered(page: Page, name: str) -> None:
    """From « C’est bien nous » to a number."""
    page.get_by_role("button", name="C’est bien nous").click()
    for label, text in {
        "La question que vous vous posez ici": "Que devient la fonderie ?",
        "Élu·e : prénom et nom": "Josiane Petit",
        "Élu·e : mandat": "maire",
        "Élu·e : adresse électronique": f"maire@{name}.test",
        "Technicien·ne : prénom et nom": "Thomas Le Goff",
        "Technicien·ne : fonction": "directeur général",
        "Technicien·ne : adresse électronique": f"technique@{name}.test",
        "Pourquoi vous portez-vous volontaires ?": "Quatre hectares au milieu du bourg.",
    }.items():
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Déposer la déclaration").click()
    expect(page.locator("main")).to_contain_text(re.compile(r"Déclaration n°\s\d"))


def composed(page: Page, site: str) -> None:
    """Two rules, a proposal, Fougères kept in, two in reserve."""
    page.goto(f"{site}{SPACE}compositions/")
    page.get_by_role("link", name="Commencer une composition").click()
    page.get_by_label("Nom de la composition").fill("Des friches partout")
    page.get_by_role("button", name="Commencer").click()
    for sort in ("at-most-each", "not-neighbours"):
        page.get_by_role("link", name="Ajouter une règle").click()
        page.locator(f"main a[href$='sorte={sort}']").click()
        if sort == "at-most-each":
            page.get_by_label("Combien").fill("2")
            page.get_by_label("Critère").select_option(label="Région")
        page.get_by_role("button", name="Poser la règle").click()
    expect(page.locator("#regles")).to_contain_text("Au plus 2 par région")
    expect(page.locator("#regles")).to_contain_text("Pas deux territoires voisins")
    page.get_by_label("Nom, code, département").fill("Fougères")
    page.get_by_role("button", name="Filtrer").click()
    expect(page.locator("#autres")).to_contain_text("avec ces filtres")
    page.get_by_role("button", name=re.compile("Verrouiller.*Fougères")).click()
    expect(page.locator("#cohorte")).to_contain_text("Fougères")
    page.get_by_label("Combien de propositions").fill("2")
    page.get_by_role("button", name="Proposer").click()
    expect(page.get_by_role("heading", name="Proposition 1")).to_be_visible()
    page.get_by_role("button", name=re.compile("En faire la cohorte.*proposition 1")).click()
    expect(page.locator("#cohorte .seat__who")).to_have_count(8)
    page.goto(re.sub(r"[?#].*", "", page.url))
    for count in (1, 2):
        page.locator("#autres").get_by_role("button", name=re.compile("En réserve")).first.click()
        expect(page.locator("#reserve .seat__who")).to_have_count(count)
    sound(page)


def decided(page: Page, site: str) -> None:
    """Settled, its reasons reread, its letters composed and reread: nothing has left."""
    page.goto(f"{site}{SPACE}decision/")
    sound(page)
    page.get_by_role("link", name="Arrêter cette composition").click()
    sound(page)
    page.get_by_role("button", name="Arrêter cette composition").click()
    expect(page.get_by_role("heading", name="Les motifs")).to_be_visible()
    sound(page)
    page.get_by_label("Fougères (35)").fill("Votre fonderie fera travailler les sept autres.")
    page.get_by_role("button", name="Enregistrer les motifs").click()
    said(page, "Motifs enregistrés")
    page.get_by_role("button", name="Composer les lettres").click()
    said(page, "Rien n’est parti")
    sound(page)
    page.get_by_role("link", name="territoires retenus").click()
    expect(page.get_by_role("button", name="Faire partir")).to_have_count(0)
    expect(page.locator("main")).to_contain_text("Votre fonderie fera travailler")
    sound(page)


def announced(page: Page, site: str) -> str:
    """The address of what the announcement made public."""
    page.goto(f"{site}{SPACE}decision/")
    page.get_by_role("link", name="Annoncer").click()
    sound(page)
    page.get_by_role("button", name="Annoncer").click()
    said(page, "C’est annoncé")
    sound(page)
    return str(page.get_by_role("link", name=re.compile("La fabrique fabp-")).get_attribute("href"))


def test_from_a_theme_to_a_founded_fabrique(
    agathe: Page,
    pages: Callable[[], Page],
    site: str,
    manage: Callable[..., None],
    mailbox: Path,
    code_for: Codes,
) -> None:
    prepared_and_published(agathe, site)
    invited_by_letter(agathe, site)

    # Jonzac comes by its letter, Fougères by itself.
    link = letter_with(mailbox, INVITED, r"^(http\S+/invitation/\S+)$")
    jonzac, fougeres = pages(), pages()
    enter(jonzac, site, INVITED, code_for)
    jonzac.goto(link)
    jonzac.get_by_role("link", name="Se porter volontaire").click()
    volunteered(jonzac, "jonzac")
    enter(fougeres, site, VOLUNTEER, code_for)
    fougeres.goto(f"{site}/appels/{SLUG}/volontariat/?territoire=commune:35115")
    volunteered(fougeres, "fougeres")
    declaration = fougeres.url
    manage(
        "generate_volunteers", "--call", SLUG, "--count", str(GENERATED), "--essai", "--no-color"
    )
    agathe.goto(f"{site}{SPACE}")
    expect(agathe.locator(".figures").first).to_contain_text(str(GENERATED + 2))

    # The call is prolonged, then closes.
    agathe.get_by_role("link", name="Prolonger").click()
    later = date.today() + timedelta(days=35)  # noqa: DTZ011
    agathe.get_by_label("Nouvelle clôture").fill(f"{later}")
    agathe.get_by_label("Pourquoi").fill("Les conseils se réunissent en fin de mois.")
    agathe.get_by_role("button", name="Prolonger").click()
    expect(agathe).to_have_url(re.compile(f"{SPACE}$"))
    manage("shell", "-v0", "-c", DAYS_GO_BY)
    jonzac.goto(f"{site}/appels/{SLUG}/")
    expect(jonzac.locator("main")).to_contain_text("L’appel est clos")
    expect(jonzac.locator("main")).to_contain_text("Les conseils se réunissent")

    composed(agathe, site)
    decided(agathe, site)
    fougeres.goto(declaration)
    expect(fougeres.locator("main")).not_to_contain_text("rejoint la cohorte")
    expect(fougeres.locator("main")).not_to_contain_text("fonderie fera travailler")
    assert not any("retenu" in text for text in letters(mailbox, VOLUNTEER))

    # One act: the letters leave, the fabrique is there for all.
    fabrique = announced(agathe, site)
    letter_with(mailbox, VOLUNTEER, r"(Votre fonderie fera travailler)")
    assert "Votre territoire est retenu" in " ".join(letters(mailbox, VOLUNTEER)[-1].split())
    letter_with(mailbox, "maire@fougeres.test", r"^(http\S+/invitation/\S+)$")
    fougeres.goto(declaration)
    expect(fougeres.locator("main")).to_contain_text("Votre fonderie fera travailler")
    visitor = pages()
    visitor.goto(f"{site}{fabrique}")
    expect(visitor.get_by_role("heading", name="8 territoires")).to_be_visible()
    expect(visitor.locator("main")).to_contain_text("Fougères")
    sound(visitor)
    visitor.get_by_role("link", name=re.compile("Appel à volontaires")).first.click()
    expect(visitor.locator("main")).to_contain_text("La cohorte est annoncée")
    found = visitor.request.get(f"{site}/donnees/appels/{SLUG}.json").json()["territoires"]
    answers = [row["reponse"] for row in found]
    assert [answers.count(word) for word in ("retenu", "en-reserve", "non-retenu")] == [8, 2, 50]

    # Fougères withdraws: the reserve comes in, by the same way.
    fougeres.get_by_role("link", name=re.compile("Retirer la déclaration")).click()
    fougeres.get_by_label("Pourquoi").fill("La fonderie est vendue.")
    fougeres.get_by_role("button", name="Retirer la déclaration").click()
    expect(fougeres.locator("main")).to_contain_text("Retirée")
    agathe.goto(f"{site}/espace/")
    expect(agathe.locator("main")).to_contain_text("La réserve est à appeler")
    agathe.get_by_role("link", name="Voir la réserve").click()
    sound(agathe)
    call = agathe.get_by_role("button", name=re.compile("^Appeler "))
    name = call.inner_text().removeprefix("Appeler ")
    call.click()
    said(agathe, f"{name} prend la place")
    announced(agathe, site)
    visitor.goto(f"{site}{fabrique}")
    expect(visitor.locator(".members")).to_contain_text(name)
    expect(visitor.locator(".members li").filter(has_text="Fougères")).to_contain_text("Sortie")

    # The journal tells it all.
    agathe.goto(f"{site}/espace/journal/")
    expect(agathe.locator("main")).to_contain_text(re.compile("réserve annoncée", re.I))
    agathe.goto(f"{site}{SPACE}decision/")
    for verb in (
        "Appel publié",
        "Appel prolongé",
        "Décision arrêtée",
        "Motifs écrits",
        "Lettres composées",
        "Cohorte annoncée",
        "Désistement",
        "Réserve appelée",
        "Réserve annoncée",
    ):
        expect(agathe.locator("main")).to_contain_text(verb)
    manage("verify_journal", "-v0")
