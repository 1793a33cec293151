"""A ProConnect on a port of this machine: a real OpenID Connect provider, that can be told to lie.

Discovery, keys, authorization, token, userinfo as a signed JWT, end of session. It is as strict as
the real one: what a site must send is checked here (`refused` keeps what was wrong).
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections import Counter
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CLIENT_ID = "fabriques-essai"
CLIENT_SECRET = "un-secret-d-essai"


@cache
def rsa_key(number: int) -> rsa.RSAPrivateKey:
    """Drawing a key is slow: a few serve all the tests."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Key:
    """A signing key, under a name of its own."""

    def __init__(self, number: int = 0, alg: str = "RS256") -> None:
        self.kid, self.alg = secrets.token_hex(8), alg
        self.private: Any = (
            rsa_key(number) if alg == "RS256" else ec.generate_private_key(ec.SECP256R1())
        )

    @property
    def public(self) -> dict[str, Any]:
        algorithm = jwt.get_algorithm_by_name(self.alg)
        jwk = json.loads(algorithm.to_jwk(self.private.public_key()))
        return jwk | {"kid": self.kid, "alg": self.alg, "use": "sig"}

    @property
    def pem(self) -> bytes:
        public = self.private.public_key()
        return bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.private, self.alg, headers={"kid": self.kid})


class Provider:
    """The provider and what it is told to do; every attribute may be changed between requests."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {
            "sub": secrets.token_hex(16),
            "given_name": "Maëlle",
            "usual_name": "Le Goff",
            "email": "maelle.legoff@brest.test",
            "siret": "24290031400016",
            "idp_id": "71144ab3-ee1a-4401-b7b3-79b44f7daeeb",
        }
        self.key = Key()
        self.published = [self.key]
        # What is told to lie: claims that replace (None removes), another way to sign or to answer.
        self.id_token_claims: dict[str, Any] = {}
        self.userinfo_claims: dict[str, Any] = {}
        self.sign = lambda claims: self.key.sign(claims)
        self.userinfo_as_json = False
        self.answers: dict[str, tuple[int, str]] = {}  # path → status and body instead of its own
        self.slow: set[str] = set()  # paths that answer only when the server stops
        self.metadata: dict[str, Any] = {}
        self.cancelled = False
        self.callback: dict[str, Any] = {}  # and parameters of the way back
        # What was seen.
        self.asked: list[dict[str, str]] = []
        self.ended: list[dict[str, str]] = []
        self.hits: Counter[str] = Counter()
        self.refused: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: set[str] = set()
        self.stopping = threading.Event()

    def __enter__(self) -> Self:
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/api/v2"
        self.thread = threading.Thread(
            target=self.http.serve_forever, kwargs={"poll_interval": 0.02}
        )
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Out of reach from now on; again does nothing."""
        self.stopping.set()
        if self.thread.is_alive():
            self.http.shutdown()
            self.thread.join()
            self.http.server_close()

    def rotate(self) -> None:
        """Sign with a new key and publish only that one."""
        self.key = Key(number=1)
        self.published = [self.key]

    # --- What each address answers --------------------------------------------------------

    def discovery(self) -> dict[str, Any]:
        paths = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "userinfo_endpoint": "userinfo",
            "jwks_uri": "jwks",
            "end_session_endpoint": "session/end",
        }
        return {
            "issuer": self.url,
            **{name: f"{self.url}/{path}" for name, path in paths.items()},
            "authorization_response_iss_parameter_supported": True,
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        } | self.metadata

    def authorize(self, asked: dict[str, str]) -> tuple[int, str]:
        """A redirect back to the site; 400 for a request that the real one would refuse."""
        self.asked.append(asked)
        rules = {
            "client_id": asked.get("client_id") == CLIENT_ID,
            "response_type": asked.get("response_type") == "code",
            "scope": "openid" in asked.get("scope", "").split(),
            "state": len(asked.get("state", "")) >= 32,
            "nonce": len(asked.get("nonce", "")) >= 32,
            "acr_values": asked.get("acr_values") == "eidas1",
            "redirect_uri": urlsplit(asked.get("redirect_uri", "")).path
            == "/compte/proconnect/retour/",
        }
        if wrong := [name for name, right in rules.items() if not right]:
            self.refused += wrong
            return 400, ", ".join(wrong)
        back = {"state": asked["state"], "iss": self.url}
        if self.cancelled:
            back |= {"error": "access_denied", "error_description": "User auth aborted"}
        else:
            back["code"] = secrets.token_urlsafe(24)
            self.codes[back["code"]] = asked
        return 302, f"{asked['redirect_uri']}?{urlencode(_replaced(back, self.callback))}"

    def token(self, sent: dict[str, str], basic: str) -> tuple[int, dict[str, Any]]:
        """Tokens for a code that serves once."""
        asked = self.codes.pop(sent.get("code", ""), None)
        if basic or sent.get("client_secret") != CLIENT_SECRET:
            self.refused.append("client_secret_post")
            return 401, {"error": "invalid_client"}
        if asked is None or sent.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked.get("code_challenge", challenge) != challenge:
            self.refused.append("code_verifier")
            return 400, {"error": "invalid_grant"}
        access = secrets.token_urlsafe(24)
        self.tokens.add(access)
        claims = self.signed_claims(asked) | {"nonce": asked["nonce"], "acr": "eidas1"}
        return 200, {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": 60,
            "id_token": self.sign(_replaced(claims, self.id_token_claims)),
        }

    def signed_claims(self, asked: dict[str, str]) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self.url,
            "aud": CLIENT_ID,
            "sub": self.person["sub"],
            "iat": now,
            "exp": now + 60,
        }

    def userinfo(self, bearer: str) -> tuple[int, str, str]:
        if bearer.removeprefix("Bearer ") not in self.tokens:
            self.refused.append("access token")
            return 401, "text/plain", "unknown token"
        claims = _replaced(self.signed_claims({}) | self.person, self.userinfo_claims)
        if self.userinfo_as_json:
            return 200, "application/json", json.dumps(claims)
        return 200, "application/jwt; charset=utf-8", self.sign(claims)


