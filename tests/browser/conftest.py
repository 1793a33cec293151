"""A real server on the real programme, and a real Chromium."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from fabriques.settings import ROOT, VAR
from tests.processes import free_port, responds, wait_for
from tests.services import browser as find_browser

BIN = Path(sys.executable).parent
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def mailbox() -> Path:
    """Where the letters of everybody arrive. Each process of the run has its own site."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    return VAR / "browser" / worker / "letters"


@pytest.fixture(scope="session")
def manage(mailbox: Path, port: int) -> Callable[..., None]:
    """The command line of the site, on its database: `manage("add_steward", "…")`."""
    var = mailbox.parent
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "fabriques.settings",
        "SECRET_KEY": "browser",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "SITE_URL": f"http://localhost:{port}",
        "VAR_DIR": str(var),
        "EMAIL_URL": f"filemail:///{mailbox}",
        "MAIL_FROM": "essai@fabriques.test",
        "SITE_OPERATOR": "Agence d’essai",
        "SITE_CONTACT": "contact@fabriques.test",
        "LOG_LEVEL": "ERROR",
    }

    def run(*arguments: str, wait: bool = True) -> Any:
        command = [BIN / "fabriques", *arguments]
        if wait:
            return subprocess.run(command, env=environment, check=True, cwd=ROOT)
        return subprocess.Popen(command, env=environment, cwd=ROOT)

    return run


@pytest.fixture(scope="session")
def port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def site(manage: Callable[..., Any], mailbox: Path, port: int) -> Iterator[str]:
    """The site as in production (DEBUG off), with its worker and its tick, on a fresh database.

    On `localhost`, where browsers allow passkeys.
    """
    mailbox.mkdir(parents=True, exist_ok=True)
    for left in (*mailbox.parent.glob("fabriques.sqlite3*"), *mailbox.glob("*")):
        left.unlink()
    manage("prepare", "-v0")
    server = manage("serve", "--port", str(port), wait=False)
    try:
        wait_for(lambda: server.poll() is not None or responds(port), deadline=60)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


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


@pytest.fixture
def code_for(mailbox: Path) -> Callable[[str], str]:
    """The code in the next letter to an address; each is given once."""
    from tests.browser.people import CODE, letters

    given: set[str] = set()

    def latest(address: str) -> str:
        def unseen() -> str:
            texts = "\n".join(letters(mailbox, address))
            codes = re.findall(CODE, texts, re.M)
            return next((code for code in reversed(codes) if code not in given), "")

        code = str(wait_for(unseen))
        given.add(code)
        return code

    return latest
