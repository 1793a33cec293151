"""Two people invite, judge or compose letters at once: one does it, the other is told."""

from functools import partial

import pytest

from fabriques.intake.domain import inviting
from fabriques.intake.domain import opinions as judging
from fabriques.intake.enums import OpinionValue
from fabriques.intake.models import CallInvitation, Opinion
from fabriques.intake.queries.inviting import Guest
from fabriques.kit import journal
from fabriques.kit.journal import Actor
from fabriques.kit.outbox.models import Mail
from tests.factories import make_territory
from tests.intake.factories import (
    make_call,
    make_call_partner,
    make_reviewer,
    make_steward,
    make_volunteer,
)
from tests.intake.test_volunteering_together import together

ACTOR = Actor("essai")
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_territory_is_asked_once(settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    for _ in range(3):
        call, place = make_call(), make_territory(name="Jonzac")
        partner = make_call_partner(call)
        steward, reviewer = make_steward(), make_reviewer(partner).user
        found = together(
            partial(
                inviting.invite,
                call=call,
                guests=[Guest(place, "a@jonzac.test")],
                inviter=steward,
                actor=ACTOR,
            ),
            partial(
                inviting.put_forward,
                call=call,
                partner=partner,
                guest=Guest(place, "b@jonzac.test"),
                reason="Une bonne raison.",
                by=reviewer,
                actor=ACTOR,
            ),
        )
        assert sorted(bool(refusal) for refusal in found) == [False, True]
        assert "déjà invité" in "".join(found)
        assert CallInvitation.objects.filter(call=call).count() == 1
        composing = partial(inviting.compose_letters, call=call, reader=steward, actor=ACTOR)
        found = together(composing, composing)
        assert "Toutes les invitations ont leur lettre" in "".join(found)
        assert Mail.objects.filter(kind="call-invitation", batch__title__contains=call).count() == 1
    journal.verify()


def test_two_colleagues_give_one_opinion() -> None:
    for _ in range(3):
        call = make_call()
        partner, volunteer = make_call_partner(call), make_volunteer(call)
        give = partial(
            judging.give_opinion, volunteer=volunteer, partner=partner, version=0, actor=ACTOR
        )
        found = together(
            *(
                partial(
                    give,
                    author=make_reviewer(partner).user,
                    value=value,
                    reason="Un motif assez long.",
                )
                for value in (OpinionValue.FAVOURABLE, OpinionValue.RESERVED)
            )
        )
        assert sorted(bool(refusal) for refusal in found) == [False, True]
        assert Opinion.objects.get(volunteer=volunteer).version == 1
    journal.verify()
