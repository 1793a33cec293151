"""The list of fabriques and the page of each."""

import json

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from fabriques.kit.paging import paginate
from fabriques.portal.fragments import fragment, pagination, shown_messages
from fabriques.portal.maps import map_of_members
from fabriques.portal.pictures import fabrique_picture
from fabriques.portal.schema_org import fabrique_data
from fabriques.portal.timeline import timeline
from fabriques.programme import queries
from fabriques.programme.models import Fabrique


def fabriques(request: HttpRequest) -> HttpResponse:
    filters, messages = queries.Filters.parse(request.GET)
    cards = queries.Cards(filters)
    page = paginate(cards, request.GET.get("page"), queries.PER_PAGE)
    query = filters.query_string()
    return render(
        request,
        "portal/fabriques.html",
        {
            "page": page,
            "body": fragment(
                "portal/fabriques.html",
                filters=filters,
                dimensions=cards.dimensions(),
                years=queries.by_year(page.object_list),
                total=page.paginator.count,
                shown_total=intcomma(page.paginator.count),
                root=reverse("fabriques"),
                map=reverse("map") + query,
                messages=shown_messages(messages),
                pagination=pagination(page, query),
            ),
            "section": "fabriques",
        },
    )


def fabrique(request: HttpRequest, slug: str) -> HttpResponse:
    sheet = queries.sheet(slug)
    if sheet is None:
        # `fabp-09` alone is what people write down.
        if found := Fabrique.objects.filter(code=slug.lower()).first():
            return redirect(found, permanent=True)
        raise Http404("Aucune fabrique à cette adresse.")
    page = json.loads(sheet)
    title = page["title"]
    drawing = map_of_members(page["participations"])
    root = reverse("fabriques")
    return render(
        request,
        "portal/fabrique.html",
        {
            "title": title,
            "objective": page["objective"],
            "picture": request.build_absolute_uri(f"{root}{slug}/image.png"),
            "structured": fabrique_data(page, request),
            "body": fragment(
                "portal/fabrique.html",
                page=page,
                root=root,
                drawing=drawing.svg(
                    title=f"Les territoires de la fabrique « {title} »",
                    description="Carte de France ; la liste des territoires la précède.",
                ),
                credits=drawing.credits,
                timeline=timeline(page["announced"], page["actual"]),
                api=reverse("api-v1:fabrique", args=[page["code"]]),
                contact=settings.SITE_CONTACT,
            ),
            "section": "fabriques",
        },
    )


def picture(request: HttpRequest, slug: str) -> HttpResponse:
    """The image that social networks show for a fabrique."""
    sheet = queries.sheet(slug)
    if sheet is None:
        raise Http404("Aucune fabrique à cette adresse.")
    return HttpResponse(fabrique_picture(json.loads(sheet)), content_type="image/png")
