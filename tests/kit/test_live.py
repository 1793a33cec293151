"""Streams, heard from a real server: what reaches a page, and what ends when rights do."""

import asyncio
import http.client
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client
from django.utils import timezone

from fabriques.kit import live
from fabriques.kit.live.streams import mark
from fabriques.people.models import User
from tests.factories import make_user
from tests.processes import DEADLINE, Page, Server, serving, wait_for

pytestmark = pytest.mark.django_db(transaction=True)

SITE = "tests.kit.live_site:application"
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def patient(django_db_setup: None) -> Iterator[Server]:
    """Asks rights again by itself so late that what comes sooner comes from what was said."""
    with serving(SITE, PING="600", STALLED="30") as server:
        yield server


@pytest.fixture(scope="module")
def hasty(django_db_setup: None) -> Iterator[Server]:
    """Asks rights again often, and is not patient with who does not read."""
    with serving(SITE, PING="0.4", STALLED="1", LIVE_STREAMS_PER_USER="2") as server:
        yield server


@pytest.fixture
def pages() -> Iterator[Open]:
    """Opens pages, and closes them at the end."""
    opened: list[Page] = []

    def open_page(server: Server, *path: str, **headers: str) -> Page:
        opened.append(Page(server, *path, **headers))
        return opened[-1]

    yield open_page
    for page in opened:
        page.close()


def person(job: str, until: str = "") -> User:
    """Somebody who may hear the topics of `job`, until then."""
    return make_user(until, job=job)


def cookie(user: User, client: Client | None = None) -> str:
    """The cookie of a session of this person."""
    client = client or Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def news(topic: str, **event: object) -> tuple[str, object]:
    return "nouveau", {"topic": topic, "event": event}


# --- What a page hears ----------------------------------------------------------------------------


def test_an_event_reaches_the_pages_that_may_hear_it(patient: Server, pages: Open) -> None:
    both = pages(patient, cookie=cookie(person("a,b"))).opened()
    only_a = pages(patient, cookie=cookie(person("a"))).opened()
    only_b = pages(patient, cookie=cookie(person("b"))).opened()
    live.publish("a", {"n": 1})
    assert both.next() == only_a.next() == news("a", n=1)
    live.publish("b", {"text": "« Été »\nà Brest"})
    assert both.next() == only_b.next() == news("b", text="« Été »\nà Brest")


def test_the_stream_is_one_that_nothing_keeps_nor_holds_back(patient: Server, pages: Open) -> None:
    headers = pages(patient, cookie=cookie(person("a"))).opened().response.headers
    assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Accel-Buffering"] == "no"
    assert "Content-Encoding" not in headers


def test_nothing_is_said_of_what_was_rolled_back(patient: Server, pages: Open) -> None:
    page = pages(patient, cookie=cookie(person("a"))).opened()
    with transaction.atomic():
        live.publish("a", {"n": 1})
        transaction.set_rollback(True)
    with transaction.atomic():
        live.publish("a", {"n": 2})
    assert page.next() == news("a", n=2)


def test_a_burst_is_coalesced_to_its_last_event(patient: Server, pages: Open) -> None:
    page = pages(patient, cookie=cookie(person("a,b"))).opened()
    start = time.monotonic()
    for n in range(200):
        live.publish("a", {"n": n})
    live.publish("b")
    heard = []
    while (event := page.next()) != news("b"):
        heard.append(event)
    assert heard[-1] == news("a", n=199)
    assert len(heard) <= 2 + 4 * (time.monotonic() - start)


def test_a_slow_reader_gets_the_latest_and_holds_nobody_back(patient: Server, pages: Open) -> None:
    topics = [f"t{number}" for number in range(20)]
    key = cookie(person(",".join(topics)))
    slow, fast = (pages(patient, cookie=key).opened() for _ in range(2))
    rounds = 12
    for n in range(rounds):  # 12 × 1.2 MB, far more than the network holds for who does not read
        for topic in topics:
            live.publish(topic, {"n": n, "weight": "x" * 60_000})
        while fast.next() != news(topics[-1], n=n, weight="x" * 60_000):
            pass
    heard = []
    while len(heard) < rounds and (not heard or heard[-1] < rounds - 1):
        _, data = slow.next() or ("", {})
        if data["topic"] == topics[-1]:
            heard.append(data["event"]["n"])
    assert heard[-1] == rounds - 1
    assert len(heard) < rounds


