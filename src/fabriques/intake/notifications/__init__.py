"""What the intake writes to people, one module for each matter; importing declares them."""

from fabriques.intake.notifications import (  # noqa: F401
    calls,
    deciding,
    inviting,
    opinions,
    themes,
    volunteering,
)
