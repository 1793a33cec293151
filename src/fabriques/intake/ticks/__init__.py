"""What the intake does by the clock, one module for each matter; importing registers."""

from fabriques.intake.ticks import volunteering  # noqa: F401
