"""Roles: given, changed, withdrawn, handed over.

Rows are locked in one order: accounts, then roles, each by number, then (by `journal.record`) the
head of the journal. Two people who act at once wait for each other and never block for good.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from fabriques.kit import journal, live, outbox
from fabriques.kit.journal import Actor
from fabriques.kit.outbox import Notification
from fabriques.people.models import User
from fabriques.programme.enums import MemberRole
from fabriques.programme.models import Membership, Participation
from fabriques.programme.notifications import HandedOver, RoleChanged, RoleGiven, RoleWithdrawn
from fabriques.programme.queries.memberships import is_open, not_ended, with_places
from fabriques.programme.scopes import Scope

LAST_DAY = date(2100, 12, 31)


class RefusedError(ValidationError):
    """A change of roles that cannot be; the message is for the person who asked."""


@transaction.atomic
def give_role(
    *,
    user: User,
    role: MemberRole,
    scope: Scope,
    actor: Actor,
    given_by: str = "",
    starts_on: date | None = None,
    ends_on: date | None = None,
    reason: str = "",
) -> Membership:
    """Give a role, from `starts_on` (today) to `ends_on` (no end), both included.

    Raises `RefusedError` when the account is closed, the dates are wrong or the role is held.
    """
    starts_on = starts_on or timezone.localdate()
    if role not in scope.roles:
        raise ValueError(f"{role} cannot be held in {scope.key}.")
    check_dates(starts_on, ends_on)
    user = _locked_account(user)
    held = _locked_roles(user=user, role=role, scope=scope.key)
    if any(_lasts(membership) for membership in held):
        raise RefusedError(f"{user} tient déjà ce rôle : {role.label}, {scope}.")
    for ended in held:  # a role that ended by itself leaves the place to the new one
        _close(ended)
    membership = Membership(
        user=user,
        role=role,
        fabrique=scope.fabrique,
        participation=scope.participation,
        scope=scope.key,
        starts_on=starts_on,
        ends_on=ends_on,
        given_by=given_by or actor.standing,
    )
    return _create(membership, actor, reason)


@transaction.atomic
def change_dates(
    *, membership: Membership, starts_on: date, ends_on: date | None, actor: Actor, reason: str = ""
) -> Membership:
    """Move the dates of a role. The last steward's may not end."""
    membership = _locked(membership)
    check_dates(starts_on, ends_on)
    if (membership.starts_on, membership.ends_on) == (starts_on, ends_on):
        return membership
    if ends_on or starts_on > timezone.localdate():
        refuse_last_steward(membership)
    _move(membership, starts_on, ends_on, actor, reason)
    _tell(RoleChanged, membership, actor, reason=reason)
    return membership


@transaction.atomic
def withdraw_role(*, membership: Membership, actor: Actor, reason: str = "") -> Membership:
    """End a role now: rights stop at once, live streams included.

    Raises `RefusedError` for the last steward, or when somebody has just done it.
    """
    membership = _locked(membership)
    refuse_last_steward(membership)
    lasted = _lasts(membership)
    _end(membership, actor, reason=reason)
    if lasted:
        _tell(RoleWithdrawn, membership, actor, reason=reason)
    return membership


@transaction.atomic
def hand_over(
    *,
    participation: Participation,
    giver: User,
    receiver: User,
    actor: Actor,
    given_by: str = "",
    reason: str = "",
) -> list[Membership]:
    """Pass on, in one act, every role that `giver` holds in the participation.

    A role that `receiver` holds already lasts as long as the longer of the two. Raises
    `RefusedError` when there is nothing to pass on, the receiver is the giver or an account is
    closed.
    """
    if giver.pk == receiver.pk:
        raise RefusedError("On ne se passe pas le relais à soi-même : indiquez quelqu’un d’autre.")
    receiver = _locked_account(receiver)
    roles = [
        m
        for m in _locked_roles(user__in=[giver, receiver], participation=participation)
        if _lasts(m)
    ]
    theirs = {m.role: m for m in roles if m.user_id == receiver.pk}
    handed = [m for m in roles if m.user_id == giver.pk]
    if not handed:
        raise RefusedError(f"{giver} ne tient plus aucun rôle ici : il n’y a rien à transmettre.")
    for membership in handed:
        _close(membership)
    received = []
    for membership in handed:
        starts_on = max(membership.starts_on, timezone.localdate())
        if current := theirs.get(membership.role):
            ends = (current.ends_on, membership.ends_on)
            end = None if None in ends else max(day for day in ends if day)
            start = min(current.starts_on, starts_on)
            if (current.starts_on, current.ends_on) != (start, end):
                _move(current, start, end, actor, reason)
            received.append(current)
            continue
        passed = Membership(
            user=receiver,
            role=membership.role,
            participation=participation,
            scope=membership.scope,
            starts_on=starts_on,
            ends_on=membership.ends_on,
            given_by=given_by or actor.standing,
        )
        received.append(_create(passed, actor, reason))
    for membership in handed:
        _record(
            membership, "rôle transmis", actor, _dates(membership), {"à": receiver.subject}, reason
        )
    if actor.ref != str(giver.ref):
        outbox.notify(
            HandedOver,
            to=giver,
            about=f"{participation.subject}:{receiver.ref}",
            context={
                "receiver": receiver.subject,
                "place": str(Scope(participation=participation)),
            },
            dated=timezone.localdate(),
        )
    return received


