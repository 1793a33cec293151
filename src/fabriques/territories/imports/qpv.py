"""Priority districts of both generations, with their communes."""

import re
from dataclasses import dataclass, field

from fabriques.territories import domain
from fabriques.territories.domain import Position, Values
from fabriques.territories.enums import Kind
from fabriques.territories.imports.job import Importer, Job
from fabriques.territories.imports.positions import mean, point_of
from fabriques.territories.imports.tables import Row
from fabriques.territories.models import Territory

GENERATIONS = {"QP": 2015, "QN": 2024}
_COMMA = re.compile(r"\s*,\s*")


@dataclass
class District:
    name: str
    generation: int
    line: int
    communes: dict[int, None] = field(default_factory=dict)  # primary keys, in the file's order
    points: dict[Position, None] = field(default_factory=dict)


def plan(job: Job) -> dict[str, District]:
    """Districts by code. A district may have several lines, one for each of its communes."""
    districts: dict[str, District] = {}
    for row in job.table.rows:
        communes = job.communes(row, "insee_com", row.values["insee_com"])
        codes = row.values["code_qp"]
        names = [row.values["lib_qp"]] if len(codes) == 1 else _COMMA.split(row.values["lib_qp"])
        if len(names) != len(codes) or any(not 1 <= len(name) <= 200 for name in names):
            rule = f"il faut {len(codes)} nom(s) de quartier, de 200 caractères au plus."
            job.table.refuse(row, "lib_qp", row.values["lib_qp"], rule)
            continue
        for code, name in zip(codes, names, strict=True):
            generation = _generation(job, row, code)
            if not communes or generation is None:
                continue
            known = districts.setdefault(code, District(name, generation, row.line))
            if known.name.casefold() != name.casefold():
                rule = f"ce quartier a un autre nom à la ligne {known.line}."
                job.table.refuse(row, "lib_qp", name, rule)
                continue
            known.communes.update((found.place.pk, None) for found in communes)
            if (point := point_of(row, shared=len(codes) > 1)) is not None:
                known.points[point] = None
    return districts


def _generation(job: Job, row: Row, code: str) -> int | None:
    guessed = GENERATIONS.get(code[:2])
    if guessed and job.generation and guessed != job.generation:
        rule = f"ce code est de la génération {guessed}, et non {job.generation}."
        job.table.refuse(row, "code_qp", code, rule)
        return None
    if not guessed and not job.generation:
        rule = "un code de quartier commence par QP (2015) ou QN (2024) ; sinon, dites laquelle."
        job.table.refuse(row, "code_qp", code, rule)
    return guessed or job.generation


def write(job: Job, districts: dict[str, District]) -> domain.Counts:
    if not districts:
        return domain.Counts()
    generations = {district.generation for district in districts.values()}
    homes = Territory.objects.filter(pk__in={next(iter(d.communes)) for d in districts.values()})
    home = {item.pk: item for item in homes}
    wanted = {}
    for code, district in districts.items():
        commune = home[next(iter(district.communes))]
        wanted[code] = Values(
            district.name,
            generation=district.generation,
            overseas=commune.overseas,
            region_id=commune.region_id,
            departement_id=commune.departement_id,
        )
    synced = domain.sync(Kind.QPV, wanted, generations)
    counts = synced.counts
    linked = domain.link_districts(
        {synced.ids[code]: district.communes for code, district in districts.items()}
    )
    new = {synced.ids[code] for code in wanted if code not in synced.before}
    written = {synced.ids[code] for code in wanted if synced.before.get(code) != wanted[code]}
    counts.changed += len(linked - new - written)
    if job.complete:
        counts += domain.close(dict.fromkeys(synced.gone.values()))
    domain.place(
        {
            synced.ids[code]: mean(list(district.points))
            for code, district in districts.items()
            if district.points
        }
    )
    domain.spread_positions()
    return counts


IMPORTER = Importer(plan, write)
