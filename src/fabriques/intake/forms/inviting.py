"""Forms of the invitations."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from dsfr.forms import DsfrBaseForm

from fabriques.intake import guests
from fabriques.intake.enums import InvitationState
from fabriques.intake.forms.fields import find_territory
from fabriques.intake.models import CallPartner
from fabriques.intake.queries.volunteering import BODIES
from fabriques.kit.uploads import MO, CheckedFileField, Kind
from fabriques.programme.forms import AddressForm
from fabriques.territories.models import Territory


class TerritoryField(forms.CharField):
    """One territory that may volunteer, by its name, INSEE code or SIREN; when several bear the
    name they are listed, to be copied. The cleaned value is a `Territory`."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "Territoire")
        options.setdefault(
            "help_text", "Commune ou groupement : son nom, son code INSEE ou son SIREN."
        )
        super().__init__(max_length=200, **options)
        self.error_messages["required"] = "Indiquez le territoire."

    def clean(self, value: Any) -> Territory:
        found = find_territory(super().clean(value))
        if found.kind not in BODIES:
            raise forms.ValidationError(
                f"{found.name} ({found.label.lower()}) ne peut pas se porter volontaire : "
                "indiquez une commune ou un groupement."
            )
        return found


class ListForm(DsfrBaseForm):  # type: ignore[misc]
    """A list pasted, or a file, which takes its place. The cleaned `lines` is the text."""

    lines = forms.CharField(
        label="La liste",
        required=False,
        strip=False,
        max_length=200_000,
        help_text="Une ligne par territoire : code INSEE, SIREN ou nom exact (et département), "
        "point-virgule, adresse électronique. Par exemple : « Jonzac (17) ; mairie@jonzac.fr ».",
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )
    file = CheckedFileField(
        label="Ou un fichier CSV", required=False, kinds=(Kind.TEXT,), max_bytes=MO
    )

    def clean(self) -> None:
        sent = self.cleaned_data.get("file")
        text = sent.content.decode() if sent else self.cleaned_data.get("lines", "")
        if sent:  # shown in the place of what was pasted, to be corrected there
            form: Any = self
            form.data = form.data.copy()
            form.data["lines"] = text
        if "lines" not in self.errors and "file" not in self.errors:
            try:
                self.cleaned_data["rows"] = guests.read(text)
            except forms.ValidationError as error:
                self.add_error("lines", error)


class OneForm(AddressForm):
    """One territory and its address."""

    territory = TerritoryField()
    email = forms.EmailField(
        label="Adresse électronique du territoire",
        max_length=254,
        help_text="Celle de la mairie, du cabinet ou du service : la lettre y arrivera.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={
            "invalid": "Cette adresse n’a pas la forme nom@domaine.fr.",
            "required": "Indiquez l’adresse où écrire.",
        },
    )
    field_order = ["territory", "email"]


class PutForwardForm(OneForm):
    """A territory put forward by one of the partners for which the person acts."""

    partner = forms.ChoiceField(
        label="Au nom de",
        widget=forms.RadioSelect,
        error_messages={"required": "Dites au nom de qui.", "invalid_choice": "Choisissez."},
    )
    reason = forms.CharField(
        label="Pourquoi ce territoire",
        max_length=1000,
        help_text="En une ou deux phrases : le territoire les lira dans sa lettre.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Dites pourquoi : le territoire le lira."},
    )
    field_order = ["partner", "territory", "email", "reason"]

    def __init__(self, *args: Any, partners: list[CallPartner], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.partners = {str(partner.pk): partner for partner in partners}
        if len(partners) == 1:
            del self.fields["partner"]
        else:
            field = cast(forms.ChoiceField, self.fields["partner"])
            field.choices = [(pk, str(p.organisation)) for pk, p in self.partners.items()]

    @property
    def chosen(self) -> CallPartner:
        """The partner in whose name; there is one at least."""
        key = self.cleaned_data.get("partner") or next(iter(self.partners))
        return self.partners[key]


class CancelForm(DsfrBaseForm):  # type: ignore[misc]
    reason = forms.CharField(
        label="Pourquoi", required=False, max_length=500, help_text="Inscrit au journal."
    )


class DeclineForm(DsfrBaseForm):  # type: ignore[misc]
    why = forms.CharField(
        label="Un mot, si vous le voulez",
        required=False,
        max_length=500,
        help_text="Par exemple : trop de projets cette année. L’équipe nationale et le partenaire "
        "qui vous propose le liront.",
    )


# The states by which the list is filtered: one by one, or all who say nothing.
SILENT = "silencieux"
FILTERS = [
    ("", "Toutes, sauf annulées"),
    (SILENT, "Silencieux"),
    *InvitationState.choices,
]
