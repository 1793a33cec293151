"""The one door: an address, a code, in."""

import time
from datetime import timedelta
from urllib.parse import urljoin, urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from fabriques.kit import journal
from fabriques.kit.outbox.models import Mail
from fabriques.people.models import User
from tests.factories import make_user
from tests.guards import GuardedClient
from tests.people.signin.doors import (
    CODE,
    SIGN_IN,
    ask,
    code_in,
    code_of,
    is_signed_in,
    letters,
    said,
    sign_in,
)

pytestmark = pytest.mark.django_db


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """The clock of the server moves on."""
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + seconds)


def test_the_door_asks_for_one_thing(client: Client) -> None:
    page = client.get(SIGN_IN)
    assert page.status_code == 200
    assert "<title>Se connecter –" in page.content.decode()
    assert 'autocomplete="email"' in page.content.decode()
    assert "ProConnect" not in said(page)
    assert "no-store" in page["Cache-Control"]


def test_an_unknown_address_gets_a_code_and_an_account(client: Client) -> None:
    answer = ask(client, "Jeanne.Martin@Mairie.fr")
    assert answer.url == CODE
    user = User.objects.get(email="jeanne.martin@mairie.fr")
    assert user.confirmed_at is None
    assert user.name == ""
    page = client.get(CODE)
    assert "jeanne.martin@mairie.fr" in said(page)
    assert 'autocomplete="one-time-code"' in page.content.decode()
    answer = client.post(CODE, {"code": code_of("jeanne.martin@mairie.fr")})
    assert answer.url == "/espace/bienvenue/"
    user.refresh_from_db()
    assert user.confirmed_at
    assert user.seen_on is None or user.seen_on == timezone.localdate()
    address = EmailAddress.objects.get(user=user)
    assert (address.verified, address.primary) == (True, True)
    verbs = [entry.verb for entry in journal.history(user.subject)]
    assert sorted(verbs) == ["adresse confirmée", "compte ouvert"]


def test_a_known_address_goes_straight_to_its_space(client: Client) -> None:
    user = make_user("Jeanne Martin")
    answer = sign_in(client, user.email)
    assert answer.url == "/espace/"
    assert is_signed_in(client)
    assert client.get(SIGN_IN).url == "/espace/"
    assert client.get(CODE).url == "/espace/"


def test_known_and_unknown_addresses_look_the_same(client: Client) -> None:
    known = make_user()
    pages, words = [], []
    for address in (known.email, "inconnue@mairie.fr"):
        browser = GuardedClient()
        answer = ask(browser, address)
        page = browser.get(answer.url).content.decode().replace(address, "…")
        pages.append((answer.status_code, answer.url, page.count("<form"), page.count("<a ")))
        words.append(said(browser.get(CODE)).replace(address, "…"))
    assert pages[0] == pages[1]
    assert words[0] == words[1]
    first, second = letters(known.email)[-1], letters("inconnue@mairie.fr")[-1]
    assert first.replace(code_in(first), "…") == second.replace(code_in(second), "…")


def test_a_closed_account_sees_the_same_page_and_gets_nothing(client: Client) -> None:
    user = make_user(is_active=False)
    assert ask(client, user.email).url == CODE
    assert user.email in said(client.get(CODE))
    assert letters(user.email) == []
    assert Mail.objects.count() == 0
    assert "Il vous reste 2 essais" in said(client.post(CODE, {"code": "BCDF-GHJK"}))
    client.post(CODE, {"action": "resend"})
    assert letters(user.email) == []
    # Nor can nothing, or anything, pass for the code that was never sent.
    for code in ("", "-", " "):
        client.post(CODE, {"code": code})
        assert not is_signed_in(client)


def test_an_account_closed_meanwhile_does_not_open(client: Client) -> None:
    user = make_user()
    ask(client, user.email)
    User.objects.filter(pk=user.pk).update(is_active=False)
    answer = client.post(CODE, {"code": code_of(user.email)})
    assert answer.url == "/compte/ferme/"
    assert "Ce compte est fermé" in said(client.get(answer.url))
    assert not is_signed_in(client)


def test_a_second_proved_address_opens_the_same_account(client: Client) -> None:
    user = make_user(confirmed_at=timezone.now() - timedelta(days=9))
    EmailAddress.objects.create(user=user, email="ancienne@mairie.fr", verified=True)
    sign_in(client, "ancienne@mairie.fr")
    assert client.session["_auth_user_id"] == str(user.pk)
    assert User.objects.count() == 1


