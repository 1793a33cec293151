"""Move marks apart that would cover each other, so that each stays visible and can be clicked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import cos, sin, sqrt

from .projection import Box, Point

GOLDEN_ANGLE = 2.399963229728653  # radians; successive directions never line up
OPENING = 1.2  # of the radius: a sunflower this dense holds discs of that radius side by side
PASSES = 40
NEAR = 1.7  # pairs nearer than this many contact distances may meet while others push them
TOLERANCE = 0.95**2  # of the squared contact distance: stops long before the last hair


def spread(
    places: Sequence[Point], radii: Sequence[float], limits: Mapping[int, Box] | None = None
) -> list[Point]:
    """New places, in the same order, about the sum of their two radii apart or more.

    Marks at one place first open like a sunflower around it (Vogel 1979: the k-th at a distance
    growing with √k, turned by k golden angles). Then overlapping pairs push each other away by half
    their overlap, from west to east, until nothing moves or after ``PASSES`` rounds (Gauss-Seidel
    relaxation of the contacts): a crowd may keep a slight overlap. Same input, same output. Cost:
    a sort, then the near pairs only. ``limits`` gives, by rank, the box that a mark may not leave:
    there too a crowd may overlap.
    """
    fences = [
        (rank, box.x, box.x + box.width, box.y, box.y + box.height)
        for rank, box in (limits or {}).items()
    ]
    xs, ys = _opened(places, radii)
    pairs = _near_pairs(xs, ys, radii)
    for _ in range(PASSES):
        still = True
        for first, second, contact, enough in pairs:
            across = xs[second] - xs[first]
            down = ys[second] - ys[first]
            squared = across * across + down * down
            if squared >= enough:
                continue
            still = False
            if not squared:  # pushed onto each other: any direction will do
                across, squared = 1e-6, 1e-12
            distance = sqrt(squared)
            push = (contact - distance) / 2 / distance
            across *= push
            down *= push
            xs[first] -= across
            ys[first] -= down
            xs[second] += across
            ys[second] += down
        for rank, left, right, top, bottom in fences:
            xs[rank] = min(max(xs[rank], left), right)
            ys[rank] = min(max(ys[rank], top), bottom)
        if still:
            break
    return [Point(x, y) for x, y in zip(xs, ys, strict=True)]


def _opened(places: Sequence[Point], radii: Sequence[float]) -> tuple[list[float], list[float]]:
    """The coordinates, those that coincide (to a tenth of a unit) opened around their place."""
    xs, ys = [], []
    met: dict[tuple[int, int], int] = {}
    for (x, y), radius in zip(places, radii, strict=True):
        here = (int(10 * x), int(10 * y))
        rank = met.get(here, 0)
        met[here] = rank + 1
        if rank:
            distance, angle = OPENING * radius * sqrt(rank), GOLDEN_ANGLE * rank
            x += distance * cos(angle)
            y += distance * sin(angle)
        xs.append(x)
        ys.append(y)
    return xs, ys


def _near_pairs(
    xs: Sequence[float], ys: Sequence[float], radii: Sequence[float]
) -> list[tuple[int, int, float, float]]:
    """Pairs that may come to touch: two ranks, contact distance, squared distance that will do."""
    reach = NEAR * 2 * max(radii, default=0.0)
    order = sorted(range(len(xs)), key=lambda index: (xs[index], ys[index], index))
    pairs = []
    for rank, first in enumerate(order):
        limit, y, radius = xs[first] + reach, ys[first], radii[first]
        for second in order[rank + 1 :]:
            if xs[second] > limit:
                break
            contact = radius + radii[second]
            if abs(ys[second] - y) < NEAR * contact:
                pairs.append((first, second, contact, TOLERANCE * contact * contact))
    return pairs
