"""Invitations: a role offered to an address, by a link that works once and not for ever.

The token of a link is never stored: it is drawn from the site's secret key and the invitation when
the letter is rendered, and only its digest is kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import date, timedelta

from django.conf import settings
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from fabriques.kit import journal, outbox
from fabriques.kit.journal import Actor
from fabriques.people.actors import actor_of
from fabriques.people.models import User
from fabriques.people.queries import addresses_of, user_by_address
from fabriques.programme import abilities
from fabriques.programme.domain.memberships import (
    RefusedError,
    check_dates,
    give_role,
    hand_over,
)
from fabriques.programme.enums import MemberRole
from fabriques.programme.models import Invitation, Membership
from fabriques.programme.notifications import InvitationLetter
from fabriques.programme.queries.memberships import not_ended, unanswered, with_places
from fabriques.programme.scopes import Scope

DAYS = 14


class ClosedError(RefusedError):
    """The link no longer works: accepted, cancelled or expired."""


@transaction.atomic
def invite(
    *,
    email: str,
    role: MemberRole,
    scope: Scope,
    inviter: User,
    actor: Actor,
    ends_on: date | None = None,
    giver: User | None = None,
    reason: str = "",
) -> Invitation:
    """Offer a role to an address and send the letter.

    `giver` makes it a hand-over: whoever accepts receives all that this person holds there. Raises
    `RefusedError` when the address is wrong or closed, is the inviter's own, already has the role,
    or is already invited to it.
    """
    email = email.strip().lower()
    validate_email(email)
    if role not in scope.roles:
        raise ValueError(f"{role} cannot be held in {scope.key}.")
    if refusal := outbox.why_not(InvitationLetter, email):
        raise RefusedError({"email": refusal})
    check_dates(timezone.localdate(), ends_on)
    person = user_by_address(email)
    if person is None and User.objects.filter(email=email, is_active=False).exists():
        raise RefusedError(
            {"email": "Le compte de cette adresse est fermé : l’équipe nationale peut le rouvrir."}
        )
    if giver and person == giver:
        raise RefusedError({"email": "C’est votre adresse : indiquez celle de qui prend la suite."})
    if person == inviter:
        raise RefusedError({"email": "On ne se donne pas un rôle à soi-même."})
    if person and not giver and _holds(person, role, scope):
        raise RefusedError(
            {"email": f"{person} a déjà ce rôle ({role.label}, {scope}) : rien à envoyer."}
        )
    now = timezone.now()
    same = Invitation.objects.filter(unanswered(), email=email, role=role, scope=scope.key)
    same.filter(expires_at__lte=now).update(cancelled_at=now)
    invitation = Invitation(
        email=email,
        role=role,
        fabrique=scope.fabrique,
        participation=scope.participation,
        scope=scope.key,
        ends_on=ends_on,
        handed_over_by=giver,
        invited_by=inviter,
        invited_as=actor.standing,
        reason=reason,
        expires_at=now + timedelta(days=DAYS),
        token_digest=f"new:{hashlib.sha256(f'{email}{role}{scope.key}{now}'.encode()).hexdigest()[:50]}",
    )
    try:
        with transaction.atomic():
            invitation.save(force_insert=True)
    except IntegrityError:
        sent = same.get()
        when = date_format(timezone.localtime(sent.created_at), "j F Y à H:i")
        raise RefusedError(
            {
                "email": f"Une invitation à ce rôle est déjà partie le {when} à cette adresse. "
                "Vous pouvez la renvoyer depuis la liste des invitations."
            }
        ) from None
    _send(invitation)
    _record(invitation, "invitation envoyée", actor)
    return invitation


@transaction.atomic
def send_again(*, invitation: Invitation, actor: Actor) -> Invitation:
    """A new link for two more weeks; the one before stops working."""
    invitation = _open(invitation, expired=True)
    if refusal := outbox.why_not(InvitationLetter, invitation.email):
        raise RefusedError(refusal)
    invitation.expires_at = timezone.now() + timedelta(days=DAYS)
    _send(invitation)
    _record(invitation, "invitation renvoyée", actor)
    return invitation


@transaction.atomic
def cancel_invitation(*, invitation: Invitation, actor: Actor) -> Invitation:
    """The link stops working at once."""
    invitation = _open(invitation, expired=True)
    invitation.cancelled_at = timezone.now()
    invitation.save(update_fields=["cancelled_at"])
    _record(invitation, "invitation annulée", actor)
    return invitation


@transaction.atomic
def accept(*, invitation: Invitation, user: User) -> Membership | None:
    """Take the role, once. Returns None when the person held it already.

    Raises `ClosedError` when the link is spent and `RefusedError` when the invitation was meant for
    another address: a forwarded link gives nothing.
    """
    invitation = _open(invitation)
    if invitation.email not in addresses_of(user):
        raise RefusedError(
            f"Cette invitation a été envoyée à {masked(invitation.email)}. Vous êtes dans l’espace "
            f"de {user.email}. Déconnectez-vous puis rouvrez le lien pour entrer avec la bonne "
            "adresse, ou demandez une invitation pour celle-ci."
        )
    scope = Scope.of(invitation)
    role = MemberRole(invitation.role)
    actor = actor_of(user, "personne invitée")
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    received = None
    if invitation.handed_over_by and scope.participation:
        handed = hand_over(
            participation=scope.participation,
            giver=invitation.handed_over_by,
            receiver=user,
            actor=actor,
            given_by=invitation.invited_as,
            reason=invitation.reason,
        )
        received = handed[0] if handed else None
    elif not _holds(user, role, scope):
        received = give_role(
            user=user,
            role=role,
            scope=scope,
            actor=actor,
            given_by=invitation.invited_as,
            ends_on=invitation.ends_on,
        )
    _record(invitation, "invitation acceptée", actor)
    return received


def offered(invitation: Invitation) -> list[str]:
    """The roles that accepting gives, as they are now: one, or all that the giver holds there."""
    if not invitation.handed_over_by:
        return [invitation.get_role_display()]
    return [held.get_role_display() for held in _handed(invitation)]


def token_of(invitation: Invitation) -> str:
    """The secret of the link, the same until the next sending."""
    message = f"invitation:{invitation.pk}:{invitation.sends}:{invitation.email}"
    drawn = hmac.new(settings.SECRET_KEY.encode(), message.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(drawn).decode().rstrip("=")


def all_invitations() -> QuerySet[Invitation]:
    """With all that the page of an invitation names."""
    return with_places(Invitation.objects.all()).select_related("invited_by", "handed_over_by")


def by_token(token: str) -> Invitation | None:
    """The invitation that this link opens, spent or not."""
    return all_invitations().filter(token_digest=_digest(token)).first()


def why_closed(invitation: Invitation) -> str:
    """The sentence for a link that no longer works; "" when it does."""
    if invitation.accepted_at:
        when = date_format(timezone.localtime(invitation.accepted_at), "j F Y")
        return f"Cette invitation a déjà été acceptée, le {when}. Un lien ne sert qu’une fois."
    if invitation.cancelled_at:
        return "Cette invitation a été annulée."
    if invitation.expires_at <= timezone.now():
        when = date_format(timezone.localtime(invitation.expires_at), "j F Y")
        return f"Cette invitation n’est plus valable depuis le {when}. Demandez-en une autre."
    if not _entitled(invitation):
        return (
            "La personne qui vous a invité n’a plus ce droit : demandez une autre invitation à "
            "celle qui suit ce territoire."
        )
    return ""


def _entitled(invitation: Invitation) -> bool:
    """Whether whoever invited could still do it today: rights that ended give nothing more."""
    inviter, giver = invitation.invited_by, invitation.handed_over_by
    if inviter is None or not inviter.is_active:
        return False
    scope = Scope.of(invitation)
    if giver is None:
        return abilities.may_give(inviter, scope, MemberRole(invitation.role))
    if not giver.is_active or not _handed(invitation) or not scope.participation:
        return False
    can = abilities.participation_abilities(inviter, scope.participation)
    return can.hand_over_for_others if inviter != giver else True


def _handed(invitation: Invitation) -> list[Membership]:
    """What the giver of a hand-over holds there."""
    return list(
        Membership.objects.filter(
            not_ended(), user=invitation.handed_over_by, scope=invitation.scope
        ).order_by("pk")
    )


def masked(email: str) -> str:
    """An address that its owner recognises and that tells little to others: `m•••@brest.fr`."""
    local, _, host = email.partition("@")
    return f"{local[:1]}•••@{host}"


def _send(invitation: Invitation) -> None:
    invitation.sends += 1
    invitation.token_digest = _digest(token_of(invitation))
    invitation.save(update_fields=["sends", "token_digest", "expires_at"])
    outbox.send(InvitationLetter, address=invitation.email, context={"invitation": invitation.pk})


def _open(invitation: Invitation, *, expired: bool = False) -> Invitation:
    """The row as it is now, locked; `expired` accepts one whose time is over."""
    fresh = all_invitations().select_for_update(no_key=True, of=("self",)).get(pk=invitation.pk)
    reason = why_closed(fresh)
    if reason and not (expired and not fresh.accepted_at and not fresh.cancelled_at):
        raise ClosedError(reason)
    return fresh


def _holds(user: User, role: MemberRole, scope: Scope) -> bool:
    """Whether this person has the role there, today or later."""
    return Membership.objects.filter(not_ended(), user=user, role=role, scope=scope.key).exists()


def _record(invitation: Invitation, verb: str, actor: Actor) -> None:
    """In the history of the team; the address stays out of it."""
    journal.record(
        subject=Scope.of(invitation).subject,
        verb=verb,
        actor=actor,
        after={
            "rôle": invitation.get_role_display(),
            "valable jusqu’au": timezone.localdate(invitation.expires_at).isoformat(),
        },
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
