"""What the library asks of the site: words, letters, where to go next."""

from __future__ import annotations

import base64
import hashlib
import logging
from datetime import timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from fabriques.kit import outbox
from fabriques.people.models import User
from fabriques.people.signin.confirmation import recently_authenticated
from fabriques.people.signin.devices import device
from fabriques.people.signin.notifications import (
    ADDITIONS,
    CHANGES,
    LoginCode,
    SecondFactorChanged,
)
from fabriques.people.signin.second_factor import FACTORS, may_remove

logger = logging.getLogger(__name__)

# In the session of who is signing in: the address typed last, offered again.
TYPED_ADDRESS = "typed-address"

# The library's messages that say something useful; the others stay silent.
MESSAGES = {
    "account/messages/logged_out.txt": "Vous avez quitté votre espace. À bientôt.",
    "mfa/messages/totp_activated.txt": "L’application de codes protège maintenant votre compte.",
    "mfa/messages/totp_deactivated.txt": "L’application de codes est retirée.",
    "mfa/messages/webauthn_added.txt": "La clé d’accès est ajoutée à votre compte.",
    "mfa/messages/webauthn_removed.txt": "La clé d’accès est retirée.",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts: codes, sign-in, sign-out."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": "Trop d’essais. Attendez cinq minutes, puis recommencez.",
        "rate_limited": "Trop d’essais. Attendez cinq minutes, puis recommencez.",
    }

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        if text := message or MESSAGES.get(message_template or ""):
            messages.add_message(request, level, text, extra_tags=extra_tags)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        name = template_prefix.rpartition("/")[2]
        if name == "login_code":
            outbox.send(LoginCode, address=email, context={"code": context["code"]})
        else:
            held = Authenticator.objects.filter(user=self.request.user.pk, type__in=FACTORS)
            change = {
                "what": CHANGES[name],
                "device": device(context["user_agent"]),
                "ip": context["ip"],
                "first": name in ADDITIONS and held.count() == 1,
            }
            outbox.send(SecondFactorChanged, address=email, context=change)

    def post_login(
        self, request: HttpRequest, user: User, *, redirect_url: str | None, **kwargs: Any
    ) -> HttpResponse:
        request.session.pop(TYPED_ADDRESS, None)
        # From sign-in, whatever is written in the session afterwards.
        request.session.set_expiry(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE))
        if not user.name:
            target = redirect_url or get_next_redirect_url(request)
            welcome = reverse("space-welcome")
            redirect_url = f"{welcome}?{urlencode({'next': target})}" if target else welcome
        response: HttpResponse = super().post_login(
            request, user, redirect_url=redirect_url, **kwargs
        )
        return response

    def logout(self, request: HttpRequest) -> None:
        UserSession.objects.filter(session_key=request.session.session_key).delete()
        super().logout(request)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Raise, where the library would, by our own rule; its rule lets in who has no factor."""
        required = super().is_reauthentication_required(app=app, **kwargs)
        if required and not recently_authenticated(self.request, self.request.user):
            raise ReauthenticationRequired
        return False

    def get_reauthentication_methods(self, user: User) -> list[dict[str, str]]:
        """The first is the one proposed."""
        types = set(Authenticator.objects.filter(user=user.pk).values_list("type", flat=True))
        methods = []
        if Authenticator.Type.TOTP in types:
            methods.append(_method("mfa_reauthenticate", "une application ou un code de secours"))
        if Authenticator.Type.WEBAUTHN in types:
            methods.append(_method("mfa_reauthenticate_webauthn", "une clé d’accès"))
            if Authenticator.Type.TOTP not in types:
                methods.append(_method("mfa_reauthenticate", "un code de secours"))
        return methods or [_method("account_reauthenticate", "un code reçu par courriel")]


def _method(name: str, description: str) -> dict[str, str]:
    return {"id": name, "description": description, "url": reverse(name)}


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: an application of codes, passkeys, recovery codes."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": (
            "Votre rôle national demande un second facteur, et celui-ci est le dernier. "
            "Ajoutez-en un autre avant de le retirer."
        ),
        "cannot_generate_recovery_codes": (
            "Les codes de secours remplacent un second facteur : ajoutez d’abord une application "
            "ou une clé d’accès."
        ),
        "incorrect_code": (
            "Ce code n’est pas le bon. Il change sans cesse : saisissez le dernier affiché."
        ),
        "unreadable": (
            "Le site ne peut plus lire ce second facteur : sa clé secrète a changé. Utilisez une "
            "clé d’accès, ou écrivez à l’équipe du site."
        ),
        "unverified_email": (
            "Confirmez d’abord votre adresse : déconnectez-vous, puis reconnectez-vous avec un "
            "code reçu par courriel."
        ),
    }

    def encrypt(self, text: str) -> str:
        """Secrets of second factors are not kept in clear: a copy of the database opens nothing."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises ValidationError when the site has lost the key."""
        try:
            return _cipher().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            logger.error("A second factor cannot be read: SECRET_KEY_FALLBACKS lacks its key.")
            raise self.validation_error("unreadable") from None

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return may_remove(authenticator)

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002
        known = Authenticator.objects.filter(user=user, type=type).count()
        return f"Clé d’accès {known + 1}" if known else "Clé d’accès"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": settings.SITE_NAME}


def is_readable(factor: Authenticator) -> bool:
    """Whether the site still has the key of what it keeps of this factor."""
    try:
        for name in ("secret", "seed"):
            if name in factor.data:
                SecondFactorAdapter().decrypt(factor.data[name])
    except ValidationError:
        return False
    return True


def _cipher() -> MultiFernet:
    """Under the secret key of the site; under its former ones (`SECRET_KEY_FALLBACKS`) to read."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    drawn = [hashlib.sha256(f"second-factor:{key}".encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in drawn])
