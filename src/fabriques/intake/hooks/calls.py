"""Calls: what awaits stewards, the menu of the space, the kind that search knows."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from fabriques.intake import search
from fabriques.intake.enums import Phase
from fabriques.intake.models import Call, Reviewer
from fabriques.intake.queries import calls as read
from fabriques.intake.queries.access import is_steward
from fabriques.kit import awaiting, navigation
from fabriques.kit.awaiting import Task
from fabriques.kit.navigation import Link
from fabriques.kit.search import kinds
from fabriques.people.models import User
from fabriques.people.personal import retention

SHOWN = 10


def calls_to_carry(user: User) -> list[Task]:
    """Calls to publish, and closed ones whose cohort is to be composed; three queries at most."""
    if not is_steward(user):
        return []
    tasks = []
    lasting = Call.objects.filter(cancelled_at=None, settled_at=None, announced_at=None)
    for call in lasting.order_by("closes_on", "pk"):
        address = reverse("space-call", args=[call.slug])
        if call.phase is Phase.DRAFT:
            tasks.append(
                Task("Un appel est à publier", f"{call}.", address, "Voir l’appel", urgent=False)
            )
        elif call.phase is Phase.CLOSED:
            late = bool(call.decides_on and call.decides_on < timezone.localdate())
            due = (
                f" Cohorte annoncée pour le {date_format(call.decides_on, 'j F Y')}."
                if call.decides_on
                else ""
            )
            tasks.append(
                Task(
                    "Un appel est clos : la cohorte est à composer",
                    f"{call}.{due}",
                    address,
                    "Voir l’appel",
                    urgent=late,
                )
            )
    if number := read.themes_to_answer():
        tasks.append(
            Task(
                title="Des thèmes proposés attendent une réponse",
                detail=f"{number} thème{'s' if number > 1 else ''}.",
                address=f"{reverse('themes')}?etat=proposed",
                act="Lire les thèmes",
            )
        )
    return tasks


def menu(request: HttpRequest) -> list[Link]:
    """Themes for all; all the calls for stewards, for others their declarations and the calls of
    their partners."""
    user = request.user
    if not isinstance(user, User):
        return []
    themes = Link("themes", "Les thèmes proposés", reverse("themes"))
    if is_steward(user):
        return [Link("space-calls", "Tous les appels", reverse("space-calls")), themes]
    return [
        Link("volunteerings", "Mes déclarations", reverse("volunteerings")),
        *(
            Link("space-call", str(call), reverse("space-call", args=[call.slug]))
            for call in read.calls_for(user)[:SHOWN]
        ),
        themes,
    ]


def reviewers() -> set[int]:
    """Accounts opened for who acts for a partner: awaited, even if they have not come in yet."""
    return set(
        Reviewer.objects.filter(withdrawn_at=None, partner__call__announced_at=None)
        .order_by()
        .values_list("user", flat=True)
    )


retention.register_expected(reviewers)
kinds.register(search.KIND, "Appels", position=15)
awaiting.register(calls_to_carry)
navigation.register_menu(30, "Appels à volontaires", menu)
