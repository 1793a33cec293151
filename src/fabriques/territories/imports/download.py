"""Fetch the file of a data.gouv dataset: its newest resource that fits a layout."""

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from fabriques.territories.imports import tables
from fabriques.territories.imports.layouts import Layout
from fabriques.territories.imports.report import RefusedError

SLUG = re.compile(r"^[a-z0-9][a-z0-9-]{1,200}$")
FORMATS = ("csv", "geojson", "json", "txt")
MAX_BYTES = 60_000_000
CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 10.0, 30.0, 300.0
MAX_RESOURCES = 12  # datasets that keep every year have many; the newest are enough


class DownloadError(Exception):
    """The dataset or its file could not be had; the message is in French."""


def fetch(slug: str, layouts: Sequence[Layout], say: Callable[[str], None]) -> tuple[Path, str]:
    """Download the newest resource of dataset `slug` whose header fits one of `layouts`.

    Returns the file, in `var/downloads`, and the address it came from. Raises `DownloadError`.
    """
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    tried: list[str] = []
    with httpx.Client(timeout=timeout, follow_redirects=True, max_redirects=5) as client:
        for resource in _resources(client, slug)[:MAX_RESOURCES]:
            url = str(resource.get("url", ""))
            title = str(resource.get("title") or url)
            say(f"Téléchargement de « {title} »…")
            path = _stream(client, url, slug)
            try:
                tables.header_fits(path, layouts)
            except RefusedError as error:
                tried.append(f"{title} : {error.problems[0].rule}")
                path.unlink()
                continue
            return path, url
    raise DownloadError(
        f"Aucun fichier du jeu de données « {slug} » n’a les colonnes attendues.\n"
        + "\n".join(tried)
    )


def _resources(client: httpx.Client, slug: str) -> list[dict[str, Any]]:
    """The resources that may be tables or points, the last modified first."""
    address = f"{settings.DATA_GOUV_API.rstrip('/')}/datasets/{slug}/"
    answer = b"".join(_read(client, address))
    try:
        resources = httpx.Response(200, content=answer).json()["resources"]
        kept = [item for item in resources if _format(item) in FORMATS]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DownloadError(f"Réponse illisible de {address}.") from None
    if not kept:
        raise DownloadError(f"Le jeu de données « {slug} » n’a aucun fichier CSV ou GeoJSON.")
    return sorted(kept, key=lambda item: str(item.get("last_modified") or ""), reverse=True)


def _format(resource: dict[str, Any]) -> str:
    """The declared format, else the ending of the address."""
    declared = str(resource.get("format") or "").lower()
    return declared or urlsplit(str(resource.get("url", ""))).path.rpartition(".")[2].lower()


def _stream(client: httpx.Client, url: str, slug: str) -> Path:
    folder = settings.VAR / "downloads"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{slug}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            for chunk in _read(client, url):
                file.write(chunk)
        return part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _read(client: httpx.Client, url: str) -> Iterator[bytes]:
    """The body at `url`, within the limits of size and time."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise DownloadError(f"Adresse refusée : « {url} ».")
    deadline = time.monotonic() + WHOLE_SECONDS
    size = 0
    try:
        with client.stream("GET", url) as response:
            if response.status_code == httpx.codes.NOT_FOUND:
                raise DownloadError(f"Rien à l’adresse {url} (404).")
            if response.is_error:
                raise DownloadError(f"{url} a répondu par une erreur ({response.status_code}).")
            if response.headers.get("content-type", "").startswith("text/html"):
                raise DownloadError(f"{url} a répondu par une page, et non par un fichier.")
            for chunk in response.iter_bytes():
                size += len(chunk)
                if size > MAX_BYTES:
                    raise DownloadError(f"{url} dépasse {MAX_BYTES // 1_000_000} Mo.")
                if time.monotonic() > deadline:
                    raise DownloadError(f"{url} met plus de {WHOLE_SECONDS:.0f} s à venir.")
                yield chunk
    except httpx.TimeoutException:
        raise DownloadError(f"{url} ne répond pas dans le temps prévu.") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DownloadError(f"{url} n’a pas pu être lu : {error}.") from error
