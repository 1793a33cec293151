"""Invitations: one link, one address, one use."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from fabriques.kit.journal import Actor
from fabriques.kit.outbox.models import Mail, Suppression
from fabriques.kit.outbox.recipients import digest_of, suppress
from fabriques.people.models import User
from fabriques.programme import abilities, domain
from fabriques.programme.enums import MemberRole
from fabriques.programme.models import Invitation, Membership, Participation
from fabriques.programme.notifications import InvitationLetter
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
    assert "déjà été acceptée" in second.content.decode()
    assert Membership.objects.filter(user=user).count() == 1


def test_a_forwarded_link_gives_nothing(client, place, inviter) -> None:
    invitation = invite(place, inviter)
    enter(client, make_user(email="curieux@ailleurs.fr"))
    page = client.get(link(invitation)).content.decode()
    assert "pour une autre adresse" in page
    refused = client.post(link(invitation))
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
    assert words in client.post(link(invitation)).content.decode()
    assert not Membership.objects.filter(role="elected").exists()


def test_an_invitation_does_not_outlive_the_right_to_invite(client, place, inviter) -> None:
    invitation = invite(place, inviter)
    domain.withdraw_role(membership=Membership.objects.get(user=inviter), actor=ANCT)
    enter(client, make_user(email="maire@jonzac.fr"))
    assert "n’a plus ce droit" in client.get(link(invitation)).content.decode()
    assert "n’a plus ce droit" in client.post(link(invitation)).content.decode()
    assert not Membership.objects.filter(role="elected").exists()


def test_who_may_no_longer_invite_may_not_send_again_either(client, place, inviter) -> None:
    invitation = invite(place, inviter)
    domain.withdraw_role(membership=Membership.objects.get(user=inviter), actor=ANCT)
    enter(client, inviter)
    for act in ("renvoyer", "annuler"):
        assert client.post(f"/espace/invitations/{invitation.pk}/{act}/").status_code == 404


def test_nobody_invites_themselves_nor_climbs_by_it(place) -> None:
    provider = make_membership(role="provider", fabrique=place.fabrique).user
    with pytest.raises(ValidationError, match="à soi-même"):
        invite(place, provider, email=provider.email, role=MemberRole.MEMBER)
    assert abilities.givable(provider, Scope(participation=place)) == [MemberRole.MEMBER]


def test_the_last_word_on_an_elected_role_is_not_the_officer_s(client, place, inviter) -> None:
    elected = make_membership(role="elected", participation=place)
    enter(client, inviter)
    assert client.get(f"/espace/roles/{elected.pk}/retirer/").status_code == 404
    assert client.get(f"/espace/roles/{elected.pk}/dates/").status_code == 404
    own = Membership.objects.get(user=inviter)
    assert client.get(f"/espace/roles/{own.pk}/dates/").status_code == 404


def test_a_closed_account_is_not_invited(place, inviter) -> None:
    make_user(email="maire@jonzac.fr", is_active=False)
    with pytest.raises(ValidationError, match="est fermé"):
        invite(place, inviter)


def test_a_mistyped_address_is_a_question_not_a_refusal(client, place, inviter) -> None:
    enter(client, inviter)
    address = f"/espace/territoires/{place.pk}/inviter/"
    fields = {"email": "maire@gmial.com", "role": "elected"}
    page = client.post(address, fields).content.decode()
    assert "Vouliez-vous écrire maire@gmail.com ?" in page
    assert 'name="sure" value="maire@gmial.com"' in page
    client.post(address, fields | {"sure": "maire@gmial.com"})
    assert Invitation.objects.get().email == "maire@gmial.com"


def test_guessing_links_is_slowed_and_a_good_link_is_not(client, place, inviter) -> None:
    invitation = invite(place, inviter)
    answers = {client.get(f"/invitation/{n}/").status_code for n in range(40)}
    assert answers == {404, 429}
    assert client.get(link(invitation)).status_code == 200


def test_the_hand_over_page_tells_nothing_of_accounts(client, place, inviter) -> None:
    """An address that has an account and one that has none get the same answer."""
    make_user("Quelqu’un d’autre", email="connue@ailleurs.fr")
    enter(client, inviter)
    address = f"/espace/territoires/{place.pk}/relais/"
    said = []
    for email in ("connue@ailleurs.fr", "inconnue@ailleurs.fr"):
        page = client.post(address, {"email": email}, follow=True).content.decode()
        assert "Quelqu’un d’autre" not in page
        said.append("Le relais passera quand cette personne" in page)
    assert said == [True, True]
    assert Membership.objects.get(user=inviter).withdrawn_at is None
    mine = Invitation.objects.get(email="connue@ailleurs.fr")
    client.post(f"/espace/invitations/{mine.pk}/annuler/")
    mine.refresh_from_db()
    assert mine.cancelled_at


def test_a_hand_over_shows_all_that_it_gives(client, place, inviter) -> None:
    make_membership(inviter, role="member", participation=place)
    invitation = invite(
        place, inviter, email="suite@jonzac.fr", role=MemberRole.OFFICER, giver=inviter
    )
    page = client.get(link(invitation)).content.decode()
    assert "Technicien·ne référent·e" in page
    assert "Membre du groupe local" in page
    letter = InvitationLetter().present({"invitation": invitation.pk})
    assert letter["roles"] == ["Technicien·ne référent·e", "Membre du groupe local"]


def test_somebody_of_the_fabrique_takes_over_at_once(client, place, inviter) -> None:
    colleague = make_membership(make_user("Awa"), role="provider", fabrique=place.fabrique).user
    enter(client, inviter)
    done = client.post(
        f"/espace/territoires/{place.pk}/relais/", {"email": colleague.email}, follow=True
    )
    assert "Awa prend la suite" in done.content.decode()
    assert abilities.participation_abilities(User.objects.get(pk=colleague.pk), place).hand_over


def test_an_unknown_link_is_not_found(client, settings) -> None:
    page = client.get("/invitation/n-importe-quoi/")
    assert page.status_code == 404
    assert "remplacé par un plus récent" in page.content.decode()
    settings.DEBUG = True  # a demonstration shows the same
    assert "remplacé par un plus récent" in client.get("/invitation/autre/").content.decode()


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


def test_an_address_that_said_stop_is_not_said_to_be_written_to(place, inviter) -> None:
    invitation = invite(place, inviter)
    suppress(digest_of(invitation.email), Suppression.Reason.STOP)
    with pytest.raises(ValidationError, match="ne plus recevoir"):
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
