"""Announced and actual dates of a fabrique as two bars over the years."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

WIDTH, LEFT, ROW, TOP = 480.0, 78.0, 30.0, 26.0


@dataclass(frozen=True)
class _Bar:
    label: str
    start: float  # in years, e.g. 2022.83
    end: float
    css: str


def timeline(announced: Sequence[str], actual: Sequence[str]) -> SafeString:
    """An SVG drawing, hidden from screen readers: the table beside it says the same.

    Each pair is (start, end) as partial dates, "" when unknown. Empty when no pair is complete. A
    date known to the year covers the whole year.
    """
    bars = [
        _Bar(label, _number(start), _number(end, last=True), css)
        for label, start, end, css in (
            ("Annoncé", *announced, "timeline__announced"),
            ("Réel", *actual, "timeline__actual"),
        )
        if start and end and _number(end, last=True) > _number(start)
    ]
    if not bars:
        return SafeString("")
    first = int(min(bar.start for bar in bars))
    last = int(max(bar.end for bar in bars) - 1e-9) + 1
    scale = (WIDTH - LEFT) / (last - first)
    height = TOP + ROW * len(bars)
    lines = "".join(
        f'<line class="timeline__line" x1="{x}" x2="{x}" y1="{TOP - 8:g}" y2="{height:g}"/>'
        f'<text class="timeline__year" x="{middle}" y="{TOP - 10:g}">{year}</text>'
        for year in range(first, last)
        for x, middle in [
            (_n(LEFT + (year - first) * scale), _n(LEFT + (year - first + 0.5) * scale))
        ]
    )
    drawn = "".join(
        f'<text class="timeline__label" x="0" y="{top + 15:g}">{bar.label}</text>'
        f'<rect class="{bar.css}" x="{_n(LEFT + (bar.start - first) * scale)}" y="{top + 2:g}"'
        f' width="{_n(max((bar.end - bar.start) * scale, 3))}" height="16" rx="2"/>'
        for row, bar in enumerate(bars)
        for top in [TOP + ROW * row]
    )
    return SafeString(  # numbers and our own words only: nothing to escape
        f'<svg class="timeline" viewBox="0 0 {WIDTH:g} {height:g}" aria-hidden="true"'
        f' focusable="false">{lines}{drawn}</svg>'
    )


def _number(value: str, *, last: bool = False) -> float:
    """`2022-11` → 2022.833; with `last`, the end of that month or year."""
    year, month, *_ = [*(int(part) for part in value.split("-")), 0]
    if not month:
        return year + (1.0 if last else 0.0)
    return year + (month - (0 if last else 1)) / 12


def _n(value: float) -> str:
    return f"{value:.1f}"
