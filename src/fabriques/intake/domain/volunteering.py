"""A territory volunteers: its declaration is begun, written by several, submitted, withdrawn.

Rows are locked in one order: the call (when a number is given or a place is freed), the
declaration, then (by `journal.record`) the head of the journal.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.formats import date_format

from fabriques.intake.abilities import acting
from fabriques.intake.domain.declarations import locked, tell_named, writable
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.enums import VolunteerState, WayIn
from fabriques.intake.models import Author, Call, CallInvitation, Volunteer
from fabriques.intake.notifications.opinions import tell_submitted
from fabriques.intake.notifications.volunteering import (
    OverlapSubmitted,
    VolunteeringSubmitted,
    VolunteeringWithdrawn,
)
from fabriques.intake.queries import declarations as content
from fabriques.intake.queries import volunteering as read
from fabriques.kit import journal, outbox
from fabriques.kit.journal import SYSTEM, Actor
from fabriques.people.models import User
from fabriques.people.queries import addresses_of
from fabriques.territories.models import Territory

# Called with the declaration just withdrawn and who did it, in the same transaction, the call and
# the declaration locked: the decision (reserve, participation) appends what follows from it.
after_withdrawal: list[Callable[[Volunteer, Actor], None]] = []

MISSING = "Il manque cette réponse pour déposer la déclaration."


class TakenError(RefusedError):
    """Others already write, or have submitted, the declaration of this territory in this call."""

    def __init__(self, volunteer: Volunteer) -> None:
        super().__init__(
            f"Une déclaration est déjà commencée ou déposée pour {volunteer.territory.name} dans "
            "cet appel. Vous pouvez demander à la rejoindre : ses auteurs verront votre nom et "
            "vous répondront."
        )
        self.volunteer = volunteer


class SucceededError(RefusedError):
    """The territory disappeared into another one."""

    def __init__(self, territory: Territory, successor: Territory) -> None:
        day = date_format(territory.closed_on, "j F Y") if territory.closed_on else ""
        super().__init__(
            f"{territory.name} ne figure plus dans le découpage administratif depuis le {day} : "
            f"ce territoire est devenu {successor.name}."
        )
        self.successor = successor


def check_start(call: Call, territory: Territory) -> None:
    """Raise `RefusedError` unless this territory may volunteer for this call now."""
    if why := read.why_closed(call):
        raise RefusedError(why)
    _check_territory(territory)


def _check_territory(territory: Territory) -> None:
    """Raise `RefusedError` unless it still exists and is one that volunteers."""
    if territory.closed_on:
        successor = _heir(territory)
        if successor:
            raise SucceededError(territory, successor)
        raise RefusedError(f"{territory.name} ne figure plus dans le découpage administratif.")
    if territory.kind not in read.BODIES:
        raise RefusedError(
            f"{territory.name} ({territory.label.lower()}) ne peut pas porter une déclaration : "
            "ce sont les communes, leurs intercommunalités et les autres groupements qui se "
            "portent volontaires."
        )


@transaction.atomic
def start_volunteering(
    *,
    call: Call,
    territory: Territory,
    user: User,
    focus: Territory | None = None,
    invitation: CallInvitation | None = None,
) -> Volunteer:
    """Begin the declaration of a territory; give one's own when one already writes it.

    It takes the way in of the invitation that the territory received: the one named, else one to
    an address of this person, else the first. Raises `RefusedError` when the call is not open or
    the territory cannot carry it, `SucceededError`, `TakenError`.
    """
    check_start(call, territory)
    if found := read.standing(call, territory):
        return _mine(found, user)
    actor = acting(user, author=True)
    _end_abandoned(call, territory)
    sent = _invitation(call, territory, user, invitation)
    volunteer = Volunteer(
        call=call,
        territory=territory,
        focus_territory=focus if focus and read.is_inside(focus, territory) else None,
        way_in=sent.way_in if sent else WayIn.SELF,
        invitation=sent,
    )
    try:
        with transaction.atomic():
            volunteer.save(force_insert=True)
    except IntegrityError:  # somebody else has just begun
        found = read.standing(call, territory)
        if found is None:
            raise
        return _mine(found, user)
    Author.objects.create(volunteer=volunteer, user=user)
    journal.record(
        subject=volunteer.subject,
        verb="déclaration commencée",
        actor=actor,
        after={"voie": volunteer.get_way_in_display()},
    )
    return volunteer


def _mine(found: Volunteer, user: User) -> Volunteer:
    if Author.objects.filter(volunteer=found, user=user, left_at=None).exists():
        return found
    raise TakenError(found)


def _heir(territory: Territory) -> Territory | None:
    """What a closed territory has become, however many times."""
    seen = {territory.pk}
    heir = territory.successor
    while heir and heir.closed_on and heir.pk not in seen:
        seen.add(heir.pk)
        heir = heir.successor
    return heir if heir and not heir.closed_on else None


def _end_abandoned(call: Call, territory: Territory) -> None:
    """A draft whose authors have all gone must not keep the territory from volunteering."""
    left = Volunteer.objects.filter(call=call, territory=territory, state=VolunteerState.DRAFT)
    for volunteer in left.select_for_update(no_key=True).order_by("pk"):
        if read.authors_of(volunteer).exists():
            continue
        volunteer.state = VolunteerState.WITHDRAWN
        volunteer.withdrawn_at = timezone.now()
        volunteer.save(update_fields=["state", "withdrawn_at"])
        journal.record(
            subject=volunteer.subject,
            verb="déclaration retirée",
            actor=SYSTEM,
            reason="plus personne ne l’écrivait",
        )


def _invitation(
    call: Call, territory: Territory, user: User, named: CallInvitation | None
) -> CallInvitation | None:
    rows = CallInvitation.objects.filter(call=call, territory=territory, cancelled_at=None)
    addresses = addresses_of(user)
    return min(
        rows.order_by("created_at", "pk"),
        key=lambda row: (row != named, row.email.lower() not in addresses),
        default=None,
    )


@transaction.atomic
def submit(*, volunteer: Volunteer, actor: Actor) -> Volunteer:
    """Submit the declaration: it gets its number, its authors and those it names are told.

    Submitting twice does nothing more. Raises `RefusedError`, by field, with all that is missing
    at once, or when the call is not open; `SucceededError` when the territory has merged.
    """
    call = Call.objects.select_for_update(no_key=True).get(pk=volunteer.call_id)
    volunteer = writable(volunteer)
    if volunteer.state == VolunteerState.SUBMITTED:
        return volunteer
    _check_territory(volunteer.territory)  # it may have merged since the draft was begun
    questions = list(call.questions.all())
    said = content.values(volunteer, questions)
    if names := content.lacking(said, questions):
        raise RefusedError(dict.fromkeys(names, MISSING))
    last = call.volunteers.aggregate(last=Max("number"))["last"] or 0
    volunteer.state = VolunteerState.SUBMITTED
    volunteer.number = last + 1
    volunteer.submitted_at = timezone.now()
    volunteer.version += 1
    volunteer.save(update_fields=["state", "number", "submitted_at", "version"])
    _tell_authors(volunteer, VolunteeringSubmitted)
    tell_named(volunteer, before={})
    tell_submitted(volunteer)
    for other in read.overlapping(volunteer):
        _tell_authors(
            other, OverlapSubmitted, other=volunteer.territory.name, named=volunteer.subject
        )
    journal.record(
        subject=volunteer.subject,
        verb="déclaration déposée",
        actor=actor,
        after={"numéro": volunteer.number, "voie": volunteer.get_way_in_display()},
    )
    return volunteer


@transaction.atomic
def withdraw_declaration(*, volunteer: Volunteer, actor: Actor, reason: str = "") -> Volunteer:
    """Withdraw it, at any time, whatever was decided; what follows from it is done at once.

    Raises `RefusedError` when it is withdrawn already.
    """
    Call.objects.select_for_update(no_key=True).get(pk=volunteer.call_id)
    volunteer = locked(volunteer)
    if volunteer.state == VolunteerState.WITHDRAWN:
        raise RefusedError("Cette déclaration est déjà retirée.")
    volunteer.state = VolunteerState.WITHDRAWN
    volunteer.withdrawn_at = timezone.now()
    volunteer.withdrawal_reason = reason
    volunteer.version += 1
    volunteer.save(update_fields=["state", "withdrawn_at", "withdrawal_reason", "version"])
    _tell_authors(volunteer, VolunteeringWithdrawn)
    for follow in after_withdrawal:
        follow(volunteer, actor)
    journal.record(
        subject=volunteer.subject, verb="déclaration retirée", actor=actor, reason=reason
    )
    return volunteer


def _tell_authors(volunteer: Volunteer, kind: type[outbox.Notification], **context: str) -> None:
    about = volunteer.subject
    for author in read.authors_of(volunteer):
        outbox.notify(
            kind,
            to=author.user,
            about=about,
            context={"about": about, "volunteer": volunteer.pk, **context},
            dated=timezone.localdate(),
        )
