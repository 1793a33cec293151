"""The site's addresses, and `/bench/constant/?of=<path>`: the base template around a fixed text.

The constant view goes through the same middlewares and the same base template as every page. Its
body is the main part of the page it stands for, taken once: both answers have the same size.
"""

from functools import cache

from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.test import Client
from django.urls import include, path
from django.utils.safestring import SafeString, mark_safe

_PAGE = """{% extends "kit/base.html" %}{% block title %}Constante{% endblock %}
{% block breadcrumb %}{% breadcrumb "Constante" %}{% endblock %}
{% block content %}{{ body }}{% endblock %}"""


@cache
def _body(address: str) -> SafeString:
    html = Client(HTTP_HOST="127.0.0.1").get(address).content.decode()
    start, end = (
        html.index('<div class="fr-container fr-mb-6w')
        if ('<div class="fr-container fr-mb-6w' in html)
        else html.index("<article"),
        html.index("</main>"),
    )
    return mark_safe(html[start:end])


@cache
def _template() -> Template:
    return Template(_PAGE)


def constant(request: HttpRequest) -> HttpResponse:
    from fabriques.kit.context import site

    body = _body(request.GET["of"])
    return HttpResponse(_template().render(Context({**site(request), "body": body})))


urlpatterns = [path("bench/constant/", constant), path("", include("fabriques.urls"))]
handler404 = "fabriques.portal.views.pages.not_found"
