"""Open data of calls for volunteers: `/donnees/appels/<slug>.<format>`."""

import json

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from fabriques.intake import exports
from fabriques.intake.models import Call
from fabriques.kit.exports import attachment, to_csv, to_ods
from fabriques.portal.api.access import opened


@opened
def call_data(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """The file of a call; 404 while the call publishes nothing."""
    call = get_object_or_404(Call.objects.select_related("fabrique"), slug=slug)
    if form not in exports.FORMATS or not exports.is_open_data(call):
        raise Http404
    if form == "json":
        whole = exports.document(call, absolute=request.build_absolute_uri)
        content = json.dumps(whole, ensure_ascii=False, indent=1).encode()
    elif form == "ods":
        content = to_ods(exports.table(call), title=call.title, at=call.announced_at)
    else:
        content = to_csv(exports.table(call), bom=True)
    return attachment(content, f"appel-{slug}.{form}")
