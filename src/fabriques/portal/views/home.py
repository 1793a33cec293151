"""The first page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from fabriques.intake.queries.calls import coming_calls, open_calls
from fabriques.portal.maps import map_of
from fabriques.portal.pictures import programme_picture
from fabriques.programme import queries


def picture(request: HttpRequest) -> HttpResponse:
    """The image that social networks show for the site."""
    drawing = map_of(queries.Filters())
    return HttpResponse(programme_picture(drawing, queries.counters()), content_type="image/png")


def home(request: HttpRequest) -> HttpResponse:
    filters = queries.Filters()
    drawing = map_of(filters)
    return render(
        request,
        "portal/home.html",
        {
            "calls": [*open_calls(), *coming_calls()],
            "counters": queries.counters(),
            "map": drawing,
            "picture": request.build_absolute_uri(reverse("picture")),
            "map_svg": drawing.svg(
                title="Les territoires des Fabriques prospectives",
                description="Carte de France ; la page « La carte » en donne la liste.",
            ),
            "latest": queries.cards(queries.filtered(filters)[:3]),
        },
    )
