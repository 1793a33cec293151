"""Read the JSON files of the npm package `@etalab/decoupage-administratif`."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from fabriques.territories.enums import Nature
from fabriques.territories.imports.report import Problem, RefusedError

FILES = ("regions", "departements", "arrondissements", "epci", "ept", "communes")
T = TypeVar("T")


@dataclass(frozen=True)
class Commune:
    code: str
    name: str
    departement: str
    region: str
    arrondissement: str
    siren: str
    population: int | None
    postal_codes: tuple[str, ...]
    overseas: bool


@dataclass(frozen=True)
class Grouping:
    """An EPCI or an EPT; `members` are the codes of its communes."""

    code: str
    name: str
    nature: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class Division:
    """A région, a département, an arrondissement or a collectivité."""

    code: str
    name: str
    departement: str = ""
    region: str = ""
    overseas: bool = False


@dataclass
class Country:
    """The whole division. Keys are codes; `former` gives old code → (current code, old name)."""

    regions: dict[str, Division] = field(default_factory=dict)
    departements: dict[str, Division] = field(default_factory=dict)
    collectivites: dict[str, Division] = field(default_factory=dict)
    arrondissements: dict[str, Division] = field(default_factory=dict)
    epci: dict[str, Grouping] = field(default_factory=dict)
    ept: dict[str, Grouping] = field(default_factory=dict)
    communes: dict[str, Commune] = field(default_factory=dict)
    former: dict[str, tuple[str, str]] = field(default_factory=dict)
    version: str = ""
    digest: str = ""

    def current(self, code: str) -> str | None:
        """The current commune that `code` names or named."""
        if code in self.communes:
            return code
        return self.former[code][0] if code in self.former else None


class _Record:
    """One object of a list, whose fields are checked when they are read."""

    def __init__(self, file: str, rank: int, data: Any) -> None:
        self.file, self.rank, self.data = file, rank, data
        if not isinstance(data, dict):
            raise self.problem("", str(data), "il faut un objet JSON.")

    def problem(self, key: str, value: str, rule: str) -> RefusedError:
        return RefusedError([Problem(self.file, self.rank, key, value, rule)])

    def text(self, key: str, *, optional: bool = False) -> str:
        value = self.data.get(key, "")
        if not isinstance(value, str) or not (value or optional):
            raise self.problem(key, str(value), "il faut ici un texte.")
        return value

    def population(self) -> int | None:
        value = self.data.get("population")
        if value is not None and (not isinstance(value, int) or not 0 <= value < 10**9):
            raise self.problem("population", str(value), "il faut ici un nombre d’habitants.")
        return value

    def items(self, key: str) -> list[Any]:
        value = self.data.get(key, [])
        if not isinstance(value, list):
            raise self.problem(key, str(value), "il faut ici une liste.")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        if not all(isinstance(value, str) for value in self.items(key)):
            raise self.problem(key, str(self.items(key)), "il faut ici une liste de textes.")
        return tuple(self.items(key))

    def known(self, key: str, code: str, table: dict[str, T]) -> str:
        """`code`, which must be a key of `table`."""
        if code not in table:
            raise self.problem(key, code, "ce code est inconnu.")
        return code


def fingerprint(folder: Path) -> str:
    """SHA-256 of the package's files, as `read` finds it; raises `OSError` when one is missing."""
    digest = hashlib.sha256()
    for name in FILES:
        digest.update((folder / f"{name}.json").read_bytes())
    return digest.hexdigest()


def read(folder: Path) -> Country:
    """Read the six files of the package. Raises `RefusedError` at the first thing out of order."""
    country = Country(version=_version(folder))
    digest = hashlib.sha256()
    lists: dict[str, list[_Record]] = {}
    for name in FILES:
        path = folder / f"{name}.json"
        try:
            data = path.read_bytes()
            records = json.loads(data)
        except OSError:
            raise RefusedError(
                [Problem(path.name, 0, "", str(folder), "ce fichier n’a pas été trouvé.")]
            ) from None
        except ValueError as error:
            raise RefusedError(
                [Problem(path.name, getattr(error, "lineno", 0), "", "", "ce JSON est mal formé.")]
            ) from None
        if not isinstance(records, list) or not records:
            raise RefusedError(
                [Problem(path.name, 0, "", "", "il faut une liste qui ne soit pas vide.")]
            )
        digest.update(data)
        lists[name] = [
            _Record(path.name, rank, record) for rank, record in enumerate(records, start=1)
        ]
    country.digest = digest.hexdigest()
    _divisions(country, lists)
    _communes(country, lists["communes"])
    country.epci = dict(_groupings(country, lists["epci"]))
    country.ept = dict(_groupings(country, lists["ept"]))
    return country


