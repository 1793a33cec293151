"""What must let nobody in: forged or stale tokens, replays, mix-ups, a provider that fails."""

import json
import logging
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from django.test import Client

from fabriques.people.models import User
from tests.people.proconnect.conftest import CALLBACK, leave, sign_in, signed_in, way_back
from tests.people.proconnect.server import CLIENT_ID, Key, Provider

pytestmark = pytest.mark.django_db
UNTRUSTED = "Votre identité n’a pas pu être vérifiée"
EXPIRED = "Cette identification n’est plus valable"
UNREACHABLE = "ProConnect ne répond pas"


def refused(answer: Any, client: Client, title: str, status: int = 403) -> None:
    """A page that says so in French and offers the code by mail; nobody in, nothing made."""
    page = answer.content.decode()
    assert answer.status_code == status
    assert f"<h1>{title}</h1>" in page
    assert "code par courriel" in page
    assert "no-store" in answer.headers["Cache-Control"]
    assert not signed_in(client)
    assert not User.objects.exists()


# --- Signatures ---------------------------------------------------------------------------------


def test_a_key_that_the_provider_does_not_publish(client: Client, provider: Provider) -> None:
    provider.key = Key(number=1)
    refused(sign_in(client), client, UNTRUSTED)


def test_another_key_under_a_published_name(client: Client, provider: Provider) -> None:
    forged = Key(number=1)
    forged.kid = provider.key.kid
    provider.sign = forged.sign
    refused(sign_in(client), client, UNTRUSTED)


def test_only_the_userinfo_is_forged(client: Client, provider: Provider) -> None:
    forged = Key(number=1)
    forged.kid = provider.key.kid
    provider.sign = lambda claims: (forged if "email" in claims else provider.key).sign(claims)
    refused(sign_in(client), client, UNTRUSTED)
    assert provider.hits["userinfo"] == 1


def test_a_new_key_is_accepted_as_soon_as_it_is_published(
    client: Client, provider: Provider
) -> None:
    sign_in(client)
    provider.rotate()
    back = Client()
    sign_in(back)
    assert signed_in(back) == signed_in(client)
    assert provider.hits["jwks"] == 2


def test_a_key_that_was_withdrawn_no_longer_signs(client: Client, provider: Provider) -> None:
    old = provider.key
    provider.rotate()
    sign_in(client)  # the site now knows the new keys only
    provider.sign = old.sign
    back = Client()
    answer = sign_in(back)
    assert answer.status_code == 403
    assert not signed_in(back)


def unsigned(provider: Provider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, None, algorithm="none", headers={"kid": provider.key.kid})


def signed_with_the_public_key(provider: Provider, claims: dict[str, Any]) -> str:
    """HS256 with the public key as the secret, by hand: libraries refuse to do it."""
    parts = [{"alg": "HS256", "typ": "JWT", "kid": provider.key.kid}, claims]
    encoded = [jwt.utils.base64url_encode(json.dumps(part).encode()) for part in parts]
    message = b".".join(encoded)
    hmac = jwt.get_algorithm_by_name("HS256")
    seal = hmac.sign(message, provider.key.pem)
    return b".".join([message, jwt.utils.base64url_encode(seal)]).decode()


@pytest.mark.parametrize("forge", [unsigned, signed_with_the_public_key])
@pytest.mark.parametrize("where", ["id_token", "userinfo"])
def test_the_algorithm_is_not_the_token_s_to_choose(
    client: Client, provider: Provider, forge: Any, where: str
) -> None:
    honest = provider.sign
    provider.sign = lambda claims: (
        forge(provider, claims) if ("nonce" in claims) == (where == "id_token") else honest(claims)
    )
    refused(sign_in(client), client, UNTRUSTED)


# --- Claims -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"nbf": int(time.time()) + 3600},
        {"aud": "another-site"},
        {"aud": ["another-site"]},
        {"aud": None},
        {"iss": "https://another.test/api/v2"},
        {"iss": None},
        {"nonce": "n" * 64},
        {"nonce": ""},
        {"nonce": None},
        {"sub": "somebody-else"},
        {"sub": ""},
        {"sub": None},
    ],
    ids=str,
)
def test_an_id_token_that_is_not_for_this_sign_in(
    client: Client, provider: Provider, claims: dict[str, Any]
) -> None:
    provider.id_token_claims = claims
    refused(sign_in(client), client, UNTRUSTED)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time.time()) - 3600},
        {"aud": "another-site"},
        {"aud": None},
        {"iss": "https://another.test/api/v2"},
        {"sub": "somebody-else"},
        {"sub": None},
    ],
    ids=str,
)
def test_a_userinfo_that_is_not_of_this_person(
    client: Client, provider: Provider, claims: dict[str, Any]
) -> None:
    provider.userinfo_claims = claims
    refused(sign_in(client), client, UNTRUSTED)


