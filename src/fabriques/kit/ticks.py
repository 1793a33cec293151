"""Periodic jobs of the kit."""

import fabriques.kit.outbox.ticks  # noqa: F401
