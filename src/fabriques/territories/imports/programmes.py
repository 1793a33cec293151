"""Who belongs to which national programme: files of one programme, and the crossing of all."""

from django.utils.text import slugify

from fabriques.territories import domain
from fabriques.territories.domain import Listed
from fabriques.territories.imports.job import Importer, Job
from fabriques.territories.imports.tables import Row
from fabriques.territories.models import NationalProgramme

# Names of the programmes that we are sure of; another column keeps its own name.
NAMES = {
    "acv": "Action cœur de ville",
    "pvd": "Petites villes de demain",
    "ti": "Territoires d’industrie",
    "crte": "Contrats pour la réussite de la transition écologique",
    "fabp": "Fabriques prospectives",
    "fs": "France services",
    "va": "Villages d’avenir",
}
PREFIX = "id_"

Members = dict[tuple[int, str], Listed]


def plan(job: Job) -> dict[str, Members]:
    """Members of one programme, by its column."""
    members: Members = {}
    lines: dict[tuple[int, str], int] = {}
    column = f"{PREFIX}{job.name}"
    for row in job.table.rows:
        territory = _territory(job, row)
        if territory is None:
            continue
        pk, renamed = territory
        key = (pk, row.values[column])
        listed = Listed(
            row.values.get(f"lib_{job.name}", ""), row.values.get("date_signature", None)
        )
        if renamed:
            members.setdefault(key, listed)
        elif key not in lines:
            members[key] = listed
            lines[key] = row.line
        elif members[key] == listed:
            job.repeated(row, lines[key])
        else:
            rule = f"contredit la ligne {lines[key]}."
            job.table.refuse(row, column, row.values[column], rule)
    return {column: members}


def _territory(job: Job, row: Row) -> tuple[int, bool] | None:
    """Primary key of the territory of a row, and whether it was named by a former code."""
    if "insee_com" in row.values:
        communes = job.communes(row, "insee_com", [row.values["insee_com"]])
        return (communes[0].place.pk, bool(communes[0].note)) if communes else None
    code = row.values["siren_groupement"]
    found = job.register.siren(code)
    if found is None:
        rule = "aucun groupement ni aucune commune n’a ce numéro SIREN."
        job.table.refuse(row, "siren_groupement", code, rule)
        return None
    job.note(row, found)
    return found.place.pk, bool(found.note)


def plan_crossing(job: Job) -> dict[str, Members]:
    """Members of every programme of the crossing file, by column; unknown columns are kept."""
    columns = [name for name in job.table.header if name.startswith(PREFIX)]
    for column in columns:
        if not 1 <= len(_slug(column)) <= 40:
            for row in job.table.rows[:1]:
                rule = "le nom de cette colonne ne peut pas devenir celui d’un programme."
                job.table.refuse(row, column, column, rule)
    members: dict[str, Members] = {column: {} for column in columns}
    seen: dict[int, Row] = {}
    for row in job.table.rows:
        communes = job.communes(row, "insee_com", [row.values["insee_com"]])
        if not communes:
            continue
        pk = communes[0].place.pk
        known = row if communes[0].note else seen.setdefault(pk, row)
        if known is not row and known.values == row.values:
            job.repeated(row, known.line)
            continue
        if known is not row:
            rule = f"cette commune est déjà à la ligne {known.line}, avec d’autres programmes."
            job.table.refuse(row, "insee_com", row.values["insee_com"], rule)
            continue
        for column in columns:
            for identifier in row.values[column]:
                members[column].setdefault((pk, identifier), Listed())
    return members


def _slug(column: str) -> str:
    return slugify(column.removeprefix(PREFIX))


def write(job: Job, wanted: dict[str, Members]) -> domain.Counts:
    counts = domain.Counts()
    for column, members in wanted.items():
        slug = _slug(column)
        programme, _ = NationalProgramme.objects.get_or_create(
            slug=slug, defaults={"name": NAMES.get(slug, column)}
        )
        counts += domain.sync_memberships(
            programme,
            members,
            origin=job.name,
            source=job.source[:200],
            closing=job.complete,
        )
    return counts


IMPORTER = Importer(plan, write)
CROSSING_IMPORTER = Importer(plan_crossing, write)
