"""What the programme tells the floors below: what it holds of a person, what awaits them, what an
erasure or a merge does to roles."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from fabriques.kit.awaiting import Task
from fabriques.kit.journal import Actor
from fabriques.people.models import Organisation, User
from fabriques.people.personal.erasure import ERASED_DOMAIN
from fabriques.people.queries import addresses_of
from fabriques.people.signin.second_factor import second_factor_missing
from fabriques.people.stewardship import Moved
from fabriques.programme.abilities import standing
from fabriques.programme.domain.invitations import offered
from fabriques.programme.domain.memberships import end_all_roles, move_all_roles, to_move
from fabriques.programme.enums import MemberRole
from fabriques.programme.models import Fabrique, Invitation, Membership, Partnership, Result
from fabriques.programme.purposes import INVITATIONS_KEPT
from fabriques.programme.queries.memberships import (
    acceptable,
    all_memberships,
    not_ended,
    waiting_for,
    with_places,
)
from fabriques.programme.scopes import Scope

# --- What awaits a person ---------------------------------------------------------------------


def invitations_waiting(user: User) -> list[Task]:
    return [
        Task(
            title=f"Invitation : {', '.join(offered(invitation))}",
            detail=f"{Scope.of(invitation)}. Rien n’est donné tant que vous n’acceptez pas.",
            address=reverse("invitation-mine", args=[invitation.pk]),
            act="Voir l’invitation",
            urgent=True,
        )
        for invitation in waiting_for(user)
    ]


def must_have_second_factor(user: User) -> bool:
    """Whether this person holds, or will hold, the national role."""
    return Membership.objects.filter(not_ended(), user=user, role=MemberRole.STEWARD).exists()


def expected_accounts() -> set[int]:
    """Accounts that hold a role: somebody is awaited there, even if they have not come in yet."""
    return set(Membership.objects.filter(not_ended()).values_list("user", flat=True))


def second_factor_wanted(user: User) -> list[Task]:
    """A steward without a second factor has no national right until there is one."""
    if not second_factor_missing(user) or not must_have_second_factor(user):
        return []
    return [
        Task(
            title="Protégez votre compte avant de piloter",
            detail="Le rôle national demande un second facteur : application ou clé d’accès.",
            address=reverse("mfa_index"),
            act="Protéger mon compte",
            urgent=True,
        )
    ]


def elected_missing(user: User) -> list[Task]:
    """Territories that this person looks after and that have no elected official."""
    mine = {
        m.participation_id: Scope.of(m)
        for m in standing(user).memberships
        if m.role == MemberRole.OFFICER and m.participation_id
    }
    if not mine:
        return []
    answered = set(
        Membership.objects.filter(
            not_ended(), role=MemberRole.ELECTED, participation__in=mine
        ).values_list("participation", flat=True)
    ) | set(
        Invitation.objects.filter(
            acceptable(), role=MemberRole.ELECTED, participation__in=mine
        ).values_list("participation", flat=True)
    )
    return [
        Task(
            title="Invitez l’élu·e référent·e",
            detail=f"Personne ne porte encore la démarche pour {scope}.",
            address=f"{reverse('space-participation-invite', args=[pk])}?role={MemberRole.ELECTED}",
            act="Inviter",
        )
        for pk, scope in mine.items()
        if pk not in answered
    ]


# --- What is held of a person -----------------------------------------------------------------


def exported_roles(user: User) -> list[dict[str, Any]]:
    return [
        {
            "rôle": membership.get_role_display(),
            "où": str(Scope.of(membership)),
            "du": membership.starts_on,
            "au": membership.ends_on,
            "retiré le": membership.withdrawn_at,
            "donné par": membership.given_by,
        }
        for membership in all_memberships(user)
    ]


def exported_invitations(user: User) -> list[dict[str, Any]]:
    mine = addresses_of(user)
    rows = with_places(Invitation.objects.filter(Q(email__in=mine) | Q(invited_by=user))).order_by(
        "created_at", "pk"
    )
    return [
        {
            "rôle": invitation.get_role_display(),
            "où": str(Scope.of(invitation)),
            "reçue ou envoyée": "reçue" if invitation.email in mine else "envoyée",
            "le": invitation.created_at,
            "acceptée le": invitation.accepted_at,
            "annulée le": invitation.cancelled_at,
        }
        for invitation in rows
    ]


def erase_roles(user: User, actor: Actor) -> None:
    """Invitations keep their count and lose the address; roles end."""
    addresses = addresses_of(user) | {user.email}
    forget_addresses_in(Invitation.objects.filter(email__in=addresses))
    end_all_roles(user, actor)


def forget_addresses_in(invitations: QuerySet[Invitation]) -> None:
    """Empty the addresses of these invitations; those still open are cancelled."""
    now = timezone.now()
    for invitation in invitations.order_by("pk"):
        invitation.email = f"invitation-{invitation.pk}@{ERASED_DOMAIN}"
        if not invitation.accepted_at and not invitation.cancelled_at:
            invitation.cancelled_at = now
        invitation.save(update_fields=["email", "cancelled_at"])


# --- Merges -----------------------------------------------------------------------------------


def move_roles(kept: User, gone: User, actor: Actor | None) -> Moved:
    """Roles that the kept account does not hold yet move; the others end. So do invitations."""
    moving = len(to_move(kept, gone))
    left = Membership.objects.filter(not_ended(), user=gone).count() - moving
    if actor:
        Invitation.objects.filter(invited_by=gone).update(invited_by=kept)
        Invitation.objects.filter(handed_over_by=gone).update(handed_over_by=kept)
        move_all_roles(kept, gone, actor)
    return Moved("rôles", moving, left)


def keep_facts(organisation: Organisation) -> str:
    """Organisations that the file of facts names come back at each loading: they cannot go."""
    named = (
        Fabrique.objects.filter(initiator=organisation).exists()
        or Partnership.objects.filter(organisation=organisation).exists()
        or Result.objects.filter(publisher=organisation).exists()
    )
    if not named:
        return ""
    return (
        f"« {organisation.name} » est nommée dans l’histoire des fabriques : "
        "gardez cette fiche-là, et fusionnez l’autre dans celle-ci."
    )


# --- Retention --------------------------------------------------------------------------------


def forget_invitations(now: datetime, dry_run: bool) -> list[str]:
    """Addresses of invitations that ended long ago are emptied."""
    limit = now - INVITATIONS_KEPT
    rows = Invitation.objects.filter(
        Q(accepted_at__lt=limit) | Q(cancelled_at__lt=limit) | Q(expires_at__lt=limit)
    ).exclude(email__endswith=f"@{ERASED_DOMAIN}")
    count = rows.count()
    if count and not dry_run:
        forget_addresses_in(rows)
    return [f"{count} invitation(s) finie(s) : adresse oubliée."] if count else []
