"""The signed-in space: each one's home, and what stewards do with people and organisations."""

import io
import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from fabriques.kit import journal
from fabriques.kit.journal import Actor
from fabriques.kit.outbox.models import Mail
from fabriques.people.models import Organisation, User
from fabriques.programme import abilities, domain
from fabriques.programme.enums import MemberRole
from fabriques.programme.models import Membership
from fabriques.programme.scopes import Scope
from fabriques.programme.volumetry import generate_people
from tests.factories import (
    make_fabrique,
    make_membership,
    make_organisation,
    make_partnership,
    make_territory,
    make_user,
)
from tests.guards import GuardedClient

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _without_second_factor(settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = False


@pytest.fixture
def steward() -> User:
    make_membership(role="steward")  # another one: this one is never the last
    return make_membership(make_user("Claire Fontaine"), role="steward").user


def as_(user: User) -> Client:
    client = GuardedClient()
    client.force_login(user)
    return client


def text(answer) -> str:
    """What the page says, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


# --- Home -------------------------------------------------------------------------------------


def test_a_newcomer_is_told_what_to_do(client) -> None:
    user = make_user("Léa Morin")
    page = text(as_(user).get("/espace/"))
    assert "Vous n’avez encore aucun rôle" in page
    assert user.email in page
    assert "Piloter la plateforme" not in page


def test_home_says_what_is_to_come_and_what_is_over(client) -> None:
    place = make_fabrique(members=[make_territory(name="Jonzac")]).participations.get()
    user = make_user()
    later = timezone.localdate() + timedelta(days=30)
    held = domain.give_role(
        user=user,
        role=MemberRole.MEMBER,
        scope=Scope(participation=place),
        actor=Actor("essai"),
        starts_on=later,
    )
    page = text(as_(user).get("/espace/"))
    assert "À partir du" in page
    assert "aucun rôle" not in page
    domain.withdraw_role(membership=held, actor=Actor("essai"), reason="changement")
    page = text(as_(user).get("/espace/"))
    assert "Vous n’avez plus de rôle" in page
    assert "rôle retiré" in page  # somebody who reads no team's history still reads their own


def test_home_shows_what_awaits_and_what_one_holds() -> None:
    fabrique = make_fabrique(title="Bien vieillir", members=[make_territory(name="Jonzac")])
    place = fabrique.participations.get()
    user = make_membership(make_user(), role="officer", participation=place).user
    page = text(as_(user).get("/espace/"))
    assert "Invitez l’élu·e référent·e" in page
    assert "Jonzac" in page
    assert "Bien vieillir" in page
    make_membership(role="elected", participation=place)
    assert "Invitez l’élu·e référent·e" not in text(as_(user).get("/espace/"))


def test_a_steward_sees_the_last_changes_of_all(steward) -> None:
    other = make_user("Awa")
    journal.record(subject=other.subject, verb="compte rouvert", actor="essai")
    assert "compte rouvert" in text(as_(steward).get("/espace/"))
    assert "compte rouvert" not in text(as_(make_user()).get("/espace/"))


def test_the_history_of_a_team_is_for_those_who_may_read_it() -> None:
    fabrique = make_fabrique(members=[make_territory()])
    place = fabrique.participations.get()
    member = make_membership(make_user(), role="member", participation=place).user
    partner = make_membership(make_user(), role="partner", fabrique=fabrique).user
    officer = make_membership(make_user(), role="officer", participation=place).user
    gone = make_membership(make_user("Paul"), role="member", participation=place)
    domain.withdraw_role(membership=gone, actor=Actor("essai"), reason="conflit")
    for user, told in ((member, False), (partner, False), (officer, True)):
        for address in ("/espace/", f"/espace/territoires/{place.pk}/"):
            assert ("conflit" in text(as_(user).get(address))) is told


def test_somebody_without_a_name_is_not_shown_by_their_address() -> None:
    fabrique = make_fabrique(members=[make_territory("epci"), make_territory()])
    place, beside = fabrique.participations.order_by("pk")
    make_membership(make_user("", email="secret@ici.fr"), role="member", participation=place)
    neighbour = make_membership(role="officer", participation=beside).user
    page = as_(neighbour).get(f"/espace/fabriques/{fabrique.code}/").content.decode()
    assert "Personne sans nom" in page
    assert "secret@ici.fr" not in page


def test_a_nul_character_is_only_a_character(steward) -> None:
    for page in ("/espace/personnes/", "/espace/organisations/"):
        assert as_(steward).get(page, {"q": "a\0b"}).status_code == 200


def test_what_is_public_needs_no_account_and_stays_in_caches(client) -> None:
    make_fabrique(code="fabp-77", slug="fabp-77-essai", indexed=True)
    page = client.get("/fabriques/fabp-77-essai/")
    assert page.status_code == 200
    assert page["Cache-Control"].startswith("public")
    assert "Vary" not in page or "Cookie" not in page["Vary"]
    private = as_(make_user()).get("/espace/")
    assert private["Cache-Control"] == "private, no-store"


def test_names_on_the_public_page_never_come_from_the_team(client) -> None:
    """The history of a team is not the history of the facts."""
    fabrique = make_fabrique(code="fabp-78", slug="fabp-78-essai", indexed=True)
    provider = make_membership(make_user("Hugo Marchal"), role="provider", fabrique=fabrique)
    domain.withdraw_role(membership=provider, actor=Actor("essai"))
    assert "Hugo" not in client.get("/fabriques/fabp-78-essai/").content.decode()


# --- Addresses are seen by those who may ------------------------------------------------------


def test_addresses_are_shown_to_those_who_may_and_by_consent() -> None:
    from fabriques.people.enums import Subject
    from fabriques.people.personal.consents import give_consent, withdraw_consent

    fabrique = make_fabrique(members=[make_territory("epci"), make_territory()])
    place, beside = fabrique.participations.order_by("pk")
    member = make_membership(make_user(email="awa@ici.fr"), role="member", participation=place).user
    neighbour = make_membership(role="officer", participation=beside).user
    colleague = make_membership(role="member", participation=place).user
    provider = make_membership(role="provider", fabrique=fabrique).user
    address = f"/espace/fabriques/{fabrique.code}/"
    assert "awa@ici.fr" in text(as_(colleague).get(address))
    assert "awa@ici.fr" in text(as_(provider).get(address))
    assert "awa@ici.fr" not in text(as_(neighbour).get(address))
    give_consent(user=member, subject=Subject.DIRECTORY)
    assert "awa@ici.fr" in text(as_(neighbour).get(address))
    withdraw_consent(user=member, subject=Subject.DIRECTORY)
    assert "awa@ici.fr" not in text(as_(neighbour).get(address))


# --- People and organisations -----------------------------------------------------------------


def test_two_people_who_edit_the_same_sheet_see_the_difference(steward) -> None:
    organisation = make_organisation(name="OFB", siren="130025927")
    client = as_(steward)
    address = f"/espace/organisations/{organisation.slug}/modifier/"
    fields = {"name": "Office", "acronym": "OFB", "kind": "operator", "siren": "130025927"}
    served = re.search(r'name="version" value="(\d+)"', client.get(address).content.decode())
    assert served
    assert client.post(address, {**fields, "version": served[1]}).status_code == 302
    late = client.post(address, {**fields, "name": "Office français", "version": 1})
    assert late.status_code == 200
    page = text(late)
    assert "Quelqu’un a modifié cette fiche" in page
    assert "Office français" in page
    assert Organisation.objects.get().name == "Office"
    version = re.search(r'name="version" value="(\d+)"', late.content.decode())
    assert version
    client.post(address, {**fields, "name": "Office français", "version": version[1]})
    assert Organisation.objects.get().name == "Office français"


def test_a_wrong_siren_is_refused_beside_its_field(steward) -> None:
    make_organisation(siren="130025927")
    other = make_organisation()
    address = f"/espace/organisations/{other.slug}/modifier/"
    fields = {"name": "X", "kind": "firm", "version": 1}
    for siren, words in (("12", "neuf chiffres"), ("130025927", "porte déjà ce SIREN")):
        assert words in text(as_(steward).post(address, {**fields, "siren": siren}))


def test_an_organisation_is_added_under_a_name_of_its_own(steward) -> None:
    client = as_(steward)
    fields = {"name": "Mairie d’Ambert", "kind": "territory", "siren": "216 300 038", "version": 1}
    client.post("/espace/organisations/nouvelle/", fields)
    again = client.post("/espace/organisations/nouvelle/", fields)
    assert "porte déjà ce SIREN" in text(again)
    assert "Mairie d’Ambert" in again.content.decode()
    client.post("/espace/organisations/nouvelle/", fields | {"siren": ""})
    slugs = Organisation.objects.order_by("slug").values_list("slug", flat=True)
    assert list(slugs) == ["mairie-dambert", "mairie-dambert-2"]
    assert journal.history("organisation:mairie-dambert")[0].verb == "organisation créée"


def test_a_logo_is_checked_by_its_content(steward) -> None:
    organisation = make_organisation()
    address = f"/espace/organisations/{organisation.slug}/modifier/"
    fields = {"name": organisation.name, "kind": "operator", "version": 1}
    false = io.BytesIO(b"<script>alert(1)</script>")
    false.name = "logo.png"
    assert as_(steward).post(address, {**fields, "logo": false}).status_code == 200
    assert not Organisation.objects.get().logo
    true = io.BytesIO()
    Image.new("RGB", (40, 20), "navy").save(true, "PNG")
    true.seek(0)
    true.name = "logo.png"
    assert as_(steward).post(address, {**fields, "logo": true}).status_code == 302
    shown = as_(steward).get(f"/espace/organisations/{organisation.slug}/logo/")
    assert shown["Content-Type"] == "image/png"
    assert shown["X-Content-Type-Options"] == "nosniff"


def test_organisations_merge_after_a_preview(steward) -> None:
    kept, gone = make_organisation(name="Mairie de Brest"), make_organisation(name="Ville de Brest")
    make_user("Awa", organisation=gone)
    client = as_(steward)
    address = f"/espace/organisations/{kept.slug}/fusionner/"
    preview = client.post(address, {"other": gone.slug})
    assert "Personnes : 1" in text(preview)
    assert Organisation.objects.count() == 2
    client.post(address, {"other": gone.slug, "confirmer": gone.slug, "reason": "doublon"})
    assert Organisation.objects.get() == kept
    assert User.objects.get(name="Awa").organisation == kept
    assert list(kept.former_names.values_list("name", flat=True)) == ["Ville de Brest"]
    assert journal.history(kept.subject)[0].reason == "doublon"


def test_organisations_that_cannot_merge_say_why(steward) -> None:
    kept = make_organisation(name="A", siren="111111111")
    other = make_organisation(name="B", siren="222222222")
    named = make_organisation(name="C")
    make_partnership(fabrique=make_fabrique(), organisation=named)
    client = as_(steward)
    address = f"/espace/organisations/{kept.slug}/fusionner/"
    for slug, words in (
        (kept.slug, "la même organisation"),
        (other.slug, "deux SIREN"),
        (named.slug, "l’histoire des fabriques"),
        ("rien", "Aucune organisation"),
        ("", "lequel est le doublon"),
    ):
        page = text(client.post(address, {"other": slug, "confirmer": slug}))
        assert words in page
    assert {"A", "B", "C"} <= set(Organisation.objects.values_list("name", flat=True))


def test_accounts_merge_after_a_preview(steward) -> None:
    fabrique = make_fabrique(members=[make_territory()])
    place = fabrique.participations.get()
    kept = make_user("Awa Diop", email="awa@ville.fr")
    gone = make_user("A. Diop", email="awa@perso.fr")
    make_membership(kept, role="member", participation=place)
    make_membership(gone, role="member", participation=place)
    make_membership(gone, role="officer", participation=place)
    client = as_(steward)
    other = as_(gone)
    assert other.get("/espace/").status_code == 200
    address = f"/espace/personnes/{kept.ref}/fusionner/"
    preview = text(client.post(address, {"other": "awa@perso.fr"}))
    assert "Rôles : 1 (1 déjà là" in preview
    assert Membership.objects.filter(user=gone, withdrawn_at=None).count() == 2
    client.post(address, {"other": "awa@perso.fr", "confirmer": str(gone.ref)})
    roles = Membership.objects.filter(user=kept, withdrawn_at=None)
    assert {m.role for m in roles} == {"member", "officer"}
    gone.refresh_from_db()
    assert not gone.is_active
    assert "awa" not in gone.email
    from fabriques.people.queries import user_by_address

    assert user_by_address("awa@perso.fr") == kept
    assert other.get("/espace/").status_code == 302


def test_a_merge_does_what_was_shown_and_nothing_else(steward) -> None:
    kept, shown, other = make_user("A"), make_user("B"), make_user("C")
    client = as_(steward)
    page = client.post(
        f"/espace/personnes/{kept.ref}/fusionner/",
        {"other": other.email, "confirmer": str(shown.ref)},
    )
    assert page.status_code == 200
    other.refresh_from_db()
    assert other.is_active


def test_closing_an_account_ends_roles_and_connections(steward) -> None:
    place = make_fabrique(members=[make_territory()]).participations.get()
    user = make_membership(make_user("Awa"), role="officer", participation=place).user
    theirs = as_(user)
    assert theirs.get("/espace/").status_code == 200
    assert "Dites pourquoi" in text(
        as_(steward).post(f"/espace/personnes/{user.ref}/fermer/", {"reason": ""})
    )
    as_(steward).post(f"/espace/personnes/{user.ref}/fermer/", {"reason": "départ"})
    assert theirs.get("/espace/").status_code == 302
    assert not Membership.objects.filter(user=user, withdrawn_at=None).exists()
    as_(steward).post(f"/espace/personnes/{user.ref}/rouvrir/")
    user.refresh_from_db()
    assert user.is_active
    assert not abilities.participation_abilities(user, place).open


def test_somebody_locked_out_is_let_in_again_and_told(steward) -> None:
    user = make_user("Awa", email="awa@ville.fr")
    client = as_(steward)
    address = f"/espace/personnes/{user.ref}/second-facteur/"
    assert "n’a pas de second facteur" in text(client.post(address, {"reason": "perdu"}))
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    theirs = as_(user)
    assert theirs.get("/espace/").status_code == 200
    assert "Retirer le second facteur" in text(client.get(f"/espace/personnes/{user.ref}/"))
    client.post(address, {"reason": "téléphone perdu, appel du 3 mars"})
    assert not Authenticator.objects.exists()
    assert theirs.get("/espace/").status_code == 302
    assert Mail.objects.get(kind="factors-removed").address == "awa@ville.fr"
    assert journal.history(user.subject)[0].verb == "seconds facteurs retirés"
    own = f"/espace/personnes/{steward.ref}/second-facteur/"
    assert client.get(own).status_code == 404


def test_the_last_steward_cannot_be_closed_nor_erased() -> None:
    only = make_membership(make_user("Claire"), role="steward").user
    client = as_(only)
    assert client.post(f"/espace/personnes/{only.ref}/fermer/", {"reason": "x"}).status_code == 404
    page = client.post(f"/espace/personnes/{only.ref}/effacer/", {"reason": "essai"})
    assert "dernière personne de l’équipe nationale" in text(page)
    only.refresh_from_db()
    assert only.is_active


def test_attaching_a_person_leaves_a_trace(steward) -> None:
    organisation = make_organisation(name="Mairie de Jonzac", acronym="")
    user = make_user("Awa")
    client = as_(steward)
    address = f"/espace/personnes/{user.ref}/rattacher/"
    wrong = client.post(address, {"organisation": "Mairie d’ailleurs", "version": 1})
    assert "Aucune organisation ne porte exactement ce nom" in text(wrong)
    assert "Mairie d’ailleurs" in wrong.content.decode()
    client.post(address, {"organisation": "mairie de jonzac", "version": 1, "reason": "mutation"})
    user.refresh_from_db()
    assert user.organisation == organisation
    entry = journal.history(user.subject)[0]
    assert entry.reason == "mutation"


# --- Cost -------------------------------------------------------------------------------------

PAGES = (
    "/espace/",
    "/espace/profil/",
    "/espace/droits/",
    "/espace/notifications/",
    "/espace/mes-donnees/",
    "/compte/appareils/",
    "/compte/securite/",
    "/espace/fabriques/",
    "/espace/equipe/",
    "/espace/equipe/inviter/",
    "/espace/personnes/",
    "/espace/organisations/",
    "/espace/journal/",
    "/espace/envois/",
)


@pytest.mark.parametrize("volume", [(30, 4), (500, 40)], ids=["small", "large"])
def test_every_page_of_the_space_asks_few_questions(volume, steward) -> None:
    users, fabriques = volume
    made = [make_fabrique(members=[make_territory() for _ in range(6)]) for _ in range(fabriques)]
    people = generate_people(users=users, fabriques=fabriques)
    busiest = max(
        people[1:], key=lambda u: Membership.objects.filter(user=u, withdrawn_at=None).count()
    )
    place = made[0].participations.order_by("pk")[0]
    pages = [
        *PAGES,
        f"/espace/fabriques/{made[0].code}/",
        f"/espace/territoires/{place.pk}/",
        f"/espace/territoires/{place.pk}/inviter/",
        f"/espace/personnes/{busiest.ref}/",
    ]
    counts = {}
    for user, shown in ((steward, pages), (busiest, PAGES[:7])):
        client = as_(user)
        client.get("/espace/profil/")  # the first visit of the day is noted
        for page in shown:
            with CaptureQueriesContext(connection) as seen:
                assert client.get(page).status_code == 200, page
            counts[user.name, page] = len(seen)
    # The first page asks each domain what awaits the person: one question each, however many.
    limits = {key: 20 if key[1] == "/espace/" else 15 for key in counts}
    assert {key: n for key, n in counts.items() if n >= limits[key]} == {}


def test_the_list_of_people_costs_the_same_for_one_and_for_three(steward) -> None:
    client = as_(steward)
    client.get("/espace/personnes/")
    with CaptureQueriesContext(connection) as one:
        client.get("/espace/personnes/")
    for number in range(3):
        make_user(f"Personne {number}", organisation=make_organisation())
    with CaptureQueriesContext(connection) as three:
        client.get("/espace/personnes/")
    assert len(one) == len(three)


# --- One's own role ---------------------------------------------------------------------------


def test_somebody_may_leave_a_role_of_their_own_and_nobody_else_s() -> None:
    place = make_fabrique(members=[make_territory()]).participations.get()
    mine = make_membership(role="member", participation=place)
    other = make_membership(role="member", participation=place)
    client = as_(mine.user)
    assert "Quitter ce rôle" in text(client.get(f"/espace/territoires/{place.pk}/"))
    assert client.post(f"/espace/roles/{other.pk}/retirer/").status_code == 404
    assert client.get(f"/espace/roles/{mine.pk}/dates/").status_code == 404
    assert "passez plutôt le relais" in text(client.get(f"/espace/roles/{mine.pk}/retirer/"))
    left = client.post(f"/espace/roles/{mine.pk}/retirer/", {"reason": ""})
    assert left["Location"] == "/espace/"
    assert client.get(f"/espace/territoires/{place.pk}/").status_code == 404
    other.refresh_from_db()
    assert other.withdrawn_at is None


def test_a_merge_says_how_to_name_the_duplicate(steward) -> None:
    page = text(as_(steward).get(f"/espace/personnes/{make_user().ref}/fusionner/"))
    assert "L’adresse électronique du compte en trop." in page


def test_a_newcomer_says_their_name_once_and_goes_on() -> None:
    user = make_user("")
    client = as_(user)
    wrong = client.post("/espace/bienvenue/", {"name": " ", "next": "/espace/droits/"})
    assert "Indiquez votre prénom et votre nom" in text(wrong)
    done = client.post("/espace/bienvenue/", {"name": "Awa  Diop", "next": "/espace/droits/"})
    assert done["Location"] == "/espace/droits/"
    entry = journal.history(user.subject)[0]
    assert entry.actor == "Awa Diop (personne connectée)"
