"""The hub of several machines: one channel of Redis, one subscription per process."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

import redis
import redis.asyncio

from fabriques.kit.live.hub import Listener, receive

logger = logging.getLogger(__name__)

# How long Redis may be silent before it is asked whether it is there, in seconds.
IDLE = 5.0


class RedisHub:
    """One channel for everything: each process picks what its streams may hear."""

    def __init__(self, url: str) -> None:
        self.url = url
        # Channels ignore database numbers: two sites that share a server differ by theirs.
        self.channel = f"fabriques:live:{urlsplit(url).path.strip('/') or '0'}"
        self.client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)

    def send(self, message: bytes) -> None:
        self.client.publish(self.channel, message)

    async def listen(self, listener: Listener, ready: Callable[[], None]) -> None:
        pause, subscribed = 0.5, False
        while True:
            try:
                async for data in self._subscription():
                    if data is not None:
                        receive(data, listener)
                        continue
                    if subscribed:  # again: what was said in between is lost
                        listener.gap()
                    pause, subscribed = 0.5, True
                    ready()
            except (redis.RedisError, OSError) as error:
                logger.warning(
                    "Live pages do not hear Redis (next try in %.1f s): %s", pause, error
                )
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)

    async def _subscription(self) -> AsyncIterator[bytes | None]:
        """None each time the channel is subscribed to, then its messages."""
        client = redis.asyncio.Redis.from_url(self.url, socket_timeout=5, socket_connect_timeout=2)
        async with client, client.pubsub() as pubsub:
            await pubsub.subscribe(self.channel)
            asked = False
            while True:
                message = await pubsub.get_message(timeout=IDLE)
                if message is None and asked:
                    raise redis.ConnectionError("no answer")
                if message is None:  # a server gone without a word would be waited for for ever
                    await pubsub.ping()
                asked = message is None
                if message and message["type"] == "subscribe":
                    yield None
                elif message and message["type"] == "message":
                    yield message["data"]
