"""What somebody ill-meant would try: other people's numbers, forged forms, redirects, headers."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from fabriques.kit.outbox.models import Mail
from fabriques.people.models import User
from fabriques.programme.models import Invitation, Membership
from tests.factories import make_fabrique, make_membership, make_territory, make_user
from tests.portal.rights import TABLE
from tests.portal.test_rights_matrix import world  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db


def test_no_form_is_taken_without_its_token(world: dict[str, Any]) -> None:  # noqa: F811
    """Every address that takes a form, as the person who may do most."""
    for name, line in TABLE.items():
        client = Client(enforce_csrf_checks=True)
        client.force_login(world["people"]["steward"])
        address = reverse(name, kwargs=world["kwargs"][line.needs])
        answer = client.post(address, {"email": "a@b.fr"})
        assert answer.status_code in (403, 404, 405), name


@pytest.mark.parametrize(
    "target",
    [
        "https://mechant.test/",
        "//mechant.test/",
        "///mechant.test",
        "https:mechant.test",
        "\\\\mechant.test",
        "javascript:alert(1)",
        "/\t/mechant.test",
        "http://testserver@mechant.test/",
    ],
)
def test_nothing_redirects_outside(target: str, settings: Any) -> None:
    settings.DEMO = True
    newcomer = make_user("")
    client = Client()
    client.force_login(newcomer)
    answers = [
        client.post("/espace/bienvenue/", {"name": "Awa", "next": target}),
        client.get("/compte/connexion/", {"next": target}),
        client.post("/compte/deconnexion/", {"next": target}),
    ]
    for answer in answers:
        assert "mechant" not in answer.get("Location", "")
        if answer.status_code == 200:
            assert "mechant" not in answer.content.decode()


def test_a_new_line_in_a_field_never_becomes_a_header() -> None:
    place = make_fabrique(members=[make_territory()]).participations.get()
    officer = make_membership(role="officer", participation=place).user
    client = Client()
    client.force_login(officer)
    address = f"/espace/territoires/{place.pk}/inviter/"
    for email in ("a@b.fr\nBcc: tous@ailleurs.fr", "a@b.fr\r\nSubject: x", "a@b.fr,c@d.fr"):
        client.post(address, {"email": email, "role": "member"})
    assert not Invitation.objects.exists()
    assert not Mail.objects.filter(kind="invitation").exists()
    client.post("/espace/profil/", {"name": "Awa\r\nBcc: tous@ailleurs.fr", "version": 1})
    officer.refresh_from_db()
    assert "\n" not in officer.name
    assert "\r" not in officer.name


def test_numbers_of_others_lead_nowhere() -> None:
    """Someone with rights in one place tries every number they can think of."""
    mine = make_fabrique(members=[make_territory()]).participations.get()
    theirs = make_fabrique(members=[make_territory()]).participations.get()
    officer = make_membership(role="elected", participation=mine).user
    victim = make_membership(role="officer", participation=theirs)
    own = Membership.objects.get(user=officer)
    client = Client()
    client.force_login(officer)
    assert client.get(f"/espace/roles/{own.pk}/retirer/").status_code == 200
    tried = [
        f"/espace/territoires/{theirs.pk}/",
        f"/espace/territoires/{theirs.pk}/inviter/",
        f"/espace/territoires/{theirs.pk}/relais/",
        f"/espace/territoires/{mine.pk}/relais/?de={victim.user.ref}",
        f"/espace/territoires/{mine.pk}/relais/?de=n-importe-quoi",
        f"/espace/roles/{victim.pk}/dates/",
        f"/espace/roles/{victim.pk}/retirer/",
        f"/espace/fabriques/{theirs.fabrique.code}/",
        f"/espace/personnes/{victim.user.ref}/",
        "/espace/territoires/999999/",
        "/espace/roles/999999/retirer/",
    ]
    for address in tried:
        assert client.get(address).status_code == 404, address
        assert client.post(address, {"reason": "x", "email": "a@b.fr"}).status_code == 404, address
    victim.refresh_from_db()
    assert victim.withdrawn_at is None


def test_a_role_beyond_one_s_own_cannot_be_given() -> None:
    """Neither by choosing it in the form, nor by asking for it in another place."""
    place = make_fabrique(members=[make_territory()]).participations.get()
    provider = make_membership(role="provider", fabrique=place.fabrique).user
    client = Client()
    client.force_login(provider)
    address = f"/espace/territoires/{place.pk}/inviter/"
    for role in ("elected", "steward", "provider", "", "n'importe quoi"):
        answer = client.post(address, {"email": "a@b.fr", "role": role})
        assert answer.status_code == 200, role
    assert not Invitation.objects.exists()
    assert client.get("/espace/equipe/inviter/").status_code == 404
    assert client.get(f"/espace/fabriques/{place.fabrique.code}/inviter/").status_code == 404


def test_the_key_of_a_session_changes_at_sign_in(settings: Any) -> None:
    settings.DEMO = True
    from fabriques.programme import demo

    demo.install()
    client = Client()
    client.get("/compte/connexion/")
    session = client.session
    session["trace"] = "d’avant"
    session.save()
    before = client.cookies["session"].value if "session" in client.cookies else None
    client.cookies["session"] = session.session_key
    client.post("/demonstration/entrer/lea/")
    assert client.cookies["session"].value not in (before, session.session_key)


def test_a_demonstration_does_not_exist_in_production(settings: Any) -> None:
    settings.DEMO = False
    from fabriques.programme import demo

    demo.install()
    client = Client()
    assert client.get("/demonstration/").status_code == 404
    assert client.post("/demonstration/entrer/claire/").status_code == 404
    assert client.get("/demonstration/courriels/").status_code == 404
    assert client.get("/espace/").status_code == 302


def test_every_page_carries_the_headers_that_protect_it() -> None:
    client = Client()
    client.force_login(make_user())
    for address in ("/", "/espace/", "/compte/connexion/", "/nulle-part/"):
        answer = client.get(address)
        policy = answer["Content-Security-Policy"]
        assert "unsafe-inline" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert "Referrer-Policy" in answer


def test_words_typed_by_people_are_escaped() -> None:
    fabrique = make_fabrique(members=[make_territory()])
    place = fabrique.participations.get()
    bad = "<img src=x onerror=alert(1)>"
    make_membership(make_user(bad, job=bad), role="member", participation=place)
    steward = make_membership(role="steward").user
    client = Client()
    client.force_login(steward)
    for address in (
        f"/espace/fabriques/{fabrique.code}/",
        f"/espace/territoires/{place.pk}/",
        "/espace/personnes/",
        f"/espace/personnes/{User.objects.get(name=bad).ref}/",
    ):
        assert bad not in client.get(address).content.decode()
