"""The register of processing activities (RGPD, article 30), in code.

Each domain declares why it holds data about persons, and in which models; the public page and each
person's own page are generated from the register, so that neither can lag behind the code.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum


class Basis(Enum):
    """Why the law allows a processing: article 6 of the RGPD, in the words of the page."""

    CONSENT = "votre consentement, que vous pouvez reprendre à tout moment (article 6, 1, a)"
    LEGAL = "une obligation légale (article 6, 1, c)"
    PUBLIC = "une mission d’intérêt public (article 6, 1, e)"


@dataclass(frozen=True)
class Purpose:
    """One reason to hold data about persons. Texts are French and complete: pages show them as is.

    `models` are the labels (`people.User`) of the models that hold these data; none when the data
    lie outside the database. `retention` is the time that the code applies, None when something
    else than a lapse of time ends the keeping; `retention_text` says it in words in both cases.
    """

    key: str
    title: str
    why: str
    data: tuple[str, ...]
    people: str
    basis: Basis
    recipients: str
    retention_text: str
    source: str
    models: tuple[str, ...] = ()
    retention: timedelta | None = None


_register: dict[str, Purpose] = {}


def register(*purposes: Purpose) -> None:
    """Add to the register. Raises ValueError when a key is already taken."""
    for purpose in purposes:
        if purpose.key in _register:
            raise ValueError(f"purpose {purpose.key} is registered twice")
        _register[purpose.key] = purpose


def purposes() -> Collection[Purpose]:
    """Every purpose, in the order of declaration."""
    return _register.values()


def claimed() -> set[str]:
    """The labels of the models that some purpose accounts for."""
    return {label for purpose in purposes() for label in purpose.models}
