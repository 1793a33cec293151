"""The two layouts of the ANCT's data set `fabriques-prospectives`, that its map tool reads.

Columns, their order and the codes are a contract: nothing is added, nothing is altered.
"""

from django.db.models import Q, QuerySet

from fabriques.kit.exports import Column, Table
from fabriques.programme.models import Participation
from fabriques.territories.enums import Kind
from fabriques.territories.models import Territory

# The data set holds the ANCT's own fabriques; comparable initiatives of others have other codes.
ANCT_PREFIX = "fabp-"


def _column(name: str, position: int, note: str) -> Column:
    return Column(name, name, lambda row: row[position], note=note)


def listed() -> QuerySet[Participation]:
    """Participations that are in the ANCT's data set today and that it can name by a SIREN."""
    return Participation.objects.filter(
        fabrique__code__startswith=ANCT_PREFIX, unlisted_by=""
    ).exclude(territory__siren="")


GROUPING_COLUMNS = (
    _column("id_fabp", 0, "identifiant de la fabrique"),
    _column("siren_groupement", 1, "SIREN de la commune ou du groupement"),
    _column("lib_groupement", 2, "son nom"),
    _column("nature_juridique", 3, "COM, EPT, CC, CA, CU, METRO ou MET69"),
)
COMMUNE_COLUMNS = (
    _column("insee_com", 0, "code INSEE de la commune"),
    _column("lib_com", 1, "son nom"),
    _column("id_fabp", 2, "identifiant de la fabrique"),
    _column("lib_fabp", 3, "titre de la fabrique, vide s’il n’est pas publié"),
)


def groupings() -> Table:
    """One row for each territory of each fabrique, by its SIREN."""
    rows = (
        listed()
        .order_by()
        .values_list("fabrique__code", "territory__siren", "territory__name", "territory__nature")
        # A territory that works on two perimeters of one fabrique is one row: the layout has
        # no column that would tell them apart.
        .distinct()
    )
    # Sorted here: each database has its own idea of the order of texts.
    return Table("Fabriques prospectives par groupement", GROUPING_COLUMNS, sorted(rows))


def communes() -> Table:
    """One row for each commune of each fabrique: itself a member, or of a member grouping."""
    participations = list(
        listed()
        .order_by()
        .values_list("fabrique__code", "fabrique__title", "territory_id", "territory__closed_on")
    )
    closed = {territory for _, _, territory, closed_on in participations if closed_on}
    ids = listed().order_by().values("territory")
    members: dict[int, list[tuple[str, str]]] = {}
    for pk, code, name, epci, ept, closed_on in (
        Territory.objects.filter(kind=Kind.COMMUNE)
        .filter(Q(pk__in=ids) | Q(epci__in=ids) | Q(ept__in=ids))
        .order_by()
        .values_list("pk", "code", "name", "epci_id", "ept_id", "closed_on")
    ):
        members.setdefault(pk, []).append((code, name))
        for grouping in (epci, ept):
            # A commune that is no more belongs to its grouping only when both are of the past.
            if grouping is not None and (not closed_on or grouping in closed):
                members.setdefault(grouping, []).append((code, name))
    rows = {
        (fabrique, code): (code, name, fabrique, title)
        for fabrique, title, territory, _ in participations
        for code, name in members.get(territory, ())
    }
    return Table(
        "Fabriques prospectives par commune",
        COMMUNE_COLUMNS,
        [rows[key] for key in sorted(rows)],
    )
