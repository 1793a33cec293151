"""The peer of the benchmark: pretalx, a well-known Django site, with its own demo event.

pretalx is installed from PyPI into a virtual environment of its own, at exact versions
(`peer-requirements.txt`), filled by its own command `create_test_event`, and served by granian's
WSGI server as our pages are. Everything lives under `.bench/peer` and can be deleted at any time.

What makes the comparison fair:

- production settings of pretalx: debug off, template loader cached, static manifest;
- no page cache: without Redis pretalx uses Django's dummy cache, and this module never gives it
  one (`PRETALX_*` variables of the caller are not passed on);
- the same Django series and the same interpreter as ours;
- pages with real rows, whose number and size are counted in the page just before measuring.

Three things to know about pretalx:

- the default schedule (`/schedule/`) is an empty shell that a script fills: the page holding the
  rows is the one for browsers without JavaScript (`/schedule/nojs`); the shell is given apart;
- a request without `Accept: text/html` gets a text drawing instead of the page;
- its Markdown renderer is one object shared by all threads, so that under several threads one page
  in fifty or a hundred breaks (500) and the others are slower. One thread is its best case:
  measure it with one too, and compare with the better of the two.

    python -m bench.peer                    # install, fill, serve, print the pages, wait for Ctrl-C
    python -m bench.peer --measure          # … and measure every page
    python -m bench.peer --database postgresql://user@localhost/fabriques_bench_peer
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator, Mapping, Sequence
from configparser import RawConfigParser
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from bench import load

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "peer-requirements.txt"
DEFAULT_HOME = HERE.parent / ".bench" / "peer"

#: Address of the demo event on the peer, and the seed that makes two fillings alike.
EVENT = "democon"
SEED = 1

#: Seconds: the longest step is the download of the packages.
STEP_TIMEOUT_SECONDS = 900
START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 10

#: A database that this module may empty must say so in its name.
DATABASE_PREFIX = "fabriques_bench_"

# `create_test_event --seed` seeds Faker only; the draws made with `random` (who speaks where, in
# which track) would change from one filling to the next without this.
_SEEDED = """
import random, runpy, sys
random.seed(int(sys.argv.pop(1)))
runpy.run_module("pretalx", run_name="__main__", alter_sys=True)
"""

_RECREATE_DATABASE = """
import sys, psycopg
from psycopg import sql
server, name = sys.argv[1:]
with psycopg.connect(server, autocommit=True) as connection:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
"""


class PeerError(RuntimeError):
    """The peer could not be set up; the message says which step and why."""


class Page(NamedTuple):
    """A public page of the peer, as it was just before measuring."""

    name: str
    url: str
    #: Sessions or speakers found in the markup; 0 for a shell that a script fills.
    rows: int
    #: Size of the body, uncompressed, in bytes.
    size: int


@dataclass(frozen=True)
class Peer:
    """The peer while it runs."""

    base_url: str
    pages: tuple[Page, ...]
    #: Exact versions of what is compared: pretalx, Django, granian, Python.
    versions: Mapping[str, str]
    workers: int
    threads: int
    #: "sqlite" or "postgresql".
    database: str

    def page(self, name: str) -> Page:
        """Return the page of that name: schedule, speakers, talk, schedule-shell, talks-shell."""
        for page in self.pages:
            if page.name == name:
                return page
        raise KeyError(name)


class _Installation(NamedTuple):
    """Where one peer lives, and the environment in which its commands run."""

    home: Path
    data: Path
    python: Path
    environment: dict[str, str]


@contextlib.contextmanager
def serve(
    home: Path = DEFAULT_HOME,
    *,
    workers: int = 1,
    threads: int = 4,
    database_url: str | None = None,
) -> Iterator[Peer]:
    """Install, fill and start the peer; stop it on leaving.

    What is already done is not done again: the first call takes one or two minutes, the following
    ones a few seconds. `threads` are granian's blocking threads in each of the `workers`.
    `database_url` is a PostgreSQL address whose database, named `fabriques_bench_…`, is dropped and
    created again on the first call; SQLite is used when it is not given.
    """
    installation = prepare(home, database_url)
    port = _free_port()
    base_url = f"http://127.0.0.1:{port}"
    log_path = installation.data / "server.log"
    command = [str(installation.python.parent / "granian"), "--interface", "wsgi"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", str(workers), "--blocking-threads", str(threads)]
    command += ["--no-ws", "pretalx.wsgi:application"]
    _say(f"starting granian, {workers} worker(s), {threads} thread(s), on {base_url}")
    with log_path.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command,
            cwd=installation.data,
            env=installation.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            # A group of its own: stopping it also stops the workers, even after a crash.
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, f"{base_url}/{EVENT}/schedule/", log_path)
        yield Peer(
            base_url=base_url,
            pages=_pages(base_url),
            versions=_versions(installation),
            workers=workers,
            threads=threads,
            database="postgresql" if database_url else "sqlite",
        )
    finally:
        _stop(process)
        _say("stopped")


def prepare(home: Path = DEFAULT_HOME, database_url: str | None = None) -> _Installation:
    """Create the virtual environment and the demo event under `home`, unless they are there."""
    home = home.resolve()
    python = _install(home)
    data = home / ("data-postgresql" if database_url else "data-sqlite")
    stamp = data / "filled.json"
    wanted = {
        "requirements": _fingerprint(),
        "seed": SEED,
        "database": hashlib.sha256((database_url or "").encode()).hexdigest(),
    }
    installation = _Installation(home, data, python, _environment(data))
    if _read_stamp(stamp) == wanted:
        return installation
    # A filling that stopped half-way cannot be continued: begin again from nothing.
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    _configure(installation, database_url)
    _fill(installation)
    stamp.write_text(json.dumps(wanted), encoding="utf-8")
    return installation


def _install(home: Path) -> Path:
    """Return the interpreter of the peer's virtual environment, created if needed."""
    folder = home / "venv"
    python = folder / "bin" / "python"
    stamp = home / "installed.json"
    wanted = {"requirements": _fingerprint()}
    if python.exists() and _read_stamp(stamp) == wanted:
        return python
    _say("creating a virtual environment")
    stamp.unlink(missing_ok=True)
    home.mkdir(parents=True, exist_ok=True)
    try:
        venv.create(folder, clear=True, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise PeerError(f"no virtual environment could be created in {folder}: {error}") from error
    _say("installing pretalx and granian from PyPI (half a minute to a few minutes)")
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-input", "--requirement", str(REQUIREMENTS)]
    _step("installation of the packages (is PyPI within reach?)", command)
    stamp.write_text(json.dumps(wanted), encoding="utf-8")
    return python


def _environment(data: Path) -> dict[str, str]:
    """Return the caller's environment without what could change the peer's behaviour."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PRETALX_", "DJANGO_", "GRANIAN_", "PYTHON"))
    }
    environment["PRETALX_CONFIG_FILE"] = str(data / "pretalx.cfg")
    environment["PRETALX_NO_INITIAL_LOG"] = "1"
    environment["PYTHONHASHSEED"] = "0"
    return environment


def _configure(installation: _Installation, database_url: str | None) -> None:
    """Write pretalx's configuration file, and create the PostgreSQL database when one is asked."""
    data = installation.data
    config = RawConfigParser()
    config["filesystem"] = {
        "data": str(data),
        "static": str(data / "static"),
        "media": str(data / "media"),
        "logs": str(data / "logs"),
    }
    # Without a port: pretalx then accepts any, and the size of its pages does not vary with it.
    config["site"] = {"debug": "False", "url": "http://127.0.0.1"}
    # No [redis] and no [celery] section: pretalx then caches nothing and runs its tasks at once.
    if database_url:
        config["database"] = _postgresql(installation, database_url)
    else:
        config["database"] = {"backend": "sqlite3", "name": str(data / "db.sqlite3")}
    with (data / "pretalx.cfg").open("w", encoding="utf-8") as file:
        os.chmod(file.fileno(), 0o600)
        config.write(file)


def _postgresql(installation: _Installation, database_url: str) -> dict[str, str]:
    """Create the database afresh and return its section of pretalx's configuration."""
    parts = urlsplit(database_url)
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in {"postgres", "postgresql"}:
        raise PeerError(f"a PostgreSQL address is expected, not {parts.scheme!r}")
    if not name.startswith(DATABASE_PREFIX):
        raise PeerError(
            f"the database {name!r} would be emptied: its name must start with {DATABASE_PREFIX!r}"
        )
    _say(f"creating the PostgreSQL database {name}")
    # Written out: an address without host (a local socket) loses its slashes in urlunsplit().
    server = f"postgresql://{parts.netloc}/postgres"
    _step(
        "creation of the PostgreSQL database",
        [str(installation.python), "-c", _RECREATE_DATABASE, server, name],
        environment=installation.environment,
    )
    return {
        "backend": "postgresql",
        "name": name,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "host": parts.hostname or "",
        "port": str(parts.port or ""),
    }


def _fill(installation: _Installation) -> None:
    """Create the tables, the static files and the demo event with its released schedule."""
    # The administrator exists because the demo event wants one; nobody ever signs in.
    environment = {
        **installation.environment,
        "DJANGO_SUPERUSER_EMAIL": "bench@example.org",
        "DJANGO_SUPERUSER_PASSWORD": secrets.token_urlsafe(24),
        "PRETALX_INIT_ORGANISER_NAME": "Bench",
        "PRETALX_INIT_ORGANISER_SLUG": "bench",
    }
    # Not `rebuild`: it also builds the schedule editor with npm, which no public page uses.
    steps: list[tuple[str, list[str]]] = [
        ("creating the tables", ["migrate", "--no-input", "--verbosity=0"]),
        ("collecting the static files", ["collectstatic", "--no-input", "--verbosity=0"]),
        ("creating an administrator", ["init", "--no-input"]),
        (
            "creating the demo event",
            ["create_test_event", "--stage=schedule", f"--slug={EVENT}", f"--seed={SEED}"],
        ),
    ]
    for title, arguments in steps:
        _say(title)
        _step(
            f"pretalx {arguments[0]}",
            [str(installation.python), "-c", _SEEDED, str(SEED), *arguments],
            environment=environment,
            cwd=installation.data,
        )


def _pages(base_url: str) -> tuple[Page, ...]:
    """Fetch the public pages, count what they show, and refuse a page that would flatter us."""
    event = f"{base_url}/{EVENT}"
    schedule = _get(f"{event}/schedule/nojs")
    talk = re.search(rf'href="?(/{EVENT}/talk/[A-Z0-9]+/)', schedule)
    if not talk:
        raise PeerError("the schedule of the demo event links to no talk")
    addresses = [
        ("schedule", f"{event}/schedule/nojs"),
        ("speakers", f"{event}/speaker/"),
        ("talk", base_url + talk.group(1)),
        ("schedule-shell", f"{event}/schedule/"),
        ("talks-shell", f"{event}/talk/"),
    ]
    pages = []
    for name, url in addresses:
        body = _get(url)
        rows = len(re.findall(r'class="?pretalx-session[">\s]', body))
        if name in {"schedule", "speakers"} and not rows:
            raise PeerError(f"{url} shows no row: nothing to compare with")
        pages.append(Page(name, url, 1 if name == "talk" else rows, len(body.encode())))
    return tuple(pages)


def _get(url: str) -> str:
    """Return the text of a page that answers 200."""
    request = urllib.request.Request(url, headers={"Accept": "text/html"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            if response.status != 200 or response.url != url:
                raise PeerError(f"{url} answers {response.status} at {response.url}")
            return str(response.read().decode())
    except urllib.error.URLError as error:
        raise PeerError(f"{url} does not answer: {error}") from error


def _versions(installation: _Installation) -> dict[str, str]:
    """Return the versions actually installed, asked of the peer's own interpreter."""
    code = (
        "import json, platform; from importlib.metadata import version; "
        "print(json.dumps({'python': platform.python_version(), "
        "**{name: version(name) for name in ('pretalx', 'django', 'granian')}}))"
    )
    out = _step(
        "listing the versions",
        [str(installation.python), "-c", code],
        environment=installation.environment,
    )
    return dict(json.loads(out))


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log_path: Path) -> None:
    """Return when the server answers; raise with its last lines when it does not."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise PeerError(f"granian stopped at once:\n{_tail(log_path.read_text())}")
        # Refused while starting; an HTTP error means it runs and will be said by _pages.
        with contextlib.suppress(OSError):
            try:
                urllib.request.urlopen(url, timeout=10).close()
            except urllib.error.HTTPError as error:
                error.close()
            return
        time.sleep(0.2)
    raise PeerError(
        f"no answer after {START_TIMEOUT_SECONDS} seconds:\n{_tail(log_path.read_text())}"
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop the server and its workers, politely, then by force."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _step(
    title: str,
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> str:
    """Run one command and return what it prints; on failure say which step and its last lines."""
    # Into a file: with a pipe, a grandchild that stays alive would keep us waiting for its end.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        try:
            done = subprocess.run(
                command,
                env=environment,
                cwd=cwd,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                timeout=STEP_TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise PeerError(f"{title}: not done after {STEP_TIMEOUT_SECONDS} seconds") from error
        except OSError as error:
            raise PeerError(f"{title}: {error}") from error
        errors.seek(0)
        if done.returncode:
            raise PeerError(f"{title} failed:\n{_tail(done.stdout + errors.read())}")
    return done.stdout


def _tail(text: str, lines: int = 12) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])


def _fingerprint() -> str:
    """Return what the installation depends on: the frozen versions and the interpreter."""
    content = REQUIREMENTS.read_bytes() + sys.version.encode() + sys.base_prefix.encode()
    return hashlib.sha256(content).hexdigest()


def _read_stamp(path: Path) -> object:
    """Return the content of a stamp, or nothing when it is missing or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _say(message: str) -> None:
    print(f"peer: {message}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the peer until interrupted, or measure its pages, from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--home", type=Path, default=DEFAULT_HOME, help="where it is installed")
    parser.add_argument("--workers", type=int, default=1, help="granian workers (default 1)")
    parser.add_argument("--threads", type=int, default=4, help="blocking threads (default 4)")
    parser.add_argument("--database", metavar="URL", help="PostgreSQL instead of SQLite")
    parser.add_argument("--measure", action="store_true", help="measure each page, then stop")
    parser.add_argument("--seconds", type=float, default=10, help="of each measure (default 10)")
    parser.add_argument("--connections", type=int, default=8, help="kept busy (default 8)")
    options = parser.parse_args(arguments)
    try:
        with serve(
            options.home,
            workers=options.workers,
            threads=options.threads,
            database_url=options.database,
        ) as peer:
            print(", ".join(f"{name} {version}" for name, version in peer.versions.items()))
            for page in peer.pages:
                print(f"{page.name:15} {page.rows:4} rows {page.size:7} bytes   {page.url}")
            if options.measure:
                _measure(peer, options.seconds, options.connections)
            else:
                _say("serving until Ctrl-C")
                signal.pause()
    except PeerError as error:
        _say(f"cannot be set up: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _measure(peer: Peer, seconds: float, connections: int) -> None:
    for page in peer.pages:
        load.measure(page.url, seconds=2, connections=connections)
        run = load.measure(page.url, seconds=seconds, connections=connections)
        print(f"{page.name:15} {run}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
