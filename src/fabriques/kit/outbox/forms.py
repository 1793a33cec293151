"""What a person wants to receive."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms
from dsfr.forms import DsfrBaseForm

from fabriques.kit.outbox.models import Preference, Rhythm
from fabriques.kit.outbox.notifications import Notification, registered


class PreferencesForm(DsfrBaseForm):  # type: ignore[misc]
    """The rhythm, then one list of boxes for each category; a box ticked is a sort received.

    Only what may be refused has its box.
    """

    wanted_rhythm = forms.ChoiceField(
        label="À quel rythme",
        choices=Rhythm.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choisissez un rythme.",
            "invalid_choice": "Choisissez un des rythmes proposés.",
        },
    )

    def __init__(self, data: Any = None, *, preference: Preference) -> None:
        super().__init__(data, initial={"wanted_rhythm": preference.rhythm})
        self._boxes: dict[str, list[str]] = {}
        kinds = [kind for kind in registered() if kind.can_disable and not kind.transactional]
        for number, (category, group) in enumerate(groupby(kinds, key=_category)):
            members = list(group)
            name = f"sujets-{number}"
            self._boxes[name] = [kind.key for kind in members]
            self.fields[name] = forms.MultipleChoiceField(
                label=category,
                required=False,
                choices=[(kind.key, kind.label) for kind in members],
                widget=forms.CheckboxSelectMultiple,
                initial=[kind.key for kind in members if kind.key not in preference.refused],
                error_messages={"invalid_choice": "Choisissez des sujets de la liste."},
            )

    @property
    def rhythm(self) -> Rhythm:
        return Rhythm(self.cleaned_data["wanted_rhythm"])

    @property
    def refused(self) -> set[str]:
        """The keys of the boxes left empty."""
        return {
            key
            for name, keys in self._boxes.items()
            for key in keys
            if key not in self.cleaned_data[name]
        }


def _category(kind: Notification) -> str:
    return kind.category
