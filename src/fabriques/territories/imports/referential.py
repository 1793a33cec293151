"""The division of the country: communes, groupings, divisions of the State."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import shapely
from django.conf import settings
from django.db import transaction

from fabriques.kit.search.models import SearchEntry
from fabriques.territories import domain, search
from fabriques.territories.domain import Position, Synced, Values
from fabriques.territories.enums import Accuracy, Kind, Nature
from fabriques.territories.imports import etalab
from fabriques.territories.imports.etalab import Country, Grouping
from fabriques.territories.imports.report import Outcome, Problem, RefusedError
from fabriques.territories.models import Territory

# The most territories that vanished in one year was about 1,300 (2016 and 2017). Beyond this, the
# files are truncated rather than the country redrawn.
MOST_CLOSED = 2_500

Say = Callable[[str], None]


def run(source: Path, report: Say) -> Outcome:
    """Make the territories those of the package whose folder of JSON files is `source`.

    One transaction; doing it again writes nothing. `report` gets a line at each step. Raises
    `RefusedError` when a file is missing, broken or empty.
    """
    country = etalab.read(source)
    report(
        f"Lu {country.version} : {len(country.communes)} communes, "
        f"{len(country.epci)} intercommunalités, {len(country.ept)} EPT."
    )
    outcome = Outcome("referentiel", country.version, country.digest)
    with transaction.atomic():
        former = _divisions(country, outcome)
        report("Divisions, groupements et communes écrits.")
        report("Positions et grilles…")
        _place_departements(settings.ASSETS / "map" / "departements.geojson")
        domain.spread_positions()
        domain.classify_groupings()
        domain.record_import(
            name=outcome.name,
            source=outcome.source,
            digest=outcome.digest,
            counts=outcome.counts,
        )
        domain.refresh_statistics()
        if outcome.counts or former or not SearchEntry.objects.filter(kind=search.KIND).exists():
            report("Index de recherche…")
            search.rebuild()
    report(str(outcome))
    return outcome


def _divisions(country: Country, outcome: Outcome) -> domain.Counts:
    """Write everything; returns what was written of former codes, which are no territories."""
    population = _populations(country)
    done: dict[str, Synced] = {}

    def sync(kind: Kind, wanted: Mapping[str, Values]) -> dict[str, int]:
        done[kind] = domain.sync(kind, wanted)
        return done[kind].ids

    regions = sync(
        Kind.REGION,
        {
            code: Values(item.name, population=population["region", code], overseas=item.overseas)
            for code, item in country.regions.items()
        },
    )
    departements = sync(
        Kind.DEPARTEMENT,
        {
            code: Values(
                item.name,
                population=population["departement", code],
                overseas=item.overseas,
                region_id=regions[item.region],
            )
            for code, item in country.departements.items()
        },
    )
    # A collectivité stands where its communes have their département.
    parents = departements | sync(
        Kind.COLLECTIVITE,
        {
            code: Values(item.name, population=population["departement", code], overseas=True)
            for code, item in country.collectivites.items()
        },
    )
    arrondissements = sync(
        Kind.ARRONDISSEMENT,
        {
            code: Values(
                item.name,
                population=population["arrondissement", code],
                overseas=item.overseas,
                region_id=regions[item.region],
                departement_id=departements[item.departement],
            )
            for code, item in country.arrondissements.items()
        },
    )

    def grouping(item: Grouping) -> Values:
        home = country.departements[_home(country, item)]
        return Values(
            item.name,
            nature=item.nature,
            siren=item.code,
            population=sum(country.communes[code].population or 0 for code in item.members),
            overseas=home.overseas,
            region_id=regions[home.region],
            departement_id=departements[home.code],
        )

    epci = sync(Kind.EPCI, {code: grouping(item) for code, item in country.epci.items()})
    ept = sync(Kind.EPT, {code: grouping(item) for code, item in country.ept.items()})
    in_epci = {code: epci[item.code] for item in country.epci.values() for code in item.members}
    in_ept = {code: ept[item.code] for item in country.ept.values() for code in item.members}
    communes = {
        code: Values(
            item.name,
            nature=Nature.COM.value,
            siren=item.siren,
            population=item.population,
            postal_codes=" ".join(item.postal_codes),
            overseas=item.overseas,
            region_id=regions.get(item.region),
            departement_id=parents[item.departement],
            arrondissement_id=arrondissements.get(item.arrondissement),
            epci_id=in_epci.get(code),
            ept_id=in_ept.get(code),
        )
        for code, item in country.communes.items()
    }
    ids = sync(Kind.COMMUNE, communes)
    for synced in done.values():
        outcome.counts += synced.counts
    outcome.counts += _close(country, done, communes, outcome)
    return domain.sync_former_codes(
        {(old, ids[code]): name for old, (code, name) in country.former.items()}
    )


def _populations(country: Country) -> Counter[tuple[str, str]]:
    """Inhabitants of each division: ("region", code) → sum over its communes."""
    total: Counter[tuple[str, str]] = Counter()
    for commune in country.communes.values():
        for division in ("region", "departement", "arrondissement"):
            total[division, getattr(commune, division)] += commune.population or 0
    return total


def _home(country: Country, item: Grouping) -> str:
    """The département where most inhabitants of a grouping live; a tie goes to the lower code."""
    inhabitants: Counter[str] = Counter()
    for code in item.members:
        commune = country.communes[code]
        inhabitants[commune.departement] += commune.population or 0
    return min(inhabitants, key=lambda code: (-inhabitants[code], code))


def _close(
    country: Country, done: Mapping[str, Synced], communes: Mapping[str, Values], outcome: Outcome
) -> domain.Counts:
    """Close what the files no longer hold."""
    gone = sum(len(synced.gone) for synced in done.values())
    if gone > MOST_CLOSED:
        rule = f"{gone} territoires disparaîtraient : ces fichiers semblent incomplets."
        raise RefusedError([Problem(country.version, 0, "", "", rule)])
    ids = done[Kind.COMMUNE].ids
    before = done[Kind.COMMUNE].before
    heirs: dict[int, int | None] = {}
    for code, pk in done[Kind.COMMUNE].gone.items():
        current = country.current(code)
        heirs[pk] = ids[current] if current else None
    fields = {
        Kind.EPCI: "epci_id",
        Kind.EPT: "ept_id",
        Kind.ARRONDISSEMENT: "arrondissement_id",
        Kind.DEPARTEMENT: "departement_id",
        Kind.REGION: "region_id",
        Kind.COLLECTIVITE: "departement_id",
    }
    for kind, column in fields.items():
        if done[kind].gone:
            members: dict[int, list[str]] = defaultdict(list)
            for code, values in before.items():
                members[getattr(values, column)].append(code)
            for pk in done[kind].gone.values():
                heirs[pk] = _heir(country, members[pk], communes, column)
    names = dict(
        Territory.objects.filter(pk__in=[*heirs, *heirs.values()]).values_list("pk", "name")
    )
    outcome.notes += [
        f"{names[pk]} a disparu" + (f", remplacé par {names[heir]}." if heir else ".")
        for pk, heir in heirs.items()
    ]
    return domain.close(heirs)


def _heir(
    country: Country, members: Iterable[str], communes: Mapping[str, Values], column: str
) -> int | None:
    """The grouping that now holds most of the former members; a tie goes to the more populous."""
    members_of: Counter[int] = Counter()
    inhabitants: Counter[int] = Counter()
    for code in members:
        current = country.current(code)
        holder = getattr(communes[current], column) if current else None
        if current and holder:
            members_of[holder] += 1
            inhabitants[holder] += communes[current].population or 0
    return max(members_of, key=lambda pk: (members_of[pk], inhabitants[pk], -pk), default=None)


def _place_departements(outlines: Path) -> None:
    """Put each département without an exact position at the centre of its outline, if there."""
    if not outlines.exists():
        return
    features = json.loads(outlines.read_text(encoding="utf-8"))["features"]
    centres = {
        feature["properties"]["code"]: shapely.centroid(
            shapely.from_geojson(json.dumps(feature["geometry"]))
        )
        for feature in features
    }
    rows = Territory.objects.filter(kind=Kind.DEPARTEMENT, code__in=centres)
    domain.place(
        {
            pk: Position(
                round(centres[code].x, 6), round(centres[code].y, 6), Accuracy.APPROXIMATE.value
            )
            for pk, code in rows.values_list("pk", "code")
        }
    )
