"""Pages of the composition of a cohort."""
