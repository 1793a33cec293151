"""The first page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fabriques.portal.maps import map_of
from fabriques.programme import queries


def home(request: HttpRequest) -> HttpResponse:
    filters = queries.Filters()
    return render(
        request,
        "portal/home.html",
        {
            "counters": queries.counters(),
            "map": map_of(filters),
            "latest": queries.cards(queries.filtered(filters)[:3]),
        },
    )
