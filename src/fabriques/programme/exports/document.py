"""The whole programme as one JSON document, with its published JSON Schema."""

from datetime import datetime
from typing import Any

from django.db.models import Max
from ninja.schema import Field

from fabriques.kit.models import JournalEntry
from fabriques.programme import queries
from fabriques.programme.exports.records import (
    Absolute,
    FabriqueRecord,
    Record,
    SourceRecord,
    fabrique_record,
    source_record,
)
from fabriques.programme.models import Fabrique, Source
from fabriques.territories.models import ImportRun

TITLE = "Fabriques prospectives"
DESCRIPTION = (
    "Les fabriques prospectives, leurs territoires, leurs partenaires, leurs résultats, "
    "et la source de chaque fait. Ce qui n’est pas connu vaut null."
)
LICENCE = "Licence Ouverte 2.0"
LICENCE_URL = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"


class Licence(Record):
    nom: str
    url: str


class Counts(Record):
    fabriques: int
    participations: int
    territoires: int = Field(description="territoires distincts, toutes éditions")


class Document(Record):
    lien_schema: str = Field(alias="$schema", description="adresse de ce schéma")
    titre: str
    description: str
    licence: Licence
    modifie_le: datetime | None = Field(description="dernier changement connu")
    compteurs: Counts = Field(description="calculés à partir des listes qui suivent")
    sources: list[SourceRecord]
    fabriques: list[FabriqueRecord]


def last_change() -> datetime | None:
    """When the facts or the referential last changed, as far as the journal and imports say."""
    moments = [
        JournalEntry.objects.filter(subject__startswith="fabrique:").aggregate(at=Max("at"))["at"],
        ImportRun.objects.exclude(added=0, changed=0, closed=0).aggregate(at=Max("at"))["at"],
    ]
    return max((moment for moment in moments if moment), default=None)


def document(*, schema_url: str, absolute: Absolute) -> dict[str, Any]:
    """Everything, as JSON values."""
    found = queries.with_details(Fabrique.objects.order_by("code"))
    fabriques = [fabrique_record(fabrique, absolute) for fabrique in found]
    territories = {
        (row.territoire.sorte, row.territoire.code)
        for fabrique in fabriques
        for row in fabrique.participations
    }
    whole = Document(
        **{"$schema": schema_url},
        titre=TITLE,
        description=DESCRIPTION,
        licence=Licence(nom=LICENCE, url=LICENCE_URL),
        modifie_le=last_change(),
        compteurs=Counts(
            fabriques=len(fabriques),
            participations=sum(len(fabrique.participations) for fabrique in fabriques),
            territoires=len(territories),
        ),
        sources=[source_record(source) for source in Source.objects.order_by("slug")],
        fabriques=fabriques,
    )
    return whole.model_dump(mode="json", by_alias=True)


def json_schema(*, schema_url: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the document."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": schema_url,
        **Document.model_json_schema(by_alias=True, mode="serialization"),
        "title": TITLE,
        "description": DESCRIPTION,
    }