def _version(folder: Path) -> str:
    """Name and version of the package that `folder` belongs to, else its own name."""
    try:
        package = json.loads((folder.parent / "package.json").read_text(encoding="utf-8"))
        return f"{package['name']} {package['version']}"
    except (OSError, ValueError, KeyError, TypeError):
        return folder.name


def _divisions(country: Country, lists: dict[str, list[_Record]]) -> None:
    """Collectivités stand in the files both as région and as département."""
    for item in lists["regions"]:
        if item.text("zone") != "com":
            code = item.text("code")
            overseas = item.text("zone") == "drom"
            country.regions[code] = Division(code, item.text("nom"), overseas=overseas)
    for item in lists["departements"]:
        code, name, zone = item.text("code"), item.text("nom"), item.text("zone")
        if zone == "com":
            country.collectivites[code] = Division(code, name, overseas=True)
        else:
            region = item.known("region", item.text("region"), country.regions)
            country.departements[code] = Division(
                code, name, region=region, overseas=zone == "drom"
            )
    for item in lists["arrondissements"]:
        code = item.text("code")
        departement = item.known("departement", item.text("departement"), country.departements)
        parent = country.departements[departement]
        country.arrondissements[code] = Division(
            code, item.text("nom"), departement, parent.region, parent.overseas
        )


def _communes(country: Country, records: list[_Record]) -> None:
    parents = country.departements | country.collectivites
    ancient: dict[str, tuple[str, str]] = {}
    parts: list[tuple[_Record, str]] = []
    for item in records:
        kind, code = item.text("type"), item.text("code")
        if kind in ("commune-deleguee", "commune-associee"):
            parts.append((item, item.text("chefLieu")))
            continue
        if kind == "arrondissement-municipal":
            parts.append((item, item.text("commune")))
            continue
        if kind != "commune-actuelle":
            raise item.problem("type", kind, "cette sorte de commune est inconnue.")
        if code in country.communes:
            raise item.problem("code", code, "ce code apparaît deux fois.")
        arrondissement = item.text("arrondissement", optional=True)
        departement = item.known("departement", item.text("departement"), parents)
        country.communes[code] = Commune(
            code,
            item.text("nom"),
            departement,
            parents[departement].region,
            arrondissement
            and item.known("arrondissement", arrondissement, country.arrondissements),
            item.text("siren", optional=True),
            item.population(),
            item.texts("codesPostaux"),
            parents[departement].overseas,
        )
        ancient.update((old, (code, "")) for old in item.texts("anciensCodes"))
    country.former = ancient
    for item, current in parts:
        item.known("chefLieu", current, country.communes)
        country.former[item.text("code")] = (current, item.text("nom"))


def _groupings(country: Country, records: list[_Record]) -> Iterator[tuple[str, Grouping]]:
    seen: Counter[str] = Counter()
    for item in records:
        code, nature = item.text("code"), item.text("type")
        if nature == "METLYON":
            nature = Nature.MET69
        if nature not in Nature.values:
            raise item.problem("type", nature, "cette nature de groupement est inconnue.")
        members = []
        for member in item.items("membres"):
            named = member.get("code") if isinstance(member, dict) else None
            current = country.current(named) if isinstance(named, str) else None
            if current is None:
                raise item.problem("membres", str(named), "cette commune est inconnue.")
            members.append(current)
            seen[current] += 1
        if not members:
            raise item.problem("membres", "", "ce groupement n’a aucune commune.")
        for commune in set(members):
            if seen[commune] > members.count(commune):
                raise item.problem("membres", commune, "cette commune est dans deux groupements.")
        yield code, Grouping(code, item.text("nom"), str(nature), tuple(dict.fromkeys(members)))
