"""Roles: given, changed, withdrawn, handed over."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from fabriques.kit import journal, live, outbox
from fabriques.kit.journal import Actor
from fabriques.people.models import User
from fabriques.programme.abilities import is_open
from fabriques.programme.enums import MemberRole
from fabriques.programme.models import Membership, Participation
from fabriques.programme.notifications import HandedOver, RoleGiven, RoleWithdrawn
from fabriques.programme.scopes import Scope


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
    if not user.is_active:
        raise RefusedError("Ce compte est fermé : rouvrez-le avant de lui donner un rôle.")
    _check_dates(starts_on, ends_on)
    held = _held(user, role, scope)
    if held and (held.ends_on is None or held.ends_on >= timezone.localdate()):
        raise RefusedError(f"{user} tient déjà ce rôle : {role.label}, {scope}.")
    if held:  # a role that ended by itself leaves the place to the new one
        held.withdrawn_at = timezone.now()
        held.save(update_fields=["withdrawn_at"])
    membership = Membership.objects.create(
        user=user,
        role=role,
        fabrique=scope.fabrique,
        participation=scope.participation,
        scope=scope.key,
        starts_on=starts_on,
        ends_on=ends_on,
        given_by=given_by or actor.standing,
    )
    outbox.notify(
        RoleGiven,
        to=user,
        about=f"role:{membership.pk}",
        context=_words(membership, scope),
        dated=timezone.localdate(),
    )
    dates = {name: day for name, day in _dates(membership).items() if day}
    if starts_on == timezone.localdate():
        del dates["du"]  # the day of the entry itself
    _record(membership, scope, "rôle donné", actor, after=dates, reason=reason)
    return membership


@transaction.atomic
def change_dates(
    *, membership: Membership, starts_on: date, ends_on: date | None, actor: Actor, reason: str = ""
) -> Membership:
    """Move the dates of a role. The last steward's may not end."""
    membership = _locked(membership)
    _check_dates(starts_on, ends_on)
    before = _dates(membership)
    membership.starts_on, membership.ends_on = starts_on, ends_on
    after = _dates(membership)
    if before == after:
        return membership
    if ends_on or starts_on > timezone.localdate():
        refuse_last_steward(membership)
    membership.save(update_fields=["starts_on", "ends_on"])
    if not is_open(membership):
        live.cut(str(membership.user.ref))
    _record(membership, Scope.of(membership), "dates du rôle", actor, before, after, reason=reason)
    return membership


@transaction.atomic
def withdraw_role(*, membership: Membership, actor: Actor, reason: str = "") -> Membership:
    """End a role now: rights stop at once, live streams included.

    Raises `RefusedError` for the last steward, or when somebody has just done it.
    """
    membership = _locked(membership)
    refuse_last_steward(membership)
    _end(membership, actor, reason=reason)
    scope = Scope.of(membership)
    outbox.notify(
        RoleWithdrawn,
        to=membership.user,
        about=f"role:{membership.pk}",
        context=_words(membership, scope) | {"reason": reason},
        dated=timezone.localdate(),
    )
    return membership


