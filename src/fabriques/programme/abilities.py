"""All that a person may do, in one place: pages, exports, tests and the table of rights read this.

Rights follow from *relations*: what a person is to an object (steward of the programme, contractor
of this fabrique, elected official of this territory, of another territory of the same fabrique…).
Each object has one frozen dataclass of abilities, computed from relations alone, so that the table
of rights can be drawn from the very functions that decide.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from django.contrib.auth.models import AnonymousUser

from fabriques.kit.journal import Actor
from fabriques.people.actors import actor_of
from fabriques.people.models import User
from fabriques.people.signin.second_factor import second_factor_missing
from fabriques.programme.enums import MemberRole
from fabriques.programme.models import Fabrique, Membership, Participation
from fabriques.programme.queries.memberships import open_memberships
from fabriques.programme.scopes import Scope

AnyUser = User | AnonymousUser


class Relation(StrEnum):
    """What a person may be to an object, in the order of the table of rights."""

    STEWARD = "Équipe nationale de l’ANCT"
    EDITOR = "Publication"
    PROVIDER = "Prestataire de la fabrique"
    PARTNER = "Partenaire de la fabrique"
    ELECTED = "Élu·e référent·e"
    OFFICER = "Technicien·ne référent·e"
    MEMBER = "Membre du groupe local"
    NEIGHBOUR = "Autre territoire de la fabrique"
    SIGNED_IN = "Connecté, sans rôle ici"


Relations = frozenset[Relation]
_TEAM = frozenset(
    {
        Relation.STEWARD,
        Relation.PROVIDER,
        Relation.PARTNER,
        Relation.ELECTED,
        Relation.OFFICER,
        Relation.MEMBER,
        Relation.NEIGHBOUR,
    }
)
_HOLDERS = frozenset({Relation.ELECTED, Relation.OFFICER, Relation.MEMBER})
_REFERENTS = frozenset({Relation.ELECTED, Relation.OFFICER})
_RUNNERS = frozenset({Relation.STEWARD, Relation.PROVIDER})


def _can(label: str) -> Any:
    """A field that says, in the words of the table of rights, what it allows."""
    return field(default=False, metadata={"label": label})


@dataclass(frozen=True)
class SiteAbilities:
    """Over the whole programme."""

    TITLE = "L’ensemble du programme"

    see_every_fabrique: bool = _can("Entrer dans l’espace de toutes les fabriques")
    give_site_roles: bool = _can("Donner et retirer les rôles nationaux")
    manage_people: bool = _can(
        "Voir, fermer, fusionner et effacer les comptes ; rattacher une personne à une organisation"
    )
    manage_organisations: bool = _can("Modifier et fusionner les organisations")
    read_journal: bool = _can("Lire et exporter le journal de tous les changements")
    release_mails: bool = _can("Relire les envois de courriels et les faire partir")

    @classmethod
    def of(cls, relations: Relations) -> SiteAbilities:
        steward = Relation.STEWARD in relations
        return cls(*(steward for _ in fields(cls)))


@dataclass(frozen=True)
class FabriqueAbilities:
    """Over one fabrique."""

    TITLE = "Une fabrique"

    open: bool = _can("Entrer dans l’espace de la fabrique")
    see_people: bool = _can("Voir qui tient quel rôle dans chaque territoire")
    see_addresses: bool = _can("Voir toutes les adresses électroniques")
    give_roles: bool = _can("Inviter des prestataires et des partenaires, retirer leur rôle")
    read_history: bool = _can("Lire l’historique de l’équipe")

    @classmethod
    def of(cls, relations: Relations) -> FabriqueAbilities:
        return cls(
            open=bool(relations & _TEAM),
            see_people=bool(relations & _TEAM),
            see_addresses=bool(relations & _RUNNERS),
            give_roles=Relation.STEWARD in relations,
            read_history=bool(relations & (_RUNNERS | _REFERENTS)),
        )


@dataclass(frozen=True)
class ParticipationAbilities:
    """Over a territory's part in a fabrique."""

    TITLE = "Un territoire dans une fabrique"

    open: bool = _can("Entrer dans l’espace du territoire")
    see_people: bool = _can("Voir qui tient quel rôle")
    see_addresses: bool = _can("Voir les adresses électroniques")
    give_elected: bool = _can("Donner le rôle d’élu·e référent·e")
    withdraw_elected: bool = _can("Retirer le rôle d’élu·e référent·e, en changer les dates")
    give_officer: bool = _can("Donner et retirer le rôle de technicien·ne référent·e")
    give_member: bool = _can("Donner et retirer le rôle de membre du groupe local")
    hand_over: bool = _can("Transmettre d’un seul geste tout ce qu’on y tient")
    hand_over_for_others: bool = _can("Transmettre à la place d’une personne partie")
    read_history: bool = _can("Lire l’historique de l’équipe")

    @classmethod
    def of(cls, relations: Relations) -> ParticipationAbilities:
        steward = Relation.STEWARD in relations
        referent = bool(relations & _REFERENTS)
        running = bool(relations & _RUNNERS)
        return cls(
            open=bool(relations & (_TEAM - {Relation.NEIGHBOUR})),
            see_people=bool(relations & _TEAM),
            see_addresses=running or bool(relations & _HOLDERS),
            give_elected=steward or referent,
            withdraw_elected=steward or Relation.ELECTED in relations,
            give_officer=steward or referent,
            give_member=running or referent,
            hand_over=bool(relations & _HOLDERS),
            hand_over_for_others=steward or Relation.ELECTED in relations,
            read_history=running or referent,
        )

    def may_give(self, role: MemberRole) -> bool:
        return {
            MemberRole.ELECTED: self.give_elected,
            MemberRole.OFFICER: self.give_officer,
            MemberRole.MEMBER: self.give_member,
        }.get(role, False)


