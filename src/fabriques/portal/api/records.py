"""What the API answers beyond the records that it shares with the JSON document."""

from datetime import date

from ninja.schema import Field

from fabriques.portal.api.paging import Page
from fabriques.programme.exports.records import (
    Dates,
    FabriqueCounts,
    Focus,
    OrganisationCode,
    OrganisationReference,
    PartialDate,
    ParticipationRecord,
    Record,
    Reference,
    RoleCode,
    TerritoryReference,
)


class FabriqueReference(Record):
    code: str
    titre: str | None
    annee: int | None
    url: str


class FabriqueSummary(Record):
    code: str = Field(examples=["fabp-01"])
    url: str
    titre: str | None = Field(description="null quand il n’est pas publié")
    annee: int | None = Field(description="année de lancement")
    initiateur: OrganisationReference
    transitions: list[Reference]
    programmes: list[Reference]
    objectif: str | None
    dates: Dates
    compteurs: FabriqueCounts


class ListedParticipation(ParticipationRecord):
    fabrique: FabriqueReference


class TerritorySummary(TerritoryReference):
    population: int | None


class TerritoryParticipation(Record):
    fabrique: FabriqueReference
    perimetre: Focus | None
    entree: PartialDate | None
    sortie: PartialDate | None


class Membership(Record):
    programme: Reference
    identifiant: str | None
    libelle: str | None
    signe_le: date | None
    sorti_le: date | None


class Position(Record):
    longitude: float
    latitude: float
    approchee: bool
    precision: str | None = Field(description="d’où vient la position, en mots")


class TerritoryDetail(TerritorySummary):
    codes_postaux: list[str]
    generation_qpv: int | None
    arrondissement: Reference | None
    epci: Reference | None
    ept: Reference | None
    successeur: Reference | None
    position: Position | None
    densite: str | None
    centralite: str | None
    massif: str | None
    ruralite: str | None
    programmes: list[Membership]
    membres: list[Reference] = Field(description="communes d’un EPCI, d’un EPT ou d’un QPV")
    participations: list[TerritoryParticipation]


class FormerNameRecord(Record):
    nom: str
    sigle: str | None
    jusqu_a: PartialDate | None


class OrganisationSummary(Record):
    code: str
    nom: str
    sigle: str | None
    sorte: OrganisationCode
    anciens_noms: list[FormerNameRecord]
    roles: list[RoleCode] = Field(description="rôles tenus auprès des fabriques")
    fabriques: list[str] = Field(description="codes des fabriques qu’elle accompagne")


class TopicSummary(Record):
    code: str
    nom: str
    fabriques: int = Field(description="nombre de fabriques")


class ProgrammeSummary(TopicSummary):
    operateur: str | None


class FabriquePage(Page[FabriqueSummary]):
    pass


class ParticipationPage(Page[ListedParticipation]):
    pass


class TerritoryPage(Page[TerritorySummary]):
    pass


class OrganisationPage(Page[OrganisationSummary]):
    pass


class TransitionPage(Page[TopicSummary]):
    pass


class ProgrammePage(Page[ProgrammeSummary]):
    pass
