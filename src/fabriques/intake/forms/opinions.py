"""Forms of opinions and of conflicts of interest."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from dsfr.forms import DsfrBaseForm

from fabriques.intake.enums import OpinionValue
from fabriques.intake.forms.inviting import TerritoryField
from fabriques.intake.models import CallPartner, Opinion
from fabriques.people.forms import VersionedForm


class OpinionForm(VersionedForm):
    """An opinion and its reasons; a page may hold one for each partner (`prefix`)."""

    value = forms.ChoiceField(
        label="Votre avis",
        choices=OpinionValue.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez un avis.", "invalid_choice": "Choisissez un avis."},
    )
    reason = forms.CharField(
        label="Pourquoi",
        max_length=2000,
        help_text="En quelques phrases. L’équipe nationale le lira ; le territoire et les autres "
        "partenaires, non.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Dites pourquoi : un avis sans motif n’éclaire personne."},
    )

    @classmethod
    def for_partner(
        cls, partner: CallPartner, opinion: Opinion | None, data: Any = None
    ) -> OpinionForm:
        initial = {
            "value": opinion.value if opinion else None,
            "reason": opinion.reason if opinion else "",
            "version": opinion.version if opinion else 0,
        }
        return cls(data, initial=initial, prefix=f"avis-{partner.pk}")

    def stale_over(self, error: Any) -> None:
        """As `stale`, under the prefix of the form."""
        form: Any = self
        form.data = form.data.copy()
        form.data[self.add_prefix("version")] = error.version
        self.add_error(None, error)


MYSELF = "moi"


class ConflictForm(DsfrBaseForm):  # type: ignore[misc]
    """A link of interest, for oneself or for a partner in whose name one acts."""

    territory = TerritoryField()
    concerns = forms.ChoiceField(
        label="Qui est concerné",
        widget=forms.RadioSelect,
        error_messages={"required": "Dites qui est concerné.", "invalid_choice": "Choisissez."},
    )
    reason = forms.CharField(
        label="Quel lien",
        required=False,
        max_length=500,
        help_text="Par exemple : j’y suis conseiller municipal ; nous y avons un marché en cours.",
    )

    def __init__(self, *args: Any, partners: list[CallPartner], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.partners = {str(partner.pk): partner for partner in partners}
        if not partners:
            del self.fields["concerns"]
            return
        field = cast(forms.ChoiceField, self.fields["concerns"])
        field.choices = [
            (MYSELF, "Moi seulement"),
            *(
                (pk, f"Toutes les personnes qui agissent pour {partner.organisation}")
                for pk, partner in self.partners.items()
            ),
        ]
        self.initial.setdefault("concerns", MYSELF)

    @property
    def partner(self) -> CallPartner | None:
        return self.partners.get(self.cleaned_data.get("concerns", MYSELF))


class LiftForm(DsfrBaseForm):  # type: ignore[misc]
    reason = forms.CharField(
        label="Pourquoi",
        max_length=500,
        help_text="Par exemple : le marché est terminé depuis un an. Inscrit au journal.",
        error_messages={"required": "Dites pourquoi : cela reste inscrit au journal."},
    )
