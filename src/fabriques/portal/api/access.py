"""How open data is reached from anywhere: reading methods only, preflight, licence."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from fabriques.portal.api.problems import problem
from fabriques.programme.exports import LICENCE_URL

View = Callable[..., HttpResponseBase]
METHODS = "GET, HEAD, OPTIONS"
LICENCE_LINK = f'<{LICENCE_URL}>; rel="license"'


def opened(view: View) -> View:
    """A view of open data: GET, HEAD and OPTIONS, with the licence in a `Link` header."""

    @csrf_exempt  # nothing is written here, and a refused POST is a 405, not a 403
    @wraps(view)
    def reading(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "OPTIONS":
            # A browser of another site asks first, for instance before sending If-None-Match.
            return HttpResponse(
                status=204,
                headers={
                    "Allow": METHODS,
                    "Access-Control-Allow-Methods": METHODS,
                    "Access-Control-Allow-Headers": "*",
                    "Access-Control-Max-Age": "86400",
                },
            )
        if request.method not in ("GET", "HEAD"):
            response: HttpResponseBase = problem(
                request, 405, f"Ces données se lisent seulement : {METHODS}."
            )
            response.headers["Allow"] = METHODS
            return response
        asked, request.method = request.method, "GET"
        try:
            response = view(request, *args, **kwargs)
        finally:
            request.method = asked
        links = [response.headers.get("Link"), LICENCE_LINK]
        response.headers["Link"] = ", ".join(link for link in links if link)
        return response

    return reading
