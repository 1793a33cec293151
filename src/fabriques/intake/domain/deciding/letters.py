"""Letters of a decision: composed to be reread, held until the announcement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet

from fabriques.intake.domain.deciding.rows import locked_call, locked_volunteers
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.enums import Outcome
from fabriques.intake.models import Author, Call, Volunteer
from fabriques.intake.notifications.deciding import LETTERS
from fabriques.kit import journal, outbox
from fabriques.kit.journal import Actor
from fabriques.kit.outbox.models import Batch, Mail, State
from fabriques.people.models import User

TITLES = {
    Outcome.RETAINED: "territoires retenus",
    Outcome.RESERVE: "territoires en réserve",
    Outcome.NOT_RETAINED: "territoires non retenus",
}


@transaction.atomic
def compose_letters(*, call: Call, actor: Actor) -> list[Batch]:
    """One batch for each outcome, to the authors, the elected official and the officer of each
    declaration; for those that have no letter of their outcome yet.

    Raises `RefusedError` before a decision, when a reason is missing, and when there is nothing to
    compose.
    """
    call = locked_call(call.pk)
    if not call.settled_at:
        raise RefusedError("Arrêtez d’abord une composition\u00a0: ses lettres viennent après.")
    pending = [volunteer for volunteer in locked_volunteers(call) if volunteer.pending_outcome]
    if any(not volunteer.pending_reason.strip() for volunteer in pending):
        raise RefusedError("Il manque des motifs\u00a0: écrivez-les d’abord, chacun en reçoit un.")
    batches = compose_missing(call, pending, actor)
    if not batches:
        raise RefusedError("Toutes les lettres de cette décision sont déjà composées.")
    journal.record(
        subject=call.subject,
        verb="lettres composées",
        actor=actor,
        after={"envois": [batch.subject for batch in batches]},
    )
    return batches


def compose_missing(call: Call, pending: Sequence[Volunteer], actor: Actor) -> list[Batch]:
    """The batches for those of these declarations that have no letter of their outcome."""
    lacking = without_letter(call, pending)
    written = addresses(lacking)
    by_outcome: dict[str, list[Volunteer]] = defaultdict(list)
    for volunteer in lacking:
        if written[volunteer.pk]:
            by_outcome[volunteer.pending_outcome].append(volunteer)
    return [
        outbox.compose_batch(
            title=f"{call}\u00a0: {TITLES[outcome]}"[:200],
            kind=LETTERS[outcome],
            recipients=[
                (who, {"about": volunteer.subject})
                for volunteer in by_outcome[outcome]
                for who in written[volunteer.pk]
            ],
            actor=actor,
            held_by=call.subject,
        )
        for outcome in Outcome
        if by_outcome[outcome]
    ]


def without_letter(call: Call, pending: Iterable[Volunteer]) -> list[Volunteer]:
    """Those of these declarations of which no letter of their outcome waits; a letter that was
    taken out by hand is not composed again."""
    written = {
        (context.get("about"), kind)
        for context, kind in Mail.objects.filter(batch__in=held_batches(call))
        .order_by()
        .values_list("context", "kind")
    }
    return [
        volunteer
        for volunteer in pending
        if (volunteer.subject, LETTERS[volunteer.pending_outcome].key) not in written
    ]


def held_batches(call: Call) -> QuerySet[Batch]:
    """The batches that the announcement of this call will release."""
    return Batch.objects.filter(held_by=call.subject, released_at=None, cancelled_at=None).order_by(
        "pk"
    )


def addresses(volunteers: Iterable[Volunteer]) -> dict[int, list[User | str]]:
    """Whom to write to about each of these declarations: authors first, then its two contacts."""
    found: dict[int, list[User | str]] = {volunteer.pk: [] for volunteer in volunteers}
    for author in (
        Author.objects.filter(volunteer__in=found, left_at=None, user__is_active=True)
        .select_related("user")
        .order_by("volunteer", "pk")
    ):
        found[author.volunteer_id].append(author.user)
    for volunteer in volunteers:
        for email in (volunteer.elected_email, volunteer.officer_email):
            if _is_address(email):
                found[volunteer.pk].append(email)
    return found


def take_out_letters(call: Call, volunteer: Volunteer, actor: Actor) -> None:
    """The letters that wait about this declaration do not leave: what they say is over."""
    # All locked before the first entry of the journal.
    batches = list(held_batches(call).select_for_update(no_key=True))
    waiting = Mail.objects.filter(
        batch__in=batches, state=State.REVIEW, context__about=volunteer.subject
    )
    for mail in waiting.select_related("batch").order_by("batch", "pk"):
        outbox.cancel_mail(mail=mail, actor=actor)


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
