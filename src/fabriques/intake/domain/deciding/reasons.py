"""The sentence that a territory receives, prefilled: equal in tone for all, never a rank."""

from __future__ import annotations

from dataclasses import dataclass

from fabriques.intake.enums import Outcome
from fabriques.intake.models import Volunteer


@dataclass(frozen=True)
class Choice:
    """What the sentences say of the whole: members of the cohort, volunteers, how it was made."""

    members: int
    volunteers: int
    drawn: bool = False

    @property
    def sentence(self) -> str:
        places = f"{self.members} territoire{'s' if self.members > 1 else ''}"
        among = f"{self.volunteers} volontaire{'s' if self.volunteers > 1 else ''}"
        if self.drawn:
            return (
                f"La cohorte réunit {places} parmi {among}. Elle a été tirée au sort, "
                "selon des chances publiées d’avance."
            )
        return (
            f"La cohorte réunit {places} parmi {among}. Elle a été composée pour que ces "
            "territoires soient différents les uns des autres."
        )


def prefilled(volunteer: Volunteer, outcome: str, choice: Choice) -> str:
    """The reason to start from, in plain words."""
    territory = volunteer.territory
    if outcome == Outcome.RETAINED:
        kind = f"{territory.label[:1].lower()}{territory.label[1:]}"
        place = f", région {territory.region.name}" if territory.region else ""
        return f"{choice.sentence} {territory.name} en fait partie ({kind}{place})."
    if outcome == Outcome.RESERVE:
        return (
            f"{choice.sentence} {territory.name} est en réserve\u00a0: si un territoire se retire, "
            "nous reviendrons vers vous pour prendre sa place."
        )
    return (
        f"{choice.sentence} Nous n’avons pas pu y retenir {territory.name}. Ce n’est pas un "
        "jugement sur votre déclaration, que nous avons lue avec attention."
    )
