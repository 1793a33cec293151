"""Write the national map as SVG: the ground, one link per mark, and a legend when it stands alone.

Plain string building, because pages draw it at each request. No inline style and no script: looks
are presentation attributes and classes, so a strict content security policy lets it through and a
style sheet may override every one of them (a presentation attribute yields to any CSS rule).

Classes, for style sheets: ``carte`` (the drawing), ``carte-mer``, ``carte-terre``,
``carte-departements``, ``carte-regions`` (ground), ``carte-cadre``, ``carte-nom`` (insets),
``carte-rappel`` (line from a moved mark to its place), ``carte-marque`` and ``carte-c0`` … (marks;
the shape is the only ``path`` inside, drawn around its own origin, so it can be scaled),
``carte-puce`` (a legend's shape in HTML).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from math import ceil, sqrt
from textwrap import wrap
from zlib import crc32

from .look import CREDITS, GLYPHS, GROUND, INK, INK_SOFT, LINE, PAPER, RADIUS, glyph, outline
from .projection import Box, Frames, Point
from .spread import spread

APPROXIMATE = " (position approchée)"
FONT = "Marianne, Arial, Helvetica, sans-serif"
AROUND = 1.15  # room around a mark, as a multiple of its radius: corners reach further than a disc
FITS = ((4, 19), (3, 28), (2, 44), (1, 92))  # columns of a legend, characters that each holds
KINDS = len(GLYPHS)
LABEL = 26.0  # height of an inset's name, in user units
LARGEST = 60.0  # radius that no cluster exceeds, in user units

# What XML 1.0 (§ 2.2) cannot hold even when escaped, and lone surrogates, which no file can.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_RISKY = re.compile("[&<>\"'\x00-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Mark:
    """Something to show at a longitude and a latitude (degrees).

    ``label`` is the accessible name and the tooltip; ``href`` where it leads, "" for no link;
    ``category`` sets the shape and the colour; ``weight`` how many things a cluster stands for: its
    area grows with it, its figure is shown above 1. ``approximate`` draws it hollow.
    """

    lon: float
    lat: float
    label: str
    href: str
    category: int = 0
    weight: float = 1.0
    approximate: bool = False


@dataclass(frozen=True, slots=True)
class LegendItem:
    """What a category means."""

    category: int
    label: str
    approximate: bool = False


def draw(
    marks: Sequence[Mark],
    *,
    frames: Frames,
    ground: str | None,
    title: str,
    description: str,
    legend: Sequence[LegendItem] = (),
    standalone: bool = False,
) -> str:
    """The map as an SVG element or, when ``standalone``, as a file of its own.

    ``ground`` is the address of ``france.svg``, same origin as the page (browsers refuse ``<use>``
    from elsewhere); None, or ``standalone``, writes the outlines into the drawing. ``legend`` is
    drawn only when standalone: pages write theirs in HTML with ``swatch``. Marks that no frame
    shows are left out: callers list them (``frames.place`` tells). Marks keep their order, which
    is the order of the keyboard.
    """
    base = f"carte-{crc32((title + description).encode('utf-8', 'replace')):08x}"
    head = _heading(title, description) if standalone else _Block("", 0.0)
    foot = _legend(legend, frames.height) if standalone else _Block("", 0.0)
    top, height = -head.height, frames.height + head.height + foot.height
    size = f'viewBox="0 {_n(top)} {_n(frames.width)} {_n(height)}"'
    if standalone:
        # Fits the width that A4 paper leaves between its margins.
        size += f' width="190mm" height="{190 * height / frames.width:.1f}mm" font-family="{FONT}"'
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>\n' if standalone else "",
        f'<svg xmlns="http://www.w3.org/2000/svg" class="carte" {size} role="group" lang="fr"'
        f' aria-labelledby="{base}-t" aria-describedby="{base}-d">',
        f'<title id="{base}-t">{_clean(title)}</title>',
        f'<desc id="{base}-d">{_clean(description)}</desc>',
        f'<g aria-hidden="true"><rect class="carte-mer" y="{_n(top)}" width="{_n(frames.width)}"'
        f' height="{_n(height)}" fill="{PAPER}"/>',
        head.svg,
        _ground(frames, None if standalone else ground),
    ]
    placed = [
        (mark, frame, _radius(mark.weight))
        for mark in marks
        if (frame := frames.frame_at(mark.lon, mark.lat))
    ]
    places = [frame.project(mark.lon, mark.lat) for mark, frame, _ in placed]
    moved = spread(
        places,
        [AROUND * radius for _, _, radius in placed],
        {rank: _inside(frame.box) for rank, (_, frame, _) in enumerate(placed) if frame.box},
    )
    parts.append(_reminders(places, moved))
    parts.append(f'</g><g stroke="{PAPER}" stroke-width="1.5" stroke-linejoin="round">')
    parts += [
        _mark(mark, place, radius) for (mark, _, radius), place in zip(placed, moved, strict=True)
    ]
    parts += ["</g>", foot.svg, "</svg>", "\n" if standalone else ""]
    return "".join(parts)


def swatch(category: int, *, approximate: bool = False) -> str:
    """The shape of a category as a small decorative SVG element, for a legend in HTML."""
    return (
        '<svg class="carte-puce" viewBox="-18 -18 36 36" width="20" height="20"'
        f' aria-hidden="true" focusable="false">{_shape(category, RADIUS, approximate)}</svg>'
    )


# ---------------------------------------------------------------- the map


def _radius(weight: float) -> float:
    """Radius of a mark: the area grows by a third of a mark with each unit of weight above 1."""
    return min(RADIUS * sqrt(1 + (weight - 1) / 3), LARGEST) if weight > 1 else RADIUS


def _inside(box: Box) -> Box:
    """Where the marks of an inset may move: off its border and its name."""
    margin = RADIUS + 4
    return Box(
        box.x + margin,
        box.y + LABEL + margin,
        box.width - 2 * margin,
        box.height - LABEL - 2 * margin,
    )


def _ground(frames: Frames, address: str | None) -> str:
    """The outlines, then the borders and names of the insets."""
    parts = []
    if address is None:
        for layer, data in frames.ground.items():
            parts.append(f'<path class="carte-{layer}" {GROUND[layer]} d="{data}"/>')
    else:
        file = _clean(address.partition("#")[0])
        for layer, look in GROUND.items():
            parts.append(f'<use class="carte-{layer}" {look} href="{file}#{layer}"/>')
    for frame in frames.frames:
        if box := frame.box:
            parts.append(
                f'<rect class="carte-cadre" x="{_n(box.x)}" y="{_n(box.y)}" rx="4"'
                f' width="{_n(box.width)}" height="{_n(box.height)}" fill="none" stroke="{LINE}"/>'
                f'<text class="carte-nom" x="{_n(box.x + 11)}" y="{_n(box.y + 25)}"'
                f' font-size="20" fill="{INK_SOFT}">{_clean(frame.label)}</text>'
            )
    return "".join(parts)


def _reminders(places: Sequence[Point], moved: Sequence[Point]) -> str:
    """A thin line from each mark that was moved by more than its own size to its true place."""
    lines = [
        f"M{place.x:.1f} {place.y:.1f}L{to.x:.1f} {to.y:.1f}"
        for place, to in zip(places, moved, strict=True)
        if abs(place.x - to.x) + abs(place.y - to.y) > 1.5 * RADIUS
    ]
    if not lines:
        return ""
    return f'<path class="carte-rappel" d="{"".join(lines)}" fill="none" stroke="{INK_SOFT}"/>'


def _mark(mark: Mark, place: Point, radius: float) -> str:
    """One mark: a link, or a picture when it leads nowhere.

    Its ``<title>`` is both the accessible name (SVG-AAM 1.0, § 8.1) and the tooltip; an
    ``aria-label`` as well would have browsers give the title again as description.
    """
    label = _clean(mark.label)
    if mark.approximate:
        label += APPROXIMATE
    inside = _shape(mark.category, radius, mark.approximate)
    if mark.weight > 1:
        inside += _figure(mark, radius)
    element, role = ("a", f'href="{_clean(mark.href)}"') if mark.href else ("g", 'role="img"')
    return (
        f'<{element} {role} class="carte-marque carte-c{mark.category % KINDS}"'
        f' transform="translate({place.x:.1f} {place.y:.1f})">'
        f"<title>{label}</title>{inside}</{element}>"
    )


@lru_cache(maxsize=1024)
def _shape(category: int, radius: float, approximate: bool) -> str:
    """The shape of a category, full, or hollow when the place is approximate."""
    colour = glyph(category).colour
    if approximate:
        data = outline(category, radius - 0.8)  # the outline grows it
        return f'<path d="{data}" fill="{PAPER}" stroke="{colour}" stroke-width="2.6"/>'
    return f'<path d="{outline(category, radius)}" fill="{colour}"/>'


def _figure(mark: Mark, radius: float) -> str:
    """How many things a cluster stands for, on a patch of its own colour whatever the shape."""
    colour = glyph(mark.category).colour
    size = max(radius * 0.95, 13)
    ink, patch = (colour, PAPER) if mark.approximate else (PAPER, colour)
    return (
        f'<text aria-hidden="true" y="{size * 0.36:.1f}" text-anchor="middle"'
        f' font-size="{size:.1f}" font-weight="700" fill="{ink}" stroke="{patch}"'
        f' stroke-width="3" paint-order="stroke">{mark.weight:.0f}</text>'
    )


# ---------------------------------------------------------------- around the map, when standalone


@dataclass(frozen=True, slots=True)
class _Block:
    """A piece of SVG and the height it takes, in user units."""

    svg: str
    height: float


def _text(lines: Sequence[str], x: float, y: float, step: float, look: str) -> str:
    """Lines of text, the first on the baseline ``y``."""
    return "".join(
        f'<text x="{_n(x)}" y="{_n(y + step * rank)}" {look}>{_clean(line)}</text>'
        for rank, line in enumerate(lines)
    )


def _heading(title: str, description: str) -> _Block:
    """Title and description above the map, which begins at y = 0."""
    titles = _balanced(title, 52, 3)
    lines = _balanced(description, 92, 4)
    height = 36 + 38 * len(titles) + 26 * len(lines)
    look = f'font-size="30" font-weight="700" fill="{INK}"'
    svg = _text(titles, 20, 50 - height, 38, look)
    look = f'font-size="19" fill="{INK_SOFT}"'
    svg += _text(lines, 20, 46 - height + 38 * len(titles), 26, look)
    return _Block(svg, height)


def _balanced(text: str, width: int, most: int) -> list[str]:
    """At most ``most`` lines of at most ``width`` characters, of about the same length."""
    needed = len(wrap(text, width, max_lines=most, placeholder=" …"))
    if needed > 1 and len(text) <= width * needed:
        for narrower in range(len(text) // needed, width):
            if len(lines := wrap(text, narrower)) == needed:
                return lines
    return wrap(text, width, max_lines=most, placeholder=" …")


def _legend(items: Sequence[LegendItem], top: float) -> _Block:
    """Legend in as many columns as its longest label allows, read down, then the credits."""
    longest = max((len(item.label) for item in items), default=0)
    columns, limit = next((fit for fit in FITS if longest <= fit[1]), FITS[-1])
    width = 960 / columns
    rows = ceil(len(items) / columns)
    look = f'font-size="20" fill="{INK}"'
    svg = []
    for rank, item in enumerate(items):
        x, y = 36 + width * (rank // rows), top + 46 + 34 * (rank % rows)
        label = wrap(item.label, limit, max_lines=1, placeholder=" …")
        svg.append(
            f'<g transform="translate({_n(x)} {_n(y)})">'
            f"{_shape(item.category, RADIUS, item.approximate)}</g>"
            f"{_text(label, x + 24, y + 7, 0, look)}"
        )
    bottom = 46 + 34 * rows
    svg.append(_text([CREDITS], 20, top + bottom + 6, 0, f'font-size="14" fill="{INK_SOFT}"'))
    return _Block("".join(svg), bottom + 26)


def _clean(text: str) -> str:
    """Text or an attribute's value, safe in HTML and in XML alike."""
    # Most labels and addresses hold nothing to escape: one search is faster than five replacements.
    return escape(_ILLEGAL.sub("", text)) if _RISKY.search(text) else text


def _n(value: float) -> str:
    """A number in few characters."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
