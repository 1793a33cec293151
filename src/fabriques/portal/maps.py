"""The map of participations: which marks it draws, and its legend.

Up to `MOST_MARKS` participations each have their mark; beyond, one mark per département says how
many there are and leads to them, so that a drawing stays readable and quick whatever its data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from fabriques.programme.models import UNKNOWN_TITLE
from fabriques.programme.queries import (
    Filters,
    MappedParticipation,
    mapped_participations,
    participations_by_departement,
)
from fabriques.territories.mapping.drawing import LegendItem, Mark, draw, swatch
from fabriques.territories.mapping.look import CREDITS
from fabriques.territories.mapping.projection import Frames
from fabriques.territories.queries import positions_of_departements

MOST_MARKS = 200
LEGENDS = {"transition": "par transition", "annee": "par année de lancement"}
UNKNOWN = {"transition": "Transition non publiée", "annee": "Année non publiée"}


@cache
def frames() -> Frames:
    return Frames.load(settings.ASSETS / "map" / "frames.json")


@dataclass(frozen=True)
class MapView:
    """What a page needs to show a map: marks in keyboard order, and what the marks mean."""

    marks: list[Mark]
    legend: list[LegendItem]
    total: int
    clustered: bool
    credits: ClassVar[str] = CREDITS

    def svg(self, *, title: str, description: str, standalone: bool = False) -> SafeString:
        """The drawing (which escapes what it is given)."""
        return mark_safe(  # noqa: S308
            draw(
                self.marks,
                frames=frames(),
                ground=None if standalone else static("map/france.svg"),
                title=title,
                description=description,
                legend=self.legend,
                standalone=standalone,
            )
        )

    @property
    def swatches(self) -> list[tuple[SafeString, str]]:
        """(drawing, label) of each line of the legend, for a page."""
        return [
            (mark_safe(swatch(item.category, approximate=item.approximate)), item.label)  # noqa: S308
            for item in self.legend
        ]


def map_of(filters: Filters, *, legend: str = "transition") -> MapView:
    """The national map of the fabriques that pass the filters."""
    total, rows = mapped_participations(filters, most=MOST_MARKS)
    if total > MOST_MARKS:
        return _clusters(filters, total)
    return _marks(rows, legend)


def map_of_members(participations: Iterable[dict[str, Any]]) -> MapView:
    """The map of one fabrique, from its sheet: all its members under one sign."""
    marks = [
        Mark(
            lon=item["position"][0],
            lat=item["position"][1],
            label=f"{item['name']} ({item['departement']})"
            if item["departement"]
            else item["name"],
            href=item["address"],
            approximate=item["approximate"],
        )
        for item in participations
        if item["position"]
    ]
    return MapView(marks, [], len(marks), clustered=False)


def _marks(rows: Sequence[MappedParticipation], by: str) -> MapView:
    keys = sorted({(row.legend(by)) for row in rows}, key=lambda key: (not key[0], key))
    category = {key: number for number, key in enumerate(keys)}
    marks = [_mark(row, category[row.legend(by)]) for row in rows if row.longitude is not None]
    legend = [LegendItem(category[key], key[1] or UNKNOWN[by]) for key in keys]
    if any(row.approximate for row in rows):
        legend.append(LegendItem(0, "Position approchée (centre du département)", True))
    return MapView(marks, legend, len(rows), clustered=False)


def _mark(row: MappedParticipation, category: int) -> Mark:
    year = f", {row.year}" if row.year else ""
    departement = f" ({row.departement})" if row.departement else ""
    return Mark(
        lon=row.longitude or 0.0,
        lat=row.latitude or 0.0,
        label=f"{row.name}{departement} – {row.title or UNKNOWN_TITLE}{year}",
        href=row.address,
        category=category,
        approximate=row.approximate,
    )


def _clusters(filters: Filters, total: int) -> MapView:
    counts = participations_by_departement(filters)
    address = reverse("map")
    marks = [
        Mark(
            lon=place.longitude,
            lat=place.latitude,
            label=f"{place.name} ({place.code}) – {counts[place.code]} participation"
            + ("s" if counts[place.code] > 1 else ""),
            href=address + filters.query_string(departement=(place.code,)),
            weight=counts[place.code],
        )
        for place in positions_of_departements()
        if counts.get(place.code)
    ]
    return MapView(marks, [LegendItem(0, "Participations du département")], total, clustered=True)
