"""What may be heard, and the streams that are open in this process."""

import asyncio
import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fabriques.kit.live.hub import Event

# Topics whose last event is remembered, for pages that come back after a cut of the network.
REMEMBERED = 10_000


@dataclass(frozen=True)
class Grant:
    """The topics that a person may hear now, until when (to be asked again then)."""

    topics: frozenset[str]
    until: datetime | None = None


# Called in a thread with a signed-in user; None when there is nothing here for them.
Authorise = Callable[[Any], Grant | None]

registered: dict[str, Authorise] = {}


def register(name: str, authorise: Authorise) -> None:
    """Open the stream `/live/<name>/` to whom `authorise(user)` gives a grant."""
    registered[name] = authorise


def mark() -> int:
    """This moment, in milliseconds."""
    return int(time.time() * 1000)


def encode(name: str, data: object, moment: int) -> bytes:
    """One event of a stream, as EventSource reads it; JSON holds no line break."""
    text = json.dumps(data, ensure_ascii=False)
    return f"id: {moment}\nevent: {name}\ndata: {text}\n\n".encode()


@dataclass(eq=False)
class Stream:
    """One open page. Holds the latest event of each topic until its reader is ready for it."""

    user: int  # primary key
    grant: Grant
    alarms: frozenset[str]  # topics that put the rights in doubt
    waiting: dict[str, bytes] = field(default_factory=dict)
    doubtful: bool = False
    closing: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, topic: str, data: bytes) -> None:
        if topic in self.alarms:
            self.doubt()
        elif topic in self.grant.topics:
            self.news(topic, data)

    def news(self, topic: str, data: bytes) -> None:
        self.waiting.pop(topic, None)  # the latest goes last
        self.waiting[topic] = data
        self.wake.set()

    def doubt(self) -> None:
        """Nothing more is sent before the rights are asked again."""
        self.doubtful = True
        self.wake.set()

    def renew(self, user: Any, grant: Grant | None) -> bool:
        """Take a new grant; False when it is none, somebody else's, or smaller than the present."""
        if user is None or user.pk != self.user or grant is None:
            return False
        if not self.grant.topics <= grant.topics:
            return False
        self.grant = grant
        return True

    def close(self) -> None:
        self.closing = True
        self.wake.set()

    def take(self) -> bytes:
        """What waits, coalesced; empty when nothing does."""
        data = b"".join(self.waiting.values())
        self.waiting.clear()
        return data


class Streams:
    """The open streams of a process, and a short memory of what went by.

    Lives in the event loop. A mark says when a page was drawn or last heard: milliseconds of the
    common clock, so that it means the same to every process.
    """

    def __init__(self) -> None:
        self.open: set[Stream] = set()
        self.closed = False
        self._last: dict[str, int] = {}
        self._unknown = mark()  # what was said until then

    def deliver(self, topic: str, event: Event) -> None:
        """Hand an event of the hub to the streams that may hear it; written once for all."""
        now = mark()
        self._last.pop(topic, None)  # in the order of their last event
        self._last[topic] = now
        if len(self._last) > REMEMBERED:
            self._unknown = self._last.pop(next(iter(self._last)))
        data = encode("nouveau", {"topic": topic, "event": event}, now)
        for stream in self.open:
            stream.offer(topic, data)

    def gap(self) -> None:
        """Something may have been missed: it counts as news for all, and as a doubt on rights."""
        self._unknown = mark()
        for stream in self.open:
            stream.doubt()
            stream.news("", encode("nouveau", {}, self._unknown))

    def since(self, moment: int, topics: Collection[str]) -> bool:
        """Whether something was said on these topics since this mark, as far as we can tell."""
        if moment <= self._unknown:
            return True
        return any(self._last.get(topic, 0) >= moment for topic in topics)

    def of(self, user: int) -> int:
        """How many streams this user has open."""
        return sum(stream.user == user for stream in self.open)

    def close(self) -> None:
        """Let every page go: the server stops."""
        self.closed = True
        for stream in self.open:
            stream.close()
