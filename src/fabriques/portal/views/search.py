"""Search in everything public."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fabriques.kit.search.query import find

KINDS = {
    "fabrique": "Fabriques",
    "territoire": "Territoires",
}


def search(request: HttpRequest) -> HttpResponse:
    text = " ".join(request.GET.get("q", "").replace("\0", " ").split())[:200]
    kind = request.GET.get("sorte", "")
    kinds = {kind} if kind in KINDS else None
    results = find(text, kinds=kinds, limit=60 if kinds else 40) if text else None
    groups = [
        (key, label, [hit for hit in results.hits if hit.kind == key], results.total.get(key, 0))
        for key, label in KINDS.items()
        if results and (kinds is None or key in kinds)
    ]
    return render(
        request,
        "portal/search.html",
        {
            "text": text,
            "kind": kind if kinds else "",
            "results": results,
            "groups": [group for group in groups if group[2]],
            "section": "search",
        },
    )