@pytest.mark.parametrize("sub", ["", "s" * 192])
def test_a_sub_that_cannot_be_kept(client: Client, provider: Provider, sub: str) -> None:
    provider.person["sub"] = sub
    refused(sign_in(client), client, UNTRUSTED)


def test_a_userinfo_in_plain_json(client: Client, provider: Provider) -> None:
    provider.userinfo_as_json = True
    refused(sign_in(client), client, UNTRUSTED)


def test_the_nonce_of_another_sign_in(client: Client, provider: Provider) -> None:
    first = way_back(leave(client))
    provider.id_token_claims = {"nonce": provider.asked[0]["nonce"]}
    refused(sign_in(client), client, UNTRUSTED)
    provider.id_token_claims = {}
    client.get(first)
    assert signed_in(client)


# --- The way back -------------------------------------------------------------------------------


def test_an_answer_serves_once(client: Client, provider: Provider) -> None:
    address = way_back(leave(client))
    client.get(address)
    client.logout()
    answer = client.get(address)
    assert answer.status_code == 403
    assert EXPIRED in answer.content.decode()
    assert not signed_in(client)
    assert provider.hits["token"] == 1


def code_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["code"][0]


def test_a_code_serves_once(client: Client, provider: Provider) -> None:
    address = way_back(leave(client))
    client.get(address)
    provider.callback = {"code": code_of(address)}
    again = Client()
    answer = sign_in(again)
    assert answer.status_code == 403
    assert UNTRUSTED in answer.content.decode()
    assert not signed_in(again)


@pytest.mark.parametrize("methods", [["S256"], []], ids=["PKCE", "nonce only"])
def test_the_code_of_another_browser(
    client: Client, provider: Provider, methods: list[str]
) -> None:
    """Slipped into a return that this browser expects."""
    provider.metadata = {"code_challenge_methods_supported": methods}
    provider.callback = {"code": code_of(way_back(leave(Client())))}
    refused(sign_in(client), client, UNTRUSTED)


def test_the_state_of_another_browser(client: Client, provider: Provider) -> None:
    """The link with which an attacker would sign somebody into the attacker's account."""
    attacker = Client()
    link = way_back(leave(attacker))
    leave(client)
    refused(client.get(link), client, EXPIRED)
    assert provider.hits["token"] == 0


@pytest.mark.parametrize("query", ["", "?state=", "?code=x", "?state=x&code=y", "?error=x"])
def test_a_return_that_nobody_asked_for(client: Client, provider: Provider, query: str) -> None:
    refused(client.get(CALLBACK + query), client, EXPIRED)


