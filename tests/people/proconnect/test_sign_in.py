"""Who comes in with ProConnect, and what the site keeps of them."""

import threading
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from fabriques.kit.journal import SYSTEM, history
from fabriques.people.domain import close_account
from fabriques.people.enums import OrganisationKind
from fabriques.people.models import Organisation, User
from fabriques.people.stewardship import merge_people
from tests.factories import make_organisation, make_territory, make_user
from tests.people.proconnect.conftest import leave, sign_in, signed_in, way_back
from tests.people.proconnect.server import Key, Provider

pytestmark = pytest.mark.django_db


def verbs(subject: str) -> list[str]:
    return [entry.verb for entry in history(subject)]


def test_a_newcomer_has_an_account(client: Client, provider: Provider) -> None:
    answer = sign_in(client)

    assert answer.headers["Location"] == reverse(settings.LOGIN_REDIRECT_URL)
    user = User.objects.get()
    assert signed_in(client) == str(user.pk)
    assert (user.email, user.name) == ("maelle.legoff@brest.test", "Maëlle Le Goff")
    assert user.confirmed_at
    assert not user.has_usable_password()
    assert {"compte ouvert", "compte relié à ProConnect"} <= set(verbs(user.subject))
    assert provider.refused == []


def test_what_is_asked_of_the_provider(client: Client, provider: Provider) -> None:
    sign_in(client)
    sign_in(client)
    first, second = provider.asked
    assert len(first["state"]) >= 32
    assert len(first["nonce"]) >= 32
    assert first["state"] != second["state"]
    assert first["nonce"] != second["nonce"]
    assert set(first["scope"].split()) == {
        "openid",
        "given_name",
        "usual_name",
        "email",
        "siret",
        "idp_id",
    }
    assert first["redirect_uri"] == "http://testserver/compte/proconnect/retour/"
    assert first["code_challenge_method"] == "S256"


def test_a_provider_that_does_not_announce_pkce_is_sent_none(
    client: Client, provider: Provider
) -> None:
    provider.metadata = {"code_challenge_methods_supported": []}
    sign_in(client)
    assert signed_in(client)
    assert "code_challenge" not in provider.asked[0]


def test_keys_and_description_are_kept_a_few_minutes(client: Client, provider: Provider) -> None:
    for _ in range(3):
        sign_in(client)
    assert provider.hits[".well-known/openid-configuration"] == 1
    assert provider.hits["jwks"] == 1
    assert provider.hits["token"] == 3


def test_only_sub_and_provider_are_kept(client: Client, provider: Provider) -> None:
    sign_in(client)
    account = SocialAccount.objects.get()
    assert (account.provider, account.uid) == ("proconnect", provider.person["sub"])
    assert account.extra_data == {"idp_id": provider.person["idp_id"]}
    assert not SocialToken.objects.exists()
    kept = Session.objects.get(pk=client.session.session_key).get_decoded()
    assert set(kept["proconnect"]) == {"user", "id_token"}
    assert not provider.tokens & {str(value) for value in kept.values()}
    assert provider.person["siret"] not in str(kept)


def test_coming_back_is_the_same_account(client: Client, provider: Provider) -> None:
    sign_in(client)
    again = Client()
    sign_in(again)
    assert signed_in(again) == signed_in(client)
    assert User.objects.count() == 1
    assert verbs(User.objects.get().subject).count("compte ouvert") == 1


def test_keys_on_a_curve(client: Client, provider: Provider) -> None:
    provider.key = Key(alg="ES256")
    provider.published = [provider.key]
    sign_in(client)
    assert signed_in(client)


def test_an_account_with_the_address_is_linked(client: Client, provider: Provider) -> None:
    user = make_user(name="", email="maelle.legoff@brest.test", confirmed_at=None)
    provider.person["email"] = "Maelle.LeGoff@Brest.test"
    sign_in(client)
    assert signed_in(client) == str(user.pk)
    user.refresh_from_db()
    assert user.confirmed_at
    assert user.name == "Maëlle Le Goff"
    assert "compte relié à ProConnect" in verbs(user.subject)


def test_a_name_that_the_person_chose_stays(client: Client, provider: Provider) -> None:
    user = make_user("Maëlle L.", email=provider.person["email"])
    sign_in(client)
    user.refresh_from_db()
    assert user.name == "Maëlle L."


