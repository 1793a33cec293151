"""Real servers for the tests, on the database of the tests, and a reader of their streams."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from django.db import connection

ROOT = settings.ROOT
DEADLINE = 20.0  # seconds: for what must come, on a busy machine


def environment(**more: str) -> dict[str, str]:
    """What a process needs to work on the database of the tests."""
    database = connection.settings_dict
    address = f"sqlite:///{database['NAME']}"
    if connection.vendor == "postgresql":
        who = f"{database['USER']}:{database['PASSWORD']}".removesuffix(":")
        address = f"postgres://{who}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "fabriques.settings",
        "DATABASE_URL": address,
        "SECRET_KEY": settings.SECRET_KEY,
        "VAR_DIR": str(settings.VAR),
        "ALLOWED_HOSTS": "127.0.0.1",
        "LOG_LEVEL": "CRITICAL",
    } | more


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], Any], deadline: float = DEADLINE) -> Any:
    """The first true answer of `what`."""
    end = time.monotonic() + deadline
    while not (answer := what()):
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.02)
    return answer


def responds(port: int) -> bool:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        client.request("GET", "/healthz")
        return client.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()


@dataclass
class Server:
    port: int
    process: "subprocess.Popen[bytes]"


@contextmanager
def serving(application: str, **more: str) -> Iterator[Server]:
    """granian with one worker, as `serve` starts it."""
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1",
            "--port", str(port), "--no-access-log", "--log-level", "error", "--no-ws",
            application,
        ],
        env=environment(**more),
        cwd=ROOT,
    )  # fmt: skip
    try:
        wait_for(lambda: process.poll() is not None or responds(port))
        yield Server(port, process)
    finally:
        process.terminate()
        process.wait(timeout=DEADLINE)


@contextmanager
def serving_redis(port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A Redis of our own, that a test may take away."""
    process = subprocess.Popen(
        ["redis-server", "--port", str(port), "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    client = redis.Redis(port=port)

    def ready() -> bool:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False

    try:
        wait_for(ready)
        yield process
    finally:
        client.close()
        process.terminate()
        process.wait(timeout=DEADLINE)


class Page:
    """An open page: reads its stream as a browser does."""

    def __init__(self, server: Server, path: str = "/live/essai/", **headers: str) -> None:
        self.client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.client.request("GET", path, headers=named)
        self.response = self.client.getresponse()
        self.status = self.response.status

    def opened(self) -> "Page":
        """Once the server has written its first lines: nothing said from now on is missed."""
        assert self.status == 200, self.response.read().decode()
        while self.response.readline().strip():
            pass
        return self

    def next(self) -> tuple[str, Any] | None:
        """The next event and its data; None when the stream ends. Pings are skipped."""
        name = ""
        while line := self.response.readline():
            key, _, value = line.decode().rstrip("\n").partition(": ")
            if key == "event":
                name = value
            elif key == "data":
                return name, json.loads(value)
        return None

    def ping(self) -> bool:
        """Wait for a ping; False when something else comes first."""
        while line := self.response.readline():
            if line.startswith(b": ping"):
                return True
            if line.startswith(b"event"):
                return False
        return False

    def close(self) -> None:
        self.client.close()
        self.response.close()
