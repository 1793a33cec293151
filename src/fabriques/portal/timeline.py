"""Announced and actual dates of a fabrique as two bars over the years."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
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

    Each pair is (start, end) as partial dates, "" when unknown. Empty when no complete pair of dates is known. A date known to the year covers the whole year.
    """
    bars = [
        _Bar(label, _number(start), _number(end, last=True), css)
        for label, start, end, css in (
            ("Annoncé", *announced, "timeline__announced"),
            ("Réel", *actual, "timeline__actual"),
        )
        if start and end
    ]
    if not bars:
        return SafeString("")
    first = int(min(bar.start for bar in bars))
    last = int(max(bar.end for bar in bars) - 1e-9) + 1
    scale = (WIDTH - LEFT) / (last - first)
    height = TOP + ROW * len(bars)
    years = format_html_join(
        "",
        '<line class="timeline__line" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>'
        '<text class="timeline__year" x="{3}" y="{4}">{5}</text>',
        (
            (
                _n(LEFT + (year - first) * scale),
                _n(TOP - 8),
                _n(height),
                _n(LEFT + (year - first + 0.5) * scale),
                _n(TOP - 10),
                str(year),
            )
            for year in range(first, last)
        ),
    )
    drawn = format_html_join(
        "",
        '<text class="timeline__label" x="0" y="{}">{}</text>'
        '<rect class="{}" x="{}" y="{}" width="{}" height="16" rx="2"/>',
        (
            (
                _n(TOP + ROW * row + 15),
                bar.label,
                bar.css,
                _n(LEFT + (bar.start - first) * scale),
                _n(TOP + ROW * row + 2),
                _n(max((bar.end - bar.start) * scale, 3)),
            )
            for row, bar in enumerate(bars)
        ),
    )
    return format_html(
        '<svg class="timeline" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}{}</svg>',
        _n(WIDTH),
        _n(height),
        years,
        drawn,
    )


def _number(value: str, *, last: bool = False) -> float:
    """`2022-11` → 2022.833; with `last`, the end of that month or year."""
    year, month, *_ = [*(int(part) for part in value.split("-")), 0]
    if not month:
        return year + (1.0 if last else 0.0)
    return year + (month - (0 if last else 1)) / 12


def _n(value: float) -> str:
    return f"{value:.1f}"
