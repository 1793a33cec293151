"""The pool as a table that leaves: CSV, ODS."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fabriques.intake.queries.pool.model import INDICATOR, Entry, Pool
from fabriques.kit.exports import Column, Table


def pool_table(pool: Pool, entries: Sequence[Entry]) -> Table:
    """These volunteers, with every criterion that the pool knows; no person is in it."""

    def words(criterion: str) -> Callable[[Entry], object]:
        return lambda entry: ", ".join(pool.labels_of(entry, criterion))

    def measure(slug: str) -> Callable[[Entry], object]:
        return lambda entry: entry.indicators.get(slug)

    columns = [
        Column("numero", "Numéro", "number", "number"),
        Column("territoire", "Territoire", "name"),
        Column("code", "Code INSEE ou SIREN", "code"),
        Column("siren", "SIREN", "siren"),
        Column("type", "Type de territoire", "kind_label"),
        Column("departement", "Département", "departement"),
        Column("region", "Région", "region"),
        Column("population", "Population", "population", "number"),
        Column("perimetre", "Périmètre travaillé", "focus"),
        Column("lettre", "Lettre de cadrage", "has_letter"),
    ]
    done = {"kind", "region"}
    for criterion in pool.criteria:
        if criterion.key in done:
            continue
        if criterion.key.startswith(INDICATOR):
            slug = criterion.key.removeprefix(INDICATOR)
            columns.append(Column(slug.replace("-", "_"), criterion.label, measure(slug), "number"))
        else:
            columns.append(Column(criterion.key, criterion.label, words(criterion.key)))
    return Table("Territoires volontaires", columns, entries)
