"""Made-up fabriques of production *shape*, to see how pages bear a hundred times the data."""

import random

from django.db import transaction
from django.utils.text import slugify

from fabriques.programme.domain import reindex_fabriques
from fabriques.programme.models import (
    Fabrique,
    Organisation,
    Participation,
    Partnership,
    Result,
    Source,
    Transition,
)
from fabriques.territories.enums import Kind
from fabriques.territories.models import NationalProgramme, Territory

PREFIX = "vol-"
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
