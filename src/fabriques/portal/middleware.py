"""Two small middlewares of the public side."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]
OPEN_PREFIXES = ("/api/", "/donnees/", "/carte.", "/flux.atom")


class PublicHeadersMiddleware:
    """Public pages may be kept by any cache but must be checked again; open data is open to all.

    Works outside `ConditionalGetMiddleware`, so that answers 304 carry the headers too.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.method in ("GET", "HEAD"):
            response.headers.setdefault("Cache-Control", "public, max-age=0, must-revalidate")
        if request.path.startswith(OPEN_PREFIXES):
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Access-Control-Expose-Headers"] = "ETag, Link"
        return response


class NotFoundMiddleware:
    """Shows visitors of a demonstration (DEBUG on) the same 404 page as in production."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        page = response.headers.get("Content-Type", "").startswith("text/html")
        if settings.DEBUG and page and response.status_code == 404:
            from fabriques.portal.views.pages import not_found

            return not_found(request)
        return response
