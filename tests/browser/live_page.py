"""One page with the live element, beside the streams of the live tests."""

from typing import Any

from django.conf import settings
from django.template import engines

from tests.kit.live_site import application as site

SCRIPT = settings.PACKAGE / "static" / "live.js"
PAGE = """<!DOCTYPE html>
<html lang="fr">
<head><meta charset="utf-8"><title>Essai</title><link rel="icon" href="data:,"></head>
<body>
  {% load live %}{% live_updates "essai" %}
  <label for="texte">Texte</label><input id="texte">
  <script type="module" src="/live.js"></script>
</body></html>
"""


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http" or scope["path"] not in ("/page", "/live.js"):
        await site(scope, receive, send)
        return
    kind, text = b"text/javascript", SCRIPT.read_text()
    if scope["path"] == "/page":
        kind, text = b"text/html; charset=utf-8", engines["django"].from_string(PAGE).render()
    policy = b"default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:"
    headers = [(b"content-type", kind), (b"content-security-policy", policy)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
