"""The letter before an unused account is anonymised."""

from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.formats import date_format

from fabriques.kit.outbox import Notification, register
from fabriques.kit.outbox.notifications import Context
from fabriques.people.models import User


@register
class AccountUnused(Notification):
    """Context: `last`, the day of the last visit, and `until`, that of the erasure (ISO)."""

    key = "account-unused"
    label = "Votre compte, inutilisé, va être effacé"
    category = "Votre compte"
    template = "people/mails/account_unused"
    can_disable = False

    def subject(self, context: Context) -> str:
        return f"Votre compte sera effacé le {context['until']}, sauf si vous revenez"

    def example(self) -> Context:
        return self.present({"last": "2027-03-14", "until": "2030-03-14"})

    def present(self, context: Context) -> Context:
        return {
            name: date_format(date.fromisoformat(context[name]), "j F Y")
            for name in ("last", "until")
        }

    def applicable(self, user: AbstractBaseUser | None, context: Context) -> bool:
        """Not to who came back meanwhile."""
        return isinstance(user, User) and (
            user.seen_on is None or user.seen_on <= date.fromisoformat(context["last"])
        )
