"""Who takes part, where: the map, its list, and the pages of territories."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Count, F, Q, QuerySet

from fabriques.programme.models import Fabrique, Participation
from fabriques.programme.queries.filters import Filters, condition
from fabriques.territories.enums import Accuracy
from fabriques.territories.models import address_of


def participations_in(territory_ids: Iterable[int]) -> QuerySet[Participation]:
    """Participations of these territories, the latest edition first."""
    return (
        Participation.objects.filter(territory__in=list(territory_ids))
        .select_related("fabrique", "territory__departement")
        .order_by(F("fabrique__year").desc(nulls_last=True), "fabrique__code", "territory__name")
    )


def participations_by_departement(filters: Filters) -> dict[str, int]:
    """How many participations that pass the filters each département has."""
    rows = (
        _matching(filters)
        .exclude(territory__departement=None)
        .order_by()
        .values_list("territory__departement__code")
        .annotate(total=Count("pk"))
    )
    return dict(rows)


class MappedParticipation(NamedTuple):
    """A participation as the map and its list show it."""

    name: str
    kind: str
    territory_code: str
    departement: str | None
    departement_name: str | None
    longitude: float | None
    latitude: float | None
    accuracy: str
    title: str
    code: str
    slug: str
    year: int | None
    transition: str | None
    transition_name: str | None

    @property
    def address(self) -> str:
        return address_of(self.kind, self.territory_code)

    @property
    def approximate(self) -> bool:
        return self.accuracy == Accuracy.APPROXIMATE

    def legend(self, by: str) -> tuple[str, str]:
        """(sort key, label) of its line in the legend; both empty when unknown."""
        if by == "annee":
            return (str(self.year), str(self.year)) if self.year else ("", "")
        return (self.transition or "", self.transition_name or "")


def _matching(filters: Filters) -> QuerySet[Participation]:
    fits = condition(filters)
    rows = Participation.objects.all()
    if fits:
        rows = rows.filter(fabrique__in=Fabrique.objects.filter(fits))
    for dimension, path in (
        ("departement", "territory__departement__code__in"),
        ("region", "territory__region__code__in"),
    ):
        # Of a fabrique found by its région, the map and its table show the members there.
        if values := filters.values(dimension):
            rows = rows.filter(**{path: values})
    if values := filters.values("type"):
        rows = rows.filter(Q(territory__nature__in=values) | Q(territory__kind__in=values))
    if len(values := filters.values("outre-mer")) == 1:
        rows = rows.filter(territory__overseas=values[0] == "oui")
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
            "territory__overseas",
            F("territory__latitude").desc(nulls_last=True),
            "territory__code",
            "fabrique__code",
        )
    )


def mapped(rows: QuerySet[Participation]) -> list[MappedParticipation]:
    """These participations as the map shows them: one query."""
    columns = (
        "territory__name",
        "territory__kind",
        "territory__code",
        "territory__departement__code",
        "territory__departement__name",
        "territory__longitude",
        "territory__latitude",
        "territory__accuracy",
        "fabrique__title",
        "fabrique__code",
        "fabrique__slug",
        "fabrique__year",
        "fabrique__main_transition__slug",
        "fabrique__main_transition__name",
    )
    return [MappedParticipation(*row) for row in rows.values_list(*columns)]


def listed_participations(filters: Filters) -> QuerySet[Participation]:
    """The table beside the map: participations by territory name."""
    return (
        _matching(filters)
        .select_related("fabrique", "territory__departement", "territory__region")
        .order_by("territory__name", "territory__code", "fabrique__code", "focus")
    )


def taking_part() -> QuerySet[Participation, int]:
    """The ids of the territories that take or took part in a fabrique, for a subquery."""
    return Participation.objects.order_by().values_list("territory", flat=True).distinct()
