"""What everybody sees of the calls."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from fabriques.intake import exports
from fabriques.intake.models import Call
from fabriques.intake.queries import calls as read
from fabriques.intake.queries.drawing import draws_of
from fabriques.intake.views.calls import call_or_404
from fabriques.kit.paging import paginate

PER_PAGE = 20


def calls(request: HttpRequest) -> HttpResponse:
    """Open ones first, then those to come, then the past with what came of them."""
    page = paginate(read.past_calls(), request.GET.get("page"), PER_PAGE)
    return render(
        request,
        "intake/public_calls.html",
        {
            "open": read.open_calls(),
            "coming": read.coming_calls(),
            "page": page,
            "query": "",
            "section": "calls",
            "picture": _picture(request),
        },
    )


def call(request: HttpRequest, slug: str) -> HttpResponse:
    found = read.public_call(slug)
    if found is None:
        raise Http404("Aucun appel à cette adresse.")
    return render(request, "intake/public_call.html", _shown(request, found))


def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """The public page as it would be, for those who prepare the call."""
    _, found, _ = call_or_404(request, slug, "edit")
    return render(request, "intake/public_call.html", {**_shown(request, found), "preview": True})


def _shown(request: HttpRequest, found: Call) -> dict[str, Any]:
    """All that the public page says; the number of queries does not depend on the call."""
    partners: dict[str, list[str]] = {}
    for partner in found.partners.select_related("organisation").order_by(
        "role", "organisation__name", "pk"
    ):
        partners.setdefault(partner.get_role_display(), []).append(str(partner.organisation))
    pool = list(read.published_pool(found))
    return {
        "call": found,
        "partners": list(partners.items()),
        "programmes": list(found.programmes.order_by("name", "slug")),
        "extensions": list(found.extensions.order_by("at", "pk")),
        "pool": pool,
        "result": read.published_result(found),
        "drawn": draws_of(found).exists(),
        "files": exports.files(found),
        "section": "calls",
        "picture": _picture(request),
    }


def _picture(request: HttpRequest) -> str:
    """The image of the programme, for social networks."""
    return request.build_absolute_uri(reverse("picture"))
