"""A WSGI application that says what it was asked, behind `Pages`."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fabriques.kit.live.pages import ONE_PIECE, Pages

released = threading.Event()
closed = threading.Event()


class Long:
    """A body in four pieces; its end waits until somebody asks for /release."""

    def __iter__(self) -> Iterator[bytes]:
        yield b"a" * ONE_PIECE
        yield b"b" * ONE_PIECE
        released.wait(20)
        yield b"c"
        yield b""

    def close(self) -> None:
        closed.set()


def site(environ: dict[str, Any], start_response: Callable[..., None]) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path == "/fault":
        raise RuntimeError("on purpose")
    start_response(
        "200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    )
    if path == "/long":
        return Long()
    if path == "/release":
        released.set()
        return [b'"done"']
    if path == "/closed":
        return [json.dumps(closed.wait(20)).encode()]
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    shown = {key: value for key, value in environ.items() if isinstance(value, str)}
    return [json.dumps({**shown, "body": hashlib.sha256(body).hexdigest()}).encode()]


pages = Pages(site, threads=2)


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await pages(scope, receive, send)
