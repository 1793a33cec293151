"""What a pool is made of: for each criterion, how many volunteers have each value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fabriques.intake.queries.pool.model import Criterion, Pool


@dataclass(frozen=True)
class Bar:
    """`share`: in hundredths of the pool."""

    label: str
    count: int
    share: int

    @property
    def percent(self) -> str:
        """« 12 % », « < 1 % »"""
        if self.count and not self.share:
            return "<\u00a01\u00a0%"
        return f"{self.share}\u00a0%"


@dataclass(frozen=True)
class Chart:
    criterion: Criterion
    bars: tuple[Bar, ...]
    unknown: int


def charts(pool: Pool) -> list[Chart]:
    """One for each criterion, in the order of screens."""
    total = len(pool) or 1
    found = []
    for criterion in pool.criteria:
        counts: Mapping[str, int] = pool.counts.get(criterion.key, {})
        bars = tuple(
            Bar(
                value.label,
                counts.get(value.key, 0),
                round(100 * counts.get(value.key, 0) / total),
            )
            for value in criterion.values
        )
        unknown = sum(criterion.key not in entry.values for entry in pool.volunteers)
        found.append(Chart(criterion, bars, unknown))
    return found
