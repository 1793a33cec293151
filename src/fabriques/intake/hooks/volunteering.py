"""Volunteering: what awaits authors, what is held of persons, what time empties."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from fabriques.intake.domain.declarations import forget_letter
from fabriques.intake.enums import Outcome, VolunteerState
from fabriques.intake.models import Author, CallInvitation, JoinRequest, Volunteer
from fabriques.intake.purposes import CONTACTS_KEPT
from fabriques.intake.queries import access
from fabriques.intake.queries import declarations as content
from fabriques.intake.queries import volunteering as read
from fabriques.kit import awaiting
from fabriques.kit.awaiting import Task
from fabriques.kit.journal import Actor
from fabriques.people import stewardship
from fabriques.people.models import User
from fabriques.people.personal import erasure, export, retention
from fabriques.people.personal.erasure import ERASED_DOMAIN
from fabriques.people.queries import addresses_of
from fabriques.people.stewardship import Moved

URGENT = timedelta(days=7)
_WHO = ("elected", "officer")

# --- What awaits a person ---------------------------------------------------------------------


def drafts_to_finish(user: User) -> list[Task]:
    """Declarations begun, while their call is open."""
    today = timezone.localdate()
    tasks = []
    for volunteer in read.my_drafts(user):
        closes_on = volunteer.call.closes_on or today
        tasks.append(
            Task(
                title=f"Terminez votre déclaration, l’appel ferme {_when(closes_on, today)}",
                detail=f"{volunteer.territory.name}, pour «\u00a0{volunteer.call}\u00a0».",
                address=reverse("volunteer-edit", args=[volunteer.ref]),
                act="Reprendre",
                urgent=closes_on - today < URGENT,
            )
        )
    return tasks


def _when(closes_on: date, today: date) -> str:
    days = (closes_on - today).days
    if days == 0:
        return "ce soir à minuit, heure de Paris"
    if days == 1:
        return "demain à minuit, heure de Paris"
    if days <= 30:
        return f"dans {days} jours"
    return f"le {date_format(closes_on, 'j F Y')}"


def requests_to_answer(user: User) -> list[Task]:
    """People who ask to write a declaration that this person writes; those that nobody writes any
    more are for stewards."""
    asked = JoinRequest.objects.filter(answered_at=None, user__is_active=True).exclude(
        volunteer__state=VolunteerState.WITHDRAWN
    )
    own = Q(volunteer__authors__user=user, volunteer__authors__left_at=None)
    if access.is_steward(user):
        left = ~Q(volunteer__in=read.active_authors().order_by().values("volunteer"))
        own |= left & Q(volunteer__number__isnull=False)
    rows = (
        asked.filter(own)
        .select_related("user", "volunteer__territory", "volunteer__call")
        .distinct()
        .order_by("created_at", "pk")
    )
    return [
        Task(
            title=f"{row.user} demande à écrire avec vous",
            detail=f"Déclaration de {row.volunteer.territory.name}, pour "
            f"«\u00a0{row.volunteer.call}\u00a0».",
            address=reverse("volunteer-authors", args=[row.volunteer.ref]),
            act="Répondre",
        )
        for row in rows
        if row.volunteer.territory_id not in access.concealed_territories(user, row.volunteer.call)
        or access.writes(user, row.volunteer)
    ]


# --- What is held of a person -----------------------------------------------------------------


def _naming(user: User) -> QuerySet[Volunteer]:
    """Declarations that name one of this person's addresses."""
    addresses = addresses_of(user) | {user.email}
    named = Q(elected_email__in=addresses) | Q(officer_email__in=addresses)
    return read.declarations().filter(named).order_by("pk")


def exported_volunteerings(user: User) -> list[dict[str, Any]]:
    rows = (
        Author.objects.filter(user=user)
        .select_related("volunteer__territory", "volunteer__call")
        .order_by("pk")
    )
    written = [
        {
            "déclaration": str(row.volunteer.territory),
            "appel": str(row.volunteer.call),
            "qualité": "auteur·rice",
            "du": row.joined_at,
            "au": row.left_at,
        }
        for row in rows
    ]
    asked = [
        {
            "déclaration": str(row.volunteer.territory),
            "appel": str(row.volunteer.call),
            "qualité": "demande à rejoindre",
            "du": row.created_at,
            "au": row.answered_at,
        }
        for row in JoinRequest.objects.filter(user=user)
        .select_related("volunteer__territory", "volunteer__call")
        .order_by("pk")
    ]
    addresses = addresses_of(user) | {user.email}
    named = [
        {
            "déclaration": str(row.territory),
            "appel": str(row.call),
            "qualité": "élu·e référent·e" if who == "elected" else "technicien·ne",
            "nom": getattr(row, f"{who}_name"),
            "fonction": getattr(row, f"{who}_job"),
            "adresse": getattr(row, f"{who}_email"),
        }
        for row in _naming(user)
        for who in _WHO
        if getattr(row, f"{who}_email") in addresses
    ]
    return [*written, *asked, *named]


