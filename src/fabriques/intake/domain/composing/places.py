"""Who is where in a draft: moved by hand, locked, set aside; a proposal taken as a whole."""

from __future__ import annotations

from collections.abc import Callable, Collection
from enum import StrEnum

from django.db import transaction

from fabriques.intake.domain.composing.opening import changed, opened
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.enums import Lock, Place, VolunteerState
from fabriques.intake.models import Composition, Placement, Volunteer
from fabriques.kit.journal import Actor


class Act(StrEnum):
    """What a button does to one volunteer."""

    ADD = "ajouter"
    REMOVE = "retirer"
    RESERVE = "reserve"
    UP = "monter"
    DOWN = "descendre"
    LOCK = "verrouiller"
    EXCLUDE = "ecarter"
    FREE = "liberer"


#: What the journal says of each.
ACTS = {
    Act.ADD: "territoire ajouté à la cohorte",
    Act.REMOVE: "territoire retiré de la cohorte",
    Act.RESERVE: "territoire mis en réserve",
    Act.UP: "territoire monté dans la réserve",
    Act.DOWN: "territoire descendu dans la réserve",
    Act.LOCK: "territoire verrouillé dans la cohorte",
    Act.EXCLUDE: "territoire écarté",
    Act.FREE: "territoire rendu libre",
}
#: These change what the engine is asked.
_LOCKING = (Act.LOCK, Act.EXCLUDE, Act.FREE)


@transaction.atomic
def place(
    *, composition: Composition, version: int, volunteer: Volunteer, act: Act, actor: Actor
) -> Composition:
    """Do this to one volunteer. What is so already is left as it is, without an entry.

    Raises `RefusedError` for a volunteer who withdrew (they can only be taken out) or who is not of
    this call.
    """
    fresh = opened(composition, version)
    if volunteer.call_id != fresh.call_id or volunteer.number is None:
        raise RefusedError("Ce territoire n’est pas parmi les volontaires de l’appel.")
    gone = volunteer.state != VolunteerState.SUBMITTED
    if gone and act not in (Act.REMOVE, Act.FREE):
        raise RefusedError(f"{volunteer.territory.name} a retiré sa déclaration.")
    seat = Placement.objects.filter(composition=fresh, volunteer=volunteer).first() or Placement(
        composition=fresh, volunteer=volunteer
    )
    was, lock = seat.place, seat.lock
    if act in (Act.UP, Act.DOWN):
        moved = _moved(seat, -1 if act is Act.UP else 1)
    else:
        _PLACING[act](seat)
        moved = (was, lock) != (seat.place, seat.lock)
    if not moved:
        return fresh
    _saved(seat)
    _renumber(fresh)
    ruling = act in _LOCKING or lock != seat.lock
    return changed(
        fresh, _said(act, was), actor, after={"volontaire": seat.volunteer.subject}, ruling=ruling
    )


def _said(act: Act, was: str) -> str:
    if act is Act.REMOVE and was == Place.RESERVE:
        return "territoire retiré de la réserve"
    return ACTS[act]


def _add(seat: Placement) -> None:
    seat.place, seat.rank = Place.MEMBER, None
    if seat.lock == Lock.OUT:
        seat.lock = Lock.NONE


def _remove(seat: Placement) -> None:
    seat.place, seat.rank = Place.NONE, None
    if seat.lock == Lock.IN:
        seat.lock = Lock.NONE


def _reserve(seat: Placement) -> None:
    if seat.place != Place.RESERVE:
        seat.place, seat.rank, seat.lock = Place.RESERVE, 9_999, Lock.NONE


def _lock(seat: Placement) -> None:
    seat.place, seat.rank, seat.lock = Place.MEMBER, None, Lock.IN


def _exclude(seat: Placement) -> None:
    seat.place, seat.rank, seat.lock = Place.NONE, None, Lock.OUT


def _free(seat: Placement) -> None:
    seat.lock = Lock.NONE


_PLACING: dict[Act, Callable[[Placement], None]] = {
    Act.ADD: _add,
    Act.REMOVE: _remove,
    Act.RESERVE: _reserve,
    Act.LOCK: _lock,
    Act.EXCLUDE: _exclude,
    Act.FREE: _free,
}


def _moved(seat: Placement, by: int) -> bool:
    """Exchange ranks with the neighbour in the reserve; False at its end, or out of it."""
    if seat.place != Place.RESERVE or seat.rank is None:
        return False
    other = Placement.objects.filter(
        composition=seat.composition, place=Place.RESERVE, rank=seat.rank + by
    ).first()
    if other is None:
        return False
    seat.rank, other.rank = other.rank, seat.rank
    other.save(update_fields=["rank"])
    return True


def _saved(seat: Placement) -> None:
    """A volunteer who is nowhere and free has no row."""
    if seat.place or seat.lock:
        seat.save()
    elif seat.pk:
        seat.delete()


def _renumber(composition: Composition) -> None:
    """Ranks in the reserve, from 1 without a hole."""
    rows = Placement.objects.filter(composition=composition, place=Place.RESERVE)
    for rank, seat in enumerate(rows.order_by("rank", "pk"), 1):
        if seat.rank != rank:
            seat.rank = rank
            seat.save(update_fields=["rank"])


@transaction.atomic
def adopt(
    *,
    composition: Composition,
    version: int,
    numbers: Collection[int],
    verb: str,
    actor: Actor,
) -> Composition:
    """Make the cohort of these volunteers, by number: those of a proposal or of a draw.

    Locks stay. Who was a member and is not among them goes out; who was in reserve and is among
    them comes in. Raises `RefusedError` when one of them left the pool, or is set aside.
    """
    fresh = opened(composition, version)
    volunteers = list(
        Volunteer.objects.filter(
            call=fresh.call, number__in=numbers, state=VolunteerState.SUBMITTED
        ).order_by("number", "pk")
    )
    if len(volunteers) != len(set(numbers)):
        raise RefusedError(
            "Un de ces territoires a retiré sa déclaration depuis\u00a0: demandez une nouvelle "
            "proposition."
        )
    seats = {
        seat.volunteer_id: seat
        for seat in Placement.objects.filter(composition=fresh).order_by("pk")
    }
    chosen = {volunteer.pk for volunteer in volunteers}
    if any(seats[pk].lock == Lock.OUT for pk in chosen if pk in seats):
        raise RefusedError(
            "Un de ces territoires a été écarté depuis\u00a0: demandez une nouvelle proposition."
        )
    for pk, seat in seats.items():
        if seat.place == Place.MEMBER and pk not in chosen and seat.lock != Lock.IN:
            seat.place = Place.NONE
            _saved(seat)
    for volunteer in volunteers:
        seat = seats.get(volunteer.pk) or Placement(composition=fresh, volunteer=volunteer)
        seat.place, seat.rank = Place.MEMBER, None
        seat.save()
    _renumber(fresh)
    return changed(fresh, verb, actor, after={"territoires": [item.subject for item in volunteers]})
