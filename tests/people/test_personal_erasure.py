"""Erasure: what names the person goes, what counts stays."""

from importlib import import_module

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import serializers
from django.test import Client
from django.utils import timezone

from fabriques.kit import journal, outbox
from fabriques.kit.journal import SYSTEM, Actor
from fabriques.kit.outbox import recipients
from fabriques.kit.outbox.models import State, Suppression
from fabriques.people.actors import actor_of
from fabriques.people.enums import Subject
from fabriques.people.models import Consent, User
from fabriques.people.personal import erasure
from fabriques.people.personal.consents import give_consent
from fabriques.people.personal.erasure import ErasureRefusedError, erase
from fabriques.people.signin.notifications import LoginCode
from fabriques.people.stewardship import merge_people
from tests.factories import make_membership, make_organisation, make_participation, make_user

pytestmark = pytest.mark.django_db

ADDRESS = "/espace/mes-donnees/effacer/"
UNDELIVERABLE = Suppression.Reason.UNDELIVERABLE
STEWARD = Actor("ANCT", name="Nadia Benali", ref="nadia")
TRACES = ("lea.martin", "Léa Martin", "Cheffe de projet à Sète", "192.0.2.7", "sub-de-lea")


@pytest.fixture
def person() -> User:
    user = make_user(
        "Léa Martin",
        email="lea.martin@essai.test",
        job="Cheffe de projet à Sète",
        organisation=make_organisation(name="Mairie de Sète"),
        seen_on=timezone.localdate(),
        last_login=timezone.now(),
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    SocialAccount.objects.create(
        user=user, provider="proconnect", uid="sub-de-lea", extra_data={"name": "Léa Martin"}
    )
    Authenticator.objects.create(user=user, type="webauthn", data={"name": "Clé de Léa Martin"})
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store.create()
    UserSession.objects.create(
        user=user, ip="192.0.2.7", session_key=store.session_key, user_agent="essai"
    )
    give_consent(user=user, subject=Subject.DIRECTORY)
    journal.record(
        subject=user.subject,
        verb="nom changé",
        actor=STEWARD,
        before={"nom": "Léa Martinez"},
        after={"nom": "Léa Martin"},
    )
    journal.record(
        subject="fabrique:fabp-01",
        verb="titre changé",
        actor=actor_of(user, "technicienne référente, Sète"),
        after={"titre": "La ville qui vieillit"},
    )
    return user


def everything() -> str:
    """All rows of all tables that may hold something of a person, as one text."""
    return "\n".join(
        serializers.serialize("json", model._default_manager.all(), ensure_ascii=False)
        for model in apps.get_models()
        if model._meta.app_label
        in ("people", "account", "socialaccount", "mfa", "usersessions", "kit", "programme")
    )


def test_nothing_that_names_the_person_is_left_in_any_table(person: User) -> None:
    before = everything()
    assert all(trace in before for trace in TRACES)
    erase(user=person, actor=STEWARD, reason="demande du 25 novembre")
    after = everything()
    assert [trace for trace in TRACES if trace in after] == []


def test_the_account_is_empty_and_its_row_stays(person: User) -> None:
    number = User.objects.count()
    erase(user=person, actor=SYSTEM)
    person.refresh_from_db()
    assert User.objects.count() == number
    assert person.email == f"{person.ref}@efface.invalid"
    assert (person.name, person.job, person.organisation) == ("", "", None)
    assert (person.is_active, person.seen_on, person.last_login) == (False, None, None)
    assert person.erased_at is not None
    assert str(person) == "Compte effacé"
    assert not Consent.objects.filter(user=person, withdrawn_at=None).exists()
    for model in (EmailAddress, SocialAccount, Authenticator, UserSession):
        assert not model.objects.filter(user=person).exists()
    assert not Session.objects.exists()


def test_the_journal_stays_whole_without_the_name(person: User) -> None:
    erase(user=person, actor=STEWARD, reason="demande écrite")
    journal.verify()
    last, *_, named = journal.history(person.subject)
    assert (last.verb, last.actor) == ("compte effacé", "Nadia Benali (ANCT)")
    assert last.reason == "demande écrite"
    assert named.before == {}
    (act,) = journal.history("fabrique:fabp-01")
    assert act.actor == f"{journal.ERASED_NAME} (technicienne référente, Sète)"
    assert act.after == {"titre": "La ville qui vieillit"}


def test_erased_twice_is_erased_once(person: User) -> None:
    erase(user=person, actor=SYSTEM)
    once = User.objects.values().get(pk=person.pk)
    entries = journal.history(person.subject).count()
    erase(user=person, actor=SYSTEM)
    assert User.objects.values().get(pk=person.pk) == once
    assert journal.history(person.subject).count() == entries


def test_an_act_under_way_names_the_person_until_the_next_erasure(person: User) -> None:
    """It read the account before the erasure, and writes in the journal after it."""
    acting = User.objects.get(pk=person.pk)
    erase(user=person, actor=STEWARD, reason="demande écrite")
    journal.record(subject="fabrique:fabp-01", verb="titre changé", actor=actor_of(acting))
    journal.record(
        subject=person.subject,
        verb="autre adresse chez ProConnect",
        actor=actor_of(acting),
        after={"email": "lea.martin@autre.test"},
    )
    give_consent(user=acting, subject=Subject.FOLLOW_UP)
    assert "Léa Martin" in everything()
    erase(user=person, actor=SYSTEM)
    after = everything()
    assert [trace for trace in TRACES if trace in after] == []
    assert not Consent.objects.filter(user=person, withdrawn_at=None).exists()
    journal.verify()
    erased = journal.history(person.subject).filter(verb="compte effacé")
    assert [entry.reason for entry in erased] == ["demande écrite"]


def test_an_account_emptied_by_a_merge_is_not_erased_by_its_reference(person: User) -> None:
    kept = make_user("Léa M.")
    merge_people(kept=kept, gone=person, actor=STEWARD)
    erase(user=person, actor=SYSTEM)
    kept.refresh_from_db()
    assert (kept.name, kept.erased_at) == ("Léa M.", None)
    assert journal.history(kept.subject)[0].after["avec"] == person.subject


def test_letters_to_every_address_are_emptied(person: User) -> None:
    kept = make_user("Léa M.", email="lea@kept.test")
    EmailAddress.objects.create(user=kept, email=kept.email, verified=True, primary=True)
    merge_people(kept=kept, gone=person, actor=STEWARD)
    sent = outbox.send(LoginCode, address="Lea.Martin@essai.test", context={"code": "BCDF-GHJK"})
    other = outbox.send(LoginCode, address="autre@essai.test", context={"code": "BCDF-GHJK"})
    recipients.suppress(recipients.digest_of("lea.martin@essai.test"), UNDELIVERABLE)
    erase(user=kept, actor=SYSTEM)
    sent.refresh_from_db()
    other.refresh_from_db()
    assert (sent.address, sent.context, sent.state) == ("", {}, State.CANCELLED)
    assert (other.address, other.state) == ("autre@essai.test", State.WAITING)
    assert not Suppression.objects.exists()


def test_roles_end_and_still_count(person: User) -> None:
    participation = make_participation()
    membership = make_membership(person, role="officer", participation=participation)
    erase(user=person, actor=SYSTEM)
    membership.refresh_from_db()
    assert membership.withdrawn_at is not None
    assert participation.memberships.count() == 1


def test_the_last_steward_is_refused_with_a_sentence(person: User) -> None:
    make_membership(person, role="steward")
    with pytest.raises(ErasureRefusedError, match="la dernière personne de l’équipe nationale"):
        erase(user=person, actor=SYSTEM)
    person.refresh_from_db()
    assert person.erased_at is None
    assert Authenticator.objects.filter(user=person).exists()
    make_membership(role="steward")
    erase(user=person, actor=SYSTEM)
    person.refresh_from_db()
    assert person.erased_at is not None


def test_a_hook_that_fails_erases_nothing(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(user: User, actor: Actor) -> None:
        assert user.email == "lea.martin@essai.test"  # a hook sees the account while it is whole
        raise RuntimeError("panne")

    monkeypatch.setattr(erasure, "_hooks", [fails])
    with pytest.raises(RuntimeError, match="panne"):
        erase(user=person, actor=SYSTEM)
    person.refresh_from_db()
    assert person.name == "Léa Martin"
    assert UserSession.objects.filter(user=person).exists()


def test_a_merged_account_is_erased_with_the_one_that_remains(person: User) -> None:
    kept = make_user("Léa M.")
    merge_people(kept=kept, gone=person, actor=STEWARD)
    erase(user=kept, actor=SYSTEM)
    after = everything()
    assert [trace for trace in (*TRACES, "Léa M.") if trace in after] == []


def test_an_erased_person_is_out_at_once_in_every_browser(person: User) -> None:
    other_browser, client = Client(), Client()
    other_browser.force_login(person)
    client.force_login(person)
    assert other_browser.get("/espace/mes-donnees/").status_code == 200
    client.post(ADDRESS, {"email": person.email})
    assert other_browser.get("/espace/mes-donnees/").status_code == 302


def test_one_erases_oneself_by_typing_ones_address(client: Client, person: User) -> None:
    client.force_login(person)
    page = client.get(ADDRESS).content.decode()
    assert "Ce qui disparaît" in page
    assert "Ce qui reste" in page
    done = client.post(ADDRESS, {"email": " Lea.Martin@ESSAI.test "}, follow=True)
    assert done.redirect_chain == [("/espace/mes-donnees/efface/", 302)]
    assert "Votre compte est effacé" in done.content.decode()
    person.refresh_from_db()
    assert person.erased_at is not None
    assert "_auth_user_id" not in client.session
    last = journal.history(person.subject)[0]
    assert (last.actor, last.reason) == ("la personne elle-même", "à sa demande")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("lea.martin@essai.tst", "Ce n’est pas l’adresse de votre compte. Rien n’a été effacé."),
        ("", "Écrivez l’adresse de votre compte pour confirmer."),
    ],
)
def test_a_wrong_address_erases_nothing_and_is_kept(
    client: Client, person: User, typed: str, sentence: str
) -> None:
    client.force_login(person)
    page = client.post(ADDRESS, {"email": typed}).content.decode()
    assert sentence in page
    assert f'value="{typed}"' in page or not typed
    person.refresh_from_db()
    assert person.erased_at is None


def test_the_page_refuses_before_and_after_the_question(client: Client, person: User) -> None:
    make_membership(person, role="steward")
    client.force_login(person)
    page = client.get(ADDRESS).content.decode()
    assert "donnez d’abord ce rôle à une autre" in page
    assert "Effacer définitivement" not in page
    answer = client.post(ADDRESS, {"email": person.email})
    assert answer.status_code == 409
    assert "donnez d’abord ce rôle à une autre" in answer.content.decode()
    person.refresh_from_db()
    assert person.erased_at is None


def test_somebody_else_cannot_be_erased_from_here(client: Client, person: User) -> None:
    client.force_login(make_user())
    client.post(ADDRESS, {"email": person.email, "user": str(person.ref)})
    person.refresh_from_db()
    assert person.erased_at is None
