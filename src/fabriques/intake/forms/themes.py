"""Forms about proposed themes."""

from __future__ import annotations

from typing import Any

from django import forms
from dsfr.forms import DsfrBaseForm

from fabriques.intake.enums import Proposer
from fabriques.intake.forms.fields import OrganisationField, TerritoriesField
from fabriques.intake.models import Theme
from fabriques.people.forms import VersionedForm
from fabriques.people.models import User
from fabriques.territories.models import NationalProgramme


class ThemeForm(VersionedForm):
    title = forms.CharField(
        label="Titre",
        max_length=200,
        help_text="En quelques mots : Bien vieillir dans les petites villes.",
        error_messages={"required": "Donnez un titre."},
    )
    question = forms.CharField(
        label="La question",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Celle que des territoires travailleraient ensemble pendant un an.",
        error_messages={"required": "Écrivez la question."},
    )
    why = forms.CharField(
        label="Pourquoi maintenant",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "Dites pourquoi maintenant."},
    )
    proposer = forms.ChoiceField(
        label="Au nom de qui proposez-vous ?",
        error_messages={"required": "Choisissez au nom de qui vous proposez."},
    )
    programme = forms.ModelChoiceField(
        label="Si c’est un programme national, lequel",
        queryset=NationalProgramme.objects.none(),
        required=False,
    )
    organisation = OrganisationField(
        label="Si c’est une association ou un partenaire, laquelle ou lequel", required=False
    )
    territories = TerritoriesField(
        label="Si c’est un groupe de territoires, lesquels",
        required=False,
        help_text="Un par ligne, deux au moins : nom, code INSEE ou SIREN.",
    )

    def __init__(self, *args: Any, anct: bool, **options: Any) -> None:
        """`anct`: whether this person may propose on behalf of the ANCT."""
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["proposer"].choices = [
            ("", "Choisir"),
            *(choice for choice in Proposer.choices if anct or choice[0] != Proposer.ANCT),
        ]
        fields["programme"].empty_label = "Aucun"
        fields["programme"].queryset = NationalProgramme.objects.order_by("name", "slug")

    @classmethod
    def for_theme(cls, theme: Theme, data: Any = None, *, anct: bool) -> ThemeForm:
        initial = {
            "title": theme.title,
            "question": theme.question,
            "why": theme.why,
            "proposer": theme.proposer,
            "programme": theme.programme_id,
            "organisation": theme.organisation,
            "territories": list(theme.territories.order_by("kind", "code")),
            "version": theme.version,
        }
        return cls(data, initial=initial, anct=anct or theme.proposer == Proposer.ANCT)

    @classmethod
    def for_newcomer(cls, user: User, data: Any = None, *, anct: bool) -> ThemeForm:
        """An empty proposal, with the organisation of whoever proposes."""
        return cls(data, initial={"organisation": user.organisation, "version": 1}, anct=anct)


class SupportForm(DsfrBaseForm):  # type: ignore[misc]
    on_behalf_of = forms.CharField(
        label="Au nom de qui",
        max_length=200,
        required=False,
        help_text="Votre commune, votre association… Vide : en votre nom.",
    )
    comment = forms.CharField(
        label="En quoi cela vous concerne",
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AnswerForm(DsfrBaseForm):  # type: ignore[misc]
    decision = forms.ChoiceField(
        label="Décision",
        choices=[
            ("keep", "Retenir ce thème pour un appel"),
            ("decline", "Ne pas le retenir cette fois"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez l’une des deux réponses."},
    )
    answer = forms.CharField(
        label="Votre réponse",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="La personne qui propose la reçoit. Elle se lit aussi sur la page du thème.",
        error_messages={"required": "Écrivez ce que lira la personne qui propose."},
    )
