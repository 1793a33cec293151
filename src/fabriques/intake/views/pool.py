"""The volunteers of a call, as a table, a map and a coverage chart; and as files."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from fabriques.intake.abilities import CallAbilities, call_abilities, require
from fabriques.intake.models import Call
from fabriques.intake.queries import access
from fabriques.intake.queries.composing.draft import pool_for
from fabriques.intake.queries.pool import NEIGHBOURS_NOTE, Pool
from fabriques.intake.queries.pool.charts import charts
from fabriques.intake.queries.pool.filters import ORDERS, PoolFilters
from fabriques.intake.queries.pool.maps import map_of
from fabriques.intake.queries.pool.tables import pool_table
from fabriques.kit.exports import attachment, to_csv, to_ods
from fabriques.kit.paging import paginate
from fabriques.people.current import signed_in

PER_PAGE = 50
TABLE, MAP, CHART = "tableau", "carte", "couverture"
VIEWS = {TABLE: "Tableau", MAP: "Carte", CHART: "Couverture"}


def _read(request: HttpRequest, slug: str) -> tuple[Call, CallAbilities, Pool, PoolFilters]:
    user = signed_in(request)
    call = get_object_or_404(Call, slug=slug)
    can = call_abilities(user, call)
    require(can.see_pool)
    pool = pool_for(user, call)
    return call, can, pool, PoolFilters.parse(request.GET, pool)


@require_safe
def volunteers(request: HttpRequest, slug: str) -> HttpResponse:
    call, can, pool, filters = _read(request, slug)
    user = signed_in(request)
    asked = request.GET.get("vue", TABLE)
    view = asked if asked in VIEWS else TABLE
    found = filters.of(pool)
    kept = "" if view == TABLE else view
    context = {
        "call": call,
        "can": can,
        "pool": pool,
        "filters": filters,
        "choices": filters.choices(pool),
        "found": found,
        "view": view,
        "views": [
            (name, label, filters.query(vue="" if name == TABLE else name))
            for name, label in VIEWS.items()
        ],
        "query": filters.query(vue=kept),
        "files": filters.query(),
        "drafts": access.drafts_count(user, call),
    }
    if view == MAP:
        context["map"] = map_of(found, title=f"Les territoires volontaires, {call}")
    elif view == CHART:
        context["charts"] = charts(filters.pool(pool))
        context["neighbours_note"] = NEIGHBOURS_NOTE
    if view != CHART:
        orders = filters.orders()
        context["page"] = paginate(found, request.GET.get("page"), PER_PAGE)
        context["columns"] = [
            (label, orders[name], _sorted(filters, name))
            for name, (label, _) in ORDERS.items()
            if name != "avis" or can.see_opinions
        ]
        context["rows"] = [
            (entry, pool.labels_of(entry, "size"), pool.labels_of(entry, "programmes"))
            for entry in context["page"].object_list  # type: ignore[attr-defined]
        ]
    return render(request, "intake/pool.html", context)


def _sorted(filters: PoolFilters, name: str) -> str:
    """For `aria-sort`."""
    if filters.order.removeprefix("-") != name:
        return "none"
    return "descending" if filters.order.startswith("-") else "ascending"


@require_safe
def volunteers_csv(request: HttpRequest, slug: str) -> HttpResponse:
    call, _, pool, filters = _read(request, slug)
    table = pool_table(pool, filters.of(pool))
    return attachment(to_csv(table, bom=True), f"volontaires-{call.slug}.csv")


@require_safe
def volunteers_ods(request: HttpRequest, slug: str) -> HttpResponse:
    call, _, pool, filters = _read(request, slug)
    table = pool_table(pool, filters.of(pool))
    return attachment(to_ods(table), f"volontaires-{call.slug}.ods")
