"""A closed call, its volunteers and a composition, for the tests of a decision."""

from dataclasses import dataclass, field

from fabriques.intake.enums import Place
from fabriques.intake.models import Call, Composition, Placement, Volunteer
from fabriques.kit.journal import Actor
from fabriques.people.models import Organisation, User
from tests.factories import make_organisation, make_user
from tests.intake.factories import (
    make_call,
    make_composition,
    make_steward,
    make_volunteer,
    today,
)

ACTOR = Actor("essai")
NAMES = ("Aubry", "Berre", "Calais", "Dole", "Évry", "Foix", "Gap")


@dataclass
class World:
    """By default four in the cohort, two in reserve, one not retained."""

    call: Call
    composition: Composition
    steward: User
    volunteers: dict[str, Volunteer] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Volunteer:
        """The declaration of the territory of this name, as it is now."""
        return Volunteer.objects.select_related("territory", "participation", "call").get(
            pk=self.volunteers[name].pk
        )

    def fresh(self) -> Call:
        return Call.objects.get(pk=self.call.pk)

    def fresh_composition(self) -> Composition:
        return Composition.objects.select_related("call").get(pk=self.composition.pk)


def make_world(members: int = 4, reserve: int = 2, **fields: object) -> World:
    """Volunteers named after `NAMES`: the first are members, the next in reserve, in that order."""
    if not Organisation.objects.filter(slug="anct").exists():
        make_organisation(slug="anct", name="Agence nationale de la cohésion des territoires")
    call = make_call(**{"opens_on": today(-40), "closes_on": today(-1)} | fields)
    world = World(call, make_composition(call), make_steward())
    for position, name in enumerate(NAMES):
        volunteer = make_volunteer(
            call,
            author=make_user(f"Auteur de {name}", email=f"auteur@{position}.test"),
            elected_email=f"maire@{position}.test",
            officer_email=f"dgs@{position}.test",
        )
        volunteer.territory.name = name
        volunteer.territory.save()
        world.volunteers[name] = volunteer
        rank = position - members + 1
        if position < members:
            place(world.composition, volunteer, Place.MEMBER)
        elif rank <= reserve:
            place(world.composition, volunteer, Place.RESERVE, rank)
    return world


def place(
    composition: Composition, volunteer: Volunteer, where: Place, rank: int | None = None
) -> None:
    Placement.objects.update_or_create(
        composition=composition, volunteer=volunteer, defaults={"place": where, "rank": rank}
    )
