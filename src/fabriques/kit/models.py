"""Tables that every domain writes to through `kit.journal` and `kit.search`."""

from fabriques.kit.journal.models import JournalEntry, JournalHead, JournalText
from fabriques.kit.outbox.models import Batch, Mail, Notice, Preference, Suppression
from fabriques.kit.search.models import SearchEntry, SearchStamp, SearchTerm, SearchWord
from fabriques.kit.tick import TickRun

__all__ = [
    "Batch",
    "JournalEntry",
    "JournalHead",
    "JournalText",
    "Mail",
    "Notice",
    "Preference",
    "SearchEntry",
    "SearchStamp",
    "SearchTerm",
    "SearchWord",
    "Suppression",
    "TickRun",
]
