"""What happens to an account: opened, confirmed, seen, closed, reopened, its sessions ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from importlib import import_module

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from fabriques.kit import live, outbox
from fabriques.kit.journal import Actor, record
from fabriques.people.actors import actor_of
from fabriques.people.models import User
from fabriques.people.queries import is_taken, user_by_address
from fabriques.people.signin.notifications import FactorsRemoved

VISITOR = Actor("une personne pas encore connectée")

Guard = Callable[[User], str]
Hook = Callable[[User, Actor], None]

_guards: list[Guard] = []
_hooks: list[Hook] = []


def register_closing(hook: Hook) -> None:
    """`hook(user, actor)` runs in the transaction that closes an account."""
    _hooks.append(hook)


def register_closing_guard(guard: Guard) -> None:
    """`guard(user)` answers why the account must stay open, in one sentence, or an empty text."""
    _guards.append(guard)


def open_account(*, email: str, actor: Actor = VISITOR) -> User | None:
    """The open account of this address, made if there is none; None when it is closed."""
    try:
        return _open_account(email.strip().lower(), actor)
    except IntegrityError:  # asked twice at once: the other request has just made it
        return user_by_address(email)


@transaction.atomic
def _open_account(email: str, actor: Actor) -> User | None:
    if user := user_by_address(email):
        return user
    if is_taken(email):
        return None
    user = User.objects.create_user(email)
    EmailAddress.objects.create(user=user, email=email, primary=True)
    record(subject=user.subject, verb="compte ouvert", actor=actor)
    return user


@transaction.atomic
def confirm(*, user: User) -> None:
    """The person has proved that the address of the account is theirs; once is enough."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    if user.confirmed_at:
        return
    user.confirmed_at = timezone.now()
    user.save(update_fields=["confirmed_at"])
    record(subject=user.subject, verb="adresse confirmée", actor=actor_of(user))


def note_seen(*, user: User, day: date) -> None:
    """The person was here on `day`: noted once a day, and warnings before erasure are void.

    Not in the journal, which is not there to follow the comings and goings of people.
    """
    User.objects.filter(pk=user.pk).exclude(seen_on__gte=day).update(
        seen_on=day, warned_at=None, warnings=0
    )


@transaction.atomic
def close_account(*, user: User, actor: Actor, reason: str = "") -> None:
    """Nobody signs in to the account any more. Raises ValidationError with what prevents it."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not user.is_active:
        raise ValidationError("Ce compte est déjà fermé.")
    if why := next(filter(None, (guard(user) for guard in _guards)), ""):
        raise ValidationError(why)
    user.is_active = False
    user.version += 1
    user.save(update_fields=["is_active", "version"])
    _end(user, UserSession.objects.filter(user=user))
    for hook in _hooks:
        hook(user, actor)
    record(subject=user.subject, verb="compte fermé", actor=actor, reason=reason)


@transaction.atomic
def reopen_account(*, user: User, actor: Actor, reason: str = "") -> None:
    """The person can sign in again; what closing took away stays away."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if user.erased_at:
        raise ValidationError("Un compte effacé ne se rouvre pas.")
    if user.is_active:
        raise ValidationError("Ce compte est déjà ouvert.")
    user.is_active = True
    user.version += 1
    user.save(update_fields=["is_active", "version"])
    record(subject=user.subject, verb="compte rouvert", actor=actor, reason=reason)


@transaction.atomic
def remove_factors(*, user: User, actor: Actor, reason: str) -> None:
    """For who has lost their telephone and their key: the account opens with a code again.

    Every session ends, and the person is told. Raises ValidationError when there is none.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    factors = Authenticator.objects.filter(user=user)
    if not factors.exists():
        raise ValidationError("Ce compte n’a pas de second facteur.")
    factors.delete()
    _end(user, UserSession.objects.filter(user=user))
    outbox.send(FactorsRemoved, address=user.email, context={"reason": reason})
    record(subject=user.subject, verb="seconds facteurs retirés", actor=actor, reason=reason)


@transaction.atomic
def end_sessions(
    *, user: User, actor: Actor, except_key: str | None = None, only: int | None = None
) -> int:
    """End the sessions of `user`, at once; answers how many.

    `except_key` is the key of one to keep, `only` the number (`UserSession.pk`) of the one to end.
    """
    sessions = UserSession.objects.filter(user=user)
    if except_key:
        sessions = sessions.exclude(session_key=except_key)
    if only:
        sessions = sessions.filter(pk=only)
    if ended := _end(user, sessions):
        record(
            subject=user.subject,
            verb="connexions fermées",
            actor=actor,
            after={"connexions": ended},
        )
    return ended


@transaction.atomic
def keep_only(*, session: SessionBase, user: User, actor: Actor) -> int:
    """End every session of `user` but this one, which alone has shown what now opens the account.

    The password that nobody knows changes too: sessions that no list holds and sign-ins under way
    open nothing. Answers how many were ended.
    """
    user.set_unusable_password()
    user.save(update_fields=["password"])
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()  # in this transaction: streams ask their rights again as soon as it ends
    return end_sessions(user=user, actor=actor, except_key=session.session_key)


def _end(user: User, sessions: models.QuerySet[UserSession]) -> int:
    """Delete them with what opens them, and cut what they were listening to."""
    keys = list(sessions.order_by("pk").values_list("session_key", flat=True))
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    for key in keys:
        store.delete(key)
    sessions.delete()
    if keys:
        live.cut(str(user.ref))
    return len(keys)
