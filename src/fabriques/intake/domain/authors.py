"""Who writes a declaration: several people, by a link that they pass on, or by asking.

The secret of the link is signed with the key of the site and names the declaration and the number
of its link: nothing is stored, and raising the number voids the links given before.
"""

from __future__ import annotations

from uuid import UUID

from django.core import signing
from django.db import transaction
from django.utils import timezone

from fabriques.intake.abilities import acting
from fabriques.intake.domain.declarations import WITHDRAWN, locked
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.enums import VolunteerState
from fabriques.intake.models import Author, JoinRequest, Volunteer
from fabriques.intake.notifications.volunteering import JoinAnswered, JoinAsked
from fabriques.intake.queries import volunteering as read
from fabriques.kit import journal, live, outbox
from fabriques.kit.journal import Actor
from fabriques.people.models import User

MOST_AUTHORS = 12
_SALT = "fabriques.intake.join"


def _signer() -> signing.Signer:
    """Without the hour: a page shows the same link until it is renewed."""
    return signing.Signer(salt=_SALT)


def token_of(volunteer: Volunteer) -> str:
    """The secret of the link to pass on."""
    return _signer().sign_object([volunteer.ref.hex, volunteer.link_number])


def by_token(token: str) -> Volunteer | None:
    """The declaration that this link opens; None for a link that was renewed or never was."""
    try:
        ref, number = _signer().unsign_object(token)
        return read.declarations().filter(ref=UUID(ref), link_number=number).first()
    except (signing.BadSignature, ValueError, TypeError):
        return None


@transaction.atomic
def join_by_link(*, token: str, user: User) -> Volunteer:
    """Become one of the authors; nothing more happens to who is one already.

    Raises `RefusedError` when the link is void, the declaration withdrawn or the authors too many.
    """
    found = by_token(token)
    volunteer = locked(found) if found else None
    if volunteer is None or volunteer.link_number != (found.link_number if found else 0):
        raise RefusedError(
            "Ce lien ne marche plus : demandez le nouveau à la personne qui vous l’a donné."
        )
    if _add(volunteer, user):
        _record(volunteer, "auteur·rice venu·e par le lien", acting(user, author=True), user)
    return volunteer


@transaction.atomic
def ask_to_join(*, volunteer: Volunteer, user: User) -> JoinRequest:
    """Ask the authors to write with them; asking twice asks once.

    Raises `RefusedError` for a declaration withdrawn, or that one writes already.
    """
    volunteer = locked(volunteer)
    if volunteer.state == VolunteerState.WITHDRAWN:
        raise RefusedError("Cette déclaration a été retirée : vous pouvez en commencer une autre.")
    if _is_author(volunteer, user):
        raise RefusedError("Vous écrivez déjà cette déclaration.")
    request, new = JoinRequest.objects.get_or_create(
        volunteer=volunteer, user=user, answered_at=None
    )
    if new:
        about = volunteer.subject
        for author in read.authors_of(volunteer):
            outbox.notify(
                JoinAsked,
                to=author.user,
                about=about,
                context={"about": about, "request": request.pk},
                dated=timezone.localdate(),
            )
        _record(volunteer, "demande à rejoindre", acting(user), user)
    return request


def accept_join(*, request: JoinRequest, actor: Actor) -> JoinRequest:
    """Who asked becomes one of the authors, and is told. Raises `RefusedError`."""
    return _answer(request, actor, accepted=True)


def refuse_join(*, request: JoinRequest, actor: Actor) -> JoinRequest:
    """Who asked is told that it is no. Raises `RefusedError`."""
    return _answer(request, actor, accepted=False)


@transaction.atomic
def _answer(request: JoinRequest, actor: Actor, *, accepted: bool) -> JoinRequest:
    volunteer = locked(request.volunteer)
    request = JoinRequest.objects.select_related("user").get(pk=request.pk)
    if request.answered_at:
        raise RefusedError("Quelqu’un a déjà répondu à cette demande.")
    if accepted:
        _add(volunteer, request.user)
    request.answered_at = timezone.now()
    request.accepted = accepted
    request.save(update_fields=["answered_at", "accepted"])
    outbox.notify(
        JoinAnswered,
        to=request.user,
        about=volunteer.subject,
        context={"about": volunteer.subject, "request": request.pk},
        dated=timezone.localdate(),
    )
    verb = "demande à rejoindre acceptée" if accepted else "demande à rejoindre refusée"
    _record(volunteer, verb, actor, request.user)
    return request


@transaction.atomic
def renew_link(*, volunteer: Volunteer, actor: Actor) -> Volunteer:
    """Another link; the one before stops working, and nobody who writes has to leave."""
    volunteer = locked(volunteer)
    _renew(volunteer)
    _record(volunteer, "lien renouvelé", actor)
    return volunteer


@transaction.atomic
def leave(*, volunteer: Volunteer, user: User) -> None:
    """Stop writing. Raises `RefusedError` for the last one: a declaration needs an author."""
    volunteer = locked(volunteer)
    _end(
        volunteer,
        user,
        "Vous êtes la seule personne à écrire cette déclaration : partagez-la "
        "d’abord, ou retirez-la.",
    )
    _record(volunteer, "auteur·rice parti·e", acting(user, author=True), user)


@transaction.atomic
def remove_author(*, volunteer: Volunteer, person: User, actor: Actor) -> None:
    """Somebody writes no more; the link is renewed, or they would come back by it."""
    volunteer = locked(volunteer)
    _end(volunteer, person, "Il faut garder au moins une personne pour écrire la déclaration.")
    _renew(volunteer)
    _record(volunteer, "auteur·rice retiré·e", actor, person)


def _add(volunteer: Volunteer, user: User) -> bool:
    """Whether this person has just become an author."""
    if volunteer.state == VolunteerState.WITHDRAWN:
        raise RefusedError(WITHDRAWN)
    if _is_author(volunteer, user):
        return False
    if read.authors_of(volunteer).count() >= MOST_AUTHORS:
        raise RefusedError(
            f"{MOST_AUTHORS} personnes écrivent déjà cette déclaration : c’est le plus possible. "
            "L’une d’elles peut en sortir."
        )
    Author.objects.create(volunteer=volunteer, user=user)
    now = timezone.now()
    JoinRequest.objects.filter(volunteer=volunteer, user=user, answered_at=None).update(
        answered_at=now, accepted=True
    )
    return True


def _end(volunteer: Volunteer, user: User, last: str) -> None:
    if not _is_author(volunteer, user):
        raise RefusedError("Cette personne n’écrit plus cette déclaration.")
    if not read.authors_of(volunteer).exclude(user=user).exists():
        raise RefusedError(last)
    Author.objects.filter(volunteer=volunteer, user=user, left_at=None).update(
        left_at=timezone.now()
    )
    live.cut(str(user.ref))


def _renew(volunteer: Volunteer) -> None:
    volunteer.link_number += 1
    volunteer.save(update_fields=["link_number"])


def _is_author(volunteer: Volunteer, user: User) -> bool:
    return Author.objects.filter(volunteer=volunteer, user=user, left_at=None).exists()


def _record(volunteer: Volunteer, verb: str, actor: Actor, person: User | None = None) -> None:
    journal.record(
        subject=volunteer.subject,
        verb=verb,
        actor=actor,
        after={"personne": person.subject} if person else None,
    )
