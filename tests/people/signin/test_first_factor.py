"""The first second factor: whoever was in without it is out."""

from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core import mail
from django.test import Client

from fabriques.kit import journal, live
from fabriques.people.models import User
from tests.factories import make_membership, make_user
from tests.guards import GuardedClient
from tests.people.signin.doors import (
    SECURITY,
    SIGN_IN,
    add_application,
    application_code,
    ask,
    code_of,
    is_signed_in,
    letters,
    said,
    sign_in,
)
from tests.processes import Page, Server, serving

pytestmark = pytest.mark.django_db
ADD = f"{SECURITY}application/ajouter/"
FACTOR = f"{SECURITY}second-facteur/"
CLOSED = "Les autres connexions à votre compte sont fermées"


@pytest.fixture
def user() -> User:
    return make_user("Jeanne Martin")


def browser_of(user: User) -> Client:
    browser = GuardedClient()
    sign_in(browser, user.email)
    return browser


def test_a_session_opened_before_never_has_the_rights_of_a_steward(user: User, settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    make_membership(user, role="steward")
    stolen, here = browser_of(user), browser_of(user)
    assert stolen.get("/espace/personnes/").status_code == 404
    add_application(here)
    assert here.get("/espace/personnes/").status_code == 200
    assert stolen.get("/espace/personnes/").url.startswith(SIGN_IN)


def test_the_page_the_letter_and_the_journal_say_so(
    user: User, django_capture_on_commit_callbacks
) -> None:
    browser_of(user)
    here = browser_of(user)
    secret = here.get(ADD).context["form"].secret
    with django_capture_on_commit_callbacks(execute=True):
        answer = here.post(ADD, {"code": application_code(secret)})
    assert CLOSED in said(here.get(answer.url))
    letter = " ".join(letters(user.email)[-1].split())
    assert "si votre compte était ouvert ailleurs, il ne l’est plus" in letter
    ended, added = journal.history(user.subject)[:2]
    assert (ended.verb, ended.after) == ("connexions fermées", {"connexions": 1})
    assert added.verb == "second facteur ajouté"


def test_nothing_is_said_of_sessions_that_were_not(user: User) -> None:
    here = browser_of(user)
    secret = here.get(ADD).context["form"].secret
    answer = here.post(ADD, {"code": application_code(secret)}, follow=True)
    assert CLOSED not in said(answer)
    assert is_signed_in(here)
    assert here.get("/espace/").status_code == 200


def test_a_session_that_no_list_holds_is_out_too(user: User) -> None:
    hidden, here = browser_of(user), browser_of(user)
    UserSession.objects.filter(session_key=hidden.session.session_key).delete()
    add_application(here)
    assert hidden.get("/espace/").url.startswith(SIGN_IN)
    assert here.get("/espace/").status_code == 200


def test_who_was_typing_a_code_is_asked_for_the_factor(user: User) -> None:
    half, here = GuardedClient(), browser_of(user)
    where = ask(half, user.email).url
    code = code_of(user.email)
    add_application(here)
    assert half.post(where, {"code": code}).url == FACTOR
    assert not is_signed_in(half)


def test_another_factor_closes_nothing(user: User, django_capture_on_commit_callbacks) -> None:
    Authenticator.objects.create(user=user, type="webauthn", data={"name": "Ma clé"})
    here, there = GuardedClient(), GuardedClient()
    for browser in (here, there):
        browser.force_login(user)
    sign = here.session
    sign["account_authentication_methods"] = [{"method": "mfa", "at": 10**11}]
    sign["account_authentication_methods_user"] = str(user.pk)
    sign.save()
    with django_capture_on_commit_callbacks(execute=True):
        add_application(here)
    assert Authenticator.objects.filter(user=user, type="totp").exists()
    assert there.get("/espace/").status_code == 200
    assert "ouvert ailleurs" not in " ".join(letters(user.email)[-1].split())


@pytest.mark.django_db(transaction=True)
def test_the_security_letter_carries_no_link_that_says_stop(user: User) -> None:
    add_application(browser_of(user))
    letters(user.email)
    message = mail.outbox[-1]
    assert message.subject == "La protection de votre compte a changé"
    assert "List-Unsubscribe" not in message.extra_headers
    for text in (message.body, message.alternatives[0].content):
        assert "/courriels/stop/" not in text
        assert "Ne plus rien recevoir" not in text


@pytest.fixture
def server(django_db_setup: None, transactional_db: None) -> Iterator[Server]:
    with serving("fabriques.asgi:application") as server:
        yield server


def test_streams_of_the_others_are_cut_and_not_ours(server: Server, user: User) -> None:
    pages = []
    here, there = browser_of(user), browser_of(user)
    for browser in (here, there):
        name = settings.SESSION_COOKIE_NAME
        cookie = f"{name}={browser.cookies[name].value}"
        pages.append(Page(server, "/live/espace/", cookie=cookie).opened())
    ours, theirs = pages
    add_application(here)
    assert theirs.next() == ("fini", {})
    live.publish(user.subject, {"kind": "essai"})
    name, data = ours.next() or ("", None)
    assert (name, data["topic"]) == ("nouveau", user.subject)
    assert here.get("/espace/").status_code == 200
    for page in pages:
        page.close()
