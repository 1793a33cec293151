"""ProConnect: allauth's OpenID Connect, with what it leaves out.

allauth keeps the state in the session (one use, ten minutes), exchanges the code and takes the
person through its sign-in stages. It does not check the signature of an id_token that it fetched
itself, sends no nonce, takes userinfo as JSON only and does not read `iss` in the answer. Here both
tokens are verified with the provider's keys (PyJWT), the nonce is tied to the state, and the answer
to its issuer (RFC 9207).
"""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import Any

import jwt
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount import app_settings
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthError, AuthProcess
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from requests import RequestException

from fabriques.people.proconnect.domain import PROVIDER, Identity, recognise
from fabriques.people.proconnect.stops import Reason, StoppedError

SCOPE = ("openid", "given_name", "usual_name", "email", "siret", "idp_id")
ALGORITHMS = ("RS256", "ES256")
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
KEPT = 300  # seconds: the provider's description and its keys
LEEWAY = 30  # seconds between two clocks
ID_TOKEN = "proconnect"  # in the session, for the sign-out  # noqa: S105


def proconnect_available() -> bool:
    """Whether this site is declared to a ProConnect."""
    return bool(
        settings.PROCONNECT_SERVER_URL
        and settings.PROCONNECT_CLIENT_ID
        and settings.PROCONNECT_CLIENT_SECRET
    )


def begin(request: HttpRequest) -> HttpResponse:
    """Send the browser to ProConnect. Raises `StoppedError` when it is out of reach."""
    state = secrets.token_urlsafe(32)
    provider = get_adapter().get_provider(request, PROVIDER)
    answer: HttpResponse = provider.redirect(
        request,
        AuthProcess.LOGIN,
        next_url=get_next_redirect_url(request),
        state_id=state,
        auth_params={"nonce": _nonce(state), "acr_values": "eidas1"},
    )
    return answer


def configuration() -> dict[str, Any]:
    """What the provider says of itself, kept a few minutes. Raises `StoppedError`."""
    issuer = settings.PROCONNECT_SERVER_URL.rstrip("/")
    key = f"proconnect:{issuer}"
    known: dict[str, Any] | None = cache.get(key)
    if known is None:
        try:
            with get_adapter().get_requests_session() as session:
                response = session.get(f"{issuer}/.well-known/openid-configuration")
                response.raise_for_status()
                known = response.json()
        except RequestException as error:
            raise StoppedError(Reason.UNREACHABLE) from error
        if not isinstance(known, dict) or known.get("issuer") != issuer:
            raise StoppedError(Reason.UNTRUSTED)
        if not all(isinstance(known.get(name), str) for name in ENDPOINTS):
            raise StoppedError(Reason.UNTRUSTED)
        cache.set(key, known, KEPT)
    return known


class ProConnectAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """The exchange with the provider, once the browser is back."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request, PROVIDER)

    @property
    def openid_config(self) -> dict[str, Any]:
        return configuration()

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return request.build_absolute_uri(reverse("proconnect-callback"))

    def get_access_token_data(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> dict[str, Any]:
        issuer = self.openid_config["issuer"]
        announced = self.openid_config.get("authorization_response_iss_parameter_supported")
        if request.GET.get("iss", "" if announced else issuer) != issuer:
            raise StoppedError(Reason.UNTRUSTED)
        try:
            tokens = super().get_access_token_data(request, *args, **kwargs)
        except (KeyError, ValueError) as error:  # neither JSON nor a form
            raise StoppedError(Reason.UNTRUSTED) from error
        if not isinstance(tokens, dict):
            raise StoppedError(Reason.UNTRUSTED)
        return tokens

    def parse_token(self, data: dict[str, Any]) -> None:
        """The access token serves once, in `complete_login`: allauth is given none to keep."""

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: None, response: dict[str, Any]
    ) -> SocialLogin:
        id_token = str(response.get("id_token", ""))
        claims = _verified(id_token, "exp", "iat", "nonce")
        if not constant_time_compare(claims["nonce"], _nonce(request.GET["state"])):
            raise StoppedError(Reason.UNTRUSTED)
        person = self._userinfo(str(response["access_token"]))
        if person["sub"] != claims["sub"]:
            raise StoppedError(Reason.UNTRUSTED)
        account = recognise(_identity(person))
        if request.user.is_authenticated:
            get_account_adapter(request).logout(request)
        request.session[ID_TOKEN] = {"user": account.user_id, "id_token": id_token}
        return SocialLogin(account=account, provider=self.get_provider())

    def _userinfo(self, access_token: str) -> dict[str, Any]:
        with get_adapter().get_requests_session() as session:
            response = session.get(
                self.profile_url, headers={"Authorization": f"Bearer {access_token}"}
            )
        response.raise_for_status()
        if response.headers.get("Content-Type", "").split(";")[0] != "application/jwt":
            raise StoppedError(Reason.UNTRUSTED)
        return _verified(response.text)


class ProConnectProvider(OpenIDConnectProvider):  # type: ignore[misc]
    """What is asked of the provider."""

    id = PROVIDER

    def get_default_scope(self) -> list[str]:
        return list(SCOPE)

    def get_pkce_params(self) -> dict[str, str]:
        self.pkce_enabled_default = "S256" in configuration().get(
            "code_challenge_methods_supported", ()
        )
        params: dict[str, str] = super().get_pkce_params()
        return params

    def get_oauth2_adapter(self, request: HttpRequest) -> ProConnectAdapter:
        return ProConnectAdapter(request)


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """ProConnect is the only provider; what goes wrong is said by our own page."""

    def get_provider(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> ProConnectProvider:
        app = SocialApp(
            provider=PROVIDER,
            name="ProConnect",
            client_id=settings.PROCONNECT_CLIENT_ID,
            secret=settings.PROCONNECT_CLIENT_SECRET,
            settings={"token_auth_method": "client_secret_post"},
        )
        return ProConnectProvider(request, app=app)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: ProConnectProvider,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        if isinstance(exception, RequestException):
            raise StoppedError(Reason.UNREACHABLE) from exception
        if error == AuthError.CANCELLED:
            raise StoppedError(Reason.CANCELLED)
        unknown_state = "state" not in (extra_context or {})
        raise StoppedError(Reason.EXPIRED if unknown_state else Reason.UNTRUSTED) from exception


def _nonce(state: str) -> str:
    """Tied to the state, which the session keeps and gives back once: nothing else to store."""
    return salted_hmac("proconnect.nonce", state, algorithm="sha256").hexdigest()


@lru_cache(maxsize=4)
def _keys(address: str, timeout: float) -> jwt.PyJWKClient:
    # No cooldown: only the provider can show us a key that we do not know, and it does so right
    # after a rotation.
    return jwt.PyJWKClient(address, lifespan=KEPT, timeout=timeout, cooldown_duration=0)


def _verified(token: str, *required: str) -> dict[str, Any]:
    """The claims of a token signed by the provider for this site. Raises `StoppedError`."""
    config = configuration()
    try:
        keys = _keys(config["jwks_uri"], app_settings.REQUESTS_TIMEOUT)
        claims: dict[str, Any] = jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token),
            algorithms=ALGORITHMS,
            issuer=config["issuer"],
            audience=settings.PROCONNECT_CLIENT_ID,
            leeway=LEEWAY,
            options={"require": ["iss", "aud", "sub", *required]},
        )
    except (jwt.PyJWKClientConnectionError, OSError) as error:
        raise StoppedError(Reason.UNREACHABLE) from error
    except (jwt.PyJWTError, ValueError) as error:
        raise StoppedError(Reason.UNTRUSTED) from error
    return claims


def _identity(claims: dict[str, Any]) -> Identity:
    sub = _text(claims, "sub")
    if not sub or len(sub) > app_settings.UID_MAX_LENGTH:
        raise StoppedError(Reason.UNTRUSTED)
    email = _text(claims, "email").lower()
    try:
        validate_email(email)
    except ValidationError:
        email = ""
    return Identity(
        sub=sub,
        email="" if claims.get("email_verified") is False else email,
        name=f"{_text(claims, 'given_name')} {_text(claims, 'usual_name')}".strip()[:150],
        siret=_text(claims, "siret"),
        idp_id=_text(claims, "idp_id"),
    )


def _text(claims: dict[str, Any], name: str) -> str:
    """A claim as a line of text; "" for what is missing or is not a text."""
    value = claims.get(name)
    return "".join(filter(str.isprintable, value)).strip() if isinstance(value, str) else ""
