"""The list of fabriques and the page of each."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from fabriques.kit import journal
from fabriques.kit.paging import paginate
from fabriques.portal.maps import map_of_members
from fabriques.portal.pictures import fabrique_picture
from fabriques.portal.schema_org import fabrique_data
from fabriques.portal.timeline import timeline
from fabriques.programme import queries
from fabriques.programme.enums import Role
from fabriques.programme.models import Fabrique

PER_PAGE = 24
# The names of `domain.snapshot`, in the words of the page.
FIELD_LABELS = {
    "slug": "adresse",
    "title": "titre",
    "year": "année",
    "context": "contexte",
    "objective": "objectif",
    "note": "remarque",
    "announced_start": "début annoncé",
    "announced_end": "fin annoncée",
    "actual_start": "début réel",
    "actual_end": "fin réelle",
    "initiator": "initiative",
    "main_transition": "transition principale",
    "transitions": "transitions",
    "programmes": "programmes",
    "sources": "sources",
    "partnerships": "partenaires",
    "participations": "territoires",
    "results": "résultats",
}


def fabriques(request: HttpRequest) -> HttpResponse:
    filters, messages = queries.Filters.parse(request.GET)
    page = paginate(queries.filtered(filters), request.GET.get("page"), PER_PAGE)
    cards = queries.cards(page.object_list)
    return render(
        request,
        "portal/fabriques.html",
        {
            "filters": filters,
            "messages": messages,
            "dimensions": queries.dimensions(filters),
            "page": page,
            "query": filters.query_string(),
            "years": queries.by_year(cards),
            "section": "fabriques",
        },
    )


def fabrique(request: HttpRequest, slug: str) -> HttpResponse:
    found = queries.with_details(Fabrique.objects.filter(slug=slug)).first()
    if found is None:
        raise Http404("Aucune fabrique à cette adresse.")
    participations = list(found.participations.all())
    drawing = map_of_members(queries.mapped_members(participations))
    return render(
        request,
        "portal/fabrique.html",
        {
            "fabrique": found,
            "participations": participations,
            "roles": [
                (role.label, partners)
                for role in Role
                if (partners := [p for p in found.partnerships.all() if p.role == role])
            ],
            "map": drawing,
            "map_svg": drawing.svg(
                title=f"Les territoires de la fabrique « {found} »",
                description="Carte de France ; la liste des territoires la précède.",
            ),
            "timeline": timeline(found),
            "sources": queries.sources_of(found),
            "history": [
                (entry, [FIELD_LABELS[name] for name in entry.changed] if entry.before else [])
                for entry in journal.history(found.subject)[:20]
            ],
            "structured": fabrique_data(found, request),
            "section": "fabriques",
        },
    )


def picture(request: HttpRequest, slug: str) -> HttpResponse:
    """The image that social networks show for a fabrique."""
    found = queries.with_details(Fabrique.objects.filter(slug=slug)).first()
    if found is None:
        raise Http404("Aucune fabrique à cette adresse.")
    return HttpResponse(fabrique_picture(found), content_type="image/png")
