"""Verification of the journal: every link of the chain, every text, every erasure.

A chain proves that its past has not been touched to whoever keeps one of its digests elsewhere:
somebody who can write in the database could rebuild the whole chain, but not back to a digest that
was noted before.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Subquery, Value
from django.db.models.functions import Coalesce

from fabriques.kit.journal.actor import PERSON
from fabriques.kit.journal.chain import GENESIS
from fabriques.kit.journal.models import JournalEntry, JournalHead
from fabriques.kit.journal.writing import CONTENTS, ERASURES, NAMES

_BATCH = 1000

# Numbers of the entries whose names and contents an entry of the journal says erased.
Erased = dict[str, set[int]]


@dataclass(frozen=True)
class Point:
    """A place in the chain: the number of an entry and its digest."""

    number: int = 0
    digest: str = GENESIS


class BrokenError(Exception):
    """The journal was tampered with; the message names the first entry that does not hold."""


def head() -> Point:
    """The end of the chain; to be kept elsewhere."""
    found = JournalHead.objects.filter(pk=1).first()
    return Point(found.number, found.digest) if found else Point()


def verify(since: Point | None = None) -> Point:
    """Walk the whole journal; return its head, or raise `BrokenError`.

    `since` is a head noted earlier: the journal must still pass through it. Memory holds one number
    for each erased text and nothing else that grows. Others may write meanwhile: what they add is
    left for the next time.
    """
    end = head()
    erased = _erased()
    last = Point()
    for entry in _entries(end):
        _check_link(entry, last)
        problem = _text_problem(entry, erased)
        if problem:  # unless somebody was erased since the walk began
            for part, numbers in _erased(end.number).items():
                erased[part] |= numbers
            problem = _text_problem(entry, erased)
        if problem:
            raise BrokenError(f"L’entrée {entry.number} ne tient pas : {problem}")
        last = Point(entry.number, entry.digest)
        if since and since.number == last.number and since.digest != last.digest:
            raise BrokenError(
                f"L’entrée {last.number} n’a plus l’empreinte notée : le journal a été réécrit."
            )
    if last.number < end.number:
        raise BrokenError(
            f"L’entrée {last.number + 1} manque : le journal allait jusqu’à l’entrée {end.number}."
        )
    if last != end:
        raise BrokenError(
            f"L’entrée {last.number} n’a pas l’empreinte retenue comme dernière du journal."
        )
    if since and since.number > end.number:
        raise BrokenError(
            f"L’entrée {end.number + 1} manque : l’entrée {since.number} avait été notée, "
            f"le journal s’arrête à l’entrée {end.number}."
        )
    _check_nothing_beyond_head()
    return end


def _entries(end: Point) -> Iterator[JournalEntry]:
    found = JournalEntry.objects.filter(number__lte=end.number).order_by("number")
    return found.select_related("text").iterator(chunk_size=_BATCH)


def _erased(after: int = 0) -> Erased:
    """What the erasures after this number list. Each is itself verified as any entry."""
    erased: Erased = {NAMES: set(), CONTENTS: set()}
    found = JournalEntry.objects.filter(subject=ERASURES, number__gt=after).order_by("number")
    for entry in found.filter(text__isnull=False).select_related("text").iterator(_BATCH):
        for part, numbers in erased.items():
            listed = entry.after.get(part, [])
            # An erasure speaks only of what was written before it.
            numbers.update(n for n in listed if isinstance(n, int) and n < entry.number)
    return erased


def _check_link(entry: JournalEntry, last: Point) -> None:
    if entry.number != last.number + 1:
        after = f"après l’entrée {last.number}" if last.number else "en tête"
        raise BrokenError(f"L’entrée {last.number + 1} manque : {after} vient la {entry.number}.")
    if entry.previous != last.digest:
        raise BrokenError(
            f"L’entrée {entry.number} ne tient pas : elle ne suit pas celle qui la précède."
        )
    if entry.digest != entry.computed_digest():
        raise BrokenError(
            f"L’entrée {entry.number} ne tient pas : son objet, son changement, sa date, "
            "la qualité de son auteur ou ses empreintes ont été modifiés."
        )


def _text_problem(entry: JournalEntry, erased: Erased) -> str:
    """What is wrong with the text of an entry whose link holds; "" when nothing is.

    A part that is blank must be listed by an erasure; one that is listed must be blank; any other
    must have its digest. Contents are erased only where the entry is about a person.
    """
    text = getattr(entry, "text", None)
    if text is None:
        return "son texte a été supprimé."
    about_person = entry.subject.startswith(f"{PERSON}:")
    for part, blank, intact, listed in (
        ("le nom de son auteur", text.who_erased, text.who() == entry.who, NAMES),
        ("son contenu", text.what_erased, text.what() == entry.what, CONTENTS),
    ):
        said = entry.number in erased[listed] and (listed == NAMES or about_person)
        if blank and not said:
            return f"{part} a été vidé, et aucun effacement inscrit au journal ne le dit."
        if not blank and not intact:
            return f"{part} a été modifié."
        if not blank and said:
            return f"{part} avait été effacé, et il est revenu."
    return ""


def _check_nothing_beyond_head() -> None:
    """In one statement, so that entries and head are seen as of one moment."""
    ends = JournalHead.objects.filter(pk=1).values("number")
    beyond = JournalEntry.objects.filter(number__gt=Coalesce(Subquery(ends), Value(0)))
    if entry := beyond.order_by("number").first():
        raise BrokenError(
            f"L’entrée {entry.number} est de trop : le site ne l’a pas écrite, son journal finit "
            "avant elle."
        )
