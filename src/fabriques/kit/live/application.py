"""`/live/<name>/`: a small ASGI application of its own, without Django's middlewares.

    401  nobody is signed in (no redirect: a script reads this)
    404  no such stream, or nothing there for this person
    403  asked from another site;  400  under a name that is not ours
    429, 503  too many open pages, of this person or in all

A stream says `nouveau` when something changed, at most four times a second, and `fini` before it
closes because rights ended. Rights are asked again at each ping (15 s), when the grant says so, and
as soon as the hub says that they changed; nothing is sent between that and the answer.
"""

import asyncio
import logging
import re
import signal
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.http import parse_cookie
from django.http.request import split_domain_port, validate_host
from django.utils import timezone

from fabriques.kit.live import hub, rights
from fabriques.kit.live.pages import Receive, Scope, Send
from fabriques.kit.live.streams import Authorise, Grant, Stream, Streams, encode, mark, registered

logger = logging.getLogger(__name__)

PING = 15.0  # seconds
SPACING = 0.25  # seconds between two sendings to one page
STALLED = 30.0  # seconds that a reader may leave its connection full
RETRY = 2000  # milliseconds before a browser comes back
MARK = re.compile(r"[0-9]{1,15}")
HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
)


class NoAnswerError(Exception):
    """The rights could not be asked: database away, or a mistake of ours."""