def test_the_same_person_through_another_identity_provider(
    client: Client, provider: Provider
) -> None:
    sign_in(client)
    provider.person |= {"sub": "another-sub", "idp_id": "another-idp"}
    other = Client()
    sign_in(other)
    assert signed_in(other) == signed_in(client)
    assert SocialAccount.objects.filter(user=User.objects.get()).count() == 2
    assert verbs(User.objects.get().subject).count("compte relié à ProConnect") == 2


def test_another_address_at_the_provider_changes_nothing(
    client: Client, provider: Provider
) -> None:
    sign_in(client)
    user = User.objects.get()
    stranger = make_user(email="m.legoff@etat.test")
    provider.person["email"] = stranger.email
    for _ in range(2):
        sign_in(client)
        assert signed_in(client) == str(user.pk)
    user.refresh_from_db()
    assert user.email == "maelle.legoff@brest.test"
    notes = [e for e in history(user.subject) if e.verb == "autre adresse chez ProConnect"]
    assert [note.after for note in notes] == [{"email": "m.legoff@etat.test"}]


def test_two_first_arrivals_at_once_make_one_account(
    transactional_db: None, provider: Provider
) -> None:
    """Both answers of the provider wait for each other: the two writes follow at once."""
    both = threading.Barrier(2, timeout=10)
    sign = provider.sign

    def together(claims: dict[str, Any]) -> str:
        if "email" in claims:
            both.wait()
        return str(sign(claims))

    provider.sign = together
    clients = [Client(), Client()]
    addresses = [way_back(leave(client)) for client in clients]

    def come_back(client: Client, address: str) -> None:
        from django.db import connection

        client.get(address)
        connection.close()

    threads = [
        threading.Thread(target=come_back, args=pair)
        for pair in zip(clients, addresses, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.objects.count() == 1
    assert {signed_in(client) for client in clients} == {str(User.objects.get().pk)}


# --- Refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", ["by its sub", "by its address"])
@pytest.mark.parametrize("erased", [False, True])
def test_a_closed_account_stays_closed(
    client: Client, provider: Provider, known: str, erased: bool
) -> None:
    user = make_user(email=provider.person["email"])
    if known == "by its sub":
        SocialAccount.objects.create(user=user, provider="proconnect", uid=provider.person["sub"])
    user.is_active = False
    user.erased_at = timezone.now() if erased else None
    user.save()
    answer = sign_in(client)
    assert answer.status_code == 403
    assert "votre compte sur ce site a été fermé ou effacé" in answer.content.decode()
    assert "code par courriel" not in answer.content.decode()
    assert not signed_in(client)
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "claims", [{"email": None}, {"email": "pas une adresse"}, {"email_verified": False}]
)
def test_without_a_proved_address_there_is_no_account(
    client: Client, provider: Provider, claims: dict[str, Any]
) -> None:
    make_user(email=provider.person["email"])
    provider.userinfo_claims = claims
    answer = sign_in(client)
    assert answer.status_code == 403
    assert "adresse vérifiée" in answer.content.decode()
    assert not signed_in(client)
    assert User.objects.count() == 1


def test_a_known_person_needs_no_address(client: Client, provider: Provider) -> None:
    sign_in(client)
    provider.userinfo_claims = {"email": None}
    back = Client()
    sign_in(back)
    assert signed_in(back) == signed_in(client)


def test_names_are_lines_of_text(client: Client, provider: Provider) -> None:
    provider.userinfo_claims = {"given_name": "Ma\0ë\nlle" + "é" * 200, "usual_name": ["Le Goff"]}
    sign_in(client)
    assert User.objects.get().name == ("Maëlle" + "é" * 200)[:150]


# --- Organisation -------------------------------------------------------------------------------


def test_the_siret_of_a_territory_makes_its_organisation(
    client: Client, provider: Provider
) -> None:
    brest = make_territory("epci", name="Brest Métropole", siren="242900314")
    sign_in(client)
    organisation = Organisation.objects.get()
    assert User.objects.get().organisation == organisation
    assert organisation.name == "Brest Métropole"
    assert organisation.kind == OrganisationKind.TERRITORY
    assert organisation.territory == brest
    assert organisation.slug == "brest-metropole-242900314"
    assert verbs(organisation.subject) == ["organisation créée"]


def test_an_unknown_siren_is_left_for_stewards_to_name(client: Client, provider: Provider) -> None:
    provider.person["siret"] = "123 456 789 00012"
    sign_in(client)
    organisation = User.objects.get().organisation
    assert organisation is not None
    assert organisation.name == "Organisation SIREN 123 456 789"
    assert (organisation.kind, organisation.siren) == (OrganisationKind.UNKNOWN, "123456789")


def test_a_territory_that_disappeared_names_nobody(client: Client, provider: Provider) -> None:
    make_territory("epci", siren="242900314", closed_on=timezone.localdate())
    sign_in(client)
    assert Organisation.objects.get().kind == OrganisationKind.UNKNOWN


def test_a_known_siren_is_joined(client: Client, provider: Provider) -> None:
    known = make_organisation(siren="242900314")
    sign_in(client)
    user = User.objects.get()
    assert user.organisation == known
    assert "organisation donnée par ProConnect" in verbs(user.subject)
    assert verbs(known.subject) == []


def test_an_organisation_is_never_replaced(client: Client, provider: Provider) -> None:
    mine = make_organisation(siren="130026032")
    user = make_user(email=provider.person["email"], organisation=mine)
    for _ in range(2):
        sign_in(client)
    user.refresh_from_db()
    assert user.organisation == mine
    assert Organisation.objects.count() == 1
    notes = [e for e in history(user.subject) if e.verb == "autre organisation chez ProConnect"]
    assert [note.after for note in notes] == [{"siren": "242900314"}]


@pytest.mark.parametrize(
    "siret", [None, "", "abc", "242900314", "2429003140001é", "٢" * 14, 24290031400016, ["x"]]
)
def test_a_siret_that_is_none_changes_nothing(
    client: Client, provider: Provider, siret: object
) -> None:
    provider.userinfo_claims = {"siret": siret}
    sign_in(client)
    assert signed_in(client)
    assert not Organisation.objects.exists()


# --- The session --------------------------------------------------------------------------------


def test_the_session_changes_its_name_at_sign_in(client: Client, provider: Provider) -> None:
    address = way_back(leave(client))
    before = client.session.session_key
    client.get(address)
    assert signed_in(client)
    assert client.session.session_key != before
    assert not Session.objects.filter(pk=before).exists()


def test_who_is_signed_in_leaves_the_place(client: Client, provider: Provider) -> None:
    other = make_user()
    client.force_login(other, backend=settings.AUTHENTICATION_BACKENDS[0])
    client.session["private"] = "to the other person"
    sign_in(client)
    assert signed_in(client) == str(User.objects.get(email=provider.person["email"]).pk)
    assert "private" not in client.session


def test_a_safe_address_is_where_one_goes_next(client: Client, provider: Provider) -> None:
    assert sign_in(client, next="/espace/profil/").headers["Location"] == "/espace/profil/"


@pytest.mark.parametrize(
    "address",
    [
        "https://mechant.test/",
        "//mechant.test/",
        "javascript:alert(1)",
        "/\\mechant.test",
        "\n//x.test",
    ],
)
def test_no_open_redirect(client: Client, provider: Provider, address: str) -> None:
    answer = sign_in(client, next=address)
    assert answer.headers["Location"] == reverse(settings.LOGIN_REDIRECT_URL)


def test_a_second_factor_is_still_asked(client: Client, provider: Provider) -> None:
    user = make_user(email=provider.person["email"])
    secret = "JBSWY3DPEHPK3PXP"
    TOTP.activate(user, secret)
    answer = sign_in(client, next="/espace/profil/")
    assert answer.headers["Location"] == reverse("mfa_authenticate")
    assert not signed_in(client)
    kept = Session.objects.get(pk=client.session.session_key).get_decoded()
    assert not any(token in str(kept) for token in provider.tokens)

    counter = next(iter(yield_hotp_counters_from_time()))
    code = format_hotp_value(hotp_value(secret, counter))
    answer = client.post(reverse("mfa_authenticate"), {"code": code})
    assert signed_in(client) == str(user.pk)
    assert answer.headers["Location"] == "/espace/profil/"
    assert Authenticator.objects.get().last_used_at


def test_an_address_that_a_closed_account_has_proved_opens_nothing(
    client: Client, provider: Provider
) -> None:
    kept, gone = make_user(), make_user(email=provider.person["email"])
    merge_people(kept=kept, gone=gone, actor=SYSTEM)
    close_account(user=kept, actor=SYSTEM)
    assert sign_in(client).status_code == 403
    assert signed_in(client) == ""
    assert User.objects.count() == 2
