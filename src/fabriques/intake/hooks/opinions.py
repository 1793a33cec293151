"""Partners and opinions: what awaits people, what is concealed, what is held of persons."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from fabriques.intake.enums import Phase
from fabriques.intake.models import Call, CallInvitation, Conflict, Opinion, Reviewer
from fabriques.intake.queries import concealing
from fabriques.intake.queries import inviting as invitations
from fabriques.intake.queries import opinions as read
from fabriques.intake.queries.access import is_steward
from fabriques.kit import awaiting, concealment, journal
from fabriques.kit.awaiting import Task
from fabriques.kit.journal import Actor
from fabriques.people import domain as accounts
from fabriques.people import stewardship
from fabriques.people.models import User
from fabriques.people.personal import erasure, export
from fabriques.people.stewardship import Moved

SOON = timedelta(days=7)

concealment.register(concealing.concealed_subjects)
concealment.register_histories(concealing.concealed_histories)

# --- What awaits a person -----------------------------------------------------------------------


def opinions_owed(user: User) -> list[Task]:
    """Declarations on which the person's partner has said nothing yet."""
    tasks = []
    for partner, number in read.owed(user):
        call, by = partner.call, partner.call.decides_on
        until = f", avant le {date_format(by, 'j F Y')}" if by else ""
        tasks.append(
            Task(
                title=f"Donner un avis sur {number} déclaration{'s' if number > 1 else ''}",
                detail=f"« {call} », au nom de {partner.organisation}{until}.",
                address=f"{reverse('space-call-opinions', args=[call.slug])}?avis={read.MISSING}",
                act="Donner un avis",
                urgent=bool(by and by - timezone.localdate() <= SOON),
            )
        )
    return tasks


def letters_to_compose(user: User) -> list[Task]:
    """Territories put forward or added one by one, whose letter nobody has composed."""
    if not is_steward(user):
        return []
    tasks = []
    waiting = invitations.to_write(
        invitations.with_states(CallInvitation.objects.order_by())
    ).values("call")
    for call in Call.objects.filter(pk__in=waiting, announced_at=None).order_by("pk"):
        if call.phase not in (Phase.ANNOUNCED, Phase.OPEN):
            continue
        rows = invitations.to_write(invitations.visible_invitations(user, call))
        if number := rows.count():
            tasks.append(
                Task(
                    title="Composer les lettres d’invitation",
                    detail=f"{number} pour « {call} ».",
                    address=reverse("space-call-invitations", args=[call.slug]),
                    act="Voir la liste",
                )
            )
    return tasks


awaiting.register(opinions_owed)
awaiting.register(letters_to_compose)

# --- What is held of a person -------------------------------------------------------------------


def exported_reviewing(user: User) -> list[dict[str, Any]]:
    rows = Reviewer.objects.filter(user=user).select_related(
        "partner__call", "partner__organisation"
    )
    return [
        {
            "appel": str(row.partner.call),
            "au nom de": str(row.partner.organisation),
            "du": row.created_at,
            "retiré le": row.withdrawn_at,
        }
        for row in rows.order_by("created_at", "pk")
    ]


def exported_opinions(user: User) -> list[dict[str, Any]]:
    rows = Opinion.objects.filter(author=user).select_related(
        "volunteer__territory", "volunteer__call", "partner__organisation"
    )
    return [
        {
            "appel": str(row.volunteer.call),
            "territoire": row.volunteer.territory.name,
            "au nom de": str(row.partner.organisation),
            "avis": row.get_value_display(),
            "motif": row.reason,
            "le": row.given_at,
        }
        for row in rows.order_by("given_at", "pk")
    ]


def exported_conflicts(user: User) -> list[dict[str, Any]]:
    rows = Conflict.objects.filter(user=user).select_related(
        "call", "territory", "partner__organisation"
    )
    return [
        {
            "appel": str(row.call),
            "territoire": row.territory.name,
            "pour": str(row.partner.organisation) if row.partner else "vous",
            "lien d’intérêt": row.reason,
            "déclaré le": row.declared_at,
            "levé le": row.lifted_at,
        }
        for row in rows.order_by("declared_at", "pk")
    ]


export.register_export("partenaire", "Les appels dont vous êtes partenaire", exported_reviewing)
export.register_export("avis-donnes", "Les avis que vous avez donnés", exported_opinions)
export.register_export("liens-interet", "Vos liens d’intérêt", exported_conflicts)


def end_reviewing(user: User, actor: Actor) -> None:
    """An account that closes acts for no partner any more."""
    acting = Reviewer.objects.filter(user=user, withdrawn_at=None)
    rows = list(acting.select_related("partner__call", "partner__organisation").order_by("pk"))
    acting.update(withdrawn_at=timezone.now())
    for row in rows:
        journal.record(
            subject=row.partner.call.subject,
            verb="personne retirée d’un partenaire",
            actor=actor,
            before={"personne": user.subject, "partenaire": row.partner.organisation.subject},
            reason="compte fermé",
        )


def erase_opinions(user: User, actor: Actor) -> None:
    """Opinions stay those of the partner and lose their author; conflicts keep no words, and
    still bind the partner for which they were declared."""
    Opinion.objects.filter(author=user).update(author=None)
    Conflict.objects.filter(user=user).update(reason="")
    end_reviewing(user, actor)


def move_reviewing(kept: User, gone: User, actor: Actor | None) -> Moved:
    """What was done for partners moves; where the kept account already does it, the other ends.
    Conflicts of either bind the account that stays."""
    here = Reviewer.objects.filter(user=kept, withdrawn_at=None).order_by().values("partner")
    rows = Reviewer.objects.filter(user=gone)
    left = rows.filter(withdrawn_at=None, partner__in=here)
    moved, stay = rows.filter(withdrawn_at=None).count() - left.count(), left.count()
    if actor:
        left.update(withdrawn_at=timezone.now())
        Reviewer.objects.filter(user=gone).update(user=kept)
        Opinion.objects.filter(author=gone).update(author=kept)
        _move_conflicts(kept, gone)
    return Moved("représentations de partenaires", moved, stay)


def _move_conflicts(kept: User, gone: User) -> None:
    """A conflict that both declared stays once, for the partner if either was."""
    mine = {
        (row.call_id, row.territory_id): row
        for row in Conflict.objects.filter(user=kept, lifted_at=None).order_by("pk")
    }
    for row in Conflict.objects.filter(user=gone).order_by("pk"):
        same = mine.get((row.call_id, row.territory_id)) if row.lifted_at is None else None
        if same:
            if row.partner_id and not same.partner_id:
                Conflict.objects.filter(pk=same.pk).update(partner=row.partner_id)
            row.lifted_at = timezone.now()
        row.user = kept
        row.save(update_fields=["user", "lifted_at"])


stewardship.register_person_mover(move_reviewing)
erasure.register_erasure(erase_opinions)
accounts.register_closing(end_reviewing)