@transaction.atomic
def hand_over(
    *, participation: Participation, giver: User, receiver: User, actor: Actor, reason: str = ""
) -> list[Membership]:
    """Pass on, in one act, every role that `giver` holds in the participation.

    What `receiver` already holds stays as it is. End dates pass on. Raises `RefusedError` when
    there is nothing to pass on, the receiver is the giver or their account is closed.
    """
    if giver.pk == receiver.pk:
        raise RefusedError("On ne se passe pas le relais à soi-même : indiquez quelqu’un d’autre.")
    if not receiver.is_active:
        raise RefusedError("Le compte de cette personne est fermé.")
    scope = Scope(participation=participation)
    # Both at once, in one order: two people who hand over to each other cannot deadlock.
    locked = (
        Membership.objects.select_for_update()
        .filter(user__in=[giver, receiver], participation=participation, withdrawn_at=None)
        .order_by("pk")
    )
    held = [
        m
        for m in locked
        if m.user_id == giver.pk and (m.ends_on is None or m.ends_on >= timezone.localdate())
    ]
    if not held:
        raise RefusedError(f"{giver} ne tient plus aucun rôle ici : il n’y a rien à transmettre.")
    received = []
    for membership in held:
        _end(membership, actor, verb="rôle transmis", reason=reason, to=receiver)
        role = MemberRole(membership.role)
        current = _held(receiver, role, scope)
        if current and is_open(current):
            continue
        received.append(
            give_role(
                user=receiver,
                role=role,
                scope=scope,
                actor=actor,
                starts_on=max(membership.starts_on, timezone.localdate()),
                ends_on=membership.ends_on,
                reason=reason,
            )
        )
    outbox.notify(
        HandedOver,
        to=giver,
        about=f"{participation.subject}:{receiver.ref}",
        context={"receiver": str(receiver), "place": str(scope)},
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
    for membership in (
        Membership.objects.select_for_update().filter(user=user, withdrawn_at=None).order_by("pk")
    ):
        _end(membership, actor, reason="compte fermé")


def _stewards() -> QuerySet[Membership]:
    return (
        Membership.objects.select_for_update()
        .filter(role=MemberRole.STEWARD, withdrawn_at=None)
        .order_by("pk")
    )


def _other_stewards(user: User) -> bool:
    """Whether somebody else holds that role today, without an end, with an open account."""
    others = [
        m.user_id for m in _stewards() if m.user_id != user.pk and is_open(m) and m.ends_on is None
    ]
    return User.objects.filter(pk__in=others, is_active=True).exists()


def _locked(membership: Membership) -> Membership:
    """The row as it is now, locked; refused when somebody has withdrawn it meanwhile."""
    if membership.role == MemberRole.STEWARD:
        list(_stewards())  # all of them, always in one order: two who end at once cannot deadlock
    fresh = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("user", "fabrique", "participation__fabrique", "participation__territory")
        .get(pk=membership.pk)
    )
    if fresh.withdrawn_at:
        when = date_format(timezone.localtime(fresh.withdrawn_at), "j F Y à H:i")
        raise RefusedError(f"Ce rôle a déjà été retiré le {when}.")
    return fresh


def _held(user: User, role: MemberRole, scope: Scope) -> Membership | None:
    return (
        Membership.objects.select_for_update()
        .filter(user=user, role=role, scope=scope.key, withdrawn_at=None)
        .order_by("pk")
        .first()
    )


def _end(
    membership: Membership,
    actor: Actor,
    *,
    verb: str = "rôle retiré",
    reason: str = "",
    to: User | None = None,
) -> None:
    membership.withdrawn_at = timezone.now()
    membership.save(update_fields=["withdrawn_at"])
    live.cut(str(membership.user.ref))
    after = {"à": to.subject} if to else None
    _record(membership, Scope.of(membership), verb, actor, _dates(membership), after, reason)


def _check_dates(starts_on: date, ends_on: date | None) -> None:
    if ends_on and ends_on < starts_on:
        raise RefusedError({"ends_on": "La fin ne peut pas précéder le début."})
    if ends_on and ends_on < timezone.localdate() - timedelta(days=1):
        raise RefusedError(
            {"ends_on": "Cette date est passée : pour finir maintenant, retirez le rôle."}
        )


def _dates(membership: Membership) -> dict[str, Any]:
    return {
        "du": membership.starts_on.isoformat(),
        "au": membership.ends_on.isoformat() if membership.ends_on else "",
    }


def _words(membership: Membership, scope: Scope) -> dict[str, Any]:
    return {
        "role": membership.get_role_display(),
        "place": str(scope),
        "address": scope.address,
        "ends_on": membership.ends_on.isoformat() if membership.ends_on else "",
    }


def _record(
    membership: Membership,
    scope: Scope,
    verb: str,
    actor: Actor,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Two entries: one in the history of the team, one in the person's. Names stay out of them."""
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
    for topic in (membership.user.subject, scope.within.subject if scope.within else ""):
        if topic:
            live.publish(topic, {"kind": "equipe"})
