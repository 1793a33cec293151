"""Made-up declarations: the calls of a demonstration, and volume to measure with."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from fabriques.intake import demo, exports
from fabriques.intake.enums import Phase, VolunteerState, WayIn
from fabriques.intake.models import Call, Composition, Opinion, Volunteer
from fabriques.intake.queries.declarations import lacking, values
from fabriques.intake.volumetry import generate_volunteers
from fabriques.kit.outbox.models import Mail
from fabriques.programme.demo import install
from fabriques.territories.models import Territory
from tests.intake.factories import make_call, make_call_partner, today

pytestmark = pytest.mark.usefixtures("country")


def test_a_demonstration_has_a_call_to_compose_and_one_to_volunteer_for(client: Client) -> None:
    install()
    letters = Mail.objects.count()
    made = demo.install()
    assert [call.phase for call in made] == [Phase.CLOSED, Phase.OPEN]
    closed, opened = made
    volunteers = list(closed.volunteers.order_by("number"))
    assert [volunteer.number for volunteer in volunteers] == list(range(1, 25))
    questions = list(closed.questions.all())
    assert all(not lacking(values(item, questions), questions) for item in volunteers)
    assert all("inventé" in volunteer.motivation for volunteer in volunteers)
    assert len({volunteer.territory.region_id for volunteer in volunteers}) > 6
    assert Opinion.objects.count() == 16
    assert Composition.objects.get().rules.count() == 3
    assert Mail.objects.count() == letters  # nobody is written to
    for call in made:
        page = client.get(call.get_absolute_url())
        assert call.question in page.content.decode()
    assert exports.files(closed)
    # A second start changes nothing, whatever was done meanwhile.
    opened.delete()
    assert [call.slug for call in demo.install()] == [demo.OPEN]
    assert closed.volunteers.count() == 24


def test_nothing_without_territories() -> None:
    Volunteer.objects.all().delete()
    Call.objects.all().delete()
    Territory.objects.update(population=None)
    assert demo.install() == []


def test_volume_over_real_territories_through_the_verbs() -> None:
    call = make_call()
    make_call_partner(call)
    made = generate_volunteers(call=call, count=60)
    assert [volunteer.number for volunteer in made] == list(range(1, 61))
    found = Volunteer.objects.filter(call=call).select_related("territory")
    assert {volunteer.state for volunteer in found} == {VolunteerState.SUBMITTED}
    assert {volunteer.way_in for volunteer in found} == set(WayIn.values)
    kinds = [volunteer.territory.kind for volunteer in found]
    assert 25 <= kinds.count("commune") <= 40
    assert sum(volunteer.territory.overseas for volunteer in found) >= 4
    assert len({volunteer.territory_id for volunteer in found}) == 60
    more = generate_volunteers(call=call, count=5)  # others, the same seed
    assert [volunteer.number for volunteer in more] == list(range(61, 66))


def test_the_command_refuses_what_makes_no_sense(settings: Any) -> None:
    call = make_call()
    settings.DEMO = False
    with pytest.raises(CommandError, match="--essai"):
        call_command("generate_volunteers", call=call.slug)
    for options, said in (
        ({"call": "inconnu"}, "Aucun appel"),
        ({"call": call.slug, "count": 0}, "1 ou plus"),
        ({"call": make_call(closes_on=today(-1)).slug}, "clos"),
        ({"call": call.slug, "count": 90_000}, "chargez le"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("generate_volunteers", essai=True, **options)
    call_command("generate_volunteers", call=call.slug, count=2, essai=True, verbosity=0)
    assert call.volunteers.count() == 2
