"""How much two territories resemble each other, and why. Pure: no database.

The measure is ours, made to be explained on a page rather than fitted to anything: a sum of
differences, each worth a stated number of points.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

from fabriques.territories.enums import Kind, Nature

# Classes in order: the further apart, the more they differ. Labels are those of the ANCT's files.
DENSITIES = (
    "Grands centres urbains",
    "Centres urbains intermédiaires",
    "Petites villes",
    "Ceintures urbaines",
    "Bourgs ruraux",
    "Rural à habitat dispersé",
    "Rural à habitat très dispersé",
)
CENTRALITIES = (
    "Communes non centre",
    "Centre local d'équipements et de services",
    "Centre intermédiaire d'équipements et de services",
    "Centre structurant d'équipements et de services",
    "Centre majeur d'équipements et de services",
)
OUTSIDE_MOUNTAINS = "Hors massif"
# Classes of the grid of ruralities that say nothing of the commune.
NO_RURALITY = ("Hors champ", "Commune dont le périmètre")

# Points for the greatest difference of each criterion; population counts one point for a ratio of
# e (2.7), so that twice the inhabitants weigh as much as half a scale of density.
NATURE, DENSITY, CENTRALITY, RURALITY, MOUNTAIN, OVERSEAS, PROGRAMMES = (
    0.5,
    1.5,
    1.0,
    0.6,
    0.7,
    2,
    1,
)
CLOSE_POPULATION = 1.25


class Profile(NamedTuple):
    """What territories are compared by; `programmes` are slugs."""

    pk: int
    kind: str
    nature: str
    code: str
    population: int | None
    density: str
    centrality: str
    mountain: str
    rurality: str
    overseas: bool
    programmes: frozenset[str]


def distance(one: Profile, other: Profile) -> float:
    """How different two territories of one kind are: 0 for twins, without upper bound.

    A criterion that one of the two lacks is left out.
    """
    total = 0.0
    if one.population and other.population:
        total += abs(math.log(one.population / other.population))
    if one.nature != other.nature:
        total += NATURE
    if one.density and other.density:
        total += DENSITY * _apart(DENSITIES, one.density, other.density)
    if one.centrality and other.centrality:
        total += CENTRALITY * _apart(CENTRALITIES, one.centrality, other.centrality)
    if one.rurality and other.rurality and one.rurality != other.rurality:
        total += RURALITY
    if one.mountain and other.mountain and one.mountain != other.mountain:
        outside = OUTSIDE_MOUNTAINS in (one.mountain, other.mountain)
        total += MOUNTAIN if outside else MOUNTAIN / 2
    if one.overseas != other.overseas:
        total += OVERSEAS
    if every := one.programmes | other.programmes:
        total += PROGRAMMES * (1 - len(one.programmes & other.programmes) / len(every))
    return total


def _apart(scale: tuple[str, ...], one: str, other: str) -> float:
    """0 for the same class, 1 for the two ends of the scale, and for unknown classes."""
    if one == other:
        return 0.0
    if one not in scale or other not in scale:
        return 1.0
    return abs(scale.index(one) - scale.index(other)) / (len(scale) - 1)


def reasons(one: Profile, other: Profile, names: Mapping[str, str]) -> list[str]:
    """What brings `other` close to `one`, in French; `names` of programmes by slug."""
    found = []
    if one.population and other.population:
        ratio = max(one.population, other.population) / min(one.population, other.population)
        if ratio <= CLOSE_POPULATION:
            found.append(f"Population proche : {_inhabitants(other.population)}")
    if one.nature and one.nature == other.nature and one.kind == Kind.EPCI:
        found.append(f"Même statut : {_lower(str(Nature(one.nature).label))}")
    if one.density and one.density == other.density:
        found.append(f"Même classe de densité : {_lower(one.density)}")
    if one.centrality and one.centrality == other.centrality:
        found.append(f"Même niveau de centralité : {_lower(one.centrality)}")
    if one.rurality == other.rurality and one.rurality and not one.rurality.startswith(NO_RURALITY):
        found.append(f"Même type de ruralité : {_lower(one.rurality)}")
    if one.mountain == other.mountain and one.mountain not in ("", OUTSIDE_MOUNTAINS):
        found.append(f"Tous deux dans le {_lower(one.mountain)}")
    if one.overseas and other.overseas:
        found.append("Outre-mer tous les deux")
    found += [f"{names[slug]} tous les deux" for slug in sorted(one.programmes & other.programmes)]
    if not found and one.population and other.population:
        found.append(f"Population : {_inhabitants(other.population)}")
    return found


def _inhabitants(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f") + (" habitants" if number > 1 else " habitant")


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]
