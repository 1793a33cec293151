"""The verbs of an account."""

from datetime import date, timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from fabriques.kit import journal
from fabriques.kit.journal import SYSTEM
from fabriques.people import domain
from fabriques.people.models import User
from fabriques.people.stewardship import merge_people
from tests.factories import make_user
from tests.people.signin.doors import ask, is_signed_in, letters, said, sign_in

pytestmark = pytest.mark.django_db


def verbs(user: User) -> list[str]:
    return [entry.verb for entry in journal.history(user.subject)]


def test_an_account_opens_once() -> None:
    user = domain.open_account(email=" Jeanne@Mairie.fr ")
    assert user
    assert user.email == "jeanne@mairie.fr"
    assert domain.open_account(email="jeanne@mairie.fr") == user
    assert verbs(user) == ["compte ouvert"]
    entry = journal.history(user.subject)[0]
    assert entry.standing == "une personne pas encore connectée"


def test_a_closed_account_is_not_opened_again() -> None:
    user = make_user(is_active=False)
    assert domain.open_account(email=user.email) is None


def test_an_address_that_a_closed_account_has_proved_is_closed_too(client: Client) -> None:
    """After a merge, the address of the account that went opens the other; once that is closed…"""
    kept, gone = make_user(), make_user()
    address = gone.email
    merge_people(kept=kept, gone=gone, actor=SYSTEM)
    sign_in(client, address)
    assert client.session["_auth_user_id"] == str(kept.pk)
    domain.close_account(user=kept, actor=SYSTEM)
    number, sent = User.objects.count(), len(letters(address))
    closed, unknown = Client(), Client()
    answer = ask(closed, address)
    assert answer.url == ask(unknown, "personne@ailleurs.test").url
    assert said(closed.get(answer.url)).replace(address, "") == said(
        unknown.get(answer.url)
    ).replace("personne@ailleurs.test", "")
    assert len(letters(address)) == sent
    assert User.objects.count() == number + 1  # the unknown one
    assert domain.open_account(email=address) is None


def test_confirming_twice_is_once() -> None:
    user = domain.open_account(email="jeanne@mairie.fr")
    assert user
    domain.confirm(user=user)
    first = User.objects.get(pk=user.pk).confirmed_at
    domain.confirm(user=user)
    assert User.objects.get(pk=user.pk).confirmed_at == first
    assert verbs(user).count("adresse confirmée") == 1
    assert EmailAddress.objects.get(user=user).verified


def test_being_seen_is_noted_once_a_day_and_voids_warnings(django_assert_num_queries) -> None:
    today = timezone.localdate()
    user = make_user(seen_on=date(2020, 1, 1), warnings=2, warned_at=timezone.now())
    domain.note_seen(user=user, day=today)
    user.refresh_from_db()
    assert (user.seen_on, user.warnings, user.warned_at) == (today, 0, None)
    User.objects.filter(pk=user.pk).update(warnings=1)
    domain.note_seen(user=user, day=today)
    domain.note_seen(user=user, day=today - timedelta(days=1))
    user.refresh_from_db()
    assert (user.seen_on, user.warnings) == (today, 1)


def test_closing_puts_out_at_once_and_reopening_lets_in(client: Client) -> None:
    user = make_user()
    sign_in(client, user.email)
    domain.close_account(user=user, actor=SYSTEM, reason="départ")
    assert not UserSession.objects.filter(user=user).exists()
    assert client.get("/espace/").status_code == 302
    with pytest.raises(ValidationError, match="déjà fermé"):
        domain.close_account(user=user, actor=SYSTEM)
    domain.reopen_account(user=user, actor=SYSTEM)
    with pytest.raises(ValidationError, match="déjà ouvert"):
        domain.reopen_account(user=user, actor=SYSTEM)
    sign_in(client, user.email)
    assert is_signed_in(client)
    assert {"compte fermé", "compte rouvert"} <= set(verbs(user))


def test_an_erased_account_does_not_reopen() -> None:
    user = make_user(is_active=False, erased_at=timezone.now())
    with pytest.raises(ValidationError, match="effacé"):
        domain.reopen_account(user=user, actor=SYSTEM)


def test_what_depends_on_an_account_has_its_say(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user()
    told: list[User] = []
    monkeypatch.setattr(domain, "_guards", [])
    monkeypatch.setattr(domain, "_hooks", [])
    domain.register_closing(lambda closed, actor: told.append(closed))
    domain.close_account(user=user, actor=SYSTEM)
    assert told == [user]
    domain.reopen_account(user=user, actor=SYSTEM)
    domain.register_closing_guard(lambda asked: "Cette personne est la dernière.")
    with pytest.raises(ValidationError, match="la dernière"):
        domain.close_account(user=user, actor=SYSTEM)
    assert User.objects.get(pk=user.pk).is_active
