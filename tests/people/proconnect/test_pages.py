"""The button, the way out, and a site that has no ProConnect."""

import os
import subprocess
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse

from fabriques.people.models import User
from fabriques.people.proconnect.provider import proconnect_available
from fabriques.people.proconnect.views import logout_redirect
from tests.factories import make_user
from tests.guards import check_html
from tests.people.proconnect.conftest import sign_in, signed_in
from tests.people.proconnect.server import Provider

RETURN = "/compte/proconnect/deconnexion/retour/"


def request_of(client: Client) -> HttpRequest:
    """What the sign-out view receives from this browser."""
    request = RequestFactory().post("/compte/deconnexion/")
    request.session = SessionStore(client.session.session_key)
    request.user = User.objects.filter(pk=signed_in(client) or 0).first() or AnonymousUser()
    return request


@pytest.mark.django_db
def test_signing_out_reaches_the_provider(client: Client, provider: Provider) -> None:
    sign_in(client)
    request = request_of(client)
    address = logout_redirect(request)
    logout(request)
    assert not signed_in(client)

    assert address is not None
    back = httpx.get(address).headers["Location"]
    sent = provider.ended[0]
    assert sent["id_token_hint"].count(".") == 2
    assert len(sent["state"]) >= 32
    assert sent["post_logout_redirect_uri"] == f"http://testserver{RETURN}"
    page = client.get(back.removeprefix("http://testserver"))
    assert "<h1>Vous êtes déconnecté·e</h1>" in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["", "x" * 40])
def test_only_our_own_sign_out_says_so(client: Client, provider: Provider, state: str) -> None:
    answer = client.get(RETURN, {"state": state})
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("home"))


@pytest.mark.django_db
def test_nobody_signed_in_is_told_to_be_out(client: Client, provider: Provider) -> None:
    sign_in(client)
    address = logout_redirect(request_of(client))
    state = parse_qs(urlsplit(str(address)).query)["state"][0]
    answer = client.get(RETURN, {"state": state})
    assert answer.headers["Location"] == reverse("home")


@pytest.mark.django_db
def test_who_came_in_otherwise_signs_out_here_only(client: Client, provider: Provider) -> None:
    client.force_login(make_user())
    assert logout_redirect(request_of(client)) is None


@pytest.mark.django_db
def test_the_token_of_another_person_is_not_shown(client: Client, provider: Provider) -> None:
    sign_in(client)
    request = request_of(client)
    request.user = make_user()
    assert logout_redirect(request) is None


@pytest.mark.django_db
def test_a_provider_that_is_down_does_not_keep_anyone_in(
    client: Client, provider: Provider
) -> None:
    from django.core.cache import cache

    sign_in(client)
    provider.stop()
    cache.clear()
    assert logout_redirect(request_of(client)) is None


@pytest.mark.django_db
def test_a_provider_without_sign_out(client: Client, provider: Provider) -> None:
    provider.metadata = {"end_session_endpoint": ""}
    sign_in(client)
    assert logout_redirect(request_of(client)) is None


# --- Without ProConnect -------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("missing", ["SERVER_URL", "CLIENT_ID", "CLIENT_SECRET"])
def test_without_its_settings_there_is_no_proconnect(
    client: Client, provider: Provider, settings: Any, missing: str
) -> None:
    assert proconnect_available()
    setattr(settings, f"PROCONNECT_{missing}", "")
    assert not proconnect_available()
    assert client.post("/compte/proconnect/").status_code == 404
    assert client.get("/compte/proconnect/retour/").status_code == 404
    assert client.get(RETURN).status_code == 404


# --- The button ---------------------------------------------------------------------------------


@pytest.mark.parametrize("official", [False, True])
def test_the_button(settings: Any, official: bool) -> None:
    settings.OFFICIAL_STATE_SITE = official
    request = RequestFactory().get("/")
    request.resolver_match = None
    context = {"next": '/espace/?a="b'}
    html = render_to_string("people/proconnect/button.html", context, request)
    check_html(html, "button")
    words = " ".join(html.replace("<span", " <span").split())
    assert "ProConnect" in words
    assert 'value="/espace/?a=&quot;b"' in html
    assert 'href="https://www.proconnect.gouv.fr/"' in html
    assert ('class="fr-connect"' in html) == official
    assert ("S’identifier avec ProConnect" in html) != official


def form_action(**environment: str) -> str:
    """The directive that a site with these variables sends."""
    code = (
        "from django.conf import settings;"
        "print(settings.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ
        | {"DJANGO_SETTINGS_MODULE": "fabriques.settings", "SECRET_KEY": "x"}
        | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_forms_may_lead_to_the_provider_and_nowhere_else() -> None:
    url = "https://auth.agentconnect.test/api/v2"
    assert form_action(PROCONNECT_SERVER_URL=url) == str(
        ["'self'", "https://auth.agentconnect.test"]
    )
    assert form_action(PROCONNECT_SERVER_URL="") == str(["'self'"])
