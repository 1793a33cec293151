"""What is known of each volunteer, and the pairs that should not be together. No SQL."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import asin, cos, radians, sin, sqrt

from django.utils import timezone

from fabriques.intake.enums import OpinionValue, WayIn
from fabriques.intake.models import Call
from fabriques.territories.enums import Kind

#: Two territories nearer than this are neighbours; as the crow flies, between their positions.
NEIGHBOUR_KM = 30
EARTH_KM = 6371.0
DEGREE_KM = 111.0  # of latitude, rounded down
#: An opinion counts so much when cohorts are compared.
OPINION_WORTH = {
    OpinionValue.FAVOURABLE: 1,
    OpinionValue.RESERVED: 0,
    OpinionValue.UNFAVOURABLE: -1,
}
#: Key of the criterion of an indicator: this, then its slug.
INDICATOR = "indicator-"


@dataclass(frozen=True)
class Value:
    """One value of a criterion: `key` in the code and in rules, `label` on screen."""

    key: str
    label: str


@dataclass(frozen=True)
class Criterion:
    """What volunteers are told apart by; `values`: those of the pool, in the order of screens."""

    key: str
    label: str
    values: tuple[Value, ...]
    #: What the values mean, where the label does not say it.
    note: str = ""
    #: The words of rules: « au plus 1 par région », « au moins 5 régions différentes ».
    one: str = ""
    different: str = ""
    #: Rules may be about it.
    ruled: bool = True
    #: The engine counts its values as coverage, and as distance.
    balanced: bool = True

    @cached_property
    def labels(self) -> dict[str, str]:
        return {value.key: value.label for value in self.values}


@dataclass(frozen=True)
class Entry:
    """A volunteer of the pool."""

    pk: int
    ref: uuid.UUID
    number: int
    territory_id: int
    name: str
    kind: str
    code: str
    siren: str
    departement: str  # its code, "" when unknown
    departement_name: str
    region: str
    population: int | None
    overseas: bool
    longitude: float | None
    latitude: float | None
    approximate: bool  # the position is the centre of the département
    epci_id: int | None
    #: Territories that this one is within, by their numbers in the database.
    within: frozenset[int]
    focus: str
    has_letter: bool
    way_in: str
    #: {criterion: keys of its values}; what is unknown is missing.
    values: Mapping[str, tuple[str, ...]]
    #: {slug of the indicator: value}
    indicators: Mapping[str, float]
    #: {value of `OpinionValue`: how many}; empty where opinions were not asked for.
    opinions: Mapping[str, int]
    #: Years of the fabriques that it, its grouping or one of its communes took part in.
    took_part: tuple[int, ...] = ()

    @property
    def label(self) -> str:
        """« Fougères (35) »"""
        return f"{self.name} ({self.departement})" if self.departement else self.name

    @property
    def kind_label(self) -> str:
        return str(Kind(self.kind).label)

    @property
    def way_in_label(self) -> str:
        return str(WayIn(self.way_in).label)

    @property
    def is_placed(self) -> bool:
        """Whether its own position is known, not only its département."""
        return self.longitude is not None and self.latitude is not None and not self.approximate

    @property
    def opinion(self) -> int:
        """What its opinions add up to, see `OPINION_WORTH`."""
        return sum(OPINION_WORTH[OpinionValue(key)] * n for key, n in self.opinions.items())

    def has(self, criterion: str, value: str) -> bool:
        return value in self.values.get(criterion, ())


@dataclass(frozen=True)
class Pool:
    """The volunteers of a call, by number, and the criteria that tell them apart."""

    call: Call
    volunteers: tuple[Entry, ...]
    criteria: tuple[Criterion, ...]

    def __len__(self) -> int:
        return len(self.volunteers)

    @cached_property
    def by_pk(self) -> dict[int, Entry]:
        return {entry.pk: entry for entry in self.volunteers}

    @cached_property
    def by_number(self) -> dict[int, Entry]:
        return {entry.number: entry for entry in self.volunteers}

    @cached_property
    def by_key(self) -> dict[str, Criterion]:
        return {criterion.key: criterion for criterion in self.criteria}

    @cached_property
    def counts(self) -> dict[str, Counter[str]]:
        """{criterion: {value: volunteers}}; a volunteer with several values counts in each."""
        return counts_of(self.volunteers)

    def labels_of(self, entry: Entry, criterion: str) -> list[str]:
        """What this volunteer is by this criterion, in words."""
        known = self.by_key[criterion].labels if criterion in self.by_key else {}
        return [known.get(key, key) for key in entry.values.get(criterion, ())]

    @cached_property
    def neighbours(self) -> tuple[tuple[Entry, Entry], ...]:
        """Pairs of volunteers that are neighbours, see `NEIGHBOURS_NOTE`."""
        ordered = {
            (min(one.number, other.number), max(one.number, other.number))
            for one, other in _neighbours(self.volunteers)
        }
        known = self.by_number
        return tuple((known[one], known[other]) for one, other in sorted(ordered))

    @cached_property
    def nested(self) -> tuple[tuple[Entry, Entry], ...]:
        """Pairs of which one is within the other: a commune and its intercommunalité…"""
        own = {entry.territory_id: entry for entry in self.volunteers}
        return tuple(
            (entry, own[outer])
            for entry in self.volunteers
            for outer in sorted(entry.within)
            if outer in own
        )

    @property
    def year(self) -> int:
        """The year that « the last n years » are counted from: when the fabrique is to begin."""
        return int(self.call.starts_on[:4]) if self.call.starts_on else timezone.localdate().year

    def recent(self, years: int) -> frozenset[int]:
        """Numbers of the volunteers that were members in the last `years` years."""
        since = self.year - years
        return frozenset(
            entry.number
            for entry in self.volunteers
            if any(since <= year <= self.year for year in entry.took_part)
        )


NEIGHBOURS_NOTE = (
    "Deux territoires sont dits voisins quand ce sont deux communes de la même intercommunalité, "
    f"ou quand moins de {NEIGHBOUR_KM}\u00a0km à vol d’oiseau séparent leurs positions. "
    "Quand l’une des deux n’est qu’approchée, ils le sont s’ils sont du même département."
)
NESTED_NOTE = (
    "Une commune avec son intercommunalité ou son établissement public territorial, un quartier "
    "avec sa commune, et plus largement deux territoires dont l’un contient l’autre."
)
RECENT_NOTE = (
    "Sont comptées les fabriques du territoire lui-même, de l’intercommunalité dont il fait partie "
    "et de ses propres communes, par leur année d’édition."
)


def counts_of(entries: Iterable[Entry]) -> dict[str, Counter[str]]:
    """{criterion: {value: how many of these}}"""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in entries:
        for criterion, keys in entry.values.items():
            found[criterion].update(keys)
    return found


# ---------------------------------------------------------------- pairs


def _neighbours(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Entry]]:
    """See `NEIGHBOURS_NOTE`. A sweep from south to north, so that few pairs are measured."""
    placed = sorted((e for e in entries if e.is_placed), key=lambda e: (e.latitude, e.number))
    for rank, one in enumerate(placed):
        for other in placed[rank + 1 :]:
            if (other.latitude or 0.0) - (one.latitude or 0.0) > NEIGHBOUR_KM / DEGREE_KM:
                break
            if kilometres(one, other) < NEIGHBOUR_KM:
                yield one, other
    for group in _groups(entries, lambda e: e.departement):
        yield from (
            pair for pair in combinations(group, 2) if not (pair[0].is_placed and pair[1].is_placed)
        )
    for group in _groups(entries, lambda e: e.epci_id if e.kind == Kind.COMMUNE else None):
        yield from combinations(group, 2)


def _groups(entries: Iterable[Entry], key: Callable[[Entry], object]) -> Iterator[list[Entry]]:
    """Entries of one key; those without one are in no group."""
    found: dict[object, list[Entry]] = defaultdict(list)
    for entry in entries:
        if value := key(entry):
            found[value].append(entry)
    return iter(found.values())


def kilometres(one: Entry, other: Entry) -> float:
    """Great-circle distance between two known positions (haversine)."""
    lat, lat_other = radians(one.latitude or 0.0), radians(other.latitude or 0.0)
    lon, lon_other = radians(one.longitude or 0.0), radians(other.longitude or 0.0)
    half = (
        sin((lat - lat_other) / 2) ** 2
        + cos(lat) * cos(lat_other) * sin((lon - lon_other) / 2) ** 2
    )
    return 2 * EARTH_KM * asin(min(1.0, sqrt(half)))
