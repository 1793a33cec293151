"""The letters that announce a decision to those who wrote a declaration and its two contacts.

Their stored context is `{"about": "volontaire:<ref>"}`: what they say is read when they leave.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.urls import reverse

from fabriques.intake.enums import Outcome, VolunteerState
from fabriques.intake.models import Volunteer
from fabriques.intake.notifications.calls import CALLS
from fabriques.intake.queries import volunteering as read
from fabriques.kit.outbox import Notification, register
from fabriques.kit.outbox.notifications import Context
from fabriques.kit.outbox.recipients import Recipient


class DecisionLetter(Notification):
    """What was decided about one declaration, and why."""

    category = CALLS
    can_disable = False
    transactional = True  # an answer to whoever declared, account or not
    outcome: ClassVar[Outcome]

    def subject(self, context: Context) -> str:
        return f"{context['territory']}, appel «\u00a0{context['call']}\u00a0»\u00a0: la décision"

    def present(self, context: Context) -> Context:
        volunteer = _declaration(context)
        call = volunteer.call
        fabrique = call.fabrique
        if (volunteer.pending_outcome or volunteer.outcome) != self.outcome:
            raise Volunteer.DoesNotExist  # decided otherwise since: another letter says it
        return {
            "territory": volunteer.territory.name,
            "call": call.title,
            "reason": volunteer.pending_reason or volunteer.outcome_reason,
            "declaration": volunteer.get_absolute_url(),
            "page": call.get_absolute_url(),
            "fabrique": fabrique.get_absolute_url() if fabrique else "",
        }

    def applicable(self, user: AbstractBaseUser | None, context: Context) -> bool:
        """What was decided is for who still writes the declaration, and for its two contacts."""
        try:
            self.present(context)
        except Volunteer.DoesNotExist:
            return False
        if user is None:
            return True
        volunteer = _declaration(context)
        named = {volunteer.elected_email.lower(), volunteer.officer_email.lower()}
        return (
            Recipient.of(user).address in named
            or read.authors_of(volunteer).filter(user=user.pk).exists()
        )

    def example(self) -> Context:
        return {
            "territory": "CC Vallée de l’Hérault",
            "call": "Bien vieillir dans les territoires",
            "reason": "La cohorte réunit 6 territoires parmi 60 volontaires. Elle a été composée "
            "pour que ces territoires soient différents les uns des autres.",
            "declaration": reverse("space"),
            "page": reverse("home"),
            "fabrique": "",
        }


@register
class Retained(DecisionLetter):
    key = "cohort-retained"
    label = "Mon territoire est retenu"
    template = "intake/mails/cohort_retained"
    outcome = Outcome.RETAINED


@register
class InReserve(DecisionLetter):
    key = "cohort-reserve"
    label = "Mon territoire est en réserve"
    template = "intake/mails/cohort_reserve"
    outcome = Outcome.RESERVE


@register
class NotRetained(DecisionLetter):
    key = "cohort-not-retained"
    label = "Mon territoire n’est pas retenu"
    template = "intake/mails/cohort_not_retained"
    outcome = Outcome.NOT_RETAINED


LETTERS: dict[str, type[DecisionLetter]] = {
    kind.outcome: kind for kind in (Retained, InReserve, NotRetained)
}


def _declaration(context: Context) -> Volunteer:
    """The declaration that the letter is about. Raises DoesNotExist when it was withdrawn."""
    return Volunteer.objects.select_related("call__fabrique", "territory").get(
        ref=context["about"].partition(":")[2], state=VolunteerState.SUBMITTED
    )
