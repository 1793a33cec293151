"""The kinds of objects that search knows, in the order in which equals are shown."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SearchKind:
    """A kind of objects: its code in the index and the French name of its group of results."""

    code: str
    label: str
    position: int


_registered: dict[str, SearchKind] = {}


def register(code: str, label: str, *, position: int) -> None:
    """Declare a kind, from the `ready()` of its domain; `position` orders kinds, lowest first.

    Registering again replaces, so that reloading an application is harmless.
    """
    _registered[code] = SearchKind(code, label, position)


def registered() -> list[SearchKind]:
    """Every declared kind, in order."""
    return sorted(_registered.values(), key=lambda kind: (kind.position, kind.code))


def label(code: str) -> str:
    """The French name of a kind; its code when nobody declared it."""
    kind = _registered.get(code)
    return kind.label if kind else code


def order(code: str) -> tuple[int, str]:
    """Sort key of a kind: declared ones by position, then the others by code."""
    kind = _registered.get(code)
    return (kind.position if kind else 1_000_000, code)
