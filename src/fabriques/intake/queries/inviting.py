"""Territories invited or put forward: who may be asked, and where each invitation is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from django.db.models import Case, CharField, Count, OuterRef, Q, Subquery, Value, When
from django.utils.formats import date_format

from fabriques.intake.enums import InvitationState, VolunteerState
from fabriques.intake.models import Call, CallInvitation, CallPartner, Volunteer
from fabriques.intake.queries import access
from fabriques.kit.outbox.models import State
from fabriques.kit.outbox.notifications import notification
from fabriques.kit.outbox.recipients import Recipient, whys_not
from fabriques.people.models import User
from fabriques.territories.models import Territory

# Letters that have reached their address, as far as is known: who does nothing is silent.
SILENT = (InvitationState.SENT, InvitationState.OPENED)
# Rows of `CallInvitation` with their `state`, which type checkers do not follow.
Invitations: TypeAlias = Any
_TO_WRITE = Q(letter=None) | Q(letter__state=State.CANCELLED, letter__error="")


@dataclass(frozen=True)
class Guest:
    """A territory, and the address at which it is asked."""

    territory: Territory
    email: str


@dataclass(frozen=True)
class Known:
    """Which territories and addresses cannot be asked any more, for one person who invites."""

    invited: frozenset[int]
    volunteering: frozenset[int]
    concealed: frozenset[int]
    refusing: Mapping[str, str]

    def why_not(self, guest: Guest) -> tuple[str, str]:
        """The field that refuses a guest (`territory`, `email`) and its sentence, or two empty
        texts. What is concealed from the person is refused before anything else is told of it."""
        territory, name = guest.territory, guest.territory.name
        if territory.closed_on:
            return "territory", _closed(territory)
        if territory.pk in self.concealed:
            sentence = f"Vous avez un lien d’intérêt avec {name} : une autre personne l’invitera."
            return "territory", sentence
        if territory.pk in self.volunteering:
            return "territory", f"{name} est déjà volontaire."
        if territory.pk in self.invited:
            return "territory", f"{name} est déjà invité à cet appel."
        refusal = self.refusing.get(guest.email, "")
        return ("email", refusal) if refusal else ("", "")


def known(call: Call, user: User, emails: Collection[str]) -> Known:
    """Five queries, whatever their number. Drafts are nobody else's: they tell nothing here."""
    invitations = CallInvitation.objects.filter(call=call, cancelled_at=None).order_by()
    submitted = Volunteer.objects.filter(call=call, state=VolunteerState.SUBMITTED).order_by()
    addresses = sorted(set(emails))
    kind = notification("call-invitation")
    refusals = whys_not(kind, [Recipient.of(address) for address in addresses])
    return Known(
        invited=frozenset(invitations.values_list("territory", flat=True)),
        volunteering=frozenset(submitted.values_list("territory", flat=True)),
        concealed=access.concealed_territories(user, call),
        refusing={a: why for a, why in zip(addresses, refusals, strict=True) if why},
    )


def _closed(territory: Territory) -> str:
    """What became of a territory that disappeared."""
    day = date_format(territory.closed_on, "j F Y") if territory.closed_on else ""
    heir = territory.successor
    into = f" : invitez {heir.name} ({heir.code}), qui lui succède" if heir else ""
    return f"{territory.name} n’existe plus depuis le {day}{into}."


def out_of_reach(partner: CallPartner, territory: Territory) -> str:
    """Why this partner may not put this territory forward; "" when it may."""
    if Territory.objects.filter(access.reach_of(partner, at=""), pk=territory.pk).exists():
        return ""
    limits = [str(partner.get_reach_display()).lower()] if partner.reach != "all" else []
    if partner.only_programme:
        limits.append(f"les membres de « {partner.only_programme} »")
    return (
        f"{territory.name} n’est pas de ceux que vous pouvez proposer. Pour cet appel, votre "
        f"organisation propose {', parmi '.join(limits)}."
    )


# --- Where each invitation is -----------------------------------------------------------------


def visible_invitations(user: User, call: Call) -> Invitations:
    """The only door to lists and counts of invitations: all for stewards, what their partner put
    forward for its people, less what a conflict conceals. In the order of preparation, whatever
    the way in. With `state` (see `with_states`)."""
    found = with_states(CallInvitation.objects.filter(call=call)).exclude(
        territory__in=access.concealed_territories(user, call)
    )
    if not access.is_steward(user):
        found = found.filter(partner__in=[partner.pk for partner in access.reviewing(user, call)])
    return found.select_related(
        "territory__departement", "territory__region", "partner__organisation", "letter", "reminder"
    ).order_by("created_at", "pk")


def with_states(rows: Invitations) -> Invitations:
    """Each with its `state`, an `InvitationState`: what was done last counts most."""
    declaration = Volunteer.objects.filter(
        call=OuterRef("call"), territory=OuterRef("territory")
    ).exclude(state=VolunteerState.WITHDRAWN)
    return rows.annotate(
        declaration=Subquery(declaration.order_by("pk").values("state")[:1]),
    ).annotate(
        state=Case(
            _when(InvitationState.CANCELLED, cancelled_at__isnull=False),
            _when(InvitationState.SUBMITTED, declaration=VolunteerState.SUBMITTED),
            _when(InvitationState.DRAFT, declaration=VolunteerState.DRAFT),
            _when(InvitationState.DECLINED, declined_at__isnull=False),
            _when(InvitationState.OPENED, opened_at__isnull=False),
            When(_TO_WRITE, then=Value(InvitationState.TO_WRITE.value)),
            _when(InvitationState.REVIEW, letter__state=State.REVIEW),
            _when(InvitationState.LEAVING, letter__state=State.WAITING),
            _when(InvitationState.SENT, letter__state=State.SENT),
            default=Value(InvitationState.UNDELIVERED.value),
            output_field=CharField(),
        )
    )


def _when(state: InvitationState, **condition: Any) -> When:
    return When(**condition, then=Value(state.value))


def counts(rows: Invitations) -> dict[str, int]:
    """How many of these invitations are in each state."""
    found = rows.order_by("state").values_list("state").annotate(Count("pk"))
    return {str(state): number for state, number in found}


def to_write(rows: Invitations) -> Invitations:
    """Those without a letter, or whose letter was taken out before it left; not those of
    territories that have come by themselves meanwhile."""
    return rows.filter(state=InvitationState.TO_WRITE)


def to_remind(rows: Invitations) -> Invitations:
    """Silent ones that no reminder was composed for, or whose reminder was taken out."""
    once = Q(reminder=None) | Q(reminder__state=State.CANCELLED, reminder__error="")
    return rows.filter(once, state__in=SILENT)


def silent_since(invitation: Any) -> datetime | None:
    """Since when nothing has come, for those who are silent: their last letter."""
    if invitation.state not in SILENT:
        return None
    sent = [mail.sent_at for mail in (invitation.letter, invitation.reminder) if mail]
    return max((at for at in sent if at), default=None)


def searched(rows: Invitations, *, states: Collection[str] = (), words: str = "") -> Invitations:
    """Those of these states whose territory or address holds every word."""
    if states:
        rows = rows.filter(state__in=states)
    for word in words.split():
        rows = rows.filter(
            Q(territory__name__icontains=word)
            | Q(territory__code=word)
            | Q(email__icontains=word)
            | Q(territory__departement__name__icontains=word)
        )
    return rows


# --- The link -----------------------------------------------------------------------------------


def by_ref(ref: str) -> CallInvitation | None:
    return (
        CallInvitation.objects.filter(ref=ref)
        .select_related("call", "territory__departement", "partner__organisation", "invited_by")
        .first()
    )
