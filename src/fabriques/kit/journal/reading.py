"""Entries as people read them: what each field was and became, in French words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from fabriques.kit.dates import in_words, validate_partial_date
from fabriques.kit.journal.models import JournalEntry
from fabriques.kit.journal.subjects import kind_of, titles_of

# What a line can hold before it reads worse than a table.
BRIEF_FIELDS, BRIEF_LENGTH = 5, 160
# Labels that are needed before a name: "rôle transmis – Paul, à Awa".
LINKS = ("à", "de", "avec")


@dataclass(frozen=True)
class Change:
    """One field, before and after; "" for what was or became empty."""

    label: str
    before: str
    after: str
    names: bool = False  # a value is the name of an object: it needs no label to be understood

    @property
    def brief(self) -> str:
        """`Awa Diop`, `du : 3 mars 2026 → 4 mars 2026`; "" when nothing is left to say."""
        if self.before == self.after or not (self.before and self.after):
            value = self.after or self.before
        else:
            value = f"{self.before} → {self.after}"
        if not value or (self.names and self.label.lower() not in LINKS):
            return value
        link = " " if self.names else "\u00a0: "
        return f"{self.label.lower()}{link}{value}"


@dataclass(frozen=True)
class Shown:
    """An entry, ready for a page or a file."""

    number: int
    at: datetime
    subject: str
    kind: str
    title: str
    address: str
    verb: str
    actor: str
    reason: str
    erased: bool = False
    digest: str = ""
    changes: list[Change] = field(default_factory=list)

    @property
    def brief(self) -> str:
        """All the changes in one line, when they are few and short; "" when they need a table."""
        changes = sorted(self.changes, key=lambda change: not change.names)
        parts = [change.brief for change in changes if change.brief]
        line = ", ".join(parts)
        short = len(self.changes) <= BRIEF_FIELDS and len(line) <= BRIEF_LENGTH
        return line if short and "\n" not in line else ""


def shown(entries: Iterable[JournalEntry]) -> list[Shown]:
    """These entries as people read them, with one query at most for each kind of objects named.

    Entries come with their text: `history` and `search` do so.
    """
    entries = list(entries)
    named = {subject for entry in entries for subject in _named(entry)}
    titles = titles_of(named)
    return [_shown(entry, titles) for entry in entries]


def _named(entry: JournalEntry) -> Iterator[str]:
    """The subjects of a declared kind that an entry names."""
    for text in (entry.subject, *_texts(entry.before), *_texts(entry.after)):
        if kind_of(text):
            yield text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _shown(entry: JournalEntry, titles: dict[str, str]) -> Shown:
    kind = kind_of(entry.subject)
    labels = kind.fields if kind else {}
    before, after = entry.before, entry.after
    return Shown(
        number=entry.number,
        at=entry.at,
        subject=entry.subject,
        kind=kind.label if kind else "",
        title=titles.get(entry.subject, entry.subject),
        address=(kind.address(entry.subject.partition(":")[2]) or "") if kind else "",
        verb=entry.verb,
        actor=entry.actor,
        reason=entry.reason,
        erased=entry.text.what_erased,
        digest=entry.digest,
        changes=[
            Change(
                labels.get(name) or name.replace("_", " ").capitalize(),
                readable(before.get(name), titles),
                readable(after.get(name), titles),
                names=str(before.get(name, after.get(name))) in titles,
            )
            for name in entry.changed
        ],
    )


def readable(value: Any, titles: dict[str, str]) -> str:
    """A JSON value in words: one line for each item of a list or of a dict, "" for nothing."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, str):
        return titles.get(value) or _date_in_words(value) or value
    if isinstance(value, dict):
        return "\n".join(f"{name} : {readable(item, titles)}" for name, item in value.items())
    if isinstance(value, list):
        numbers = all(isinstance(item, int) for item in value)
        return (", " if numbers else "\n").join(readable(item, titles) for item in value)
    return str(value).replace(".", ",")


def _date_in_words(value: str) -> str:
    """`2026-11-24` → `24 novembre 2026`; "" when it is not a whole date."""
    if len(value) != 10:
        return ""
    try:
        validate_partial_date(value)
    except ValidationError:
        return ""
    return in_words(value)