@pytest.mark.parametrize("typed", ["lower", "spaces", "without dash", "all at once"])
def test_the_code_may_be_typed_as_one_likes(client: Client, typed: str) -> None:
    user = make_user()
    ask(client, user.email)
    code = code_of(user.email)
    forms = {
        "lower": code.lower(),
        "spaces": f"  {code[:4]} {code[5:]} ",
        "without dash": code.replace("-", ""),
        "all at once": " ".join(code.lower().replace("-", "")),
    }
    client.post(CODE, {"code": forms[typed]})
    assert is_signed_in(client)


def test_three_wrong_codes_and_it_is_over(client: Client) -> None:
    user = make_user()
    client.post(f"{SIGN_IN}?next=/espace/profil/", {"email": user.email})
    where = f"{CODE}?next=%2Fespace%2Fprofil%2F"
    page = client.post(where, {"code": "BBBB-BBBB"})
    assert "Ce n’est pas le bon code. Il vous reste 2 essais." in said(page)
    assert "<title>Erreur –" in page.content.decode()
    assert "Il vous reste 1 essai." in said(client.post(where, {"code": "CCCC"}))
    answer = client.post(where, {"code": "DDDD-DDDD"})
    assert answer.url == f"{SIGN_IN}?next=%2Fespace%2Fprofil%2F"
    page = client.get(answer.url)
    assert "demandez un nouveau code" in said(page)
    assert f'value="{user.email}"' in page.content.decode()
    client.post(CODE, {"code": code_of(user.email)})
    assert not is_signed_in(client)


def test_sending_nothing_costs_no_try(client: Client) -> None:
    user = make_user()
    ask(client, user.email)
    for _ in range(4):
        page = client.post(CODE, {"code": " "})
    assert "Saisissez le code reçu par courriel." in said(page)
    assert "trop long" in said(client.post(CODE, {"code": "B" * 41}))
    client.post(CODE, {"code": code_of(user.email)})
    assert is_signed_in(client)