_SITE = {MemberRole.STEWARD: Relation.STEWARD, MemberRole.EDITOR: Relation.EDITOR}
_FABRIQUE = {MemberRole.PROVIDER: Relation.PROVIDER, MemberRole.PARTNER: Relation.PARTNER}
_PARTICIPATION = {
    MemberRole.ELECTED: Relation.ELECTED,
    MemberRole.OFFICER: Relation.OFFICER,
    MemberRole.MEMBER: Relation.MEMBER,
}


@dataclass(frozen=True)
class Standing:
    """Every role that a person holds today, read once a request."""

    memberships: tuple[Membership, ...] = ()
    signed_in: bool = True

    def over_site(self) -> Relations:
        found = {_SITE[MemberRole(m.role)] for m in self.memberships if m.scope == "site"}
        return self._with(found)

    def over_fabrique(self, fabrique: Fabrique) -> Relations:
        found = {
            _FABRIQUE[MemberRole(m.role)]
            for m in self.memberships
            if m.fabrique_id == fabrique.pk and m.fabrique_id
        } | {
            _PARTICIPATION[MemberRole(m.role)]
            for m in self.memberships
            if m.participation and m.participation.fabrique_id == fabrique.pk
        }
        return self._with(found | self.over_site())

    def over_participation(self, participation: Participation) -> Relations:
        found: set[Relation] = set()
        for held in self.memberships:
            if held.participation_id == participation.pk:
                found.add(_PARTICIPATION[MemberRole(held.role)])
            elif held.fabrique_id == participation.fabrique_id and held.fabrique_id:
                found.add(_FABRIQUE[MemberRole(held.role)])
            elif held.participation and held.participation.fabrique_id == participation.fabrique_id:
                found.add(Relation.NEIGHBOUR)
        return self._with(found | self.over_site())

    def _with(self, found: set[Relation] | Relations) -> Relations:
        return frozenset(found) | ({Relation.SIGNED_IN} if self.signed_in else set())


def standing(user: AnyUser) -> Standing:
    """The roles that count today. A steward without the second factor that is asked has none."""
    if not isinstance(user, User):
        return Standing(signed_in=False)
    known = getattr(user, "_standing", None)
    if known is None:
        open_now = list(open_memberships(user))
        if any(m.role == MemberRole.STEWARD for m in open_now) and second_factor_missing(user):
            open_now = [m for m in open_now if m.role != MemberRole.STEWARD]
        known = user._standing = Standing(tuple(open_now))  # type: ignore[attr-defined]
    return known


def site_abilities(user: AnyUser) -> SiteAbilities:
    return SiteAbilities.of(standing(user).over_site())


def fabrique_abilities(user: AnyUser, fabrique: Fabrique) -> FabriqueAbilities:
    return FabriqueAbilities.of(standing(user).over_fabrique(fabrique))


def participation_abilities(user: AnyUser, participation: Participation) -> ParticipationAbilities:
    return ParticipationAbilities.of(standing(user).over_participation(participation))


def may_give(user: AnyUser, scope: Scope, role: MemberRole) -> bool:
    """Whether this person may give this role there."""
    if role not in scope.roles:
        return False
    if scope.participation:
        return participation_abilities(user, scope.participation).may_give(role)
    if scope.fabrique:
        return fabrique_abilities(user, scope.fabrique).give_roles
    return site_abilities(user).give_site_roles


def may_withdraw(user: AnyUser, membership: Membership) -> bool:
    """Whether this person may take this role away from whoever holds it."""
    if membership.participation and membership.role == MemberRole.ELECTED:
        return participation_abilities(user, membership.participation).withdraw_elected
    return may_give(user, Scope.of(membership), MemberRole(membership.role))


def may_end(user: AnyUser, membership: Membership) -> bool:
    """Whether they may end it: to take it away, or to leave one of their own."""
    return membership.user_id == user.pk or may_withdraw(user, membership)


def may_change_dates(user: AnyUser, membership: Membership) -> bool:
    """Nobody but a steward makes a role of their own last longer than it was given for."""
    own = membership.user_id == user.pk
    return may_withdraw(user, membership) and (not own or site_abilities(user).give_site_roles)


def may_read_history(user: AnyUser, scope: Scope) -> bool:
    """Whether this person may read what changed in a team, with its reasons."""
    if scope.participation:
        return participation_abilities(user, scope.participation).read_history
    if scope.fabrique:
        return fabrique_abilities(user, scope.fabrique).read_history
    return site_abilities(user).read_journal


def givable(user: AnyUser, scope: Scope) -> list[MemberRole]:
    """The roles that this person may give there, in the order in which pages show them."""
    return [role for role in scope.roles if may_give(user, scope, role)]


def acting(user: User, scope: Scope | None = None) -> Actor:
    """The person as the journal names them, with what they act as: their first role there."""
    relations = standing(user).over_site()
    if scope and scope.participation:
        relations = standing(user).over_participation(scope.participation)
    elif scope and scope.fabrique:
        relations = standing(user).over_fabrique(scope.fabrique)
    return actor_of(user, next(str(r) for r in Relation if r in relations))
