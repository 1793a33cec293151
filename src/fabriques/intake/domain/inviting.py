"""Inviting territories to a call: one or many, by stewards or on the word of a partner.

The ways in are treated alike: one letter, reread by stewards before it leaves, one link, one page.
The link is signed when the letter is rendered and stored nowhere. A territory has one open
invitation to a call: the call is locked first, so that two people do not write to it at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.core.signing import BadSignature, Signer
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.enums import Phase, WayIn
from fabriques.intake.models import Call, CallInvitation, CallPartner
from fabriques.intake.notifications.inviting import CallInvitationLetter, CallInvitationReminder
from fabriques.intake.queries import inviting as read
from fabriques.intake.queries.inviting import Guest
from fabriques.intake.queries.volunteering import why_closed
from fabriques.kit import journal, outbox
from fabriques.kit.journal import Actor
from fabriques.kit.outbox.models import Batch, Mail, State
from fabriques.people.models import User

INVITED = Actor("contact du territoire invité")


@transaction.atomic
def invite(
    *, call: Call, guests: Sequence[Guest], inviter: User, actor: Actor
) -> list[CallInvitation]:
    """Prepare invitations; nothing leaves before `compose_letters` and the rereading.

    All or none: raises `RefusedError` by field (`territory`, `email`) for the first that cannot be.
    """
    call = _invitable(call)
    made = _create(call, guests, inviter, way_in=WayIn.INVITED, partner=None, reason="")
    after = {"invitation": made[0].subject} if len(made) == 1 else {"territoires": len(made)}
    journal.record(subject=call.subject, verb="invitations préparées", actor=actor, after=after)
    return made


@transaction.atomic
def put_forward(
    *,
    call: Call,
    partner: CallPartner,
    guest: Guest,
    reason: str,
    by: User,
    actor: Actor,
) -> CallInvitation:
    """A partner puts a territory forward; stewards then compose its letter as those of all others.

    Raises `RefusedError` by field when the partner may not, or when the territory cannot be
    invited any more.
    """
    call = _invitable(call)
    if not partner.puts_forward or partner.call_id != call.pk:
        raise RefusedError("Votre organisation ne propose pas de territoire pour cet appel.")
    if why := read.out_of_reach(partner, guest.territory):
        raise RefusedError({"territory": why})
    (made,) = _create(call, [guest], by, way_in=WayIn.PUT_FORWARD, partner=partner, reason=reason)
    journal.record(
        subject=call.subject,
        verb="territoire proposé par un partenaire",
        actor=actor,
        after={"invitation": made.subject, "partenaire": partner.organisation.subject},
        reason=reason,
    )
    return made


def _create(
    call: Call,
    guests: Sequence[Guest],
    inviter: User,
    *,
    way_in: WayIn,
    partner: CallPartner | None,
    reason: str,
) -> list[CallInvitation]:
    known = read.known(call, inviter, [guest.email for guest in guests])
    seen: set[int] = set()
    for guest in guests:
        validate_email(guest.email)
        field, why = known.why_not(guest)
        if guest.territory.pk in seen:
            field, why = "territory", f"{guest.territory.name} est deux fois dans la liste."
        if why:
            raise RefusedError({field: why})
        seen.add(guest.territory.pk)
    return CallInvitation.objects.bulk_create(
        CallInvitation(
            call=call,
            territory=guest.territory,
            email=guest.email,
            way_in=way_in,
            partner=partner,
            reason=reason,
            invited_by=inviter,
        )
        for guest in guests
    )


def _invitable(call: Call) -> Call:
    """The call as it is now, locked. Raises `RefusedError` when it is too late to invite."""
    call = Call.objects.select_for_update(no_key=True).get(pk=call.pk)
    if call.phase not in (Phase.DRAFT, Phase.ANNOUNCED, Phase.OPEN):
        raise RefusedError(f"{why_closed(call)} On n’y invite plus.")
    return call


# --- Letters ------------------------------------------------------------------------------------


@transaction.atomic
def compose_letters(*, call: Call, reader: User, actor: Actor) -> Batch:
    """The letters of all the invitations that have none, in one batch to reread. What is concealed
    from `reader` is left for somebody else.

    Raises `RefusedError` when there is none to write, or when the call is not published.
    """
    call = _invitable(call)
    if call.phase == Phase.DRAFT:
        raise RefusedError("Publiez d’abord l’appel : les lettres mènent à sa page.")
    rows = list(read.to_write(read.visible_invitations(reader, call)))
    if not rows:
        raise RefusedError("Toutes les invitations ont leur lettre.")
    batch = _compose(call, "Invitations", CallInvitationLetter, rows, actor)
    letters = _letters(batch)
    for row in rows:
        row.letter_id = letters[str(row.ref)]
    CallInvitation.objects.bulk_update(rows, ["letter"])
    return batch


@transaction.atomic
def remind_silent(*, call: Call, reader: User, actor: Actor) -> Batch:
    """One reminder for those who received their letter and have done nothing; once only.

    Raises `RefusedError` when nobody is to be reminded.
    """
    call = _invitable(call)
    if not call.is_open:
        raise RefusedError(f"{why_closed(call)} On ne relance que pendant l’ouverture.")
    rows = list(read.to_remind(read.visible_invitations(reader, call)))
    if not rows:
        raise RefusedError("Personne n’est à relancer : une relance, une seule fois.")
    now = timezone.now()
    batch = _compose(call, "Relance des invitations", CallInvitationReminder, rows, actor)
    letters = _letters(batch)
    for row in rows:
        row.reminder_id, row.reminded_at = letters[str(row.ref)], now
    CallInvitation.objects.bulk_update(rows, ["reminder", "reminded_at"])
    return batch


def _compose(
    call: Call,
    title: str,
    kind: type[outbox.Notification],
    rows: Sequence[CallInvitation],
    actor: Actor,
) -> Batch:
    return outbox.compose_batch(
        title=f"{title}\u00a0: {call}"[:200],
        kind=kind,
        recipients=[
            (row.email, {"invitation": str(row.ref), "about": row.subject}) for row in rows
        ],
        actor=actor,
    )


def _letters(batch: Batch) -> dict[str, int]:
    """The letter of each invitation of a batch."""
    rows = batch.mails.order_by("pk").values_list("context", "pk")
    return {context["invitation"]: pk for context, pk in rows}


@transaction.atomic
def cancel_invitation(
    *, invitation: CallInvitation, actor: Actor, reason: str = ""
) -> CallInvitation:
    """The link stops working, letters not yet gone do not leave; a declaration begun stays.

    Raises `RefusedError` when it is cancelled already.
    """
    invitation = _fresh(invitation)
    if invitation.cancelled_at:
        raise RefusedError("Cette invitation est déjà annulée.")
    invitation.cancelled_at = timezone.now()
    invitation.save(update_fields=["cancelled_at"])
    for mail in (invitation.letter, invitation.reminder):
        if mail and mail.state == State.REVIEW:
            _take_out(mail, actor)
    journal.record(
        subject=invitation.call.subject,
        verb="invitation annulée",
        actor=actor,
        after={"invitation": invitation.subject},
        reason=reason,
    )
    return invitation


def _take_out(mail: Mail, actor: Actor) -> None:
    try:
        outbox.cancel_mail(mail=mail, actor=actor)
    except outbox.BatchClosedError:
        return  # it leaves at this very moment, and finds itself without object


# --- What the territory answers -----------------------------------------------------------------

_signer = Signer(salt="fabriques.intake.invitation")


def token_of(invitation: CallInvitation) -> str:
    """The secret of the link, the same in the letter and its reminder."""
    return _signer.sign(invitation.ref.hex)


def by_token(token: str) -> CallInvitation | None:
    """The invitation that this link opens, cancelled or not; None for a link that is not ours."""
    try:
        return read.by_ref(_signer.unsign(token))
    except BadSignature:
        return None


def why_spent(invitation: CallInvitation) -> str:
    """Why nothing can be answered by this link any more; "" when something can."""
    if invitation.cancelled_at:
        return "Cette invitation a été annulée."
    if invitation.call.phase in (Phase.ANNOUNCED, Phase.OPEN):
        return ""
    return why_closed(invitation.call)


def note_opened(*, invitation: CallInvitation) -> None:
    """The page of the link was opened; the first time is kept, not in the journal."""
    CallInvitation.objects.filter(pk=invitation.pk, opened_at=None).update(opened_at=timezone.now())


@transaction.atomic
def decline(*, invitation: CallInvitation, why: str = "") -> CallInvitation:
    """« Ce n’est pas pour nous cette fois »; the territory may change its mind while it is open.

    Declining again changes the word. Raises `RefusedError` when the link is spent.
    """
    invitation = _answerable(invitation)
    again = invitation.declined_at is not None and invitation.declined_why == why
    invitation.declined_at = invitation.declined_at or timezone.now()
    invitation.declined_why = why
    invitation.save(update_fields=["declined_at", "declined_why"])
    if not again:
        _record_answer(invitation, "invitation déclinée", why)
    return invitation


@transaction.atomic
def reconsider(*, invitation: CallInvitation) -> CallInvitation:
    """Take back a refusal. Raises `RefusedError` when the link is spent."""
    invitation = _answerable(invitation)
    if invitation.declined_at:
        invitation.declined_at, invitation.declined_why = None, ""
        invitation.save(update_fields=["declined_at", "declined_why"])
        _record_answer(invitation, "invitation reconsidérée", "")
    return invitation


def _answerable(invitation: CallInvitation) -> CallInvitation:
    invitation = _fresh(invitation)
    if why := why_spent(invitation):
        raise RefusedError(why)
    return invitation


def _record_answer(invitation: CallInvitation, verb: str, why: str) -> None:
    journal.record(
        subject=invitation.call.subject,
        verb=verb,
        actor=INVITED,
        after={"invitation": invitation.subject},
        reason=why,
    )


def _fresh(invitation: CallInvitation) -> CallInvitation:
    """The row as it is now, locked."""
    return (
        CallInvitation.objects.select_for_update(no_key=True, of=("self",))
        .select_related("call", "territory", "letter__batch", "reminder__batch")
        .get(pk=invitation.pk)
    )
