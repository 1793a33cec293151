"""What is read in the journal: the history of an object, a search through all of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from fabriques.kit.concealment import concealed
from fabriques.kit.journal.actor import PERSON
from fabriques.kit.journal.models import JournalEntry
from fabriques.kit.search.text import normalise


@dataclass(frozen=True)
class Search:
    """Conditions on entries; an empty one asks for nothing.

    `kind` is the exact kind of the subject and `subject` a part of it; `person` words of a name or
    of a standing, or the reference of a person, who then acts or is spoken of; `verb` words of the
    change. Words match anywhere, whatever their accents. `since` and `until` are days, both
    included, in local time.
    """

    kind: str = ""
    subject: str = ""
    person: str = ""
    verb: str = ""
    since: date | None = None
    until: date | None = None


def history(subject: str) -> QuerySet[JournalEntry]:
    """Entries about `subject`, the latest first, with their texts."""
    found = JournalEntry.objects.filter(subject=subject).select_related("text")
    return found.order_by("-at", "-number")


def seen_by(entries: QuerySet[JournalEntry], reader: Any) -> QuerySet[JournalEntry]:
    """These entries, less those that `kit.concealment` hides from this person: about what is
    concealed, or naming it in their values. To be asked before slicing and counting."""
    hidden = concealed(reader)
    if not hidden:
        return entries
    about = Q(subject__in=sorted(hidden.subjects | hidden.histories))
    for subject in sorted(hidden.subjects):  # values are canonical JSON: a subject stands in quotes
        quoted = f'"{subject}"'
        about |= Q(text__before__contains=quoted) | Q(text__after__contains=quoted)
    return entries.exclude(about)


def visible(entries: Iterable[JournalEntry], reader: Any) -> list[JournalEntry]:
    """The same as `seen_by` for entries already read, in memory."""
    hidden = concealed(reader)
    if not hidden:
        return list(entries)
    barred = hidden.subjects | hidden.histories
    quoted = [f'"{subject}"' for subject in hidden.subjects]
    return [
        entry
        for entry in entries
        if entry.subject not in barred
        and not any(q in entry.text.before or q in entry.text.after for q in quoted)
    ]


def search(asked: Search) -> QuerySet[JournalEntry]:
    """Entries that meet every condition, the latest first, with their texts."""
    found = JournalEntry.objects.select_related("text").order_by("-number")
    if asked.kind:
        found = found.filter(subject__startswith=f"{asked.kind}:")
    if asked.subject:
        found = found.filter(subject__icontains=asked.subject)
    if asked.person:
        found = found.filter(_by(asked.person))
    if asked.verb:
        verbs = JournalEntry.objects.order_by().values_list("verb", flat=True).distinct()
        found = found.filter(verb__in=[verb for verb in verbs if _matches(verb, asked.verb)])
    if asked.since:
        found = found.filter(at__gte=_midnight(asked.since))
    if asked.until:
        found = found.filter(at__lt=_midnight(asked.until + timedelta(days=1)))
    return found


def _by(person: str) -> Q:
    """Databases fold letters each in its way: names and standings, few, are compared here."""
    known = JournalEntry.objects.order_by().values_list("standing", "text__name").distinct()
    standings = {standing for standing, _ in known if _matches(standing, person)}
    names = {name for _, name in known if name and _matches(name, person)}
    return (
        Q(standing__in=sorted(standings))
        | Q(text__name__in=sorted(names))
        | Q(text__ref=person)
        | Q(subject=f"{PERSON}:{person}")
    )


def _matches(text: str, words: str) -> bool:
    wanted, text = normalise(words).split(), normalise(text)
    return bool(wanted) and all(word in text for word in wanted)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
