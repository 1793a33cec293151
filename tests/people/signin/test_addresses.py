"""What is typed as an address, and how many codes one may ask for."""

import time

import pytest
from django.test import Client

from fabriques.people.models import User
from fabriques.people.signin.addresses import suggestion
from tests.factories import make_user
from tests.guards import GuardedClient
from tests.people.signin.doors import CODE, SIGN_IN, ask, code_of, is_signed_in, letters, said

db = pytest.mark.django_db


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a@gmail.con", "a@gmail.com"),
        ("a@gmial.com", "a@gmail.com"),
        ("a@gmail.fr", "a@gmail.com"),
        ("a@orange.f", "a@orange.fr"),
        ("A@Orang.fr ", "a@orange.fr"),
        ("a@yaho.fr", "a@yahoo.fr"),
        ("a@sfr.f", "a@sfr.fr"),
        ("a@gmail.com", ""),
        ("a@live.com", ""),
        ("a@fred.fr", ""),
        ("a@brest-metropole.fr", ""),
        ("@gmail.con", ""),
        ("gmail.con", ""),
        ("", ""),
    ],
)
def test_slips_are_recognised(typed: str, meant: str) -> None:
    assert suggestion(typed) == meant


@db
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Indiquez votre adresse électronique."),
        ("   ", "Indiquez votre adresse électronique."),
        ("jeanne", "Cette adresse n’est pas complète"),
        ("jeanne@mairie", "Cette adresse n’est pas complète"),
        ("jeanne@mairie.fr\r\nBcc: tous@mairie.fr", "Cette adresse n’est pas complète"),
        ("jeanne@mairie.fr,paul@mairie.fr", "Cette adresse n’est pas complète"),
        (f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 20}.fr", "trop longue"),
        ("jean\0ne@mairie.fr", "nul"),
    ],
)
def test_what_is_no_address_is_said_beside_the_field(
    client: Client, typed: str, sentence: str
) -> None:
    page = ask(client, typed)
    assert page.status_code == 200
    assert sentence in said(page)
    assert "<title>Erreur –" in page.content.decode()
    assert not User.objects.exists()


@db
def test_a_doubt_is_a_question(client: Client) -> None:
    page = ask(client, "jeanne@gmail.con")
    assert "Vouliez-vous écrire jeanne@gmail.com ?" in said(page)
    assert "Oui, envoyer le code à jeanne@gmail.com" in said(page)
    assert 'name="sure" value="jeanne@gmail.con"' in page.content.decode()
    assert not User.objects.exists()
    assert ask(client, "jeanne@gmail.com").url == CODE
    assert len(letters("jeanne@gmail.com")) == 1


@db
def test_who_is_sure_is_believed(client: Client) -> None:
    assert ask(client, "Jeanne@gmail.con", sure="jeanne@gmail.con").url == CODE
    assert len(letters("jeanne@gmail.con")) == 1


@db
def test_the_answer_to_one_doubt_is_not_the_answer_to_another(client: Client) -> None:
    page = ask(client, "jeanne@gmail.con", sure="jeanne@gmial.com")
    assert "Vouliez-vous écrire jeanne@gmail.com ?" in said(page)


@db
def test_an_incomplete_address_is_completed(client: Client) -> None:
    page = ask(client, "jeanne@orange.f")
    assert "Vouliez-vous écrire jeanne@orange.fr ?" in said(page)
    assert "Cette adresse n’est pas complète" in said(page)
    assert 'name="sure"' not in page.content.decode()


@db
def test_a_mailbox_is_not_flooded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks, from wherever: three codes a minute for one address, then patience."""
    now = time.time() // 3600 * 3600 + 10
    monkeypatch.setattr(time, "time", lambda: now)
    user = make_user()
    for number in range(3):
        assert ask(Client(REMOTE_ADDR=f"192.0.2.{number}"), user.email).url == CODE
    browser = GuardedClient(REMOTE_ADDR="192.0.2.9")
    page = ask(browser, user.email)
    assert page.status_code == 429
    assert "Attendez 1 minute avant d’en demander un autre" in said(page)
    assert f'value="{user.email}"' in page.content.decode()
    assert len(letters(user.email)) == 3
    assert ask(browser, "une.autre@mairie.fr").url == CODE
    monkeypatch.setattr(time, "time", lambda: now + 60)
    assert ask(browser, user.email).url == CODE
    browser.post(CODE, {"code": code_of(user.email)})
    assert is_signed_in(browser)


@db
def test_asking_for_another_code_counts_too(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time() // 3600 * 3600 + 10
    monkeypatch.setattr(time, "time", lambda: now)
    user = make_user()
    for _ in range(3):
        ask(client, user.email)
    client.post(CODE, {"action": "resend"})
    assert "Attendez 1 minute" in said(client.get(CODE))
    assert len(letters(user.email)) == 3


@db
def test_one_network_does_not_ask_for_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time() // 3600 * 3600 + 10
    monkeypatch.setattr(time, "time", lambda: now)
    browser = Client(REMOTE_ADDR="198.51.100.7")
    for number in range(60):
        assert ask(browser, f"personne-{number}@mairie.fr").url == CODE
    assert ask(browser, "encore@mairie.fr").status_code == 429
    assert ask(Client(REMOTE_ADDR="198.51.100.8"), "encore@mairie.fr").url == CODE


@db
def test_the_address_asked_twice_at_once_makes_one_account(client: Client) -> None:
    ask(client, "jeanne@mairie.fr")
    ask(GuardedClient(), "JEANNE@mairie.fr")
    assert User.objects.count() == 1


@db
def test_every_form_asks_for_its_token() -> None:
    browser = Client(enforce_csrf_checks=True)
    for address in (
        SIGN_IN,
        CODE,
        "/compte/deconnexion/",
        "/compte/securite/second-facteur/",
        "/compte/securite/cle/entrer/",
    ):
        assert browser.post(address, {"email": "a@mairie.fr"}).status_code == 403, address
    assert not User.objects.exists()
