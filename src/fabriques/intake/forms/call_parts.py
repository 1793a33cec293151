"""Forms of what a call is made of: questions, partners, indicators."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from dsfr.forms import DsfrBaseForm

from fabriques.intake.forms.fields import BoxField, OrganisationField
from fabriques.intake.models import CallPartner, CallQuestion, Indicator
from fabriques.kit.uploads import MO, CheckedFileField, Kind
from fabriques.territories.models import NationalProgramme

_YEARS = re.compile(r"[12]\d{3}(\s*[-–/]\s*[12]\d{3})?")


class QuestionForm(DsfrBaseForm, forms.ModelForm):  # type: ignore[misc, type-arg]
    required = BoxField(label="Réponse obligatoire")

    class Meta:
        model = CallQuestion
        fields = ["label", "help", "kind", "choices", "required"]
        widgets = {"choices": forms.Textarea(attrs={"rows": 4})}
        help_texts = {
            "help": "Une phrase d’aide, si la question en demande une.",
            "choices": "Seulement si la réponse est un choix dans une liste.",
        }
        error_messages = {"label": {"required": "Écrivez la question."}}


class PartnerForm(DsfrBaseForm, forms.ModelForm):  # type: ignore[misc, type-arg]
    puts_forward = BoxField(label="Peut proposer des territoires", initial=True)
    gives_opinion = BoxField(label="Donne un avis sur les volontaires", initial=True)

    class Meta:
        model = CallPartner
        fields = ["role", "puts_forward", "gives_opinion", "reach", "only_programme"]
        help_texts = {
            "only_programme": "Vide : les volontaires de tous les programmes, et d’aucun."
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["only_programme"].queryset = NationalProgramme.objects.order_by("name", "slug")
        fields["only_programme"].empty_label = "Tous"


class NewPartnerForm(PartnerForm):
    organisation = OrganisationField(label="Organisation")

    field_order = ["organisation"]


class ReviewerForm(DsfrBaseForm):  # type: ignore[misc]
    email = forms.EmailField(
        label="Adresse électronique",
        help_text="La personne reçoit une lettre qui dit ce qui est attendu d’elle.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "Indiquez l’adresse de la personne.",
            "invalid": "Ce n’est pas une adresse électronique : prenom.nom@exemple.fr.",
        },
    )


class IndicatorForm(DsfrBaseForm, forms.ModelForm):  # type: ignore[misc, type-arg]
    class Meta:
        model = Indicator
        fields = ["name", "unit", "source", "year"]
        help_texts = {
            "name": "Par exemple : part des plus de 75 ans.",
            "unit": "Par exemple : %, habitants, €.",
            "source": "Qui publie ce chiffre : Insee, recensement de la population.",
        }
        error_messages = {
            "name": {"required": "Nommez l’indicateur."},
            "source": {"required": "Dites d’où vient ce chiffre."},
        }

    def clean_year(self) -> str:
        """A year, or several: « 2021 », « 2018-2021 »."""
        year = str(self.cleaned_data["year"]).strip()
        if year and not _YEARS.fullmatch(year):
            raise forms.ValidationError("Écrivez une année, comme 2021, ou deux : 2018-2021.")
        return year


class IndicatorFileForm(DsfrBaseForm):  # type: ignore[misc]
    file = CheckedFileField(
        label="Fichier",
        kinds=(Kind.TEXT,),
        max_bytes=3 * MO,
        help_text="Deux colonnes nommées code et valeur, séparées par ; ou par une virgule.",
    )
