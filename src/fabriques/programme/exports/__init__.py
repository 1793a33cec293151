"""What goes out of the programme: the ANCT's two layouts, our tables, our JSON document."""

from fabriques.programme.exports.document import (
    LICENCE,
    LICENCE_URL,
    document,
    json_schema,
    last_change,
)
from fabriques.programme.exports.layouts import (
    COMMUNE_COLUMNS,
    GROUPING_COLUMNS,
    communes,
    groupings,
)
from fabriques.programme.exports.tables import PARTICIPATION_COLUMNS, participations, workbook

__all__ = [
    "COMMUNE_COLUMNS",
    "GROUPING_COLUMNS",
    "LICENCE",
    "LICENCE_URL",
    "PARTICIPATION_COLUMNS",
    "communes",
    "document",
    "groupings",
    "json_schema",
    "last_change",
    "participations",
    "workbook",
]
