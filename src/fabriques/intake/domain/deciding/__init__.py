"""From a composition to a founded fabrique: settled, written, announced; then the reserve.

What is decided is *pending* on each declaration until its letters leave (decision 0015). Rows are
locked in one order: the call, then its declarations, then the batches of letters, then (by
`journal.record`) the head of the journal.
"""

from fabriques.intake.domain.deciding.announcing import Announcement, announce
from fabriques.intake.domain.deciding.letters import compose_letters
from fabriques.intake.domain.deciding.reserve import (
    call_reserve,
    first_in_reserve,
    follow_withdrawal,
    vacancies,
)
from fabriques.intake.domain.deciding.settling import cautions, reopen, settle, write_reasons

__all__ = [
    "Announcement",
    "announce",
    "call_reserve",
    "cautions",
    "compose_letters",
    "first_in_reserve",
    "follow_withdrawal",
    "reopen",
    "settle",
    "vacancies",
    "write_reasons",
]
