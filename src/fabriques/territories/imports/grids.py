"""The grids of communes: density, centrality, mountain, rurality."""

from collections import Counter

from fabriques.territories import domain
from fabriques.territories.imports.job import Importer, Job

# Import → field of Territory and column of the file. The last value is the class of communes that
# the file does not name: the file of mountain areas only names those within one.
GRIDS = {
    "densite": ("density", "niveau_densite", None),
    "centralite": ("centrality", "niveau_centralite", None),
    "montagne": ("mountain", "niveau_montagne", "Hors massif"),
    "ruralite": ("rurality", "niveau_ruralite", None),
}


def plan(job: Job) -> dict[int, str]:
    """Class of each commune, by primary key.

    Several old communes may have become one: the class is then that of the old commune which bears
    the code of the new one, else the class of most of them.
    """
    column = GRIDS[job.name][1]
    own: dict[int, tuple[int, str]] = {}
    former: dict[int, Counter[str]] = {}
    for row in job.table.rows:
        found = job.communes(row, "insee_com", [row.values["insee_com"]])
        if not found:
            continue
        place, name = found[0].place, row.values[column]
        if found[0].note:
            former.setdefault(place.pk, Counter())[name] += 1
        elif place.pk not in own:
            own[place.pk] = (row.line, name)
        elif own[place.pk][1] == name:
            job.repeated(row, own[place.pk][0])
        else:
            rule = f"contredit la ligne {own[place.pk][0]}."
            job.table.refuse(row, column, name, rule)
    classes = {
        pk: min(names, key=lambda name: (-names[name], name)) for pk, names in former.items()
    }
    return classes | {pk: name for pk, (_, name) in own.items()}


def write(job: Job, classes: dict[int, str]) -> domain.Counts:
    grid, _, others = GRIDS[job.name]
    counts = domain.classify(grid, classes, others if job.complete else None)
    domain.classify_groupings([grid])
    return counts


IMPORTER = Importer(plan, write)