def test_a_code_lasts_ten_minutes(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user()
    ask(client, user.email)
    later(monkeypatch, 601)
    answer = client.post(CODE, {"code": code_of(user.email)})
    assert answer.url == SIGN_IN
    assert "Ce code ne vaut plus rien : il servait pendant dix minutes" in said(client.get(SIGN_IN))
    assert not is_signed_in(client)


def test_a_code_serves_once(client: Client) -> None:
    user = make_user()
    ask(client, user.email)
    code = code_of(user.email)
    client.post(CODE, {"code": code})
    client.post("/compte/deconnexion/")
    assert not is_signed_in(client)
    answer = client.post(CODE, {"code": code})
    assert answer.url == SIGN_IN
    assert "Aucun code n’est attendu dans ce navigateur" in said(client.get(answer.url))


def test_a_code_serves_only_where_it_was_asked(client: Client) -> None:
    """Forwarded, read over a shoulder or asked from elsewhere, it opens nothing."""
    user = make_user()
    ask(client, user.email)
    code = code_of(user.email)
    other = GuardedClient()
    assert other.post(CODE, {"code": code}).url == SIGN_IN
    ask(other, "quelqu.un@mairie.fr")
    assert "Ce n’est pas le bon code" in said(other.post(CODE, {"code": code}))
    ask(other, user.email)  # the same address, from elsewhere: another code
    assert "Ce n’est pas le bon code" in said(other.post(CODE, {"code": code}))
    assert not is_signed_in(other)
    client.post(CODE, {"code": code})
    assert is_signed_in(client)


def test_another_code_replaces_the_first(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user()
    ask(client, user.email)
    first = code_of(user.email)
    client.post(CODE, {"code": "BBBB-BBBB"})
    later(monkeypatch, 590)
    assert client.post(CODE, {"action": "resend"}).url == CODE
    page = client.get(CODE)
    assert "Un nouveau code vient de partir" in said(page)
    second = code_of(user.email)
    assert second != first
    later(monkeypatch, 590)  # the new one has its own ten minutes
    assert "Il vous reste 2 essais" in said(client.post(CODE, {"code": first}))
    client.post(CODE, {"code": second})
    assert is_signed_in(client)


def test_another_code_may_be_asked_twice(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user()
    ask(client, user.email)
    for _ in range(2):
        assert "Recevoir un autre code" in said(client.get(CODE))
        client.post(CODE, {"action": "resend"})
    page = client.get(CODE)
    assert "Recevoir un autre code" not in said(page)
    assert "Recommencez depuis le début" in said(page)
    assert len(letters(user.email)) == 3


def test_a_mistyped_address_is_corrected(client: Client) -> None:
    ask(client, "jeanne@mairi.fr")
    page = client.get(CODE)
    assert "jeanne@mairi.fr" in said(page)
    assert f'href="{SIGN_IN}"' in page.content.decode()
    page = client.get(SIGN_IN)
    assert 'value="jeanne@mairi.fr"' in page.content.decode()
    ask(client, "jeanne@mairie.fr")
    assert "jeanne@mairie.fr" in said(client.get(CODE))
    client.post(CODE, {"code": code_of("jeanne@mairie.fr")})
    assert is_signed_in(client)
    assert "typed-address" not in client.session


def test_the_letter_says_what_to_do_and_nothing_of_it_stays(client: Client) -> None:
    user = make_user()
    ask(client, user.email)
    letter = letters(user.email)[-1]
    code = code_in(letter)
    subject, _, text = letter.partition("\n")
    assert "code" in subject
    assert code not in subject
    assert "dix minutes" in text
    assert "Ne le transmettez à personne" in text
    assert code not in str(list(Mail.objects.values()))


def test_the_session_changes_at_the_door(client: Client) -> None:
    """Who has put a session in somebody's browser does not share theirs (session fixation)."""
    user = make_user()
    ask(client, user.email)
    before = client.session.session_key
    sign_in(client, user.email)
    assert client.session.session_key != before
    trap = GuardedClient()
    trap.cookies["session"] = before
    assert not is_signed_in(trap)
    assert trap.get("/espace/").status_code == 302


def test_a_person_half_way_is_a_stranger_elsewhere(client: Client) -> None:
    user = make_user()
    ask(client, user.email)
    assert client.get("/espace/").url.startswith(SIGN_IN)


@pytest.mark.parametrize(
    "target",
    [
        "https://mechant.test/",
        "//mechant.test/",
        "/\\mechant.test",
        "https:mechant.test",
        "javascript:alert(1)",
        " //mechant.test",
        "http://testserver@mechant.test/",
        "/espace/\r\nLocation: https://mechant.test",
    ],
)
def test_nobody_is_sent_elsewhere(client: Client, target: str) -> None:
    user = make_user()
    client.post(SIGN_IN, {"email": user.email, "next": target})
    answer = client.post(CODE, {"code": code_of(user.email), "next": target})
    assert is_signed_in(client)
    for where in (answer.url, client.get(SIGN_IN, {"next": target}).url):
        assert urlsplit(urljoin("http://testserver/compte/", where)).netloc == "testserver"
        assert "mechant" not in where or where.startswith("/espace/%0D%0A")


def test_one_goes_where_one_was_going(client: Client) -> None:
    user = make_user()
    door = client.get("/espace/profil/?a=1&b=é")
    assert door.url.startswith(f"{SIGN_IN}?next=")
    page = client.get(door.url)
    answer = client.post(door.url, {"email": user.email, "next": "/espace/profil/?a=1&b=é"})
    assert answer.url.startswith(f"{CODE}?next=")
    answer = client.post(answer.url, {"code": code_of(user.email)})
    assert answer.url == "/espace/profil/?a=1&b=%C3%A9"
    assert page.status_code == 200


def test_a_newcomer_says_their_name_then_goes_where_they_were_going(client: Client) -> None:
    answer = sign_in(client, "nouvelle@mairie.fr", "/espace/profil/")
    assert answer.url == "/espace/bienvenue/?next=%2Fespace%2Fprofil%2F"


def test_public_agents_find_their_door(client: Client, settings) -> None:
    settings.PROCONNECT_SERVER_URL = "https://proconnect.test/api/v2"
    settings.PROCONNECT_CLIENT_ID = settings.PROCONNECT_CLIENT_SECRET = "essai"
    page = client.get(f"{SIGN_IN}?next=/espace/profil/")
    assert "S’identifier avec ProConnect" in said(page)
    assert page.content.decode().count('name="next" value="/espace/profil/"') == 3


@pytest.mark.parametrize(
    "name",
    [
        "account_email",
        "account_change_password",
        "account_set_password",
        "account_reset_password",
        "account_signup_by_passkey",
        "mfa_signup_webauthn",
        "mfa_download_recovery_codes",
        "socialaccount_connections",
    ],
)
def test_what_is_not_offered_has_no_address(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_signing_up_is_signing_in(client: Client) -> None:
    assert reverse("account_signup") == reverse("account_request_login_code") == SIGN_IN
    assert client.get("/compte/").status_code == 404
    assert client.get("/compte/inscription/").status_code == 404


def test_the_pages_cost_few_queries(client: Client, django_assert_max_num_queries) -> None:
    user = make_user()
    with django_assert_max_num_queries(0):
        client.get(SIGN_IN)
    with django_assert_max_num_queries(20):
        ask(client, user.email)
    with django_assert_max_num_queries(3):
        client.get(CODE)
