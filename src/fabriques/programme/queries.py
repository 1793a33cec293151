"""What pages, exports and the API read of the programme; all its SQL is here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from itertools import groupby
from typing import NamedTuple
from urllib.parse import urlencode

from django.db.models import Count, F, Prefetch, Q, QuerySet, Sum
from django.http import QueryDict
from django.utils.functional import cached_property

from fabriques.kit.prepared import Prepared
from fabriques.kit.search.query import find
from fabriques.programme.models import (
    Fabrique,
    Facet,
    FacetValue,
    Participation,
    Partnership,
    Result,
    Sheet,
)
from fabriques.territories.enums import Accuracy
from fabriques.territories.models import address_of

# The dimensions of the filters: name in the address, name on screen, in the order of the form.
DIMENSIONS = {
    "annee": "Année de lancement",
    "transition": "Transition",
    "type": "Type de territoire",
    "region": "Région",
    "outre-mer": "Outre-mer",
    "programme": "Programme lié",
}
MAX_QUERY = 200
PER_PAGE = 24
_NOISE = re.compile(r"[\x00-\x1f]+")


@dataclass(frozen=True)
class Filters:
    """The filters of the list of fabriques; values of one dimension add up, dimensions combine."""

    annee: tuple[str, ...] = ()
    transition: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    outre_mer: tuple[str, ...] = ()
    programme: tuple[str, ...] = ()
    departement: tuple[str, ...] = ()
    q: str = ""

    @classmethod
    def parse(cls, data: QueryDict) -> tuple[Filters, list[str]]:
        """Read an address; values that no fabrique has are ignored, each with a message."""
        wanted = {
            dimension: [value for value in dict.fromkeys(data.getlist(dimension)) if value.strip()]
            for dimension in (*DIMENSIONS, "departement")
        }
        messages: list[str] = []
        kept: dict[str, tuple[str, ...]] = {}
        if any(wanted.values()):
            known = set(
                FacetValue.objects.filter(
                    dimension__in=[name for name, values in wanted.items() if values]
                ).values_list("dimension", "value")
            )
            for dimension, values in wanted.items():
                kept[dimension.replace("-", "_")] = tuple(v for v in values if (dimension, v) in known)
                messages += [
                    f"Filtre ignoré : « {value[:40]} » n’est pas une valeur connue pour "
                    f"« {DIMENSIONS.get(dimension, 'Département')} »."
                    for value in values
                    if (dimension, value) not in known
                ]
        text = " ".join(_NOISE.sub(" ", data.get("q", "")).split())
        if len(text) > MAX_QUERY:
            messages.append(f"Recherche raccourcie à {MAX_QUERY} caractères.")
        return cls(**kept, q=text[:MAX_QUERY].strip()), messages

    def values(self, dimension: str) -> tuple[str, ...]:
        value: tuple[str, ...] = getattr(self, dimension.replace("-", "_"))
        return value

    @property
    def active(self) -> bool:
        return self != Filters()

    def query_string(self, **changes: object) -> str:
        """The address of these filters, with some replaced: `?annee=2018&q=…`, or nothing."""
        filters = replace(self, **changes) if changes else self  # type: ignore[arg-type]
        pairs = [
            (item.name.replace("_", "-"), value)
            for item in fields(filters)
            if item.name != "q"
            for value in getattr(filters, item.name)
        ]
        if filters.q:
            pairs.append(("q", filters.q))
        return f"?{urlencode(pairs)}" if pairs else ""


def _condition(filters: Filters, *, except_for: str = "") -> Q:
    """The rows of `Fabrique` that pass every filter but the one of `except_for`."""
    condition = Q()
    for dimension in (*DIMENSIONS, "departement"):
        values = filters.values(dimension)
        if values and dimension != except_for:
            matching = Facet.objects.filter(
                value__dimension=dimension, value__value__in=values
            ).order_by()
            condition &= Q(pk__in=matching.values("fabrique"))
    if filters.q:
        found = find(filters.q, kinds={"fabrique"}, limit=400, extracts=False)
        condition &= Q(code__in=[hit.code for hit in found.hits])
    return condition


def filtered(filters: Filters) -> QuerySet[Fabrique]:
    """Fabriques that pass the filters, the latest edition first, unknown years last."""
    return Fabrique.objects.filter(_condition(filters)).order_by(
        F("year").desc(nulls_last=True), "-code"
    )


class Choice(NamedTuple):
    """One value of a filter; its label says how many fabriques it would give: `Bretagne (5)`."""

    value: str
    label: str
    selected: bool


class Dimension(NamedTuple):
    """A filter: its name in the address, its label, its values, whether one is chosen."""

    name: str
    label: str
    choices: list[Choice]
    selected: bool


_all_values = Prepared(
    lambda: FacetValue.objects.exclude(dimension="departement")
    .values_list("dimension", "value", "label", "total")
    .order_by("dimension", "label", "value")
)


def dimensions(filters: Filters) -> list[Dimension]:
    """The filters with their counts; each counts what the *other* filters leave.

    One query; with filters, one for all dimensions without a choice and one for each with one.
    """
    if not filters.active:
        return _dimensions(filters, _all_values.rows())
    chosen = [name for name in DIMENSIONS if filters.values(name)]
    rows: list[tuple[str, str, str, int]] = []
    for names, condition in [
        ([name for name in DIMENSIONS if name not in chosen], _condition(filters)),
        *(([name], _condition(filters, except_for=name)) for name in chosen),
    ]:
        only = Q(facets__fabrique__in=Fabrique.objects.filter(condition)) if condition else None
        rows += (
            FacetValue.objects.filter(dimension__in=names)
            .annotate(times=Count("facets", filter=only))
            .values_list("dimension", "value", "label", "times")
            .order_by("dimension", "label", "value")
        )
    return _dimensions(filters, rows)


def _dimensions(
    filters: Filters, rows: Iterable[tuple[str, str, str, int]]
) -> list[Dimension]:
    chosen = {name: set(filters.values(name)) for name in DIMENSIONS}
    choices: dict[str, list[Choice]] = {name: [] for name in DIMENSIONS}
    for dimension, value, label, times in rows:
        if dimension in choices:
            selected = value in chosen[dimension]
            if times or selected:
                choices[dimension].append(Choice(value, f"{label} ({times})", selected))
    choices["annee"].reverse()
    return [
        Dimension(name, label, choices[name], bool(chosen[name]))
        for name, label in DIMENSIONS.items()
    ]


@dataclass(frozen=True)
class Counters:
    """The figures of the programme: always computed, never typed."""

    fabriques: int
    participations: int
    territories: int
    per_year: list[tuple[int | None, int, int]]  # year, fabriques, participations


def counters() -> Counters:
    participations = Participation.objects.aggregate(
        total=Count("pk"), territories=Count("territory", distinct=True)
    )
    per_year = list(
        Fabrique.objects.values_list("year")
        .annotate(
            fabriques=Count("pk", distinct=True), participations=Count("participations")
        )
        .order_by(F("year").asc(nulls_last=True))
    )
    return Counters(
        fabriques=sum(row[1] for row in per_year),
        participations=participations["total"],
        territories=participations["territories"],
        per_year=per_year,
    )


def with_details(fabriques: QuerySet[Fabrique]) -> QuerySet[Fabrique]:
    """Everything that the page or the export of a fabrique shows, in a constant number of queries."""
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


def participations_in(territory_ids: Iterable[int]) -> QuerySet[Participation]:
    """Participations of these territories, the latest edition first."""
    return (
        Participation.objects.filter(territory__in=list(territory_ids))
        .select_related("fabrique", "territory__departement")
        .order_by(F("fabrique__year").desc(nulls_last=True), "fabrique__code", "territory__name")
    )


def participations_by_departement(filters: Filters) -> dict[str, int]:
    """How many participations each département has in the fabriques that pass the filters."""
    condition = _condition(filters)
    facets = Facet.objects.filter(value__dimension="departement")
    if condition:
        facets = facets.filter(fabrique__in=Fabrique.objects.filter(condition))
    rows = facets.values_list("value__value").annotate(total=Sum("count")).order_by("value__value")
    return dict(rows)


@dataclass(frozen=True, slots=True)
class MappedParticipation:
    """A participation as the map shows it."""

    name: str
    address: str
    departement: str
    longitude: float | None
    latitude: float | None
    approximate: bool
    title: str
    year: int | None
    transition: str
    transition_name: str

    def legend(self, by: str) -> tuple[str, str]:
        """(sort key, label) of its line in the legend; both empty when unknown."""
        if by == "annee":
            return (str(self.year), str(self.year)) if self.year else ("", "")
        return (self.transition, self.transition_name)


def _matching(filters: Filters) -> QuerySet[Participation]:
    condition = _condition(filters)
    rows = Participation.objects.all()
    if condition:
        rows = rows.filter(fabrique__in=Fabrique.objects.filter(condition))
    for dimension, path in (
        ("departement", "territory__departement__code__in"),
        ("region", "territory__region__code__in"),
    ):
        # Of a fabrique found by its région, the map and its table show the members there.
        if values := filters.values(dimension):
            rows = rows.filter(**{path: values})
    return rows


def mapped_participations(filters: Filters, *, most: int) -> tuple[int, list[MappedParticipation]]:
    """How many participations pass the filters, and where each is; no list beyond `most`.

    In the order of the keyboard: from the north to the south, overseas last.
    """
    rows = _matching(filters)
    total = rows.count()
    if total > most:
        return total, []
    return total, mapped(
        rows.order_by(
            "territory__overseas", F("territory__latitude").desc(nulls_last=True),
            "territory__code", "fabrique__code",
        )
    )


def mapped(rows: QuerySet[Participation]) -> list[MappedParticipation]:
    """These participations as the map shows them: one query."""
    return [
        MappedParticipation(
            name=name,
            address=address_of(kind, code),
            departement=departement or "",
            longitude=longitude,
            latitude=latitude,
            approximate=accuracy == Accuracy.APPROXIMATE,
            title=title,
            year=year,
            transition=transition or "",
            transition_name=transition_name or "",
        )
        for (
            name, kind, code, departement, longitude, latitude, accuracy,
            title, year, transition, transition_name,
        ) in rows.values_list(
            "territory__name",
            "territory__kind",
            "territory__code",
            "territory__departement__code",
            "territory__longitude",
            "territory__latitude",
            "territory__accuracy",
            "fabrique__title",
            "fabrique__year",
            "fabrique__main_transition__slug",
            "fabrique__main_transition__name",
        )
    ]


def listed_participations(filters: Filters) -> QuerySet[Participation]:
    """The table beside the map: participations by territory name."""
    return (
        _matching(filters)
        .select_related("fabrique", "territory__departement", "territory__region")
        .order_by("territory__name", "territory__code", "fabrique__code", "focus")
    )


class Card(NamedTuple):
    """A fabrique as lists show it."""

    title: str  # "" when it is not published
    code: str
    slug: str
    year: int | None
    objective: str
    heading: str
    count: str
    members: str


_CARD = (
    "title",
    "code",
    "slug",
    "year",
    "objective",
    "sheet__heading",
    "sheet__count",
    "sheet__members",
)


def cards(fabriques: QuerySet[Fabrique]) -> list[Card]:
    """One query, whatever the number of fabriques and of their members."""
    return [Card(*row) for row in fabriques.values_list(*_CARD)]


class Cards:
    """The cards of the fabriques that pass the filters, counted and sliced as a paginator asks.

    The list that everyone opens first, without filter, runs on queries compiled once.
    """

    _first = Prepared(lambda: filtered(Filters()).values_list(*_CARD)[:PER_PAGE])

    def __init__(self, filters: Filters) -> None:
        self.filters = filters

    def count(self) -> int:
        if self.filters.active:
            return filtered(self.filters).count()
        return next((total for name, _, _, total in self.values if name == "toutes"), 0)

    @cached_property
    def values(self) -> list[tuple[str, str, str, int]]:
        """Every value of the filters with its total: one query for the count and the form."""
        return _all_values.rows()

    def dimensions(self) -> list[Dimension]:
        """The filters with their counts, see `dimensions`."""
        if self.filters.active:
            return dimensions(self.filters)
        return _dimensions(self.filters, self.values)

    def __getitem__(self, part: slice) -> list[Card]:
        if not self.filters.active and not part.start and part.stop <= PER_PAGE:
            return [Card(*row) for row in self._first.rows()]
        return cards(filtered(self.filters)[part])


def by_year(cards: Iterable[Card]) -> list[tuple[int | None, list[Card]]]:
    """Cards under their edition, in the order they come."""
    return [(year, list(group)) for year, group in groupby(cards, key=lambda card: card.year)]


def taking_part() -> QuerySet[Participation, int]:
    """The ids of the territories that take or took part in a fabrique, for a subquery."""
    return Participation.objects.order_by().values_list("territory", flat=True).distinct()


_sheet = Prepared(lambda slug: Sheet.objects.filter(fabrique__slug=slug).values_list("page"))


def sheet(slug: str) -> str | None:
    """What the page of a fabrique shows, as JSON (see `sheets.page`); None when there is none."""
    rows = _sheet.rows(slug)
    return str(rows[0][0]) if rows else None
