"""Erasure of a person: what names them goes, what counts stays.

The row of the account stays, empty: numbers of users and of participants, roles with their dates
and the journal keep pointing at something. The link with the organisation goes too: in a small
town hall, the organisation alone would name the person.
"""

from collections.abc import Callable
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils import timezone

from fabriques.kit import journal, live, outbox
from fabriques.kit.journal import Actor
from fabriques.people.models import Consent, User
from fabriques.people.personal.merged import accounts_of

ERASED_DOMAIN = "efface.invalid"  # .invalid: no mail can ever reach it (RFC 2606)

THEMSELVES = Actor("la personne elle-même")

Hook = Callable[[User, Actor], None]
Guard = Callable[[User], str]

_hooks: list[Hook] = []
_guards: list[Guard] = []


class ErasureRefusedError(Exception):
    """This account cannot be erased now; the message says why, and what to do first."""


def register_erasure(hook: Hook) -> None:
    """`hook(user, actor)` runs in the transaction of the erasure, on the account still whole.

    It runs again, on the empty account, when the erasure is made again.
    """
    _hooks.append(hook)


def register_erasure_guard(guard: Guard) -> None:
    """`guard(user)` answers why the account must stay, in one sentence, or an empty text."""
    _guards.append(guard)


@transaction.atomic
def refusal(user: User) -> str:
    """Why this account cannot be erased now; empty when it can."""
    return next(filter(None, (guard(user) for guard in _guards)), "")


@transaction.atomic
def erase(*, user: User, actor: Actor, reason: str = "") -> None:
    """Empty the account and all that names the person, in one transaction.

    Erasing again takes away what was under way the first time and ended after it. Raises
    ErasureRefusedError when a guard objects.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    again = user.erased_at is not None
    if again and not user.email.endswith(f"@{ERASED_DOMAIN}"):
        return  # emptied by a merge: the person lives on in the other account
    if not again and (why := refusal(user)):
        raise ErasureRefusedError(why)
    accounts = accounts_of(user)
    now = timezone.now()
    for account in accounts:
        _end_sign_in(account)
        Consent.objects.filter(user=account, withdrawn_at=None).update(withdrawn_at=now)
        others = EmailAddress.objects.filter(user=account).order_by("pk")
        outbox.erase_person(account, addresses=others.values_list("email", flat=True))
    for hook in _hooks:
        hook(user, actor)
    if actor.ref == str(user.ref):
        actor = THEMSELVES
    for account in accounts:
        journal.erase_person(ref=str(account.ref), actor=actor, reason=reason)
    if not again:
        journal.record(subject=user.subject, verb=journal.ERASED, actor=actor, reason=reason)
        # After the journal: a new address locks the row against the foreign keys of others, who
        # must not be waiting for us with the head of the journal in their hands.
        _empty(user, now)
    live.cut(str(user.ref))


def _end_sign_in(user: User) -> None:
    """Every way in, and whoever is in."""
    for session in UserSession.objects.filter(user=user).order_by("pk"):
        session.end()
    SocialAccount.objects.filter(user=user).delete()  # their tokens follow
    Authenticator.objects.filter(user=user).delete()


def _empty(user: User, now: datetime) -> None:
    EmailAddress.objects.filter(user=user).delete()
    user.email = f"{user.ref}@{ERASED_DOMAIN}"
    user.name = user.job = ""
    user.organisation = None
    user.is_active = False
    user.seen_on = user.last_login = user.warned_at = None
    user.warnings = 0
    user.erased_at = now
    user.version += 1
    user.set_unusable_password()  # a session that was not listed no longer matches
    user.save()
