"""Made-up declarations over real territories: to see how a call bears 60 or 500 of them.

What they say is invented and says so; the territories, their size and their programmes are real.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from fabriques.intake.abilities import acting
from fabriques.intake.domain.declarations import save_declaration
from fabriques.intake.domain.volunteering import start_volunteering, submit
from fabriques.intake.enums import QuestionKind, VolunteerState, WayIn
from fabriques.intake.models import Call, CallInvitation, CallQuestion, Volunteer
from fabriques.intake.queries.declarations import field_of
from fabriques.people.models import User
from fabriques.territories.enums import Kind
from fabriques.territories.models import Territory

HOST = "volume.invalid"
MADE_UP = "Déclaration inventée pour un essai."
# How many of a hundred: small towns and intercommunalités volunteer most, overseas more than its
# share. The classes of population have no end above.
SHARES: tuple[tuple[int, Kind, bool, int, int], ...] = (
    (22, Kind.COMMUNE, False, 1_500, 8_000),
    (18, Kind.COMMUNE, False, 8_000, 30_000),
    (10, Kind.COMMUNE, False, 30_000, 300_000),
    (24, Kind.EPCI, False, 4_000, 30_000),
    (18, Kind.EPCI, False, 30_000, 400_000),
    (4, Kind.COMMUNE, True, 1_500, 200_000),
    (4, Kind.EPCI, True, 4_000, 300_000),
)
WAYS_IN = (WayIn.SELF,) * 6 + (WayIn.INVITED,) * 3 + (WayIn.PUT_FORWARD,)
FOCUSES = ("", "", "le centre-bourg", "le quartier de la gare", "les hameaux", "les trois bourgs")
QUESTIONS = (
    "Comment rester chez soi quand les services s’éloignent\u00a0?",
    "Comment accueillir de nouveaux habitants sans perdre les anciens\u00a0?",
    "Que devient notre centre si rien ne change d’ici à vingt ans\u00a0?",
    "Qui décide, et avec qui, de ce que nous gardons\u00a0?",
    "Comment relier les bourgs entre eux sans voiture\u00a0?",
)
REASONS = (
    "Les associations et les services en parlent déjà\u00a0; il nous manque un cadre.",
    "Le conseil en a débattu au printemps et souhaite entendre les habitants.",
    "Nous avons commencé seuls\u00a0: le regard d’autres territoires nous aiderait.",
)
ELECTED = ("maire", "présidente", "premier adjoint", "vice-présidente à la prospective")
OFFICERS = ("directrice générale des services", "chargé de mission", "responsable de l’aménagement")


def generate_volunteers(*, call: Call, count: int, seed: int = 1) -> list[Volunteer]:
    """`count` declarations submitted to an open call, each by its own made-up person, through the
    verbs of the site: numbered, journaled, their letters sent (to addresses that do not exist).

    Territories that volunteered already are left out. Raises ValueError when too few are left.
    """
    draw = random.Random(seed)  # noqa: S311  (repeatable data, no secret)
    made = []
    for territory in choose(call, count, draw):
        user = author(territory)
        invited(call, territory, draw.choice(WAYS_IN))
        volunteer = start_volunteering(call=call, territory=territory, user=user)
        actor = acting(user, author=True)
        save_declaration(volunteer=volunteer, values=said(call, territory, draw), actor=actor)
        made.append(submit(volunteer=volunteer, actor=actor))
    return made


def choose(call: Call, count: int, draw: random.Random) -> list[Territory]:
    """Real territories, in the shares of `SHARES`, none that volunteered already."""
    taken = set(
        Volunteer.objects.filter(call=call)
        .exclude(state=VolunteerState.WITHDRAWN)
        .values_list("territory", flat=True)
    )
    chosen: list[int] = []
    spare: list[int] = []
    total = 0
    for share, kind, overseas, low, high in SHARES:
        found = Territory.objects.filter(
            kind=kind,
            overseas=overseas,
            closed_on=None,
            population__gte=low,
            population__lt=high,
        )
        free = [pk for pk in found.order_by("code").values_list("pk", flat=True) if pk not in taken]
        draw.shuffle(free)
        total += share
        wanted = max(round(count * total / 100) - len(chosen), 0)
        chosen += free[:wanted]
        spare += free[wanted:]
    chosen += spare[: max(count - len(chosen), 0)]
    if len(chosen) < count:
        raise ValueError(
            f"Il n’y a que {len(chosen)} territoires libres de ces tailles\u00a0: chargez le "
            "référentiel, ou demandez-en moins."
        )
    draw.shuffle(chosen)
    territories = Territory.objects.select_related("region", "departement").in_bulk(chosen)
    return [territories[pk] for pk in chosen[:count]]


def author(territory: Territory, host: str = HOST) -> User:
    """The made-up person who writes for this territory; the same when called again."""
    user, _ = User.objects.get_or_create(
        email=f"volontaire-{territory.kind}-{territory.code}@{host}".lower(),
        defaults={"name": f"Personne inventée {territory.code}", "confirmed_at": timezone.now()},
    )
    return user


def invited(call: Call, territory: Territory, way_in: WayIn) -> CallInvitation | None:
    """The invitation by which the territory comes; none for who comes by itself."""
    partner = call.partners.filter(puts_forward=True).order_by("pk").first()
    if way_in == WayIn.SELF or (way_in == WayIn.PUT_FORWARD and partner is None):
        return None
    return CallInvitation.objects.create(
        call=call,
        territory=territory,
        email=f"contact-{territory.code}@{HOST}".lower(),
        way_in=way_in,
        partner=partner if way_in == WayIn.PUT_FORWARD else None,
        opened_at=timezone.now(),
    )


def said(call: Call, territory: Territory, draw: random.Random, host: str = HOST) -> dict[str, str]:
    """What the declaration says, by field (see `queries.declarations`)."""
    code = territory.code.lower()
    values = {
        "focus": draw.choice(FOCUSES),
        "local_question": draw.choice(QUESTIONS),
        "motivation": f"{MADE_UP} {draw.choice(REASONS)}",
        "elected_name": f"Élue inventée {territory.code}",
        "elected_job": draw.choice(ELECTED),
        "elected_email": f"elu-{code}@{host}",
        "officer_name": f"Agent inventé {territory.code}",
        "officer_job": draw.choice(OFFICERS),
        "officer_email": f"agent-{code}@{host}",
    }
    questions = call.questions.order_by("position", "pk")
    return values | {field_of(question): _answer(question, draw) for question in questions}


def _answer(question: CallQuestion, draw: random.Random) -> str:
    answers: Mapping[str, Any] = {
        QuestionKind.NUMBER: str(draw.randint(1, 40)),
        QuestionKind.YES_NO: draw.choice(("oui", "non")),
        QuestionKind.CHOICE: draw.choice(question.choice_list or [""]),
        QuestionKind.CHOICES: draw.choice(question.choice_list or [""]),
    }
    return str(answers.get(QuestionKind(question.kind), "Réponse inventée pour un essai."))
