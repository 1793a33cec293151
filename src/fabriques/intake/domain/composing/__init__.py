"""Verbs of the composition of a cohort: drafts, who is where, rules, proposals.

Each takes the `version` of the draft that was on screen, raises it by one and writes exactly one
entry about the draft: what happened since a version is as many entries of its history. Rows are
locked in one order: the composition, its draw, then the head of the journal.
"""

from fabriques.intake.domain.composing.drafts import (
    archive,
    create,
    duplicate,
    edit,
    restore,
    set_levels,
)
from fabriques.intake.domain.composing.places import ACTS, Act, adopt, place
from fabriques.intake.domain.composing.rules import add_rule, change_rule, loosen, remove_rule

__all__ = [
    "ACTS",
    "Act",
    "add_rule",
    "adopt",
    "archive",
    "change_rule",
    "create",
    "duplicate",
    "edit",
    "loosen",
    "place",
    "remove_rule",
    "restore",
    "set_levels",
]
