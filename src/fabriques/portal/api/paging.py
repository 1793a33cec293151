"""Numbered pages of the API's lists, with their links (RFC 8288)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Schema
from ninja.schema import Field

from fabriques.programme.exports.records import Record

Item = TypeVar("Item")
Row = TypeVar("Row")
MAX_SIZE = 200
# Far beyond any list; a larger number would not even fit a database's OFFSET.
MAX_PAGE = 1_000_000


class PageNumber(Schema):
    page: int = Field(1, ge=1, le=MAX_PAGE, description="numéro de page, à partir de 1")
    taille: int = Field(50, ge=1, le=MAX_SIZE, description="éléments par page")


class Page(Record, Generic[Item]):
    total: int = Field(description="nombre d’éléments qui passent les filtres")
    page: int
    taille: int
    pages: int
    elements: list[Item]


def paged(
    request: HttpRequest,
    response: HttpResponse,
    number: PageNumber,
    rows: "QuerySet[Any, Row] | Sequence[Row]",
    records: Callable[[list[Row]], Iterable[Any]],
) -> dict[str, Any]:
    """The fields of a `Page`; its neighbours go into the `Link` header.

    `records` turns the rows of the page into what is answered, all at once, so that it can read
    what they need in a constant number of queries.
    """
    total = rows.count() if isinstance(rows, QuerySet) else len(rows)
    pages = max(1, -(-total // number.taille))
    start = (number.page - 1) * number.taille
    elements = list(records(list(rows[start : start + number.taille]))) if start < total else []
    neighbours = {"first": 1, "prev": number.page - 1, "next": number.page + 1, "last": pages}
    response.headers["Link"] = ", ".join(
        f'<{_address(request, page)}>; rel="{name}"'
        for name, page in neighbours.items()
        if 1 <= page <= pages
    )
    return {
        "total": total,
        "page": number.page,
        "taille": number.taille,
        "pages": pages,
        "elements": elements,
    }


def _address(request: HttpRequest, page: int) -> str:
    query = request.GET.copy()
    query["page"] = str(page)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
