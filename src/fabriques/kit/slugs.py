"""Addresses in words that nothing else bears yet."""

from collections.abc import Container
from itertools import chain, count


def first_free(slug: str, taken: Container[str]) -> str:
    """`slug`, else `slug-2`, `slug-3`…: the first that is not taken."""
    numbered = (f"{slug}-{number}" for number in count(2))
    return next(free for free in chain([slug], numbered) if free not in taken)
