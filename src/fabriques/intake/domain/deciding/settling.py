"""A composition becomes the decision, pending; its reasons are written; or it is reopened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format

from fabriques.intake.domain.deciding.reasons import Choice, prefilled
from fabriques.intake.domain.deciding.rows import locked_call, locked_volunteers, raised
from fabriques.intake.domain.refusals import RefusedError, StaleError
from fabriques.intake.enums import Outcome, Phase, Place, VolunteerState
from fabriques.intake.models import Call, Composition, Draw, Placement, Volunteer
from fabriques.intake.queries.deciding import broken_rules
from fabriques.kit import journal, outbox
from fabriques.kit.journal import Actor
from fabriques.kit.outbox.models import Batch

PENDING = ("pending_outcome", "pending_reason", "reserve_rank")


def cautions(composition: Composition) -> list[str]:
    """What should be thought over before this composition becomes the decision, in sentences."""
    call = composition.call
    found = []
    if call.phase in (Phase.ANNOUNCED, Phase.OPEN) and call.closes_on:
        day = date_format(call.closes_on, "j F Y")
        found.append(
            f"L’appel est encore ouvert jusqu’au {day} inclus\u00a0: arrêter la décision "
            "maintenant ferme les volontariats."
        )
    members = Placement.objects.filter(
        composition=composition,
        place=Place.MEMBER,
        volunteer__state=VolunteerState.SUBMITTED,
    ).count()
    low, high = composition.places
    if not low <= members <= high:
        wanted = str(high) if low == high else f"{low} à {high}"
        found.append(
            f"La cohorte compte {members} territoire{'s' if members > 1 else ''}, pour "
            f"{wanted} place{'s' if high > 1 else ''}."
        )
    found += [f"Règle impérative non tenue\u00a0: {rule}" for rule in broken_rules(composition)]
    return found


@transaction.atomic
def settle(*, composition: Composition, version: int, actor: Actor, reason: str = "") -> Call:
    """Make this composition the decision on every submitted declaration: pending, with a sentence
    prefilled for each, seen only by those who decide.

    Raises `StaleError` when the composition is not the one that was shown, or when another was
    settled meanwhile; `RefusedError` without a member, and when there is something to think over
    (`cautions`) and no reason is given.
    """
    call = locked_call(composition.call_id)
    composition = (
        Composition.objects.select_for_update(no_key=True, of=("self",))
        .select_related("call")
        .get(pk=composition.pk)
    )
    _refuse_settled(call, composition)
    if composition.archived_at:
        raise RefusedError("Cette composition est archivée\u00a0: reprenez-la d’abord.")
    if composition.version != version:
        raise StaleError(
            "Quelqu’un a changé cette composition depuis que vous l’avez ouverte. Rien n’est "
            "arrêté\u00a0: relisez-la telle qu’elle est maintenant, puis recommencez.",
            composition.version,
        )
    volunteers = locked_volunteers(call)
    placed = {
        placement.volunteer_id: placement
        for placement in Placement.objects.filter(composition=composition).order_by("pk")
    }
    members = [v for v in volunteers if _place(placed, v) == Place.MEMBER]
    reserve = sorted(
        (v for v in volunteers if _place(placed, v) == Place.RESERVE),
        key=lambda v: (placed[v.pk].rank or len(volunteers), v.number or 0),
    )
    if not members:
        raise RefusedError("Placez au moins un territoire dans la cohorte avant d’arrêter.")
    if cautions(composition) and not reason.strip():
        raise RefusedError(
            {"reason": "Dites pourquoi malgré ces points d’attention\u00a0: cela reste au journal."}
        )
    choice = Choice(len(members), len(volunteers), _is_drawn(composition, members))
    chosen = {v.pk: Outcome.RETAINED for v in members} | {v.pk: Outcome.RESERVE for v in reserve}
    ranks = {volunteer.pk: rank for rank, volunteer in enumerate(reserve, start=1)}
    for volunteer in volunteers:
        outcome = chosen.get(volunteer.pk, Outcome.NOT_RETAINED)
        volunteer.pending_outcome = outcome
        volunteer.pending_reason = prefilled(volunteer, outcome, choice)
        volunteer.reserve_rank = ranks.get(volunteer.pk)
    Volunteer.objects.bulk_update(volunteers, PENDING, batch_size=100)
    now = timezone.now()
    composition.settled_at = now
    composition.version += 1  # whoever was changing it meanwhile is told
    composition.save(update_fields=["settled_at", "version"])
    call.settled_at, call.cohort_size = now, len(members)
    raised(call, "settled_at", "cohort_size")
    after = {
        "retenus": [volunteer.subject for volunteer in members],
        "réserve": [volunteer.subject for volunteer in reserve],
        "non retenus": len(volunteers) - len(members) - len(reserve),
    }
    # On the composition and the call, which those who decide read; never on the declarations.
    for subject, more in (
        (composition.subject, {}),
        (call.subject, {"composition": composition.subject}),
    ):
        journal.record(
            subject=subject,
            verb="décision arrêtée",
            actor=actor,
            after=after | more,
            reason=reason.strip(),
        )
    return call


@transaction.atomic
def write_reasons(*, call: Call, version: int, reasons: Mapping[int, str], actor: Actor) -> int:
    """Write the reasons of pending decisions, by number of row; give how many changed.

    Raises `StaleError` when the decision changed since it was shown, `RefusedError` with the
    field `reason-<row>` of each that is empty.
    """
    call = locked_call(call.pk)
    if not call.settled_at:
        raise RefusedError("La composition a été rouverte\u00a0: il n’y a pas de motif à écrire.")
    if call.version != version:
        raise StaleError(
            "Quelqu’un a modifié la décision ou ses motifs pendant que vous écriviez. Rien n’est "
            "perdu\u00a0: relisez, puis enregistrez à nouveau pour garder votre version.",
            call.version,
        )
    empty = [pk for pk, text in reasons.items() if not text.strip()]
    if empty:
        raise RefusedError(
            {
                f"reason-{pk}": "Écrivez un motif\u00a0: chaque territoire en reçoit un."
                for pk in empty
            }
        )
    changed = []
    for volunteer in locked_volunteers(call):
        text = reasons.get(volunteer.pk, "").strip()
        if volunteer.pending_outcome and text and text != volunteer.pending_reason:
            volunteer.pending_reason = text
            changed.append(volunteer)
    if not changed:
        return 0
    for volunteer in changed:
        volunteer.full_clean(
            exclude=[f.name for f in Volunteer._meta.fields if f.name != "pending_reason"],
            validate_unique=False,
            validate_constraints=False,
        )
    Volunteer.objects.bulk_update(changed, ["pending_reason"], batch_size=100)
    raised(call)
    journal.record(
        subject=call.subject,
        verb="motifs écrits",
        actor=actor,
        after={"déclarations": [volunteer.subject for volunteer in changed]},
    )
    return len(changed)


@transaction.atomic
def reopen(*, call: Call, actor: Actor, reason: str) -> Call:
    """Undo what is decided and not announced yet; letters composed for it are cancelled.

    Before the announcement, the whole decision; after it, only the call of the reserve that has not
    been announced. Raises `RefusedError` when nothing is pending.
    """
    call = locked_call(call.pk)
    if not reason.strip():
        raise RefusedError({"reason": "Dites pourquoi\u00a0: cela reste inscrit au journal."})
    pending = [v for v in locked_volunteers(call) if v.pending_outcome]
    if not call.settled_at or (call.announced_at and not pending):
        raise RefusedError("Rien n’attend d’être annoncé\u00a0: il n’y a rien à rouvrir.")
    for volunteer in pending:
        volunteer.pending_outcome, volunteer.pending_reason = "", ""
        if not volunteer.outcome:
            volunteer.reserve_rank = None
    Volunteer.objects.bulk_update(pending, PENDING, batch_size=100)
    compositions = []
    if not call.announced_at:
        settled = Composition.objects.filter(call=call).exclude(settled_at=None).order_by("pk")
        compositions = list(settled.select_for_update(no_key=True))
        settled.update(settled_at=None, version=F("version") + 1)
        call.settled_at = call.cohort_size = None
    raised(call, "settled_at", "cohort_size")
    batches = Batch.objects.select_for_update(no_key=True).filter(
        held_by=call.subject, released_at=None, cancelled_at=None
    )
    for batch in list(batches.order_by("pk")):
        outbox.cancel_batch(batch=batch, actor=actor, reason=reason.strip(), by=call.subject)
    for subject in (*(composition.subject for composition in compositions), call.subject):
        journal.record(
            subject=subject, verb="décision rouverte", actor=actor, reason=reason.strip()
        )
    return call


def _is_drawn(composition: Composition, members: Sequence[Volunteer]) -> bool:
    """Whether these members are those that a fair draw gave; moved by hand since, they are not."""
    numbers = {volunteer.number for volunteer in members}
    draws = Draw.objects.filter(composition=composition, drawn_at__isnull=False, void_at=None)
    return any({int(number) for number in draw.result or ()} == numbers for draw in draws)


def _place(placed: Mapping[int, Placement], volunteer: Volunteer) -> str:
    placement = placed.get(volunteer.pk)
    return placement.place if placement else Place.NONE


def _refuse_settled(call: Call, composition: Composition) -> None:
    """Two who settle at once: the second is told on which composition the first did."""
    if call.cancelled_at:
        raise RefusedError("L’appel est annulé\u00a0: il n’y a plus rien à décider.")
    if not call.published_at:
        raise RefusedError("L’appel n’est pas publié\u00a0: personne ne s’y est porté volontaire.")
    if call.announced_at:
        raise RefusedError("La cohorte est déjà annoncée\u00a0: la décision ne change plus.")
    if not call.settled_at:
        return
    settled = Composition.objects.filter(call=call).exclude(settled_at=None).order_by("pk").first()
    when = date_format(timezone.localtime(call.settled_at), "j F Y à H:i")
    raise StaleError(
        f"Une décision est déjà arrêtée depuis le {when}, à partir de «\u00a0{settled}\u00a0». "
        "Rouvrez-la d’abord pour en arrêter une autre.",
        composition.version,
    )