def exported_call_invitations(user: User) -> list[dict[str, Any]]:
    mine = addresses_of(user)
    rows = CallInvitation.objects.filter(Q(email__in=mine) | Q(invited_by=user))
    return [
        {
            "appel": str(row.call),
            "territoire": str(row.territory),
            "reçue ou envoyée": "reçue" if row.email in mine else "envoyée",
            "le": row.created_at,
            "ouverte le": row.opened_at,
            "déclinée le": row.declined_at,
        }
        for row in rows.select_related("call", "territory").order_by("pk")
    ]


def erase_volunteering(user: User, actor: Actor) -> None:
    """They write no more, and no declaration or invitation names them; its texts are the
    territory's and stay."""
    now = timezone.now()
    addresses = addresses_of(user) | {user.email}
    for volunteer in _naming(user).select_for_update(no_key=True, of=("self",)):
        for who in _WHO:
            if getattr(volunteer, f"{who}_email") in addresses:
                _forget_contact(volunteer, who)
        volunteer.save(update_fields=content.CONTACTS)
    received = CallInvitation.objects.filter(email__in=addresses)
    received.filter(cancelled_at=None, call__announced_at=None, volunteers=None).update(
        cancelled_at=now  # nobody is there to answer: the territory may be asked elsewhere
    )
    forget_addresses(received)
    JoinRequest.objects.filter(user=user).delete()
    Author.objects.filter(user=user, left_at=None).update(left_at=now)


def _forget_contact(volunteer: Volunteer, who: str) -> None:
    for part in ("name", "job", "email"):
        setattr(volunteer, f"{who}_{part}", "")


def forget_addresses(invitations: QuerySet[CallInvitation]) -> None:
    """Empty the addresses of these invitations; their dates and counts stay."""
    for invitation in invitations.order_by("pk"):
        invitation.email = f"invitation-{invitation.pk}@{ERASED_DOMAIN}"
        invitation.declined_why = ""
        invitation.save(update_fields=["email", "declined_why"])


def move_volunteerings(kept: User, gone: User, actor: Actor | None) -> Moved:
    """Declarations that the kept account does not write yet move; so do requests."""
    own = Author.objects.filter(user=kept, left_at=None).order_by().values("volunteer")
    rows = Author.objects.filter(user=gone, left_at=None)
    moving = rows.exclude(volunteer__in=own)
    left = rows.count() - (count := moving.count())
    if actor:
        Author.objects.filter(pk__in=[row.pk for row in moving]).update(user=kept)
        rows.update(left_at=timezone.now())
        asked = JoinRequest.objects.filter(user=kept, answered_at=None).order_by()
        again = JoinRequest.objects.filter(user=gone, answered_at=None)
        again.filter(volunteer__in=asked.values("volunteer")).delete()
        JoinRequest.objects.filter(user=gone).update(user=kept)
        CallInvitation.objects.filter(invited_by=gone).update(invited_by=kept)
    return Moved("déclarations de volontariat", count, left)


# --- Retention --------------------------------------------------------------------------------


def _over(limit: datetime, prefix: str = "") -> Q:
    """Whose call was announced, cancelled, or closed without a decision, before this moment."""
    return (
        Q(**{f"{prefix}announced_at__lt": limit})
        | Q(**{f"{prefix}cancelled_at__lt": limit})
        | Q(
            **{
                f"{prefix}announced_at": None,
                f"{prefix}closes_on__lt": timezone.localdate(limit),
            }
        )
    )


def forget_contacts(now: datetime, dry_run: bool) -> list[str]:
    """Persons and letters of the declarations that were not retained, a year after the end."""
    due = Volunteer.objects.filter(_over(now - CONTACTS_KEPT, "call__"))
    due = due.exclude(outcome=Outcome.RETAINED, state=VolunteerState.SUBMITTED)
    filled = ~Q(framing_letter="") | Q(authors__isnull=False) | Q(join_requests__isnull=False)
    for name in content.CONTACTS:
        filled |= ~Q(**{name: ""})
    rows = due.filter(filled).distinct().order_by("pk")
    count = rows.count()
    for volunteer in () if dry_run else rows:
        for who in _WHO:
            _forget_contact(volunteer, who)
        forget_letter(volunteer)
        volunteer.save(update_fields=[*content.CONTACTS, "framing_letter", "framing_letter_name"])
        volunteer.authors.all().delete()
        volunteer.join_requests.all().delete()
    return [f"{count} déclaration(s) d’appels finis : contacts et pièces effacés."] if count else []


def forget_call_invitations(now: datetime, dry_run: bool) -> list[str]:
    """Addresses of the territories invited, a year after the end of the call."""
    rows = CallInvitation.objects.filter(_over(now - CONTACTS_KEPT, "call__")).exclude(
        email__endswith=f"@{ERASED_DOMAIN}"
    )
    count = rows.count()
    if count and not dry_run:
        forget_addresses(rows)
    return [f"{count} invitation(s) à un appel fini : adresse oubliée."] if count else []


awaiting.register(drafts_to_finish)
awaiting.register(requests_to_answer)
export.register_export("volontariats", "Vos déclarations de volontariat", exported_volunteerings)
export.register_export("appels", "Vos invitations à des appels", exported_call_invitations)
erasure.register_erasure(erase_volunteering)
stewardship.register_person_mover(move_volunteerings)
retention.register_retention(forget_contacts)
retention.register_retention(forget_call_invitations)
