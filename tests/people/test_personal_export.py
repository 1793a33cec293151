"""The copy of one's data: opened again, complete, readable, without a secret."""

import io
import json
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client

from fabriques.kit import journal, purposes
from fabriques.kit.outbox import registered
from fabriques.kit.outbox.models import Mail, Notice
from fabriques.people.actors import actor_of
from fabriques.people.enums import Subject
from fabriques.people.models import User
from fabriques.people.personal.consents import give_consent, withdraw_consent
from fabriques.people.personal.export import archive, register_export
from tests.factories import make_organisation, make_user

pytestmark = pytest.mark.django_db

NASTY = "<script>alert(1)</script> d’Été & Cie"
CODE = "code-du-courriel"
SECRETS = (
    "JBSWY3DPEHPK3PXP",
    "cle-de-session-tres-secrete",
    "jeton-recu",
    "graine-de-secours",
    CODE,
)


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def person() -> User:
    """Somebody about whom a bit of everything is held."""
    user = make_user(
        NASTY,
        email="lea@essai.test",
        job="Cheffe de projet",
        organisation=make_organisation(name="Mairie de Sète"),
    )
    EmailAddress.objects.create(user=user, email="lea@essai.test", verified=True, primary=True)
    EmailAddress.objects.create(user=user, email="lea@ancienne.test")
    SocialAccount.objects.create(
        user=user,
        provider="proconnect",
        uid="sub-123",
        extra_data={
            "id_token": {"amr": ["pwd"]},
            "access_token": "jeton-recu",
            "userinfo": {"siret": "21340301700012", "id_token": "jeton-recu"},
        },
    )
    Authenticator.objects.create(user=user, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    Authenticator.objects.create(
        user=user, type="recovery_codes", data={"seed": "graine-de-secours"}
    )
    Authenticator.objects.create(
        user=user, type="webauthn", data={"name": "Clé bleue", "credential": {"id": "x"}}
    )
    UserSession.objects.create(
        user=user,
        ip="192.0.2.7",
        session_key="cle-de-session-tres-secrete",
        user_agent="Navigateur d’essai",
    )
    secret = next(kind for kind in registered() if kind.secret)
    for key in (secret.key, "account-unused"):
        Mail.objects.create(
            kind=key,
            user=user,
            address=user.email,
            context={"code": CODE} if key == secret.key else {"until": "2030-03-14"},
        )
    Notice.objects.create(user=user, kind=secret.key, about=user.subject, context={"code": CODE})
    give_consent(user=user, subject=Subject.DIRECTORY)
    withdraw_consent(user=user, subject=Subject.DIRECTORY)
    journal.record(
        subject="fabrique:fabp-01",
        verb="titre changé",
        actor=actor_of(user),
        after={"titre": "Secret d’une autre personne"},
    )
    journal.record(
        subject=user.subject,
        verb="fonction changée",
        actor=journal.Actor("ANCT", name="Quelqu’un d’autre", ref="x"),
        before={"fonction": "Stagiaire"},
        after={"fonction": "Cheffe de projet"},
    )
    return user


def opened(content: bytes) -> tuple[dict[str, Any], str, str]:
    """The files of a copy: the JSON document, the page, the note."""
    with zipfile.ZipFile(io.BytesIO(content)) as zipped:
        assert zipped.testzip() is None
        names = ["mes-donnees.json", "mes-donnees.html", "LISEZMOI.txt"]
        assert zipped.namelist() == names
        machine, page, note = (zipped.read(name).decode() for name in names)
    return json.loads(machine), page, note


class Words(HTMLParser):
    """The text of a page, and the tags that it opens."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_machine_file_holds_what_was_put_in(person: User) -> None:
    document, _, _ = opened(archive(person))
    assert document["version"] == 1
    parts = {name: part["contenu"] for name, part in document["rubriques"].items()}
    assert parts["compte"]["adresse électronique"] == "lea@essai.test"
    assert parts["compte"]["prénom et nom"] == NASTY
    assert parts["compte"]["référence"] == str(person.ref)
    assert parts["organisation"]["nom"] == "Mairie de Sète"
    assert [line["adresse"] for line in parts["adresses"]] == [
        "lea@essai.test",
        "lea@ancienne.test",
    ]
    assert parts["identites"][0]["informations reçues"] == {
        "id_token": {"amr": ["pwd"]},
        "userinfo": {"siret": "21340301700012"},
    }
    assert [line["sorte"] for line in parts["seconds-facteurs"]] == [
        "application de codes",
        "codes de secours",
        "clé d’accès",
    ]
    assert parts["connexions"][0]["adresse IP"] == "192.0.2.7"
    assert parts["accords"][0]["texte"] == Subject.DIRECTORY.label
    assert parts["accords"][0]["repris le"] is not None
    assert [line["changement"] for line in parts["actions"]] == [
        "accord donné",
        "accord repris",
        "titre changé",
    ]
    assert parts["historique"][0]["avant"] == {"fonction": "Stagiaire"}
    assert [line["contenu"] for line in parts["lettres"]] == [{}, {"until": "2030-03-14"}]
    assert [line["contenu"] for line in parts["avis"]] == [{}]
    assert {line["clé"] for line in document["traitements"]} == {
        purpose.key for purpose in purposes.purposes()
    }


def test_no_secret_and_nobody_else_is_in_any_file(person: User) -> None:
    document, page, note = opened(archive(person))
    for text in (json.dumps(document, ensure_ascii=False), page, note):
        for secret in (*SECRETS, person.password, "Quelqu’un d’autre", "Secret d’une autre"):
            assert secret not in text


def test_the_page_reads_as_well_and_escapes_names(person: User) -> None:
    document, page, _ = opened(archive(person))
    words = Words(page)
    assert "script" not in words.tags
    assert not words.tags & {"img", "link", "iframe"}  # asks nothing from anywhere
    assert NASTY in words.text
    for part in document["rubriques"].values():
        assert part["titre"] in words.text
    for text in ("Mairie de Sète", "Clé bleue", "192.0.2.7", "Adresse électronique", "Stagiaire"):
        assert text in words.text


def test_the_note_says_what_each_file_is(person: User) -> None:
    document, _, note = opened(archive(person))
    assert "version 1" in note
    assert "&" not in note
    for name, part in document["rubriques"].items():
        assert f"« {name} » : {part['titre']}" in note


def test_a_newcomer_has_a_copy_too() -> None:
    document, page, _ = opened(archive(make_user("")))
    assert document["rubriques"]["organisation"]["contenu"] == {}
    assert document["rubriques"]["actions"]["contenu"] == []
    assert "Rien." in page


def test_a_domain_cannot_take_the_name_of_another() -> None:
    with pytest.raises(ValueError, match="registered twice"):
        register_export("compte", "Autre compte", lambda user: [])


def test_copies_cost_the_same_however_much_was_done(
    person: User, django_assert_num_queries: Callable[..., Any]
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        archive(person)
    for _ in range(5):
        journal.record(subject="fabrique:fabp-02", verb="titre changé", actor=actor_of(person))
    with django_assert_num_queries(len(few)):
        archive(person)


def test_the_button_downloads_the_copy_of_who_asks(client: Client, person: User) -> None:
    make_user("Une autre personne")
    client.force_login(person)
    response = client.post("/espace/mes-donnees/copie/")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"] == 'attachment; filename="mes-donnees.zip"'
    document, _, _ = opened(response.content)
    assert document["rubriques"]["compte"]["contenu"]["référence"] == str(person.ref)


def test_the_copy_is_asked_for_by_a_form_only(client: Client, person: User) -> None:
    client.force_login(person)
    assert client.get("/espace/mes-donnees/copie/").status_code == 405


def test_the_sixth_copy_in_an_hour_waits(client: Client, person: User) -> None:
    client.force_login(person)
    for _ in range(5):
        assert client.post("/espace/mes-donnees/copie/").status_code == 200
    refused = client.post("/espace/mes-donnees/copie/")
    assert refused.status_code == 429
    assert "Vous avez déjà téléchargé cinq copies" in refused.content.decode()
    other = make_user()
    client.force_login(other)
    assert client.post("/espace/mes-donnees/copie/").status_code == 200
