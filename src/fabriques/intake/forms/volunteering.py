"""Forms about declarations: the one page where it is written, its withdrawal."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from dsfr.forms import DsfrBaseForm

from fabriques.intake.enums import QuestionKind
from fabriques.intake.models import CallQuestion, Volunteer
from fabriques.intake.queries import declarations as content
from fabriques.intake.queries import volunteering as read
from fabriques.kit.uploads import MO, CheckedFileField, Kind

LETTER = "letter"
_NUMBER = re.compile(r"-?\d{1,12}(,\d{1,6})?")
_EMAIL = "Cette adresse n’a pas la forme nom@domaine.fr."


class NumberField(forms.CharField):
    """A number as people write it in French; the cleaned value is its text, `1200,5`."""

    def __init__(self, **options: Any) -> None:
        options["widget"] = forms.TextInput(attrs={"inputmode": "decimal"})
        super().__init__(max_length=30, **options)

    def clean(self, value: Any) -> Any:
        text = "".join(super().clean(value).split()).replace(".", ",")
        if text and not _NUMBER.fullmatch(text):
            raise forms.ValidationError("Écrivez un nombre, par exemple 12,5.")
        return text


class LinesField(forms.MultipleChoiceField):
    """Several choices; the cleaned value and the initial one are texts, one choice a line."""

    def prepare_value(self, value: Any) -> Any:
        return value.splitlines() if isinstance(value, str) else value

    def clean(self, value: Any) -> Any:
        return "\n".join(super().clean(value))


class DeclarationForm(DsfrBaseForm):  # type: ignore[misc]
    """All that a declaration says; nothing is required to save it.

    `seen` holds the digests of what the page showed (see `queries.declarations`).
    """

    use_required_attribute = False

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    focus_territory = forms.ChoiceField(
        label="Sur quelle partie du territoire travailleriez-vous\u00a0?", required=False
    )
    focus = forms.CharField(
        label="Si ce périmètre n’est pas dans la liste, décrivez-le",
        required=False,
        max_length=200,
        help_text="Par exemple : le centre-bourg, trois communes du nord, la vallée.",
    )
    local_question = forms.CharField(
        label="La question que vous vous posez ici",
        required=False,
        max_length=1500,
        help_text="Avec vos mots, en quelques lignes. Publiée sur la page de la fabrique si vous y "
        "prenez part.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    elected_name = forms.CharField(label="Élu·e : prénom et nom", required=False, max_length=150)
    elected_job = forms.CharField(
        label="Élu·e : mandat",
        required=False,
        max_length=150,
        help_text="Par exemple : maire, vice-présidente aux solidarités.",
    )
    elected_email = forms.EmailField(
        label="Élu·e : adresse électronique",
        required=False,
        max_length=254,
        error_messages={"invalid": _EMAIL},
        help_text="Cette personne sera prévenue au dépôt qu’elle est nommée ici.",
    )
    # Who types is most often the technicien·ne: a phone then offers what it knows of its owner.
    officer_name = forms.CharField(
        label="Technicien·ne : prénom et nom",
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    officer_job = forms.CharField(
        label="Technicien·ne : fonction",
        required=False,
        max_length=150,
        help_text="Par exemple : directeur du développement, chargée de mission.",
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
    )
    officer_email = forms.EmailField(
        label="Technicien·ne : adresse électronique",
        required=False,
        max_length=254,
        error_messages={"invalid": _EMAIL},
        help_text="Cette personne sera prévenue au dépôt qu’elle est nommée ici.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    motivation = forms.CharField(
        label="Pourquoi vous portez-vous volontaires\u00a0?",
        required=False,
        max_length=4000,
        help_text="Ce qui vous y pousse, ce que vous espérez d’un travail avec d’autres. "
        "Dix lignes suffisent.",
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    letter = CheckedFileField(
        label="Lettre de cadrage ou délibération",
        required=False,
        kinds=(Kind.PDF, Kind.OFFICE),
        max_bytes=10 * MO,
        help_text="Le fichier part quand vous enregistrez.",
    )
    remove_letter = forms.BooleanField(label="Retirer la pièce jointe", required=False)

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        volunteer: Volunteer,
        questions: Sequence[CallQuestion],
        stored: Mapping[str, str],
    ) -> None:
        self.volunteer = volunteer
        self.questions = questions
        self.stored = stored
        initial = {**stored, "seen": json.dumps(content.digests(stored))}
        super().__init__(data, files, initial=initial)
        fields: dict[str, Any] = self.fields
        self._set_perimeters(fields)
        for question in questions:
            name = content.field_of(question)
            fields[name] = _answer_field(question, stored[name])
        if not volunteer.framing_letter:
            del fields["remove_letter"]

    def _set_perimeters(self, fields: dict[str, Any]) -> None:
        groups = [
            (label, [(read.key_of(place), _place_words(place)) for place in places])
            for label, places in read.inside(self.volunteer.territory)
        ]
        if groups:
            fields["focus_territory"].choices = [("", "Tout le territoire"), *groups]
        else:
            del fields["focus_territory"]
            shown = self["focus"]  # the design system has bound it already, with its own words
            shown.label = "Sur quelle partie du territoire travailleriez-vous\u00a0?"
            shown.help_text = "Vide : tout le territoire. Par exemple : le centre-bourg, la vallée."

    def clean_elected_email(self) -> str:
        return str(self.cleaned_data["elected_email"]).lower()

    def clean_officer_email(self) -> str:
        return str(self.cleaned_data["officer_email"]).lower()

    @property
    def parts(self) -> list[tuple[content.Section, list[BoundField], bool]]:
        """Each section with its fields, and whether it is done; for the page, once validated."""
        for name in content.lacking({}, self.questions):
            self.fields[name].required = True  # all the others are marked as optional
        return [
            (
                section,
                [self[name] for name in section.fields if name in self.fields],
                not section.lacks(self.stored),
            )
            for section in content.sections(self.questions)
        ]

    def texts(self) -> dict[str, str]:
        """What was typed and is valid, by field; line ends as they are stored."""
        return {
            name: str(self.cleaned_data[name]).replace("\r\n", "\n")
            for name in self.stored
            if name in self.cleaned_data and name in self.data_names
        }

    @property
    def data_names(self) -> set[str]:
        """The fields that were sent; boxes that are all unticked send nothing, but are there."""
        boxes = {
            name
            for name, item in self.fields.items()
            if isinstance(item.widget, forms.CheckboxSelectMultiple | forms.RadioSelect)
        }
        return set(self.data) | (boxes if "seen" in self.data else set())

    def seen_digests(self) -> dict[str, str]:
        """What the page showed; nothing for a page that says it wrong."""
        try:
            found = json.loads(self.cleaned_data.get("seen") or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def show_stored(self, stored: Mapping[str, str]) -> None:
        """What is stored has been seen from now on: it can be sent again over it."""
        form: Any = self
        form.data = form.data.copy()
        form.data["seen"] = json.dumps(content.digests(stored))
        self.stored = stored


def _place_words(place: Any) -> str:
    return f"{place.name} ({place.code})"


def _answer_field(question: CallQuestion, stored: str) -> forms.Field:
    options: dict[str, Any] = {
        "label": question.label,
        "help_text": question.help,
        "required": False,
    }
    # A choice that the call no longer offers stays with who made it.
    offered = dict.fromkeys([*question.choice_list, *stored.splitlines()])
    choices = [(choice, choice) for choice in offered]
    match question.kind:
        case QuestionKind.LINE:
            return forms.CharField(max_length=300, **options)
        case QuestionKind.CHOICE:
            return forms.ChoiceField(choices=[("", "Sans réponse"), *choices], **options)
        case QuestionKind.CHOICES:
            return LinesField(choices=choices, widget=forms.CheckboxSelectMultiple, **options)
        case QuestionKind.NUMBER:
            return NumberField(**options)
        case QuestionKind.YES_NO:
            answers = [("oui", "Oui"), ("non", "Non")]
            return forms.ChoiceField(choices=answers, widget=forms.RadioSelect, **options)
    return forms.CharField(max_length=4000, widget=forms.Textarea(attrs={"rows": 4}), **options)


class LeaveForm(DsfrBaseForm):  # type: ignore[misc]
    """Why a declaration is withdrawn, if one wants to say."""

    reason = forms.CharField(
        label="Pourquoi",
        required=False,
        max_length=500,
        help_text="Facultatif. Inscrit à l’historique et dit à ceux qui écrivent la déclaration.",
    )
