"""Fixtures of the tests of letters."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from copy import deepcopy
from typing import Any

import pytest

from fabriques.kit.outbox import notifications, recipients
from fabriques.people.models import User
from tests.kit.outbox_kinds import KINDS, TEMPLATES

Posting = Callable[[], AbstractContextManager[Any]]


def accepted(user: User) -> bool:
    return user.is_active and user.confirmed_at is not None


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """The sorts of letters of the tests, beside the real ones; people who proved their address."""
    registry = notifications._registry | {kind.key: kind() for kind in KINDS}
    monkeypatch.setattr(notifications, "_registry", registry)
    monkeypatch.setattr(recipients, "_policies", [accepted])
    templates = deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"] = [TEMPLATES]
    settings.TEMPLATES = templates


@pytest.fixture
def posting(
    kinds: None, db: None, settings: Any, django_capture_on_commit_callbacks: Any
) -> Posting:
    """`with posting(): …`: what is composed inside leaves at the end, as once it is committed."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
    return lambda: django_capture_on_commit_callbacks(execute=True)  # type: ignore[no-any-return]
