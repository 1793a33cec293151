"""Addresses of the intake: `PUBLIC` to all, `OPEN` to who is signed in, `SPACE` in the space."""

from fabriques.intake.urls import (
    calls,
    composing,
    deciding,
    drawing,
    inviting,
    opinions,
    themes,
    volunteering,
)
from fabriques.kit.access import Pattern

_MODULES = (themes, calls, volunteering, inviting, opinions, composing, drawing, deciding)

PUBLIC: list[Pattern] = [pattern for module in _MODULES for pattern in module.PUBLIC]
OPEN: list[Pattern] = [pattern for module in _MODULES for pattern in module.OPEN]
SPACE: list[Pattern] = [pattern for module in _MODULES for pattern in module.SPACE]
