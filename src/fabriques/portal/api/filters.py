"""Filters of the API: the names of the site's own lists, checked before any query."""

import re
from typing import Annotated, Any, Literal

from ninja import Schema
from ninja.schema import Field

from fabriques.programme.exports.records import KINDS, ORGANISATIONS, ROLES
from fabriques.programme.queries import MAX_QUERY, Filters

MAX_VALUES = 50
_NOISE = re.compile(r"[\x00-\x1f\x7f]+")


def _one_of(values: list[str]) -> str:
    """A pattern, which says in the schema what it refuses in fact."""
    return f"^({'|'.join(values)})$"


Year = Annotated[int, Field(ge=1900, le=2200)]
Slug = Annotated[str, Field(pattern="^[0-9A-Za-z_-]{1,60}$")]
Division = Annotated[str, Field(pattern="^[0-9A-Za-z]{2,3}$")]
KindName = Annotated[str, Field(pattern=_one_of(KINDS))]
RoleName = Annotated[str, Field(pattern=_one_of(list(ROLES.values())))]
OrganisationKindName = Annotated[str, Field(pattern=_one_of(list(ORGANISATIONS.values())))]


def words(text: str) -> str:
    """What is searched: one line, whatever was sent."""
    return " ".join(_NOISE.sub(" ", text).split())


def _values(description: str, alias: str | None = None) -> Any:
    return Field(default_factory=list, max_length=MAX_VALUES, description=description, alias=alias)


class FabriqueFilters(Schema):
    """Values of one filter add up, filters combine; see `programme.queries.Filters`."""

    annee: list[Year] = _values("année de lancement")
    transition: list[Slug] = _values("code de transition")
    type: list[Slug] = _values(
        "nature d’un territoire membre (COM, CC, CA, CU, METRO, MET69, EPT), sinon sa sorte"
    )
    region: list[Division] = _values("code INSEE de région")
    departement: list[Division] = _values("code de département")
    outre_mer: list[Literal["oui", "non"]] = _values(
        "a des territoires membres outre-mer, dans l’Hexagone ou en Corse", "outre-mer"
    )
    programme: list[Slug] = _values("code de programme")
    q: str = Field("", max_length=MAX_QUERY, description="mots cherchés")

    def chosen(self) -> Filters:
        """Unlike the site's lists, a value that no fabrique has gives an empty answer."""
        return Filters(
            annee=tuple(str(year) for year in self.annee),
            transition=tuple(self.transition),
            type=tuple(self.type),
            region=tuple(self.region),
            departement=tuple(self.departement),
            outre_mer=tuple(self.outre_mer),
            programme=tuple(self.programme),
            q=words(self.q),
        )


class TerritoryFilters(Schema):
    q: str = Field("", max_length=MAX_QUERY, description="nom, code INSEE, SIREN ou code postal")
    sorte: list[KindName] = _values("sorte de territoire")
    departement: list[Division] = _values("code de département")
    region: list[Division] = _values("code INSEE de région")
    a_participe: bool | None = Field(None, description="a pris part à une fabrique, ou non")
    disparus: bool = Field(False, description="avec les territoires qui n’existent plus")


class OneTerritory(Schema):
    sorte: KindName | None = Field(None, description="sorte, quand le code en désigne plusieurs")


class OrganisationFilters(Schema):
    sorte: list[OrganisationKindName] = _values("sorte")
    role: list[RoleName] = _values("rôle tenu")
    fabrique: list[Slug] = _values("code de fabrique")
