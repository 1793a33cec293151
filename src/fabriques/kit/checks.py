"""Settings that a site open to the public must not have; `docs/settings.md` lists them.

`fabriques check --deploy` runs them all. A number is never given to another check.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Advice

_YEAR = 31_536_000  # seconds
_KEY_LENGTH = 50
# Keys that stand in documents, examples and test runs.
_KNOWN_KEYS = ("insecure", "django-insecure", "change", "secret", "test", "lint", "example")
_WEAK_SOURCES = {"'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'", "*", "http:", "https:"}

Message = tuple[CheckMessage, Callable[[], bool]]


def _weak_key() -> bool:
    key = settings.SECRET_KEY
    return len(key) < _KEY_LENGTH or len(set(key)) < 10 or key.lower().startswith(_KNOWN_KEYS)


def _open_hosts() -> bool:
    hosts = settings.ALLOWED_HOSTS
    return not hosts or any(host in ("*", ".") for host in hosts)


def _loose_cookies() -> bool:
    return not (
        settings.SESSION_COOKIE_SECURE
        and settings.CSRF_COOKIE_SECURE
        and settings.SESSION_COOKIE_HTTPONLY
        and settings.SESSION_COOKIE_SAMESITE in ("Lax", "Strict")
        and settings.CSRF_COOKIE_SAMESITE in ("Lax", "Strict")
    )


def _half_proconnect() -> bool:
    given = (
        settings.PROCONNECT_SERVER_URL,
        settings.PROCONNECT_CLIENT_ID,
        settings.PROCONNECT_CLIENT_SECRET,
    )
    return any(given) and not (all(given) and given[0].startswith("https://"))


def _inside(path: str | Path, folder: str | Path) -> bool:
    return Path(path).resolve().is_relative_to(Path(folder).resolve())


def _served_uploads() -> bool:
    """Whether what people send lies where files are served as they are, or the other way round."""
    uploads = settings.MEDIA_ROOT
    served = [settings.STATIC_ROOT, *settings.STATICFILES_DIRS]
    served += [root for root in [getattr(settings, "WHITENOISE_ROOT", None)] if root]
    return not uploads or any(
        _inside(uploads, folder) or _inside(folder, uploads) for folder in served
    )


def _weak_policy() -> bool:
    directives = settings.CONTENT_SECURITY_POLICY.get("DIRECTIVES", {})
    scripts = directives.get("script-src", directives.get("default-src", ["*"]))
    return (
        "csp.middleware.CSPMiddleware" not in settings.MIDDLEWARE
        or not {"default-src", "script-src", "frame-ancestors", "base-uri"} <= set(directives)
        or "data:" in scripts
        or not _WEAK_SOURCES.isdisjoint(chain.from_iterable(directives.values()))
    )


def _sqlite() -> bool:
    return bool(settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"))


ALWAYS: tuple[Message, ...] = (
    (
        Error(
            "Le mode démonstration laisse entrer n’importe qui, sous n’importe quel rôle.",
            hint="Retirez DEMO : elle n’a de sens qu’avec DEBUG=1, sur un poste de travail.",
            id="fabriques.E001",
        ),
        lambda: settings.DEMO and not settings.DEBUG,
    ),
)

IN_PRODUCTION: tuple[Message, ...] = (
    (
        Error(
            "La clé du site est trop courte, ou connue de tous.",
            hint="Donnez à SECRET_KEY cinquante caractères au hasard, connus de ce site seul.",
            id="fabriques.E002",
        ),
        _weak_key,
    ),
    (
        Error(
            "Les noms sous lesquels le site répond ne sont pas dits.",
            hint="Donnez à ALLOWED_HOSTS le ou les noms du site ; jamais « * ».",
            id="fabriques.E003",
        ),
        _open_hosts,
    ),
    (
        Error(
            "Le site répond sans chiffrement.",
            hint="Servez-le en HTTPS et donnez HTTPS=1.",
            id="fabriques.E004",
        ),
        lambda: not settings.SECURE_SSL_REDIRECT,
    ),
    (
        Error(
            "Les cookies peuvent partir en clair, ou être lus par d’autres.",
            hint="Donnez HTTPS=1 : les cookies ne passent plus qu’en HTTPS, sous un nom protégé.",
            id="fabriques.E005",
        ),
        _loose_cookies,
    ),
    (
        Error(
            "Les navigateurs ne retiennent pas que le site est chiffré (HSTS).",
            hint="HTTPS=1 le leur dit, pour un an.",
            id="fabriques.E006",
        ),
        lambda: settings.SECURE_HSTS_SECONDS < _YEAR,
    ),
    (
        Error(
            "Les personnes qui pilotent entrent sans second facteur.",
            hint="Retirez REQUIRE_SECOND_FACTOR, ou donnez-lui 1.",
            id="fabriques.E007",
        ),
        lambda: not settings.REQUIRE_SECOND_FACTOR,
    ),
    (
        Error(
            "ProConnect est réglé à moitié.",
            hint="Donnez ensemble PROCONNECT_SERVER_URL (en https://), PROCONNECT_CLIENT_ID et "
            "PROCONNECT_CLIENT_SECRET, ou aucune des trois.",
            id="fabriques.E008",
        ),
        _half_proconnect,
    ),
    (
        Error(
            "Les fichiers envoyés se trouvent dans un dossier servi tel quel.",
            hint="Séparez MEDIA_ROOT des dossiers de fichiers statiques (VAR_DIR les sépare).",
            id="fabriques.E009",
        ),
        _served_uploads,
    ),
    (
        Error(
            "La politique de contenu laisse s’exécuter ce que le site n’a pas écrit.",
            hint="Retirez de CONTENT_SECURITY_POLICY « unsafe-… » et « * », et gardez ses règles ; "
            "MAP_TILES_ORIGINS ne prend que des origines entières.",
            id="fabriques.E010",
        ),
        _weak_policy,
    ),
    (
        Error(
            "Aucun courriel ne peut partir : personne ne recevra son code de connexion.",
            hint="Donnez EMAIL_URL (serveur d’envoi) et MAIL_FROM (adresse d’expédition).",
            id="fabriques.E011",
        ),
        lambda: not (settings.EMAIL_URL and settings.MAIL_FROM),
    ),
    (
        Advice(
            "La base est un fichier SQLite : un seul serveur, et des écritures à la file.",
            hint="Donnez à DATABASE_URL une base PostgreSQL, ou assumez ce choix avec "
            "SILENCED_CHECKS=fabriques.W012.",
            id="fabriques.W012",
        ),
        _sqlite,
    ),
    (
        Advice(
            "Les limites de fréquence se comptent dans chaque processus, à part.",
            hint="Donnez REDIS_URL s’il y a plusieurs processus ; sinon, "
            "SILENCED_CHECKS=fabriques.W013.",
            id="fabriques.W013",
        ),
        lambda: "locmem" in settings.CACHES["default"]["BACKEND"],
    ),
    (
        Advice(
            "Le site ne dit pas qui le tient, ni comment l’atteindre.",
            hint="Donnez SITE_OPERATOR et SITE_CONTACT.",
            id="fabriques.W014",
        ),
        lambda: not (settings.SITE_OPERATOR and settings.SITE_CONTACT),
    ),
    (
        Advice(
            "Qui trouve une faille ne sait pas à qui l’écrire.",
            hint="Donnez SECURITY_CONTACT (SITE_CONTACT y supplée) : security.txt le publie.",
            id="fabriques.W015",
        ),
        lambda: not (settings.SECURITY_CONTACT or settings.SITE_CONTACT),
    ),
    (
        Advice(
            "Les données vivent dans le dossier du code : les mettre à jour pourrait les effacer.",
            hint="Donnez à VAR_DIR un dossier à part.",
            id="fabriques.W016",
        ),
        lambda: _inside(settings.VAR, settings.ROOT),
    ),
)


def _failing(messages: Sequence[Message]) -> list[CheckMessage]:
    return [message for message, wrong in messages if wrong()]


@register(Tags.security)
def always(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    return _failing(ALWAYS)


@register(Tags.security, deploy=True)
def in_production(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    return _failing(IN_PRODUCTION)
