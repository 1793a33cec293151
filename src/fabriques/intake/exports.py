"""Open data of a call, where it says so: who volunteered once it is closed, what was decided once
it is announced. Territories only: never a person, a reason or an opinion; nor the way in, for the
three are treated alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from fabriques.intake.enums import Outcome, Phase, VolunteerState
from fabriques.intake.models import Call, Volunteer
from fabriques.kit.exports import Column, Table, to_rows
from fabriques.territories.models import ProgrammeMembership

FORMATS = ("csv", "json", "ods")
# The public vocabulary; the words of the code may change, these may not.
OUTCOMES = {
    Outcome.RETAINED: "retenu",
    Outcome.RESERVE: "en-reserve",
    Outcome.NOT_RETAINED: "non-retenu",
}


@dataclass(frozen=True)
class Row:
    volunteer: Volunteer
    programmes: tuple[str, ...]


def _column(name: str, title: str, path: str, note: str = "") -> Column:
    return Column(name, title, f"volunteer.territory.{path}", note=note)


def _division(name: str, part: str) -> Callable[[Row], object]:
    def read(row: Row) -> object:
        division = getattr(row.volunteer.territory, name)
        return getattr(division, part) if division else None

    return read


COLUMNS = (
    Column("sorte", "Sorte", lambda row: row.volunteer.territory.get_kind_display()),
    _column("nature_juridique", "Nature", "nature"),
    _column("code_territoire", "Code", "code", "INSEE ou SIREN"),
    _column("siren", "SIREN", "siren"),
    _column("territoire", "Territoire", "name"),
    Column("code_departement", "Code dép.", _division("departement", "code")),
    Column("departement", "Département", _division("departement", "name")),
    Column("code_region", "Code rég.", _division("region", "code")),
    Column("region", "Région", _division("region", "name")),
    _column("outre_mer", "Outre-mer", "overseas"),
    Column(
        "programmes",
        "Programmes",
        lambda row: " ; ".join(row.programmes),
        note="séparés par des points-virgules",
    ),
)
OUTCOME = Column(
    "reponse",
    "Réponse",
    lambda row: OUTCOMES.get(row.volunteer.outcome),
    note="retenu, en-reserve ou non-retenu",
)


def publishes_pool(call: Call) -> bool:
    """Whether anybody may read now who volunteered."""
    return call.publish_pool and call.phase in (Phase.CLOSED, Phase.DECIDED)


def publishes_result(call: Call) -> bool:
    """Whether anybody may read now who is retained and in reserve."""
    return call.publish_result and call.phase == Phase.DECIDED


def is_open_data(call: Call) -> bool:
    return publishes_pool(call) or publishes_result(call)


def open_calls() -> list[Call]:
    """The calls that have open data today, the latest first."""
    calls = Call.objects.exclude(published_at=None).order_by("-opens_on", "-pk")
    return [call for call in calls if is_open_data(call)]


def table(call: Call) -> Table:
    """What the call publishes today, by number of declaration: three queries.

    With the pool, every territory that volunteered; otherwise those retained and in reserve. The
    answer is a column once it is published.
    """
    volunteers = Volunteer.objects.filter(call=call, state=VolunteerState.SUBMITTED)
    if not is_open_data(call):
        volunteers = volunteers.none()
    elif not publishes_pool(call):
        volunteers = volunteers.filter(outcome__in=(Outcome.RETAINED, Outcome.RESERVE))
    found = list(
        volunteers.select_related("territory__departement", "territory__region").order_by(
            "number", "pk"
        )
    )
    columns = [*COLUMNS, *([OUTCOME] if publishes_result(call) else [])]
    return Table("Territoires volontaires", columns, _rows(found))


def document(call: Call, *, absolute: Callable[[str], str]) -> dict[str, Any]:
    """The same as JSON values; `absolute` makes a full address of a path."""
    fabrique = call.fabrique
    return {
        "appel": {
            "code": call.slug,
            "titre": call.title,
            "question": call.question,
            "ouverture": call.opens_on.isoformat() if call.opens_on else None,
            "cloture": call.closes_on.isoformat() if call.closes_on else None,
            "fabrique": fabrique.code if fabrique else None,
            "url": absolute(call.get_absolute_url()),
        },
        "territoires": to_rows(table(call)),
    }


def files(call: Call) -> list[tuple[str, str]]:
    """(format, address) of each file of this call; none while it publishes nothing."""
    if not is_open_data(call):
        return []
    return [(name.upper(), reverse("call-data", args=[call.slug, name])) for name in FORMATS]


def _rows(volunteers: Iterable[Volunteer]) -> list[Row]:
    volunteers = list(volunteers)
    programmes: dict[int, set[str]] = {volunteer.territory_id: set() for volunteer in volunteers}
    for territory, name in (
        ProgrammeMembership.objects.filter(territory__in=programmes, closed_on=None)
        .order_by()
        .values_list("territory", "programme__name")
    ):
        programmes[territory].add(name)
    return [Row(v, tuple(sorted(programmes[v.territory_id]))) for v in volunteers]
