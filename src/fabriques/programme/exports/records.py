"""The facts of the programme as JSON: one declaration for the document and for the API.

Keys are French, as the columns of the files are. What is unknown is `null`, never absent.
"""

from collections.abc import Callable
from datetime import date
from typing import Annotated

from ninja.schema import BaseModel, Field

from fabriques.people.enums import OrganisationKind
from fabriques.people.models import Organisation
from fabriques.programme.enums import ResultKind, Role
from fabriques.programme.models import (
    Fabrique,
    Participation,
    Partnership,
    Result,
    Source,
    Transition,
)
from fabriques.territories.enums import Kind, Nature
from fabriques.territories.models import NationalProgramme, Territory

Absolute = Callable[[str], str]

# The public vocabulary; the words of the code may change, these may not.
ROLES = {
    Role.PILOT: "pilote",
    Role.FINANCER: "financeur",
    Role.COFINANCER: "cofinanceur",
    Role.ELECTED: "association-elus",
    Role.PARTNER: "partenaire",
    Role.RESEARCHER: "recherche",
    Role.CONTRACTOR: "prestataire",
}
RESULTS = {
    ResultKind.PUBLICATION: "publication",
    ResultKind.BOOKLET: "livret",
    ResultKind.SUMMARY: "synthese",
    ResultKind.BULLETIN: "bulletin-de-veille",
    ResultKind.ARTICLE: "article",
}
ORGANISATIONS = {
    OrganisationKind.STATE: "etat",
    OrganisationKind.OPERATOR: "operateur",
    OrganisationKind.ELECTED: "association-elus",
    OrganisationKind.NETWORK: "reseau",
    OrganisationKind.ASSOCIATION: "association",
    OrganisationKind.BANK: "etablissement-financier",
    OrganisationKind.RESEARCH: "recherche",
    OrganisationKind.TERRITORY: "collectivite",
    OrganisationKind.FIRM: "entreprise",
    OrganisationKind.UNKNOWN: "a-preciser",
}
KINDS = [kind.value for kind in Kind]
NATURES = [nature.value for nature in Nature if nature.value]


def _one_of(values: list[str], description: str) -> object:
    return Field(description=description, json_schema_extra={"enum": list(values)})


PartialDate = Annotated[
    str,
    Field(
        pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$",
        description="date ISO 8601 connue à l’année, au mois ou au jour",
        examples=["2022-11"],
    ),
]
TerritoryKind = Annotated[str, _one_of(KINDS, "sorte de territoire")]
TerritoryNature = Annotated[str, _one_of(NATURES, "nature juridique, codes de l’ANCT")]
RoleCode = Annotated[str, _one_of(list(ROLES.values()), "rôle")]
ResultCode = Annotated[str, _one_of(list(RESULTS.values()), "sorte de résultat")]
OrganisationCode = Annotated[str, _one_of(list(ORGANISATIONS.values()), "sorte d’organisation")]


class Record(BaseModel, extra="forbid"):
    """An object of the document; a key that the schema does not say is a mistake of ours."""


class Reference(Record):
    code: str
    nom: str


class OrganisationReference(Record):
    code: str
    nom: str
    sigle: str | None


class SourceRecord(Record):
    code: str
    titre: str
    editeur: str | None
    date: PartialDate | None
    licence: str | None
    url: str | None


class TerritoryReference(Record):
    code: str = Field(description="code INSEE, SIREN d’un EPCI ou EPT, code d’un QPV")
    sorte: TerritoryKind
    nature: TerritoryNature | None
    siren: str | None
    nom: str
    url: str
    departement: Reference | None
    region: Reference | None
    outre_mer: bool
    disparu_le: date | None


class Focus(Record):
    nom: str
    code_qpv: str | None
    generation_qpv: int | None = Field(description="2015 (codes QP…) ou 2024 (codes QN…)")


class Listing(Record):
    present: bool = Field(description="dans la dernière version lue du jeu de données de l’ANCT")
    derniere_version_avec: PartialDate | None
    premiere_version_sans: PartialDate | None


class ParticipationRecord(Record):
    territoire: TerritoryReference
    nomme_par_la_source: str | None
    perimetre: Focus | None = Field(description="périmètre travaillé, par exemple un QPV")
    question_locale: str | None
    entree: PartialDate | None
    sortie: PartialDate | None
    jeu_anct: Listing
    sources: list[str] = Field(description="codes des sources")


class PartnershipRecord(Record):
    role: RoleCode
    role_libelle: str
    organisation: OrganisationReference
    personne: str | None
    nomme_par_la_source: str | None
    source: str = Field(description="code de la source")


class ResultRecord(Record):
    titre: str
    sorte: ResultCode
    editeur: OrganisationReference | None
    date: PartialDate | None
    url: str | None
    source: str = Field(description="code de la source")


class Dates(Record):
    debut_annonce: PartialDate | None
    fin_annoncee: PartialDate | None
    debut_reel: PartialDate | None
    fin_reelle: PartialDate | None


