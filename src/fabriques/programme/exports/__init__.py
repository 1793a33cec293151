"""What goes out of the programme: the ANCT's two layouts, our tables, our JSON document."""

from fabriques.programme.exports.document import Document, document, json_schema, last_change
from fabriques.programme.exports.layouts import communes, groupings
from fabriques.programme.exports.tables import participations, workbook

__all__ = [
    "Document",
    "communes",
    "document",
    "groupings",
    "json_schema",
    "last_change",
    "participations",
    "workbook",
]
