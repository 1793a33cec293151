"""A small index for the tests of search."""

from typing import Any

import pytest

from fabriques.kit.search import index
from fabriques.kit.search.index import Document
from fabriques.kit.search.query import find


def town(code: str, title: str, rank: int = 0, **values: Any) -> Document:
    return Document("commune", code, title, f"/{code}/", rank=rank, **values)


TOWNS = [
    town("22278", "Saint-Brieuc", 44_000, keys=("212202782", "22000"), text="Côtes-d'Armor"),
    town("35258", "Saint-Brieuc-des-Iffs", 360, text="Ille-et-Vilaine"),
    town("61358", "Sai", 200),
    town("01001", "L'Abergement-Clémenciat", 860),
    town("80829", "Y", 90),
    town("35115", "Fougères", 20_000),
    town("17300", "La Rochelle", 77_000),
    town("21231", "Dijon", 160_000, keys=("Divio",)),
    town("31", "Les Territoires <b>", 5),
]
FABRIQUES = [
    Document(
        "fabrique",
        "fabp-01",
        "La nature dans les quartiers prioritaires",
        "/f1/",
        text="Une longue histoire. " * 40 + "Les élus de Saint-Brieuc & d’ailleurs y tiennent.",
        rank=1000,
    ),
    Document("fabrique", "fabp-02", "Temporalités", "/f2/", text="Rythmes de Dijon", rank=1000),
]


@pytest.fixture
def small(db: None) -> None:
    index.replace("commune", TOWNS)
    index.replace("fabrique", FABRIQUES)


def titles(text: str, **options: Any) -> list[str]:
    return [hit.title for hit in find(text, **options).hits]
