"""The file of facts held against the referential of territories."""

import re
from dataclasses import dataclass, field

from fabriques.programme.facts import Facts
from fabriques.territories.enums import Kind
from fabriques.territories.models import Territory

_DEPARTEMENT = re.compile(r"\((\d{1,3}|2[AB])\)")


@dataclass
class Report:
    """`problems` do not fit; `notes` are worth knowing: totals, and what our list lacks."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check(facts: Facts) -> Report:
    """Compare each territory of the file with the referential, in one query."""
    report = Report()
    sirens = [record.get("siren", "") for record in facts.territories.values()]
    known = {
        territory.siren: territory
        for territory in Territory.objects.filter(siren__in=sirens)
        .exclude(siren="")
        .select_related("departement")
        .order_by("pk")
    }
    for key, record in facts.territories.items():
        if record["kind"] in (Kind.OTHER, Kind.QPV):
            if record["kind"] == Kind.OTHER:
                report.notes.append(f"{key} {record['name']} : sans SIREN, hors référentiel.")
            continue
        territory = known.get(record.get("siren", ""))
        label = f"{record.get('siren', key)} {record['name']}"
        if territory is None:
            report.problems.append(f"{label} : ce SIREN n’existe pas dans le référentiel.")
            continue
        expected = record.get("insee") or record["siren"]
        if territory.code != expected:
            report.problems.append(f"{label} : code {expected}, référentiel {territory.code}.")
        if territory.closed_on:
            report.problems.append(f"{label} : disparu le {territory.closed_on:%d/%m/%Y}.")
        departement = territory.departement.code if territory.departement else ""
        if record.get("departement") != departement:
            report.problems.append(
                f"{label} : département {record.get('departement')}, référentiel {departement}."
            )
        if record.get("nature", territory.nature) != territory.nature:
            report.problems.append(
                f"{label} : nature {record['nature']}, référentiel {territory.nature}."
            )
    participations = list(facts.participations())
    for code, participation in participations:
        record = facts.territories[participation["territory"]]
        for written in _DEPARTEMENT.findall(participation.get("named", "")):
            # A source may write 9 for 09.
            if written.zfill(2) != record.get("departement"):
                report.problems.append(
                    f"{code} : la source écrit le département {written} pour {record['name']}, "
                    f"le fichier {record.get('departement')}."
                )
    distinct = len({item["territory"] for _, item in participations})
    report.notes.append(
        f"{len(facts.fabriques)} fabriques, {len(participations)} participations, "
        f"{distinct} territoires distincts."
    )
    if announced := facts.announced.get("territories"):
        report.notes.append(
            f"L’ANCT annonce {announced} territoires : il en manque {announced - distinct} "
            f"à notre liste (ou {announced - len(participations)} si elle compte les "
            "participations)."
        )
    return report
