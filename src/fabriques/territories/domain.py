"""Verbs of the territories: the only place that changes their state. All are called by imports.

Each writes only what differs, so that doing it again changes nothing. The journal of imports is
`ImportRun`, written by `record_import`; callers hold the transaction.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db import connection
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone

from fabriques.territories.enums import Accuracy, Kind
from fabriques.territories.models import (
    FormerCode,
    ImportRun,
    NationalProgramme,
    ProgrammeMembership,
    Territory,
)

GRIDS = ("density", "centrality", "mountain", "rurality")
GROUPINGS = {Kind.EPCI: "epci", Kind.EPT: "ept"}
# The import that lists all programmes at once; files of one programme know better.
CROSSING = "croisement"
BATCH = 2000


@dataclass
class Counts:
    """Rows that one write added, changed (a reopening included) and closed."""

    added: int = 0
    changed: int = 0
    closed: int = 0

    def __iadd__(self, other: Counts) -> Counts:
        self.added += other.added
        self.changed += other.changed
        self.closed += other.closed
        return self

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.closed)


class Values(NamedTuple):
    """What a referential says of an open territory; fields of `Territory`, by their columns."""

    name: str
    nature: str = ""
    siren: str = ""
    generation: int | None = None
    population: int | None = None
    postal_codes: str = ""
    overseas: bool = False
    region_id: int | None = None
    departement_id: int | None = None
    arrondissement_id: int | None = None
    epci_id: int | None = None
    ept_id: int | None = None
    closed_on: date | None = None
    successor_id: int | None = None


@dataclass
class Synced:
    """What `sync` found and did for one kind. Keys are codes."""

    ids: dict[str, int]
    before: dict[str, Values]
    gone: dict[str, int]
    counts: Counts


def sync(kind: str, wanted: Mapping[str, Values], generations: Collection[int] = ()) -> Synced:
    """Add, change and reopen the territories of `kind` until they say what `wanted` says.

    `gone` holds those that are open and no longer wanted: the caller closes them, when it knows
    their successors. With `generations`, only priority districts of these are compared.
    """
    rows = Territory.objects.filter(kind=kind)
    if generations:
        rows = rows.filter(generation__in=generations)
    ids: dict[str, int] = {}
    before: dict[str, Values] = {}
    for pk, code, *values in rows.values_list("pk", "code", *Values._fields).iterator():
        ids[code] = pk
        before[code] = Values(*values)
    differing = {code: values for code, values in wanted.items() if before.get(code) != values}
    written = [
        Territory(kind=kind, code=code, **values._asdict()) for code, values in differing.items()
    ]
    _write(written, Values._fields)
    ids.update((territory.code, territory.pk) for territory in written)
    added = sum(code not in before for code in differing)
    return Synced(
        ids,
        before,
        {
            code: ids[code]
            for code, values in before.items()
            if values.closed_on is None and code not in wanted
        },
        Counts(added=added, changed=len(differing) - added),
    )


def _write(territories: list[Territory], columns: Iterable[str]) -> None:
    """Insert, or write these columns of those that are there; gives each its primary key."""
    if territories:
        Territory.objects.bulk_create(
            territories,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["kind", "code"],
            update_fields=[column.removesuffix("_id") for column in columns],
        )


def _batches(pks: list[int]) -> Iterator[list[int]]:
    """SQLite limits the parameters of a query."""
    for start in range(0, len(pks), BATCH):
        yield pks[start : start + BATCH]


def close(heirs: Mapping[int, int | None]) -> Counts:
    """Close territories, each with its successor when it is known.

    A closed commune leaves its groupings; what it belonged to goes over to its successor.
    """
    today = timezone.localdate()
    for pk, heir in heirs.items():
        Territory.objects.filter(pk=pk).update(closed_on=today, successor=heir, epci=None, ept=None)
    _hand_over({pk: heir for pk, heir in heirs.items() if heir is not None})
    return Counts(closed=len(heirs))


def _hand_over(heirs: Mapping[int, int]) -> None:
    """Programmes and priority districts of closed territories go to their successors."""
    memberships = ProgrammeMembership.objects.filter(territory__in=heirs, closed_on=None)
    for item in memberships.order_by("pk"):
        heir = heirs[item.territory_id]
        taken = ProgrammeMembership.objects.filter(
            territory=heir, programme=item.programme_id, external_id=item.external_id
        )
        if taken.exists():
            item.closed_on = timezone.localdate()
        else:
            item.territory_id = heir
        item.save()
    links = Territory.communes.through.objects.filter(to_territory__in=heirs).order_by("pk")
    for link in links:
        Territory.communes.through.objects.get_or_create(
            from_territory_id=link.from_territory_id, to_territory_id=heirs[link.to_territory_id]
        )
        link.delete()


def sync_former_codes(wanted: Mapping[tuple[str, int], str]) -> Counts:
    """Write former codes: (code, primary key of the commune) → name, empty when not known.

    A former code that the data no longer tells about is kept; one given to another commune moves.
    """
    existing = {
        (code, territory): (pk, name)
        for pk, code, territory, name in FormerCode.objects.order_by("pk").values_list(
            "pk", "code", "territory_id", "name"
        )
    }
    FormerCode.objects.bulk_create(
        [
            FormerCode(code=code, territory_id=territory, name=name)
            for (code, territory), name in wanted.items()
            if existing.get((code, territory), (0, None))[1] != name
        ],
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["code", "territory"],
        update_fields=["name"],
    )
    codes = {code for code, _ in wanted}
    moved = [pk for key, (pk, _) in existing.items() if key not in wanted and key[0] in codes]
    FormerCode.objects.filter(pk__in=moved).delete()
    added = sum(key not in existing for key in wanted)
    changed = sum(key in existing and existing[key][1] != wanted[key] for key in wanted)
    return Counts(added=added, changed=changed)


class Position(NamedTuple):
    """Degrees, WGS84."""

    longitude: float
    latitude: float
    accuracy: str = Accuracy.EXACT.value


def place(positions: Mapping[int, Position]) -> Counts:
    """Set positions, by primary key; an exact one only gives way to an exact one."""
    counts = Counts()
    written = []
    for pks in _batches(list(positions)):
        rows = Territory.objects.filter(pk__in=pks).order_by("pk")
        for pk, kind, code, *values in rows.values_list("pk", "kind", "code", *Position._fields):
            known, wanted = Position(*values), positions[pk]
            if known == wanted or known.accuracy == Accuracy.EXACT != wanted.accuracy:
                continue
            counts += Counts(added=1) if known.accuracy != wanted.accuracy else Counts(changed=1)
            written.append(Territory(kind=kind, code=code, **wanted._asdict()))
    _write(written, Position._fields)
    return counts


def spread_positions() -> None:
    """Give the position of its département to every territory whose own is not known."""
    centre = Territory.objects.filter(pk=OuterRef("departement"))
    Territory.objects.filter(
        accuracy__in=["", Accuracy.APPROXIMATE], departement__longitude__isnull=False
    ).exclude(
        longitude=F("departement__longitude"),
        latitude=F("departement__latitude"),
        longitude__isnull=False,
    ).update(
        longitude=Subquery(centre.values("longitude")),
        latitude=Subquery(centre.values("latitude")),
        accuracy=Accuracy.APPROXIMATE,
    )


def classify(grid: str, classes: Mapping[int, str], others: str | None = None) -> Counts:
    """Set the class of communes in `grid` (a field): primary key → class.

    With `others`, that is the class of the open communes that `classes` does not hold.
    """
    counts = Counts()
    by_class: dict[str, list[int]] = defaultdict(list)
    communes = Territory.objects.filter(kind=Kind.COMMUNE, closed_on=None).order_by()
    for pk, known in communes.values_list("pk", grid):
        wanted = classes.get(pk, known if others is None else others)
        if wanted != known:
            by_class[wanted].append(pk)
            counts += Counts(changed=1) if known else Counts(added=1)
    _classify(grid, by_class)
    return counts


def _classify(grid: str, by_class: Mapping[str, list[int]]) -> None:
    for name, pks in by_class.items():
        for batch in _batches(pks):
            Territory.objects.filter(pk__in=batch).update(**{grid: name})


def classify_groupings(grids: Iterable[str] = GRIDS) -> None:
    """Set the class of each EPCI and EPT in each of `grids`: where most of its inhabitants live.

    A tie goes to the first name in alphabetical order.
    """
    for grid in grids:
        known = dict(
            Territory.objects.filter(kind__in=GROUPINGS).order_by().values_list("pk", grid)
        )
        inhabitants: dict[int, Counter[str]] = {pk: Counter() for pk in known}
        communes = Territory.objects.filter(kind=Kind.COMMUNE, closed_on=None).order_by()
        for name, population, epci, ept in communes.values_list(
            grid, "population", "epci_id", "ept_id"
        ):
            for grouping in (epci, ept):
                if name and grouping is not None:
                    inhabitants[grouping][name] += population or 0
        by_class: dict[str, list[int]] = defaultdict(list)
        for pk, classes in inhabitants.items():
            wanted = min(classes, key=lambda name: (-classes[name], name), default="")
            if wanted != known[pk]:
                by_class[wanted].append(pk)
        _classify(grid, by_class)


@dataclass(frozen=True)
class Listed:
    """One territory in one programme, as a file lists it."""

    label: str = ""
    signed_on: date | None = None


def sync_memberships(
    programme: NationalProgramme,
    wanted: Mapping[tuple[int, str], Listed],
    *,
    origin: str,
    source: str,
    closing: bool,
) -> Counts:
    """Make the members of `programme` those that `wanted` lists: (territory, identifier) → detail.

    What another import keeps up to date is left to it, except that a file of one programme takes
    over what the crossing of all programmes wrote. An empty cell never erases a date or a label
    that is known. `closing`: close what `origin` listed and lists no more.
    """
    existing = {
        (item.territory_id, item.external_id): item
        for item in ProgrammeMembership.objects.filter(programme=programme).order_by("pk")
    }
    counts = Counts()
    written = []
    for (territory, identifier), listed in wanted.items():
        item = existing.get((territory, identifier))
        if item is None:
            counts.added += 1
        elif origin == CROSSING != item.origin or _says(item, listed, origin):
            continue
        else:
            counts.changed += 1
        written.append(
            ProgrammeMembership(
                territory_id=territory,
                programme=programme,
                external_id=identifier,
                label=listed.label or (item.label if item else ""),
                signed_on=listed.signed_on or (item.signed_on if item else None),
                origin=origin,
                source=source,
            )
        )
    ProgrammeMembership.objects.bulk_create(
        written,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["territory", "programme", "external_id"],
        update_fields=["label", "signed_on", "origin", "source", "closed_on"],
    )
    if closing:
        gone = [
            item.pk
            for key, item in existing.items()
            if key not in wanted and item.origin == origin and item.closed_on is None
        ]
        for batch in _batches(gone):
            ProgrammeMembership.objects.filter(pk__in=batch).update(closed_on=timezone.localdate())
        counts.closed = len(gone)
    return counts


def _says(item: ProgrammeMembership, listed: Listed, origin: str) -> bool:
    """Whether a membership already says what is listed."""
    return (
        item.closed_on is None
        and item.origin == origin
        and listed.label in ("", item.label)
        and listed.signed_on in (None, item.signed_on)
    )


def link_districts(wanted: Mapping[int, Iterable[int]]) -> set[int]:
    """Link priority districts to their communes (primary keys); returns those that changed."""
    through = Territory.communes.through
    pairs = {(district, commune) for district, communes in wanted.items() for commune in communes}
    existing = {
        (district, commune): pk
        for pk, district, commune in through.objects.filter(
            from_territory__kind=Kind.QPV
        ).values_list("pk", "from_territory_id", "to_territory_id")
        if district in wanted
    }
    missing = pairs - existing.keys()
    through.objects.bulk_create(
        [through(from_territory_id=pair[0], to_territory_id=pair[1]) for pair in sorted(missing)],
        batch_size=BATCH,
    )
    gone = existing.keys() - pairs
    through.objects.filter(pk__in=[existing[pair] for pair in gone]).delete()
    return {district for district, _ in missing | gone}


def refresh_statistics() -> None:
    """Tell the planner of the database what the tables hold now: plans depend on it on both."""
    with connection.cursor() as cursor:
        for model in (Territory, FormerCode, ProgrammeMembership):
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def record_import(
    *, name: str, source: str, digest: str, counts: Counts, rejected: int = 0
) -> ImportRun:
    """Keep what an import did; `digest` is the SHA-256 of what it read. Tells the followers."""
    run = ImportRun.objects.create(
        name=name,
        source=source[:300],
        digest=digest,
        added=counts.added,
        changed=counts.changed,
        closed=counts.closed,
        rejected=rejected,
    )
    if counts:
        for tell in _followers:
            tell()
    return run


_followers: list[Callable[[], None]] = []


def follow(tell: Callable[[], None]) -> None:
    """Have `tell` called in the transaction of every import that changed something.

    For higher floors that keep names or positions of territories in read models of their own; to
    be called from `AppConfig.ready`.
    """
    if tell not in _followers:
        _followers.append(tell)
