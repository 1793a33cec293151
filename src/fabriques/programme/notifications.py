"""What the programme writes to people about their roles."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone

from fabriques.kit.outbox import Notification, register
from fabriques.kit.outbox.notifications import Context
from fabriques.people.queries import names
from fabriques.programme.models import Invitation
from fabriques.programme.scopes import Scope

ROLES = "Mes rôles"


class _AboutRole(Notification):
    """Contexts hold role, place (in words), address (a path), reason, and ISO dates or ""."""

    category = ROLES
    can_disable = False

    def example(self) -> Context:
        return self.present(
            {
                "role": "Technicien·ne référent·e",
                "place": "CC Vallée de l’Hérault, dans « Numérique et biodiversité »",
                "address": "/espace/territoires/1/",
                "starts_on": timezone.localdate().isoformat(),
                "ends_on": "2027-06-30",
                "reason": "Changement de poste",
            }
        )

    def present(self, context: Context) -> Context:
        starts_on, ends_on = (
            date.fromisoformat(context[name]) if context.get(name) else None
            for name in ("starts_on", "ends_on")
        )
        later = bool(starts_on and starts_on > timezone.localdate())
        return context | {"starts_on": starts_on, "ends_on": ends_on, "later": later}


@register
class RoleGiven(_AboutRole):
    key = "role-given"
    label = "Un rôle m’est donné"
    template = "programme/mails/role_given"

    def subject(self, context: Context) -> str:
        return f"Un rôle pour vous : {context['role']}"


@register
class RoleChanged(_AboutRole):
    key = "role-changed"
    label = "Les dates de mon rôle changent"
    template = "programme/mails/role_changed"

    def subject(self, context: Context) -> str:
        return f"Les dates de votre rôle changent : {context['role']}"


@register
class RoleWithdrawn(_AboutRole):
    key = "role-withdrawn"
    label = "Un rôle m’est retiré"
    template = "programme/mails/role_withdrawn"

    def subject(self, context: Context) -> str:
        return f"Votre rôle prend fin : {context['role']}"


@register
class HandedOver(Notification):
    """The stored context names the receiver by their reference only."""

    key = "handed-over"
    label = "Un relais est passé"
    category = ROLES
    template = "programme/mails/handed_over"
    can_disable = False

    def subject(self, context: Context) -> str:
        return f"{context['receiver']} prend votre suite"

    def present(self, context: Context) -> Context:
        known = names({context["receiver"]})
        return context | {"receiver": known.get(context["receiver"], "Une autre personne")}

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
        return f"Invitation : {', '.join(context['roles'])}"

    def present(self, context: Context) -> Context:
        from fabriques.programme.domain.invitations import all_invitations, offered, token_of

        invitation = all_invitations().get(pk=context["invitation"])
        return {
            "roles": offered(invitation),
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
            "roles": ["Élu·e référent·e"],
            "place": "CC Vallée de l’Hérault, dans « Numérique et biodiversité »",
            "inviter": "Thomas Le Goff",
            "invited_as": "Technicien·ne référent·e",
            "giver": "",
            "expires_at": timezone.now() + timedelta(days=14),
            "token": "exemple",
        }
