"""One territory of the API: identity, parents, programmes, members, participations."""

from django.db.models import Case, F, IntegerField, Value, When

from fabriques.portal.api.records import (
    FabriqueReference,
    Membership,
    Position,
    TerritoryDetail,
    TerritoryParticipation,
    TerritorySummary,
)
from fabriques.programme.exports.records import (
    Absolute,
    Reference,
    focus_record,
    named,
    reference,
    territory_reference,
)
from fabriques.programme.models import Participation
from fabriques.territories.enums import Accuracy, Kind
from fabriques.territories.models import ProgrammeMembership, Territory

# Of several territories with one code, the first of these kinds is meant.
PRECEDENCE = (
    Kind.COMMUNE,
    Kind.EPCI,
    Kind.EPT,
    Kind.DEPARTEMENT,
    Kind.REGION,
    Kind.COLLECTIVITE,
    Kind.QPV,
    Kind.ARRONDISSEMENT,
    Kind.OTHER,
)


def summary(item: Territory, absolute: Absolute) -> TerritorySummary:
    return TerritorySummary(**dict(territory_reference(item, absolute)), population=item.population)


def territory_detail(code: str, kind: str | None, absolute: Absolute) -> TerritoryDetail | None:
    found = Territory.objects.filter(code=code)
    if kind:
        found = found.filter(kind=kind)
    item = (
        found.select_related("departement", "region", "arrondissement", "epci", "ept", "successor")
        .annotate(
            precedence=Case(
                *(When(kind=kind, then=Value(rank)) for rank, kind in enumerate(PRECEDENCE)),
                default=Value(len(PRECEDENCE)),
                output_field=IntegerField(),
            )
        )
        .order_by("precedence")
        .first()
    )
    if item is None:
        return None
    return TerritoryDetail(
        **dict(summary(item, absolute)),
        codes_postaux=item.postal_codes.split(),
        generation_qpv=item.generation,
        arrondissement=reference(item.arrondissement),
        epci=reference(item.epci),
        ept=reference(item.ept),
        successeur=reference(item.successor),
        position=_position(item),
        densite=item.density or None,
        centralite=item.centrality or None,
        massif=item.mountain or None,
        ruralite=item.rurality or None,
        programmes=_memberships(item),
        membres=_members(item),
        participations=_participations(item, absolute),
    )


def _position(item: Territory) -> Position | None:
    if item.longitude is None or item.latitude is None:
        return None
    return Position(
        longitude=item.longitude,
        latitude=item.latitude,
        approchee=item.accuracy in (Accuracy.NEAR, Accuracy.APPROXIMATE),
        precision=item.get_accuracy_display() or None,
    )


def _members(item: Territory) -> list[Reference]:
    """Only of what has few: the communes of a région would be a list of their own."""
    if item.kind == Kind.EPCI:
        members = item.epci_members.filter(kind=Kind.COMMUNE, closed_on=None)
    elif item.kind == Kind.EPT:
        members = item.ept_members.filter(kind=Kind.COMMUNE, closed_on=None)
    elif item.kind == Kind.QPV:
        members = item.communes.all()
    else:
        return []
    rows = members.order_by("code").values_list("code", "name")
    return [Reference(code=code, nom=name) for code, name in rows]


def _memberships(item: Territory) -> list[Membership]:
    rows = ProgrammeMembership.objects.filter(territory=item).select_related("programme")
    return [
        Membership(
            programme=named(row.programme),
            identifiant=row.external_id or None,
            libelle=row.label or None,
            signe_le=row.signed_on,
            sorti_le=row.closed_on,
        )
        for row in rows.order_by("programme__slug", "external_id")
    ]


def _participations(item: Territory, absolute: Absolute) -> list[TerritoryParticipation]:
    rows = (
        Participation.objects.filter(territory=item)
        .select_related("fabrique", "focus_territory")
        .order_by(F("fabrique__year").desc(nulls_last=True), "fabrique__code", "focus")
    )
    return [
        TerritoryParticipation(
            fabrique=FabriqueReference(
                code=row.fabrique.code,
                titre=row.fabrique.title or None,
                annee=row.fabrique.year,
                url=absolute(row.fabrique.get_absolute_url()),
            ),
            perimetre=focus_record(row),
            entree=row.joined or None,
            sortie=row.left or None,
        )
        for row in rows
    ]
