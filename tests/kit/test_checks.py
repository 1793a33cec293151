"""Settings that a site open to the public must not have: each is found, and said in French."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Tags, run_checks

from fabriques.kit.checks import ALWAYS, IN_PRODUCTION

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = "kJ8v-2mQx_7TzR4wLp0sYb6NcE9gHf3uDa5iXo1WtVqZrBnM"
PROCONNECT = {
    "PROCONNECT_SERVER_URL": "https://proconnect.test/api/v2",
    "PROCONNECT_CLIENT_ID": "fabriques",
    "PROCONNECT_CLIENT_SECRET": "un-secret",
}
PRODUCTION = {
    "SECRET_KEY": KEY + "-suite",
    "ALLOWED_HOSTS": "fabriques.test",
    "HTTPS": "1",
    "BEHIND_PROXY": "1",
    "DATABASE_URL": "postgres://fabriques@127.0.0.1:5432/fabriques",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "EMAIL_URL": "smtp+tls://site:secret@courriel.test:587",
    "MAIL_FROM": "Fabriques <ne-pas-repondre@fabriques.test>",
    "SITE_URL": "https://fabriques.test",
    "SITE_OPERATOR": "Agence d’essai",
    "SITE_CONTACT": "contact@fabriques.test",
    **PROCONNECT,
}


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`fabriques …` in a process of its own, with these variables and no other."""
    (folder / "assets").mkdir(exist_ok=True)  # built at install
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [Path(sys.executable).parent / "fabriques", *arguments],
        env=kept | {"VAR_DIR": str(folder), "PYTHONUTF8": "1"} | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_complete_production_has_nothing_to_say(tmp_path: Path) -> None:
    done = run(tmp_path, "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr
    assert "identified no issues" in done.stdout


def test_a_small_site_may_choose_sqlite_and_one_process(tmp_path: Path) -> None:
    small = {k: v for k, v in PRODUCTION.items() if k not in ("DATABASE_URL", "REDIS_URL")}
    command = ("check", "--deploy", "--fail-level", "WARNING")
    assert "W012" in run(tmp_path, *command, **small).stderr
    done = run(tmp_path, *command, **small, SILENCED_CHECKS="fabriques.W012,fabriques.W013")
    assert done.returncode == 0, done.stderr


def test_a_bare_production_is_told_everything_at_once(tmp_path: Path) -> None:
    done = run(tmp_path, "check", "--deploy", SECRET_KEY="tests")
    found = set(re.findall(r"\(fabriques\.(\w+)\)", done.stderr))
    assert found == {
        "E002", "E003", "E004", "E005", "E006", "E011", "W012", "W013", "W014", "W015",
    }  # fmt: skip
    assert "HINT: Donnez à SECRET_KEY cinquante caractères au hasard" in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize("command", [("check",), ("prepare", "--data-only")])
def test_demonstration_cannot_be_where_debug_is_off(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    done = run(tmp_path, *command, **PRODUCTION, DEMO="1")
    assert done.returncode != 0
    assert "DEMO laisse entrer n’importe qui" in done.stderr


def test_no_key_no_start(tmp_path: Path) -> None:
    assert "SECRET_KEY manque" in run(tmp_path, "check").stderr


# --- One by one -------------------------------------------------------------------------------


def found(*, deploy: bool = True) -> list[str]:
    messages = run_checks(tags=[Tags.security], include_deployment_checks=deploy)
    return [str(message.id) for message in messages if not message.is_silenced()]


@pytest.fixture
def production(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The settings of a good production, in this process."""
    settings.SECRET_KEY = PRODUCTION["SECRET_KEY"]
    settings.ALLOWED_HOSTS = ["fabriques.test"]
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.REQUIRE_SECOND_FACTOR = True
    settings.VAR = tmp_path / "var"
    settings.STATIC_ROOT = tmp_path / "var" / "static"
    settings.MEDIA_ROOT = tmp_path / "var" / "files"
    settings.EMAIL_URL = PRODUCTION["EMAIL_URL"]
    settings.MAIL_FROM = PRODUCTION["MAIL_FROM"]
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": PRODUCTION["REDIS_URL"],
        }
    }
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    assert found() == []
    return settings


POLICY: dict[str, list[str]] = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}
BAD: list[tuple[str, dict[str, Any]]] = [
    ("E001", {"DEMO": True}),
    ("E002", {"SECRET_KEY": "court"}),
    ("E002", {"SECRET_KEY": "insecure-for-demonstration-only-but-made-longer-than-fifty"}),
    ("E002", {"SECRET_KEY": "a" * 60}),
    ("E003", {"ALLOWED_HOSTS": []}),
    ("E003", {"ALLOWED_HOSTS": ["fabriques.test", "*"]}),
    ("E004", {"SECURE_SSL_REDIRECT": False}),
    ("E005", {"SESSION_COOKIE_SECURE": False}),
    ("E005", {"CSRF_COOKIE_SECURE": False}),
    ("E005", {"SESSION_COOKIE_HTTPONLY": False}),
    ("E005", {"SESSION_COOKIE_SAMESITE": "None"}),
    ("E006", {"SECURE_HSTS_SECONDS": 0}),
    ("E006", {"SECURE_HSTS_SECONDS": 3600}),
    ("E007", {"REQUIRE_SECOND_FACTOR": False}),
    ("E008", {**PROCONNECT, "PROCONNECT_CLIENT_SECRET": ""}),
    ("E008", {**PROCONNECT, "PROCONNECT_CLIENT_ID": ""}),
    ("E008", {**PROCONNECT, "PROCONNECT_SERVER_URL": ""}),
    ("E008", {**PROCONNECT, "PROCONNECT_SERVER_URL": "http://proconnect.test"}),
    ("E009", {"MEDIA_ROOT": ""}),
    ("E009", {"STATIC_ROOT": "/srv/static", "MEDIA_ROOT": "/srv/static/files"}),
    ("E009", {"STATIC_ROOT": "/srv/static", "MEDIA_ROOT": "/srv"}),
    ("E009", {"WHITENOISE_ROOT": "/srv/site", "MEDIA_ROOT": "/srv/site/files"}),
    ("E010", {"CONTENT_SECURITY_POLICY": {}}),
    ("E010", {"CONTENT_SECURITY_POLICY": {"DIRECTIVES": {"default-src": ["'none'"]}}}),
    *(
        ("E010", {"CONTENT_SECURITY_POLICY": {"DIRECTIVES": {**POLICY, name: sources}}})
        for name, sources in (
            ("script-src", ["'self'", "'unsafe-inline'"]),
            ("script-src", ["'self'", "data:"]),
            ("style-src", ["'unsafe-inline'"]),
            ("img-src", ["*"]),
        )
    ),
    ("E010", {"MIDDLEWARE": ["django.middleware.security.SecurityMiddleware"]}),
    ("E011", {"EMAIL_URL": ""}),
    ("E011", {"MAIL_FROM": ""}),
    ("W013", {"CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}}),
    ("W014", {"SITE_OPERATOR": ""}),
    ("W014", {"SITE_CONTACT": "", "SECURITY_CONTACT": "securite@fabriques.test"}),
    ("W015", {"SITE_CONTACT": "", "SECURITY_CONTACT": ""}),
    ("W016", {"VAR": ROOT / "var"}),
]


@pytest.mark.parametrize(("number", "bad"), BAD)
def test_each_unsafe_setting_is_found(production: Any, number: str, bad: dict[str, Any]) -> None:
    for name, value in bad.items():
        setattr(production, name, value)
    assert f"fabriques.{number}" in found()


def test_sqlite_in_production_is_told(production: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(production.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")
    assert found() == ["fabriques.W012"]


def test_the_demonstration_is_looked_for_at_every_check(production: Any) -> None:
    production.DEMO = True
    assert found(deploy=False) == ["fabriques.E001"]
    production.DEBUG = True
    assert found(deploy=False) == []


def test_a_strict_policy_and_proconnect_whole_are_fine(production: Any) -> None:
    production.CONTENT_SECURITY_POLICY = {"DIRECTIVES": POLICY}
    for name, value in PROCONNECT.items():
        setattr(production, name, value)
    assert found() == []


def test_every_check_has_its_test_its_advice_and_its_line_in_the_documentation() -> None:
    messages = [message for message, _ in (*ALWAYS, *IN_PRODUCTION)]
    numbers = [str(message.id) for message in messages]
    assert len(numbers) == len(set(numbers))
    assert {f"fabriques.{number}" for number, _ in BAD} | {"fabriques.W012"} == set(numbers)
    assert all(message.hint for message in messages)
    written = (ROOT / "docs" / "settings.md").read_text()
    assert set(re.findall(r"\| `(fabriques\.[EW]\d+)` \|", written)) == set(numbers)
