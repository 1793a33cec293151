import contextlib
import ctypes
import errno
import http.client
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

# Seconds that each process has to end what it is doing.
GRACE = 6.0
# Connections of a web process beside those of its live pages.
ROOM = 512

Processes = dict[str, "subprocess.Popen[bytes]"]


class Command(BaseCommand):
    requires_system_checks = ()  # `check` has its own command; every start would pay for it
    help = "Serve the site: web server, worker for background tasks, periodic jobs."

    stopping = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=1, help="web processes")

    def handle(self, *, host: str, port: int, workers: int, **options: Any) -> None:
        _check_free(host, port)
        _allow_files(settings.LIVE_STREAMS + ROOM + 256)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        processes: Processes = {"web": _start("granian", *_web(host, port, workers))}
        try:
            self._watch(processes, until=lambda: _answers(host, port))
            if not self.stopping:  # the first page does not wait for these two to start
                self.stdout.write(f"Le site est sur http://{host}:{port}/ (arrêt : Ctrl-C)")
                self.stdout.flush()
                processes["worker"] = _start(
                    "fabriques", "db_worker", "--no-reload", "--no-startup-delay"
                )
                processes["tick"] = _start("fabriques", "tick", "--every", "60")
            self._watch(processes)
        finally:
            _end(processes)

    def _watch(self, processes: Processes, *, until: Any = lambda: False) -> None:
        """Wait for `until`, or to be stopped; raise when one of the processes ends by itself."""
        while not self.stopping and not until():
            for name, process in processes.items():
                if process.poll() is not None:
                    raise CommandError(
                        f"Le processus « {name} » s’est arrêté (code {process.returncode}) : "
                        "le site s’arrête."
                    )
            time.sleep(0.1)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True


def _web(host: str, port: int, workers: int) -> list[str]:
    options = {
        "interface": "asgi",
        "host": host,
        "port": port,
        "workers": workers,
        # Each live page keeps a connection; the default lets a thousand in.
        "backlog": 2048,
        "backpressure": settings.LIVE_STREAMS + ROOM,
        "workers-kill-timeout": int(GRACE) - 2,
        "log-level": "warning",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return [*words, "--no-ws", "--no-access-log", "fabriques.asgi:application"]


def _start(module: str, *arguments: str) -> "subprocess.Popen[bytes]":
    """A Python program in a process group of its own.

    A Ctrl-C then reaches it through us alone, and what it started ends with it. On Linux it is also
    told to stop when we are killed without a word.
    """
    return subprocess.Popen(  # noqa: S603 - our own programs
        [sys.executable, "-m", module, *arguments],
        start_new_session=True,
        preexec_fn=_end_with_parent if sys.platform == "linux" else None,
    )


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def _end(processes: Processes) -> None:
    """Ask all to stop, wait within reason, and leave nothing behind."""
    for process in processes.values():
        process.terminate()
    deadline = time.monotonic() + GRACE
    for process in processes.values():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _check_free(host: str, port: int) -> None:
    """The server would share the port in silence with another that is already there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(
                f"Le port {port} est déjà pris : choisissez-en un autre (make run PORT=8080)."
            ) from error
        raise CommandError(f"Impossible de servir sur {host}:{port} : {error.strerror}.") from error


def _allow_files(wanted: int) -> None:
    """Raise the number of files and connections that a process may have open, where we may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _answers(host: str, port: int) -> bool:
    """Whether the web server answers anything at all: no page, whose host would be checked."""
    connection = http.client.HTTPConnection(host, port, timeout=0.5)
    try:
        connection.request("GET", "/live/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
