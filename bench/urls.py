"""The site's addresses, and `/bench/constant/?of=<path>`: the base template around a fixed text.

The constant view goes through the same middlewares, the same base template and the same `render` as
every page. Its body is the main part of the page it stands for, taken once: both answers have the
same size.
"""

from functools import cache

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import Client
from django.urls import include, path
from django.utils.safestring import SafeString, mark_safe


@cache
def _body(address: str) -> SafeString:
    html = Client(HTTP_HOST="127.0.0.1").get(address).content.decode()
    start = html.index("<h1")
    return mark_safe(html[start : html.index("</main>")])


@login_not_required
def constant(request: HttpRequest) -> HttpResponse:
    return render(request, "bench/constant.html", {"body": _body(request.GET["of"])})


urlpatterns = [path("bench/constant/", constant), path("", include("fabriques.urls"))]
handler404 = "fabriques.portal.views.pages.not_found"
