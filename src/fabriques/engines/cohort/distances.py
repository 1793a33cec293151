"""How far apart two candidates are: 0 to 1000 for each category, position included (J. C. Gower,
"A general coefficient of similarity and some of its properties", Biometrics 27, 1971).

Distances by values and by numbers are sums of cuts of the pool, which is what lets a program hold
the dispersion of a cohort by counting members on each side; only positions are truly by pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from fabriques.engines.cohort.arrays import Bools, Floats
from fabriques.engines.cohort.types import UNIT, Candidate

#: A number is read on a scale of so many steps, from the least to the largest of the pool.
STEPS = 20
#: Two places at this distance (km) are half as different as two places can be.
HALFWAY_KM = 500
EARTH_KM = 6371.0


@dataclass(frozen=True)
class Cut:
    """A distance of `unit` between any two candidates on either side of a cut of the pool."""

    side: Bools  # (n,)
    unit: int


def by_values(has: Floats, weight: int) -> list[Cut]:
    """From (n, v), who has which value: in proportion to the values that only one of two has.

    1000 between the two candidates who differ by most.
    """
    size = has.sum(axis=1)
    most = int((size[:, None] + size[None, :] - 2 * has @ has.T).max(initial=0))
    return [
        Cut(column > 0, UNIT // most * weight)
        for column in has.T
        if most and 0 < column.sum() < len(has)
    ]


def by_number(candidates: Sequence[Candidate], name: str, weight: int) -> list[Cut]:
    """1000 between the least and the largest, by steps; an unknown number stands in the middle."""
    known = [c.numbers[name] for c in candidates if name in c.numbers]
    least, largest = min(known, default=0.0), max(known, default=0.0)
    width = (largest - least) or 1.0
    step = np.array(
        [
            round((c.numbers[name] - least) / width * STEPS) if name in c.numbers else STEPS // 2
            for c in candidates
        ]
    )
    return [
        Cut(step >= level, UNIT // STEPS * weight)
        for level in range(1, STEPS + 1)
        if 0 < (step >= level).sum() < len(candidates)
    ]


def by_position(candidates: Sequence[Candidate], weight: int) -> Floats:
    """(n, n): 1000 d / (d + 500) for d km on the great circle, rounded, weighted.

    Half of 1000 when one of the two positions is unknown, 0 when both are.
    """
    if not weight:
        return np.zeros((len(candidates), len(candidates)))
    known = np.array([c.position is not None for c in candidates])
    where = np.radians(np.array([c.position or (0.0, 0.0) for c in candidates]))
    longitude, latitude = where.T
    half = (
        np.sin((latitude[:, None] - latitude[None, :]) / 2) ** 2
        + np.cos(latitude)[:, None]
        * np.cos(latitude)[None, :]
        * np.sin((longitude[:, None] - longitude[None, :]) / 2) ** 2
    )
    km = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    far = np.rint(UNIT * km / (km + HALFWAY_KM))
    far[known[:, None] != known[None, :]] = UNIT // 2
    far[~known[:, None] & ~known[None, :]] = 0
    return np.asarray(far * weight)


def summed(cuts: Sequence[Cut], size: int) -> Floats:
    """(n, n): the distances that cuts add up to."""
    if not cuts:
        return np.zeros((size, size))
    side = np.array([cut.side for cut in cuts], np.float64).T
    unit = np.array([cut.unit for cut in cuts], np.float64)
    alone = side @ unit  # |x - y| for x, y in {0, 1} is x + y - 2xy
    return np.asarray(alone[:, None] + alone[None, :] - 2 * (side * unit) @ side.T)


def merged(cuts: Iterable[Cut]) -> list[Cut]:
    """Cuts that part the pool alike, as one; sides are turned so that the first row is out."""
    by_side: dict[bytes, Cut] = {}
    for cut in cuts:
        side = cut.side ^ cut.side[0]
        known = by_side.get(side.tobytes())
        by_side[side.tobytes()] = Cut(side, cut.unit + (known.unit if known else 0))
    return list(by_side.values())
