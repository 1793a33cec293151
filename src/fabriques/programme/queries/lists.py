"""Lists of fabriques, their counters, and the page of each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import Count, F, Prefetch, QuerySet
from django.utils.functional import cached_property

from fabriques.kit.prepared import Prepared
from fabriques.programme.models import (
    Fabrique,
    Overview,
    Participation,
    Partnership,
    Result,
    Sheet,
    Source,
)
from fabriques.programme.queries.filters import (
    Dimension,
    Filters,
    dimensions,
    filtered,
)

PER_PAGE = 24


class Card(NamedTuple):
    """A fabrique as lists show it."""

    title: str  # "" when it is not published
    code: str
    slug: str
    year: int | None
    objective: str
    heading: str
    members: str


_CARD = (
    "title",
    "code",
    "slug",
    "year",
    "objective",
    "sheet__heading",
    "sheet__members",
)


def cards(fabriques: QuerySet[Fabrique]) -> list[Card]:
    """One query, whatever the number of fabriques and of their members."""
    return [Card(*row) for row in fabriques.values_list(*_CARD)]


class Cards:
    """The cards of the fabriques that pass the filters, counted and sliced as a paginator asks.

    The list that everyone opens first, without filter, runs on queries compiled once.
    """

    _all = Prepared(lambda: Overview.objects.values_list("fabriques", "filters"))
    _first = Prepared(lambda: filtered(Filters()).values_list(*_CARD)[:PER_PAGE])

    def __init__(self, filters: Filters) -> None:
        self.filters = filters

    def count(self) -> int:
        return filtered(self.filters).count() if self.filters.active else self._overview[0]

    def dimensions(self) -> list[Dimension]:
        """The filters with their counts, see `dimensions`; a list of lists without filter."""
        if self.filters.active:
            return dimensions(self.filters)
        found: list[Dimension] = json.loads(self._overview[1])
        return found

    @cached_property
    def _overview(self) -> tuple[Any, ...]:
        rows = self._all.rows()
        return rows[0] if rows else (0, "[]")

    def __getitem__(self, part: slice) -> list[Card]:
        if not self.filters.active and not part.start and part.stop <= PER_PAGE:
            return [Card(*row) for row in self._first.rows()]
        return cards(filtered(self.filters)[part])


def by_year(cards: Iterable[Card]) -> list[tuple[int | None, list[Card]]]:
    """Cards under their edition, in the order they come."""
    return [(year, list(group)) for year, group in groupby(cards, key=lambda card: card.year)]


_sheet = Prepared(lambda slug: Sheet.objects.filter(fabrique__slug=slug).values_list("page"))


def sheet(slug: str) -> str | None:
    """What the page of a fabrique shows, as JSON (see `sheets.page`); None when there is none."""
    rows = _sheet.rows(slug)
    return str(rows[0][0]) if rows else None


@dataclass(frozen=True)
class Counters:
    """The figures of the programme: always computed, never typed."""

    fabriques: int
    participations: int
    territories: int
    per_year: list[tuple[int | None, int, int]]  # year, fabriques, participations
    announced: Source | None  # a total published elsewhere, when it is not ours

    @property
    def lacking(self) -> int:
        """How many territories that total has more than our list; 0 or less: none."""
        total = self.announced.announced_territories if self.announced else None
        return (total or 0) - self.territories


def counters() -> Counters:
    participations = Participation.objects.aggregate(
        total=Count("pk"), territories=Count("territory", distinct=True)
    )
    per_year = list(
        Fabrique.objects.values_list("year")
        .annotate(launched=Count("pk", distinct=True), members=Count("participations"))
        .order_by(F("year").asc(nulls_last=True))
    )
    return Counters(
        fabriques=sum(row[1] for row in per_year),
        participations=participations["total"],
        territories=participations["territories"],
        per_year=per_year,
        announced=Source.objects.exclude(announced_territories=None).order_by("-date").first(),
    )


def with_details(fabriques: QuerySet[Fabrique]) -> QuerySet[Fabrique]:
    """All that the page or the export of a fabrique shows, in a constant number of queries."""
    return fabriques.select_related("initiator", "main_transition").prefetch_related(
        "transitions",
        "programmes",
        "sources",
        Prefetch(
            "participations",
            Participation.objects.select_related(
                "territory__departement", "territory__region", "focus_territory"
            ).order_by("territory__name", "territory__code", "focus"),
        ),
        "participations__sources",
        Prefetch(
            "partnerships",
            Partnership.objects.select_related("organisation", "source")
            .prefetch_related("organisation__former_names")
            .order_by("organisation__name", "person"),
        ),
        Prefetch(
            "results",
            Result.objects.select_related("publisher", "source").order_by("date", "title"),
        ),
    )
