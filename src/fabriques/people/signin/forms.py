"""What is typed to sign in: an address, then a code."""

from __future__ import annotations

from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from django import forms
from django.conf import settings
from dsfr.forms import DsfrBaseForm

from fabriques.kit.ratelimit import client_address, consume, wait
from fabriques.people.signin.addresses import suggestion

# A whole room signs in from one network address; one mailbox must not be flooded.
NETWORK_RATES = ("60/m", "200/h")
MAILBOX_RATES = ("3/m", "10/h")
SPENT = "Ce code ne vaut plus rien après trois erreurs : demandez un nouveau code."


def minutes_to_wait(address: str, network: str) -> int:
    """Count one more code for this mailbox and this network: 0, or minutes before the next."""
    limits = {f"mailbox {address}": MAILBOX_RATES, f"network {network}": NETWORK_RATES}
    for key, rates in limits.items():
        for rate in rates:
            if not consume(action="login-code", key=key, rate=rate):
                return -(-wait(rate) // 60)
    return 0


def patience(minutes: int) -> str:
    """What to do beyond the limit."""
    return (
        f"Plusieurs codes viennent d’être demandés. Attendez {minutes} "
        f"minute{'s' if minutes > 1 else ''} avant d’en demander un autre, et cherchez le dernier "
        "reçu, y compris dans les courriels indésirables."
    )


class AddressForm(DsfrBaseForm):  # type: ignore[misc]
    """The one door. `sure` is the address that the person confirmed in spite of our doubt."""

    email = forms.EmailField(
        label="Adresse électronique",
        max_length=254,
        help_text="Par exemple : prenom.nom@mairie.fr",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": "Indiquez votre adresse électronique.",
            "invalid": "Cette adresse n’est pas complète. Elle s’écrit comme prenom.nom@mairie.fr.",
            "max_length": "Cette adresse est trop longue : 254 caractères au plus.",
        },
    )
    sure = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, request: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    @property
    def meant(self) -> str:
        """The address that was probably meant, if another one than the one typed."""
        return suggestion(str(self.data.get("email", "")))

    @property
    def doubtful(self) -> bool:
        """Whether the code waits for an answer to `question`."""
        return bool(self.has_error("email", "doubt"))

    @property
    def question(self) -> str:
        """The address to propose beside what was typed, or nothing."""
        return self.meant if self.doubtful or self.has_error("email", "invalid") else ""

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if self.meant and self.data.get("sure", "") != email:
            raise forms.ValidationError("Vérifiez la fin de cette adresse.", code="doubt")
        if minutes := minutes_to_wait(email, client_address(self.request)):
            raise forms.ValidationError(patience(minutes), code="rate")
        return email


class CodeForm(DsfrBaseForm):  # type: ignore[misc]
    """The code of the letter, in upper or lower case, with or without its dash."""

    code = forms.CharField(
        label="Code reçu par courriel",
        max_length=40,
        help_text="Huit lettres. Majuscules, espaces et tiret n’ont pas d’importance.",
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autocapitalize": "characters",
                "spellcheck": "false",
            }
        ),
        error_messages={
            "required": "Saisissez le code reçu par courriel.",
            "max_length": "Ce code est trop long : il a huit lettres.",
        },
    )

    def __init__(self, *args: Any, code: str = "", failed: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = code
        self.failed = failed

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if not compare_user_code(actual=code, expected=self.expected):
            raise forms.ValidationError(wrong_code(self.failed + 1), code="wrong")
        return code


def wrong_code(failed: int) -> str:
    """What to say after so many tries."""
    left = settings.ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS - failed
    if left <= 0:
        return SPENT
    return f"Ce n’est pas le bon code. Il vous reste {left} essai{'s' if left > 1 else ''}."
