"""The file of facts, `data/fabriques.toml`: read and checked, never read beyond its words."""

import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from fabriques.kit.dates import validate_partial_date
from fabriques.people.enums import OrganisationKind
from fabriques.programme.enums import ResultKind, Role

Record = dict[str, Any]

# The keys that each table may have: anything else is a slip of the pen.
KEYS = {
    "source": "id title publisher date licence url dataset",
    "transition": "id name",
    "programme": "id name operator",
    "organisation": "id name acronym kind former_names",
    "territory": "siren insee code name kind nature departement position position_source",
    "fabrique": (
        "id slug title year initiator transitions programmes announced actual context objective "
        "sources note partnership participation result"
    ),
    "partnership": "organisation role person named source",
    "participation": (
        "territory named focus focus_code focus_generation local_question joined left sources "
        "present"
    ),
    "result": "title kind publisher date url source",
}
REQUIRED = {
    "source": "title",
    "transition": "name",
    "programme": "name operator",
    "organisation": "name kind",
    "territory": "name kind",
    "fabrique": "slug",
}


class FactsError(Exception):
    """The file cannot be loaded; `problems` are sentences that say where and why."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Facts:
    """The tables of the file, each by its identifier; values as TOML gives them."""

    sources: dict[str, Record]
    transitions: dict[str, Record]
    programmes: dict[str, Record]
    organisations: dict[str, Record]
    territories: dict[str, Record]
    fabriques: dict[str, Record]
    announced: Record = field(default_factory=dict)
    digest: str = ""
    name: str = ""

    def participations(self) -> Iterator[tuple[str, Record]]:
        for code, fabrique in self.fabriques.items():
            for participation in fabrique.get("participation", []):
                yield code, participation


def read(path: Path) -> Facts:
    """Read and check the file; raise `FactsError` with every problem found, not only the first."""
    try:
        content = path.read_bytes()
        data = tomllib.loads(content.decode("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FactsError([f"{path.name} : lecture impossible ({error})."]) from error
    problems: list[str] = []
    facts = Facts(
        sources=_by_id(data, "source", problems),
        transitions=_by_id(data, "transition", problems),
        programmes=_by_id(data, "programme", problems),
        organisations=_by_id(data, "organisation", problems),
        territories=_by_id(data, "territory", problems),
        fabriques=_by_id(data, "fabrique", problems),
        announced=data.get("announced", {}),
        digest=hashlib.sha256(content).hexdigest(),
        name=path.name,
    )
    problems += _problems(facts)
    if problems:
        raise FactsError(problems)
    return facts


def _by_id(data: Record, table: str, problems: list[str]) -> dict[str, Record]:
    records: dict[str, Record] = {}
    for number, record in enumerate(data.get(table, []), start=1):
        key = record.get("siren") or record.get("code") or record.get("id")
        if not key:
            problems.append(f"[[{table}]] n° {number} : identifiant manquant.")
        elif key in records:
            problems.append(f"[[{table}]] {key} : déjà décrit plus haut.")
        else:
            records[key] = record
        problems += _unknown_keys(table, str(key), record)
        problems += [
            f"[[{table}]] {key or f'n° {number}'} : clé « {name} » manquante."
            for name in REQUIRED.get(table, "").split()
            if name not in record
        ]
        for inner in ("partnership", "participation", "result"):
            for item in record.get(inner, []) if table == "fabrique" else ():
                problems += _unknown_keys(inner, str(key), item)
    return records


def _unknown_keys(table: str, where: str, record: Record) -> list[str]:
    known = KEYS[table].split()
    return [f"{where} : clé « {key} » inconnue." for key in record if key not in known]


def _problems(facts: Facts) -> Iterator[str]:
    """What does not hold together inside the file itself."""
    for slug, source in facts.sources.items():
        yield from _bad_dates(f"source {slug}", [source.get("date", "")])
    for slug, organisation in facts.organisations.items():
        if organisation.get("kind") not in OrganisationKind.values:
            yield f"organisation {slug} : sorte « {organisation.get('kind')} » inconnue."
    for slug, programme in facts.programmes.items():
        yield from _missing(f"programme {slug}", [programme.get("operator")], facts.organisations)
    for code, territory in facts.territories.items():
        position = territory.get("position")
        if position and not (-180 <= position[0] <= 180 and -90 <= position[1] <= 90):
            yield f"territoire {code} : position {position} hors du globe."
    for code, fabrique in facts.fabriques.items():
        if not str(fabrique.get("slug", "")).startswith(code):
            yield f"{code} : l’adresse « {fabrique.get('slug')} » doit commencer par {code}."
        yield from _missing(code, fabrique.get("transitions", []), facts.transitions)
        yield from _missing(code, fabrique.get("programmes", []), facts.programmes)
        yield from _missing(code, fabrique.get("sources", []), facts.sources)
        yield from _missing(code, [fabrique.get("initiator", "anct")], facts.organisations)
        for name in ("announced", "actual"):
            dates = fabrique.get(name, {})
            bad = list(_bad_dates(f"{code} {name}", dates.values()))
            yield from bad
            if not bad and dates.get("end") and dates["end"] < dates.get("start", ""):
                yield f"{code} {name} : la fin ({dates['end']}) est avant le début."
        for partnership in fabrique.get("partnership", []):
            yield from _missing(code, [partnership.get("organisation")], facts.organisations)
            yield from _missing(code, [partnership.get("source")], facts.sources)
            if partnership.get("role") not in Role.values:
                yield f"{code} : rôle « {partnership.get('role')} » inconnu."
        for participation in fabrique.get("participation", []):
            yield from _missing(code, [participation.get("territory")], facts.territories)
            yield from _missing(code, participation.get("sources", []), facts.sources)
            present = participation.get("present", {})
            yield from _bad_dates(
                f"{code} participation",
                [
                    *(participation.get(name, "") for name in ("joined", "left")),
                    *present.get("in", []),
                    *present.get("absent", []),
                ],
            )
        for result in fabrique.get("result", []):
            yield from _missing(code, [result.get("source")], facts.sources)
            yield from _missing(
                code, [result["publisher"]] if "publisher" in result else [], facts.organisations
            )
            yield from _bad_dates(f"{code} résultat", [result.get("date", "")])
            if result.get("kind") not in ResultKind.values:
                yield f"{code} : sorte de résultat « {result.get('kind')} » inconnue."


def _missing(where: str, wanted: list[Any], known: dict[str, Record]) -> Iterator[str]:
    for key in wanted:
        if key not in known:
            yield f"{where} : « {key} » n’est décrit nulle part dans le fichier."


def _bad_dates(where: str, values: Any) -> Iterator[str]:
    for value in values:
        try:
            if not isinstance(value, str):
                yield f"{where} : la date {value} s’écrit entre guillemets."
            elif value:
                validate_partial_date(value)
        except ValidationError as error:
            yield f"{where} : {' '.join(error.messages)}"
