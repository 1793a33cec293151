"""Forms of the composition of a cohort: a draft, its rules, its objective."""

from __future__ import annotations

from typing import Any

from django import forms
from dsfr.forms import DsfrBaseForm

from fabriques.intake.domain.composing.rules import COUNTED, OF_CRITERION, OF_VALUES
from fabriques.intake.enums import RuleKind
from fabriques.intake.models import Composition, Rule
from fabriques.intake.models.calls import MOST_PLACES
from fabriques.intake.queries.composing.words import WEIGHTS, Asked
from fabriques.intake.queries.pool import Pool
from fabriques.people.forms import VersionedForm

#: Orders of the objective, by what comes first.
OBJECTIVES = {
    "coverage,dispersion,opinions": "D’abord couvrir le plus de profils différents, puis réunir "
    "des territoires différents entre eux, puis les avis",
    "dispersion,coverage,opinions": "D’abord réunir des territoires différents entre eux, puis "
    "couvrir le plus de profils, puis les avis",
    "opinions,coverage,dispersion": "D’abord les avis des partenaires, puis couvrir le plus de "
    "profils, puis des territoires différents entre eux",
    "coverage,opinions": "Couvrir le plus de profils différents, puis les avis, sans regarder les "
    "différences",
    "coverage": "Couvrir le plus de profils différents, rien d’autre",
}
#: How many selects a rule has for its values.
VALUE_FIELDS = 3
HARD, WISH = "imperative", "souhait-"


class DraftForm(VersionedForm):
    """Name, note, and places other than those of the call."""

    name = forms.CharField(
        label="Nom de la composition",
        max_length=120,
        error_messages={"required": "Donnez un nom à cette composition."},
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Ce que cette composition cherche, pour qui la relira.",
    )
    places_min = forms.IntegerField(
        label="Places, au moins",
        required=False,
        min_value=1,
        max_value=MOST_PLACES,
        help_text="Laissez vide pour suivre l’appel.",
    )
    places_max = forms.IntegerField(
        label="Places, au plus", required=False, min_value=1, max_value=MOST_PLACES
    )

    @classmethod
    def of(cls, composition: Composition, data: Any = None) -> DraftForm:
        names = ("name", "note", "places_min", "places_max", "version")
        return cls(data, initial={name: getattr(composition, name) for name in names})

    def clean(self) -> None:
        low, high = (self.cleaned_data.get(name) for name in ("places_min", "places_max"))
        if (low is None) != (high is None) and not self.errors:
            self.add_error(
                "places_max" if high is None else "places_min",
                "Indiquez les deux nombres, ou aucun pour suivre l’appel.",
            )
        elif low is not None and high is not None and low > high:
            self.add_error("places_max", "Le nombre le plus grand vient en second.")

    @property
    def places(self) -> tuple[int, int] | None:
        low, high = self.cleaned_data["places_min"], self.cleaned_data["places_max"]
        return None if low is None else (low, high)


class NameForm(DsfrBaseForm):  # type: ignore[misc]
    """The name of a new draft."""

    name = forms.CharField(
        label="Nom de la composition",
        max_length=120,
        help_text="Par exemple : « Équilibre des régions », « Priorité aux communes rurales ».",
        error_messages={"required": "Donnez un nom à cette composition."},
    )


