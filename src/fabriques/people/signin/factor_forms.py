"""Forms of second factors: the library's, in the design system and in French."""

from __future__ import annotations

import struct
from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.base import forms as base
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.core.cache import cache
from dsfr.forms import DsfrBaseForm

# How long a code of the application is accepted, in seconds; the library forgets sooner that it
# has served.
LIFE = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)


def _code(label: str, help_text: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
        ),
        error_messages={"required": "Saisissez le code."},
    )


class _OnceMixin:
    """A code of the application serves once, as long as it would be accepted."""

    authenticator: Authenticator

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        digits = "".join(filter(str.isdigit, code))
        key = f"totp-used:{self.authenticator.pk}:{digits}"
        if self.authenticator.type == Authenticator.Type.TOTP and not cache.add(key, 1, LIFE):
            raise forms.ValidationError("Ce code a déjà servi : attendez le suivant.", code="used")
        return code


class AuthenticateForm(_OnceMixin, DsfrBaseForm, base.AuthenticateForm):  # type: ignore[misc]
    code = _code("Code", "Six chiffres de votre application, ou un code de secours.")


class ReauthenticateForm(_OnceMixin, DsfrBaseForm, base.ReauthenticateForm):  # type: ignore[misc]
    code = _code("Code", "Six chiffres de votre application, ou un code de secours.")


class ActivateForm(DsfrBaseForm, totp.ActivateTOTPForm):  # type: ignore[misc]
    code = _code("Code affiché par l’application", "Six chiffres.")


# What the library lets through when what it is given is no answer of a browser.
UNREADABLE = (AttributeError, IndexError, KeyError, TypeError, ValueError, struct.error)


class _KnownKeyMixin:
    """Says what went wrong with a passkey in words of passkeys."""

    problem = "Cette clé d’accès n’a pas été reconnue. Réessayez, ou choisissez un autre moyen."
    without_script = "Une clé d’accès demande JavaScript. Choisissez un autre moyen."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        messages = {"required": self.without_script, "invalid": self.problem}
        self.fields["credential"].error_messages.update(messages)  # type: ignore[attr-defined]

    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except UNREADABLE as error:
            raise forms.ValidationError(self.problem, code="incorrect_code") from error
        except forms.ValidationError as error:
            if error.code != "incorrect_code":
                raise
            raise forms.ValidationError(self.problem, code=error.code) from error


class UsePasskeyForm(_KnownKeyMixin, webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class LoginPasskeyForm(_KnownKeyMixin, webauthn.LoginWebAuthnForm):  # type: ignore[misc]
    pass


class ShowPasskeyForm(_KnownKeyMixin, webauthn.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class AddPasskeyForm(DsfrBaseForm, webauthn.AddWebAuthnForm):  # type: ignore[misc]
    name = forms.CharField(
        label="Nom de la clé",
        required=False,
        max_length=100,
        help_text="Pour la reconnaître plus tard. Par exemple : mon téléphone.",
    )
    passwordless = None

    def clean(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = super().clean()
        except (forms.ValidationError, *UNREADABLE) as error:
            raise forms.ValidationError(
                "La clé d’accès n’a pas pu être ajoutée. Recommencez.", code="incorrect_code"
            ) from error
        return found


class RenamePasskeyForm(DsfrBaseForm, webauthn.EditWebAuthnForm):  # type: ignore[misc]
    name = forms.CharField(
        label="Nom de la clé",
        max_length=100,
        error_messages={"required": "Donnez un nom à cette clé."},
    )
