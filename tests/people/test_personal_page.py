"""The page about one's own data, and the cookies that the public page promises."""

from datetime import date

import pytest
from django.conf import settings
from django.test import Client

from fabriques.kit import purposes
from tests.factories import make_organisation, make_user

pytestmark = pytest.mark.django_db


def test_the_page_says_what_is_held_why_and_until_when(client: Client) -> None:
    user = make_user(
        "Léa Martin",
        job="Directrice",
        organisation=make_organisation(name="Ville d’essai"),
        seen_on=date(2026, 11, 25),
    )
    client.force_login(user)
    html = client.get("/espace/mes-donnees/").content.decode()
    for text in (user.email, "Léa Martin", "Directrice", "Ville d’essai", "25 novembre 2029"):
        assert text in html
    for purpose in purposes.purposes():
        assert purpose.title in html
        assert purpose.retention_text in html


def test_an_almost_empty_account_has_its_page(client: Client) -> None:
    client.force_login(make_user(""))
    html = client.get("/espace/mes-donnees/").content.decode()
    assert html.count("non renseigné") == 3


def test_a_name_with_html_is_shown_as_it_is(client: Client) -> None:
    client.force_login(make_user("<b>Léa</b>"))
    html = client.get("/espace/mes-donnees/").content.decode()
    assert "<b>Léa" not in html
    assert "&lt;b&gt;Léa" in html


@pytest.mark.parametrize("address", ["", "effacer/"])
def test_a_visitor_is_asked_to_sign_in(client: Client, address: str) -> None:
    response = client.get(f"/espace/mes-donnees/{address}")
    assert response.status_code == 302
    assert response["Location"].endswith(f"?next=/espace/mes-donnees/{address}")


def test_every_cookie_that_is_set_is_told(client: Client) -> None:
    public = client.get("/donnees-personnelles/").content.decode()
    client.force_login(make_user())
    client.get("/espace/mes-donnees/")
    client.post("/espace/mes-donnees/accords/", {"accepted": ["directory"]})
    told = set(client.cookies)
    assert {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME} <= told
    for name in told:
        assert f"<code>{name}</code>" in public
