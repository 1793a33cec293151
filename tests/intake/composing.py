"""A pool to compose a cohort from, for the tests of the board, the rules and the draw."""

from __future__ import annotations

from typing import Any

from fabriques.intake.models import Call, Composition, Draw, Rule, Volunteer
from fabriques.intake.queries import drawing
from fabriques.intake.queries.composing import answers
from fabriques.intake.queries.composing.draft import draft_of
from fabriques.intake.queries.pool import pool_of
from fabriques.people.models import User
from fabriques.territories.models import NationalProgramme, ProgrammeMembership, Territory
from tests.factories import make_territory, make_user
from tests.intake.factories import make_call, make_composition, make_volunteer, today

REGIONS = ("Bretagne", "Normandie", "Occitanie", "Grand Est", "La Réunion")


def closed_call(**fields: Any) -> Call:
    """A call whose time to volunteer is over, of three to four places."""
    defaults = {"opens_on": today(-30), "closes_on": today(-1), "places_min": 3, "places_max": 4}
    return make_call(**{**defaults, **fields})


def region(name: str) -> Territory:
    found = Territory.objects.filter(kind="region", name=name).first()
    return found or make_territory("region", name=name)


def make_pool(call: Call, count: int = 12, *, author: User | None = None) -> list[Volunteer]:
    """Volunteers numbered from 1: one in four an EPCI, regions in turn, the fifth one overseas.

    Number 1 is a commune of Bretagne, 2 of Normandie, 3 of Occitanie, 4 an EPCI of Grand Est, 5 a
    commune of La Réunion, 6 one of Bretagne again… Only number 5 is overseas. Odd ones are in
    « Petites villes de demain ».
    """
    author = author or make_user()
    programme, _ = NationalProgramme.objects.get_or_create(
        slug="pvd", defaults={"name": "Petites villes de demain"}
    )
    made = []
    for number in range(1, count + 1):
        place = REGIONS[(number - 1) % 5] if number <= 5 else REGIONS[(number - 1) % 4]
        territory = make_territory(
            "epci" if number % 4 == 0 else "commune",
            name=f"Lieu {number}",
            region=region(place),
            overseas=place == "La Réunion",
            population=1_000 * number,
            density="Bourgs ruraux" if number % 2 else "Petites villes",
            longitude=-4.0 + number,
            latitude=43.0 + number % 6,
            accuracy="exact",
        )
        if number % 2:
            ProgrammeMembership.objects.create(territory=territory, programme=programme)
        made.append(make_volunteer(call, territory, author=author))
    return made


def make_composed(call: Call) -> Composition:
    """A draft of one place with a rule, an answer of the engine and published chances."""
    made = make_composition(call, places_min=1, places_max=1)
    Rule.objects.create(composition=made, kind="not-nested")
    submitted = Volunteer.objects.filter(call=call, state="submitted")
    draft = draft_of(made, pool_of(call, submitted))
    answers.keep(made, answers.ask(draft, k=1))
    lottery = drawing.published_lottery(draft, "")
    Draw.objects.create(composition=made, lottery=lottery, digest="", inputs="", seed_source="…")
    return made
