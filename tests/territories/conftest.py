"""A small country of ten communes in the files of the npm package, and files to damage."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fabriques.territories.imports import open_data, referential
from fabriques.territories.imports.report import Outcome

ROOT = Path(__file__).resolve().parent.parent.parent
REAL = ROOT.parent / "shared" / "reference" / "anct-carto"

Package = dict[str, list[dict[str, Any]]]


def commune(code: str, name: str, population: int, **more: Any) -> dict[str, Any]:
    departement = more.pop("departement", code[:3] if code.startswith("97") else code[:2])
    return {
        "type": "commune-actuelle",
        "code": code,
        "nom": name,
        "departement": departement,
        "siren": f"2{code.replace('A', '0')}0001"[:9].ljust(9, "0"),
        "population": population,
        "codesPostaux": [f"{code[:2]}000"],
        **more,
    }


def grouping(code: str, name: str, nature: str, *members: str) -> dict[str, Any]:
    return {
        "code": code,
        "nom": name,
        "type": nature,
        "membres": [{"code": member} for member in members],
    }


COUNTRY: Package = {
    "regions": [
        {"code": "53", "nom": "Bretagne", "zone": "metro"},
        {"code": "11", "nom": "Île-de-France", "zone": "metro"},
        {"code": "04", "nom": "La Réunion", "zone": "drom"},
        {"code": "975", "nom": "Saint-Pierre-et-Miquelon", "zone": "com"},
    ],
    "departements": [
        {"code": "22", "nom": "Côtes-d'Armor", "region": "53", "zone": "metro"},
        {"code": "35", "nom": "Ille-et-Vilaine", "region": "53", "zone": "metro"},
        {"code": "93", "nom": "Seine-Saint-Denis", "region": "11", "zone": "metro"},
        {"code": "974", "nom": "La Réunion", "region": "04", "zone": "drom"},
        {"code": "975", "nom": "Saint-Pierre-et-Miquelon", "region": "975", "zone": "com"},
    ],
    "arrondissements": [
        {"code": "224", "nom": "Saint-Brieuc", "departement": "22", "region": "53"},
        {"code": "353", "nom": "Rennes", "departement": "35", "region": "53"},
    ],
    "communes": [
        commune("22278", "Saint-Brieuc", 44_000, arrondissement="224"),
        commune("22215", "Plérin", 14_000, arrondissement="224"),
        commune("35238", "Rennes", 225_000, arrondissement="353"),
        commune("35047", "Bruz", 18_000, arrondissement="353"),
        commune("35168", "Val d'Anast", 4_000, anciensCodes=["35099"]),
        commune("35257", "Saint-Brice", 2_800),
        commune("93066", "Saint-Denis", 149_000, anciensCodes=["93059"]),
        commune("93001", "Aubervilliers", 88_000),
        commune("97411", "Saint-Denis", 155_000),
        {
            "type": "commune-actuelle",
            "code": "97501",
            "nom": "Miquelon-Langlade",
            "departement": "975",
        },
        {
            "type": "commune-deleguee",
            "code": "35168",
            "nom": "Maure-de-Bretagne",
            "chefLieu": "35168",
        },
        {"type": "commune-deleguee", "code": "35099", "nom": "Campel", "chefLieu": "35168"},
    ],
    "epci": [
        grouping("200069409", "CA Saint-Brieuc Armor", "CA", "22278", "22215"),
        grouping("243500139", "Rennes Métropole", "METRO", "35238", "35047"),
        grouping("200043990", "CC Vallons", "CC", "35168", "35257"),
        grouping("249740119", "CA du Nord de La Réunion", "CA", "97411"),
    ],
    "ept": [grouping("200057867", "Plaine Commune", "EPT", "93066", "93001")],
}


@pytest.fixture
def package() -> Package:
    """A copy of the small country, free to change."""
    return copy.deepcopy(COUNTRY)


@pytest.fixture
def load(tmp_path: Path, settings: Any, db: None) -> Callable[[Package], Outcome]:
    """Write a package and import it."""
    settings.ASSETS = tmp_path / "assets"

    def run(package: Package) -> Outcome:
        folder = write_package(tmp_path / "data", package)
        return referential.run(folder, lambda line: None)

    return run


def write_package(folder: Path, package: Package) -> Path:
    folder.mkdir(exist_ok=True)
    for name, records in package.items():
        (folder / f"{name}.json").write_text(json.dumps(records), encoding="utf-8")
    return folder


@pytest.fixture
def small_country(load: Callable[[Package], Outcome], package: Package) -> Outcome:
    return load(package)


Import = Callable[..., Outcome]


@pytest.fixture
def import_text(tmp_path: Path, db: None) -> Import:
    """Import a text, or bytes, as a file of this name."""

    def run(name: str, content: str | bytes, file: str = "fichier.csv", **options: Any) -> Outcome:
        path = tmp_path / file
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return open_data.run(name, str(path), lambda line: None, **options)

    return run


@pytest.fixture
def real() -> Path:
    """The ANCT's own files, which are not part of the project."""
    if not REAL.is_dir():
        pytest.skip("les fichiers réels de l’ANCT (../shared/reference/anct-carto) sont absents")
    return REAL
