"""`fabriques serve`: three processes that start, stop and fall together."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.processes import DEADLINE, ROOT, environment, free_port, responds, wait_for

pytestmark = pytest.mark.django_db(transaction=True)

Serve = Callable[[int], "subprocess.Popen[str]"]


@pytest.fixture
def serve() -> Iterator[Serve]:
    started = []

    def start(port: int) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "fabriques", "serve", "--port", str(port)],
            env=environment(),
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=DEADLINE)


def running() -> dict[int, tuple[int, str]]:
    """Parent and command line of each process of the machine, but those that are dead."""
    listing = subprocess.run(
        ["ps", "-axo", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True
    ).stdout
    found = re.findall(r"^ *(\d+) +(\d+) +(\S+) (.*)$", listing, re.MULTILINE)
    return {int(pid): (int(parent), line) for pid, parent, state, line in found if "Z" not in state}


def family(pid: int) -> dict[int, str]:
    """All that this process started, and what that started in turn."""
    processes, found, parents = running(), {}, {pid}
    while parents:
        children = {child for child, (parent, _) in processes.items() if parent in parents}
        found |= {child: processes[child][1] for child in children}
        parents = children
    return found


def complete(process: "subprocess.Popen[str]", port: int) -> dict[int, str]:
    """The family once the three are there and pages are served."""

    def whole() -> dict[int, str] | None:
        found = family(process.pid)
        words = ("granian", "db_worker", "tick --every")
        ready = all(any(word in line for line in found.values()) for word in words)
        return found if ready and responds(port) else None

    found: dict[int, str] = wait_for(whole)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_stops_all(serve: Serve, number: signal.Signals) -> None:
    port = free_port()
    process = serve(port)
    assert process.stdout
    assert (
        process.stdout.readline() == f"Le site est sur http://127.0.0.1:{port}/ (arrêt : Ctrl-C)\n"
    )
    children = complete(process, port)
    process.send_signal(number)
    assert process.wait(timeout=8) == 0
    assert running().keys().isdisjoint(children)


@pytest.mark.parametrize(("word", "name"), [("db_worker", "worker"), ("granian", "web")])
def test_when_one_dies_all_stop_and_it_is_said(serve: Serve, word: str, name: str) -> None:
    port = free_port()
    process = serve(port)
    children = complete(process, port)
    direct = next(
        pid for pid, line in children.items() if word in line and running()[pid][0] == process.pid
    )
    os.kill(direct, signal.SIGKILL)
    _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1
    assert f"Le processus « {name} » s’est arrêté (code -9) : le site s’arrête." in errors
    assert running().keys().isdisjoint(children)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no signal for this")
def test_when_serve_is_killed_nothing_is_left_behind(serve: Serve) -> None:
    port = free_port()
    process = serve(port)
    children = complete(process, port)
    process.kill()
    wait_for(lambda: running().keys().isdisjoint(children))


def test_a_port_that_is_taken_is_said_at_once(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        process = serve(port)
        _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1
    assert f"Le port {port} est déjà pris : choisissez-en un autre (make run PORT=8080)." in errors
