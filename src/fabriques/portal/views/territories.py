"""Territories: how to find one, and the page of any of the 36 000."""

from collections.abc import Iterable

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from fabriques.kit.paging import paginate
from fabriques.kit.search.text import normalise
from fabriques.programme.queries import participations_in, taking_part
from fabriques.territories import queries
from fabriques.territories.enums import Kind
from fabriques.territories.models import PLAIN_KINDS, SEGMENTS, Territory

PER_PAGE = 60
SHOWN_MEMBERS = 60
# What the members of a territory are, where they are not communes.
INSIDE = {
    Kind.REGION: "Dans la région",
    Kind.DEPARTEMENT: "Dans le département",
    Kind.ARRONDISSEMENT: "Dans l’arrondissement",
}
MEMBERS = {Kind.REGION: "départements", Kind.COMMUNE: "quartiers prioritaires"}


def territories(request: HttpRequest) -> HttpResponse:
    """Find a territory, or go down from its région."""
    text = " ".join(request.GET.get("q", "").replace("\0", " ").split())[:200]
    return render(
        request,
        "portal/territories.html",
        {
            "text": text,
            "found": queries.lookup(text, limit=20) if text else [],
            "groups": _by_kind(queries.regions()),
        },
    )


def _by_kind(regions: Iterable[Territory]) -> list[tuple[str, list[Territory]]]:
    """Régions, then collectivités of the overseas, each by name."""
    ordered = sorted(regions, key=lambda region: normalise(region.name))
    return [
        (label, [region for region in ordered if region.kind == kind])
        for kind, label in (
            (Kind.REGION, "Par région"),
            (Kind.COLLECTIVITE, "Par collectivité d’outre-mer"),
        )
    ]


def territory(request: HttpRequest, code: str) -> HttpResponseBase:
    """A commune, an EPCI or an EPT, by its INSEE code or SIREN."""
    found = queries.by_code(code)
    if found is None:
        raise Http404("Aucun territoire ne porte ce code.")
    return _page(request, found, code)


def territory_other(request: HttpRequest, segment: str, code: str) -> HttpResponseBase:
    """A département, a région, a priority district, another grouping."""
    kinds = [kind for kind, name in SEGMENTS.items() if name == segment]
    found = queries.by_segment(kinds, code)
    if found is None:
        raise Http404("Aucun territoire ne porte ce code.")
    return _page(request, found, code)


def _page(request: HttpRequest, found: Territory, code: str) -> HttpResponseBase:
    # The canonical code is what the address says; letters of a code may have been typed small.
    if code != found.code:
        return redirect(found, permanent=True)
    family = queries.family(found)
    participations = list(participations_in(family.territory_ids)[: PER_PAGE * 2])
    return render(
        request,
        "portal/territory.html",
        {
            "territory": found,
            "parents": queries.parents(found),
            "members": paginate(_members(found), request.GET.get("page"), SHOWN_MEMBERS),
            "own": [p for p in participations if p.territory_id == found.pk],
            "of_group": [p for p in participations if p.territory_id in family.group_ids],
            "of_members": [p for p in participations if p.territory_id in family.member_ids],
            "programmes": queries.programmes(found),
            "comparables": queries.comparables(found, taking_part()),
            "identity": _identity(found),
            "members_label": MEMBERS.get(Kind(found.kind), "communes"),
            "inside": INSIDE.get(Kind(found.kind), "Ses communes"),
            "has_programmes": found.kind in PLAIN_KINDS,
            "programmes_imported": queries.programmes_imported(),
            "query": "",
            "section": "territories",
        },
    )


def _members(found: Territory) -> list[Territory]:
    """Members by name, accents aside: databases do not agree on where É stands."""
    members = queries.members(found).only("kind", "code", "name", "population")
    return sorted(members, key=lambda member: (normalise(member.name), member.code))


def _identity(found: Territory) -> list[tuple[str, str]]:
    """What is known of a territory, as label and value."""
    codes = {Kind.COMMUNE: "Code INSEE", Kind.EPCI: "SIREN", Kind.EPT: "SIREN"}
    rows = [(codes.get(Kind(found.kind), "Code"), found.code)]
    if found.kind == Kind.COMMUNE:
        rows += [("SIREN", found.siren), ("Codes postaux", found.postal_codes)]
    if found.generation:
        rows.append(("Génération", str(found.generation)))
    population = f"{intcomma(found.population)} habitants" if found.population is not None else ""
    rows += [
        ("Population", population),
        ("Densité", found.density),
        ("Centralité", found.centrality),
        ("Massif", found.mountain),
        ("Ruralité", "" if found.rurality.startswith("Hors champ") else found.rurality),
    ]
    return [(label, value) for label, value in rows if value]
