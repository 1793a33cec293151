"""Consents: given, withdrawn as easily, with the words that were read."""

import pytest
from django.db import IntegrityError
from django.test import Client

from fabriques.kit import journal
from fabriques.people.enums import Subject
from fabriques.people.models import Consent
from fabriques.people.personal.consents import give_consent, open_consents, withdraw_consent
from tests.factories import make_user

pytestmark = pytest.mark.django_db

ADDRESS = "/espace/mes-donnees/accords/"


def test_a_consent_keeps_the_words_that_were_read_and_is_journaled() -> None:
    user = make_user("Léa")
    consent = give_consent(user=user, subject=Subject.FOLLOW_UP)
    assert consent.wording == Subject.FOLLOW_UP.label
    entry = journal.history(user.subject)[0]
    assert (entry.verb, entry.after) == ("accord donné", {"accord": Subject.FOLLOW_UP.label})
    assert entry.actor == "Léa (personne connectée)"


def test_giving_twice_is_giving_once() -> None:
    user = make_user()
    first = give_consent(user=user, subject=Subject.DIRECTORY)
    assert give_consent(user=user, subject=Subject.DIRECTORY) == first
    assert journal.history(user.subject).count() == 1


def test_withdrawing_what_was_never_given_does_nothing() -> None:
    user = make_user()
    withdraw_consent(user=user, subject=Subject.DIRECTORY)
    assert journal.history(user.subject).count() == 0


def test_the_history_of_a_consent_is_kept() -> None:
    user = make_user()
    for _ in range(2):
        give_consent(user=user, subject=Subject.DIRECTORY)
        withdraw_consent(user=user, subject=Subject.DIRECTORY)
    give_consent(user=user, subject=Subject.DIRECTORY)
    assert Consent.objects.filter(user=user).count() == 3
    assert open_consents(user) == {Subject.DIRECTORY}
    assert [entry.verb for entry in journal.history(user.subject)][:2] == [
        "accord donné",
        "accord repris",
    ]
    with pytest.raises(IntegrityError):
        Consent.objects.create(user=user, subject=Subject.DIRECTORY, wording="deux fois")


def test_boxes_are_ticked_and_unticked_on_the_page(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    page = client.post(ADDRESS, {"accepted": ["directory", "follow-up"]}, follow=True)
    assert "Vos accords sont enregistrés." in page.content.decode()
    assert page.content.decode().count(" checked") == 2
    assert open_consents(user) == {Subject.DIRECTORY, Subject.FOLLOW_UP}
    page = client.post(ADDRESS, {"accepted": ["follow-up"]}, follow=True)
    assert page.content.decode().count(" checked") == 1
    assert "repris le" in page.content.decode()
    client.post(ADDRESS)  # no box at all
    assert open_consents(user) == set()


def test_a_consent_that_does_not_exist_is_refused_with_a_sentence(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    page = client.post(ADDRESS, {"accepted": ["directory", "tout"]})
    assert page.status_code == 400
    assert "Sélectionnez un choix valide" in page.content.decode()
    assert open_consents(user) == set()


def test_nobody_consents_for_somebody_else(client: Client) -> None:
    user, other = make_user(), make_user()
    client.force_login(other)
    client.post(ADDRESS, {"accepted": ["directory"], "user": str(user.ref)})
    assert open_consents(user) == set()
    client.logout()
    assert client.post(ADDRESS, {"accepted": ["directory"]}).status_code == 302
