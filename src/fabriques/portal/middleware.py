"""Small middlewares: what may be cached, who must be signed in, the page of what does not exist."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse

from fabriques.kit.errors import signed_out

GetResponse = Callable[[HttpRequest], HttpResponseBase]
OPEN_PREFIXES = ("/api/", "/donnees/", "/carte.", "/flux.atom")
PRIVATE_PREFIXES = ("/espace/", "/compte/", "/invitation/")


class HeadersMiddleware:
    """Public pages may be kept by any cache but must be checked again; private ones are not kept.

    Private is whatever depends on who asks: it read the session (Django then says that it varies on
    cookies), sets a cookie, stands at a private address, or refuses something. Open data is open to
    all. Works outside `ConditionalGetMiddleware`, so that answers 304 carry the headers too.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        headers = response.headers
        if _is_private(request, response):
            if "no-store" not in headers.get("Cache-Control", ""):
                headers["Cache-Control"] = "private, no-store"
        elif request.method in ("GET", "HEAD"):
            headers.setdefault("Cache-Control", "public, max-age=0, must-revalidate")
        if request.path.startswith(OPEN_PREFIXES):
            headers["Access-Control-Allow-Origin"] = "*"
            headers["Access-Control-Expose-Headers"] = "ETag, Link"
        headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        return response


def _is_private(request: HttpRequest, response: HttpResponseBase) -> bool:
    return (
        request.path.startswith(PRIVATE_PREFIXES)
        or bool(response.cookies)
        or "cookie" in response.headers.get("Vary", "").lower()
        or (response.status_code >= 400 and response.status_code != 404)
    )


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Every address asks for a signed-in person, unless its view is marked as public.

    A public page is answered without looking at who asks: it costs no query and stays cacheable.
    What is sent after the end of a session is not lost.
    """

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., Any],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True):
            return None
        # The cookie of the forms outlives the session: this browser was on one of our pages.
        came_from_us = settings.CSRF_COOKIE_NAME in request.COOKIES
        if request.method == "POST" and came_from_us and not request.user.is_authenticated:
            return signed_out(request)
        return super().process_view(request, view_func, view_args, view_kwargs)


class NotFoundMiddleware:
    """Shows visitors of a demonstration (DEBUG on) the same 404 page as in production.

    A view that has a better page of its own renders a template: only Django's own is replaced.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        page = response.headers.get("Content-Type", "").startswith("text/html")
        technical = settings.DEBUG and page and response.status_code == 404
        if technical and not isinstance(response, TemplateResponse):
            from fabriques.portal.views.pages import not_found

            return not_found(request)
        return response
