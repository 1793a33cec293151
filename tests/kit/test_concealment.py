"""What is concealed from a person: in the journal, in letters, by any domain that says so."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from fabriques.kit import concealment, journal
from fabriques.kit.journal import SYSTEM
from fabriques.people.models import User
from tests.factories import make_user

pytestmark = pytest.mark.usefixtures("db")
HIDDEN, TELLING, OPEN = "essai:cache", "essai:compte", "essai:visible"


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch) -> User:
    """Somebody from whom one object is concealed, and the history of another."""
    person = make_user()

    def only(subject: str) -> concealment.Source:
        return lambda user: frozenset({subject}) if user == person else frozenset()

    monkeypatch.setattr(concealment, "_sources", [only(HIDDEN)])
    monkeypatch.setattr(concealment, "_histories", [only(TELLING)])
    return person


def written() -> None:
    journal.record(subject=HIDDEN, verb="à propos", actor=SYSTEM)
    journal.record(subject=OPEN, verb="le nomme avant", actor=SYSTEM, before={"de": HIDDEN})
    journal.record(subject=OPEN, verb="le nomme", actor=SYSTEM, after={"à": [{"x": HIDDEN}]})
    journal.record(subject=OPEN, verb="nomme un voisin", actor=SYSTEM, after={"à": f"{HIDDEN}e"})
    journal.record(subject=TELLING, verb="compte", actor=SYSTEM, after={"nombre": 3})
    journal.record(subject=OPEN, verb="nomme le compte", actor=SYSTEM, after={"à": TELLING})
    journal.record(subject=OPEN, verb="rien", actor=SYSTEM)


def verbs(entries: Any) -> list[str]:
    return [entry.verb for entry in entries]


def test_what_is_about_it_or_names_it_disappears(bound: User) -> None:
    written()
    entries = journal.search(journal.Search())
    left = ["rien", "nomme le compte", "nomme un voisin"]
    assert verbs(journal.seen_by(entries, bound)) == left
    assert verbs(journal.visible(entries, bound)) == left
    assert journal.seen_by(entries, bound).count() == 3
    assert journal.verify() == journal.head()


@pytest.mark.parametrize("reader", [None, AnonymousUser(), "other"])
def test_from_others_nothing_is(bound: User, reader: Any) -> None:
    written()
    entries = journal.search(journal.Search())
    reader = make_user() if reader == "other" else reader
    assert journal.seen_by(entries, reader).count() == 7
    assert len(journal.visible(entries, reader)) == 7


def test_it_is_asked_once_a_request_until_it_changes(
    bound: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[User] = []

    def source(user: User) -> frozenset[str]:
        asked.append(user)
        return frozenset()

    monkeypatch.setattr(concealment, "_sources", [source])
    concealment.concealed(bound)
    concealment.concealed(bound)
    assert len(asked) == 1
    concealment.forget(bound)
    concealment.concealed(bound)
    assert len(asked) == 2
