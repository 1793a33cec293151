"""What pages and the API read of the territories; all their SQL is here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    ExpressionWrapper,
    F,
    FloatField,
    Q,
    QuerySet,
    Value,
    When,
)

from fabriques.kit.search.query import find
from fabriques.territories.enums import Kind
from fabriques.territories.models import (
    PLAIN_KINDS,
    FormerCode,
    ProgrammeMembership,
    Territory,
)
from fabriques.territories.resemblance import Profile, distance, reasons
from fabriques.territories.search import KIND

# Candidates read on each side of a population, and among those that took part.
NEIGHBOURS, PARTICIPANTS = 70, 50
# Of the ten shown, at most so many because they took part, and none further than this: about
# twenty times the inhabitants, all else equal.
FIRST_PARTICIPANTS = 5
FARTHEST_PARTICIPANT = 3.0
# Programmes that tell nothing of resemblance: fabriques themselves, and contracts that nearly
# every commune is in.
TELLS_NOTHING = ("fabp", "crte")


def by_code(code: str) -> Territory | None:
    """The commune, EPCI or EPT of this INSEE code or SIREN, whatever the case it is typed in.

    The territory found may bear another code: its SIREN or a former code was given, and a page
    redirects to the canonical address. A closed territory is found by its own code. Two queries at
    most.
    """
    code = code.strip().upper()
    if not code or not code.isprintable():
        return None
    rows = Territory.objects.filter(Q(code=code) | Q(siren=code), kind__in=PLAIN_KINDS)
    former = FormerCode.objects.filter(code=code).values("territory")
    return _best(rows, code) or _best(Territory.objects.filter(pk__in=former), code)


def _best(rows: QuerySet[Territory], code: str) -> Territory | None:
    """Of the territories that bear a code, the one whose own code it is, then an open one."""
    return min(
        rows.select_related("departement", "epci", "successor").order_by("pk")[:10],
        key=lambda item: (item.code != code, item.closed_on is not None, item.pk),
        default=None,
    )


def lookup(text: str, limit: int = 10) -> list[Territory]:
    """Territories by any spelling, SIREN, INSEE code or postal code, the best answer first."""
    hits = find(text, kinds={KIND}, limit=limit, extracts=False).hits
    keys = [tuple(hit.code.split(":", 1)) for hit in hits]
    condition = Q(pk__in=())
    by_kind: dict[str, list[str]] = defaultdict(list)
    for kind, code in keys:
        by_kind[kind].append(code)
    for kind, codes in by_kind.items():
        condition |= Q(kind=kind, code__in=codes)
    found = Territory.objects.filter(condition).select_related("departement").order_by("pk")
    rows = {(row.kind, row.code): row for row in found}
    return [rows[key] for key in keys if key in rows]


def parents(territory: Territory) -> list[Territory]:
    """What a territory is part of, the nearest first; one query, two for a priority district."""
    ids = [
        territory.ept_id,
        territory.epci_id,
        territory.arrondissement_id,
        territory.departement_id,
        territory.region_id,
    ]
    order = {pk: rank for rank, pk in enumerate(ids) if pk is not None}
    found = sorted(
        Territory.objects.filter(pk__in=order).order_by("pk"), key=lambda item: order[item.pk]
    )
    if territory.kind == Kind.QPV:
        return [*territory.communes.order_by("code"), *found]
    return found


def members(territory: Territory) -> QuerySet[Territory]:
    """What is part of a territory, by name.

    Priority districts of a commune, communes of a grouping, an arrondissement, a département or a
    collectivité, départements of a région.
    """
    rows = Territory.objects.filter(closed_on=None).order_by("name", "code")
    communes = rows.filter(kind=Kind.COMMUNE)
    match Kind(territory.kind):
        case Kind.COMMUNE:
            return rows.filter(kind=Kind.QPV, communes=territory)
        case Kind.REGION:
            return rows.filter(kind=Kind.DEPARTEMENT, region=territory)
        case Kind.EPCI:
            return communes.filter(epci=territory)
        case Kind.EPT:
            return communes.filter(ept=territory)
        case Kind.ARRONDISSEMENT:
            return communes.filter(arrondissement=territory)
        case Kind.DEPARTEMENT | Kind.COLLECTIVITE:
            return communes.filter(departement=territory)
    return rows.none()


@dataclass(frozen=True)
class Comparable:
    """A territory close to another one, and why."""

    territory: Territory
    reasons: list[str]
    took_part: bool
    distance: float


@dataclass(frozen=True)
class Comparables:
    """`missing` names the criteria that could not be used, in French."""

    items: list[Comparable]
    missing: list[str]


_Row = tuple[Any, ...]
# Columns of a profile, in its order.
_PROFILE = (
    "pk",
    "kind",
    "nature",
    "code",
    "population",
    "density",
    "centrality",
    "mountain",
    "rurality",
    "overseas",
)


_GRIDS = {
    "density": "densité",
    "centrality": "centralité",
    "rurality": "ruralité",
    "mountain": "massif de montagne",
}
_Participants = Collection[int] | QuerySet[Any, int]


def comparables(
    territory: Territory, participant_ids: _Participants, limit: int = 10
) -> Comparables:
    """The closest territories of the same kind, those of `participant_ids` first.

    `participant_ids` took part in a fabrique (a queryset of ids, read as a subquery, when they are
    many): the five closest of them lead, then come the closest others. Five queries, or seven
    overseas, whatever the size of the country: the nearest in population are read, then compared in
    memory.
    """
    same = Territory.objects.filter(kind=territory.kind, closed_on=None).exclude(pk=territory.pk)
    # `__in`: SQLite has no use of its index for the `NOT overseas` of a plain comparison.
    rows = _around(same.filter(overseas__in=[territory.overseas]), territory, NEIGHBOURS)
    if territory.overseas:  # too few to make ten of some kinds
        rows |= _around(same.filter(overseas__in=[False]), territory, NEIGHBOURS)
    participants = _nearest(same.filter(pk__in=participant_ids), territory, PARTICIPANTS)
    rows |= participants
    names, memberships = _programmes_of([territory.pk, *rows])
    me = _profile([getattr(territory, name) for name in _PROFILE], memberships)
    others = [_profile(row, memberships) for row in rows.values()]
    ranked = sorted(others, key=lambda other: (distance(me, other), other.code))
    leaders = [
        other
        for other in ranked
        if other.pk in participants and distance(me, other) <= FARTHEST_PARTICIPANT
    ][: min(FIRST_PARTICIPANTS, limit)]
    chosen = leaders + [other for other in ranked if other not in leaders]
    found = (
        Territory.objects.filter(pk__in=[other.pk for other in chosen[:limit]])
        .select_related("departement")
        .annotate(took_part=ExpressionWrapper(Q(pk__in=participant_ids), BooleanField()))
        .order_by("pk")
    )
    by_pk = {item.pk: item for item in found}
    return Comparables(
        [
            Comparable(
                by_pk[other.pk],
                reasons(me, other, names),
                by_pk[other.pk].took_part,
                distance(me, other),
            )
            for other in chosen[:limit]
        ],
        _missing(me, others),
    )


def _around(rows: QuerySet[Territory], territory: Territory, count: int) -> dict[int, _Row]:
    """Values of `rows` nearest in population, `count` on each side; by code without population."""
    if territory.population is None:
        above = rows.filter(code__gt=territory.code).order_by("code")
        below = rows.filter(code__lt=territory.code).order_by("-code")
    else:
        above = rows.filter(population__gte=territory.population).order_by("population", "pk")
        below = rows.filter(population__lt=territory.population).order_by("-population", "-pk")
    return {row[0]: row for side in (above, below) for row in side.values_list(*_PROFILE)[:count]}


def _nearest(rows: QuerySet[Territory], territory: Territory, count: int) -> dict[int, _Row]:
    """Values of the `count` of `rows` nearest in population, by ratio: all are read and sorted."""
    if territory.population is not None:
        size = Value(territory.population + 1.0, FloatField())
        ratio = Case(
            When(population__gt=territory.population, then=(F("population") + 1.0) / size),
            default=size / (F("population") + 1.0),
            output_field=FloatField(),
        )
        rows = rows.order_by(ratio.asc(nulls_last=True), "pk")
    return {row[0]: row for row in rows.values_list(*_PROFILE)[:count]}


def _programmes_of(pks: list[int]) -> tuple[dict[str, str], dict[int, set[str]]]:
    """Names of programmes by slug, and slugs of the programmes of each territory."""
    names: dict[str, str] = {}
    of: dict[int, set[str]] = defaultdict(set)
    rows = ProgrammeMembership.objects.filter(territory__in=pks, closed_on=None)
    for pk, slug, name in rows.order_by("pk").values_list(
        "territory_id", "programme__slug", "programme__name"
    ):
        if slug not in TELLS_NOTHING:
            names[slug] = name
            of[pk].add(slug)
    return names, of


def _profile(row: Sequence[Any], memberships: Mapping[int, set[str]]) -> Profile:
    return Profile._make((*row, frozenset(memberships.get(row[0], ()))))


def _missing(me: Profile, others: list[Profile]) -> list[str]:
    """Criteria that nothing was compared by, for lack of data."""
    missing = [] if me.population or me.kind == Kind.QPV else ["population"]
    if me.kind in PLAIN_KINDS:
        missing += [
            label
            for grid, label in _GRIDS.items()
            if not any(getattr(profile, grid) for profile in (me, *others))
        ]
        if not any(profile.programmes for profile in (me, *others)) and not programmes_imported():
            missing.append("programmes de l’ANCT")
    return missing


def by_segment(kinds: Collection[str], code: str) -> Territory | None:
    """The territory of one of these kinds with this code, whatever the case it is typed in."""
    if not code.isprintable():
        return None
    return (
        Territory.objects.filter(kind__in=list(kinds), code__in=[code, code.upper(), code.lower()])
        .select_related("departement", "region", "successor")
        .order_by("kind", "code")
        .first()
    )


def regions() -> QuerySet[Territory]:
    """Régions, then the collectivités of the overseas, by name."""
    return Territory.objects.filter(
        kind__in=[Kind.REGION, Kind.COLLECTIVITE], closed_on=None
    ).order_by("-kind", "code")


@dataclass(frozen=True)
class Family:
    """Whose participations the page of a territory shows."""

    own: int
    group_ids: frozenset[int]
    member_ids: frozenset[int]

    @property
    def territory_ids(self) -> frozenset[int]:
        return self.group_ids | self.member_ids | {self.own}


def family(territory: Territory) -> Family:
    """The territory, its groupings, and its members that take or took part in a fabrique."""
    groups = {pk for pk in (territory.epci_id, territory.ept_id) if pk}
    belongs = {
        Kind.EPCI: Q(epci=territory),
        Kind.EPT: Q(ept=territory),
        Kind.DEPARTEMENT: Q(departement=territory),
        Kind.COLLECTIVITE: Q(departement=territory),
        Kind.REGION: Q(region=territory),
        Kind.ARRONDISSEMENT: Q(arrondissement=territory),
    }.get(Kind(territory.kind))
    members = (
        Territory.objects.filter(belongs, participations__isnull=False).order_by("pk")
        if belongs is not None
        else Territory.objects.none()
    )
    return Family(
        territory.pk,
        frozenset(groups),
        frozenset(members.values_list("pk", flat=True)),
    )


def programmes(territory: Territory) -> list[ProgrammeMembership]:
    """Programmes of a territory; of a grouping, its members' too, its own first."""
    whose = Q(territory=territory)
    if territory.kind == Kind.EPCI:
        whose |= Q(territory__epci=territory)
    elif territory.kind == Kind.EPT:
        whose |= Q(territory__ept=territory)
    elif territory.epci_id:
        whose |= Q(territory=territory.epci_id)
    rows = list(
        ProgrammeMembership.objects.filter(whose)
        .select_related("programme", "territory")
        .order_by("programme__name", "territory__name", "external_id")[:200]
    )
    rows.sort(key=lambda row: (row.territory_id != territory.pk, row.closed_on is not None))
    # Two files may name one membership differently: a programme is said once for each territory.
    return list({(row.programme_id, row.territory_id): row for row in reversed(rows)}.values())[
        ::-1
    ]


def programmes_imported() -> bool:
    """Whether any list of a programme's members was imported."""
    return ProgrammeMembership.objects.exists()


@dataclass(frozen=True, slots=True)
class Place:
    code: str
    name: str
    longitude: float
    latitude: float


def positions_of_departements() -> list[Place]:
    """The centre of each département that has one, by code."""
    rows = (
        Territory.objects.filter(kind=Kind.DEPARTEMENT, longitude__isnull=False)
        .order_by("code")
        .values_list("code", "name", "longitude", "latitude")
    )
    return [
        Place(code, name, longitude, latitude)
        for code, name, longitude, latitude in rows
        if longitude is not None and latitude is not None
    ]
