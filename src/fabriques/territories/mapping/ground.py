"""Write the outlines as GeoJSON and as SVG: the land, and the borders inside it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from .look import GROUND

# Only to draw the borders between regions thicker than those inside them.
REGIONS = (
    "01 03 07 15 26 38 42 43 63 69 73 74",  # Auvergne-Rhône-Alpes
    "21 25 39 58 70 71 89 90",  # Bourgogne-Franche-Comté
    "22 29 35 56",  # Bretagne
    "18 28 36 37 41 45",  # Centre-Val de Loire
    "2A 2B",  # Corse
    "08 10 51 52 54 55 57 67 68 88",  # Grand Est
    "02 59 60 62 80",  # Hauts-de-France
    "75 77 78 91 92 93 94 95",  # Île-de-France
    "14 27 50 61 76",  # Normandie
    "16 17 19 23 24 33 40 47 64 79 86 87",  # Nouvelle-Aquitaine
    "09 11 12 30 31 32 34 46 48 65 66 81 82",  # Occitanie
    "44 49 53 72 85",  # Pays de la Loire
    "04 05 06 13 83 84",  # Provence-Alpes-Côte d'Azur
)
REGION_OF = {code: index for index, codes in enumerate(REGIONS) for code in codes.split()}

Step = tuple[int, int]  # tenths of a user unit


def geojson(features: Iterable[tuple[str, str, BaseGeometry]]) -> str:
    """A FeatureCollection of (code, name, shape in degrees), to four decimals (about 10 m)."""
    items = []
    for code, name, shape in features:
        # Rounding moves a shared point alike on both sides, so neighbours still fit.
        rounded = shapely.transform(shape, lambda points: np.round(points, 4))
        oriented = shapely.orient_polygons(rounded, exterior_cw=False)  # RFC 7946, § 3.1.6
        items.append(
            {
                "type": "Feature",
                "properties": {"code": code, "nom": name},
                "geometry": mapping(oriented),
            }
        )
    document = {"type": "FeatureCollection", "features": items}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def draw_ground(
    codes: Sequence[str], mainland: Sequence[BaseGeometry], overseas: Sequence[BaseGeometry]
) -> dict[str, str]:
    """SVG path data by layer, from shapes in user units.

    ``mainland`` is a valid coverage in the order of ``codes``. Each border is written once, as a
    line between two départements, so that no hair of the ground shows through.
    """
    land = [shapely.coverage_union_all(list(mainland)), *overseas]
    owners: dict[tuple[Step, Step], set[str]] = defaultdict(set)
    for code, shape in zip(codes, mainland, strict=True):
        for ring in _rings(shape):
            for start, end in pairwise(ring):
                owners[min(start, end), max(start, end)].add(code)
    inner: list[tuple[Step, Step]] = []
    outer: list[tuple[Step, Step]] = []
    for edge, sides in owners.items():
        if len(sides) == 2:
            (outer if len({REGION_OF[code] for code in sides}) == 2 else inner).append(edge)
    return {
        "terre": "".join(_path(ring) for shape in land for ring in _rings(shape)),
        "departements": _lines(inner),
        "regions": _lines(outer),
    }


def ground_svg(ground: dict[str, str], width: float, height: float) -> str:
    """A small SVG file whose layers pages draw with ``<use href="…/france.svg#terre">``.

    ``#fond`` is the whole ground in its default look. The look is set around each path, not on it,
    so that a page that uses one layer decides of its own.
    """
    layers = "".join(
        f'<g {GROUND[name]}><path id="{name}" d="{data}"/></g>' for name, data in ground.items()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}">'
        f'<g id="fond">{layers}</g></svg>\n'
    )


def _rings(shape: BaseGeometry) -> list[list[Step]]:
    """Every closed ring of a shape in user units, in whole tenths, repeated points left out."""
    rings = []
    for part in shapely.get_parts(shape):
        for line in (part.exterior, *part.interiors):
            points: npt.NDArray[np.int64] = np.rint(shapely.get_coordinates(line) * 10).astype(int)
            # Rounding may lay neighbours on each other: keep one of each run.
            ring = [point for point, _ in groupby((int(x), int(y)) for x, y in points)]
            if len(ring) > 3:
                rings.append(ring)
    return rings


def _lines(edges: list[tuple[Step, Step]]) -> str:
    """Path data of the edges, end to end where exactly two meet."""
    merged = shapely.line_merge(shapely.MultiLineString(sorted(edges)))
    lines = [
        [(int(x), int(y)) for x, y in shapely.get_coordinates(line)]
        for line in shapely.get_parts(merged)
    ]
    return "".join(_path(line) for line in sorted(lines))


def _path(points: list[Step]) -> str:
    """Path data of a line or, when it ends where it began, of a ring: relative, to the tenth."""
    closed = points[0] == points[-1]
    (x, y), *others = points[:-1] if closed else points
    steps = []
    for to_x, to_y in others:
        steps.append(f"{_tenths(to_x - x)} {_tenths(to_y - y)}")
        x, y = to_x, to_y
    start = f"M{_tenths(points[0][0])} {_tenths(points[0][1])}l"
    return start + " ".join(steps).replace(" -", "-") + ("z" if closed else "")


def _tenths(value: int) -> str:
    """A number of tenths in as few characters as SVG allows: -7 gives "-.7", 20 gives "2"."""
    whole, tenth = divmod(abs(value), 10)
    text = f"{whole or ''}.{tenth}" if tenth else str(whole)
    return f"-{text}" if value < 0 else text
