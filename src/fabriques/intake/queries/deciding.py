"""What the pages of a decision read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from fabriques.intake.enums import Outcome, Place, VolunteerState
from fabriques.intake.models import Call, Composition, Volunteer
from fabriques.intake.notifications.deciding import LETTERS
from fabriques.intake.queries.access import visible_volunteers
from fabriques.intake.queries.composing.draft import draft_of
from fabriques.intake.queries.pool import pool_of
from fabriques.kit.outbox.models import Batch, Mail, State
from fabriques.people.models import User
from fabriques.programme.enums import MemberRole
from fabriques.programme.models import Invitation, Membership
from fabriques.programme.queries.memberships import acceptable, not_ended

TAKEN_OUT = "Retirée à la relecture."
NO_ADDRESS = "Aucune adresse n’est connue."


@dataclass(frozen=True)
class Group:
    """The declarations that share an outcome; those in reserve in their order, others by number."""

    outcome: Outcome
    volunteers: tuple[Volunteer, ...]

    @property
    def title(self) -> str:
        return {
            Outcome.RETAINED: "Dans la cohorte",
            Outcome.RESERVE: "En réserve",
            Outcome.NOT_RETAINED: "Non retenus",
        }[self.outcome]


@dataclass(frozen=True)
class Unwritten:
    """Somebody whom no letter reaches: to be called otherwise."""

    territory: str
    address: str
    why: str


@dataclass(frozen=True)
class ToInvite:
    """A contact of a retained territory who has neither role nor invitation."""

    territory: str
    role: MemberRole
    email: str
    address: str


def declarations(user: User, call: Call) -> list[Volunteer]:
    """The submitted declarations of the call, with what a page says of them."""
    return list(
        visible_volunteers(user, call).select_related(
            "territory__departement", "territory__region", "participation"
        )
    )


def groups(volunteers: Iterable[Volunteer], *, pending: bool = False) -> list[Group]:
    """What is decided of each, announced or not; `pending`: only what is not announced yet."""
    found: dict[str, list[Volunteer]] = {outcome: [] for outcome in Outcome}
    for volunteer in volunteers:
        decided = volunteer.pending_outcome or ("" if pending else volunteer.outcome)
        if decided:
            found[decided].append(volunteer)
    return [
        Group(
            outcome,
            tuple(sorted(found[outcome], key=lambda v: (v.reserve_rank or 0, v.number or 0))),
        )
        for outcome in Outcome
        if found[outcome]
    ]


def compositions(call: Call) -> QuerySet[Composition]:
    """Drafts that can be settled, the latest first, with `members` and `reserve`: how many."""
    there = Q(placements__volunteer__state=VolunteerState.SUBMITTED)
    return (
        Composition.objects.filter(call=call, archived_at=None)
        .annotate(
            members=Count("placements", filter=there & Q(placements__place=Place.MEMBER)),
            reserve=Count("placements", filter=there & Q(placements__place=Place.RESERVE)),
        )
        .order_by("-created_at", "-pk")
    )


def placed(composition: Composition, volunteers: Iterable[Volunteer]) -> list[Group]:
    """What this composition would decide of each of these declarations."""
    places = {
        placement.volunteer_id: placement for placement in composition.placements.order_by("pk")
    }
    outcomes = {Place.MEMBER.value: Outcome.RETAINED, Place.RESERVE.value: Outcome.RESERVE}
    found: dict[Outcome, list[Volunteer]] = {outcome: [] for outcome in Outcome}
    for volunteer in volunteers:
        placement = places.get(volunteer.pk)
        place = placement.place if placement else ""
        found[outcomes.get(place, Outcome.NOT_RETAINED)].append(volunteer)

    def order(volunteer: Volunteer) -> tuple[int, int]:
        placement = places.get(volunteer.pk)
        rank = placement.rank if placement and placement.place == Place.RESERVE else None
        return (rank or 0, volunteer.number or 0)

    return [Group(outcome, tuple(sorted(found[outcome], key=order))) for outcome in Outcome]


def broken_rules(composition: Composition) -> list[str]:
    """The hard rules that this composition does not keep, each in a sentence. Read over all that
    was submitted: who decides has nothing hidden from them."""
    if not composition.rules.filter(hard=True).exists():
        return []
    rows = Volunteer.objects.filter(call=composition.call, state=VolunteerState.SUBMITTED)
    pool = pool_of(composition.call, rows, ways_in=True, opinions=True)
    return [f"{line.sentence} ({line.standing})" for line in draft_of(composition, pool).unmet]


def batches(call: Call) -> list[Batch]:
    """Letters to reread before the announcement, with `to_review` and `out`: letters in and out."""
    return list(
        Batch.objects.filter(held_by=call.subject, released_at=None, cancelled_at=None)
        .annotate(
            to_review=Count("mails", filter=Q(mails__state=State.REVIEW)),
            out=Count("mails", filter=Q(mails__state=State.CANCELLED)),
        )
        .order_by("pk")
    )


def unwritten(found: list[Batch], pending: Iterable[Volunteer]) -> list[Unwritten]:
    """Letters of these batches that say what is pending and will not leave, and pending
    declarations without address."""
    known = {volunteer.subject: volunteer for volunteer in pending}
    rows = []
    written = set()
    for mail in Mail.objects.filter(batch__in=found).order_by("pk"):
        about = str(mail.context.get("about", ""))
        written.add(about)
        volunteer = known.get(about)
        if volunteer is None or mail.kind != LETTERS[volunteer.pending_outcome].key:
            continue  # of what was decided before: another letter takes its place
        if mail.state == State.CANCELLED:
            rows.append(Unwritten(volunteer.territory.name, mail.address, mail.error or TAKEN_OUT))
    if found:
        rows += [
            Unwritten(volunteer.territory.name, "", NO_ADDRESS)
            for about, volunteer in known.items()
            if about not in written
        ]
    return rows


def to_invite(volunteers: Iterable[Volunteer]) -> list[ToInvite]:
    """The contacts of these territories whose participation nobody looks after in their role."""
    entered = [v for v in volunteers if v.participation and not v.participation.left]
    places = [v.participation_id for v in entered]
    answered = {
        *Membership.objects.filter(not_ended(), participation__in=places)
        .order_by()
        .values_list("participation", "role"),
        *Invitation.objects.filter(acceptable(), participation__in=places)
        .order_by()
        .values_list("participation", "role"),
    }
    return [
        ToInvite(
            volunteer.territory.name,
            role,
            email,
            f"{reverse('space-participation-invite', args=[volunteer.participation_id])}"
            f"?role={role}",
        )
        for volunteer in entered
        for role, email in (
            (MemberRole.ELECTED, volunteer.elected_email),
            (MemberRole.OFFICER, volunteer.officer_email),
        )
        if (volunteer.participation_id, role.value) not in answered
    ]
