"""What the programme writes to people about their roles."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone

from fabriques.kit.outbox import Notification, register
from fabriques.kit.outbox.notifications import Context
from fabriques.programme.models import Invitation
from fabriques.programme.scopes import Scope

ROLES = "Mes rôles"


class _AboutRole(Notification):
    """Contexts hold role, place (in words), address (a path) and an ISO date or ""."""

    category = ROLES
    can_disable = False

    def example(self) -> Context:
        return self.present(
            {
                "role": "Technicien·ne référent·e",
                "place": "CC Vallée de l’Hérault, dans « Numérique et biodiversité »",
                "address": "/espace/territoires/1/",
                "ends_on": "2027-06-30",
                "reason": "Changement de poste",
            }
        )

    def present(self, context: Context) -> Context:
        ends_on = context.get("ends_on")
        return context | {"ends_on": date.fromisoformat(ends_on) if ends_on else None}


@register
class RoleGiven(_AboutRole):
    key = "role-given"
    label = "Un rôle m’est donné"
    template = "programme/mails/role_given"

    def subject(self, context: Context) -> str:
        return f"Un rôle pour vous : {context['role']}"


@register
class RoleWithdrawn(_AboutRole):
    key = "role-withdrawn"
    label = "Un rôle m’est retiré"
    template = "programme/mails/role_withdrawn"

    def subject(self, context: Context) -> str:
        return f"Votre rôle prend fin : {context['role']}"


@register
class HandedOver(Notification):
    key = "handed-over"
    label = "Un relais est passé"
    category = ROLES
    template = "programme/mails/handed_over"
    can_disable = False

    def subject(self, context: Context) -> str:
        return f"{context['receiver']} prend votre suite"

    def example(self) -> Context:
        return {
            "receiver": "Marie-Line Élisabeth",
            "place": "CINOR, dans « Numérique et biodiversité »",
        }


@register
class InvitationLetter(Notification):
    """The stored context is the number of the invitation: the link is made when it leaves."""

    key = "invitation"
    label = "Une invitation"
    category = ROLES
    template = "programme/mails/invitation"
    can_disable = False
    transactional = True
    secret = True
    valid_for = timedelta(days=14)

    def subject(self, context: Context) -> str:
        return f"Invitation : {context['role']}"

    def present(self, context: Context) -> Context:
        from fabriques.programme.domain.invitations import all_invitations, token_of

        invitation = all_invitations().get(pk=context["invitation"])
        return {
            "role": invitation.get_role_display(),
            "place": str(Scope.of(invitation)),
            "inviter": str(invitation.invited_by or ""),
            "invited_as": invitation.invited_as,
            "giver": str(invitation.handed_over_by or ""),
            "expires_at": invitation.expires_at,
            "token": token_of(invitation),
        }

    def applicable(self, user: AbstractBaseUser | None, context: Context) -> bool:
        found = Invitation.objects.filter(pk=context["invitation"]).first()
        return found is not None and found.is_valid

    def example(self) -> Context:
        return {
            "role": "Élu·e référent·e",
            "place": "CC Vallée de l’Hérault, dans « Numérique et biodiversité »",
            "inviter": "Thomas Le Goff",
            "invited_as": "Technicien·ne référent·e",
            "giver": "",
            "expires_at": timezone.now() + timedelta(days=14),
            "token": "exemple",
        }
