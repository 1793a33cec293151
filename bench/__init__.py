"""Benchmarks: what is measured, and the programs that measure it."""

import fabriques  # noqa: F401 - what it asks of numpy comes before numpy
