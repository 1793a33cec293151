"""The journal: what changed, when, by whom and why. Append-only and tamper-evident.

A verb of a domain calls `record` in the transaction of its change. The actor is a label, never a
foreign key: an entry outlives the account it speaks of. Entries are chained by their digests;
`verify` finds any that was changed, inserted or removed by another way than this module.
"""

from fabriques.kit.journal.actor import ERASED, ERASED_NAME, PERSON, SYSTEM, Actor
from fabriques.kit.journal.models import AppendOnlyError, JournalEntry
from fabriques.kit.journal.queries import Search, history, search, seen_by, visible
from fabriques.kit.journal.reading import Change, Shown, shown
from fabriques.kit.journal.subjects import (
    kind_of,
    register_subject,
    subject_kinds,
    titles_of,
)
from fabriques.kit.journal.verification import BrokenError, Point, head, verify
from fabriques.kit.journal.writing import erase_person, names_person, record

__all__ = [
    "ERASED",
    "ERASED_NAME",
    "PERSON",
    "SYSTEM",
    "Actor",
    "AppendOnlyError",
    "BrokenError",
    "Change",
    "JournalEntry",
    "Point",
    "Search",
    "Shown",
    "erase_person",
    "head",
    "history",
    "kind_of",
    "names_person",
    "record",
    "register_subject",
    "search",
    "seen_by",
    "shown",
    "subject_kinds",
    "titles_of",
    "verify",
    "visible",
]
