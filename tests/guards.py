"""Guards that every test runs under: what they refuse never reaches a page.

- an undefined variable in one of our templates;
- a page with an inline handler, an inline style, a bare script, a form that posts without its
  token, two elements of one id;
- a query that relies on an order it did not ask for (results are shuffled);
- `select_for_update` over joins that does not say which rows it locks.
"""

import inspect
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db.models import QuerySet
from django.template.base import Node
from django.test import Client

OURS = str(Path(__file__).resolve().parent.parent / "src")
INLINE = re.compile(r"<[a-z][^>]*\s(on[a-z]+|style)\s*=", re.IGNORECASE)
BARE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/(?:ld\+)?json)", re.IGNORECASE)
POST_FORM = re.compile(r"<form[^>]*method=[\"']?post[^>]*>(.*?)</form>", re.IGNORECASE | re.DOTALL)
ID = re.compile(r"<[a-z][^>]*\sid=\"([^\"]+)\"", re.IGNORECASE)


class UndefinedVariableError(Exception):
    """A template of ours read a variable that does not exist."""


class FailOnUndefined(str):
    """Django formats this text with the name of the missing variable; we raise instead."""

    __slots__ = ()

    def __contains__(self, item: object) -> bool:
        return item == "%s"

    def __mod__(self, name: object) -> str:
        for frame in inspect.stack():
            node = frame.frame.f_locals.get("self")
            if isinstance(node, Node) and getattr(node, "origin", None):
                if str(node.origin.name).startswith(OURS):
                    raise UndefinedVariableError(
                        f"{name} in {node.origin.name}:{node.token.lineno}"
                    )
                break
        return ""


def check_html(html: str, address: str) -> None:
    """Fail when a page breaks the content policy or the rules of forms and ids."""
    problems = [f"inline attribute {name}" for name in INLINE.findall(html)]
    problems += ["bare <script>"] * len(BARE_SCRIPT.findall(html))
    problems += [
        "form without its token"
        for body in POST_FORM.findall(html)
        if "csrfmiddlewaretoken" not in body
    ]
    repeated = [name for name, times in Counter(ID.findall(html)).items() if times > 1]
    problems += [f"id {name} twice" for name in repeated]
    if problems:
        pytest.fail(f"{address}: {', '.join(problems)}")


class GuardedClient(Client):
    """A client that reads each page it gets through `check_html`."""

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        kind = response.headers.get("Content-Type", "")
        if kind.startswith("text/html") and not response.streaming:
            check_html(response.content.decode(), request.get("PATH_INFO", "?"))
        return response


def shuffle_unordered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every query without an order come back in another one, and check locks."""
    fetch = QuerySet._fetch_all

    def fetch_all(self: QuerySet[Any]) -> None:
        fresh = self._result_cache is None
        query = self.query
        if fresh and query.select_for_update and query.select_related:
            assert query.select_for_update_of, "select_for_update over joins must say of="
        fetch(self)
        if fresh and not self.ordered and len(self._result_cache) > 1:
            random.shuffle(self._result_cache)

    monkeypatch.setattr(QuerySet, "_fetch_all", fetch_all)
