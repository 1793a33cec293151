"""Several stewards compose at once: one change is made, the other is told, none is lost."""

from __future__ import annotations

from typing import Any

import pytest

from fabriques.intake.domain import composing, drawing
from fabriques.intake.domain.composing import Act
from fabriques.intake.models import Composition, Draw, Placement, Volunteer
from fabriques.intake.queries.composing.draft import draft_of
from fabriques.intake.queries.pool import pool_of
from fabriques.kit import journal
from fabriques.kit.journal import Actor
from tests.intake.composing import closed_call, make_pool
from tests.intake.factories import make_composition
from tests.programme.test_together import together

pytestmark = pytest.mark.django_db(transaction=True)
ACTOR = Actor("essai")


@pytest.fixture
def draft() -> Composition:
    call = closed_call()
    make_pool(call, 8)
    return make_composition(call)


def move(draft: Composition, number: int, act: Act, version: int = 1) -> Any:
    volunteer = Volunteer.objects.select_related("territory").get(call=draft.call, number=number)
    return composing.place(
        composition=draft, version=version, volunteer=volunteer, act=act, actor=ACTOR
    )


def fresh(draft: Composition) -> Composition:
    return Composition.objects.select_related("call").get(pk=draft.pk)


def history(draft: Composition) -> int:
    return journal.history(draft.subject).count()


def test_two_changes_from_the_same_state(draft) -> None:
    found = together(
        lambda: move(draft, 1, Act.ADD),
        lambda: move(draft, 2, Act.LOCK),
    )
    assert sorted(bool(text) for text in found) == [False, True]
    assert "pendant que vous l’aviez sous les yeux" in "".join(found)
    assert Placement.objects.filter(composition=draft).count() == 1
    assert (fresh(draft).version, history(draft)) == (2, 1)
    journal.verify()


def test_the_same_change_twice_at_once_is_made_once(draft) -> None:
    together(lambda: move(draft, 1, Act.ADD), lambda: move(draft, 1, Act.ADD))
    assert Placement.objects.filter(composition=draft).count() == 1
    assert (fresh(draft).version, history(draft)) == (2, 1)


def test_a_proposal_and_a_move_at_once(draft) -> None:
    found = together(
        lambda: composing.adopt(
            composition=draft, version=1, numbers=[1, 2, 3], verb="placée", actor=ACTOR
        ),
        lambda: move(draft, 8, Act.ADD),
    )
    assert sorted(bool(text) for text in found) == [False, True]
    members = set(
        Placement.objects.filter(composition=draft).values_list("volunteer__number", flat=True)
    )
    assert members in ({1, 2, 3}, {8})


def test_chances_are_published_once(draft) -> None:
    pool = pool_of(draft.call, Volunteer.objects.filter(call=draft.call))

    def publish() -> Any:
        return drawing.publish(
            draft=draft_of(fresh(draft), pool),
            version=1,
            keep="",
            seed_source="le Loto",
            actor=ACTOR,
        )

    found = together(publish, publish)
    assert sorted(bool(text) for text in found) == [False, True]
    assert "pendant que vous l’aviez sous les yeux" in "".join(found)
    assert Draw.objects.count() == 1


def test_a_lock_and_the_seed_at_once(draft) -> None:
    """Either the draw was made before the lock, or it is void: never a result under other rules."""
    pool = pool_of(draft.call, Volunteer.objects.filter(call=draft.call))
    published = drawing.publish(
        draft=draft_of(draft, pool), version=1, keep="", seed_source="le Loto", actor=ACTOR
    )
    together(
        lambda: move(draft, 1, Act.LOCK, version=2),
        lambda: drawing.draw(
            published=published,
            draft=draft_of(fresh(draft), pool),
            version=2,
            seed="7",
            actor=ACTOR,
        ),
    )
    draw = Draw.objects.get()
    assert (draw.drawn_at is None) == (draw.void_at is not None)
