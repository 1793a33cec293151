"""What conflicts of interest conceal, as subjects of the journal: see `kit.concealment`."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from fabriques.intake.models import Call, CallInvitation, Composition, Conflict, Volunteer
from fabriques.intake.queries import access


def concealed_subjects(user: Any) -> frozenset[str]:
    """The declarations and invitations of concealed territories, and the conflicts about them."""
    pairs = access.concealed_pairs(user)
    if not pairs:
        return frozenset()
    these = reduce(or_, (Q(call=call, territory=territory) for call, territory in sorted(pairs)))
    return frozenset(
        row.subject
        for model in (Volunteer, CallInvitation, Conflict)
        for row in model._default_manager.filter(these).order_by("pk")
    )


def concealed_histories(user: Any) -> frozenset[str]:
    """The calls of these territories and their compositions: their history counts everybody, and
    is read by those alone whom no conflict keeps out (`CallAbilities.read_history`)."""
    calls = {call for call, _ in access.concealed_pairs(user)}
    if not calls:
        return frozenset()
    return frozenset(
        row.subject
        for rows in (
            Call.objects.filter(pk__in=calls).order_by("pk"),
            Composition.objects.filter(call__in=calls).order_by("pk"),
        )
        for row in rows
    )
