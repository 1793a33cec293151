"""Forms about accounts and organisations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from dsfr.forms import DsfrBaseForm

from fabriques.kit.uploads import MO, CheckedFileField, Kind
from fabriques.people.models import Organisation, User
from fabriques.people.queries import find_organisation


class VersionedForm(DsfrBaseForm):  # type: ignore[misc]
    """A form about an object that somebody else may change meanwhile."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def stale(self, error: ValidationError, version: int) -> None:
        """Say what happened, keep what was typed, and let it be sent again over `version`."""
        form: Any = self
        form.data = form.data.copy()
        form.data["version"] = version
        self.add_error(None, error)


class WelcomeForm(DsfrBaseForm):  # type: ignore[misc]
    """The one thing asked of a newcomer."""

    name = forms.CharField(
        label="Prénom et nom",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Indiquez votre prénom et votre nom."},
    )
    job = forms.CharField(
        label="Fonction",
        max_length=150,
        required=False,
        help_text="Par exemple : maire, directrice de l’urbanisme, habitant du quartier.",
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
    )

    def clean_name(self) -> str:
        """On one line: names go into the headers of mails."""
        return " ".join(self.cleaned_data["name"].split())

    def clean_job(self) -> str:
        return " ".join(self.cleaned_data["job"].split())


class ProfileForm(WelcomeForm, VersionedForm):
    @classmethod
    def for_person(cls, user: User, data: Any = None) -> ProfileForm:
        initial = {"name": user.name, "job": user.job, "version": user.version}
        return cls(data, initial=initial)


class OrganisationForm(VersionedForm, forms.ModelForm):  # type: ignore[type-arg]
    logo = CheckedFileField(label="Logo", required=False, kinds=(Kind.IMAGE,), max_bytes=2 * MO)

    siren = forms.CharField(
        label="SIREN",
        required=False,
        max_length=14,
        help_text="Neuf chiffres, avec ou sans espaces.",
    )

    class Meta:
        model = Organisation
        fields = ["name", "acronym", "kind", "siren"]

    def clean_siren(self) -> str:
        return "".join(self.cleaned_data["siren"].split())


class AttachForm(VersionedForm):
    """The organisation of a person, by its name; the list helps, the exact name decides."""

    organisation = forms.CharField(
        label="Organisation",
        required=False,
        max_length=200,
        help_text="Son nom, son sigle ou son SIREN. Vide : la personne n’est plus rattachée.",
    )
    reason = forms.CharField(label="Pourquoi", required=False, max_length=500)

    def clean_organisation(self) -> Organisation | None:
        words = self.cleaned_data["organisation"].strip()
        if not words:
            return None
        if found := find_organisation(words):
            return found
        raise forms.ValidationError(
            "Aucune organisation ne porte exactement ce nom. Cherchez-la d’abord dans la liste."
        )


class MergeForm(DsfrBaseForm):  # type: ignore[misc]
    """Which other one is the duplicate; `hint` says how to name it."""

    other = forms.CharField(
        label="Le doublon",
        max_length=254,
        error_messages={"required": "Indiquez lequel est le doublon."},
    )
    reason = forms.CharField(label="Pourquoi", required=False, max_length=500)

    def __init__(self, *args: Any, hint: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self["other"].help_text = hint


class ReasonForm(DsfrBaseForm):  # type: ignore[misc]
    """Why, for what cannot be undone."""

    reason = forms.CharField(
        label="Pourquoi",
        max_length=500,
        help_text="Par exemple : demande de la personne, reçue par courriel. Inscrit au journal.",
        error_messages={"required": "Dites pourquoi : cela reste inscrit au journal."},
    )
