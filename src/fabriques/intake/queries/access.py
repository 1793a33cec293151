"""Who is what to a call, and which declarations a person may see: the only door to them.

Every list, count, chart and export of declarations in the signed-in space begins with
`visible_volunteers`: what a conflict of interest hides is hidden there, so that it shows nowhere.
"""

from __future__ import annotations

from django.db.models import Q, QuerySet

from fabriques.intake.enums import Reach, VolunteerState
from fabriques.intake.models import Author, Call, CallPartner, Conflict, Reviewer, Volunteer
from fabriques.kit import concealment
from fabriques.people.models import User
from fabriques.programme.abilities import AnyUser, Relation, standing
from fabriques.territories.enums import Kind
from fabriques.territories.models import ProgrammeMembership


def reviewing(user: User, call: Call) -> list[CallPartner]:
    """The partners of this call for which the person acts; read once for each `user` object,
    whatever the number of calls."""
    known: list[CallPartner] | None = user.__dict__.get("_reviewing")
    if known is None:
        known = user.__dict__["_reviewing"] = list(
            CallPartner.objects.filter(reviewers__user=user, reviewers__withdrawn_at=None)
            .select_related("organisation", "only_programme")
            .distinct()
            .order_by("pk")
        )
    return [partner for partner in known if partner.call_id == call.pk]


def concealed_pairs(user: User) -> frozenset[tuple[int, int]]:
    """Calls and territories of which this person must see nothing there: a declared conflict of
    theirs or of the partner they act for, or, for stewards and partners, a declaration of their
    own, which they do not judge. Read once for each `user` object."""
    known: frozenset[tuple[int, int]] | None = user.__dict__.get("_concealed")
    if known is None:
        acts_for = Q(partner__reviewers__user=user, partner__reviewers__withdrawn_at=None)
        declared = Conflict.objects.filter(Q(user=user) | acts_for, lifted_at=None)
        own = Author.objects.filter(user=user, left_at=None)
        if not is_steward(user):
            own = own.filter(
                volunteer__call__partners__reviewers__user=user,
                volunteer__call__partners__reviewers__withdrawn_at=None,
            )
        both = declared.order_by().values_list("call", "territory")
        both = both.union(own.order_by().values_list("volunteer__call", "volunteer__territory"))
        known = user.__dict__["_concealed"] = frozenset(both)
    return known


def concealed_territories(user: User, call: Call) -> frozenset[int]:
    """The territories concealed from this person in one call."""
    return frozenset(territory for pk, territory in concealed_pairs(user) if pk == call.pk)


def has_conflict(user: User, call: Call) -> bool:
    """Whether this person must stay out of the composition of this call."""
    return bool(concealed_territories(user, call))


def forget_access(user: User) -> None:
    """What was read of a person's access is asked again: they have just declared a conflict."""
    user.__dict__.pop("_reviewing", None)
    user.__dict__.pop("_concealed", None)
    concealment.forget(user)


def writes(user: User, volunteer: Volunteer) -> bool:
    """Whether this person is one of the authors of the declaration."""
    return Author.objects.filter(volunteer=volunteer, user=user, left_at=None).exists()


def is_steward(user: AnyUser) -> bool:
    return Relation.STEWARD in standing(user).over_site()


def reach_of(partner: CallPartner, at: str = "territory__") -> Q:
    """What a partner may see, by what the territory is: a condition on declarations, or on what
    leads to a territory by the path `at` ("" for territories themselves)."""
    found = Q()
    if partner.reach == Reach.COMMUNES:
        found &= Q(**{f"{at}kind": Kind.COMMUNE})
    elif partner.reach == Reach.GROUPINGS:
        found &= ~Q(**{f"{at}kind": Kind.COMMUNE})
    if partner.only_programme_id:
        members = ProgrammeMembership.objects.filter(
            programme=partner.only_programme_id, closed_on=None
        )
        found &= Q(**{f"{at}pk__in": members.order_by().values("territory")})
    return found


def visible_volunteers(user: User, call: Call) -> QuerySet[Volunteer]:
    """Submitted declarations that this person may see as steward or partner; drafts are nobody
    else's. Withdrawn ones are left out: see `withdrawn_volunteers`."""
    return _seen(user, call).filter(state=VolunteerState.SUBMITTED)


def withdrawn_volunteers(user: User, call: Call) -> QuerySet[Volunteer]:
    """Declarations submitted once, then withdrawn; for stewards."""
    found = _seen(user, call).filter(state=VolunteerState.WITHDRAWN, number__isnull=False)
    return found if is_steward(user) else found.none()


def drafts_count(user: User, call: Call) -> int:
    """How many declarations are being written, without those concealed; 0 for partners."""
    found = _seen(user, call).filter(state=VolunteerState.DRAFT)
    return found.count() if is_steward(user) else 0


def _seen(user: User, call: Call) -> QuerySet[Volunteer]:
    found = Volunteer.objects.filter(call=call).exclude(
        territory__in=concealed_territories(user, call)
    )
    if is_steward(user):
        return found.order_by("number", "pk")
    partners = reviewing(user, call)
    if not partners:
        return found.none()
    reach = Q()
    for partner in partners:
        reach |= reach_of(partner) or Q(pk__isnull=False)
    return found.filter(reach).order_by("number", "pk")


def within_reach(user: User, volunteer: Volunteer) -> bool:
    """Whether a partner for which this person acts may see the declaration."""
    return any(
        Volunteer.objects.filter(reach_of(partner), pk=volunteer.pk).exists()
        for partner in reviewing(user, volunteer.call)
    )


def reviewers_of(call: Call) -> QuerySet[Reviewer]:
    """Who acts for which partner of the call."""
    return (
        Reviewer.objects.filter(partner__call=call, withdrawn_at=None)
        .select_related("user", "partner__organisation")
        .order_by("partner", "pk")
    )
