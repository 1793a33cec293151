"""Forms of the fair draw."""

from __future__ import annotations

from django import forms

from fabriques.intake.queries.drawing import KEEPS
from fabriques.people.forms import VersionedForm


class PublishForm(VersionedForm):
    """Among which cohorts, and where the seed will come from."""

    keep = forms.ChoiceField(
        label="Le tirage se fait",
        required=False,
        choices=list(KEEPS.items()),
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choisissez parmi ce qui est proposé."},
    )
    seed_source = forms.CharField(
        label="D’où viendra la graine",
        max_length=300,
        help_text="Un événement public à venir que personne ici ne maîtrise, et comment l’écrire. "
        "Par exemple : « les cinq numéros du Loto du samedi 5 décembre 2026, dans l’ordre "
        "croissant, séparés par des tirets ».",
        error_messages={"required": "Dites d’où viendra la graine."},
    )


class SeedForm(VersionedForm):
    """The seed, once the event took place."""

    seed = forms.CharField(
        label="La graine",
        max_length=200,
        help_text="Exactement comme annoncé : un caractère de plus ou de moins change le résultat.",
        error_messages={"required": "Écrivez la graine telle qu’elle a été annoncée."},
    )
