"""Composing a cohort: 4 to 8 territories out of up to 500 volunteers, balanced and explained.

`read` a call, `propose` cohorts, `assess` one made by hand, `explain` one candidate; or `lottery`
and `draw`, by chance but with fair chances. See docs/decisions/0014-cohort-engine.md.
"""

from fabriques.engines.cohort.assessing import assess
from fabriques.engines.cohort.fair import draw, lottery
from fabriques.engines.cohort.proposing import locks, propose
from fabriques.engines.cohort.reading import read
from fabriques.engines.cohort.types import (
    PLACES,
    Assessment,
    Candidate,
    Change,
    Draw,
    InputError,
    Lock,
    Lottery,
    Problem,
    Profile,
    Proposal,
    Result,
    Rule,
    RuleState,
    Why,
)
from fabriques.engines.cohort.why import explain, whys

__all__ = [
    "PLACES",
    "Assessment",
    "Candidate",
    "Change",
    "Draw",
    "InputError",
    "Lock",
    "Lottery",
    "Problem",
    "Profile",
    "Proposal",
    "Result",
    "Rule",
    "RuleState",
    "Why",
    "assess",
    "draw",
    "explain",
    "locks",
    "lottery",
    "propose",
    "read",
    "whys",
]