class RuleForm(VersionedForm):
    """One rule of a kind: only the fields that the kind needs."""

    count = forms.IntegerField(
        label="Combien",
        min_value=0,
        max_value=99,
        error_messages={"required": "Indiquez un nombre."},
    )
    category = forms.ChoiceField(
        label="Critère",
        error_messages={
            "required": "Choisissez un critère.",
            "invalid_choice": "Choisissez un critère de la liste.",
        },
    )
    binding = forms.ChoiceField(
        label="Cette règle est",
        choices=[
            (HARD, "impérative : une cohorte qui ne la respecte pas n’est jamais proposée"),
            *((f"{WISH}{weight}", f"souhaitée, {word}") for weight, word in WEIGHTS.items()),
        ],
        initial=HARD,
        error_messages={"invalid_choice": "Choisissez dans la liste."},
    )

    def __init__(self, data: Any = None, *, kind: RuleKind, pool: Pool, **options: Any) -> None:
        super().__init__(data, **options)
        self.kind = kind
        ruled = [criterion for criterion in pool.criteria if criterion.ruled]
        if kind in OF_VALUES:
            groups = [
                (
                    criterion.label,
                    [
                        (
                            f"{criterion.key}|{value.key}",
                            f"{value.label} ({pool.counts[criterion.key][value.key]})",
                        )
                        for value in criterion.values
                    ],
                )
                for criterion in ruled
            ]
            del self.fields["category"]
            for number in range(VALUE_FIELDS):
                self.fields[f"value_{number}"] = forms.ChoiceField(
                    label="ou" if number else "De quels territoires",
                    help_text="" if number else "Entre parenthèses, combien de volontaires.",
                    required=not number,
                    choices=[("", "—" if number else "Choisissez"), *groups],
                    error_messages={
                        "required": "Choisissez au moins une valeur.",
                        "invalid_choice": "Choisissez une valeur de la liste.",
                    },
                )
        elif kind in OF_CRITERION:
            self.fields["category"].choices = [
                ("", "Choisissez"),
                *((criterion.key, criterion.label) for criterion in ruled),
            ]
        else:
            del self.fields["category"]
        if kind not in COUNTED:
            del self.fields["count"]
        elif kind == RuleKind.NOT_RECENT:
            self.fields["count"].label = "Dans les combien de dernières années"
            self.fields["count"].initial = 5
        order = ["version", "count", *(f"value_{n}" for n in range(VALUE_FIELDS)), "category"]
        self.order_fields([*order, "binding"])

    @classmethod
    def of(cls, rule: Rule, pool: Pool, version: int, data: Any = None) -> RuleForm:
        initial: dict[str, Any] = {
            "version": version,
            "count": rule.count,
            "category": rule.category,
            "binding": HARD if rule.hard else f"{WISH}{3 if rule.weight >= 3 else 1}",
        }
        for number, value in enumerate(rule.values):
            initial[f"value_{number}"] = f"{rule.category}|{value}"
        return cls(data, kind=RuleKind(rule.kind), pool=pool, initial=initial)

    def clean(self) -> None:
        chosen = [
            value
            for number in range(VALUE_FIELDS)
            if (value := self.cleaned_data.get(f"value_{number}"))
        ]
        pairs = [value.partition("|")[::2] for value in dict.fromkeys(chosen)]
        if len({category for category, _ in pairs}) > 1:
            self.add_error(
                "value_1",
                "Les valeurs reliées par « ou » sont d’un même critère : faites sinon deux règles.",
            )
        self.cleaned_data["pairs"] = pairs

    @property
    def asked(self) -> Asked:
        data = self.cleaned_data
        pairs = data["pairs"]
        binding = data["binding"]
        return Asked(
            kind=self.kind.value,
            category=pairs[0][0] if pairs else data.get("category", ""),
            values=tuple(value for _, value in pairs),
            count=data.get("count"),
            hard=binding == HARD,
            weight=1 if binding == HARD else int(binding.removeprefix(WISH)),
        )


class ObjectiveForm(VersionedForm):
    """What proposals look for, in which order."""

    levels = forms.ChoiceField(
        label="Ce que les propositions cherchent, une fois les règles respectées",
        choices=list(OBJECTIVES.items()),
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choisissez un ordre.",
            "invalid_choice": "Choisissez un ordre parmi ceux proposés.",
        },
    )


class ProposeForm(DsfrBaseForm):  # type: ignore[misc]
    """How many cohorts to propose."""

    k = forms.IntegerField(
        label="Combien de propositions différentes",
        min_value=1,
        max_value=10,
        initial=3,
        error_messages={
            "required": "Indiquez un nombre, de 1 à 10.",
            "invalid": "Indiquez un nombre, de 1 à 10.",
            "min_value": "Une proposition au moins.",
            "max_value": "Dix propositions au plus.",
        },
    )
