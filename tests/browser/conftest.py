"""A real server on the real programme, and a real Chromium."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from fabriques.settings import ROOT, VAR
from tests.services import browser as find_browser

BIN = Path(sys.executable).parent
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The site as production serves it (DEBUG off), on a database of its own."""
    var = VAR / "browser"
    var.mkdir(parents=True, exist_ok=True)
    for left in var.glob("fabriques.sqlite3*"):  # of an earlier run, perhaps of another schema
        left.unlink()
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "fabriques.settings",
        "SECRET_KEY": "browser",
        "ALLOWED_HOSTS": "127.0.0.1",
        "VAR_DIR": str(var),
        "SITE_OPERATOR": "Agence d’essai",
        "SITE_CONTACT": "contact@fabriques.test",
        "LOG_LEVEL": "ERROR",
    }
    subprocess.run([BIN / "fabriques", "prepare", "-v0"], env=environment, check=True, cwd=ROOT)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [
            BIN / "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
            "--workers", "1", "--blocking-threads", "4", "--no-access-log", "--log-level",
            "warning", "fabriques.wsgi:application",
        ],
        env=environment,
        cwd=ROOT,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            with suppress(OSError):
                urllib.request.urlopen(f"{address}/readyz", timeout=2).close()
                break
            time.sleep(0.1)
        else:
            pytest.fail("The server did not start.")
        yield address
    finally:
        server.terminate()
        server.wait(timeout=10)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        pytest.fail("Chromium est introuvable : make test dit comment l’installer.")
    started = playwright.chromium.launch(
        executable_path=path,
        args=[
            "--no-sandbox",
            "--disable-quic",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
        ],
    )
    yield started
    started.close()


class Watched:
    """A page of the browser, and what went wrong on it."""

    def __init__(self, page: Page, site: str) -> None:
        self.page = page
        self.site = site
        self.problems: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", self._request)

    def _console(self, message) -> None:
        # Chromium itself reports the 404 of a page that we asked for on purpose.
        if message.type in ("error", "warning") and "404" not in message.text:
            self.problems.append(message.text)

    def _request(self, request) -> None:
        if not request.url.startswith((self.site, "data:", "blob:")):
            self.problems.append(f"third party: {request.url}")

    def open(self, path: str) -> Page:
        self.page.goto(self.site + path)
        self.page.wait_for_load_state("networkidle")
        return self.page


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def anywhere(chromium: Browser, site: str, request) -> Iterator[Watched]:
    """A page at desk width, then at phone width."""
    context = chromium.new_context(viewport=request.param, locale="fr-FR")
    yield Watched(context.new_page(), site)
    context.close()


@pytest.fixture
def desk(chromium: Browser, site: str) -> Iterator[Watched]:
    context = chromium.new_context(viewport=DESK, locale="fr-FR")
    yield Watched(context.new_page(), site)
    context.close()


@pytest.fixture
def without_script(chromium: Browser, site: str) -> Iterator[Watched]:
    context = chromium.new_context(viewport=DESK, locale="fr-FR", java_script_enabled=False)
    yield Watched(context.new_page(), site)
    context.close()
