"""Made-up persons for demonstrations: one of each role, on real fabriques and territories."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from fabriques.kit.journal import Actor
from fabriques.people.models import Organisation, User
from fabriques.programme.domain import give_role
from fabriques.programme.enums import MemberRole
from fabriques.programme.models import Fabrique, Participation
from fabriques.programme.scopes import Scope

HOST = "demonstration.invalid"
DEMONSTRATION = Actor("la démonstration")


@dataclass(frozen=True)
class Persona:
    """Who one enters as. `territory` is the SIREN of a member of the fabrique."""

    key: str
    name: str
    job: str
    role: MemberRole | None
    fabrique: str = ""
    territory: str = ""
    organisation: str = ""

    @property
    def email(self) -> str:
        return f"{self.key}@{HOST}"


PERSONAS = (
    Persona("claire", "Claire Fontaine", "cheffe de projet", MemberRole.STEWARD, "", "", "anct"),
    Persona("idris", "Idris Lefèvre", "chargé de mission", MemberRole.STEWARD, "", "", "anct"),
    Persona("camille", "Camille Roux", "chargée de publication", MemberRole.EDITOR, "", "", "anct"),
    Persona("hugo", "Hugo Marchal", "consultant en prospective", MemberRole.PROVIDER, "fabp-19"),
    Persona("nadia", "Nadia Benali", "chargée d’études", MemberRole.PARTNER, "fabp-19", "", "ofb"),
    Persona(
        "josiane",
        "Josiane Petit",
        "vice-présidente à la transition",
        MemberRole.ELECTED,
        "fabp-19",
        "243400694",
    ),
    Persona(
        "thomas",
        "Thomas Le Goff",
        "directeur du développement",
        MemberRole.OFFICER,
        "fabp-19",
        "243400694",
    ),
    Persona("aminata", "Aminata Diallo", "habitante", MemberRole.MEMBER, "fabp-19", "243400694"),
    Persona(
        "marie-line",
        "Marie-Line Élisabeth",
        "directrice de l’aménagement",
        MemberRole.OFFICER,
        "fabp-19",
        "249740119",
    ),
    Persona("sofia", "Sofia Amrani", "chargée de mission", None, "", "", "rfvaa"),
    Persona("lea", "Léa Morin", "", None),
)


@transaction.atomic
def install() -> list[User]:
    """Create the persons that are missing; those there keep what a demonstration did to them.

    A fabrique or a territory that the data does not hold leaves its persons without a role.
    """
    made = []
    for persona in PERSONAS:
        if User.objects.filter(email=persona.email).exists():
            continue
        user = User.objects.create_user(
            persona.email,
            name=persona.name,
            job=persona.job,
            confirmed_at=timezone.now(),
            organisation=Organisation.objects.filter(slug=persona.organisation).first(),
        )
        made.append(user)
        scope = _scope(persona)
        if persona.role is None or scope is None:
            continue
        give_role(user=user, role=persona.role, scope=scope, actor=DEMONSTRATION)
    return made


def _scope(persona: Persona) -> Scope | None:
    if persona.territory:
        participation = (
            Participation.objects.select_related("fabrique", "territory")
            .filter(fabrique__code=persona.fabrique, territory__siren=persona.territory)
            .first()
        )
        return Scope(participation=participation) if participation else None
    if persona.fabrique:
        fabrique = Fabrique.objects.filter(code=persona.fabrique).first()
        return Scope(fabrique=fabrique) if fabrique else None
    return Scope()
