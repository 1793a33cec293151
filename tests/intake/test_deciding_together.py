"""Several people decide at once: one does it, the others are told, and nobody waits for ever."""

from typing import Any

import pytest

from fabriques.intake.domain import deciding
from fabriques.intake.domain.composing import Act
from fabriques.intake.domain.composing import place as move
from fabriques.intake.domain.volunteering import withdraw_declaration
from fabriques.intake.enums import Outcome, Place, VolunteerState
from fabriques.kit import journal
from fabriques.kit.outbox.models import Mail
from fabriques.programme.models import Fabrique, Participation
from tests.intake.decisions import ACTOR, NAMES, World, make_world, place
from tests.intake.factories import make_composition
from tests.programme.test_together import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(settings: Any) -> World:
    settings.REQUIRE_SECOND_FACTOR = False
    return make_world()


def settle(world: World) -> None:
    fresh = world.fresh_composition()
    deciding.settle(composition=fresh, version=fresh.version, actor=ACTOR)


def test_two_compositions_settled_at_once_make_one_decision(world: World) -> None:
    other = make_composition(world.call, name="L’autre")
    for name in ("Dole", "Évry", "Foix", "Gap"):
        place(other, world[name], Place.MEMBER)
    found = together(
        lambda: settle(world),
        lambda: deciding.settle(composition=other, version=1, actor=ACTOR),
    )
    (refusal,) = [text for text in found if text]
    assert "Une décision est déjà arrêtée" in refusal
    retained = [name for name in NAMES if world[name].pending_outcome == Outcome.RETAINED]
    assert retained in (["Aubry", "Berre", "Calais", "Dole"], ["Dole", "Évry", "Foix", "Gap"])
    journal.verify()


def test_a_composition_does_not_change_under_its_decision(world: World) -> None:
    gap = world["Gap"]
    found = together(
        lambda: settle(world),
        lambda: move(
            composition=world.composition, version=1, volunteer=gap, act=Act.ADD, actor=ACTOR
        ),
    )
    assert sorted(bool(text) for text in found) == [False, True]
    placed = world.composition.placements.filter(volunteer=gap, place=Place.MEMBER).exists()
    assert placed == (world.fresh().settled_at is None)


def test_announced_twice_at_once_founds_one_fabrique(world: World) -> None:
    settle(world)
    deciding.compose_letters(call=world.call, actor=ACTOR)

    def announce() -> None:
        deciding.announce(call=world.call, user=world.steward, actor=ACTOR)

    found = together(announce, announce)
    assert sorted(bool(text) for text in found) == [False, True]
    assert Fabrique.objects.count() == 1
    assert Participation.objects.count() == 4
    assert Mail.objects.filter(kind__startswith="cohort-").count() == 21
    journal.verify()


def test_who_withdraws_as_it_is_announced_does_not_stay_a_member(world: World) -> None:
    settle(world)
    deciding.compose_letters(call=world.call, actor=ACTOR)
    berre = world["Berre"]
    found = together(
        lambda: deciding.announce(call=world.call, user=world.steward, actor=ACTOR),
        lambda: withdraw_declaration(volunteer=berre, actor=ACTOR),
    )
    assert found == ["", ""]
    assert world["Berre"].state == VolunteerState.WITHDRAWN
    there = Participation.objects.filter(left="").values_list("territory__name", flat=True)
    assert set(there) == {"Aubry", "Calais", "Dole"}
    volunteers = list(world.call.volunteers.filter(state=VolunteerState.SUBMITTED))
    assert deciding.vacancies(world.fresh(), volunteers) == 1
    journal.verify()


def test_two_who_call_the_reserve_call_one_territory(world: World) -> None:
    settle(world)
    withdraw_declaration(volunteer=world["Berre"], actor=ACTOR)

    def call() -> None:
        deciding.call_reserve(call=world.call, actor=ACTOR)

    found = together(call, call)
    assert sorted(bool(text) for text in found) == [False, True]
    assert world["Foix"].pending_outcome == Outcome.RESERVE
