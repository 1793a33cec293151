"""Entry point of the web server: live streams by a small native application, pages by Django."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fabriques.settings")
django = get_wsgi_application()

from django.conf import settings  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from fabriques.kit.live.application import LiveApplication  # noqa: E402
from fabriques.kit.live.pages import Pages, Receive, Scope, Send  # noqa: E402

pages = Pages(django, threads=settings.WEB_THREADS)
live = LiveApplication()

# Every module that pages need is loaded now and lives as long as the process: the garbage collector
# need not walk it again, which cost a tenth of a second in one page of thirteen.
_ = get_resolver().url_patterns
gc.collect()
gc.freeze()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["path"].startswith("/live/"):
        await live(scope, receive, send)
    else:
        await pages(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    """From the start of the server (its first message) to its stop (the second)."""
    await receive()
    async with live.running():
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})
