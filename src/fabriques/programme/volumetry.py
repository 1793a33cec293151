"""Made-up fabriques of production *shape*, to see how pages bear a hundred times the data."""

import random

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from fabriques.people.models import Organisation, User
from fabriques.programme.domain import reindex_fabriques
from fabriques.programme.enums import MemberRole
from fabriques.programme.models import (
    Fabrique,
    Membership,
    Participation,
    Partnership,
    Result,
    Source,
    Transition,
)
from fabriques.programme.scopes import Scope
from fabriques.territories.enums import Kind
from fabriques.territories.models import NationalProgramme, Territory

PREFIX = "vol-"
VOLUME_HOST = "volume.invalid"
WORDS = [
    "mobilités",
    "jeunesse",
    "logement",
    "santé",
    "énergie",
    "culture",
    "commerce",
    "agriculture",
    "forêt",
    "littoral",
    "montagne",
    "tourisme",
    "industrie",
    "numérique",
    "école",
    "vieillissement",
    "alimentation",
    "eau",
    "climat",
    "emploi",
]


@transaction.atomic
def generate(*, factor: int, seed: int = 1) -> int:
    """Bring the number of fabriques to `factor` times the real one; return how many were made.

    Removes those of an earlier call first: a factor of 1 leaves the real ones alone.
    """
    Fabrique.objects.filter(code__startswith=PREFIX).delete()
    real = Fabrique.objects.count()
    draw = random.Random(seed)  # noqa: S311  (repeatable data, no secret)
    transitions = list(Transition.objects.order_by("pk"))
    programmes = list(NationalProgramme.objects.order_by("pk"))
    organisations = list(Organisation.objects.order_by("pk"))
    source = Source.objects.order_by("pk").first()
    territories = [
        pk
        for kind in (Kind.EPCI, Kind.COMMUNE)
        for pk in Territory.objects.filter(kind=kind, closed_on=None)
        .order_by("code")
        .values_list("pk", flat=True)[:4000]
    ]
    if not (real and territories and organisations and source):
        raise ValueError("Load the referential and the facts first.")
    made = Fabrique.objects.bulk_create(
        [
            Fabrique(
                code=f"{PREFIX}{number:05}",
                slug=slugify(f"{PREFIX}{number:05} {words[0]} {words[1]}"),
                title=f"{words[0].capitalize()}, {words[1]} et {words[2]} : quelles transitions ?",
                year=2018 + number % 9,
                initiator=organisations[0],
                main_transition=draw.choice(transitions),
                objective=f"Préparer l’avenir : {' '.join(words)}.",
                context=f"Des territoires s’interrogent sur {words[3]} et {words[4]}.",
            )
            for number in range(real * (factor - 1))
            for words in [draw.sample(WORDS, 5)]
        ],
        batch_size=500,
    )
    Fabrique.transitions.through.objects.bulk_create(
        [
            Fabrique.transitions.through(fabrique_id=f.pk, transition_id=f.main_transition_id)
            for f in made
        ],
        batch_size=2000,
    )
    Fabrique.programmes.through.objects.bulk_create(
        [
            Fabrique.programmes.through(
                fabrique_id=f.pk, nationalprogramme_id=draw.choice(programmes).pk
            )
            for f in made
        ],
        batch_size=2000,
    )
    Participation.objects.bulk_create(
        [
            Participation(fabrique=f, territory_id=pk)
            for f in made
            for pk in draw.sample(territories, draw.randint(4, 6))
        ],
        batch_size=2000,
    )
    Partnership.objects.bulk_create(
        [
            Partnership(fabrique=f, organisation=organisation, role="partner", source=source)
            for f in made
            for organisation in draw.sample(organisations, 5)
        ],
        batch_size=2000,
    )
    Result.objects.bulk_create(
        [
            Result(fabrique=f, title=f"Synthèse {f.code}", kind="summary", source=source)
            for f in made
        ],
        batch_size=2000,
    )
    reindex_fabriques()
    return len(made)


@transaction.atomic
def generate_people(*, users: int, fabriques: int, seed: int = 1) -> list[User]:
    """`users` accounts that share the roles of `fabriques` fabriques; the first is a steward.

    Removes those of an earlier call first. Some hold several roles, some an ended one, some none.
    """
    Membership.objects.filter(user__email__endswith=VOLUME_HOST).delete()
    User.objects.filter(email__endswith=VOLUME_HOST).delete()
    draw = random.Random(seed)  # noqa: S311  (repeatable data, no secret)
    now = timezone.now()
    made = User.objects.bulk_create(
        [
            User(
                email=f"{number:05}@{VOLUME_HOST}",
                name=f"Personne {number:05}",
                confirmed_at=now,
                seen_on=now.date(),
            )
            for number in range(users)
        ],
        batch_size=500,
    )
    places: list[Scope] = [Scope(fabrique=f) for f in Fabrique.objects.order_by("pk")[:fabriques]]
    places += [
        Scope(participation=p)
        for p in Participation.objects.filter(fabrique__in=[place.fabrique for place in places])
        .select_related("fabrique", "territory")
        .order_by("pk")
    ]
    held = {(user.pk, MemberRole.STEWARD, "site"): Scope() for user in made[:1]}
    for user in made[1:]:
        for _ in range(draw.randint(0, 3)):
            scope = draw.choice(places)
            held[user.pk, draw.choice(scope.roles), scope.key] = scope
    Membership.objects.bulk_create(
        [
            Membership(
                user_id=pk,
                role=role,
                scope=key,
                fabrique=scope.fabrique,
                participation=scope.participation,
                given_by="volume",
                starts_on=now.date(),
                withdrawn_at=now if draw.random() < 0.1 and key != "site" else None,
            )
            for (pk, role, key), scope in held.items()
        ],
        batch_size=500,
    )
    return made
