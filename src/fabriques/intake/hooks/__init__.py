"""What the intake tells the floors below: what awaits people, what it holds of them.

One module for each matter; importing registers.
"""

from fabriques.intake.hooks import (  # noqa: F401
    calls,
    deciding,
    opinions,
    themes,
    volunteering,
)
