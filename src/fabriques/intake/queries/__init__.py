"""What the pages of the intake read, one module for each matter."""
