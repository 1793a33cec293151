"""How far a role reaches: the whole programme, a fabrique, or a territory in a fabrique."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from fabriques.programme.enums import (
    FABRIQUE_ROLES,
    PARTICIPATION_ROLES,
    SITE_ROLES,
    MemberRole,
)
from fabriques.programme.models import Fabrique, Invitation, Membership, Participation


@dataclass(frozen=True)
class Scope:
    """At most one of the two is given; neither means the whole programme."""

    fabrique: Fabrique | None = None
    participation: Participation | None = None

    @classmethod
    def of(cls, held: Membership | Invitation) -> Scope:
        return cls(fabrique=held.fabrique, participation=held.participation)

    @property
    def key(self) -> str:
        """Stored beside the two references, so that one constraint covers the three reaches."""
        if self.participation:
            return self.participation.subject
        return self.fabrique.subject if self.fabrique else "site"

    @property
    def subject(self) -> str:
        """Its name in the journal: the team, apart from the facts that the public page shows."""
        if self.participation:
            return self.participation.subject
        return f"equipe:{self.fabrique.code}" if self.fabrique else "equipe:site"

    @property
    def roles(self) -> tuple[MemberRole, ...]:
        """The roles that can be held there."""
        if self.participation:
            return PARTICIPATION_ROLES
        return FABRIQUE_ROLES if self.fabrique else SITE_ROLES

    @property
    def within(self) -> Fabrique | None:
        """The fabrique that it is, or that it belongs to."""
        return self.participation.fabrique if self.participation else self.fabrique

    def __str__(self) -> str:
        if self.participation:
            place = self.participation.territory.name
            if self.participation.focus:
                place = f"{place} ({self.participation.focus})"
            return f"{place}, dans «\u00a0{self.participation.fabrique}\u00a0»"
        return f"«\u00a0{self.fabrique}\u00a0»" if self.fabrique else "l’ensemble du programme"

    @property
    def address(self) -> str:
        if self.participation:
            return reverse("space-participation", args=[self.participation.pk])
        if self.fabrique:
            return reverse("space-fabrique", args=[self.fabrique.code])
        return reverse("space-team")
