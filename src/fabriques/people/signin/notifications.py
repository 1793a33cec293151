"""Letters about signing in."""

from datetime import timedelta
from typing import Any

from django.conf import settings

from fabriques.kit.outbox import Notification, register

CATEGORY = "Mon compte"


@register
class LoginCode(Notification):
    key = "login-code"
    label = "Code de connexion"
    category = CATEGORY
    template = "people/mails/login_code"
    can_disable = False
    transactional = True
    asked = True
    secret = True
    valid_for = timedelta(seconds=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)

    def subject(self, context: dict[str, Any]) -> str:
        # Without the code: subjects show on locked screens.
        return f"Votre code de connexion à {settings.SITE_NAME}"

    def example(self) -> dict[str, Any]:
        return {"code": "BCDF-GHJK"}


@register
class SecondFactorChanged(Notification):
    """Said to the account at once: whoever did it may not be its owner."""

    key = "second-factor-changed"
    label = "Protection de votre compte modifiée"
    category = CATEGORY
    template = "people/mails/second_factor_changed"
    can_disable = False
    transactional = True
    asked = True  # nothing may hold it back: it may be the only sign of an intruder

    def subject(self, context: dict[str, Any]) -> str:
        return "La protection de votre compte a changé"

    def example(self) -> dict[str, Any]:
        return {
            "what": CHANGES["totp_activated"],
            "device": "Firefox sur Windows",
            "ip": "192.0.2.1",
            "first": True,
        }


ADDITIONS = ("totp_activated", "webauthn_added")


@register
class FactorsRemoved(Notification):
    """Said to the account when the national team opens it again for somebody locked out."""

    key = "factors-removed"
    label = "Second facteur retiré par l’équipe nationale"
    category = CATEGORY
    template = "people/mails/factors_removed"
    can_disable = False
    transactional = True
    asked = True

    def subject(self, context: dict[str, Any]) -> str:
        return "Le second facteur de votre compte a été retiré"

    def example(self) -> dict[str, Any]:
        return {"reason": "téléphone perdu"}


# What happened, by the name that the library gives to its letter.
CHANGES = {
    "totp_activated": "Une application de codes a été ajoutée à votre compte.",
    "totp_deactivated": "L’application de codes de votre compte a été retirée.",
    "webauthn_added": "Une clé d’accès a été ajoutée à votre compte.",
    "webauthn_removed": "Une clé d’accès a été retirée de votre compte.",
    "recovery_codes_generated": (
        "De nouveaux codes de secours ont été créés : les anciens ne valent plus rien."
    ),
}
