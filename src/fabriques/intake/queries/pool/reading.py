"""The SQL of the pool, and the criteria that its volunteers are told apart by."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from fabriques.intake.enums import OpinionValue, WayIn
from fabriques.intake.models import Call, Indicator, IndicatorValue, Opinion, Volunteer
from fabriques.intake.queries.pool.model import (
    INDICATOR,
    Criterion,
    Entry,
    Pool,
    Value,
    counts_of,
)
from fabriques.kit.search.text import normalise
from fabriques.programme.models import Participation
from fabriques.territories.enums import Accuracy, Kind
from fabriques.territories.models import ProgrammeMembership, Territory

#: Classes of population: the first number of inhabitants that is no longer in the class.
SIZES = (
    (2_000, "Moins de 2\u202f000 habitants"),
    (5_000, "2\u202f000 à 4\u202f999 habitants"),
    (20_000, "5\u202f000 à 19\u202f999 habitants"),
    (50_000, "20\u202f000 à 49\u202f999 habitants"),
    (100_000, "50\u202f000 à 99\u202f999 habitants"),
    (None, "100\u202f000 habitants et plus"),
)
OVERSEAS = {"yes": "Outre-mer", "no": "Hexagone et Corse"}
Row = Mapping[str, Any]
_COLUMNS = (
    "pk",
    "ref",
    "number",
    "territory_id",
    "territory__name",
    "territory__kind",
    "territory__code",
    "territory__siren",
    "territory__departement__code",
    "territory__departement__name",
    "territory__region__name",
    "territory__population",
    "territory__overseas",
    "territory__longitude",
    "territory__latitude",
    "territory__accuracy",
    "territory__density",
    "territory__rurality",
    "territory__mountain",
    "territory__epci_id",
    "territory__ept_id",
    "territory__departement_id",
    "territory__arrondissement_id",
    "territory__region_id",
    "focus",
    "framing_letter",
    "way_in",
)


def pool_of(
    call: Call, rows: QuerySet[Volunteer], *, ways_in: bool = False, opinions: bool = False
) -> Pool:
    """These declarations of the call, each with a number, as a pool; seven queries at most.

    `ways_in` and `opinions` are for those who may know them (`CallAbilities.see_opinions`): without
    them the pool holds neither criterion, and every entry says `WayIn.SELF` and no opinion.
    """
    found = list(rows.exclude(number=None).order_by("number", "pk").values(*_COLUMNS))
    territories = [row["territory_id"] for row in found]
    programmes, names = _programmes(territories)
    within = _within(found)
    took_part = _took_part(found)
    measures = list(Indicator.objects.filter(call=call).order_by("name", "pk"))
    measured = _measured(call, territories)
    classes = {item.slug: Terciles.of(measured[item.pk].values(), item.unit) for item in measures}
    given = _opinions(found) if opinions else {}
    entries = []
    for row in found:
        place = row["territory_id"]
        indicators = {
            item.slug: measured[item.pk][place] for item in measures if place in measured[item.pk]
        }
        values = _plain_values(row, ways_in=ways_in)
        values["programmes"] = tuple(programmes.get(place, ()))
        values |= {
            f"{INDICATOR}{slug}": (classes[slug].class_of(value),)
            for slug, value in indicators.items()
        }
        values["opinions"] = tuple(given.get(row["pk"], ()))
        entries.append(
            Entry(
                pk=row["pk"],
                ref=row["ref"],
                number=row["number"],
                territory_id=place,
                name=row["territory__name"],
                kind=row["territory__kind"],
                code=row["territory__code"],
                siren=row["territory__siren"],
                departement=row["territory__departement__code"] or "",
                departement_name=row["territory__departement__name"] or "",
                region=_region(row),
                population=row["territory__population"],
                overseas=row["territory__overseas"],
                longitude=row["territory__longitude"],
                latitude=row["territory__latitude"],
                approximate=row["territory__accuracy"] == Accuracy.APPROXIMATE,
                epci_id=row["territory__epci_id"],
                within=within[place],
                focus=row["focus"],
                has_letter=bool(row["framing_letter"]),
                way_in=row["way_in"] if ways_in else WayIn.SELF,
                values={key: keys for key, keys in values.items() if keys},
                indicators=indicators,
                opinions=dict(given.get(row["pk"], {})),  # a Counter has every key, "items" too
                took_part=tuple(sorted(took_part.get(place, ()))),
            )
        )
    return Pool(call, tuple(entries), _criteria(entries, names, measures, classes))


def _plain_values(row: Row, *, ways_in: bool) -> dict[str, tuple[str, ...]]:
    """What the territory says of itself, by criterion; an empty text is unknown."""
    population = row["territory__population"]
    found = {
        "kind": str(row["territory__kind"]),
        "region": _region(row),
        "overseas": "yes" if row["territory__overseas"] else "no",
        "size": "" if population is None else _size(population),
        "density": str(row["territory__density"]),
        "rurality": str(row["territory__rurality"]),
        "mountain": str(row["territory__mountain"]),
        "way_in": str(row["way_in"]) if ways_in else "",
    }
    return {key: (value,) for key, value in found.items() if value}


def _region(row: Row) -> str:
    """The région, else the département or the collectivité that stands for one."""
    return str(row["territory__region__name"] or row["territory__departement__name"] or "")


def _size(population: int) -> str:
    return next(
        str(rank) for rank, (limit, _) in enumerate(SIZES) if limit is None or population < limit
    )


def _programmes(territories: Sequence[int]) -> tuple[dict[int, list[str]], dict[str, str]]:
    """{territory: slugs}, {slug: name}"""
    of: dict[int, list[str]] = defaultdict(list)
    names: dict[str, str] = {}
    rows = ProgrammeMembership.objects.filter(territory__in=territories, closed_on=None)
    for place, slug, name in rows.order_by("programme__name", "pk").values_list(
        "territory_id", "programme__slug", "programme__name"
    ):
        if slug not in of[place]:
            of[place].append(slug)
        names[slug] = name
    return of, names


def _within(rows: Sequence[Row]) -> dict[int, frozenset[int]]:
    """{territory: those that contain it}; a district is also within its communes."""
    found: dict[int, set[int]] = {}
    for row in rows:
        found[row["territory_id"]] = {
            row[f"territory__{name}_id"]
            for name in ("epci", "ept", "departement", "arrondissement", "region")
            if row[f"territory__{name}_id"]
        }
    districts = Territory.objects.filter(pk__in=found, kind=Kind.QPV, communes__isnull=False)
    pairs: Iterable[Any] = districts.order_by("pk", "communes").values_list("pk", "communes")
    for district, commune in pairs:
        found[district].add(commune)
    return {place: frozenset(outer - {place}) for place, outer in found.items()}


def _took_part(rows: Sequence[Row]) -> dict[int, set[int]]:
    """{territory: years of the fabriques of itself, its grouping, its own communes}."""
    own = {row["territory_id"] for row in rows}
    groups: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        for name in ("epci", "ept"):
            if outer := row[f"territory__{name}_id"]:
                groups[outer].add(row["territory_id"])
    found: dict[int, set[int]] = defaultdict(set)
    taken = Participation.objects.filter(
        Q(territory__in=own | set(groups)) | Q(territory__epci__in=own) | Q(territory__ept__in=own),
        fabrique__year__isnull=False,
    )
    rows_taken: Iterable[Any] = taken.order_by("pk").values_list(
        "territory_id", "territory__epci_id", "territory__ept_id", "fabrique__year"
    )
    for place, epci, ept, year in rows_taken:
        for concerned in ({place, epci, ept} & own) | groups.get(place, set()):
            found[concerned].add(year)
    return found


def _measured(call: Call, territories: Sequence[int]) -> dict[int, dict[int, float]]:
    """{indicator: {territory: value}}"""
    found: dict[int, dict[int, float]] = defaultdict(dict)
    rows = IndicatorValue.objects.filter(indicator__call=call, territory__in=territories)
    for indicator, place, value in rows.order_by("pk").values_list(
        "indicator_id", "territory_id", "value"
    ):
        found[indicator][place] = value
    return found


def _opinions(rows: Sequence[Row]) -> dict[int, Counter[str]]:
    """{volunteer: {opinion: how many}}"""
    found: dict[int, Counter[str]] = {}
    given = Opinion.objects.filter(volunteer__in=[row["pk"] for row in rows])
    for pk, value in given.order_by("pk").values_list("volunteer_id", "value"):
        found.setdefault(pk, Counter())[value] += 1
    order = list(OpinionValue)
    return {
        pk: Counter({value: counts[value] for value in order if counts[value]})
        for pk, counts in found.items()
    }


# ---------------------------------------------------------------- criteria


@dataclass(frozen=True)
class Terciles:
    """Three classes of a measure, each with about a third of the pool: bounds, and their words."""

    low: float = 0.0
    high: float = 0.0
    unit: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Iterable[float], unit: str) -> Terciles:
        """The bounds are values of the pool: equal values are always in the same class."""
        ranked = sorted(values)
        if not ranked:
            return cls()
        low, high = ranked[(len(ranked) - 1) // 3], ranked[2 * (len(ranked) - 1) // 3]
        end = f"\u00a0{unit}" if unit else ""
        labels = {
            "low": f"Jusqu’à {_in_figures(low)}{end}",
            "middle": f"Plus de {_in_figures(low)} à {_in_figures(high)}{end}",
            "high": f"Plus de {_in_figures(high)}{end}",
        }
        return cls(low, high, unit, labels)

    def class_of(self, value: float) -> str:
        return "low" if value <= self.low else "middle" if value <= self.high else "high"


def _in_figures(value: float) -> str:
    text = f"{value:,.2f}".rstrip("0").rstrip(".")
    return text.replace(",", "\u202f").replace(".", ",")


def _criteria(
    entries: Sequence[Entry],
    programmes: Mapping[str, str],
    measures: Sequence[Indicator],
    classes: Mapping[str, Terciles],
) -> tuple[Criterion, ...]:
    """Those of which the pool knows something, in the order of screens."""
    counts = counts_of(entries)

    def known(key: str, labels: Mapping[str, str]) -> tuple[Value, ...]:
        return tuple(Value(value, label) for value, label in labels.items() if counts[key][value])

    def alike(key: str) -> tuple[Value, ...]:
        return tuple(Value(value, value) for value in sorted(counts[key], key=normalise))

    def indicator(item: Indicator) -> Criterion:
        key = f"{INDICATOR}{item.slug}"
        source = ", ".join(filter(None, [item.source, item.year]))
        return Criterion(
            key,
            item.name,
            known(key, classes[item.slug].labels),
            note="Trois classes d’environ un tiers des volontaires chacune"
            + (f"\u00a0; source\u00a0: {source}." if source else "."),
            one=f"classe de l’indicateur «\u00a0{item.name}\u00a0»",
            different=f"classes différentes de l’indicateur «\u00a0{item.name}\u00a0»",
        )

    sizes = {str(rank): label for rank, (_, label) in enumerate(SIZES)}
    made = [
        Criterion(
            "kind",
            "Type de territoire",
            known("kind", {key: str(label) for key, label in Kind.choices}),
            one="type de territoire",
            different="types de territoire différents",
        ),
        Criterion(
            "region", "Région", alike("region"), one="région", different="régions différentes"
        ),
        Criterion(
            "overseas",
            "Outre-mer",
            known("overseas", OVERSEAS),
            one="côté (outre-mer ou Hexagone)",
            different="côtés différents (outre-mer et Hexagone)",
        ),
        Criterion(
            "size",
            "Population",
            known("size", sizes),
            one="classe de population",
            different="classes de population différentes",
        ),
        Criterion(
            "density",
            "Densité",
            alike("density"),
            one="classe de densité",
            different="classes de densité différentes",
        ),
        Criterion(
            "rurality",
            "Ruralité",
            alike("rurality"),
            one="type de ruralité",
            different="types de ruralité différents",
        ),
        Criterion(
            "mountain", "Montagne", alike("mountain"), one="massif", different="massifs différents"
        ),
        Criterion(
            "programmes",
            "Programmes nationaux",
            known("programmes", programmes),
            note="Un territoire peut être dans plusieurs programmes.",
            one="programme national",
            different="programmes nationaux différents",
        ),
        *(indicator(item) for item in measures),
        Criterion(
            "way_in",
            "Voie d’arrivée",
            known("way_in", {key: str(label) for key, label in WayIn.choices}),
            note="Pour information\u00a0: les trois voies se valent, "
            "aucune règle n’en tient compte.",
            ruled=False,
            balanced=False,
        ),
        Criterion(
            "opinions",
            "Avis des partenaires",
            known("opinions", {key: str(label) for key, label in OpinionValue.choices}),
            note="Un territoire peut avoir reçu plusieurs avis.",
            one="sorte d’avis",
            different="sortes d’avis différentes",
            balanced=False,
        ),
    ]
    return tuple(criterion for criterion in made if criterion.values)
