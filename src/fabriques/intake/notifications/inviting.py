"""The letter that asks a territory to volunteer, the same whoever thought of it; its reminder."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser

from fabriques.intake.enums import InvitationState
from fabriques.intake.models import CallInvitation
from fabriques.intake.notifications.calls import CALLS
from fabriques.intake.queries import inviting as read
from fabriques.intake.queries.volunteering import until
from fabriques.kit.outbox import Notification, register
from fabriques.kit.outbox.notifications import Context


class _Invitation(Notification):
    """Contexts hold the reference of the invitation and `about`, its subject: the link, which is a
    secret, is made when the letter leaves."""

    category = CALLS
    can_disable = False
    transactional = True

    def present(self, context: Context) -> Context:
        from fabriques.intake.domain.inviting import token_of

        invitation = read.by_ref(context["invitation"])
        if invitation is None:
            raise CallInvitation.DoesNotExist
        call = invitation.call
        return {
            "territory": invitation.territory.name,
            "title": call.title,
            "question": call.question,
            "partner": str(invitation.partner.organisation) if invitation.partner else "",
            "reason": invitation.reason,
            "places": call.places,
            "opens_on": call.opens_on,
            "until": until(call),
            "token": token_of(invitation),
            "slug": call.slug,
        }

    def applicable(self, user: AbstractBaseUser | None, context: Context) -> bool:
        from fabriques.intake.domain.inviting import why_spent

        invitation = read.by_ref(context["invitation"])
        if invitation is None or why_spent(invitation):
            return False
        volunteers = read.with_states(CallInvitation.objects.filter(pk=invitation.pk)).filter(
            state=InvitationState.SUBMITTED
        )
        return not volunteers.exists()

    def example(self) -> Context:
        return {
            "territory": "Jonzac",
            "title": "Bien vieillir dans les petites villes",
            "question": "Comment bien vieillir dans nos territoires ?",
            "partner": "Association des petites villes",
            "reason": "Jonzac a ouvert une maison des aînés.",
            "places": "4 à 8",
            "opens_on": date(2026, 12, 1),
            "until": "jusqu’au 15 janvier 2027 inclus, minuit heure de Paris",
            "token": "exemple",
            "slug": "bien-vieillir",
        }


@register
class CallInvitationLetter(_Invitation):
    key = "call-invitation"
    label = "Mon territoire est invité à se porter volontaire"
    template = "intake/mails/call_invitation"

    def subject(self, context: Context) -> str:
        return f"{context['territory']} est invité à se porter volontaire : {context['title']}"


@register
class CallInvitationReminder(_Invitation):
    """Leaves only if nothing has come meanwhile."""

    key = "call-invitation-reminder"
    label = "Mon territoire n’a pas encore répondu à une invitation"
    template = "intake/mails/call_invitation_reminder"

    def subject(self, context: Context) -> str:
        return f"Rappel : {context['territory']} peut se porter volontaire – {context['title']}"

    def applicable(self, user: AbstractBaseUser | None, context: Context) -> bool:
        rows = CallInvitation.objects.filter(ref=context["invitation"])
        quiet = read.with_states(rows).filter(
            state__in=[*read.SILENT, InvitationState.TO_WRITE, InvitationState.UNDELIVERED]
        )
        return super().applicable(user, context) and bool(quiet.exists())