class FabriqueCounts(Record):
    participations: int
    territoires: int = Field(description="territoires distincts")


class FabriqueRecord(Record):
    code: str = Field(examples=["fabp-01"])
    url: str
    titre: str | None = Field(description="null quand il n’est pas publié")
    annee: int | None = Field(description="année de lancement")
    initiateur: OrganisationReference
    transition_principale: Reference | None
    transitions: list[Reference]
    programmes: list[Reference]
    contexte: str | None
    objectif: str | None
    ce_qui_manque: str | None
    dates: Dates
    compteurs: FabriqueCounts
    participations: list[ParticipationRecord]
    partenariats: list[PartnershipRecord]
    resultats: list[ResultRecord]
    sources: list[SourceRecord]


# --- From the models ---------------------------------------------------------------------------


def reference(item: Territory | None) -> Reference | None:
    return Reference(code=item.code, nom=item.name) if item else None


def named(item: Transition | NationalProgramme) -> Reference:
    return Reference(code=item.slug, nom=item.name)


def organisation_reference(item: Organisation) -> OrganisationReference:
    return OrganisationReference(code=item.slug, nom=item.name, sigle=item.acronym or None)


def source_record(item: Source) -> SourceRecord:
    return SourceRecord(
        code=item.slug,
        titre=item.title,
        editeur=item.publisher or None,
        date=item.date or None,
        licence=item.licence or None,
        url=item.url or None,
    )


def territory_reference(item: Territory, absolute: Absolute) -> TerritoryReference:
    return TerritoryReference(
        code=item.code,
        sorte=item.kind,
        nature=item.nature or None,
        siren=item.siren or None,
        nom=item.name,
        url=absolute(item.get_absolute_url()),
        departement=reference(item.departement),
        region=reference(item.region),
        outre_mer=item.overseas,
        disparu_le=item.closed_on,
    )


def focus_record(item: Participation) -> Focus | None:
    if not (item.focus or item.focus_territory):
        return None
    district = item.focus_territory
    return Focus(
        nom=item.focus or (district.name if district else ""),
        code_qpv=district.code if district else None,
        generation_qpv=item.focus_generation or (district.generation if district else None),
    )


def participation_record(item: Participation, absolute: Absolute) -> ParticipationRecord:
    return ParticipationRecord(
        territoire=territory_reference(item.territory, absolute),
        nomme_par_la_source=item.named or None,
        perimetre=focus_record(item),
        question_locale=item.local_question or None,
        entree=item.joined or None,
        sortie=item.left or None,
        jeu_anct=Listing(
            present=not item.unlisted_by,
            derniere_version_avec=item.last_listed or None,
            premiere_version_sans=item.unlisted_by or None,
        ),
        sources=[source.slug for source in item.sources.all()],
    )


def partnership_record(item: Partnership) -> PartnershipRecord:
    return PartnershipRecord(
        role=ROLES[Role(item.role)],
        role_libelle=item.get_role_display(),
        organisation=organisation_reference(item.organisation),
        personne=item.person or None,
        nomme_par_la_source=item.named or None,
        source=item.source.slug,
    )


def result_record(item: Result) -> ResultRecord:
    return ResultRecord(
        titre=item.title,
        sorte=RESULTS[ResultKind(item.kind)],
        editeur=organisation_reference(item.publisher) if item.publisher else None,
        date=item.date or None,
        url=item.url or None,
        source=item.source.slug,
    )


def dates_record(item: Fabrique) -> Dates:
    return Dates(
        debut_annonce=item.announced_start or None,
        fin_annoncee=item.announced_end or None,
        debut_reel=item.actual_start or None,
        fin_reelle=item.actual_end or None,
    )


def fabrique_record(item: Fabrique, absolute: Absolute) -> FabriqueRecord:
    """All that is known of a fabrique read by `queries.with_details`."""
    participations = list(item.participations.all())
    order = list(Role)
    return FabriqueRecord(
        code=item.code,
        url=absolute(item.get_absolute_url()),
        titre=item.title or None,
        annee=item.year,
        initiateur=organisation_reference(item.initiator),
        transition_principale=named(item.main_transition) if item.main_transition else None,
        transitions=[named(transition) for transition in item.transitions.all()],
        programmes=[named(programme) for programme in item.programmes.all()],
        contexte=item.context or None,
        objectif=item.objective or None,
        ce_qui_manque=item.note or None,
        dates=dates_record(item),
        compteurs=FabriqueCounts(
            participations=len(participations),
            territoires=len({participation.territory_id for participation in participations}),
        ),
        participations=[participation_record(row, absolute) for row in participations],
        partenariats=[
            partnership_record(row)
            for row in sorted(item.partnerships.all(), key=lambda row: order.index(Role(row.role)))
        ],
        resultats=[result_record(row) for row in item.results.all()],
        sources=[source_record(source) for source in item.sources.all()],
    )
