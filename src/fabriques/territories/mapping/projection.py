"""Where a longitude and a latitude fall on the drawing.

Everything is drawn in ellipsoidal (World) Mercator. Each frame, the mainland with Corsica or the
inset of an overseas département, is a scale and an origin on top of it:

    x = origin_x + scale · λ        y = origin_y − scale · ψ(φ)

with λ, φ in radians and ψ the isometric latitude on the WGS 84 ellipsoid.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import atanh, radians, sin
from pathlib import Path
from typing import NamedTuple, Self

ECCENTRICITY = 0.0818191908426215
"""First eccentricity of the WGS 84 ellipsoid."""


class Point(NamedTuple):
    """A place on the drawing, in its user units; y grows downwards."""

    x: float
    y: float


class Box(NamedTuple):
    """A rectangle on the drawing, in its user units."""

    x: float
    y: float
    width: float
    height: float


def isometric_latitude(latitude: float) -> float:
    """ψ(φ) = artanh(sin φ) − e·artanh(e·sin φ), for a latitude in degrees, |φ| < 90.

    Source: J. P. Snyder, *Map Projections: A Working Manual*, USGS 1987, formula (7-7).
    """
    s = sin(radians(latitude))
    return atanh(s) - ECCENTRICITY * atanh(ECCENTRICITY * s)


@dataclass(frozen=True, slots=True)
class Frame:
    """One window of the drawing on the world.

    ``bounds`` is (west, south, east, north) in degrees: what the frame shows. ``scale`` is in user
    units per radian of longitude. ``box`` is the border of an inset, None for the mainland.
    """

    code: str
    label: str
    bounds: tuple[float, float, float, float]
    scale: float
    origin: Point
    box: Box | None = None

    def shows(self, lon: float, lat: float) -> bool:
        """Whether the point (degrees) falls in this frame."""
        west, south, east, north = self.bounds
        return west <= lon <= east and south <= lat <= north

    def project(self, lon: float, lat: float) -> Point:
        """The point (degrees) in user units, whether the frame shows it or not."""
        return Point(
            self.origin.x + self.scale * radians(lon),
            self.origin.y - self.scale * isometric_latitude(lat),
        )


@dataclass(frozen=True, slots=True)
class Frames:
    """The whole drawing: its size, its frames and its outlines.

    ``ground`` maps a layer ("terre", "departements", "regions") to SVG path data in user units, so
    that a drawing that has to stand alone finds its outlines here.
    """

    width: float
    height: float
    frames: tuple[Frame, ...]
    ground: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the ``frames.json`` that ``outlines.build`` wrote.

        Raises ``OSError`` when the file cannot be read, ``ValueError`` when it is not such a file.
        """
        data = json.loads(path.read_text(encoding="utf-8"))
        try:
            frames = tuple(
                Frame(
                    code=item["code"],
                    label=item["label"],
                    bounds=tuple(item["bounds"]),
                    scale=item["scale"],
                    origin=Point(*item["origin"]),
                    box=Box(*item["box"]) if item["box"] else None,
                )
                for item in data["frames"]
            )
            return cls(data["width"], data["height"], frames, data["ground"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"{path} is not a frames file: {error!r}") from error

    def frame_at(self, lon: float, lat: float) -> Frame | None:
        """The frame that shows this point (degrees), or None; nan and infinities have none."""
        for frame in self.frames:
            if frame.shows(lon, lat):
                return frame
        return None

    def place(self, lon: float, lat: float) -> Point | None:
        """The point (degrees) in user units, or None when no frame shows it.

        Saint-Pierre-et-Miquelon, Nouvelle-Calédonie and the other collectivités d'outre-mer have
        no frame: callers list them beside the drawing.
        """
        frame = self.frame_at(lon, lat)
        return frame.project(lon, lat) if frame else None
