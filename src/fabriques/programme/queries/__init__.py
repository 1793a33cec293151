"""What pages, exports and the API read of the programme; all its SQL is here."""

from fabriques.programme.queries.filters import (
    DIMENSIONS,
    MAX_QUERY,
    Dimension,
    Filters,
    dimensions,
    filtered,
)
from fabriques.programme.queries.lists import (
    PER_PAGE,
    Card,
    Cards,
    by_year,
    cards,
    counters,
    sheet,
    with_details,
)
from fabriques.programme.queries.participations import (
    MappedParticipation,
    listed_participations,
    mapped,
    mapped_participations,
    participations_by_departement,
    participations_in,
    taking_part,
)

__all__ = [
    "DIMENSIONS",
    "MAX_QUERY",
    "PER_PAGE",
    "Card",
    "Cards",
    "Dimension",
    "Filters",
    "MappedParticipation",
    "by_year",
    "cards",
    "counters",
    "dimensions",
    "filtered",
    "listed_participations",
    "mapped",
    "mapped_participations",
    "participations_by_departement",
    "participations_in",
    "sheet",
    "taking_part",
    "with_details",
]
