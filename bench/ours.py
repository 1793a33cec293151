"""Our own site under measurement: production settings, a database of its own, granian."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".bench" / "site"
BIN = Path(sys.executable).parent


def environment(var: Path) -> dict[str, str]:
    """The variables of a production-like run: debug off, SQLite in `var`."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "PYTHONPATH": str(ROOT),
        "SECRET_KEY": "bench",
        "ALLOWED_HOSTS": "127.0.0.1",
        "VAR_DIR": str(var),
        "LOG_LEVEL": "ERROR",
    }


def command(var: Path, *arguments: str) -> str:
    """Run one of the site's commands on the database in `var`; its output."""
    done = subprocess.run(
        [BIN / "fabriques", *arguments],
        env=environment(var),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"fabriques {' '.join(arguments)}: {done.stderr[-800:]}")
    return done.stdout


def prepare(factor: int) -> Path:
    """A site with `factor` times the fabriques; built once, then kept."""
    var = HOME / f"x{factor}"
    var.mkdir(parents=True, exist_ok=True)
    command(var, "prepare")
    if factor > 1 and not (var / "volumetry.done").exists():
        print(f"Volumetry: {factor} times the fabriques…", file=sys.stderr)
        command(var, "volumetry", "--factor", str(factor))
        (var / "volumetry.done").touch()
    return var


@contextlib.contextmanager
def serve(var: Path, *, threads: int = 1, interface: str = "wsgi") -> Iterator[str]:
    """Serve it with one worker; yields the base address.

    One thread is CPython's best on short pages: several wait for one another's lock. Interface
    "asgi" is what `fabriques serve` runs: live pages and ordinary ones in one process.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            BIN / "granian", "--interface", interface, "--host", "127.0.0.1", "--port", str(port),
            "--workers", "1", "--no-ws", "--no-access-log", "--log-level", "warning",
            *(["--blocking-threads", str(threads)] if interface == "wsgi" else []),
            f"fabriques.{interface}:application",
        ],
        env=environment(var) | {"WEB_THREADS": str(threads)},
        cwd=ROOT,
    )  # fmt: skip
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"{base}/healthz", timeout=2).close()
                break
            time.sleep(0.1)
        else:
            raise RuntimeError("The site did not start.")
        yield base
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)
