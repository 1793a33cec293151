"""Who and what the tests of volunteering begin with."""

import pytest
from django.test import Client

from fabriques.intake.domain.volunteering import start_volunteering
from fabriques.intake.models import Call, Volunteer
from fabriques.people.models import User
from fabriques.territories.models import Territory
from tests.factories import make_territory, make_user
from tests.intake.factories import make_call


@pytest.fixture
def awa(client: Client) -> User:
    """Whoever volunteers, signed in."""
    user = make_user("Awa Diop", email="awa@jonzac.test")
    client.force_login(user)
    return user


@pytest.fixture
def jonzac() -> Territory:
    return make_territory(name="Jonzac", code="17197", population=3500)


@pytest.fixture
def call() -> Call:
    return make_call(title="Bien vieillir")


@pytest.fixture
def draft(awa: User, jonzac: Territory, call: Call) -> Volunteer:
    return start_volunteering(call=call, territory=jonzac, user=awa)
