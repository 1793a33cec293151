"""Look-ups in forms: organisations and territories typed as people name them, without script."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django import forms

from fabriques.kit.search.text import normalise
from fabriques.people.models import Organisation
from fabriques.people.queries import find_organisation, organisations
from fabriques.territories import queries as territories
from fabriques.territories.enums import Kind
from fabriques.territories.models import Territory

_CODE = re.compile(r"\(([0-9A-Za-z-]{2,20})\)\s*$")
_MOST_TERRITORIES = 30


class Checkbox(forms.CheckboxInput):  # the design system draws widgets by their name
    def use_required_attribute(self, initial: Any) -> bool:
        return False


class BoxField(forms.BooleanField):
    """A box that is ticked or not: it is neither compulsory nor « optionnelle »."""

    widget = Checkbox

    def validate(self, value: Any) -> None:
        return None


class OrganisationField(forms.CharField):
    """An organisation by its exact name, acronym or SIREN; when there is none, the nearest ones
    are named. The cleaned value is an `Organisation`, or None when optional."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", "Son nom, son sigle ou son SIREN.")
        super().__init__(max_length=200, **options)
        self.error_messages["required"] = "Indiquez l’organisation."

    def prepare_value(self, value: Any) -> Any:
        return value.name if isinstance(value, Organisation) else value

    def clean(self, value: Any) -> Any:
        words = super().clean(value)
        if not words:
            return None
        if found := find_organisation(words):
            return found
        near = list(organisations(words)[:4]) or _near(words)
        hint = (
            f"Voulez-vous dire : {' ; '.join(item.name for item in near)} ?"
            if near
            else "Demandez à l’équipe nationale de l’ajouter."
        )
        raise forms.ValidationError(f"Aucune organisation ne porte exactement ce nom. {hint}")


def _near(words: str) -> list[Organisation]:
    """Organisations that hold one of the longer words, the first by name."""
    longest = sorted((word for word in words.split() if len(word) > 3), key=len, reverse=True)
    return next((list(found) for word in longest if (found := organisations(word)[:4])), [])


def territory_words(territory: Territory) -> str:
    """How `TerritoriesField` writes a territory, and reads it again."""
    return f"{territory.name} ({territory.code})"


class TerritoriesField(forms.CharField):
    """Territories, one a line: a name, an INSEE code, a SIREN, or a name with its code between
    brackets. A closed one gives its successor. The cleaned value is a list, without repetition."""

    widget = forms.Textarea(attrs={"rows": 4})

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=6000, **options)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str) or value is None:
            return value
        return "\n".join(territory_words(item) for item in value)

    def clean(self, value: Any) -> Any:
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > _MOST_TERRITORIES:
            raise forms.ValidationError(f"{_MOST_TERRITORIES} territoires au plus.")
        found, problems = [], []
        for line in lines:
            try:
                found.append(find_territory(line))
            except forms.ValidationError as error:
                problems += error.messages
        if problems:
            raise forms.ValidationError(problems)
        return list({item.pk: item for item in found}.values())


def find_territory(line: str) -> Territory:
    """The open territory that this line names. Raises `ValidationError` with what it may mean."""
    match = _CODE.search(line)
    code = match[1] if match else line.replace(" ", "")
    if found := territories.by_code(code):
        return _open(found, line)
    found_by_name = territories.lookup(line[:200], limit=12)
    hits = [hit for hit in found_by_name if hit.kind != Kind.ARRONDISSEMENT][:6]
    same = [hit for hit in hits if normalise(hit.name) == normalise(line)]
    if len(same) == 1:
        return _open(same[0], line)
    if not hits:
        raise forms.ValidationError(f"« {line} » : aucun territoire ne porte ce nom ou ce code.")
    raise forms.ValidationError(
        f"« {line} » peut désigner : {_listed(same or hits)}. Écrivez le code."
    )


def _open(territory: Territory, line: str) -> Territory:
    seen = set()
    while territory.closed_on is not None:
        if territory.successor is None or territory.pk in seen:
            raise forms.ValidationError(f"« {line} » : ce territoire n’existe plus.")
        seen.add(territory.pk)
        territory = territory.successor
    return territory


def _listed(found: Iterable[Territory]) -> str:
    """Each with what tells it from its homonyms: « Saint-Denis (97411), commune, La Réunion »."""
    return " ; ".join(
        ", ".join(
            filter(
                None,
                (
                    territory_words(item),
                    item.label.lower(),
                    item.departement.name if item.departement else "",
                ),
            )
        )
        for item in found
    )
