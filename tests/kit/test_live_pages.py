"""Django's handler behind the ASGI server: what goes in and out is what WSGI promises."""

import hashlib
import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from fabriques.kit.live.pages import ONE_PIECE
from tests.processes import DEADLINE, Server, serving


@pytest.fixture(scope="module")
def echo(django_db_setup: None) -> Iterator[Server]:
    with serving("tests.kit.wsgi_site:application") as server:
        yield server


@contextmanager
def asking(
    server: Server, method: str, path: str, body: Any = None, **headers: str
) -> Iterator[http.client.HTTPResponse]:
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE)
    try:
        client.request(method, path, body, headers)
        with client.getresponse() as response:
            yield response
    finally:
        client.close()


def said(server: Server, method: str, path: str, *body: Any, **headers: str) -> Any:
    """What the application answered, read as JSON."""
    with asking(server, method, path, *body, **headers) as response:
        assert response.status == 200
        return json.loads(response.read())


def test_a_request_is_shown_as_wsgi_says(echo: Server) -> None:
    heard = said(echo, "GET", "/territoires/%C3%8Ele/?q=%C3%A9&a=b")
    assert heard["REQUEST_METHOD"] == "GET"
    assert heard["PATH_INFO"].encode("latin1").decode() == "/territoires/Île/"
    assert heard["QUERY_STRING"] == "q=%C3%A9&a=b"
    assert heard["SCRIPT_NAME"] == ""
    assert heard["SERVER_PORT"] == str(echo.port)
    assert heard["REMOTE_ADDR"] == "127.0.0.1"
    assert heard["wsgi.url_scheme"] == "http"
    assert heard["HTTP_HOST"] == f"127.0.0.1:{echo.port}"


def test_headers_come_in_one_and_cannot_be_feigned(echo: Server) -> None:
    with socket.create_connection(("127.0.0.1", echo.port), timeout=DEADLINE) as client:
        client.sendall(
            b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: a=1\r\nCookie: b=2\r\n"
            b"Accept: x\r\nAccept: y\r\nX_Forwarded_Proto: https\r\nProxy: evil\r\n\r\n"
        )
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    heard = json.loads(body)
    assert heard["HTTP_COOKIE"] == "a=1; b=2"
    assert heard["HTTP_ACCEPT"] == "x,y"
    assert "HTTP_X_FORWARDED_PROTO" not in heard
    assert head.lower().count(b"set-cookie: ") == 2


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
def test_a_body_arrives_whole(echo: Server, size: int) -> None:
    body = bytes(number % 251 for number in range(size))
    heard = said(echo, "POST", "/", body, **{"Content-Type": "text/x-test"})
    assert heard["CONTENT_TYPE"] == "text/x-test"
    assert heard["CONTENT_LENGTH"] == str(size)
    assert heard["body"] == hashlib.sha256(body).hexdigest()


def test_a_long_answer_is_streamed_and_closed(echo: Server) -> None:
    with asking(echo, "GET", "/long") as response:
        assert response.read(ONE_PIECE) == b"a" * ONE_PIECE  # while the end is still being made
        assert said(echo, "GET", "/release") == "done"
        assert response.read() == b"b" * ONE_PIECE + b"c"
    assert said(echo, "GET", "/closed") is True


def test_a_head_has_no_body(echo: Server) -> None:
    with asking(echo, "HEAD", "/") as response:
        assert response.status == 200
        assert response.read() == b""


def test_a_client_that_leaves_in_the_middle_harms_nobody(echo: Server) -> None:
    for _ in range(4):  # more than there are threads
        with socket.create_connection(("127.0.0.1", echo.port), timeout=DEADLINE) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nstart")
    assert said(echo, "GET", "/")["PATH_INFO"] == "/"


def test_a_fault_is_an_error_page_and_nothing_more(echo: Server) -> None:
    with asking(echo, "GET", "/fault") as response:
        assert response.status == 500
    assert said(echo, "GET", "/")["PATH_INFO"] == "/"
