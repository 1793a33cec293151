"""From one process to the others: on one machine, and through Redis."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fabriques.kit import live
from fabriques.kit.live import hub
from fabriques.kit.live.local_hub import LocalHub, folder
from tests.kit.test_live import SITE, cookie, news, person
from tests.processes import Page, free_port, serving, serving_redis


class Ear:
    """Keeps what a hub delivers."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, hub.Event]] = []

    def deliver(self, topic: str, event: hub.Event) -> None:
        self.heard.append((topic, event))

    def gap(self) -> None:
        self.heard.append(("gap", {}))


async def listening(local: LocalHub, *ears: Ear) -> list["asyncio.Task[None]"]:
    """One listener per ear, each as if in its own process."""
    tasks = []
    for ear in ears:
        ready = asyncio.Event()
        tasks.append(asyncio.create_task(local.listen(ear, ready.set)))
        async with asyncio.timeout(5):
            await ready.wait()
    return tasks


def test_every_process_of_the_machine_hears_in_order(tmp_path: Path) -> None:
    local, ears = LocalHub(tmp_path / "live"), (Ear(), Ear())

    async def run() -> None:
        tasks = await listening(local, *ears)
        for n in range(300):  # far more than a socket queues
            await asyncio.to_thread(local.send, b'["a",{"n":%d}]' % n)
        async with asyncio.timeout(5):
            while any(len(ear.heard) < 300 for ear in ears):
                await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())
    assert ears[0].heard == ears[1].heard == [("a", {"n": n}) for n in range(300)]
    assert list((tmp_path / "live").iterdir()) == []


def test_a_process_that_died_is_forgotten_and_one_that_hangs_holds_nobody_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    local, ear = LocalHub(tmp_path), Ear()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(tmp_path / "1-dead.sock"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hanging:
        hanging.bind(str(tmp_path / "2-hanging.sock"))
        hanging.setblocking(False)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as filler:
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):  # once its queue is full
                while True:
                    filler.sendto(b"x", str(tmp_path / "2-hanging.sock"))

        async def run() -> None:
            tasks = await listening(local, ear)
            with caplog.at_level(logging.WARNING):
                await asyncio.to_thread(local.send, b'["a",{}]')
            async with asyncio.timeout(5):
                while not ear.heard:
                    await asyncio.sleep(0)
            tasks[0].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run(run())
    assert ear.heard == [("a", {})]
    assert [path.name for path in tmp_path.iterdir()] == ["2-hanging.sock"]
    assert "did not reach the process 2-hanging" in caplog.text


@pytest.mark.parametrize("message", [b"\xff", b"{}", b"[1]", b"null", b""])
def test_what_is_none_of_ours_is_dropped(message: bytes, caplog: pytest.LogCaptureFixture) -> None:
    ear = Ear()
    with caplog.at_level(logging.WARNING):
        hub.receive(message, ear)
    assert ear.heard == []
    assert "not ours" in caplog.text


def test_a_long_path_still_makes_a_socket_address() -> None:
    near = Path("/srv/fabriques/var")
    far = Path("/srv") / ("dossier" * 20)
    assert folder(near) == near / "live"
    assert len(str(folder(far))) < 75
    assert folder(far) != folder(far / "autre")


def test_nobody_listening_is_no_error(tmp_path: Path) -> None:
    LocalHub(tmp_path / "nowhere").send(b'["a",{}]')


# --- Redis ----------------------------------------------------------------------------------------


@pytest.fixture
def through_redis(settings: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """This process publishes through a Redis of its own, at this port."""
    port = free_port()
    settings.REDIS_URL = f"redis://127.0.0.1:{port}/3"  # type: ignore[attr-defined]
    hub.hub.cache_clear()
    yield port
    hub.hub().client.close()  # type: ignore[attr-defined]
    hub.hub.cache_clear()


@pytest.mark.django_db(transaction=True)
def test_two_servers_hear_each_other_and_survive_the_loss_of_redis(
    through_redis: int, caplog: pytest.LogCaptureFixture
) -> None:
    user, other = person("a"), person("a")
    more = {
        "PING": "600",
        "STALLED": "30",
        "REDIS_URL": f"redis://127.0.0.1:{through_redis}/3",
    }
    with serving_redis(through_redis) as redis_process:
        one, two = serving(SITE, **more), serving(SITE, **more)
        with one as first, two as second:
            pages = [
                Page(server, cookie=cookie(who)).opened()
                for server in (first, second)
                for who in (user, other)
            ]
            live.publish("a", {"n": 1})
            assert [page.next() for page in pages] == [news("a", n=1)] * 4

            redis_process.terminate()
            redis_process.wait()
            with caplog.at_level(logging.ERROR):
                live.publish("a", {"n": 2})  # lost, and the caller does not fail
            assert "Error calling" in caplog.text
            late = Page(first, cookie=cookie(other)).opened()  # pages still open

            with serving_redis(through_redis):
                # What may have been missed is news for all.
                assert [page.next() for page in (*pages, late)] == [("nouveau", {})] * 5
                live.publish("a", {"n": 3})
                assert [page.next() for page in pages] == [news("a", n=3)] * 4
                type(user).objects.filter(pk=user.pk).update(job="")
                live.cut(user.ref)
                mine, theirs = pages[::2], pages[1::2]
                assert [page.next() for page in mine] == [("fini", {})] * 2
                live.publish("a", {"n": 4})
                assert [page.next() for page in theirs] == [news("a", n=4)] * 2
            for page in (*pages, late):
                page.close()
