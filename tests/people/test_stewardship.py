"""Merging accounts and organisations: what is shown is what is done. Locks that do not cross."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import connection, transaction
from django.utils import timezone

from fabriques.kit import journal, outbox
from fabriques.kit.journal import SYSTEM, Actor
from fabriques.people import stewardship
from fabriques.people.enums import Subject
from fabriques.people.models import Consent, Organisation, User
from fabriques.people.personal.consents import give_consent
from fabriques.people.personal.erasure import erase
from fabriques.people.personal.letters import AccountUnused
from fabriques.people.queries import addresses_of, user_by_address
from fabriques.people.stewardship import (
    MergeError,
    Moved,
    edit_person,
    merge_organisations,
    merge_people,
    preview_organisations,
    preview_people,
)
from fabriques.programme.domain import give_role
from fabriques.programme.enums import MemberRole
from fabriques.programme.scopes import Scope
from tests.factories import make_membership, make_organisation, make_user

pytestmark = pytest.mark.django_db
STEWARD = Actor("ANCT", name="Nadia Benali", ref="nadia")


def full(name: str, **fields: object) -> User:
    """An account that has a bit of everything."""
    user = make_user(name, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    EmailAddress.objects.create(user=user, email=f"2-{user.email}", verified=True)
    SocialAccount.objects.create(user=user, provider="proconnect", uid=user.email)
    Authenticator.objects.create(user=user, type="webauthn", data={"name": "Clé"})
    Authenticator.objects.create(user=user, type="recovery_codes", data={})
    for subject in Subject:
        give_consent(user=user, subject=subject)
    return user


def test_a_merge_does_exactly_what_its_preview_says() -> None:
    kept, gone = full("", job="Maire"), full("Awa Diop", job="Élue")
    Consent.objects.filter(user=kept, subject=Subject.FOLLOW_UP).delete()
    make_membership(gone, role="steward")
    plan = preview_people(kept=kept, gone=gone)
    assert Moved("nom, fonction, organisation", 1, 1) in plan
    assert Moved("adresses", 2) in plan
    assert Moved("identités ProConnect", 1) in plan
    assert Moved("seconds facteurs retirés", 1) in plan
    assert Moved("consentements", 1, 1) in plan
    kept.refresh_from_db()
    assert (kept.name, kept.version) == ("", 1)
    assert merge_people(kept=kept, gone=gone, actor=STEWARD) == plan
    kept.refresh_from_db()
    assert (kept.name, kept.job, kept.version) == ("Awa Diop", "Maire", 2)
    assert addresses_of(kept) == {
        kept.email,
        f"2-{kept.email}",
        gone.email,
        f"2-{gone.email}",
    }
    assert user_by_address(gone.email) == kept
    assert SocialAccount.objects.filter(user=kept).count() == 2
    assert Authenticator.objects.filter(user=kept).count() == 2
    assert kept.consents.filter(withdrawn_at=None).count() == 2
    assert kept.memberships.filter(withdrawn_at=None).count() == 1
    for model in (EmailAddress, SocialAccount, Authenticator):
        assert not model.objects.filter(user=gone).exists()
    assert not gone.consents.filter(withdrawn_at=None).exists()
    gone.refresh_from_db()
    assert (gone.name, gone.is_active) == ("", False)
    entry = journal.history(kept.subject).get(verb="comptes fusionnés")
    assert {line.label: line.moved for line in plan} == {
        key: value for key, value in entry.after.items() if key != "avec"
    }


def test_an_account_without_listed_addresses_brings_its_own() -> None:
    kept, gone = make_user(), make_user()
    assert Moved("adresses", 1) in preview_people(kept=kept, gone=gone)
    merge_people(kept=kept, gone=gone, actor=STEWARD)
    assert user_by_address(gone.email) == kept


@pytest.mark.parametrize(
    ("which", "fields", "words"),
    [
        ("kept", {"confirmed_at": None}, "à garder n’a jamais été prouvée"),
        ("gone", {"confirmed_at": None}, "l’autre compte n’a jamais été prouvée"),
        ("kept", {"is_active": False}, "à garder est fermé"),
        ("gone", {"is_active": False}, "L’autre compte est fermé"),
        ("gone", {"erased_at": timezone.now()}, "effacé"),
    ],
)
def test_accounts_that_cannot_merge_say_why_before_and_after_the_preview(
    which: str, fields: dict[str, object], words: str
) -> None:
    pair = {"kept": make_user(), "gone": make_user()}
    User.objects.filter(pk=pair[which].pk).update(**fields)
    pair[which].refresh_from_db()
    with pytest.raises(MergeError, match=words):
        preview_people(**pair)
    with pytest.raises(MergeError, match=words):
        merge_people(**pair, actor=STEWARD)


def test_movers_are_told_who_acts_or_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Actor | None] = []

    def run(kept: object, gone: object, actor: Actor | None) -> Moved:
        asked.append(actor)
        return Moved("essais", 0)

    monkeypatch.setattr(stewardship, "_people", [])
    monkeypatch.setattr(stewardship, "_organisations", [])
    stewardship.register_person_mover(run)
    stewardship.register_organisation_mover(run)
    people = {"kept": make_user(), "gone": make_user()}
    bodies = {"kept": make_organisation(), "gone": make_organisation()}
    assert preview_people(**people) == preview_organisations(**bodies) == [Moved("essais", 0)]
    merge_people(**people, actor=STEWARD)
    merge_organisations(**bodies, actor=STEWARD)
    assert asked == [None, None, STEWARD, STEWARD]


def test_organisations_merge_as_their_preview_says() -> None:
    kept = make_organisation(name="Mairie de Brest")
    gone = make_organisation(name="Ville de Brest", siren="212900195")
    make_user(organisation=gone)
    plan = preview_organisations(kept=kept, gone=gone)
    assert [moved for moved in plan if moved.moved] == [
        Moved("personnes", 1),
        Moved("SIREN repris", 1),
        Moved("noms gardés comme anciens noms", 1),
    ]
    assert merge_organisations(kept=kept, gone=gone, actor=STEWARD) == plan
    kept.refresh_from_db()
    assert (kept.siren, kept.people.count()) == ("212900195", 1)
    assert Organisation.objects.get() == kept


# --- Several at once ----------------------------------------------------------------------------


def wait_until_blocked(pid: Future[int], done: Future[None]) -> None:
    """Until that connection waits for a lock of somebody, or has finished."""
    deadline = time.monotonic() + 20
    while not done.done():
        assert time.monotonic() < deadline
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM pg_locks WHERE NOT granted AND pid = %s", [pid.result(20)]
            )
            if cursor.fetchone():
                return


def give_a_role(user: User) -> None:
    give_role(user=user, role=MemberRole.STEWARD, scope=Scope(), actor=STEWARD)


def tell(user: User) -> None:
    """A row that points to the account, then the journal: as most verbs do."""
    outbox.notify(AccountUnused, to=user, about=user.subject, context={})
    journal.record(subject=user.subject, verb="prévenu", actor=SYSTEM)


def rename(user: User) -> None:
    edit_person(user=user, values={"job": "Maire"}, version=user.version, actor=STEWARD)


def erased(user: User) -> None:
    erase(user=user, actor=SYSTEM)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer and no row locks")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", [give_a_role, tell])
@pytest.mark.parametrize("second", [rename, erased])
def test_a_change_of_a_person_crosses_what_is_done_for_them(
    first: Callable[[User], None], second: Callable[[User], None]
) -> None:
    """The foreign keys of the first are checked when it ends, while the second waits for it."""
    user = make_user("Awa")
    make_membership(role="steward")
    journal.record(subject=user.subject, verb="compte ouvert", actor=SYSTEM)
    pid: Future[int] = Future()

    def cross() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                pid.set_result(cursor.fetchone()[0])
            second(user)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first(user)
            done = pool.submit(cross)
            wait_until_blocked(pid, done)
        done.result(20)
    assert journal.history(user.subject).count() >= 3
    journal.verify()
