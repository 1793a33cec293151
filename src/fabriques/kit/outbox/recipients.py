"""Who may be written to, and who wants to be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from fabriques.kit.outbox.models import Preference, Rhythm, Suppression
from fabriques.kit.outbox.notifications import Notification, notification

Policy: TypeAlias = Callable[[Any], bool]
Reason = Suppression.Reason

NOT_ACCEPTED = "Cette personne n’a pas encore ouvert son compte."
REFUSED = "Cette personne a demandé à ne pas recevoir ces courriels."

_policies: list[Policy] = []


@dataclass(frozen=True)
class Recipient:
    """An address, and the account that goes with it when there is one."""

    address: str
    user: AbstractBaseUser | None = None

    @classmethod
    def of(cls, who: AbstractBaseUser | str) -> Recipient:
        if isinstance(who, str):
            return cls(normalised(who))
        return cls(normalised(getattr(who, who.get_email_field_name())), who)


def normalised(address: str) -> str:
    return address.strip().lower()


def digest_of(address: str) -> str:
    """What is kept of an address that must not be written to."""
    return hashlib.sha256(normalised(address).encode()).hexdigest()


def register_recipient_policy(policy: Policy) -> None:
    """`policy(user)` says whether this person has accepted to be written to; all must agree.

    Nobody is written to until one policy at least is registered.
    """
    if policy not in _policies:
        _policies.append(policy)


def accepts(user: AbstractBaseUser) -> bool:
    return bool(_policies) and all(policy(user) for policy in _policies)


def why_not(kind: type[Notification], who: AbstractBaseUser | str) -> str:
    """The French sentence saying why a letter of this kind would not leave; "" when it would."""
    return whys_not(notification(kind.key), [Recipient.of(who)])[0]


def whys_not(kind: Notification, recipients: Sequence[Recipient]) -> list[str]:
    """`why_not` for each of these recipients, in two queries whatever their number."""
    if kind.asked:
        return [""] * len(recipients)
    held = suppressions(recipient.address for recipient in recipients)
    users = [recipient.user.pk for recipient in recipients if recipient.user]
    found = Preference.objects.filter(user__in=users).order_by() if users else []
    preferences = {preference.user_id: preference for preference in found}
    answers = []
    for recipient in recipients:
        reasons = held.get(recipient.address, frozenset())
        preference = preferences.get(recipient.user.pk) if recipient.user else None
        answers.append(_why_not(kind, recipient.user, reasons, preference))
    return answers


def _why_not(
    kind: Notification,
    user: AbstractBaseUser | None,
    reasons: Collection[Reason],
    preference: Preference | None,
) -> str:
    if Reason.UNDELIVERABLE in reasons:
        return str(Reason.UNDELIVERABLE.label)
    if not kind.transactional and (user is None or not accepts(user)):
        return NOT_ACCEPTED
    if Reason.STOP in reasons and (kind.transactional or kind.can_disable):
        return str(Reason.STOP.label)
    if kind.transactional or not kind.can_disable or preference is None:
        return ""
    wanted = preference.rhythm != Rhythm.NONE and kind.key not in preference.refused
    return "" if wanted else REFUSED


def suppressions(addresses: Any) -> dict[str, frozenset[Reason]]:
    """Why each of these addresses must not be written to; those that may be are left out."""
    digests = {digest_of(address): address for address in addresses}
    found: dict[str, frozenset[Reason]] = {}
    for digest, reason in (
        Suppression.objects.filter(digest__in=digests).order_by().values_list("digest", "reason")
    ):
        address = digests[digest]
        found[address] = found.get(address, frozenset()) | {Reason(reason)}
    return found


def suppress(digest: str, reason: Reason) -> None:
    """Write no more to this address. Once more changes nothing."""
    Suppression.objects.get_or_create(digest=digest, reason=reason)


def address_works(address: str) -> None:
    """Write again to an address that bounced: its owner has shown that it works."""
    Suppression.objects.filter(digest=digest_of(address), reason=Reason.UNDELIVERABLE).delete()


def preference_of(user: AbstractBaseUser) -> Preference:
    """The person's choices as they count; not saved when there are only the defaults.

    Who said stop by the link of a letter reads it here as the rhythm "none".
    """
    preference = Preference.objects.filter(user_id=user.pk).first() or Preference(user_id=user.pk)
    address = Recipient.of(user).address
    if Reason.STOP in suppressions([address]).get(address, ()):
        preference.rhythm = Rhythm.NONE
    return preference


@transaction.atomic
def choose(*, user: AbstractBaseUser, rhythm: Rhythm, refused: Collection[str]) -> None:
    """Save what a person wants to receive. Asking for letters lifts an earlier stop."""
    Preference.objects.update_or_create(
        user_id=user.pk, defaults={"rhythm": rhythm, "refused": sorted(refused)}
    )
    if rhythm != Rhythm.NONE:
        stop = Suppression.objects.filter(digest=digest_of(Recipient.of(user).address))
        stop.filter(reason=Reason.STOP).delete()
