"""What the journal knows of the objects it speaks of: domains register theirs.

The subject of an entry is `<kind>:<key>`, e.g. `fabrique:fabp-01`; values of before and after may
be subjects too.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from fabriques.kit.journal.writing import CONTENTS, NAMES


@dataclass(frozen=True)
class SubjectKind:
    """A kind of objects, as `register_subject` describes it."""

    code: str
    label: str
    address: Callable[[str], str | None]
    titles: Callable[[set[str]], Mapping[str, str]] | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


# A sentence that begins with « fabrique : » is none.
_SUBJECT = re.compile(r"[a-z-]+:\S+")
_registered: dict[str, SubjectKind] = {}


def register_subject(
    kind: str,
    *,
    label: str,
    address: Callable[[str], str | None],
    titles: Callable[[set[str]], Mapping[str, str]] | None = None,
    fields: Mapping[str, str] | None = None,
) -> None:
    """Declare a kind of objects, from the `ready()` of its domain.

    `label` is its French name. `address(key)` is the page of an object, None when it has none; it
    is called for each entry of a page, so it must not query. `titles(subjects)` answers the names
    of several objects at once, in one query; what it leaves out is shown by its key. `fields` names
    in French the fields of before and after. Registering again replaces.
    """
    _registered[kind] = SubjectKind(kind, label, address, titles, fields or {})


def subject_kinds() -> list[SubjectKind]:
    """Every declared kind, by its French name."""
    return sorted(_registered.values(), key=lambda kind: (kind.label, kind.code))


def kind_of(subject: str) -> SubjectKind | None:
    """The declared kind of a subject; None when nobody declared it, or when it is not one."""
    return _registered.get(subject.partition(":")[0]) if _SUBJECT.fullmatch(subject) else None


def titles_of(subjects: Iterable[str]) -> dict[str, str]:
    """The names of these subjects, all of declared kinds, with one query at most for each kind."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for subject in subjects:
        wanted[subject.partition(":")[0]].add(subject)
    found: dict[str, str] = {}
    for code, group in sorted(wanted.items()):
        kind = _registered[code]
        known = kind.titles(group) if kind.titles else {}
        found |= {
            subject: known.get(subject) or f"{kind.label} {subject.partition(':')[2]}"
            for subject in group
        }
    return found


register_subject(
    "journal",
    label="Journal",
    address=lambda key: None,
    titles=lambda subjects: dict.fromkeys(subjects, "Textes du journal"),
    fields={
        NAMES: "Entrées dont l’auteur est effacé",
        CONTENTS: "Entrées dont le contenu est effacé",
    },
)
