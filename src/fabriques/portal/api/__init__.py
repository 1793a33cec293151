"""The read API of all that is public: `/api/v1/`."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver

from fabriques.portal.api.access import opened
from fabriques.portal.api.docs import Docs
from fabriques.portal.api.openapi import OpenData, Readable
from fabriques.portal.api.problems import register
from fabriques.portal.api.resources import router
from fabriques.programme.exports import LICENCE, LICENCE_URL

api = OpenData(
    title="Fabriques prospectives",
    version="1.0.0",
    description=(
        "Lecture de tout ce qui est public : fabriques, participations, territoires, "
        "organisations. Les réponses sont en JSON, les erreurs suivent la RFC 9457."
    ),
    urls_namespace="api-v1",
    docs=Docs(),
    renderer=Readable(),
    openapi_extra={"info": {"license": {"name": LICENCE, "url": LICENCE_URL}}},
)
api.add_router("", router)
register(api)


def _root(request: HttpRequest) -> HttpResponseBase:
    """Ninja only needs the address to exist; a visitor is shown what stands under it."""
    return redirect("api-v1:openapi-view")


def _opened(patterns: list[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            pattern.callback = opened(_root if pattern.name == "api-root" else pattern.callback)
    return patterns


def urls() -> tuple[Any, str, str]:
    """The addresses of the API, for `path("api/v1/", urls())`."""
    patterns, app_name, namespace = api.urls
    return _opened(patterns), app_name, namespace