def refuse_last_steward(membership: Membership) -> None:
    """Raise when nobody could run the programme after this role ends."""
    if membership.role == MemberRole.STEWARD and not _other_stewards(membership.user):
        raise RefusedError(
            "C’est la dernière personne de l’équipe nationale : donnez d’abord ce rôle à une autre."
        )


def last_steward(user: User) -> str:
    """Why this account cannot go away; "" when it can."""
    holds = Membership.objects.filter(
        user=user, role=MemberRole.STEWARD, withdrawn_at=None
    ).exists()
    if holds and not _other_stewards(user):
        return (
            "C’est le compte de la dernière personne de l’équipe nationale : "
            "donnez d’abord ce rôle à une autre."
        )
    return ""


def end_all_roles(user: User, actor: Actor) -> None:
    """Withdraw every role of an account that closes or is erased."""
    held = _locked_roles(user=user)
    for membership in held:
        _close(membership)
    for membership in held:
        _record(membership, "rôle retiré", actor, _dates(membership), reason="compte fermé")


def end_roles_in(participation: Participation, actor: Actor, *, reason: str) -> None:
    """Withdraw every role held in a participation that ends; tell who held one."""
    held = _locked_roles(participation=participation)
    lasting = [membership for membership in held if _lasts(membership)]
    for membership in held:
        _close(membership)
    for membership in lasting:
        _tell(RoleWithdrawn, membership, actor, reason=reason)
    for membership in held:
        _record(membership, "rôle retiré", actor, _dates(membership), reason=reason)


def move_all_roles(kept: User, gone: User, actor: Actor) -> None:
    """Give the roles of one account to another one of the same person; see `to_move`."""
    roles = _locked_roles(user__in=[kept, gone])
    moving = to_move(kept, gone)
    for membership in roles:
        replaced = any((m.role, m.scope) == (membership.role, membership.scope) for m in moving)
        if membership.user_id == gone.pk or replaced:
            _close(membership)
    for membership in moving:
        copy = Membership.objects.get(pk=membership.pk)
        copy.pk, copy.user, copy.withdrawn_at = None, kept, None
        copy.save(force_insert=True)
        _record(copy, "rôle passé à un autre compte", actor, after={"de": gone.subject})


def to_move(kept: User, gone: User) -> list[Membership]:
    """The roles that the kept account does not hold as early; the others would be doubles."""
    held = {
        (m.role, m.scope): m.starts_on for m in Membership.objects.filter(not_ended(), user=kept)
    }
    return [
        m
        for m in Membership.objects.filter(not_ended(), user=gone).order_by("pk")
        if held.get((m.role, m.scope), date.max) > max(m.starts_on, timezone.localdate())
    ]


# --- Rows -------------------------------------------------------------------------------------


def _locked_account(user: User) -> User:
    """The account as it is now, locked; refused when it is closed."""
    fresh = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not fresh.is_active:
        raise RefusedError("Ce compte est fermé : il ne peut pas recevoir de rôle.")
    return fresh


def _locked_roles(**conditions: Any) -> list[Membership]:
    """The roles not withdrawn that meet these conditions, locked, by number."""
    return list(
        with_places(Membership.objects.filter(withdrawn_at=None, **conditions))
        .select_related("user")
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )


