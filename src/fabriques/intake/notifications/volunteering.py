"""What volunteering writes to people. Every stored context names its declaration by `about`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone

from fabriques.intake.enums import VolunteerState
from fabriques.intake.models import Author, JoinRequest, Volunteer
from fabriques.intake.queries import volunteering as read
from fabriques.kit.outbox import Notification, register
from fabriques.kit.outbox.notifications import Context

VOLUNTEERING = "Mes déclarations de volontariat"
ROLES = {"elected": "élu·e référent·e", "officer": "technicien·ne"}


def _shown(volunteer: Volunteer) -> Context:
    """What the letters say of a declaration, as it is when they leave."""
    return {
        "ref": str(volunteer.ref),
        "territory": volunteer.territory.name,
        "call": volunteer.call.title,
        "slug": volunteer.call.slug,
        "number": volunteer.number,
        "submitted_at": volunteer.submitted_at,
        "closes_on": volunteer.call.closes_on,
        "decides_on": volunteer.call.decides_on,
        "until": read.until(volunteer.call),
        "reason": volunteer.withdrawal_reason,
    }


def _example() -> Context:
    return {
        "ref": "00000000-0000-0000-0000-000000000000",
        "territory": "Jonzac",
        "call": "Bien vieillir dans les territoires",
        "slug": "bien-vieillir",
        "number": 12,
        "submitted_at": timezone.now(),
        "closes_on": date(2027, 1, 15),
        "decides_on": date(2027, 2, 15),
        "until": "jusqu’au 15 janvier 2027 inclus, minuit heure de Paris",
        "reason": "",
    }


class _AboutDeclaration(Notification):
    """Contexts hold `about` and the number of the declaration (`volunteer`)."""

    category = VOLUNTEERING
    can_disable = False

    def present(self, context: Context) -> Context:
        volunteer = read.declarations().get(pk=context["volunteer"])
        return {name: value for name, value in context.items() if name != "volunteer"} | _shown(
            volunteer
        )

    def example(self) -> Context:
        return _example()


@register
class VolunteeringSubmitted(_AboutDeclaration):
    key = "volunteering-submitted"
    label = "Une déclaration que j’écris est déposée"
    template = "intake/mails/volunteering_submitted"

    def subject(self, context: Context) -> str:
        return f"Déclaration déposée : {context['territory']}"


@register
class VolunteeringWithdrawn(_AboutDeclaration):
    key = "volunteering-withdrawn"
    label = "Une déclaration que j’écris est retirée"
    template = "intake/mails/volunteering_withdrawn"

    def subject(self, context: Context) -> str:
        return f"Déclaration retirée : {context['territory']}"


@register
class OverlapSubmitted(_AboutDeclaration):
    """`other` is the name of the territory that volunteers on the same ground."""

    key = "volunteering-overlap"
    label = "Un territoire qui recouvre le mien se porte volontaire"
    template = "intake/mails/volunteering_overlap"

    def subject(self, context: Context) -> str:
        return f"{context['other']} se porte aussi volontaire"

    def example(self) -> Context:
        return _example() | {"other": "CC de la Haute-Saintonge"}


@register
class DraftToFinish(_AboutDeclaration):
    """Said once: what still waits or has been said is not said again within its window."""

    key = "volunteering-draft"
    label = "Une déclaration que j’écris n’est pas encore déposée"
    template = "intake/mails/volunteering_draft"
    can_disable = True
    window = timedelta(days=365)

    def subject(self, context: Context) -> str:
        return f"Votre déclaration pour {context['territory']} attend d’être déposée"

    def applicable(self, user: AbstractBaseUser | None, context: Context) -> bool:
        volunteer = read.declarations().get(pk=context["volunteer"])
        if volunteer.state != VolunteerState.DRAFT or not volunteer.call.is_open or user is None:
            return False
        return Author.objects.filter(volunteer=volunteer, user=user.pk, left_at=None).exists()


@register
class Named(_AboutDeclaration):
    """To the élu·e and the technicien·ne that a submitted declaration names: they did not type
    their address themselves, and are told what is held and how to object (GDPR, article 14).
    Contexts hold `role` too: elected or officer."""

    key = "volunteering-named"
    label = "Je suis nommé·e dans une déclaration"
    template = "intake/mails/volunteering_named"
    transactional = True

    def subject(self, context: Context) -> str:
        return f"Vous êtes nommé·e dans la déclaration de {context['territory']}"

    def present(self, context: Context) -> Context:
        shown = super().present(context)
        return shown | {"role": ROLES[context["role"]]}

    def applicable(self, user: AbstractBaseUser | None, context: Context) -> bool:
        volunteer = read.declarations().get(pk=context["volunteer"])
        return volunteer.state == VolunteerState.SUBMITTED

    def example(self) -> Context:
        return _example() | {"role": ROLES["elected"]}


class _AboutRequest(Notification):
    """Contexts hold `about` and the number of the request (`request`)."""

    category = VOLUNTEERING
    can_disable = False

    def present(self, context: Context) -> Context:
        request = JoinRequest.objects.select_related("user").get(pk=context["request"])
        volunteer = read.declarations().get(pk=request.volunteer_id)
        known: dict[str, Any] = {"person": str(request.user), "accepted": request.accepted}
        return _shown(volunteer) | known

    def example(self) -> Context:
        return _example() | {"person": "Awa Diop", "accepted": True}


@register
class JoinAsked(_AboutRequest):
    key = "volunteering-join-asked"
    label = "Quelqu’un demande à écrire une déclaration avec moi"
    template = "intake/mails/volunteering_join_asked"

    def subject(self, context: Context) -> str:
        return f"{context['person']} demande à écrire avec vous : {context['territory']}"

    def applicable(self, user: AbstractBaseUser | None, context: Context) -> bool:
        return JoinRequest.objects.filter(pk=context["request"], answered_at=None).exists()


@register
class JoinAnswered(_AboutRequest):
    key = "volunteering-join-answered"
    label = "Ma demande à rejoindre une déclaration a sa réponse"
    template = "intake/mails/volunteering_join_answered"

    def subject(self, context: Context) -> str:
        return f"Réponse à votre demande : {context['territory']}"
