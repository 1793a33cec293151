"""The stream of the signed-in space: what concerns the person, and the fabriques they work in."""

from datetime import datetime, time, timedelta

from django.utils import timezone

from fabriques.kit import live
from fabriques.people.models import User
from fabriques.programme.abilities import standing
from fabriques.programme.scopes import Scope


def authorise(user: User) -> live.Grant:
    """Topics of this person today; asked again when the first of their roles ends."""
    held = standing(user).memberships
    within = {scope.within for membership in held if (scope := Scope.of(membership)).within}
    ends = [membership.ends_on for membership in held if membership.ends_on]
    until = (
        timezone.make_aware(datetime.combine(min(ends) + timedelta(days=1), time.min))
        if ends
        else None
    )
    return live.Grant(
        topics=frozenset({user.subject, *(fabrique.subject for fabrique in within if fabrique)}),
        until=until,
    )


live.register("espace", authorise)
