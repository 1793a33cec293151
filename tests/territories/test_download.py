"""Open data by the slug of its dataset, through real HTTP to a server of the test."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from fabriques.territories.imports import download, open_data
from fabriques.territories.imports.download import DownloadError
from fabriques.territories.imports.report import Outcome
from fabriques.territories.models import ImportRun, ProgrammeMembership

ACV = "insee_com,lib_com,id_acv,lib_acv,date_signature\n22278,,acv-1,,\n"


class Site:
    """What the server answers: path → (status, type, body), and a body may take its time."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, str, bytes]] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.delay = 0.0
        self.address = ""

    def dataset(self, slug: str, *resources: dict[str, Any]) -> None:
        body = json.dumps({"resources": list(resources)}).encode()
        self.answers[f"/api/1/datasets/{slug}/"] = (200, "application/json", body)

    def file(self, path: str, body: str | bytes, kind: str = "text/csv", status: int = 200) -> str:
        data = body if isinstance(body, bytes) else body.encode()
        self.answers[path] = (status, kind, data)
        return self.address + path


@pytest.fixture
def site(settings: Any, tmp_path: Path) -> Iterator[Site]:
    found = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            status, kind, body = found.answers.get(self.path, (404, "text/html", b"absent"))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            for name, value in found.headers.get(self.path, {}).items():
                self.send_header(name, value)
            self.end_headers()
            half = len(body) // 2
            try:
                self.wfile.write(body[:half])
                self.wfile.flush()
                if not self.path.startswith("/api/"):
                    time.sleep(found.delay)
                self.wfile.write(body[half:])
            except OSError:  # the reader had enough
                pass

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    found.address = f"http://127.0.0.1:{server.server_address[1]}"
    settings.DATA_GOUV_API = f"{found.address}/api/1"
    settings.VAR = tmp_path / "var"
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def run(slug: str, name: str = "acv") -> Outcome:
    return open_data.run(name, slug, lambda line: None)


def resource(url: str, modified: str = "2026-01-01", **more: str) -> dict[str, str]:
    return {"title": url[-20:], "url": url, "format": "csv", "last_modified": modified, **more}


@pytest.mark.usefixtures("small_country")
def test_the_newest_resource_that_fits_is_taken(site: Site, settings: Any) -> None:
    site.dataset(
        "action-coeur-de-ville",
        resource(site.file("/ancien.csv", ACV.replace("acv-1", "acv-9")), "2020-01-01"),
        resource(site.file("/acv.csv", ACV), "2025-06-01"),
        resource(site.file("/notice.pdf", b"%PDF"), "2026-09-01", format="pdf"),
        resource(site.file("/autre.csv", "a,b\n1,2\n"), "2026-08-01"),
    )
    outcome = run("action-coeur-de-ville")
    assert site.asked == ["/api/1/datasets/action-coeur-de-ville/", "/autre.csv", "/acv.csv"]
    assert outcome.source == f"{site.address}/acv.csv"
    assert ProgrammeMembership.objects.get().external_id == "acv-1"
    assert ImportRun.objects.filter(name="acv").get().source == outcome.source
    assert [path.suffix for path in (settings.VAR / "downloads").iterdir()] == [""]
    again = run("action-coeur-de-ville")
    assert (again.counts.added, again.counts.changed, again.counts.closed) == (0, 0, 0)


@pytest.mark.usefixtures("small_country")
def test_a_redirection_is_followed(site: Site) -> None:
    site.file("/fichier.csv", ACV)
    site.file("/ici", b"", status=302)
    site.headers["/ici"] = {"Location": "/fichier.csv"}
    site.dataset("acv", resource(f"{site.address}/ici"))
    assert run("acv").counts.added == 1


def _absent(site: Site) -> None:
    pass


def _absent_file(site: Site) -> None:
    site.dataset("jeu", resource(f"{site.address}/rien.csv"))


def _broken(site: Site) -> None:
    site.dataset("jeu", resource(site.file("/panne.csv", ACV, status=500)))


def _page(site: Site) -> None:
    site.dataset("jeu", resource(site.file("/page.csv", "<html>", "text/html; charset=utf-8")))


def _unreadable(site: Site) -> None:
    site.file("/api/1/datasets/jeu/", "pas du JSON", "application/json")


def _no_resources(site: Site) -> None:
    site.file("/api/1/datasets/jeu/", '{"resources": [3]}', "application/json")


def _no_table(site: Site) -> None:
    site.dataset("jeu", resource(site.file("/notice.pdf", b"%PDF"), format="pdf"))


def _wrong_columns(site: Site) -> None:
    site.dataset("jeu", resource(site.file("/autre.csv", "a,b\n1,2\n")))


def _other_scheme(site: Site) -> None:
    site.dataset("jeu", resource("file:///etc/passwd"))


def _loop(site: Site) -> None:
    site.dataset("jeu", resource(site.file("/boucle", b"", status=302)))
    site.headers["/boucle"] = {"Location": "/boucle"}


@pytest.mark.parametrize(
    ("arrange", "words"),
    [
        (_absent, "404"),
        (_absent_file, "404"),
        (_broken, "500"),
        (_page, "une page"),
        (_unreadable, "illisible"),
        (_no_resources, "illisible"),
        (_no_table, "aucun fichier CSV"),
        (_wrong_columns, "colonnes attendues"),
        (_other_scheme, "Adresse refusée"),
        (_loop, "n’a pas pu être lu"),
    ],
)
def test_what_cannot_be_had(site: Site, arrange: Callable[[Site], None], words: str) -> None:
    arrange(site)
    with pytest.raises(DownloadError, match=words):
        run("jeu")


def test_a_file_too_large(site: Site, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MAX_BYTES", 1_000_000)
    site.dataset("jeu", resource(site.file("/gros.csv", ACV + "x" * 2_000_000)))
    with pytest.raises(DownloadError, match="dépasse 1 Mo"):
        run("jeu")
    assert list((settings.VAR / "downloads").iterdir()) == []


def test_a_server_that_stops_answering(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "READ_SECONDS", 0.2)
    site.delay = 0.8
    site.dataset("jeu", resource(site.file("/lent.csv", ACV)))
    with pytest.raises(DownloadError, match="ne répond pas"):
        run("jeu")


def test_a_file_that_takes_too_long(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "WHOLE_SECONDS", 0.2)
    site.delay = 0.5
    site.dataset("jeu", resource(site.file("/lent.csv", ACV + "x" * 300_000)))
    with pytest.raises(DownloadError, match="à venir"):
        run("jeu")


def test_no_server(settings: Any) -> None:
    settings.DATA_GOUV_API = "http://127.0.0.1:9"
    with pytest.raises(DownloadError, match="n’a pas pu être lu"):
        run("jeu")
