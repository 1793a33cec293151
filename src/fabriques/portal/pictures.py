"""The image that social networks show: the title beside the map, drawn by typst."""

import hashlib
import json
from typing import Any

import typst
from django.conf import settings

from fabriques.portal.maps import MapView, map_of_members
from fabriques.programme.queries.lists import Counters

# 1200 × 630 pixels, the size that networks ask for, at one pixel a point.
_PAGE = """
#let data = json(bytes(sys.inputs.data))
#set page(width: 1200pt, height: 630pt, margin: 0pt, fill: white)
#set text(font: "Libertinus Serif", fill: rgb("#161616"), lang: "fr")
#place(left + top, rect(width: 24pt, height: 630pt, fill: rgb("#000091")))
#place(left + top, dx: 84pt, dy: 72pt, block(width: 540pt, height: 486pt)[
  #text(size: 26pt, weight: "bold", fill: rgb("#000091"), data.site)
  #v(16pt)
  #[#set text(size: data.size * 1pt, weight: "bold")
    #set par(leading: 0.45em)
    #data.title]
  #v(1fr)
  #text(size: 24pt, data.line)
])
#place(right + horizon, dx: -40pt, image(bytes(data.map), format: "svg", height: 580pt))
"""


def fabrique_picture(page: dict[str, Any]) -> bytes:
    """The picture of a fabrique, from its sheet: its title beside the map of its members."""
    count = len(page["participations"])
    territories = f"{count} territoire{'s' if count > 1 else ''}"
    return _picture(
        title=page["title"],
        line=" · ".join(part for part in (str(page["year"] or ""), territories) if part),
        drawing=map_of_members(page["participations"]),
    )


def programme_picture(drawing: MapView, counters: Counters) -> bytes:
    """The picture of the whole programme: its counters beside the map of everyone."""
    return _picture(
        title="Un an, ensemble, pour préparer la suite",
        line=f"{counters.fabriques} fabriques · {counters.territories} territoires",
        drawing=drawing,
    )


def _picture(*, title: str, line: str, drawing: MapView) -> bytes:
    """PNG, 1200 × 630; kept on disk under a digest of all that it shows."""
    data = json.dumps(
        {
            "site": settings.SITE_NAME,
            "title": title,
            "size": 52 if len(title) < 60 else 44 if len(title) < 110 else 36,
            "line": line,
            "map": drawing.svg(title="", description="", standalone=True),
        }
    )
    kept = settings.VAR / "pictures" / f"{hashlib.sha256((_PAGE + data).encode()).hexdigest()}.png"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        picture: bytes = typst.compile(
            _PAGE.encode(), format="png", ppi=72.0, sys_inputs={"data": data}
        )
        part = kept.with_suffix(f".{id(picture)}")
        part.write_bytes(picture)
        part.replace(kept)
    return kept.read_bytes()
