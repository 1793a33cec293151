"""Fabriques: the platform of the French *Fabriques prospectives*."""

import os

# Before numpy is loaded: our matrices are small, threads to multiply them cost more than they save.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
