"""The announcement: the decision applies, the fabrique exists and the letters leave, or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from fabriques.intake import search
from fabriques.intake.domain.deciding.letters import addresses, held_batches, without_letter
from fabriques.intake.domain.deciding.rows import locked_call, locked_volunteers, raised
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.enums import Outcome
from fabriques.intake.models import Call, Volunteer
from fabriques.kit import journal, outbox
from fabriques.kit.journal import Actor
from fabriques.people.models import User
from fabriques.programme.domain import (
    Member,
    Origin,
    found_fabrique,
    invite,
    join_fabrique,
)
from fabriques.programme.enums import MemberRole
from fabriques.programme.models import Fabrique, Participation
from fabriques.programme.scopes import Scope

APPLIED = (
    "outcome",
    "outcome_reason",
    "pending_outcome",
    "pending_reason",
    "reserve_rank",
    "participation",
)


@dataclass(frozen=True)
class Announcement:
    """What was done: letters that leave, and who could not be invited, with the sentence why."""

    call: Call
    letters: int
    not_invited: tuple[str, ...]


@transaction.atomic
def announce(*, call: Call, user: User, actor: Actor) -> Announcement:
    """Apply what is pending and release its letters, in one act.

    The first time, the fabrique is founded with the territories retained; later, those called from
    the reserve enter it. The elected official and the officer of each are invited by `user`; an
    address that cannot be does not stop the rest. Raises `RefusedError` when nothing is pending,
    nobody is retained, or letters are missing.
    """
    call = locked_call(call.pk)
    volunteers = [volunteer for volunteer in locked_volunteers(call) if volunteer.pending_outcome]
    if call.cancelled_at:
        raise RefusedError("L’appel est annulé\u00a0: il n’y a plus rien à annoncer.")
    if not volunteers:
        raise RefusedError("Rien de nouveau à annoncer.")
    batches = list(held_batches(call).select_for_update(no_key=True))
    _refuse_missing_letters(call, volunteers)
    entering = [v for v in volunteers if v.pending_outcome == Outcome.RETAINED]
    first = call.announced_at is None
    if first and not entering:
        raise RefusedError("Plus aucun territoire n’est retenu\u00a0: rouvrez la composition.")
    participations = _enter(call, entering, actor)
    for volunteer in volunteers:
        volunteer.outcome, volunteer.pending_outcome = volunteer.pending_outcome, ""
        volunteer.outcome_reason, volunteer.pending_reason = volunteer.pending_reason, ""
        volunteer.participation = participations.get(volunteer.territory_id)
        if volunteer.outcome != Outcome.RESERVE:
            volunteer.reserve_rank = None
    Volunteer.objects.bulk_update(volunteers, APPLIED, batch_size=100)
    if first:
        call.announced_at = timezone.now()
    raised(call, "announced_at", "fabrique")
    search.put(call)
    not_invited = tuple(_invite(entering, user, actor))
    letters = sum(
        outbox.release_batch(batch=batch, actor=actor, by=call.subject) for batch in batches
    )
    for volunteer in volunteers:
        journal.record(
            subject=volunteer.subject,
            verb="décision annoncée",
            actor=actor,
            after={"décision": volunteer.get_outcome_display()},
            reason=volunteer.outcome_reason,
        )
    journal.record(
        subject=call.subject,
        verb="cohorte annoncée" if first else "réserve annoncée",
        actor=actor,
        after={
            "fabrique": call.fabrique.subject if call.fabrique else "",
            "retenus": [volunteer.subject for volunteer in entering],
            "lettres": letters,
        },
    )
    return Announcement(call, letters, not_invited)


def _refuse_missing_letters(call: Call, volunteers: list[Volunteer]) -> None:
    lacking = without_letter(call, volunteers)
    reachable = [pk for pk, who in addresses(lacking).items() if who]
    if reachable:
        many = len(reachable) > 1
        raise RefusedError(
            f"Il manque les lettres de {len(reachable)} territoire{'s' if many else ''}\u00a0: "
            "composez-les et relisez-les d’abord."
        )


def _enter(call: Call, entering: list[Volunteer], actor: Actor) -> dict[int, Participation]:
    """Found the fabrique, or let these enter it; their participations by territory."""
    entering = sorted(entering, key=lambda volunteer: volunteer.number or 0)
    members = {volunteer.territory_id: _member(volunteer) for volunteer in entering}
    if call.fabrique_id is None:
        call.fabrique = _founded(call, list(members.values()), actor)
        return {p.territory_id: p for p in call.fabrique.participations.order_by("pk")}
    fabrique = Fabrique.objects.get(pk=call.fabrique_id)
    return {
        pk: join_fabrique(fabrique=fabrique, member=member, actor=actor)
        for pk, member in members.items()
    }


def _founded(call: Call, members: list[Member], actor: Actor) -> Fabrique:
    return found_fabrique(
        title=call.title,
        objective=call.question,
        origin=Origin(
            slug=f"appel-{call.pk}-{call.slug}",  # told apart by its beginning, if it is cut
            title=f"Appel à volontaires «\u00a0{call}\u00a0»"[:300],
            url=f"{settings.SITE_URL}{call.get_absolute_url()}",
        ),
        members=members,
        actor=actor,
        transition=call.main_transition,
        programmes=call.programmes.order_by("pk"),
        partners=[
            (partner.organisation, partner.role)  # type: ignore[misc]  # a Role, as its choices say
            for partner in call.partners.select_related("organisation").order_by("pk")
        ],
        announced_start=call.starts_on,
        announced_end=call.ends_on,
    )


def _member(volunteer: Volunteer) -> Member:
    return Member(
        territory=volunteer.territory,
        focus=volunteer.focus,
        focus_territory=volunteer.focus_territory,
        local_question=volunteer.local_question,
    )


def _invite(entering: list[Volunteer], user: User, actor: Actor) -> Iterable[str]:
    """Invite the two contacts of each territory; yield the sentences of those who could not be."""
    for volunteer in entering:
        if volunteer.participation is None:
            continue
        scope = Scope(participation=volunteer.participation)
        for role, email in (
            (MemberRole.ELECTED, volunteer.elected_email),
            (MemberRole.OFFICER, volunteer.officer_email),
        ):
            if not email:
                continue
            try:
                invite(email=email, role=role, scope=scope, inviter=user, actor=actor)
            except ValidationError as error:
                yield f"{volunteer.territory.name}, {role.label}\u00a0: {' '.join(error.messages)}"
