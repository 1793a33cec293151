"""The filters of the programme: what an address asks for, and how many each value would give."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import NamedTuple
from urllib.parse import urlencode

from django.db.models import Count, F, Q, QuerySet
from django.http import QueryDict

from fabriques.kit.search.query import find
from fabriques.programme.models import Fabrique, Facet, FacetValue

# The dimensions of the filters: name in the address, name on screen, in the order of the form.
DIMENSIONS = {
    "annee": "Année de lancement",
    "transition": "Transition",
    "type": "Type de territoire",
    "region": "Région",
    "outre-mer": "Outre-mer",
    "programme": "Programme lié",
}
MAX_QUERY = 200
_NOISE = re.compile(r"[\x00-\x1f]+")


@dataclass(frozen=True)
class Filters:
    """The filters of the list of fabriques; values of one dimension add up, dimensions combine."""

    annee: tuple[str, ...] = ()
    transition: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    outre_mer: tuple[str, ...] = ()
    programme: tuple[str, ...] = ()
    departement: tuple[str, ...] = ()
    q: str = ""

    @classmethod
    def parse(cls, data: QueryDict) -> tuple[Filters, list[str]]:
        """Read an address; values that no fabrique has are ignored, each with a message."""
        wanted = {
            dimension: [value for value in dict.fromkeys(data.getlist(dimension)) if value.strip()]
            for dimension in (*DIMENSIONS, "departement")
        }
        messages: list[str] = []
        kept: dict[str, tuple[str, ...]] = {}
        if any(wanted.values()):
            known = set(
                FacetValue.objects.filter(
                    dimension__in=[name for name, values in wanted.items() if values]
                ).values_list("dimension", "value")
            )
            for dimension, values in wanted.items():
                kept[dimension.replace("-", "_")] = tuple(
                    v for v in values if (dimension, v) in known
                )
                messages += [
                    f"Filtre ignoré : « {value[:40]} » n’est pas une valeur connue pour "
                    f"« {DIMENSIONS.get(dimension, 'Département')} »."
                    for value in values
                    if (dimension, value) not in known
                ]
        text = " ".join(_NOISE.sub(" ", data.get("q", "")).split())
        if len(text) > MAX_QUERY:
            messages.append(f"Recherche raccourcie à {MAX_QUERY} caractères.")
        return cls(**kept, q=text[:MAX_QUERY].strip()), messages

    def values(self, dimension: str) -> tuple[str, ...]:
        value: tuple[str, ...] = getattr(self, dimension.replace("-", "_"))
        return value

    @property
    def active(self) -> bool:
        return self != Filters()

    def query_string(self, **changes: object) -> str:
        """The address of these filters, with some replaced: `?annee=2018&q=…`, or nothing."""
        filters = replace(self, **changes) if changes else self  # type: ignore[arg-type]
        pairs = [
            (item.name.replace("_", "-"), value)
            for item in fields(filters)
            if item.name != "q"
            for value in getattr(filters, item.name)
        ]
        if filters.q:
            pairs.append(("q", filters.q))
        return f"?{urlencode(pairs)}" if pairs else ""


def condition(filters: Filters, *, except_for: str = "") -> Q:
    """The rows of `Fabrique` that pass every filter but the one of `except_for`."""
    wanted = Q()
    for dimension in (*DIMENSIONS, "departement"):
        values = filters.values(dimension)
        if values and dimension != except_for:
            matching = Facet.objects.filter(
                value__dimension=dimension, value__value__in=values
            ).order_by()
            wanted &= Q(pk__in=matching.values("fabrique"))
    if filters.q:
        found = find(filters.q, kinds={"fabrique"}, limit=400, extracts=False)
        wanted &= Q(code__in=[hit.code for hit in found.hits])
    return wanted


def filtered(filters: Filters) -> QuerySet[Fabrique]:
    """Fabriques that pass the filters, the latest edition first, unknown years last."""
    return Fabrique.objects.filter(condition(filters)).order_by(
        F("year").desc(nulls_last=True), "-code"
    )


class Choice(NamedTuple):
    """One value of a filter; its label says how many fabriques it would give: `Bretagne (5)`."""

    value: str
    label: str
    selected: bool


class Dimension(NamedTuple):
    """A filter: its name in the address, its label, its values, whether one is chosen."""

    name: str
    label: str
    choices: list[Choice]
    selected: bool


def dimensions(filters: Filters) -> list[Dimension]:
    """The filters with their counts; each counts what the *other* filters leave.

    One query; with filters, one for all dimensions without a choice and one for each with one.
    """
    known = (
        FacetValue.objects.exclude(dimension="departement")
        .values_list("dimension", "value", "label", "total")
        .order_by("dimension", "sort", "value")
    )
    if not filters.active:
        return _dimensions(filters, known)
    chosen = [name for name in DIMENSIONS if filters.values(name)]
    counted: dict[tuple[str, str], int] = {}
    for names, wanted in [
        ([name for name in DIMENSIONS if name not in chosen], condition(filters)),
        *(([name], condition(filters, except_for=name)) for name in chosen),
    ]:
        rows = (
            Facet.objects.filter(
                value__dimension__in=names, fabrique__in=Fabrique.objects.filter(wanted)
            )
            .values_list("value__dimension", "value__value")
            .annotate(times=Count("pk"))
            .order_by()
        )
        counted.update({(dimension, value): times for dimension, value, times in rows})
    return _dimensions(
        filters,
        ((name, value, label, counted.get((name, value), 0)) for name, value, label, _ in known),
    )


def _dimensions(filters: Filters, rows: Iterable[tuple[str, str, str, int]]) -> list[Dimension]:
    chosen = {name: set(filters.values(name)) for name in DIMENSIONS}
    choices: dict[str, list[Choice]] = {name: [] for name in DIMENSIONS}
    for dimension, value, label, times in rows:
        if dimension in choices:
            selected = value in chosen[dimension]
            if times or selected:
                choices[dimension].append(Choice(value, f"{label} ({times})", selected))
    choices["annee"].reverse()
    return [
        Dimension(name, label, choices[name], bool(chosen[name]))
        for name, label in DIMENSIONS.items()
    ]