class LiveApplication:
    """The streams of one process, and their door."""

    def __init__(self) -> None:
        self.streams = Streams()
        self.pool = ThreadPoolExecutor(4, thread_name_prefix="live")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hear the hub as long as the process serves."""
        self._leave_on_signal()
        ready = asyncio.Event()
        listening = asyncio.create_task(hub.hub().listen(self.streams, ready.set))
        started = asyncio.create_task(ready.wait())
        try:
            # A hub out of reach must not keep pages from being served.
            await asyncio.wait({listening, started}, timeout=3, return_when="FIRST_COMPLETED")
            if listening.done():
                listening.result()
            yield
        finally:
            self.streams.close()
            started.cancel()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            self.pool.shutdown(wait=False)

    def _leave_on_signal(self) -> None:
        """Let pages go when the server is asked to stop.

        It would wait for them to leave, and only then say that it stops; so its signals are heard
        before it, then passed on.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            before = signal.getsignal(number)

            def leave(number: int, frame: FrameType | None, before: Any = before) -> None:
                loop.call_soon_threadsafe(self.streams.close)
                if callable(before):
                    before(number, frame)

            signal.signal(number, leave)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        name = scope["path"].removeprefix("/live/").removesuffix("/")
        authorise = registered.get(name) if scope["path"] == f"/live/{name}/" else None
        if scope["method"] != "GET":
            return await _refuse(send, 405, "Cette adresse se lit seulement.", (b"allow", b"GET"))
        if not validate_host(split_domain_port(headers.get("host", ""))[0], settings.ALLOWED_HOSTS):
            return await _refuse(send, 400, "Ce site ne répond pas sous ce nom.")
        if not _same_site(headers):
            return await _refuse(send, 403, "Ce flux ne s’ouvre que depuis les pages du site.")
        if authorise is None:
            return await _refuse(send, 404, "Ce flux n’existe pas.")
        since = parse_qs(scope["query_string"].decode("latin1")).get("depuis", [""])[0]
        return await self._open(headers, since, authorise, receive, send)

    async def _open(
        self,
        headers: dict[str, str],
        since: str,
        authorise: Authorise,
        receive: Receive,
        send: Send,
    ) -> None:
        key = parse_cookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME, "")
        before = mark()
        try:
            user, grant = await self._ask(key, authorise) if key else (None, None)
        except NoAnswerError:
            return await _refuse(send, 503, "Les droits n’ont pas pu être vérifiés.")
        if user is None:
            return await _refuse(send, 401, "Connectez-vous pour suivre cette page.")
        if grant is None:
            return await _refuse(send, 404, "Ce flux n’existe pas.")
        if self.streams.of(user.pk) >= settings.LIVE_STREAMS_PER_USER:
            return await _refuse(send, 429, "Vous suivez déjà beaucoup de pages en direct.")
        if self.streams.closed or len(self.streams.open) >= settings.LIVE_STREAMS:
            return await _refuse(send, 503, "Trop de pages sont suivies en direct.")
        stream = Stream(user.pk, grant, frozenset({hub.revoked(user.ref), hub.ended(key)}))
        if self.streams.since(before, stream.alarms):  # while we were asking
            stream.doubt()
        # When the page was drawn, or last heard something before it was cut off.
        heard = headers.get("last-event-id") or since
        if MARK.fullmatch(heard) and self.streams.since(int(heard), grant.topics):
            stream.news("", encode("nouveau", {}, mark()))
        self.streams.open.add(stream)
        leaving = asyncio.create_task(_left(receive, stream))
        try:
            await self._feed(stream, key, authorise, send)
        finally:
            self.streams.open.discard(stream)
            leaving.cancel()

    async def _feed(self, stream: Stream, key: str, authorise: Authorise, send: Send) -> None:
        """Send to one page until it leaves, its rights end, or the server stops."""
        loop = asyncio.get_running_loop()
        start = [(b"content-type", b"text/event-stream; charset=utf-8"), *HEADERS]
        await send({"type": "http.response.start", "status": 200, "headers": start})
        data = f"retry: {RETRY}\nid: {mark()}\n\n".encode()
        asked = loop.time()
        try:
            while True:
                if data:
                    await _write(send, data)
                    await asyncio.sleep(SPACING)
                due = min(asked + PING, loop.time() + _left_to(stream.grant))
                try:
                    async with asyncio.timeout_at(due):
                        await stream.wake.wait()
                except TimeoutError:
                    pass
                stream.wake.clear()
                if stream.closing:
                    break
                data = b""
                if stream.doubtful or loop.time() >= due:
                    stream.doubtful = False
                    asked = loop.time()
                    if not stream.renew(*await self._ask(key, authorise)):
                        await _write(send, encode("fini", {}, mark()))
                        break
                    data = f": ping\nid: {mark()}\n\n".encode()
                if not stream.doubtful:
                    data += stream.take()
        except NoAnswerError:
            pass  # the page comes back by itself, and asks again
        except TimeoutError:
            logger.info("A stream is closed: its reader has stopped reading.")
        await send({"type": "http.response.body", "body": b""})

    async def _ask(self, key: str, authorise: Authorise) -> tuple[Any, Grant | None]:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self.pool, rights.ask, key, authorise)
        except Exception as error:  # whatever it is, who gets no answer gets no news
            logger.exception("The rights of a stream could not be asked.")
            raise NoAnswerError from error


def _headers(scope: Scope) -> dict[str, str]:
    """Headers by name; HTTP/2 may bring cookies in several."""
    headers: dict[str, str] = {}
    for raw, value in scope["headers"]:
        name, text = raw.decode("latin1"), value.decode("latin1")
        headers[name] = f"{headers[name]}; {text}" if name in headers else text
    return headers


def _same_site(headers: dict[str, str]) -> bool:
    """Whether one of our pages asks, as far as the browser says ("none": the address bar)."""
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return False
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == headers.get("host")


def _left_to(grant: Grant) -> float:
    """Seconds before the grant ends."""
    if grant.until is None:
        return float("inf")
    return (grant.until - timezone.now()).total_seconds()


async def _left(receive: Receive, stream: Stream) -> None:
    """Close the stream when its reader leaves."""
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.close()


async def _write(send: Send, data: bytes) -> None:
    """Send to a reader; `TimeoutError` when it has not read for long."""
    async with asyncio.timeout(STALLED):
        await send({"type": "http.response.body", "body": data, "more_body": True})


async def _refuse(send: Send, status: int, sentence: str, *headers: tuple[bytes, bytes]) -> None:
    start = [(b"content-type", b"text/plain; charset=utf-8"), *HEADERS, *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": sentence.encode()})
