"""The resources of the API: each fetches through `queries`, and answers records."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Router

from fabriques.kit.search.query import find
from fabriques.people.enums import OrganisationKind
from fabriques.people.models import Organisation
from fabriques.portal.api import records as out
from fabriques.portal.api.filters import (
    FabriqueFilters,
    OneTerritory,
    OrganisationFilters,
    TerritoryFilters,
    words,
)
from fabriques.portal.api.paging import PageNumber, paged
from fabriques.portal.api.territory import summary, territory_detail
from fabriques.programme import queries
from fabriques.programme.enums import Role
from fabriques.programme.exports.records import (
    ORGANISATIONS,
    ROLES,
    Absolute,
    FabriqueCounts,
    FabriqueRecord,
    dates_record,
    fabrique_record,
    named,
    organisation_reference,
    participation_record,
)
from fabriques.programme.models import Fabrique, Participation, Partnership, Transition
from fabriques.territories.models import NationalProgramme, Territory
from fabriques.territories.search import KIND as TERRITORY_KIND

router = Router()
# Beyond this many answers a search is no longer one.
MAX_FOUND = 1_000


@router.get("fabriques/", response=out.FabriquePage, operation_id="fabriques", tags=["Fabriques"])
def fabriques(
    request: HttpRequest,
    response: HttpResponse,
    filters: Query[FabriqueFilters],
    number: Query[PageNumber],
) -> out.FabriquePage:
    """Les fabriques, l’édition la plus récente d’abord."""
    rows = (
        queries.filtered(filters.chosen())
        .select_related("initiator")
        .prefetch_related("transitions", "programmes")
    )

    def records(page: list[Fabrique]) -> Iterable[out.FabriqueSummary]:
        counts = _counts(page)
        return (_summary(item, counts, request.build_absolute_uri) for item in page)

    return out.FabriquePage(**paged(request, response, number, rows, records))


def _counts(page: list[Fabrique]) -> dict[int, FabriqueCounts]:
    rows = (
        Participation.objects.filter(fabrique__in=page)
        .values_list("fabrique")
        .annotate(total=Count("pk"), territories=Count("territory", distinct=True))
        .order_by("fabrique")
    )
    return {
        pk: FabriqueCounts(participations=total, territoires=territories)
        for pk, total, territories in rows
    }


def _summary(
    item: Fabrique, counts: dict[int, FabriqueCounts], absolute: Absolute
) -> out.FabriqueSummary:
    return out.FabriqueSummary(
        code=item.code,
        url=absolute(item.get_absolute_url()),
        titre=item.title or None,
        annee=item.year,
        initiateur=organisation_reference(item.initiator),
        transitions=[named(transition) for transition in item.transitions.all()],
        programmes=[named(programme) for programme in item.programmes.all()],
        objectif=item.objective or None,
        dates=dates_record(item),
        compteurs=counts.get(item.pk, FabriqueCounts(participations=0, territoires=0)),
    )


@router.get(
    "fabriques/{code}", response=FabriqueRecord, operation_id="fabrique", tags=["Fabriques"]
)
def fabrique(request: HttpRequest, code: str) -> FabriqueRecord:
    """Tout ce qui est connu d’une fabrique, avec la source de chaque fait."""
    found = queries.with_details(Fabrique.objects.filter(code=_code(code))).first()
    if found is None:
        raise Http404("Aucune fabrique ne porte ce code.")
    return fabrique_record(found, request.build_absolute_uri)


@router.get(
    "participations/",
    response=out.ParticipationPage,
    operation_id="participations",
    tags=["Fabriques"],
)
def participations(
    request: HttpRequest,
    response: HttpResponse,
    filters: Query[FabriqueFilters],
    number: Query[PageNumber],
) -> out.ParticipationPage:
    """Qui a pris part à quoi ; mêmes filtres que les fabriques, comme le tableau de la carte.

    `region` et `departement` ne gardent que les territoires qui s’y trouvent.
    """
    rows = (
        queries.listed_participations(filters.chosen())
        .select_related(
            "fabrique", "territory__departement", "territory__region", "focus_territory"
        )
        .prefetch_related("sources")
    )
    absolute = request.build_absolute_uri

    def records(page: list[Participation]) -> Iterable[out.ListedParticipation]:
        return (
            out.ListedParticipation(
                **dict(participation_record(item, absolute)),
                fabrique=out.FabriqueReference(
                    code=item.fabrique.code,
                    titre=item.fabrique.title or None,
                    annee=item.fabrique.year,
                    url=absolute(item.fabrique.get_absolute_url()),
                ),
            )
            for item in page
        )

    return out.ParticipationPage(**paged(request, response, number, rows, records))


@router.get(
    "territoires/", response=out.TerritoryPage, operation_id="territoires", tags=["Territoires"]
)
def territoires(
    request: HttpRequest,
    response: HttpResponse,
    filters: Query[TerritoryFilters],
    number: Query[PageNumber],
) -> out.TerritoryPage:
    """Communes, intercommunalités, départements, régions, quartiers prioritaires…

    Avec `q`, les plus proches d’abord ; sinon par sorte puis par code.
    """
    condition = Q() if filters.disparus else Q(closed_on=None)
    for path, values in (
        ("kind__in", filters.sorte),
        ("departement__code__in", filters.departement),
        ("region__code__in", filters.region),
    ):
        if values:
            condition &= Q(**{path: values})
    if filters.a_participe is not None:
        took_part = Q(pk__in=queries.taking_part())
        condition &= took_part if filters.a_participe else ~took_part
    rows: QuerySet[Territory, int] | list[int] = (
        Territory.objects.filter(condition).order_by("kind", "code").values_list("pk", flat=True)
    )
    if text := words(filters.q):
        rows = _found(text, condition)

    def records(page: list[int]) -> Iterable[out.TerritorySummary]:
        found = Territory.objects.select_related("departement", "region").in_bulk(page)
        return (summary(found[pk], request.build_absolute_uri) for pk in page if pk in found)

    return out.TerritoryPage(**paged(request, response, number, rows, records))


def _found(text: str, condition: Q) -> list[int]:
    """Territories that the search knows, in its order, among those of the condition."""
    codes: dict[str, list[str]] = defaultdict(list)
    order: dict[tuple[str, str], int] = {}
    hits = find(text, kinds={TERRITORY_KIND}, limit=MAX_FOUND, extracts=False).hits
    for position, hit in enumerate(hits):
        kind, _, code = hit.code.partition(":")
        codes[kind].append(code)
        order[kind, code] = position
    among = Q()
    for kind, values in codes.items():
        among |= Q(kind=kind, code__in=values)
    if not among:
        return []
    found = Territory.objects.filter(condition, among).values_list("kind", "code", "pk")
    return [
        pk for kind, code, pk in sorted(found.order_by(), key=lambda row: order[row[0], row[1]])
    ]


@router.get(
    "territoires/{code}",
    response=out.TerritoryDetail,
    operation_id="territoire",
    tags=["Territoires"],
)
def territoire(
    request: HttpRequest, code: str, filters: Query[OneTerritory]
) -> out.TerritoryDetail:
    """Un territoire par son code INSEE, son SIREN (EPCI, EPT) ou son code de QPV.

    Un même code peut désigner une commune, un département ou une région : sans `sorte`, la
    première de ces sortes qui le porte.
    """
    found = territory_detail(_code(code), filters.sorte, request.build_absolute_uri)
    if found is None:
        raise Http404("Aucun territoire ne porte ce code.")
    return found


@router.get(
    "organisations/",
    response=out.OrganisationPage,
    operation_id="organisations",
    tags=["Organisations"],
)
def organisations(
    request: HttpRequest,
    response: HttpResponse,
    filters: Query[OrganisationFilters],
    number: Query[PageNumber],
) -> out.OrganisationPage:
    """Pilotes, financeurs, associations d’élus, partenaires, prestataires, équipes de recherche."""
    rows = Organisation.objects.order_by("slug").prefetch_related("former_names")
    if filters.sorte:
        kinds = [kind for kind, name in ORGANISATIONS.items() if name in filters.sorte]
        rows = rows.filter(kind__in=kinds)
    partnerships = Partnership.objects.order_by()
    if filters.role:
        roles = [role for role, name in ROLES.items() if name in filters.role]
        partnerships = partnerships.filter(role__in=roles)
    if filters.fabrique:
        partnerships = partnerships.filter(fabrique__code__in=filters.fabrique)
    if filters.role or filters.fabrique:
        rows = rows.filter(pk__in=partnerships.values("organisation"))

    def records(page: list[Organisation]) -> Iterable[out.OrganisationSummary]:
        held: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for pk, role, code in Partnership.objects.filter(organisation__in=page).values_list(
            "organisation", "role", "fabrique__code"
        ):
            held[pk].append((role, code))
        return (_organisation(item, held[item.pk]) for item in page)

    return out.OrganisationPage(**paged(request, response, number, rows, records))


def _organisation(item: Organisation, held: list[tuple[str, str]]) -> out.OrganisationSummary:
    return out.OrganisationSummary(
        code=item.slug,
        nom=item.name,
        sigle=item.acronym or None,
        sorte=ORGANISATIONS[OrganisationKind(item.kind)],
        anciens_noms=[
            out.FormerNameRecord(
                nom=former.name, sigle=former.acronym or None, jusqu_a=former.until or None
            )
            for former in item.former_names.all()
        ],
        roles=[ROLES[role] for role in Role if any(role == name for name, _ in held)],
        fabriques=sorted({code for _, code in held}),
    )


@router.get(
    "transitions/", response=out.TransitionPage, operation_id="transitions", tags=["Sujets"]
)
def transitions(
    request: HttpRequest, response: HttpResponse, number: Query[PageNumber]
) -> out.TransitionPage:
    """Les transitions que les fabriques travaillent : notre lecture de leur sujet."""
    rows = Transition.objects.annotate(total=Count("fabriques")).order_by("slug")

    def records(page: list[Any]) -> Iterable[out.TopicSummary]:
        return (
            out.TopicSummary(code=item.slug, nom=item.name, fabriques=item.total) for item in page
        )

    return out.TransitionPage(**paged(request, response, number, rows, records))


@router.get("programmes/", response=out.ProgrammePage, operation_id="programmes", tags=["Sujets"])
def programmes(
    request: HttpRequest, response: HttpResponse, number: Query[PageNumber]
) -> out.ProgrammePage:
    """Les programmes nationaux liés aux fabriques ou aux territoires."""
    rows = NationalProgramme.objects.annotate(total=Count("fabriques")).order_by("slug")

    def records(page: list[Any]) -> Iterable[out.ProgrammeSummary]:
        return (
            out.ProgrammeSummary(
                code=item.slug,
                nom=item.name,
                operateur=item.operator or None,
                fabriques=item.total,
            )
            for item in page
        )

    return out.ProgrammePage(**paged(request, response, number, rows, records))


def _code(text: str) -> str:
    """A code that a database may be asked for: PostgreSQL refuses NUL in a text."""
    if "\0" in text:
        raise Http404("Aucune ressource ne porte ce code.")
    return text
