"""The fair draw: what is published, what anybody can check, whether it still holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from fabriques.engines import cohort
from fabriques.intake.enums import VolunteerState
from fabriques.intake.models import Call, Draw, Volunteer
from fabriques.intake.queries.composing import asking
from fabriques.intake.queries.composing.draft import Draft

#: Among which cohorts the draw is made.
KEEPS = {
    "": "Parmi toutes les cohortes qui respectent les règles impératives",
    "coverage": "Parmi les meilleures\u00a0: souhaits d’abord, puis profils couverts",
}
#: What anybody can run, in any year, on the file that the public page gives.
PROCEDURE = """\
import hashlib, json, pathlib
tirage = json.loads(pathlib.Path("tirage.json").read_text("utf-8"))
graine = "la graine annoncée"
nombre = lambda texte: int(hashlib.sha256(texte.encode("utf-8")).hexdigest(), 16)
billet = nombre(graine + ":ticket") % tirage["total"]
for profil in tirage["profiles"]:
    if billet < profil["tickets"]: break
    billet -= profil["tickets"]
for noms, combien in zip(tirage["groups"], profil["counts"]):
    print(sorted(noms, key=lambda nom: nombre(graine + ":" + nom))[:combien])
"""


@dataclass(frozen=True)
class Chance:
    """A volunteer, by number, and its chance; the name only where it may be shown."""

    number: int
    name: str
    percent: float
    drawn: bool

    @property
    def words(self) -> str:
        """« 12,5 % »"""
        return f"{self.percent:.2f}".rstrip("0").rstrip(".").replace(".", ",") + "\u00a0%"


@dataclass(frozen=True)
class ShownDraw:
    """A draw as a page shows it."""

    draw: Draw
    names: Mapping[int, str]

    @cached_property
    def chances(self) -> list[Chance]:
        result = set(self.draw.result or [])
        return [
            Chance(int(name), self.names.get(int(name), ""), 100 * chance, int(name) in result)
            for name, chance in sorted(
                self.draw.lottery["probabilities"].items(), key=lambda item: int(item[0])
            )
        ]

    @property
    def drawn(self) -> list[Chance]:
        return [chance for chance in self.chances if chance.drawn]

    @property
    def keep(self) -> str:
        return KEEPS[self.draw.lottery["keep"]]

    @property
    def profiles(self) -> int:
        return len(self.draw.lottery["profiles"])

    @cached_property
    def withdrawn(self) -> list[int]:
        """Numbers of volunteers with a chance, or drawn, who withdrew since."""
        concerned = [
            chance.number for chance in self.chances if (chance.drawn or not self.draw.drawn_at)
        ]
        gone = Volunteer.objects.filter(
            call=self.draw.composition.call_id, number__in=concerned
        ).exclude(state=VolunteerState.SUBMITTED)
        numbers = gone.order_by("number").values_list("number", flat=True)
        return [number for number in numbers if number is not None]

    @property
    def is_void(self) -> bool:
        """Said void, or so by a withdrawal before the draw."""
        return bool(self.draw.void_at or (self.withdrawn and not self.draw.drawn_at))


def question_of(draft: Draft, keep: str) -> dict[str, Any]:
    """What the engine is asked for a draw."""
    return asking.asked_for_draw(draft.pool, draft.rules, draft.locks, draft.places, keep)


def published_lottery(draft: Draft, keep: str) -> dict[str, Any] | None:
    """The lottery as it is stored and published; None when no cohort meets the rules.

    Raises `cohort.InputError` when a rule asks for more than there are places.
    """
    found = asking.lottery(question_of(draft, keep))
    if found is None:
        return None
    return {
        "keep": keep,
        "total": found.total,
        "groups": [list(names) for names in found.groups],
        "profiles": [
            {"tickets": profile.tickets, "counts": list(profile.counts)}
            for profile in found.profiles
        ],
        "probabilities": dict(found.probabilities),
    }


def drawn_by(stored: Mapping[str, Any], seed: str) -> list[int]:
    """Numbers of the volunteers that this seed draws."""
    lottery = cohort.Lottery(
        groups=tuple(tuple(names) for names in stored["groups"]),
        profiles=tuple(
            cohort.Profile(item["tickets"], tuple(item["counts"])) for item in stored["profiles"]
        ),
        probabilities=stored["probabilities"],
        total=stored["total"],
    )
    return sorted(int(name) for name in cohort.draw(lottery, seed))


def draws_of(call: Call) -> QuerySet[Draw]:
    """All the draws of a call, the latest first; those that are void too."""
    return (
        Draw.objects.filter(composition__call=call)
        .select_related("composition")
        .order_by("-published_at", "-pk")
    )


def names_of(call: Call) -> dict[int, str]:
    """{number: territory}, those who withdrew too: a draw stays readable."""
    found = Volunteer.objects.filter(call=call, number__isnull=False).order_by("number")
    rows = found.values_list("number", "territory__name", "territory__departement__code")
    return {number: f"{name} ({code})" if code else name for number, name, code in rows if number}


def shown_draw(draw: Draw, names: Mapping[int, str]) -> ShownDraw:
    return ShownDraw(draw, names)
