"""All that a person may do with themes, calls and declarations, in one place.

As in `programme.abilities`: a person is something to an object (its relations), and one frozen
dataclass for each object says what that allows. The table of rights asks the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from django.http import Http404

from fabriques.intake.enums import ThemeState, VolunteerState
from fabriques.intake.models import Call, Theme, Volunteer
from fabriques.intake.queries import access
from fabriques.intake.queries.access import is_steward
from fabriques.kit.journal import Actor
from fabriques.people.actors import actor_of
from fabriques.people.models import User
from fabriques.programme.abilities import AnyUser


class Relation(StrEnum):
    """What a person may be to a call or a declaration, in the order of the table of rights."""

    STEWARD = "Équipe nationale de l’ANCT"
    REVIEWER = "Partenaire de l’appel"
    AUTHOR = "Auteur·rice de la déclaration"
    CONFLICTED = "Lien d’intérêt déclaré"
    SIGNED_IN = "Connecté, sans rôle ici"


Relations = frozenset[Relation]


def _can(label: str) -> Any:
    return field(default=False, metadata={"label": label})


@dataclass(frozen=True)
class ThemeAbilities:
    """Over a proposed theme."""

    TITLE = "Un thème proposé"

    open: bool = _can("Lire la proposition et ses soutiens")
    support: bool = _can("Soutenir, retirer son soutien")
    edit: bool = _can("Modifier ou retirer la proposition tant qu’elle n’a pas de réponse")
    answer: bool = _can("Retenir ou non, en faire un appel")

    @classmethod
    def of(cls, relations: Relations) -> ThemeAbilities:
        signed_in = Relation.SIGNED_IN in relations
        steward = Relation.STEWARD in relations
        return cls(
            open=signed_in,
            support=signed_in and Relation.AUTHOR not in relations,  # theirs goes without saying
            edit=steward or Relation.AUTHOR in relations,
            answer=steward,
        )


@dataclass(frozen=True)
class CallAbilities:
    """Over a call."""

    TITLE = "Un appel à volontaires"

    open: bool = _can("Entrer dans l’espace de l’appel")
    edit: bool = _can("Préparer, publier, prolonger, annuler l’appel")
    invite: bool = _can("Inviter des territoires et les relancer")
    put_forward: bool = _can("Proposer un territoire au nom d’un partenaire")
    see_pool: bool = _can("Voir les déclarations déposées (celles de sa portée)")
    give_opinion: bool = _can("Donner un avis motivé au nom d’un partenaire")
    see_opinions: bool = _can("Lire les avis de tous les partenaires")
    declare_conflict: bool = _can("Déclarer un lien d’intérêt avec un territoire")
    compose: bool = _can("Composer la cohorte")
    decide: bool = _can("Arrêter la décision, relire et faire partir les lettres")
    read_history: bool = _can("Lire l’historique de l’appel")

    @classmethod
    def of(cls, relations: Relations) -> CallAbilities:
        steward = Relation.STEWARD in relations
        reviewer = Relation.REVIEWER in relations
        clear = steward and Relation.CONFLICTED not in relations
        return cls(
            open=steward or reviewer,
            edit=steward,
            invite=steward,
            put_forward=reviewer,
            see_pool=steward or reviewer,
            give_opinion=reviewer,
            see_opinions=steward,
            declare_conflict=steward or reviewer,
            compose=clear,
            decide=clear,
            read_history=clear,
        )


@dataclass(frozen=True)
class VolunteerAbilities:
    """Over one declaration."""

    TITLE = "Une déclaration de volontariat"

    open: bool = _can("Lire la déclaration et la lettre de cadrage")
    write: bool = _can("Écrire, déposer, inviter d’autres personnes à écrire")
    admit: bool = _can("Accepter ou non qui demande à l’écrire avec ses auteurs")
    withdraw: bool = _can("Retirer la déclaration")
    see_contacts: bool = _can("Voir les adresses de l’élu·e et du ou de la technicien·ne")
    see_outcome: bool = _can("Voir la décision annoncée et son motif")
    see_pending: bool = _can("Voir la décision avant son annonce")
    read_history: bool = _can("Lire l’historique de la déclaration")

    @classmethod
    def of(cls, relations: Relations) -> VolunteerAbilities:
        author = Relation.AUTHOR in relations
        clear = Relation.CONFLICTED not in relations
        steward = clear and Relation.STEWARD in relations
        reviewer = clear and Relation.REVIEWER in relations
        return cls(
            open=author or steward or reviewer,
            write=author,
            admit=author or steward,
            withdraw=author or steward,
            see_contacts=author or steward,
            see_outcome=author or steward,
            see_pending=steward,
            read_history=author or steward,
        )


# Each with the relations that exist over it, in the order of its columns.
OBJECTS: dict[type, tuple[Relation, ...]] = {
    ThemeAbilities: (Relation.STEWARD, Relation.AUTHOR, Relation.SIGNED_IN),
    CallAbilities: (Relation.STEWARD, Relation.REVIEWER, Relation.SIGNED_IN),
    VolunteerAbilities: (
        Relation.STEWARD,
        Relation.REVIEWER,
        Relation.AUTHOR,
        Relation.SIGNED_IN,
    ),
}


def _site(user: AnyUser) -> set[Relation]:
    """What the person is over the whole programme."""
    found = set()
    if isinstance(user, User):
        found.add(Relation.SIGNED_IN)
        if is_steward(user):
            found.add(Relation.STEWARD)
    return found


def theme_abilities(user: AnyUser, theme: Theme) -> ThemeAbilities:
    """An answered or withdrawn proposal is no longer edited; a withdrawn one no longer backed."""
    relations = _site(user)
    if isinstance(user, User) and theme.author_id == user.pk:
        relations.add(Relation.AUTHOR)
    can = ThemeAbilities.of(frozenset(relations))
    if theme.state != ThemeState.PROPOSED:
        can = replace(can, edit=False, support=False)
    return can


def call_abilities(user: AnyUser, call: Call) -> CallAbilities:
    """A partner does only what the call lets it; who declared a conflict does not compose."""
    if not isinstance(user, User):
        return CallAbilities()
    relations = _site(user)
    reviewing = access.reviewing(user, call)
    if reviewing:
        relations.add(Relation.REVIEWER)
    if access.has_conflict(user, call):
        relations.add(Relation.CONFLICTED)
    can = CallAbilities.of(frozenset(relations))
    return replace(
        can,
        put_forward=can.put_forward and any(p.puts_forward for p in reviewing),
        give_opinion=can.give_opinion and any(p.gives_opinion for p in reviewing),
    )


def volunteer_abilities(user: AnyUser, volunteer: Volunteer) -> VolunteerAbilities:
    """Drafts are for their authors alone; partners see what is submitted and within reach."""
    if not isinstance(user, User):
        return VolunteerAbilities()
    relations = {Relation.SIGNED_IN}
    if access.writes(user, volunteer):
        relations.add(Relation.AUTHOR)
    if volunteer.territory_id in access.concealed_territories(user, volunteer.call):
        relations.add(Relation.CONFLICTED)
    if volunteer.number is not None:  # submitted once: what stays a draft is nobody else's
        relations |= _site(user)
        if volunteer.state == VolunteerState.SUBMITTED and access.within_reach(user, volunteer):
            relations.add(Relation.REVIEWER)
    return VolunteerAbilities.of(frozenset(relations))


def acting(user: User, call: Call | None = None, *, author: bool = False) -> Actor:
    """The person as the journal names them, with what they act as."""
    if author:
        return actor_of(user, str(Relation.AUTHOR))
    if is_steward(user):
        return actor_of(user, str(Relation.STEWARD))
    reviewing = access.reviewing(user, call) if call else []
    if reviewing:
        return actor_of(user, f"{Relation.REVIEWER} ({reviewing[0].organisation})")
    return actor_of(user)


def require(allowed: bool) -> None:
    """404 for what one may not do: as if it did not exist."""
    if not allowed:
        raise Http404
