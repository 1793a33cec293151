"""The map: a page with its table, and the same drawing as a file."""

import json
from typing import cast

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from fabriques.kit.paging import paginate
from fabriques.portal.maps import LEGENDS, map_of
from fabriques.programme import queries
from fabriques.programme.models import Participation

PER_PAGE = 50
# Where the interactive map can jump to; `interactive-map.js` knows their bounds.
PLACES = ("Hexagone", "Guadeloupe", "Martinique", "Guyane", "La Réunion", "Mayotte")
TITLE = "Les territoires des Fabriques prospectives"
DESCRIPTION = "Carte de France et des départements d’outre-mer ; la page /carte/ en donne la liste."


def map_page(request: HttpRequest) -> HttpResponse:
    filters, messages = queries.Filters.parse(request.GET)
    legend = _legend(request)
    drawing = map_of(filters, legend=legend)
    page = paginate(queries.listed_participations(filters), request.GET.get("page"), PER_PAGE)
    part = f", page {page.number} sur {page.paginator.num_pages}"
    return render(
        request,
        "portal/map.html",
        {
            "filters": filters,
            "messages": messages,
            "dimensions": queries.dimensions(filters),
            "page": page,
            "rows": queries.mapped(cast("QuerySet[Participation]", page.object_list)),
            "root": reverse("fabriques"),
            "caption": "Participations" + (part if page.paginator.num_pages > 1 else ""),
            "query": _with_legend(filters.query_string(), legend),
            "legend": legend,
            "legends": [
                (name, label, request.path + _with_legend(filters.query_string(), name))
                for name, label in LEGENDS.items()
            ],
            "map": drawing,
            "map_svg": drawing.svg(title=TITLE, description="La liste suit la carte."),
            "section": "map",
        },
    )


def map_svg(request: HttpRequest) -> HttpResponse:
    """The drawing alone, for print: `/carte.svg`."""
    filters, _ = queries.Filters.parse(request.GET)
    drawing = map_of(filters, legend=_legend(request))
    svg = drawing.svg(title=TITLE, description=DESCRIPTION, standalone=True)
    response = HttpResponse(svg, content_type="image/svg+xml; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="fabriques-prospectives.svg"'
    return response


def map_geojson(request: HttpRequest) -> HttpResponse:
    """Each participation as a point: `/carte.geojson` (RFC 7946)."""
    filters, _ = queries.Filters.parse(request.GET)
    rows = queries.mapped(queries.listed_participations(filters))
    document = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [row.longitude, row.latitude]}
                if row.longitude is not None
                else None,
                "properties": {
                    "territoire": row.name,
                    "departement": row.departement,
                    "adresse": request.build_absolute_uri(row.address),
                    "fabrique": row.title or None,
                    "annee": row.year,
                    "transition": row.transition_name or None,
                    "position_approchee": row.approximate,
                },
            }
            for row in rows
        ],
    }
    return HttpResponse(
        json.dumps(document, ensure_ascii=False), content_type="application/geo+json"
    )


def interactive_map(request: HttpRequest) -> HttpResponse:
    """The same points on a map to move and zoom in; it needs no network but our own files."""
    filters, messages = queries.Filters.parse(request.GET)
    return render(
        request,
        "portal/interactive_map.html",
        {
            "messages": messages,
            "query": filters.query_string(),
            "places": PLACES,
            "tiles": settings.MAP_TILES_URL,
            "attribution": settings.MAP_TILES_ATTRIBUTION,
            "section": "map",
        },
    )


def _legend(request: HttpRequest) -> str:
    asked = request.GET.get("legende", "")
    return asked if asked in LEGENDS else "transition"


def _with_legend(query: str, legend: str) -> str:
    if legend == "transition":
        return query
    return f"{query}&legende={legend}" if query else f"?legende={legend}"
