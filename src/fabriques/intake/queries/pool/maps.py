"""The pool on the national map: one mark for each volunteer, its shape by what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from fabriques.intake.queries.pool.model import Entry
from fabriques.territories.enums import Kind
from fabriques.territories.mapping.drawing import Mark, draw, swatch
from fabriques.territories.mapping.look import CREDITS
from fabriques.territories.mapping.projection import Frames


@cache
def _frames() -> Frames:
    return Frames.load(settings.ASSETS / "map" / "frames.json")


@dataclass(frozen=True)
class PoolMap:
    """The drawing, its legend, and the volunteers that it cannot show."""

    svg: SafeString
    legend: list[tuple[SafeString, str]]
    missing: list[Entry]
    credits: str = CREDITS


def map_of(entries: Sequence[Entry], *, title: str) -> PoolMap:
    """These volunteers; who has no position, or none that the map shows, is listed as missing."""
    kinds = [kind for kind in Kind if any(entry.kind == kind for entry in entries)]
    shown, missing = [], []
    for entry in entries:
        longitude, latitude = entry.longitude, entry.latitude
        if longitude is None or latitude is None or _frames().frame_at(longitude, latitude) is None:
            missing.append(entry)
            continue
        shown.append(
            Mark(
                lon=longitude,
                lat=latitude,
                label=f"{entry.label} – n°\u00a0{entry.number}",
                href=reverse("volunteer", args=[entry.ref]),
                category=kinds.index(Kind(entry.kind)),
                approximate=entry.approximate,
            )
        )
    svg = draw(
        shown,
        frames=_frames(),
        ground=static("map/france.svg"),
        title=title,
        description="La liste suit la carte.",
    )
    legend = [
        (mark_safe(swatch(number)), str(kind.label))  # noqa: S308
        for number, kind in enumerate(kinds)
    ]
    if any(mark.approximate for mark in shown):
        hollow = mark_safe(swatch(0, approximate=True))  # noqa: S308
        legend.append((hollow, "En creux\u00a0: position approchée, au centre du département"))
    # `draw` escapes what it is given.
    return PoolMap(mark_safe(svg), legend, missing)  # noqa: S308
