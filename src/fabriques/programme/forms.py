"""Forms about roles and invitations."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from dsfr.forms import DsfrBaseForm

from fabriques.people.signin.addresses import suggestion
from fabriques.programme.enums import MemberRole


def date_input() -> forms.DateInput:
    """The browser's own date field; typed dates are read too."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class AddressForm(DsfrBaseForm):  # type: ignore[misc]
    """The address of somebody else. One that looks mistyped is asked again, never refused."""

    email = forms.EmailField(
        label="Adresse électronique",
        max_length=254,
        help_text="La personne recevra un lien à cette adresse, et à elle seule.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={
            "invalid": "Cette adresse n’a pas la forme nom@domaine.fr.",
            "required": "Indiquez l’adresse de la personne.",
        },
    )
    sure = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).strip().lower()
        meant = suggestion(email)
        if meant and self.data.get("sure") != email:
            form: Any = self
            form.data = form.data.copy()
            form.data["sure"] = email
            raise forms.ValidationError(
                f"Vouliez-vous écrire {meant} ? Corrigez, ou envoyez à nouveau si c’est bien "
                "l’adresse voulue."
            )
        return email


class InvitationForm(AddressForm):
    """A role offered to an address. `roles` are those that the giver may give there."""

    role = forms.ChoiceField(
        label="Rôle", widget=forms.RadioSelect, error_messages={"required": "Choisissez un rôle."}
    )
    ends_on = forms.DateField(
        label="Jusqu’au",
        required=False,
        help_text="Le dernier jour compris. Sans date, le rôle dure jusqu’à ce qu’on le retire.",
        widget=date_input(),
        error_messages={"invalid": "Cette date n’existe pas. Exemple : 30/06/2027."},
    )

    def __init__(self, *args: Any, roles: list[MemberRole], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["role"])
        field.choices = [(role.value, role.label) for role in roles]
        if len(roles) == 1:
            self.initial.setdefault("role", roles[0].value)


class DatesForm(DsfrBaseForm):  # type: ignore[misc]
    """When a role starts and ends, both days included."""

    starts_on = forms.DateField(
        label="Du",
        widget=date_input(),
        error_messages={
            "invalid": "Cette date n’existe pas. Exemple : 01/09/2026.",
            "required": "Indiquez le premier jour.",
        },
    )
    ends_on = forms.DateField(
        label="Au",
        required=False,
        help_text="Le dernier jour compris. Sans date, le rôle dure jusqu’à ce qu’on le retire.",
        widget=date_input(),
        error_messages={"invalid": "Cette date n’existe pas. Exemple : 30/06/2027."},
    )
    reason = forms.CharField(label="Pourquoi", required=False, max_length=500)


class WithdrawalForm(DsfrBaseForm):  # type: ignore[misc]
    reason = forms.CharField(
        label="Pourquoi",
        required=False,
        max_length=500,
        help_text="Inscrit au journal et dit à la personne.",
    )


class HandOverForm(AddressForm):
    """Who takes over. Nothing else is asked: everything held passes on."""

    reason = forms.CharField(label="Pourquoi", required=False, max_length=500)
