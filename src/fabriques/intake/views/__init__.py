"""Pages of the intake, one module for each matter."""
