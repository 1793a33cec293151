"""The first page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fabriques.portal.maps import map_of
from fabriques.programme import queries


def home(request: HttpRequest) -> HttpResponse:
    filters = queries.Filters()
    drawing = map_of(filters)
    return render(
        request,
        "portal/home.html",
        {
            "counters": queries.counters(),
            "map": drawing,
            "map_svg": drawing.svg(
                title="Les territoires des Fabriques prospectives",
                description="Carte de France ; la page « La carte » en donne la liste.",
            ),
            "latest": queries.cards(queries.filtered(filters)[:3]),
        },
    )