def test_a_reader_that_stopped_reading_is_let_go(hasty: Server, pages: Open) -> None:
    topics = [f"t{number}" for number in range(20)]
    user = person(",".join(topics))
    key = cookie(user)
    slow, _ = (pages(hasty, cookie=key).opened() for _ in range(2))
    assert pages(hasty, cookie=key).status == 429

    def another() -> bool:
        for topic in topics:
            live.publish(topic, {"weight": "x" * 60_000})
        return pages(hasty, cookie=key).status == 200

    wait_for(another)
    while slow.next():
        pass


def test_three_hundred_pages_hear_the_same_event(patient: Server) -> None:
    keys = [cookie(person("a")) for _ in range(50)]

    async def listen(key: str, opened: "asyncio.Queue[None]") -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", patient.port)
        writer.write(
            f"GET /live/essai/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {key}\r\n\r\n".encode()
        )
        await reader.readuntil(b"retry")
        opened.put_nowait(None)
        await reader.readuntil(b"event: nouveau\n")
        data = await reader.readline()
        writer.close()
        return data

    async def run() -> set[bytes]:
        opened: asyncio.Queue[None] = asyncio.Queue()
        async with asyncio.timeout(3 * DEADLINE):
            tasks = [asyncio.create_task(listen(key, opened)) for key in keys for _ in range(6)]
            for _ in tasks:
                await opened.get()
            await asyncio.to_thread(live.hub.hub().send, b'["a",{"n":1}]')
            return set(await asyncio.gather(*tasks))

    assert asyncio.run(run()) == {b'data: {"topic": "a", "event": {"n": 1}}\n'}


def test_a_page_hears_what_was_said_while_it_was_away(patient: Server, pages: Open) -> None:
    key = cookie(person("a"))
    witness = pages(patient, cookie=key).opened()
    before = mark()
    live.publish("a")
    assert witness.next() == news("a")
    after = str(mark() + 1)
    for late in (
        pages(patient, f"/live/essai/?depuis={before}", cookie=key),
        pages(patient, f"/live/essai/?depuis={after}", cookie=key, last_event_id=str(before)),
        pages(patient, "/live/essai/?depuis=1", cookie=key),  # longer than anyone remembers
    ):
        assert late.opened().next() == ("nouveau", {})
    for none in (after, "demain", "%C2%B2", "-1", "9" * 5000):
        page = pages(patient, f"/live/essai/?depuis={none}", cookie=key).opened()
        live.publish("a", {"n": 2})
        assert page.next() == news("a", n=2)
        page.close()


# --- When rights end ------------------------------------------------------------------------------


def test_a_cut_ends_the_stream_of_who_lost_a_topic(patient: Server, pages: Open) -> None:
    user, other = person("a,b"), person("a,b")
    page, theirs = (pages(patient, cookie=cookie(who)).opened() for who in (user, other))
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(job="a")
        live.cut(user.ref)
        live.publish("b", {"n": 1})
    start = time.monotonic()
    assert page.next() == ("fini", {})
    assert page.next() is None
    assert time.monotonic() - start < 1.0
    assert theirs.next() == news("b", n=1)


def test_a_cut_that_takes_nothing_away_leaves_the_stream(patient: Server, pages: Open) -> None:
    user = person("a")
    page = pages(patient, cookie=cookie(user)).opened()
    User.objects.filter(pk=user.pk).update(job="a,b")
    live.cut(user.ref)
    assert page.ping()
    live.publish("b")
    assert page.next() == news("b")


@pytest.mark.parametrize("change", [{"job": ""}, {"is_active": False}, {"password": "changed"}])
def test_all_that_ends_rights_ends_the_stream(
    patient: Server, pages: Open, change: dict[str, object]
) -> None:
    user = person("a")
    page = pages(patient, cookie=cookie(user)).opened()
    User.objects.filter(pk=user.pk).update(**change)
    live.cut(user.ref)
    assert page.next() == ("fini", {})
    assert page.next() is None


def test_signing_out_ends_the_streams_of_that_session_alone(patient: Server, pages: Open) -> None:
    user, here = person("a"), Client()
    page = pages(patient, cookie=cookie(user, here)).opened()
    elsewhere = pages(patient, cookie=cookie(user)).opened()
    here.logout()
    assert page.next() == ("fini", {})
    assert page.next() is None
    live.publish("a")
    assert elsewhere.next() == news("a")


def test_a_revoked_session_ends_its_streams(patient: Server, pages: Open) -> None:
    page = pages(patient, cookie=cookie(person("a"))).opened()
    Session.objects.all().delete()
    assert page.next() == ("fini", {})


def test_a_grant_ends_at_its_time(patient: Server, pages: Open) -> None:
    end = timezone.now() + timedelta(seconds=1.5)
    page = pages(patient, cookie=cookie(person("a", until=end.isoformat()))).opened()
    live.publish("a")
    assert page.next() == news("a")
    assert page.next() == ("fini", {})
    assert timedelta(0) <= timezone.now() - end < timedelta(seconds=1)
    assert page.next() is None


