"""Two made-up calls for demonstrations: one closed, to compose; one open, to volunteer for.

The territories and the organisations are real; what is said in their name is invented and says so.
Rows are written as they would be after months of work, without the letters of these months.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from fabriques.intake import search
from fabriques.intake.enums import (
    OpinionValue,
    Proposer,
    QuestionKind,
    Reach,
    RuleKind,
    ThemeState,
    VolunteerState,
    WayIn,
)
from fabriques.intake.models import (
    Answer,
    Author,
    Call,
    CallPartner,
    CallQuestion,
    Composition,
    Indicator,
    IndicatorValue,
    Opinion,
    Reviewer,
    Rule,
    Support,
    Theme,
    Volunteer,
)
from fabriques.intake.queries.declarations import question_number
from fabriques.intake.volumetry import WAYS_IN, author, choose, invited, said
from fabriques.kit import journal
from fabriques.people.models import Organisation, User
from fabriques.programme.demo import DEMONSTRATION, HOST
from fabriques.programme.enums import Role
from fabriques.programme.models import Transition
from fabriques.territories.models import NationalProgramme, Territory

CLOSED, OPEN = "bien-vieillir-dans-les-territoires", "l-eau-en-partage"
VOLUNTEERS = 24
INVENTED = "Exemple inventé pour la démonstration."
OPINIONS = (
    (OpinionValue.FAVOURABLE, "Le sujet est porté depuis longtemps, avec les habitants."),
    (OpinionValue.FAVOURABLE, "Une équipe solide et des partenaires déjà réunis."),
    (OpinionValue.RESERVED, "L’élection de l’an prochain rend le calendrier incertain."),
    (OpinionValue.UNFAVOURABLE, "Une démarche très proche vient de s’y terminer."),
)


@transaction.atomic
def install() -> list[Call]:
    """Make the calls that are missing; those there keep what a demonstration did to them.

    Nothing without the referential: there are no territories to volunteer.
    """
    made: list[Call] = []
    if not Territory.objects.filter(population__isnull=False).exists():
        return made
    for slug, build in ((CLOSED, _closed), (OPEN, _open)):
        if Call.objects.filter(slug=slug).exists():
            continue
        call = build(slug)
        search.put(call)
        journal.record(subject=call.subject, verb="appel publié", actor=DEMONSTRATION)
        made.append(call)
    return made


def _closed(slug: str) -> Call:
    today = timezone.localdate()
    theme = Theme.objects.create(
        title="Bien vieillir là où l’on vit",
        question="Comment vieillir chez soi, et entouré, dans nos territoires\u00a0?",
        why=f"{INVENTED} Dans dix ans, un habitant sur trois aura plus de soixante-cinq ans dans "
        "bien des bourgs.",
        proposer=Proposer.ASSOCIATION,
        organisation=_organisation("rfvaa"),
        author=_person("sofia"),
        state=ThemeState.KEPT,
        answer="Retenu\u00a0: un appel est ouvert.",
    )
    if person := _person("lea"):
        Support.objects.create(theme=theme, user=person, on_behalf_of="habitante")
    call = _call(
        slug,
        title="Bien vieillir dans les territoires",
        question="Comment vieillir chez soi, et entouré, dans nos territoires\u00a0?",
        presentation=f"{INVENTED}\n\nUn an pour regarder ensemble ce que l’âge change à nos "
        "communes\u00a0: le logement, les déplacements, les services, la place de chacun.",
        theme=theme,
        opens_on=today - timedelta(days=60),
        closes_on=today - timedelta(days=5),
        decides_on=today + timedelta(days=30),
        publish_pool=True,
    )
    partner = _partner(call, "rfvaa", Role.PARTNER)
    _partner(call, "intercommunalites-de-france", Role.ELECTED, reach=Reach.GROUPINGS)
    reviewer = _person("sofia")
    if partner and reviewer:
        Reviewer.objects.create(partner=partner, user=reviewer)
    question = CallQuestion.objects.create(
        call=call,
        label="Qui, chez vous, travaille déjà sur ce sujet\u00a0?",
        kind=QuestionKind.TEXT,
        required=True,
    )
    draw = random.Random(slug)  # noqa: S311  (repeatable data, no secret)
    volunteers = [
        _volunteer(call, territory, number, draw)
        for number, territory in enumerate(choose(call, VOLUNTEERS, draw), start=1)
    ]
    Answer.objects.bulk_create(
        [
            Answer(volunteer=volunteer, question=question, text=f"{INVENTED} Le CCAS, un médecin.")
            for volunteer in volunteers
            if not volunteer.answers.exists()
        ]
    )
    _indicator(call, volunteers, draw)
    if partner:
        _opinions(partner, volunteers, reviewer, draw)
    _composition(call)
    return call


def _open(slug: str) -> Call:
    today = timezone.localdate()
    call = _call(
        slug,
        title="L’eau en partage",
        question="Comment partager l’eau, entre nous et avec ceux d’après\u00a0?",
        presentation=f"{INVENTED}\n\nSécheresses, crues, rivières à retrouver\u00a0: un an pour "
        "décider ensemble de ce que l’on fait de l’eau.",
        opens_on=today - timedelta(days=10),
        closes_on=today + timedelta(days=40),
        decides_on=today + timedelta(days=80),
    )
    _partner(call, "ofb", Role.PARTNER)
    _partner(call, "amf", Role.ELECTED, reach=Reach.COMMUNES)
    CallQuestion.objects.create(
        call=call,
        label="À quoi l’eau vous oblige-t-elle déjà à renoncer\u00a0?",
        kind=QuestionKind.TEXT,
    )
    return call


def _call(slug: str, **fields: Any) -> Call:
    year = timezone.localdate().year + 1
    call = Call.objects.create(
        slug=slug,
        main_transition=Transition.objects.filter(
            slug="demographique" if slug == CLOSED else "ecologique"
        ).first(),
        starts_on=f"{year}-03",
        ends_on=f"{year + 1}-03",
        published_at=timezone.now(),
        **fields,
    )
    call.programmes.set(NationalProgramme.objects.filter(slug="pvd"))
    return call


def _partner(call: Call, slug: str, role: Role, **fields: Any) -> CallPartner | None:
    organisation = _organisation(slug)
    if organisation is None:
        return None
    return CallPartner.objects.create(call=call, organisation=organisation, role=role, **fields)


def _organisation(slug: str) -> Organisation | None:
    return Organisation.objects.filter(slug=slug).first()


def _person(key: str) -> User | None:
    return User.objects.filter(email=f"{key}@{HOST}").first()


def _volunteer(call: Call, territory: Territory, number: int, draw: random.Random) -> Volunteer:
    """Submitted some day while the call was open, in the order of their numbers."""
    way_in = draw.choice(WAYS_IN)
    invitation = invited(call, territory, way_in)
    at = timezone.now() - timedelta(days=60 - 2 * number, hours=draw.randint(0, 9))
    values = {
        name: text
        for name, text in said(call, territory, draw, HOST).items()
        if question_number(name) is None
    }
    volunteer = Volunteer.objects.create(
        call=call,
        territory=territory,
        state=VolunteerState.SUBMITTED,
        number=number,
        way_in=invitation.way_in if invitation else WayIn.SELF,
        invitation=invitation,
        created_at=at - timedelta(days=1),
        saved_at=at,
        submitted_at=at,
        **values | {"motivation": f"{INVENTED} {values['motivation'].partition('. ')[2]}"},
    )
    # One of them is written by somebody one can enter as.
    writer = _person("lea") if number == 1 else None
    Author.objects.create(volunteer=volunteer, user=writer or author(territory, HOST))
    journal.record(
        subject=volunteer.subject,
        verb="déclaration déposée",
        actor=DEMONSTRATION,
        after={"numéro": number, "voie": volunteer.get_way_in_display()},
    )
    return volunteer


def _indicator(call: Call, volunteers: list[Volunteer], draw: random.Random) -> None:
    indicator = Indicator.objects.create(
        call=call,
        slug="75-ans-et-plus",
        name="Part des 75 ans et plus (valeurs inventées)",
        unit="%",
        source="Démonstration\u00a0: ces valeurs ne sont pas réelles",
        imported_at=timezone.now(),
    )
    IndicatorValue.objects.bulk_create(
        [
            IndicatorValue(
                indicator=indicator, territory=item.territory, value=round(draw.uniform(6, 22), 1)
            )
            for item in volunteers
        ]
    )


def _opinions(
    partner: CallPartner, volunteers: list[Volunteer], reviewer: User | None, draw: random.Random
) -> None:
    """On two declarations of three: the others wait for theirs."""
    for volunteer in volunteers:
        if volunteer.number and volunteer.number % 3:
            value, reason = draw.choice(OPINIONS)
            Opinion.objects.create(
                partner=partner,
                volunteer=volunteer,
                value=value,
                reason=f"{INVENTED} {reason}",
                author=reviewer,
            )


def _composition(call: Call) -> None:
    composition = Composition.objects.create(call=call, name="Première piste", note=INVENTED)
    for position, fields in enumerate(
        (
            {"kind": RuleKind.AT_MOST_EACH, "category": "region", "count": 1},
            {"kind": RuleKind.AT_LEAST, "category": "kind", "values": ["epci"], "count": 2},
            {"kind": RuleKind.NOT_NEIGHBOURS, "hard": False, "weight": 3},
        ),
        start=1,
    ):
        Rule.objects.create(composition=composition, position=position, **fields)
    journal.record(subject=composition.subject, verb="composition commencée", actor=DEMONSTRATION)
