"""Invitations: one link, one address, one use."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from fabriques.kit.journal import Actor
from fabriques.kit.outbox.models import Mail
from fabriques.people.models import User
from fabriques.programme import abilities, domain
from fabriques.programme.enums import MemberRole
from fabriques.programme.models import Invitation, Membership, Participation
from fabriques.programme.scopes import Scope
from tests.factories import make_fabrique, make_membership, make_territory, make_user

pytestmark = pytest.mark.django_db
ANCT = Actor("équipe nationale")


@pytest.fixture
def place() -> Participation:
    fabrique = make_fabrique(title="Bien vieillir", members=[make_territory(name="Jonzac")])
    return fabrique.participations.get()


@pytest.fixture
def inviter(place: Participation) -> User:
    return make_membership(make_user("Thomas"), role="officer", participation=place).user


def invite(place: Participation, inviter: User, email: str = "maire@jonzac.fr", **fields):
    return domain.invite(
        email=email,
        role=fields.pop("role", MemberRole.ELECTED),
        scope=Scope(participation=place),
        inviter=inviter,
        actor=ANCT,
        **fields,
    )


def link(invitation: Invitation) -> str:
    return f"/invitation/{domain.token_of(invitation)}/"


def enter(client: Client, user: User) -> User:
    client.force_login(user)
    return user


def test_the_token_is_nowhere_in_the_database(place, inviter) -> None:
    invitation = invite(place, inviter)
    token = domain.token_of(invitation)
    stored = [str(row) for row in (*Invitation.objects.values(), *Mail.objects.values())]
    assert not any(token in row for row in stored)
    assert Mail.objects.get(kind="invitation").address == "maire@jonzac.fr"
    assert domain.by_token(token) == invitation
    assert domain.by_token(token[:-1]) is None


def test_the_page_says_what_is_offered_before_anything_is_accepted(client, place, inviter) -> None:
    invitation = invite(place, inviter)
    page = client.get(link(invitation))
    text = page.content.decode()
    for words in ("Élu·e référent·e", "Jonzac", "Bien vieillir", "Thomas", "m•••@jonzac.fr"):
        assert words in text
    assert "maire@jonzac.fr" not in text
    assert f"/compte/connexion/?next={link(invitation)}" in text
    assert page["Cache-Control"] == "private, no-store"
    assert not Membership.objects.filter(role="elected").exists()


def test_accepting_gives_the_role_once(client, place, inviter) -> None:
    invitation = invite(place, inviter)
    user = enter(client, make_user(email="maire@jonzac.fr"))
    done = client.post(link(invitation), follow=True)
    assert "Bienvenue" in done.content.decode()
    assert abilities.participation_abilities(User.objects.get(pk=user.pk), place).give_elected
    held = Membership.objects.get(user=user)
    assert held.given_by == "équipe nationale"
    second = client.post(link(invitation))
    assert second.status_code == 409
    assert "déjà été acceptée" in second.content.decode()
    assert Membership.objects.filter(user=user).count() == 1


def test_a_forwarded_link_gives_nothing(client, place, inviter) -> None:
    invitation = invite(place, inviter)
    enter(client, make_user(email="curieux@ailleurs.fr"))
    page = client.get(link(invitation)).content.decode()
    assert "pour une autre adresse" in page
    refused = client.post(link(invitation))
    assert refused.status_code == 409
    assert "m•••@jonzac.fr" in refused.content.decode()
    assert not Membership.objects.filter(role="elected").exists()
    assert Invitation.objects.get().accepted_at is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cancelled_at": timezone.now()}, "a été annulée"),
        ({"expires_at": timezone.now() - timedelta(hours=1)}, "n’est plus valable"),
        ({"accepted_at": timezone.now()}, "a déjà été acceptée"),
    ],
)
def test_a_spent_link_says_why(client, place, inviter, change, words) -> None:
    invitation = invite(place, inviter)
    Invitation.objects.update(**change)
    enter(client, make_user(email="maire@jonzac.fr"))
    assert words in client.get(link(invitation)).content.decode()
    assert client.post(link(invitation)).status_code == 409
    assert not Membership.objects.filter(role="elected").exists()


def test_an_unknown_link_is_not_found(client) -> None:
    assert client.get("/invitation/n-importe-quoi/").status_code == 404


def test_somebody_already_in_is_not_invited(place, inviter) -> None:
    make_membership(make_user(email="maire@jonzac.fr"), role="elected", participation=place)
    with pytest.raises(ValidationError, match="a déjà ce rôle"):
        invite(place, inviter, email="  Maire@Jonzac.FR ")
    assert not Invitation.objects.exists()


def test_two_invitations_at_once_make_one(place, inviter) -> None:
    invite(place, inviter)
    with pytest.raises(ValidationError, match="est déjà partie"):
        invite(place, inviter)
    assert Invitation.objects.count() == 1
    Invitation.objects.update(expires_at=timezone.now())
    assert invite(place, inviter).is_valid


def test_sending_again_voids_the_link_before(place, inviter) -> None:
    invitation = invite(place, inviter)
    old = domain.token_of(invitation)
    domain.send_again(invitation=invitation, actor=ANCT)
    invitation.refresh_from_db()
    assert domain.by_token(old) is None
    assert domain.by_token(domain.token_of(invitation)) == invitation
    domain.cancel_invitation(invitation=invitation, actor=ANCT)
    with pytest.raises(ValidationError, match="annulée"):
        domain.send_again(invitation=invitation, actor=ANCT)


def test_a_hand_over_happens_when_it_is_accepted(place, inviter) -> None:
    invitation = invite(
        place, inviter, email="suite@jonzac.fr", role=MemberRole.OFFICER, giver=inviter
    )
    assert abilities.participation_abilities(inviter, place).open
    receiver = make_user(email="suite@jonzac.fr")
    domain.accept(invitation=invitation, user=receiver)
    assert not abilities.participation_abilities(User.objects.get(pk=inviter.pk), place).open
    assert abilities.participation_abilities(receiver, place).give_member


def test_a_hand_over_to_oneself_is_refused(place, inviter) -> None:
    with pytest.raises(ValidationError, match="votre adresse"):
        invite(place, inviter, email=inviter.email, role=MemberRole.OFFICER, giver=inviter)


def test_the_form_keeps_what_was_typed_and_says_what_is_wrong(client, place, inviter) -> None:
    enter(client, inviter)
    address = f"/espace/territoires/{place.pk}/inviter/"
    answer = client.post(address, {"email": "pas une adresse", "role": "elected"})
    page = answer.content.decode()
    assert "n’a pas la forme nom@domaine.fr" in page
    assert 'value="pas une adresse"' in page
    assert client.post(address, {"email": "a@b.fr", "role": "provider"}).status_code == 200
    assert not Invitation.objects.exists()
    done = client.post(address, {"email": "a@b.fr", "role": "elected"}, follow=True)
    assert "Invitation envoyée à a@b.fr" in done.content.decode()
