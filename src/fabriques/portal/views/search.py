"""Search in everything public."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fabriques.kit.search import kinds
from fabriques.kit.search.query import find

# Answers shown of each kind, and of the one kind that was asked for.
SHOWN, SHOWN_OF_ONE = 8, 60


def search(request: HttpRequest) -> HttpResponse:
    text = " ".join(request.GET.get("q", "").replace("\0", " ").split())[:200]
    known = {kind.code: kind.label for kind in kinds.registered()}
    asked = request.GET.get("sorte", "")
    chosen = {asked} if asked in known else None
    limit = SHOWN_OF_ONE if chosen else SHOWN
    results = find(text, kinds=chosen, limit=limit * len(known), per_kind=limit) if text else None
    groups = []
    for kind, total in results.total.items() if results else ():
        hits = [hit for hit in results.hits if hit.kind == kind] if results else []
        groups.append(
            {
                "kind": kind,
                "label": known.get(kind, kind),
                "noun": known.get(kind, kind).lower().removesuffix("" if total > 1 else "s"),
                "hits": hits,
                "total": total,
                "capped": results is not None and kind in results.capped,
                "more": not chosen and total > len(hits),
            }
        )
    return render(
        request,
        "portal/search.html",
        {
            "text": text,
            "results": results,
            "groups": groups,
            "section": "search",
        },
    )
