"""Carries events from whatever process changes something to every process that holds streams.

Web, worker and tick are separate processes, even where one machine runs everything. Two ways:

- `local_hub`: each web process listens on a datagram socket in `VAR_DIR`; who publishes sends to
  all of them. Processes of one machine need nothing else; no event waits for a poll, and none is
  written to the database.
- `redis_hub`: one subscription per process, where `REDIS_URL` says that several machines share.

Both deliver each event at most once, in the order of its publisher. What may have been lost (Redis
away) is made up for by `Streams.gap`; rights are asked again every few seconds anyway.
"""

import hashlib
import json
import logging
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction

logger = logging.getLogger(__name__)

Event = dict[str, Any]
LARGEST = 64 * 1024  # bytes of one message


class Listener(Protocol):
    """What a hub delivers to, in the event loop."""

    def deliver(self, topic: str, event: Event) -> None: ...

    def gap(self) -> None:
        """Events may have been missed."""


class Hub(Protocol):
    def send(self, message: bytes) -> None:
        """Send to every listening process, from any thread but that of an event loop."""

    async def listen(self, listener: Listener, ready: Callable[[], None]) -> None:
        """Deliver what is sent until cancelled; calls `ready` when nothing can be missed."""


def publish(topic: str, event: Event | None = None) -> None:
    """Tell the open pages whose grant holds `topic`, once the current transaction is committed.

    `event` is JSON, 64 kB at most (`ValueError` beyond). A hub that fails is logged and does not
    fail the caller.
    """
    message = json.dumps([topic, event or {}], ensure_ascii=False, separators=(",", ":")).encode()
    if len(message) > LARGEST:
        raise ValueError(f"An event on {topic} weighs {len(message)} bytes; {LARGEST} at most.")
    transaction.on_commit(lambda: hub().send(message), robust=True)


def receive(message: bytes, listener: Listener) -> None:
    """Hand a message of `publish` to the listener; what is none of ours is logged and dropped."""
    try:
        topic, event = json.loads(message)
    except (ValueError, TypeError):
        logger.warning("A message that is not ours came to the live hub.")
    else:
        listener.deliver(topic, event)


def cut(user_ref: object) -> None:
    """Make every stream of this user ask its rights again at once, before it sends anything else.

    `user_ref` is the `ref` of the user. To be called in the transaction that takes rights away.
    """
    publish(revoked(user_ref))


def revoked(user_ref: object) -> str:
    return f"revoked:{user_ref}"


def ended(session_key: str) -> str:
    """The topic of a session's end; names the session without giving its key away."""
    return f"ended:{hashlib.sha256(session_key.encode()).hexdigest()}"


@cache
def hub() -> Hub:
    """The hub that the settings ask for."""
    if settings.REDIS_URL:
        from fabriques.kit.live.redis_hub import RedisHub  # only where it serves: slow to import

        return RedisHub(settings.REDIS_URL)
    from fabriques.kit.live.local_hub import LocalHub, folder

    return LocalHub(folder(settings.VAR))
