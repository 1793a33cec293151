"""What the map looks like: the layers of the ground, and a shape and a colour for each category.

The colours come from the DSFR palette, darkened where needed so that each keeps a contrast of at
least 3:1 on the land and on the sea (WCAG 2.2, 1.4.11). Shapes differ too: nothing rests on colour.
"""

from __future__ import annotations

from math import cos, pi, sin
from typing import NamedTuple

LAND = "#e0e5f0"
PAPER = "#fff"
INK = "#161616"  # DSFR grey-50
INK_SOFT = "#3a3a3a"  # DSFR grey-200
LINE = "#b3b9cb"

GROUND = {
    "terre": f'fill="{LAND}" stroke="#8f98b0" stroke-width="1" stroke-linejoin="round"',
    "departements": f'fill="none" stroke="{PAPER}" stroke-width="1.1" stroke-linejoin="round"',
    "regions": (
        f'fill="none" stroke="{PAPER}" stroke-width="2.8" stroke-linejoin="round"'
        ' stroke-linecap="round"'
    ),
}
"""Presentation attributes by layer, in drawing order."""

CREDITS = "Fonds de carte : MapSVG par @svg-maps (CC BY 4.0), Natural Earth."
"""The attribution that the licences ask for, to be shown near every map."""

RADIUS = 10.0
"""Radius of a mark of weight 1, in user units; every shape has about the area of that disc."""


Corners = tuple[tuple[float, float], ...]


class Glyph(NamedTuple):
    """How a category is drawn: name of the shape, its corners for radius 1, fill colour.

    No corners means a disc.
    """

    name: str
    corners: Corners
    colour: str


def _regular(sides: int, radius: float, turn: float = 0.0) -> Corners:
    """Corners of a regular polygon, the first on top, turned clockwise by ``turn`` (radians)."""
    angles = [turn + 2 * pi * side / sides for side in range(sides)]
    return tuple((radius * sin(angle), -radius * cos(angle)) for angle in angles)


def _star(points: int, outer: float, inner: float) -> Corners:
    """Corners of a star: two regular polygons, the inner one turned by half a side."""
    tips, dents = _regular(points, outer), _regular(points, inner, pi / points)
    return tuple(corner for pair in zip(tips, dents, strict=True) for corner in pair)


def _plus(reach: float, half: float) -> Corners:
    """Corners of an upright cross, arms ``2 × half`` wide."""
    arm: Corners = ((-half, -reach), (half, -reach), (half, -half))
    corners: list[tuple[float, float]] = []
    for _ in range(4):
        corners += arm
        arm = tuple((-y, x) for x, y in arm)
    return tuple(corners)


def _moved(corners: Corners, down: float, flip: bool = False) -> Corners:
    """The corners moved down, upside down when asked: centres what looks off centre."""
    return tuple((x, (-y if flip else y) + (-down if flip else down)) for x, y in corners)


def _turned(corners: Corners) -> Corners:
    """The corners turned by an eighth."""
    half = 0.5**0.5
    return tuple(((x - y) * half, (x + y) * half) for x, y in corners)


_TRIANGLE = _regular(3, 1.5)

GLYPHS = (
    Glyph("disque", (), "#000091"),  # blue-france-sun-113
    Glyph("carré", _regular(4, 1.27, pi / 4), "#c9191e"),  # red-marianne-425
    Glyph("triangle", _moved(_TRIANGLE, 0.22), "#18753c"),  # success-425
    Glyph("losange", _regular(4, 1.36), "#b34000"),  # warning-425
    Glyph("étoile", _moved(_star(5, 1.62, 0.72), 0.08), "#8a3f83"),  # purple-glycine, darkened
    Glyph("croix", _plus(1.24, 0.46), "#006a6f"),  # green-archipel-sun-391
    Glyph("pentagone", _moved(_regular(5, 1.24), 0.06), "#2f67ab"),  # blue-cumulus, darkened
    Glyph("triangle renversé", _moved(_TRIANGLE, 0.22, flip=True), "#66673d"),  # tilleul-sun-418
    Glyph("sautoir", _turned(_plus(1.3, 0.44)), "#a94645"),  # pink-tuile-sun-425
    Glyph("sablier", ((-1.15, -1.3), (1.15, -1.3), (0.3, 0), (1.15, 1.3), (-1.15, 1.3), (-0.3, 0)),
          "#695240"),  # yellow-moutarde-sun-348
)  # fmt: skip
"""The categories; the eleventh looks like the first again."""


def glyph(category: int) -> Glyph:
    """The look of a category; any integer has one."""
    return GLYPHS[category % len(GLYPHS)]


def outline(category: int, radius: float) -> str:
    """SVG path data of a category's shape around (0, 0), in user units."""
    corners = glyph(category).corners
    if not corners:
        r = f"{radius:.3g}"
        d = f"{2 * radius:.3g}"
        return f"M-{r} 0a{r} {r} 0 1 1 {d} 0a{r} {r} 0 1 1-{d} 0z"
    return f"M{'L'.join(f'{x * radius:.3g} {y * radius:.3g}' for x, y in corners)}z"
