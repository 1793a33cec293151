"""Search in everything public."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fabriques.kit.search import kinds
from fabriques.kit.search.query import find

# Answers shown of each kind, and of the one kind that was asked for.
SHOWN, SHOWN_OF_ONE = 12, 60


def search(request: HttpRequest) -> HttpResponse:
    text = " ".join(request.GET.get("q", "").replace("\0", " ").split())[:200]
    known = {kind.code: kind.label for kind in kinds.registered()}
    asked = request.GET.get("sorte", "")
    chosen = {asked} if asked in known else None
    limit = SHOWN_OF_ONE if chosen else SHOWN
    results = find(text, kinds=chosen, limit=limit * len(known), per_kind=limit) if text else None
    groups = [
        {
            "kind": kind,
            "label": known.get(kind, kind),
            "hits": [hit for hit in results.hits if hit.kind == kind],
            "total": total,
            "capped": kind in results.capped,
        }
        for kind, total in (results.total if results else {}).items()
        if results and total
    ]
    return render(
        request,
        "portal/search.html",
        {
            "text": text,
            "chosen": bool(chosen),
            "results": results,
            "groups": groups,
            "section": "search",
        },
    )
