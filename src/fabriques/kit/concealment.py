"""What a person must not see, wherever it would show: domains say which objects, kit hides them.

A conflict of interest conceals an object from somebody: the journal, letters to reread, notices and
histories then read as if it did not exist, counts included. Nothing is taken out of the journal
itself: its verification reads everything.

Two sorts of subjects of the journal are concealed. `register` gives the objects themselves: what
is about them or names them disappears. `register_histories` gives objects that stay in sight, but
whose history would tell of the former by its counts: only the entries about them disappear, and
the letters that an act of theirs holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Source = Callable[[Any], frozenset[str]]


@dataclass(frozen=True)
class Concealed:
    """Subjects hidden wherever they are named, and those whose entries alone are hidden."""

    subjects: frozenset[str] = frozenset()
    histories: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.subjects or self.histories)


NOTHING = Concealed()
Follow = Callable[[Concealed], frozenset[str]]

_sources: list[Source] = []
_histories: list[Source] = []
_followers: list[Follow] = []


def register(source: Source) -> None:
    """`source(user)` gives the subjects of which this signed-in person must see nothing."""
    _sources.append(source)


def register_histories(source: Source) -> None:
    """`source(user)` gives the subjects whose history this signed-in person must not read."""
    _histories.append(source)


def follow(extend: Follow) -> None:
    """`extend(concealed)` gives what carries them: letters about them, and their batches."""
    _followers.append(extend)


def concealed(user: Any) -> Concealed:
    """All that is concealed from this person; read once for each `user` object (a request)."""
    if not getattr(user, "is_authenticated", False):
        return NOTHING
    known: Concealed | None = user.__dict__.get("_concealment")
    if known is None:
        subjects = frozenset[str]().union(*(source(user) for source in _sources))
        histories = frozenset[str]().union(*(source(user) for source in _histories))
        known = Concealed(subjects, histories)
        if known:
            carriers = frozenset[str]().union(*(extend(known) for extend in _followers))
            known = Concealed(subjects, histories | carriers)
        user.__dict__["_concealment"] = known
    return known


def forget(user: Any) -> None:
    """What is concealed from this person has just changed: ask again."""
    user.__dict__.pop("_concealment", None)