def _locked(membership: Membership) -> Membership:
    """The row as it is now, locked; refused when somebody has withdrawn it meanwhile."""
    if membership.role == MemberRole.STEWARD:
        _locked_roles(role=MemberRole.STEWARD)  # all of them, always in one order
    fresh = (
        with_places(Membership.objects.all())
        .select_related("user")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=membership.pk)
    )
    if fresh.withdrawn_at:
        when = date_format(timezone.localtime(fresh.withdrawn_at), "j F Y à H:i")
        raise RefusedError(f"Ce rôle a déjà été retiré le {when}.")
    return fresh


def _other_stewards(user: User) -> bool:
    """Whether somebody else, who has come in, holds that role today and without an end."""
    return any(
        m.user_id != user.pk
        and is_open(m)
        and m.ends_on is None
        and m.user.is_active
        and m.user.confirmed_at
        for m in _locked_roles(role=MemberRole.STEWARD)
    )


def _lasts(membership: Membership) -> bool:
    """Whether it counts today or will; the same test as `not_ended`, on a row at hand."""
    return membership.ends_on is None or membership.ends_on >= timezone.localdate()


def _create(membership: Membership, actor: Actor, reason: str) -> Membership:
    membership.save(force_insert=True)
    _tell(RoleGiven, membership, actor)
    dates = {name: day for name, day in _dates(membership).items() if day}
    if membership.starts_on == timezone.localdate():
        del dates["du"]  # the day of the entry itself
    _record(membership, "rôle donné", actor, after=dates, reason=reason)
    return membership


def _move(
    membership: Membership, starts_on: date, ends_on: date | None, actor: Actor, reason: str
) -> None:
    before = _dates(membership)
    membership.starts_on, membership.ends_on = starts_on, ends_on
    membership.save(update_fields=["starts_on", "ends_on"])
    live.cut(str(membership.user.ref))  # what is open asks its rights again
    _record(membership, "dates du rôle", actor, before, _dates(membership), reason)


def _close(membership: Membership) -> None:
    membership.withdrawn_at = timezone.now()
    membership.save(update_fields=["withdrawn_at"])
    live.cut(str(membership.user.ref))


def _end(membership: Membership, actor: Actor, *, reason: str) -> None:
    _close(membership)
    _record(membership, "rôle retiré", actor, _dates(membership), reason=reason)


def check_dates(starts_on: date, ends_on: date | None) -> None:
    """Raise when these days make no sense."""
    if ends_on and ends_on < starts_on:
        raise RefusedError({"ends_on": "La fin ne peut pas précéder le début."})
    if ends_on and ends_on < timezone.localdate() - timedelta(days=1):
        raise RefusedError({"ends_on": "Cette date est passée : pour finir, retirez le rôle."})
    if max(starts_on, ends_on or starts_on) > LAST_DAY:
        raise RefusedError({"ends_on": "Cette date est trop loin : laissez-la plutôt vide."})


def _dates(membership: Membership) -> dict[str, Any]:
    return {
        "du": membership.starts_on.isoformat(),
        "au": membership.ends_on.isoformat() if membership.ends_on else "",
    }


def _tell(kind: type[Notification], membership: Membership, actor: Actor, reason: str = "") -> None:
    """Write to the person whose role it is, unless they did it themselves."""
    user = membership.user
    if actor.ref == str(user.ref):
        return
    scope = Scope.of(membership)
    outbox.notify(
        kind,
        to=user,
        about=f"role:{membership.pk}",
        context={
            "role": membership.get_role_display(),
            "place": str(scope),
            "address": scope.address,
            "starts_on": membership.starts_on.isoformat(),
            "ends_on": membership.ends_on.isoformat() if membership.ends_on else "",
            "reason": reason,
        },
        dated=timezone.localdate(),
    )


def _record(
    membership: Membership,
    verb: str,
    actor: Actor,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Two entries: one in the history of the team, one in the person's. Names stay out of them."""
    scope = Scope.of(membership)
    role = membership.get_role_display()
    who = {"personne": membership.user.subject, "rôle": role}
    where = {"rôle": role, "où": str(scope)}
    for subject, what in ((scope.subject, who), (membership.user.subject, where)):
        journal.record(
            subject=subject,
            verb=verb,
            actor=actor,
            before=None if before is None else what | before,
            after=None if after is None else what | after,
            reason=reason,
        )
    topics: Iterable[str] = (membership.user.subject, scope.within.subject if scope.within else "")
    for topic in filter(None, topics):
        live.publish(topic, {"kind": "equipe"})
