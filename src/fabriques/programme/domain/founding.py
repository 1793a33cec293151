"""A fabrique that begins on this site: founded from a call, joined and left by its territories.

The file of facts tells the fabriques of the past. Those founded here bear `founded_at`: loading the
file again neither changes nor removes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from fabriques.kit import journal
from fabriques.kit.journal import Actor
from fabriques.people.models import Organisation
from fabriques.programme.domain.invitations import cancel_invitation
from fabriques.programme.domain.loading import reindex_fabriques, snapshot
from fabriques.programme.domain.memberships import RefusedError, end_roles_in
from fabriques.programme.enums import Role
from fabriques.programme.models import (
    Fabrique,
    Invitation,
    Participation,
    Partnership,
    Source,
    Transition,
)
from fabriques.programme.queries.memberships import unanswered
from fabriques.territories.models import NationalProgramme, Territory

INITIATOR = "anct"
_CODE = re.compile(r"fabp-(\d+)")
_SLUG_LENGTH = 120
_SOURCE_SLUG_LENGTH = 60


@dataclass(frozen=True)
class Member:
    """A territory that takes part, and what it works on."""

    territory: Territory
    focus: str = ""
    focus_territory: Territory | None = None
    local_question: str = ""


@dataclass(frozen=True)
class Origin:
    """What a fabrique comes from, cited as the source of its facts. `url` is a full address."""

    slug: str
    title: str
    url: str


@transaction.atomic
def found_fabrique(
    *,
    title: str,
    objective: str,
    origin: Origin,
    members: Sequence[Member],
    actor: Actor,
    transition: Transition | None = None,
    programmes: Iterable[NationalProgramme] = (),
    partners: Iterable[tuple[Organisation, Role]] = (),
    announced_start: str = "",
    announced_end: str = "",
) -> Fabrique:
    """A new fabrique of the ANCT under the next code, with its members as of today.

    Its edition is the year it begins. Dates are partial (`2027-01`). Raises RefusedError without a
    member, or where the record of the ANCT is missing.
    """
    initiator = Organisation.objects.filter(slug=INITIATOR).first()
    if initiator is None:
        raise RefusedError("La fiche de l’ANCT manque parmi les organisations : créez-la d’abord.")
    if not members:
        raise RefusedError("Une fabrique se fonde avec un territoire au moins.")
    now = timezone.now()
    source, _ = Source.objects.get_or_create(
        slug=origin.slug[:_SOURCE_SLUG_LENGTH].rstrip("-"),
        defaults={
            "title": origin.title,
            "publisher": initiator.name,
            "date": timezone.localdate(now).isoformat(),
            "url": origin.url,
        },
    )
    fabrique = _created(
        title=title,
        year=int(announced_start[:4] or timezone.localdate(now).year),
        initiator=initiator,
        main_transition=transition,
        objective=objective,
        announced_start=announced_start,
        announced_end=announced_end,
        founded_at=now,
    )
    fabrique.transitions.set([transition] if transition else [])
    fabrique.programmes.set(programmes)
    fabrique.sources.set([source])
    for organisation, role in partners:
        Partnership.objects.get_or_create(
            fabrique=fabrique, organisation=organisation, role=role, defaults={"source": source}
        )
    _join(fabrique, members, source)
    journal.record(
        subject=fabrique.subject,
        verb="fondée",
        actor=actor,
        after={name: value for name, value in (snapshot(fabrique.code) or {}).items() if value},
    )
    _reindex(fabrique)
    return fabrique


@transaction.atomic
def join_fabrique(*, fabrique: Fabrique, member: Member, actor: Actor) -> Participation:
    """A territory enters a fabrique that was founded here, from today."""
    source = fabrique.sources.order_by("pk").first()
    participation = _join(fabrique, [member], source)[0]
    journal.record(
        subject=fabrique.subject,
        verb="territoire entré",
        actor=actor,
        after={"participations": [member.territory.name]},
    )
    _reindex(fabrique)
    return participation


@transaction.atomic
def leave_fabrique(*, participation: Participation, actor: Actor, reason: str = "") -> None:
    """A territory leaves: its participation ends today and stays known; roles in it end at once,
    with a letter to who held them, and invitations to them are void."""
    participation = (
        Participation.objects.select_related("fabrique", "territory")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=participation.pk)
    )
    if participation.left:
        raise RefusedError("Ce territoire est déjà sorti de la fabrique.")
    participation.left = timezone.localdate().isoformat()
    participation.save(update_fields=["left"])
    offered = Invitation.objects.filter(unanswered(), participation=participation)
    invitations = list(offered.select_for_update(no_key=True).order_by("pk"))
    end_roles_in(participation, actor, reason=reason or "le territoire quitte la fabrique")
    for invitation in invitations:
        cancel_invitation(invitation=invitation, actor=actor)
    fabrique = participation.fabrique
    journal.record(
        subject=fabrique.subject,
        verb="territoire sorti",
        actor=actor,
        after={"participations": [participation.territory.name]},
    )
    _reindex(fabrique)


def _created(*, title: str, **fields: object) -> Fabrique:
    """The row under the next free code; two that are founded at once take two codes."""
    for _ in range(5):
        codes = Fabrique.objects.order_by().values_list("code", flat=True)
        numbers = [int(match[1]) for code in codes if (match := _CODE.fullmatch(code))]
        code = f"fabp-{max(numbers, default=0) + 1:02}"
        slug = f"{code}-{slugify(title)}"[:_SLUG_LENGTH].rstrip("-")
        try:
            with transaction.atomic():
                return Fabrique.objects.create(code=code, slug=slug, title=title, **fields)
        except IntegrityError:
            continue
    raise RefusedError("Une autre fabrique se fonde au même moment : recommencez.")


def _join(
    fabrique: Fabrique, members: Sequence[Member], source: Source | None
) -> list[Participation]:
    today = timezone.localdate().isoformat()
    made = [
        Participation.objects.create(
            fabrique=fabrique,
            territory=member.territory,
            focus=member.focus,
            focus_territory=member.focus_territory,
            local_question=member.local_question,
            joined=today,
        )
        for member in members
    ]
    if source:
        for participation in made:
            participation.sources.set([source])
    return made


def _reindex(fabrique: Fabrique) -> None:
    """After the journal: the page of a fabrique shows its history."""
    reindex_fabriques(Fabrique.objects.filter(pk=fabrique.pk))
