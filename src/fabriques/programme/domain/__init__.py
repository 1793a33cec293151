"""Verbs of the programme: the only place that changes its state, journal included."""

from fabriques.programme.domain.invitations import (
    ClosedError,
    accept,
    all_invitations,
    by_token,
    cancel_invitation,
    invite,
    masked,
    send_again,
    token_of,
    why_closed,
)
from fabriques.programme.domain.loading import (
    TEAM,
    UnknownTerritoryError,
    load_facts,
    reindex_fabriques,
    snapshot,
)
from fabriques.programme.domain.memberships import (
    RefusedError,
    change_dates,
    end_all_roles,
    give_role,
    hand_over,
    last_steward,
    withdraw_role,
)

__all__ = [
    "TEAM",
    "ClosedError",
    "RefusedError",
    "UnknownTerritoryError",
    "accept",
    "all_invitations",
    "by_token",
    "cancel_invitation",
    "change_dates",
    "end_all_roles",
    "give_role",
    "hand_over",
    "invite",
    "last_steward",
    "load_facts",
    "masked",
    "reindex_fabriques",
    "send_again",
    "snapshot",
    "token_of",
    "why_closed",
    "withdraw_role",
]
