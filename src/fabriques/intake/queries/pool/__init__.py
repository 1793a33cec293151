"""The pool of a call: each volunteer with what a cohort is composed by, read at once.

One read model for the table, the map, the coverage chart, the rules, the engine and open data.
`pool_of` takes the declarations (`access.visible_volunteers` in the signed-in space) and makes
seven queries, however many they are.
"""

from fabriques.intake.queries.pool.model import (
    INDICATOR,
    NEIGHBOURS_NOTE,
    NESTED_NOTE,
    RECENT_NOTE,
    Criterion,
    Entry,
    Pool,
    Value,
    counts_of,
)
from fabriques.intake.queries.pool.reading import pool_of

__all__ = [
    "INDICATOR",
    "NEIGHBOURS_NOTE",
    "NESTED_NOTE",
    "RECENT_NOTE",
    "Criterion",
    "Entry",
    "Pool",
    "Value",
    "counts_of",
    "pool_of",
]
