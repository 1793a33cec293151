"""Second factors: added, asked for, used, lost, removed."""

import base64
import time
from urllib.parse import unquote

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.test import Client

from fabriques.kit import journal
from fabriques.people.models import User
from fabriques.people.signin import second_factor
from tests.factories import make_user
from tests.guards import GuardedClient
from tests.people.signin.doors import (
    CONFIRM,
    DEVICES,
    SECURITY,
    SIGN_IN,
    add_application,
    application_code,
    code_of,
    is_signed_in,
    letters,
    recovery_codes,
    said,
    sign_in,
)

pytestmark = pytest.mark.django_db
FACTOR = f"{SECURITY}second-facteur/"
ADD = f"{SECURITY}application/ajouter/"
REMOVE = f"{SECURITY}application/retirer/"
CODES = f"{SECURITY}secours/"


@pytest.fixture
def _needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What everybody here may do asks for a second factor."""
    monkeypatch.setattr(second_factor, "_needs", [])
    second_factor.register_second_factor_need(lambda user: True)


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + seconds)


@pytest.fixture
def user() -> User:
    return make_user("Jeanne Martin")


@pytest.fixture
def inside(client: Client, user: User) -> Client:
    sign_in(client, user.email)
    return client


def half_way(user: User) -> Client:
    """Another browser that has typed the code of the letter."""
    browser = GuardedClient()
    answer = sign_in(browser, user.email, "/espace/profil/")
    assert answer.url == FACTOR
    return browser


def test_an_application_is_added(inside: Client, user: User) -> None:
    page = inside.get(SECURITY)
    assert "Ajouter une application" in said(page)
    assert "Codes de secours" not in said(page)
    page = inside.get(ADD)
    text = page.content.decode()
    drawing = text.split('src="data:image/svg+xml;base64,')[1].split('"')[0]
    assert base64.b64decode(drawing).startswith(b"<?xml")
    assert "issuer=Fabriques%20prospectives" in page.context["totp_url"]
    secret = page.context["form"].secret
    assert secret in text
    answer = inside.post(ADD, {"code": "000000"})
    assert "Ce code n’est pas le bon." in said(answer)
    assert secret in answer.content.decode()  # nothing to photograph again
    answer = inside.post(ADD, {"code": application_code(secret)})
    assert answer.url == CODES
    kept = str([row.data for row in Authenticator.objects.order_by("pk")])
    assert secret not in kept  # a copy of the database opens nothing
    assert "Votre compte est protégé" in said(inside.get(SECURITY))
    assert not second_factor.second_factor_missing(User.objects.get(pk=user.pk))


@pytest.mark.django_db(transaction=True)
def test_the_account_is_told(inside: Client, user: User) -> None:
    add_application(inside)
    letter = " ".join(letters(user.email)[-1].split())
    assert letter.startswith("La protection de votre compte a changé")
    assert "Une application de codes a été ajoutée à votre compte." in letter
    assert "depuis l’adresse 127.0.0.1" in letter
    inside.post(f"{CODES}renouveler/")
    assert "De nouveaux codes de secours" in letters(user.email)[-1]
    inside.post(REMOVE)
    assert "a été retirée" in letters(user.email)[-1]
    verbs = [entry.verb for entry in journal.history(user.subject)]
    assert verbs == [
        "second facteur retiré",
        "codes de secours renouvelés",
        "second facteur ajouté",
    ]


def test_the_second_factor_is_asked_for(inside: Client, user: User) -> None:
    secret = add_application(inside)
    browser = half_way(user)
    assert not is_signed_in(browser)
    assert browser.get("/espace/").url.startswith(SIGN_IN)
    assert browser.get(SIGN_IN).url == FACTOR
    page = browser.get(FACTOR)
    assert "votre application de codes" in said(page)
    assert "Utiliser ma clé" not in said(page)
    assert "Ce code n’est pas le bon" in said(browser.post(FACTOR, {"code": "123456"}))
    assert "Saisissez le code." in said(browser.post(FACTOR, {"code": ""}))
    code = application_code(secret)
    answer = browser.post(FACTOR, {"code": f" {code[:3]} {code[3:]}"})
    assert answer.url == "/espace/profil/"
    assert is_signed_in(browser)


def test_a_code_of_the_application_serves_once(
    inside: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also once the library has forgotten that it served, while it is still accepted."""
    secret = add_application(inside)
    base = time.time() // 30 * 30 + 3000
    clock = [base]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    code = application_code(secret)
    half_way(user).post(FACTOR, {"code": code})
    clock[0] += 45
    browser = half_way(user)
    assert "déjà servi" in said(browser.post(FACTOR, {"code": code}))
    assert not is_signed_in(browser)


