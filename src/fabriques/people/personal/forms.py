"""Forms of the pages about one's own data."""

from typing import Any

from django import forms
from dsfr.forms import DsfrBaseForm

from fabriques.people.enums import Subject
from fabriques.people.models import User


class ConsentsForm(DsfrBaseForm):  # type: ignore[misc]
    accepted = forms.MultipleChoiceField(
        label="Cochez ce que vous acceptez",
        help_text="Décochez pour reprendre votre accord : c’est aussi simple, et sans conséquence "
        "sur le reste.",
        choices=Subject.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def clean_accepted(self) -> set[Subject]:
        return {Subject(value) for value in self.cleaned_data["accepted"]}


class EraseForm(DsfrBaseForm):  # type: ignore[misc]
    email = forms.CharField(
        label="Votre adresse électronique",
        help_text="Pour confirmer, écrivez l’adresse de votre compte.",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Écrivez l’adresse de votre compte pour confirmer."},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email.strip().lower() != self.user.email.lower():
            raise forms.ValidationError(
                "Ce n’est pas l’adresse de votre compte. Rien n’a été effacé."
            )
        return email
