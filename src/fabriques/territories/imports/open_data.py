"""Import open data about territories, from a file or a data.gouv dataset."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from django.db import transaction

from fabriques.territories import domain, search
from fabriques.territories.imports import download, grids, positions, programmes, qpv, tables
from fabriques.territories.imports.job import AnyImporter, Job
from fabriques.territories.imports.layouts import LAYOUTS
from fabriques.territories.imports.register import Register
from fabriques.territories.imports.report import Outcome, RefusedError

IMPORTERS: dict[str, AnyImporter] = {
    "qpv": qpv.IMPORTER,
    "acv": programmes.IMPORTER,
    "pvd": programmes.IMPORTER,
    "ti": programmes.IMPORTER,
    "croisement": programmes.CROSSING_IMPORTER,
    **dict.fromkeys(grids.GRIDS, grids.IMPORTER),
    "positions": positions.IMPORTER,
}


def run(
    name: str,
    source: str,
    say: Callable[[str], None],
    *,
    valid_rows: bool = False,
    generation: int | None = None,
) -> Outcome:
    """Import `source`, the path of a file or the slug of a dataset, as `name` of `IMPORTERS`.

    All or nothing, unless `valid_rows`: rows with a problem are then left out, and what seems to
    be gone is not closed, since a refused row may tell of it. Raises `RefusedError` and
    `download.DownloadError`.
    """
    path, address = Path(source), Path(source).name
    if not path.is_file():
        if not download.SLUG.match(source):
            raise download.DownloadError(
                f"« {source} » n’est ni un fichier, ni l’identifiant d’un jeu de données."
            )
        path, address = download.fetch(source, LAYOUTS[name], say)
    data = path.read_bytes()
    table = tables.read_bytes(data, path.name, LAYOUTS[name])
    say(f"{len(table.rows) + len(table.problems)} ligne(s) lue(s).")
    with transaction.atomic():
        job = Job(name, table, Register(), generation, address, [*table.notes])
        importer = IMPORTERS[name]
        wanted = importer.plan(job)
        if table.problems and not valid_rows:
            raise RefusedError(table.problems)
        counts = importer.write(job, wanted)
        outcome = Outcome(
            name, address, hashlib.sha256(data).hexdigest(), counts, table.problems, job.notes
        )
        if not job.complete:
            outcome.notes.append("Des lignes ont été refusées : rien n’a été fermé.")
        domain.record_import(
            name=name,
            source=address,
            digest=outcome.digest,
            counts=counts,
            rejected=len(table.problems),
        )
        domain.refresh_statistics()
        if name == "qpv" and counts:
            say("Index de recherche…")
            search.rebuild()
    say(str(outcome))
    return outcome
