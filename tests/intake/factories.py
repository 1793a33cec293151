"""Calls, partners, declarations and compositions for tests; see `tests/factories.py`."""

from datetime import date, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from fabriques.intake.enums import VolunteerState
from fabriques.intake.models import (
    Author,
    Call,
    CallPartner,
    Composition,
    Reviewer,
    Volunteer,
)
from fabriques.people.models import User
from fabriques.programme.enums import MemberRole
from fabriques.territories.models import Territory
from tests.factories import make_membership, make_organisation, make_territory, make_user

_numbers = count(1)


def today(days: int = 0) -> date:
    return timezone.localdate() + timedelta(days=days)


def make_steward(**fields: Any) -> User:
    """Tests that need their rights set `settings.REQUIRE_SECOND_FACTOR = False`."""
    return make_membership(user=make_user(**fields), role=MemberRole.STEWARD).user


def make_call(**fields: Any) -> Call:
    """A published call, open since yesterday and for a month."""
    number = next(_numbers)
    defaults = {
        "slug": f"appel-{number}",
        "title": f"Appel {number}",
        "question": "Comment bien vieillir dans nos territoires ?",
        "opens_on": today(-1),
        "closes_on": today(30),
        "published_at": timezone.now(),
    }
    return Call.objects.create(**{**defaults, **fields})


def make_call_partner(call: Call | None = None, **fields: Any) -> CallPartner:
    fields.setdefault("organisation", None)
    fields["organisation"] = fields["organisation"] or make_organisation()
    return CallPartner.objects.create(call=call or make_call(), **fields)


def make_reviewer(partner: CallPartner | None = None, user: User | None = None) -> Reviewer:
    return Reviewer.objects.create(partner=partner or make_call_partner(), user=user or make_user())


def make_volunteer(
    call: Call | None = None,
    territory: Territory | None = None,
    *,
    author: User | None = None,
    **fields: Any,
) -> Volunteer:
    """A submitted declaration with all that is asked; `state="draft"` for one being written."""
    call = call or make_call()
    state = fields.setdefault("state", VolunteerState.SUBMITTED)
    defaults: dict[str, Any] = {
        "local_question": "Comment vieillir ici ?",
        "motivation": "Nos habitants vieillissent.",
        "elected_name": "Josiane Petit",
        "elected_job": "maire",
        "elected_email": "maire@essai.test",
        "officer_name": "Thomas Le Goff",
        "officer_job": "directeur général",
        "officer_email": "dgs@essai.test",
    }
    if state != VolunteerState.DRAFT:
        defaults["submitted_at"] = timezone.now()
        defaults["number"] = call.volunteers.exclude(number=None).count() + 1
    volunteer = Volunteer.objects.create(
        call=call, territory=territory or make_territory(), **{**defaults, **fields}
    )
    Author.objects.create(volunteer=volunteer, user=author or make_user())
    return volunteer


def make_composition(call: Call | None = None, **fields: Any) -> Composition:
    return Composition.objects.create(
        call=call or make_call(), **{"name": "Première composition", **fields}
    )
