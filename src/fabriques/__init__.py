"""Fabriques: the platform of the French *Fabriques prospectives*."""
