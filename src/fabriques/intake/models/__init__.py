"""From a theme to a cohort: themes, calls, volunteers, opinions, compositions."""

from fabriques.intake.models.calls import (
    Call,
    CallPartner,
    CallQuestion,
    Extension,
    Indicator,
    IndicatorValue,
    Reviewer,
)
from fabriques.intake.models.compositions import Composition, Draw, Placement, Rule
from fabriques.intake.models.opinions import Conflict, Opinion
from fabriques.intake.models.themes import Support, Theme
from fabriques.intake.models.volunteers import (
    Answer,
    Author,
    CallInvitation,
    JoinRequest,
    Volunteer,
)

__all__ = [
    "Answer",
    "Author",
    "Call",
    "CallInvitation",
    "CallPartner",
    "CallQuestion",
    "Composition",
    "Conflict",
    "Draw",
    "Extension",
    "Indicator",
    "IndicatorValue",
    "JoinRequest",
    "Opinion",
    "Placement",
    "Reviewer",
    "Rule",
    "Support",
    "Theme",
    "Volunteer",
]
