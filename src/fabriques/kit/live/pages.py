"""Django's WSGI handler behind an ASGI server: each request runs in a thread of a small pool.

An ordinary page crosses between the event loop and its thread once: what a form sends is read
before a thread is taken, so that slow networks hold none, and the page goes back in one piece.
(a2wsgi crosses for each header and chunk, which costs a fifth of what one core serves.) Only a
large upload or download keeps its thread, at the pace of the other end.
"""

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# What goes in or out in one piece, in bytes.
ONE_PIECE = 512 * 1024
# How long a large upload may stand still, in seconds.
PATIENCE = 30.0


class Pages:
    """An ASGI application for HTTP made of a WSGI one, for frameworks that never call `write`."""

    def __init__(self, wsgi: Callable[..., Iterable[bytes]], *, threads: int) -> None:
        self.wsgi = wsgi
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="page")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        body = _Body(receive, loop)
        if scope["method"] not in ("GET", "HEAD"):
            while body.more and len(body.left) < ONE_PIECE:
                await body.fetch()
        last = await loop.run_in_executor(self.pool, self._run, scope, body, send, loop)
        for message in last:
            await send(message)

    def _run(
        self, scope: Scope, upload: "_Body", send: Send, loop: asyncio.AbstractEventLoop
    ) -> list[Message]:
        """Run one request; stream all but the end of its response, and give that end."""
        start: Message = {}

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: object = None
        ) -> None:
            start.update(
                type="http.response.start",
                status=int(status[:3]),
                headers=[
                    (name.lower().encode(), value.encode("latin1")) for name, value in headers
                ],
            )

        body = self.wsgi(environ(scope, upload), start_response)
        ready: list[Message] = [start]
        try:
            for piece, more in _pieces(body):
                ready.append({"type": "http.response.body", "body": piece, "more_body": more})
                if more:
                    for message in ready:
                        asyncio.run_coroutine_threadsafe(_sent(send, message), loop).result()
                    ready = []
        finally:
            if hasattr(body, "close"):
                body.close()
        return ready


async def _sent(send: Send, message: Message) -> None:
    await send(message)


def _pieces(body: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The body in pieces of some size, each with whether another follows."""
    held: list[bytes] = []
    size = 0
    for chunk in body:
        if size >= ONE_PIECE:
            yield b"".join(held), True
            held, size = [], 0
        held.append(chunk)
        size += len(chunk)
    yield b"".join(held), False


class _Body(io.RawIOBase):
    """The body of a request: its beginning is at hand, the rest is fetched as it is read."""

    def __init__(self, receive: Receive, loop: asyncio.AbstractEventLoop) -> None:
        self.receive = receive
        self.loop = loop
        self.left = b""
        self.more = True
        self.broken = False

    async def fetch(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                message = await self.receive()
        except TimeoutError:
            message = {"type": "http.disconnect"}
        self.left += message.get("body", b"")
        self.more = message.get("more_body", False)
        self.broken = message["type"] == "http.disconnect"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while self.more and not self.left:
            asyncio.run_coroutine_threadsafe(self.fetch(), self.loop).result()
        if self.broken and not self.left:
            raise ConnectionResetError("the client left before the end of its request")
        size = min(len(buffer), len(self.left))
        buffer[:size] = self.left[:size]
        self.left = self.left[size:]
        return size


def environ(scope: Scope, body: io.RawIOBase) -> dict[str, Any]:
    """The WSGI environment of an ASGI HTTP scope (PEP 3333: bytes shown as Latin-1)."""
    server = scope.get("server") or ("localhost", 80)
    client = scope.get("client") or ("", 0)
    root = scope.get("root_path", "")
    result: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": root.encode().decode("latin1"),
        "PATH_INFO": scope["path"].removeprefix(root).encode().decode("latin1"),
        "QUERY_STRING": scope["query_string"].decode("latin1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BufferedReader(body, 64 * 1024),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw, value in scope["headers"]:
        if b"_" in raw:  # X_Forwarded_Proto must not pass for X-Forwarded-Proto
            continue
        name = raw.decode("latin1").upper().replace("-", "_")
        if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = f"HTTP_{name}"
        text = value.decode("latin1")
        if name in result:
            text = f"{result[name]}{'; ' if name == 'HTTP_COOKIE' else ','}{text}"
        result[name] = text
    return result