def _replaced(claims: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (claims | others).items() if value is not None}


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            """Nothing on the screen of the tests."""

        def answer(self, status: int, kind: str, body: str, location: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def told(self, path: str) -> bool:
            """Whether the provider was told to answer otherwise."""
            provider.hits[path] += 1
            if path in provider.slow:
                provider.stopping.wait()
                return True
            if path in provider.answers:
                status, body = provider.answers[path]
                self.answer(status, "application/json", body)
                return True
            return False

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            path = address.path.removeprefix("/api/v2/")
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            if self.told(path):
                return
            if path == ".well-known/openid-configuration":
                self.answer(200, "application/json", json.dumps(provider.discovery()))
            elif path == "jwks":
                keys = {"keys": [key.public for key in provider.published]}
                self.answer(200, "application/json", json.dumps(keys))
            elif path == "authorize":
                status, body = provider.authorize(query)
                self.answer(status, "text/plain", body, body if status == 302 else "")
            elif path == "userinfo":
                self.answer(*provider.userinfo(self.headers.get("Authorization", "")))
            elif path == "session/end":
                provider.ended.append(query)
                back = f"{query['post_logout_redirect_uri']}?{urlencode({'state': query['state']})}"
                self.answer(302, "text/plain", "", back)
            else:
                self.answer(404, "text/plain", "")

        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            sent = parse_qs(self.rfile.read(size).decode())
            path = urlsplit(self.path).path.removeprefix("/api/v2/")
            if self.told(path):
                return
            status, body = provider.token(
                {name: values[0] for name, values in sent.items()},
                self.headers.get("Authorization", ""),
            )
            self.answer(status, "application/json", json.dumps(body))

    return Handler
