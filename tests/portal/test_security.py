"""What every answer carries: caches, headers, cookies, error pages, security.txt."""

import json
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client, RequestFactory

from fabriques.portal.middleware import HeadersMiddleware
from tests.factories import make_user
from tests.guards import GuardedClient

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parent.parent.parent
PUBLIC = "public, max-age=0, must-revalidate"
PRIVATE = "private, no-store"


@pytest.fixture
def signed_in(client: Client) -> Client:
    client.force_login(make_user())
    return client


# --- Caches -----------------------------------------------------------------------------------

PAGES = ["/", "/fabriques/", "/carte.svg", "/donnees/", "/api/v1/openapi.json", "/nulle/part/"]


@pytest.mark.parametrize("address", PAGES)
def test_public_pages_may_be_kept_whoever_asks(client: Client, address: str) -> None:
    for _ in range(2):
        answer = client.get(address)
        assert answer.headers["Cache-Control"] == PUBLIC
        assert "Cookie" not in answer.headers.get("Vary", "")
        assert not answer.cookies
        client.force_login(make_user())


def test_a_public_page_does_not_look_at_who_asks(
    signed_in: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        assert signed_in.get("/mentions-legales/").status_code == 200


@pytest.mark.parametrize(
    "address", ["/espace/", "/espace/rien/", "/compte/rien/", "/invitation/abcdef/"]
)
def test_private_addresses_are_never_kept(client: Client, address: str) -> None:
    for _ in range(2):
        assert client.get(address).headers["Cache-Control"] == PRIVATE
        client.force_login(make_user())


def answered(**headers: str) -> HttpResponse:
    """What the middleware makes of an answer of a view at a public address."""
    middleware = HeadersMiddleware(lambda _: HttpResponse("x", headers=headers))
    return middleware(RequestFactory().get("/"))  # type: ignore[return-value]


def test_an_answer_that_depends_on_who_asks_is_never_kept() -> None:
    assert answered().headers["Cache-Control"] == PUBLIC
    assert answered(Vary="Accept-Encoding, Cookie").headers["Cache-Control"] == PRIVATE
    kept = answered(**{"Cache-Control": "max-age=3600"})
    assert kept.headers["Cache-Control"] == "max-age=3600"
    stream = {"Vary": "Cookie", "Cache-Control": "no-store, no-transform"}
    assert answered(**stream).headers["Cache-Control"] == "no-store, no-transform"
    cookie = HttpResponse("x")
    cookie.set_cookie("choix", "a")
    HeadersMiddleware(lambda _: cookie)(RequestFactory().get("/"))
    assert cookie.headers["Cache-Control"] == PRIVATE


def test_a_refusal_is_never_kept(client: Client) -> None:
    assert client.get("/", headers={"host": "ailleurs.test"}).headers["Cache-Control"] == PRIVATE
    assert client.post("/espace/").headers["Cache-Control"] == PRIVATE


# --- Headers and cookies ----------------------------------------------------------------------


def test_every_page_carries_its_protections(client: Client) -> None:
    for address in ("/", "/nulle/part/", "/espace/"):
        headers = client.get(address).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "geolocation=()" in headers["Permissions-Policy"]
        policy = headers["Content-Security-Policy"]
        assert "object-src 'none'" in policy
        assert "form-action 'self'" in policy
        assert "unsafe" not in policy


def configured(**environment: str) -> dict[str, Any]:
    """The settings that a process started with these variables has."""
    code = (
        "import json; from fabriques import settings as s; "
        "print(json.dumps({k: v for k, v in vars(s).items() if type(v) in (int, str, bool, list)}, "
        "default=str))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"SECRET_KEY": "essai", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_cookies_are_bound_to_the_site_and_to_https(tmp_path: Path) -> None:
    found = configured(VAR_DIR=str(tmp_path), HTTPS="1")
    assert found["SESSION_COOKIE_NAME"] == "__Host-session"
    assert found["CSRF_COOKIE_NAME"] == "__Host-csrf"
    assert found["SESSION_COOKIE_SECURE"]
    assert found["CSRF_COOKIE_SECURE"]
    assert found["SESSION_COOKIE_HTTPONLY"]
    assert found["SESSION_COOKIE_SAMESITE"] == "Lax"
    assert found["SESSION_COOKIE_AGE"] == 12 * 3600
    assert found["SECURE_HSTS_SECONDS"] == 31_536_000
    assert found["PASSWORD_HASHERS"] == ["django.contrib.auth.hashers.Argon2PasswordHasher"]


@pytest.mark.parametrize(
    ("environment", "proxies"),
    [
        ({}, 0),
        ({"TRUSTED_PROXIES": "3"}, 0),
        ({"BEHIND_PROXY": "1"}, 1),
        ({"BEHIND_PROXY": "1", "TRUSTED_PROXIES": "2"}, 2),
    ],
)
def test_proxies_are_believed_only_where_there_are_some(
    tmp_path: Path, environment: dict[str, str], proxies: int
) -> None:
    found = configured(VAR_DIR=str(tmp_path), **environment)
    assert found["TRUSTED_PROXIES"] == found["ALLAUTH_TRUSTED_PROXY_COUNT"] == proxies


# --- Nothing typed is lost --------------------------------------------------------------------


@pytest.fixture
def browser() -> Client:
    """A client whose forms are checked as those of a browser."""
    return GuardedClient(enforce_csrf_checks=True)


HERE = {"origin": "http://testserver"}


def token_of(html: str) -> str:
    return html.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]


def test_a_form_without_a_valid_token_is_offered_again(browser: Client) -> None:
    browser.force_login(make_user())
    typed = {"motif": "Une longue explication <b>", "choix": ["a", "b"]}
    page = browser.post("/espace/?vue=1", typed, headers=HERE)
    html = page.content.decode()
    assert page.status_code == 403
    assert "Cette page est restée ouverte trop longtemps" in html
    assert 'action="/espace/?vue=1"' in html
    assert 'name="motif" value="Une longue explication &lt;b&gt;"' in html
    assert html.count('name="choix"') == 2
    # The button of that page goes through.
    again = browser.post(
        "/espace/?vue=1", {**typed, "csrfmiddlewaretoken": token_of(html)}, headers=HERE
    )
    assert "restée ouverte" not in again.content.decode()


def test_a_form_of_another_site_is_refused_and_not_repeated(browser: Client) -> None:
    browser.force_login(make_user())
    page = browser.post("/espace/", {"motif": "x"}, headers={"origin": "https://ailleurs.test"})
    html = page.content.decode()
    assert page.status_code == 403
    assert "Cet envoi venait d’un autre site" in html
    assert 'name="motif"' not in html


def test_without_the_word_of_the_browser_one_goes_back(browser: Client) -> None:
    html = browser.post("/espace/", {"motif": "x"}).content.decode()
    assert "Revenez à la page précédente" in html
    assert 'name="motif"' not in html


def test_files_have_to_be_chosen_again(browser: Client) -> None:
    file = SimpleUploadedFile("plan.pdf", b"%PDF-")
    html = browser.post("/espace/", {"a": "b", "plan": file}, headers=HERE).content.decode()
    assert "Les fichiers joints ne peuvent pas être gardés" in html


def test_what_is_sent_after_the_end_of_a_session_waits_for_signing_in(browser: Client) -> None:
    form = browser.post("/espace/", headers=HERE).content.decode()  # any page with a form
    typed = {"motif": "Une longue explication", "csrfmiddlewaretoken": token_of(form)}
    page = browser.post("/espace/", typed, headers=HERE)
    html = page.content.decode()
    assert page.status_code == 403
    assert "Votre session est terminée" in html
    assert 'name="motif" value="Une longue explication"' in html
    assert 'target="_blank"' in html
    # Signed in elsewhere, the token of this page is stale: offered once more, then it goes through.
    browser.force_login(make_user())
    browser.cookies.pop("csrf")
    once_more = browser.post(
        "/espace/", {**typed, "csrfmiddlewaretoken": token_of(html)}, headers=HERE
    ).content.decode()
    assert 'name="motif" value="Une longue explication"' in once_more


def test_a_stranger_who_posts_goes_to_sign_in(client: Client) -> None:
    answer = client.post("/espace/")
    assert answer.status_code == 302
    assert "next=/espace/" in answer.headers["Location"]


# --- Error pages ------------------------------------------------------------------------------


def test_an_unknown_host_has_its_page(client: Client) -> None:
    page = client.get("/", headers={"host": "ailleurs.test"})
    assert page.status_code == 400
    assert "Demande incomprise" in page.content.decode()


def test_too_heavy_is_413_and_says_how_much_passes(browser: Client, settings: Any) -> None:
    settings.REQUEST_MAX_BYTES = 1000
    file = SimpleUploadedFile("plan.pdf", b"%PDF-" + b"x" * 2000)
    page = browser.post("/espace/", {"plan": file}, headers=HERE)
    assert page.status_code == 413
    assert "Envoi trop volumineux" in page.content.decode()


@pytest.mark.parametrize(
    ("limit", "value"),
    [("DATA_UPLOAD_MAX_NUMBER_FIELDS", 2), ("DATA_UPLOAD_MAX_MEMORY_SIZE", 5)],
)
def test_too_many_fields_too(browser: Client, settings: Any, limit: str, value: int) -> None:
    setattr(settings, limit, value)
    page = browser.post(
        "/espace/", "a=1&b=2&c=3", content_type="application/x-www-form-urlencoded", headers=HERE
    )
    assert page.status_code == 413


def test_error_pages_read_nothing(browser: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        browser.post("/espace/", {"a": "b"}, headers=HERE)
        browser.get("/", headers={"host": "ailleurs.test"})


# --- security.txt -----------------------------------------------------------------------------


def security_txt(client: Client) -> dict[str, str]:
    answer = client.get("/.well-known/security.txt")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == PUBLIC
    return dict(line.split(": ", 1) for line in answer.content.decode().splitlines())


def test_security_txt_says_where_to_write(client: Client, settings: Any) -> None:
    fields = security_txt(client)
    assert fields["Contact"] == "mailto:contact@fabriques.test"
    assert fields["Preferred-Languages"] == "fr, en"
    assert fields["Canonical"] == "http://testserver/.well-known/security.txt"
    assert "Policy" not in fields
    expires = datetime.fromisoformat(fields["Expires"])
    assert timedelta(days=100) < expires - datetime.now(UTC) < timedelta(days=365)
    settings.SECURITY_CONTACT = "https://securite.test/signaler"
    settings.SECURITY_POLICY_URL = "https://securite.test/politique"
    fields = security_txt(client)
    assert fields["Contact"] == "https://securite.test/signaler"
    assert fields["Policy"] == "https://securite.test/politique"


def test_without_a_contact_there_is_no_security_txt(client: Client, settings: Any) -> None:
    settings.SITE_CONTACT = ""
    assert client.get("/.well-known/security.txt").status_code == 404


# --- Dependencies -----------------------------------------------------------------------------


def test_the_audit_reads_every_library_that_the_site_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = (ROOT / "requirements" / "runtime.lock").read_text()
    wanted = [item.split(">")[0].split("[")[0] for item in project["dependencies"]]
    assert [name for name in wanted if f"\n{name}==" not in f"\n{locked}"] == []