def test_an_answer_that_is_too_old(
    client: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = way_back(leave(client))
    now = time.time()
    monkeypatch.setattr("allauth.socialaccount.internal.statekit.time.time", lambda: now + 601)
    refused(client.get(address), client, EXPIRED)


@pytest.mark.parametrize("iss", ["https://another.test/api/v2", ""])
def test_the_answer_of_another_provider(client: Client, provider: Provider, iss: str) -> None:
    provider.callback = {"iss": iss}
    refused(sign_in(client), client, UNTRUSTED)
    assert provider.hits["token"] == 0


@pytest.mark.parametrize("announced", [True, False])
def test_an_answer_without_issuer(client: Client, provider: Provider, announced: bool) -> None:
    """Refused where the provider announces one, accepted where it does not."""
    provider.metadata = {"authorization_response_iss_parameter_supported": announced}
    provider.callback = {"iss": None}
    sign_in(client)
    assert bool(signed_in(client)) != announced
    assert provider.hits["token"] == (0 if announced else 1)


def test_a_return_is_read_only_with_get(client: Client, provider: Provider) -> None:
    query = parse_qs(urlsplit(way_back(leave(client))).query)
    assert (
        client.post(CALLBACK, {name: values[0] for name, values in query.items()}).status_code
        == 405
    )
    assert not signed_in(client)


def test_leaving_takes_a_form_of_this_site(provider: Provider) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/compte/proconnect/").status_code == 403
    assert client.get("/compte/proconnect/").status_code == 405
    assert provider.asked == []


def test_somebody_who_cancels(client: Client, provider: Provider) -> None:
    provider.cancelled = True
    refused(sign_in(client), client, "Vous n’êtes pas connecté·e", status=200)


def test_an_error_of_the_provider(client: Client, provider: Provider) -> None:
    provider.callback = {"error": "server_error", "code": None}
    refused(sign_in(client), client, UNTRUSTED)


def test_a_failure_leaves_the_open_session_alone(client: Client, provider: Provider) -> None:
    sign_in(client)
    known = signed_in(client)
    provider.id_token_claims = {"nonce": "x" * 64}
    assert sign_in(client).status_code == 403
    assert signed_in(client) == known


# --- A provider that fails ----------------------------------------------------------------------

PATHS = [".well-known/openid-configuration", "token", "jwks", "userinfo"]


def attempt(client: Client) -> Any:
    """As far as the provider lets us go."""
    answer = leave(client)
    return client.get(way_back(answer)) if answer.status_code == 302 else answer


@pytest.mark.parametrize("path", PATHS)
def test_a_provider_that_is_slow(client: Client, provider: Provider, path: str) -> None:
    provider.slow = {path}
    began = time.monotonic()
    refused(attempt(client), client, UNREACHABLE, status=503)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("path", PATHS)
def test_a_provider_that_breaks_down(client: Client, provider: Provider, path: str) -> None:
    provider.answers = {path: (500, "")}
    answer = attempt(client)
    title, status = (UNTRUSTED, 403) if path == "token" else (UNREACHABLE, 503)
    refused(answer, client, title, status)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", ["", "{", "[]", "{}", "null", '"access_token"', "<html>"])
def test_a_provider_that_answers_anything(
    client: Client, provider: Provider, path: str, body: str
) -> None:
    provider.answers = {path: (200, body)}
    answer = attempt(client)
    assert answer.status_code in (403, 503)
    assert not signed_in(client)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {"access_token": "x"},
        {"access_token": "x", "id_token": None},
        {"access_token": None, "id_token": "x.y.z"},
        {"access_token": ["x"], "id_token": {"a": 1}, "expires_in": "soon"},
    ],
)
def test_tokens_that_are_none(client: Client, provider: Provider, body: dict[str, Any]) -> None:
    provider.answers = {"token": (200, json.dumps(body))}
    refused(sign_in(client), client, UNTRUSTED)


def test_a_provider_that_is_down(client: Client, provider: Provider) -> None:
    provider.stop()
    refused(leave(client), client, UNREACHABLE, status=503)


def test_a_provider_that_goes_down_midway(client: Client, provider: Provider) -> None:
    address = way_back(leave(client))
    provider.stop()
    refused(client.get(address), client, UNREACHABLE, status=503)


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "https://another.test"}, {"jwks_uri": "file:///etc/passwd"}, {"token_endpoint": 3}],
)
def test_a_description_that_is_not_the_provider_s(
    client: Client, provider: Provider, metadata: dict[str, Any]
) -> None:
    provider.metadata = metadata
    refused(attempt(client), client, UNTRUSTED)


def test_no_token_is_written_in_the_logs(
    client: Client, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []
    sign = provider.sign

    def keep(claims: dict[str, Any]) -> str:
        seen.append(str(sign(claims)))
        return seen[-1]

    provider.sign = keep
    caplog.set_level(logging.DEBUG)
    sign_in(client)
    provider.userinfo_claims = {"aud": "another-site"}
    sign_in(Client())
    assert "ProConnect sign-in stopped: UNTRUSTED" in caplog.text
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith(("httpcore", "httpx"))]
    for secret in [*seen, *provider.tokens, provider.person["email"]]:
        assert not any(secret in line for line in ours)


def test_the_audience_may_be_a_list_with_this_site(client: Client, provider: Provider) -> None:
    provider.id_token_claims = {"aud": [CLIENT_ID]}
    sign_in(client)
    assert signed_in(client)