def test_clocks_may_differ_by_half_a_minute(inside: Client, user: User) -> None:
    secret = add_application(inside)
    browser = half_way(user)
    browser.post(FACTOR, {"code": application_code(secret, ago=3)})
    assert not is_signed_in(browser)
    browser.post(FACTOR, {"code": application_code(secret, ago=1)})
    assert is_signed_in(browser)


def test_guessing_is_slow(inside: Client, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = add_application(inside)
    browser = half_way(user)
    for _ in range(5):
        browser.post(FACTOR, {"code": "123456"})
    page = browser.post(FACTOR, {"code": application_code(secret)})
    assert "Trop d’essais. Attendez cinq minutes" in said(page)
    later(monkeypatch, 301)
    browser.post(FACTOR, {"code": application_code(secret)})
    assert is_signed_in(browser)


def test_giving_up_half_way(inside: Client, user: User) -> None:
    add_application(inside)
    browser = half_way(user)
    assert browser.post("/compte/deconnexion/", {"next": SIGN_IN}).url == SIGN_IN
    assert browser.get(SIGN_IN).status_code == 200
    assert browser.get(FACTOR).url == SIGN_IN


def test_recovery_codes_are_shown_once_and_serve_once(inside: Client, user: User) -> None:
    add_application(inside)  # which leads to the page of the codes
    assert "n’en montrera" not in said(inside.get(CODES))
    page = inside.post(f"{CODES}renouveler/", follow=True)
    codes = recovery_codes(page)
    assert len(codes) == 10
    link = page.content.decode().split('href="data:text/plain;charset=utf-8,')[1].split('"')[0]
    assert unquote(link).split() == codes
    again = inside.get(CODES)
    assert recovery_codes(again) == []
    assert "ils ne le sont qu’une fois. Il vous en reste 10." in said(again)
    browser = half_way(user)
    browser.post(FACTOR, {"code": codes[3]})
    assert is_signed_in(browser)
    other = half_way(user)
    assert "n’est pas le bon" in said(other.post(FACTOR, {"code": codes[3]}))
    assert "Il vous en reste 9." in said(inside.get(SECURITY))


def test_old_recovery_codes_are_worth_nothing(inside: Client, user: User) -> None:
    add_application(inside)
    old = RecoveryCodes(Authenticator.objects.get(user=user, type="recovery_codes"))
    codes = old.generate_codes()
    inside.post(f"{CODES}renouveler/")
    browser = half_way(user)
    browser.post(FACTOR, {"code": codes[0]})
    assert not is_signed_in(browser)


def test_recovery_codes_need_a_second_factor(inside: Client) -> None:
    page = inside.post(f"{CODES}renouveler/")
    assert "ajoutez d’abord une application" in said(page)
    assert inside.get(CODES).status_code == 404


def test_who_came_in_long_ago_shows_again_who_they_are(
    inside: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a code by mail when there is no second factor; what was typed is not lost."""
    secret = inside.get(ADD).context["form"].secret
    later(monkeypatch, 601)
    answer = inside.post(ADD, {"code": application_code(secret)})
    assert answer.url == f"{CONFIRM}?next=%2Fcompte%2Fsecurite%2Fapplication%2Fajouter%2F"
    page = inside.get(answer.url)
    assert f"Recevoir un code à {user.email}" in said(page)
    assert "Confirmer" not in said(page).split("Recevoir")[0].split("Confirmez")[1]
    assert inside.post(answer.url, {"action": "send"}).url == answer.url
    assert "il vous reste 2 essais" in said(inside.post(answer.url, {"code": "BBBB-BBBB"})).lower()
    done = inside.post(answer.url, {"code": code_of(user.email)})
    assert done.url == CODES  # the application is added with the code typed before
    assert Authenticator.objects.filter(user=user, type="totp").exists()


def test_confirming_has_its_limits(
    inside: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, 601)
    page = inside.post(CONFIRM, {"code": "BBBB-BBBB"}, follow=True)
    assert "Ce code ne vaut plus rien" in said(page)
    inside.post(CONFIRM, {"action": "send"})
    assert "Saisissez le code reçu" in said(inside.post(CONFIRM, {"code": ""}))
    for code in ("BBBB-BBBB", "CCCC-CCCC"):
        inside.post(CONFIRM, {"code": code})
    page = inside.post(CONFIRM, {"code": "DDDD-DDDD"}, follow=True)
    assert "après trois erreurs" in said(page)
    inside.post(CONFIRM, {"code": code_of(user.email)})
    assert inside.get(ADD).url.startswith(CONFIRM)
    inside.post(CONFIRM, {"action": "send"})
    later(monkeypatch, 601)
    inside.post(CONFIRM, {"code": code_of(user.email)})
    assert inside.get(ADD).url.startswith(CONFIRM)
    for _ in range(4):
        inside.post(CONFIRM, {"action": "send"})
    assert "avant d’en demander un autre" in said(inside.get(CONFIRM))


def test_who_has_a_second_factor_confirms_with_it(
    inside: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = add_application(inside)
    later(monkeypatch, 601)
    answer = inside.get(REMOVE)
    assert answer.url.startswith(f"{SECURITY}confirmer/?next=")
    assert inside.get(CONFIRM).url == f"{SECURITY}confirmer/"
    assert "n’est pas le bon" in said(inside.post(answer.url, {"code": "123456"}))
    assert inside.post(answer.url, {"code": application_code(secret)}).url == REMOVE
    assert "Retirer l’application de codes" in said(inside.get(REMOVE))


def test_nobody_is_sent_elsewhere_after_confirming(
    inside: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, 601)
    inside.post(f"{CONFIRM}?next=//mechant.test/", {"action": "send"})
    answer = inside.post(f"{CONFIRM}?next=//mechant.test/", {"code": code_of(user.email)})
    assert answer.url == "/espace/"


@pytest.mark.usefixtures("_needed")
def test_the_last_factor_of_who_needs_one_stays(inside: Client, user: User) -> None:
    assert "Votre rôle national attend un second facteur" in said(inside.get(SECURITY))
    assert second_factor.second_factor_missing(user)
    add_application(inside)
    assert "C’est votre dernier second facteur" in said(inside.get(REMOVE))
    assert "ajoutez-en un autre" in said(inside.post(REMOVE))
    key = Authenticator.objects.create(user=user, type="webauthn", data={"name": "Ma clé"})
    assert inside.post(REMOVE).url == SECURITY
    page = inside.post(f"{SECURITY}cle/{key.pk}/retirer/")
    assert "C’est votre dernier second facteur" in said(page)
    assert list(Authenticator.objects.filter(user=user, type="webauthn")) == [key]


@pytest.mark.usefixtures("_needed")
def test_where_none_is_required_the_last_may_go(inside: Client, user: User, settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    assert not second_factor.second_factor_missing(user)
    add_application(inside)
    assert inside.post(REMOVE).url == SECURITY
    assert not Authenticator.objects.filter(user=user).exists()  # nor are codes left behind


def test_a_key_is_renamed_and_somebody_elses_is_out_of_reach(inside: Client, user: User) -> None:
    add_application(inside)
    mine = Authenticator.objects.create(user=user, type="webauthn", data={"name": "Clé d’accès"})
    theirs = Authenticator.objects.create(
        user=make_user(), type="webauthn", data={"name": "La leur"}
    )
    page = inside.post(f"{SECURITY}cle/{mine.pk}/renommer/", {"name": " "})
    assert "Donnez un nom à cette clé." in said(page)
    answer = inside.post(f"{SECURITY}cle/{mine.pk}/renommer/", {"name": "Mon <b>téléphone</b>"})
    assert answer.url == SECURITY
    assert "Mon &lt;b&gt;téléphone&lt;/b&gt;" in inside.get(SECURITY).content.decode()
    for act in ("renommer", "retirer"):
        address = f"{SECURITY}cle/{theirs.pk}/{act}/"
        assert inside.get(address).status_code == 404
        assert inside.post(address, {"name": "La mienne"}).status_code == 404
        assert inside.get(f"{SECURITY}cle/{10**30}/{act}/").status_code == 404


JUNK = [
    "",
    "pas du json",
    "[]",
    "null",
    "12",
    "{}",
    '{"id": 1}',
    '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {}}',
    '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": '
    '{"clientDataJSON": "e30", "authenticatorData": "AAAA", "signature": "AA", "userHandle": "é"}}',
    '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": '
    '{"clientDataJSON": "e30", "authenticatorData": "AAAA", "signature": "AA"}}',
    '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": '
    '{"clientDataJSON": "e30", "attestationObject": "gA"}}',
    '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": '
    '{"clientDataJSON": "e30", "attestationObject": "/////w"}}',
    '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": [1]}',
    '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {"userHandle": {}}}',
]


@pytest.mark.parametrize("credential", JUNK)
def test_what_is_no_passkey_opens_nothing(
    client: Client, inside: Client, user: User, credential: str
) -> None:
    browser = GuardedClient()
    where = f"{SECURITY}cle/entrer/"
    answer = browser.get(where, headers={"Accept": "application/json"})
    assert answer.json()["request_options"]["publicKey"]["userVerification"] == "required"
    answer = browser.post(where, {"credential": credential, "next": "/espace/profil/"})
    assert answer.url == f"{SIGN_IN}?next=%2Fespace%2Fprofil%2F"
    assert "clé d’accès" in said(browser.get(answer.url))
    assert not is_signed_in(browser)
    page = inside.post(f"{SECURITY}cle/ajouter/", {"credential": credential, "name": "Ma clé"})
    assert "La clé d’accès n’a pas pu être ajoutée." in said(page)
    assert 'value="Ma clé"' in page.content.decode()


def test_the_passkey_is_bound_to_the_public_name_of_the_site(
    inside: Client, user: User, settings
) -> None:
    """Behind a proxy that speaks HTTPS to the world and HTTP to us."""
    settings.ALLOWED_HOSTS = ["fabriques.exemple.fr"]
    page = inside.get(f"{SECURITY}cle/ajouter/", headers={"Host": "fabriques.exemple.fr:8443"})
    options = page.context["options"]["publicKey"]
    assert options["rp"] == {"id": "fabriques.exemple.fr", "name": "Fabriques prospectives"}
    assert options["authenticatorSelection"]["residentKey"] == "preferred"


def test_every_page_is_private_and_costs_few_queries(
    inside: Client, user: User, django_assert_max_num_queries
) -> None:
    add_application(inside)
    for address in (SECURITY, CODES, REMOVE, DEVICES, f"{SECURITY}cle/ajouter/"):
        with django_assert_max_num_queries(10):
            page = inside.get(address)
        assert page.status_code == 200
        assert "no-store" in page["Cache-Control"]
