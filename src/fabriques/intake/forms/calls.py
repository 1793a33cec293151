"""Forms of the life of a call."""

from __future__ import annotations

from typing import Any

from django import forms
from dsfr.forms import DsfrBaseForm

from fabriques.intake.forms.fields import BoxField
from fabriques.intake.models import Call, Theme
from fabriques.kit.dates import validate_partial_date
from fabriques.people.forms import VersionedForm
from fabriques.programme.models import Transition
from fabriques.territories.models import NationalProgramme

_PLACES = dict.fromkeys(
    ("required", "invalid", "min_value", "max_value"), "Écrivez un nombre, de 1 à 20."
)


class DayInput(forms.DateInput):
    """The calendar of the browser; a plain date where it has none."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def day(label: str, help_text: str = "", *, required: bool = False) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        help_text=help_text,
        widget=DayInput(),
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        error_messages={
            "invalid": "Ce n’est pas une date : écrivez 15/01/2027.",
            "required": "Indiquez un jour.",
        },
    )


def _partial(label: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=10,
        help_text="Une année, un mois ou un jour : 2027, 2027-03 ou 2027-03-15.",
        validators=[validate_partial_date],
    )


class CallForm(VersionedForm):
    """The sheet of a call. Fields that no longer change are left out (`fixed`)."""

    title = forms.CharField(
        label="Titre", max_length=200, error_messages={"required": "Donnez un titre."}
    )
    question = forms.CharField(
        label="La question posée",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Écrivez la question posée aux territoires."},
    )
    presentation = forms.CharField(
        label="Présentation",
        max_length=8000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text="De quoi il s’agit, pour quels territoires, ce qui est attendu d’eux et ce "
        "qu’ils reçoivent. Une ligne vide sépare deux paragraphes.",
    )
    main_transition = forms.ModelChoiceField(
        label="Transition", queryset=Transition.objects.none(), required=False
    )
    programmes = forms.ModelMultipleChoiceField(
        label="Programmes nationaux",
        queryset=NationalProgramme.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Ceux avec lesquels l’appel est tenu. Ils ne ferment l’appel à personne.",
    )
    places_min = forms.IntegerField(
        label="Places, au moins", min_value=1, max_value=20, error_messages=_PLACES
    )
    places_max = forms.IntegerField(
        label="Places, au plus", min_value=1, max_value=20, error_messages=_PLACES
    )
    opens_on = day("Ouverture", "Dès minuit, heure de Paris.")
    closes_on = day("Clôture", "Ce jour est compris, jusqu’à minuit heure de Paris.")
    decides_on = day("Annonce de la cohorte")
    starts_on = _partial("Démarrage de la fabrique")
    ends_on = _partial("Fin de la fabrique")
    publish_pool = BoxField(
        label="Publier la liste des territoires volontaires",
        help_text="Leur nombre et leurs noms sont alors publics.",
    )
    publish_result = BoxField(label="Publier le résultat : territoires retenus et en réserve")
    reason = forms.CharField(
        label="Pourquoi ce changement",
        max_length=500,
        required=False,
        help_text="Inscrit à l’historique.",
    )

    # Title of each section, and its fields.
    SECTIONS = (
        ("Le sujet", ("title", "question", "presentation", "main_transition")),
        ("Avec qui, pour combien", ("programmes", "places_min", "places_max")),
        ("Le calendrier", ("opens_on", "closes_on", "decides_on", "starts_on", "ends_on")),
        ("Ce qui est publié", ("publish_pool", "publish_result")),
        ("Ce changement", ("reason",)),
    )

    def __init__(self, *args: Any, fixed: frozenset[str] = frozenset(), **options: Any) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        for name in fixed:
            fields.pop(name)
        fields["main_transition"].empty_label = "Aucune en particulier"
        fields["main_transition"].queryset = Transition.objects.order_by("name")
        if "programmes" in fields:
            fields["programmes"].queryset = NationalProgramme.objects.order_by("name", "slug")

    @classmethod
    def for_call(cls, call: Call, data: Any = None, *, fixed: set[str]) -> CallForm:
        initial = {name: getattr(call, name) for name in CALL_FIELDS if name != "programmes"}
        initial["main_transition"] = call.main_transition_id
        initial["programmes"] = list(call.programmes.order_by("pk").values_list("pk", flat=True))
        initial["version"] = call.version
        without = frozenset(fixed) | (frozenset() if call.published_at else {"reason"})
        return cls(data, initial=initial, fixed=without)

    @classmethod
    def for_new(cls, theme: Theme | None, data: Any = None) -> CallForm:
        initial: dict[str, Any] = {"places_min": 4, "places_max": 8, "publish_result": True}
        if theme:
            initial |= {
                "title": theme.title,
                "question": theme.question,
                "presentation": theme.why,
                "programmes": [theme.programme_id] if theme.programme_id else [],
            }
        return cls(data, initial={**initial, "version": 1}, fixed=frozenset({"reason"}))

    @property
    def values(self) -> dict[str, Any]:
        """The fields of the call that were on screen."""
        found = {name: value for name, value in self.cleaned_data.items() if name in CALL_FIELDS}
        if "programmes" in found:
            found["programmes"] = list(found["programmes"])
        return found

    @property
    def sections(self) -> list[tuple[str, list[Any]]]:
        known: dict[str, Any] = self.fields
        sections = [
            (title, [self[name] for name in names if name in known])
            for title, names in self.SECTIONS
        ]
        return [(title, fields) for title, fields in sections if fields]


CALL_FIELDS = tuple(name for _, names in CallForm.SECTIONS for name in names if name != "reason")


class ExtensionForm(DsfrBaseForm):  # type: ignore[misc]
    closes_on = day("Nouvelle clôture", "Ce jour est compris.", required=True)
    decides_on = day(
        "Nouvelle date d’annonce de la cohorte", "Vide : la date déjà dite ne change pas."
    )
    reason = forms.CharField(
        label="Pourquoi",
        max_length=500,
        help_text="Écrit sur la page publique de l’appel, avec l’ancienne date.",
        error_messages={"required": "Dites pourquoi : c’est écrit sur la page publique."},
    )


class CancelForm(DsfrBaseForm):  # type: ignore[misc]
    reason = forms.CharField(
        label="Pourquoi",
        max_length=500,
        help_text="Écrit sur la page publique, et dit aux territoires qui ont commencé.",
        error_messages={"required": "Dites pourquoi : les territoires le liront."},
    )
