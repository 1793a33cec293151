"""Second factors are kept under the secret key of the site; what happens when it changes."""

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client, override_settings

from fabriques.people.models import User
from fabriques.people.signin.adapter import SecondFactorAdapter
from tests.factories import make_user
from tests.guards import GuardedClient
from tests.people.signin.doors import (
    SECURITY,
    add_application,
    application_code,
    is_signed_in,
    recovery_codes,
    said,
    sign_in,
)

pytestmark = pytest.mark.django_db
FACTOR = f"{SECURITY}second-facteur/"
ADD = f"{SECURITY}application/ajouter/"
REMOVE = f"{SECURITY}application/retirer/"
CODES = f"{SECURITY}secours/"
LOST = "Le site ne peut plus lire ce second facteur : sa clé secrète a changé."


@pytest.fixture
def user() -> User:
    return make_user("Jeanne Martin")


@pytest.fixture
def inside(client: Client, user: User) -> Client:
    sign_in(client, user.email)
    return client


def half_way(user: User) -> Client:
    browser = GuardedClient()
    assert sign_in(browser, user.email).url == FACTOR
    return browser


def under_a_lost_key(user: User, *types: str) -> None:
    """What these factors keep, as if it had been written under a key that nobody has now."""
    for factor in Authenticator.objects.filter(user=user, type__in=types).order_by("pk"):
        for name in {"secret", "seed"} & set(factor.data):
            text = SecondFactorAdapter().decrypt(factor.data[name])
            with override_settings(SECRET_KEY="perdue"):
                factor.data[name] = SecondFactorAdapter().encrypt(text)
        factor.save()


def test_the_former_key_still_opens(inside: Client, user: User, settings) -> None:
    secret = add_application(inside)
    codes = recovery_codes(inside.post(f"{CODES}renouveler/", follow=True))
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "une-nouvelle-cle"
    for code in (application_code(secret), codes[0]):
        browser = half_way(user)
        browser.post(FACTOR, {"code": code})
        assert is_signed_in(browser)
    page = said(browser.get(SECURITY))
    assert "ne peut plus lire" not in page
    assert "Il vous en reste 9." in page


def test_without_the_former_key_the_second_step_says_why(
    inside: Client, user: User, settings, caplog: pytest.LogCaptureFixture
) -> None:
    secret = add_application(inside)
    codes = recovery_codes(inside.post(f"{CODES}renouveler/", follow=True))
    settings.SECRET_KEY = "une-nouvelle-cle"
    for code in (application_code(secret), codes[0]):
        browser = half_way(user)
        page = browser.post(FACTOR, {"code": code})
        assert page.status_code == 200
        assert LOST in said(page)
        assert not is_signed_in(browser)
    assert "SECRET_KEY_FALLBACKS" in caplog.text


def test_the_page_of_the_account_says_what_to_do(inside: Client, user: User) -> None:
    secret = add_application(inside)
    under_a_lost_key(user, "totp", "recovery_codes")
    page = said(inside.get(SECURITY))
    assert "ne peut plus lire votre application ni vos codes de secours" in page
    assert "Retirez l’application, puis ajoutez-la à nouveau" in page
    assert "Il vous en reste" not in page
    assert LOST in said(
        inside.post(f"{SECURITY}confirmer/", {"code": application_code(secret, ago=1)})
    )
    inside.post(REMOVE)
    add_application(inside)
    assert "ne peut plus lire" not in said(inside.get(SECURITY))


def test_recovery_codes_that_cannot_be_read_are_made_anew(inside: Client, user: User) -> None:
    add_application(inside)
    under_a_lost_key(user, "recovery_codes")
    page = inside.get(CODES, follow=True)
    assert page.redirect_chain == [(SECURITY, 302)]
    assert "ne peut plus lire vos codes de secours" in said(page)
    assert "Vous recevrez dix codes." in said(inside.get(f"{CODES}renouveler/"))
    assert len(recovery_codes(inside.post(f"{CODES}renouveler/", follow=True))) == 10
    assert "Il vous en reste 10." in said(inside.get(SECURITY))
