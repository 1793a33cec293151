"""Rows that the verbs of a decision lock."""

from __future__ import annotations

from fabriques.intake.enums import VolunteerState
from fabriques.intake.models import Call, Volunteer


def locked_call(call_id: int) -> Call:
    """The call as it is now: whoever decides about it waits here for the others."""
    return Call.objects.select_for_update(no_key=True).get(pk=call_id)


def locked_volunteers(call: Call) -> list[Volunteer]:
    """The submitted declarations of the call as they are now, by number."""
    return list(
        Volunteer.objects.filter(call=call, state=VolunteerState.SUBMITTED)
        .select_related("territory__region")
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )


def raised(call: Call, *fields: str) -> None:
    """Save these fields of a locked call: its pages on other screens are out of date."""
    call.version += 1
    call.save(update_fields=[*fields, "version"])


def decided(volunteer: Volunteer) -> str:
    """What stands for this declaration, announced or not; "" before any decision."""
    return volunteer.pending_outcome or volunteer.outcome
