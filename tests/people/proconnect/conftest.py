"""A provider for each test, and a browser that goes there and back."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from tests.people.proconnect.server import CLIENT_ID, CLIENT_SECRET, Provider

START = "/compte/proconnect/"
CALLBACK = "/compte/proconnect/retour/"


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    """A provider that this site is declared to."""
    cache.clear()
    with Provider() as server:
        settings.PROCONNECT_SERVER_URL = server.url
        settings.PROCONNECT_CLIENT_ID = CLIENT_ID
        settings.PROCONNECT_CLIENT_SECRET = CLIENT_SECRET
        settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = 0.5  # seconds
        yield server


def leave(client: Client, **sent: str) -> Any:
    """Press the button: the answer that sends the browser to the provider."""
    return client.post(START, sent)


def way_back(to_provider: HttpResponse) -> str:
    """What the provider answers to that browser: the address of the return to the site."""
    assert to_provider.status_code == 302, to_provider.content.decode()
    answer = httpx.get(to_provider.headers["Location"])
    assert answer.status_code == 302, answer.text
    address = urlsplit(answer.headers["Location"])
    assert address.path == CALLBACK
    return f"{address.path}?{address.query}"


def sign_in(client: Client, **sent: str) -> Any:
    """There and back: the answer of the site to the return."""
    return client.get(way_back(leave(client, **sent)))


def signed_in(client: Client) -> str:
    """The key of who is signed in with this browser, "" for nobody."""
    return str(client.session.get("_auth_user_id", ""))
