"""Forms of a decision: settling a composition, its reasons, reopening it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from dsfr.forms import DsfrBaseForm

from fabriques.intake.models import Volunteer
from fabriques.people.forms import VersionedForm

REASON_LENGTH = 2000
#: What stands for the name of each territory in a reason given to several.
TERRITORY = "[territoire]"


class SettleForm(VersionedForm):
    reason = forms.CharField(
        label="Pourquoi malgré ces points d’attention",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Inscrit au journal.",
    )

    def __init__(self, *args: Any, cautious: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not cautious:
            del self.fields["reason"]


class ReopenForm(DsfrBaseForm):  # type: ignore[misc]
    reason = forms.CharField(
        label="Pourquoi",
        max_length=500,
        help_text="Par exemple : un territoire s’est retiré. Inscrit au journal.",
        error_messages={"required": "Dites pourquoi : cela reste inscrit au journal."},
    )


class ReasonsForm(VersionedForm):
    """One field for each pending declaration, `reason-<row>`, and one for each outcome,
    `all-<outcome>`: a text to put in every field of that outcome, to be reread before saving."""

    def __init__(
        self, *args: Any, volunteers: Iterable[Volunteer], outcomes: Iterable[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.volunteers = list(volunteers)
        for outcome in outcomes:
            self.fields[f"all-{outcome}"] = forms.CharField(
                label="Un même motif pour tous",
                required=False,
                max_length=REASON_LENGTH,
                widget=forms.Textarea(attrs={"rows": 3, "class": "fr-input"}),
            )
        for volunteer in self.volunteers:
            name = f"reason-{volunteer.pk}"
            self.fields[name] = forms.CharField(
                label=volunteer.territory.name,
                required=False,  # the verb says it beside each
                max_length=REASON_LENGTH,
                widget=forms.Textarea(attrs={"rows": 3, "class": "fr-input"}),
                error_messages={
                    "max_length": "Ce motif est trop long\u00a0: %(limit_value)d signes au plus."
                },
            )
            self.initial[name] = volunteer.pending_reason

    @property
    def reasons(self) -> dict[int, str]:
        """What was written for each declaration, by number of row."""
        return {v.pk: self.cleaned_data[f"reason-{v.pk}"] for v in self.volunteers}

    def spread(self, outcome: str) -> None:
        """Put the text given for an outcome in each of its fields; nothing is saved."""
        form: Any = self
        form.data = form.data.copy()
        text = form.data.get(f"all-{outcome}", "").strip()
        for volunteer in self.volunteers:
            if text and volunteer.pending_outcome == outcome:
                form.data[f"reason-{volunteer.pk}"] = text.replace(
                    TERRITORY, volunteer.territory.name
                )
