"""The fair draw: chances published first, then the seed of an event that nobody here controls."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from fabriques.engines.cohort import InputError
from fabriques.intake.domain.composing.opening import CHANGED_SINCE, changed, opened
from fabriques.intake.domain.composing.places import adopt
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.enums import Phase
from fabriques.intake.models import Composition, Draw
from fabriques.intake.queries import drawing as read
from fabriques.intake.queries.composing import asking
from fabriques.intake.queries.composing.draft import Draft
from fabriques.kit.journal import Actor

WITHDRAWN_SINCE = "Un territoire volontaire s’est retiré après la publication."


@transaction.atomic
def publish(*, draft: Draft, version: int, keep: str, seed_source: str, actor: Actor) -> Draw:
    """Freeze the chances under these rules and locks, for all to read.

    `keep`: see `queries.drawing.KEEPS`. Raises `RefusedError` while territories may still
    volunteer, when no cohort meets the rules, and when a draw is already published.
    """
    fresh = opened(draft.composition, version)
    if fresh.call.phase in (Phase.DRAFT, Phase.ANNOUNCED, Phase.OPEN):
        raise RefusedError(
            "L’appel n’est pas clos\u00a0: d’autres territoires peuvent encore se porter "
            "volontaires. Les chances se publient après la clôture."
        )
    if keep not in read.KEEPS:
        raise RefusedError({"keep": "Choisissez parmi ce qui est proposé."})
    void(composition=fresh, draft=draft)
    try:
        lottery = read.published_lottery(draft, keep)
    except InputError as error:
        raise RefusedError(error.error) from None
    if lottery is None:
        raise RefusedError(
            "Aucune cohorte ne respecte toutes les règles impératives\u00a0: demandez une "
            "proposition, elle dit lesquelles assouplir."
        )
    made = Draw(
        composition=fresh,
        lottery=lottery,
        digest=asking.digest_of(lottery),
        inputs=asking.digest_of(read.question_of(draft, keep)),
        seed_source=seed_source,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        raise RefusedError(
            "Un tirage est déjà publié pour cette composition\u00a0: il ne se refait pas."
        ) from None
    changed(
        fresh,
        "chances du tirage publiées",
        actor,
        after={"graine à venir": seed_source, "empreinte": made.digest},
    )
    return made


def void(*, composition: Composition, draft: Draft) -> bool:
    """Say void, with its reason, a draw whose question is no longer the one of the draft. Within a
    transaction that holds the composition. True when it was."""
    draw = (
        Draw.objects.select_for_update(no_key=True)
        .filter(composition=composition, void_at=None)
        .first()
    )
    if draw is None:
        return False
    shown = read.shown_draw(draw, {})
    if draw.drawn_at:
        reason = WITHDRAWN_SINCE if shown.withdrawn else ""
    else:
        question = asking.digest_of(read.question_of(draft, draw.lottery["keep"]))
        moved = question != draw.inputs
        reason = WITHDRAWN_SINCE if shown.withdrawn else CHANGED_SINCE if moved else ""
    if not reason:
        return False
    draw.void_at, draw.void_reason = timezone.now(), reason
    draw.save(update_fields=["void_at", "void_reason"])
    return True


def draw(*, published: Draw, draft: Draft, version: int, seed: str, actor: Actor) -> Draw:
    """Enter the seed: the result is computed, kept, and placed in the composition.

    Raises `RefusedError` when the draw is void (and says so on it), made already, or the seed
    empty.
    """
    seed = " ".join(seed.split())
    if not seed:
        raise RefusedError({"seed": "Écrivez la graine telle qu’elle a été annoncée."})
    with transaction.atomic():
        fresh = opened(draft.composition, version)
        gone = void(composition=fresh, draft=draft)
        if not gone:
            return _drawn(published, fresh, seed, actor)
    raise RefusedError(
        "Ce tirage est sans effet\u00a0: les règles, les verrous ou les volontaires ont changé "
        "depuis la publication. Publiez de nouvelles chances."
    )


def _drawn(published: Draw, composition: Composition, seed: str, actor: Actor) -> Draw:
    row = Draw.objects.select_for_update(no_key=True).get(pk=published.pk)
    if row.void_at:
        raise RefusedError("Ce tirage est sans effet\u00a0: publiez de nouvelles chances.")
    if row.drawn_at:
        raise RefusedError("Le tirage a déjà été fait\u00a0: il ne se refait pas.")
    if asking.digest_of(row.lottery) != row.digest:
        raise RefusedError("Les chances gardées ne sont plus celles qui ont été publiées.")
    row.seed, row.drawn_at = seed, timezone.now()
    row.result = read.drawn_by(row.lottery, seed)
    row.save(update_fields=["seed", "drawn_at", "result"])
    adopt(
        composition=composition,
        version=composition.version,
        numbers=row.result,
        verb=f"tirage au sort\u00a0: graine «\u00a0{seed[:100]}\u00a0»",
        actor=actor,
    )
    return row
