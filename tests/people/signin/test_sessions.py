"""Where one is signed in: listed, ended at once; signing out."""

import time
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from fabriques.kit import journal
from fabriques.people.models import User
from fabriques.people.signin.devices import device
from tests.factories import make_user
from tests.guards import GuardedClient
from tests.people.signin.doors import DEVICES, FIREFOX, SIGN_IN, is_signed_in, said, sign_in

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0"
)
db = pytest.mark.django_db


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox sur Windows"),
        (PHONE, "Safari sur iPhone"),
        (EDGE, "Edge sur Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0", "Firefox sur Linux"),
        (
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/138.0 Mobile Safari/537.36",
            "Chrome sur Android",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Étrange/1.0", "Windows"),
        ("curl/8.5", "Appareil inconnu"),
        ("", "Appareil inconnu"),
    ],
)
def test_devices_are_said_in_plain_words(user_agent: str, words: str) -> None:
    assert device(user_agent) == words


def two_browsers(user: User) -> tuple[Client, Client]:
    here = GuardedClient(HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="192.0.2.1")
    there = GuardedClient(HTTP_USER_AGENT=PHONE, REMOTE_ADDR="2001:db8::7")
    sign_in(here, user.email)
    sign_in(there, user.email)
    return here, there


@db
def test_each_session_is_listed_and_this_one_marked() -> None:
    here, _ = two_browsers(make_user())
    words = said(here.get(DEVICES))
    assert "Firefox sur Windows Cet appareil Adresse 192.0.2.1" in words
    assert "Safari sur iPhone Adresse 2001:db8::7" in words
    assert words.count("Cet appareil") == 1


@db
def test_ending_one_puts_it_out_at_once() -> None:
    user = make_user()
    here, there = two_browsers(user)
    other = UserSession.objects.get(session_key=there.session.session_key)
    answer = here.post(DEVICES, {"session": other.pk}, follow=True)
    assert "Connexion fermée : Safari sur iPhone." in said(answer)
    assert there.get("/espace/").url.startswith(SIGN_IN)
    assert here.get(DEVICES).status_code == 200
    entry = journal.history(user.subject)[0]
    assert (entry.verb, entry.after) == ("connexions fermées", {"connexions": 1})


@db
def test_ending_all_the_others() -> None:
    user = make_user()
    here, there = two_browsers(user)
    third = GuardedClient()
    sign_in(third, user.email)
    page = here.post(DEVICES, {"others": "1"}, follow=True)
    assert "Toutes vos autres connexions sont fermées." in said(page)
    assert "Fermer toutes les autres" not in said(page)
    assert not is_signed_in(there)
    assert not is_signed_in(third)
    page = here.post(DEVICES, {"others": "1"}, follow=True)
    assert "Aucune autre connexion." in said(page)


@db
@pytest.mark.parametrize("session", ["", "abc", "-1", "0", "9" * 5000, "théirs", "ours"])
def test_somebody_elses_session_is_out_of_reach(client: Client, session: str) -> None:
    victim = GuardedClient()
    sign_in(victim, make_user().email)
    user = make_user()
    sign_in(client, user.email)
    keys = {"théirs": victim.session.session_key, "ours": client.session.session_key}
    if session in keys:
        session = str(UserSession.objects.get(session_key=keys[session]).pk)
    assert client.post(DEVICES, {"session": session}).status_code == 404
    assert is_signed_in(victim)
    assert is_signed_in(client)


@db
@pytest.mark.parametrize("many", [0, 2])
def test_the_list_costs_the_same_whatever_its_length(
    client: Client, many: int, django_assert_num_queries
) -> None:
    user = make_user()
    for _ in range(many):
        sign_in(GuardedClient(), user.email)
    sign_in(client, user.email)
    client.get(DEVICES)
    with django_assert_num_queries(QUERIES):
        client.get(DEVICES)


QUERIES = 5  # session, person, roles, calls of the menu, devices


@db
def test_most_requests_write_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user()
    sign_in(client, user.email)
    client.get("/espace/profil/")
    session = UserSession.objects.get(user=user)
    assert User.objects.get(pk=user.pk).seen_on == timezone.localdate()
    client.get("/espace/profil/", REMOTE_ADDR="192.0.2.77")
    session.refresh_from_db()
    first = session.last_seen_at
    assert session.ip == "127.0.0.1"
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 301)
    client.get("/espace/profil/", REMOTE_ADDR="192.0.2.77")
    session.refresh_from_db()
    assert session.last_seen_at > first
    assert session.ip == "192.0.2.77"


@db
def test_a_session_lasts_from_sign_in_and_pages_do_not_renew_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, make_user().email)
    until = Session.objects.get(session_key=client.session.session_key).expire_date
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 301)
    client.get("/espace/profil/")  # writes that the session was seen
    assert Session.objects.get(session_key=client.session.session_key).expire_date == until
    assert timedelta(hours=11.9) < until - timezone.now() <= timedelta(hours=12)


@db
def test_public_pages_do_not_look_at_who_reads(client: Client, django_assert_num_queries) -> None:
    sign_in(client, make_user().email)
    with django_assert_num_queries(0):
        page = client.get("/mentions-legales/")
    assert "Cookie" not in page.get("Vary", "")


@db
def test_signing_out_is_a_decision(client: Client) -> None:
    user = make_user()
    sign_in(client, user.email)
    page = client.get("/compte/deconnexion/")
    assert "Vous quittez votre espace sur cet appareil" in said(page)
    assert is_signed_in(client)
    key = client.session.session_key
    answer = client.post("/compte/deconnexion/", follow=True)
    assert "Vous avez quitté votre espace" in said(answer)
    assert not is_signed_in(client)
    assert not UserSession.objects.filter(session_key=key).exists()
    assert client.get("/espace/").status_code == 302


@db
def test_signing_out_twice_or_for_nothing_is_no_error(client: Client) -> None:
    assert client.get("/compte/deconnexion/").url == SIGN_IN
    assert client.post("/compte/deconnexion/").url == SIGN_IN
    assert client.post("/compte/deconnexion/", {"next": "//mechant.test/"}).url == SIGN_IN


@db
def test_the_forms_of_who_is_signed_in_ask_for_their_token() -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_user())
    for address in (
        DEVICES,
        "/compte/deconnexion/",
        "/compte/confirmer/",
        "/compte/securite/application/ajouter/",
        "/compte/securite/application/retirer/",
        "/compte/securite/secours/renouveler/",
        "/compte/securite/cle/ajouter/",
        "/compte/securite/cle/confirmer/",
        "/compte/securite/cle/1/renommer/",
        "/compte/securite/cle/1/retirer/",
        "/compte/securite/confirmer/",
    ):
        assert browser.post(address).status_code == 403, address