def test_rights_that_end_in_silence_end_at_the_next_ping(hasty: Server, pages: Open) -> None:
    user = person("a")
    page = pages(hasty, cookie=cookie(user)).opened()
    assert page.ping()
    User.objects.filter(pk=user.pk).update(job="")  # and nobody says so
    assert page.next() == ("fini", {})


def test_without_an_answer_on_rights_the_page_is_sent_away_to_come_back(
    patient: Server, pages: Open
) -> None:
    user = person("a")
    key = cookie(user)
    page = pages(patient, cookie=key).opened()
    User.objects.filter(pk=user.pk).update(job="panne")
    live.cut(user.ref)
    assert page.next() is None
    assert pages(patient, cookie=key).status == 503


def test_a_server_that_stops_lets_its_pages_go(pages: Open, django_db_setup: None) -> None:
    with serving(SITE, PING="600", STALLED="30") as server:
        page = pages(server, cookie=cookie(person("a"))).opened()
        server.process.send_signal(signal.SIGTERM)
        assert page.next() is None  # and no `fini`: it may come back
        assert server.process.wait(timeout=5) == 0


# --- The door -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "none"}, 200),
        ({"origin": "http://{host}"}, 200),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"origin": "https://ailleurs.test"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://["}, 403),
        ({"host": "ailleurs.test"}, 400),
        ({"host": "ailleurs.test", "origin": "http://ailleurs.test"}, 400),
    ],
)
def test_only_our_own_pages_open_a_stream(
    patient: Server, pages: Open, headers: dict[str, str], status: int
) -> None:
    host = f"127.0.0.1:{patient.port}"
    given = {name: value.format(host=host) for name, value in headers.items()}
    page = pages(patient, cookie=cookie(person("a")), **given)
    assert page.status == status


@pytest.mark.parametrize(
    "path", ["/live/inconnu/", "/live/", "/live/essai", "/live/essai/plus/", "/live//essai/"]
)
def test_an_unknown_stream_is_not_found(patient: Server, pages: Open, path: str) -> None:
    assert pages(patient, path, cookie=cookie(person("a"))).status == 404


def test_nothing_to_hear_is_not_found(patient: Server, pages: Open) -> None:
    assert pages(patient, cookie=cookie(person(""))).status == 404
    past = (timezone.now() - timedelta(minutes=1)).isoformat()
    assert pages(patient, cookie=cookie(person("a", until=past))).status == 404


@pytest.mark.parametrize("key", ["", "sessionid=", "sessionid=inconnue", "sessionid=%00;;=;é"])
def test_who_is_not_signed_in_is_told_so_without_redirect(
    patient: Server, pages: Open, key: str
) -> None:
    page = pages(patient, cookie=key.encode().decode("latin1"))
    assert page.status == 401
    assert "Location" not in page.response.headers
    assert page.response.read().decode() == "Connectez-vous pour suivre cette page."


def test_a_session_that_is_over_opens_nothing(patient: Server, pages: Open) -> None:
    key = cookie(person("a"))
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert pages(patient, cookie=key).status == 401


def test_a_closed_account_opens_nothing(patient: Server, pages: Open) -> None:
    user = person("a")
    key = cookie(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert pages(patient, cookie=key).status == 401


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_a_stream_is_only_read(patient: Server, method: str) -> None:
    client = http.client.HTTPConnection("127.0.0.1", patient.port, timeout=DEADLINE)
    client.request(method, "/live/essai/", headers={"Cookie": cookie(person("a"))})
    response = client.getresponse()
    assert response.status == 405
    assert response.headers["Allow"] == "GET"
    client.close()


def test_pages_are_counted_for_each_person_and_in_all(pages: Open, django_db_setup: None) -> None:
    first, second, third = (cookie(person("a")) for _ in range(3))
    limits = {"LIVE_STREAMS": "4", "LIVE_STREAMS_PER_USER": "2"}
    with serving(SITE, PING="600", STALLED="30", **limits) as server:
        left = pages(server, cookie=first).opened()
        pages(server, cookie=first).opened()
        assert pages(server, cookie=first).status == 429
        for _ in range(2):
            pages(server, cookie=second).opened()
        assert pages(server, cookie=third).status == 503
        left.close()
        wait_for(lambda: pages(server, cookie=third).status == 200)


def test_an_event_that_is_too_heavy_is_refused_where_it_is_made() -> None:
    with pytest.raises(ValueError, match="65536 at most"):
        live.publish("a", {"weight": "x" * 70_000})
