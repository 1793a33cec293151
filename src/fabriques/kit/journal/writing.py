"""The two ways to write in the journal: one entry, or the erasure of a person."""

import re
from math import isfinite
from secrets import token_hex
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from fabriques.kit.journal.actor import ERASED, PERSON, SYSTEM, Actor
from fabriques.kit.journal.chain import canonical
from fabriques.kit.journal.models import SUBJECT_LENGTH, JournalEntry, JournalHead, JournalText

# The subject and the fields of the entries that say which texts were erased.
ERASURES = "journal:effacements"
NAMES, CONTENTS = "noms", "contenus"
# NUL, which PostgreSQL refuses, and half characters, which UTF-8 has not.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def record(
    *,
    subject: str,
    verb: str,
    actor: str | Actor,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> JournalEntry:
    """Write one entry about `subject`, e.g. `fabrique:fabp-01`, and chain it to the one before.

    A text as `actor` is a standing: it names nobody. `before` and `after` hold only what differs,
    as JSON values; they name a person by `personne:<ref>`, except in the entries about that person,
    which are erased with the account. A change that changes nothing must not be recorded.

    Call it last in a verb, once its own rows are locked and changed: the head of the chain stays
    locked until the transaction ends, so writers wait for each other from here on, and one that
    locked other rows afterwards could wait for somebody who waits for it.

    Raises TypeError for what JSON cannot hold, ValueError for a text that databases cannot hold.
    """
    actor = actor if isinstance(actor, Actor) else Actor(actor)
    before, after = before or {}, after or {}
    _check_label("subject", subject, longest=SUBJECT_LENGTH)
    _check_label("verb", verb)
    _check_label("standing", actor.standing)
    _check_values("name", actor.name)
    _check_values("reason", reason)
    _check_values("before", before)
    _check_values("after", after)
    text = JournalText(
        name=actor.name,
        ref=actor.ref,
        who_salt=token_hex(16),
        before=canonical(before),
        after=canonical(after),
        reason=reason,
        what_salt=token_hex(16),
    )
    with transaction.atomic(savepoint=False):
        head = _locked_head()
        entry = JournalEntry(
            number=head.number + 1,
            subject=subject,
            verb=verb,
            standing=actor.standing,
            at=timezone.now(),
            who=text.who(),
            what=text.what(),
            previous=head.digest,
        )
        entry.digest = entry.computed_digest()
        entry.save(force_insert=True)
        text.entry = entry
        text.save(force_insert=True)
        head.number, head.digest = entry.number, entry.digest
        head.save(update_fields=["number", "digest"])
    return entry


def erase_person(*, ref: str, actor: str | Actor = SYSTEM, reason: str = "") -> JournalEntry | None:
    """Blank what the journal says of a person: their name where they acted, what was about them.

    What they changed elsewhere stays readable, under their standing. The erasure is an entry that
    lists the numbers whose texts are now blank, so that a verification tells erased from destroyed;
    None when there was nothing to erase. Whoever was acting meanwhile may be named again by what
    they were doing: erase again later. Like `record`, it comes after the locks of its caller.
    """
    if not ref:
        raise ValueError("The reference of a person is needed.")
    if isinstance(actor, Actor) and actor.ref == ref:
        actor = actor.standing  # they erase their own account: the entry must not name them again
    with transaction.atomic(savepoint=False):
        _locked_head()  # nobody writes about them between the list and the erasure
        names, contents = _texts_of(ref)
        after = {
            NAMES: list(names.values_list("pk", flat=True)),
            CONTENTS: list(contents.values_list("pk", flat=True)),
        }
        if not any(after.values()):
            return None
        texts = JournalText._base_manager.filter(pk__in=after[CONTENTS])
        texts.update(before="", after="", reason="", what_salt="")
        names.update(name="", ref="", who_salt="")
        return record(
            subject=ERASURES,
            verb="textes effacés avec un compte",
            actor=actor,
            after=after,
            reason=reason,
        )


def names_person(ref: str) -> bool:
    """Whether the journal says something of this person that an erasure would blank."""
    return any(texts.exists() for texts in _texts_of(ref))


def _texts_of(ref: str) -> tuple[models.QuerySet[JournalText], models.QuerySet[JournalText]]:
    """Where this person acts, and what is about them."""
    # The manager refuses every update: `erase_person` is the only place that makes one.
    texts = JournalText._base_manager.order_by("pk")
    about = texts.filter(entry__subject=f"{PERSON}:{ref}").exclude(what_salt="")
    return texts.filter(ref=ref), about.exclude(entry__verb=ERASED)


def _locked_head() -> JournalHead:
    head, _ = JournalHead.objects.select_for_update(no_key=True).get_or_create(pk=1)
    return head


def _check_label(name: str, value: str, longest: int | None = None) -> None:
    """Raise for an empty label, or one that its column cannot hold."""
    if not value:
        raise ValueError(f"The journal needs a {name}.")
    if longest and len(value) > longest:
        raise ValueError(f"{name} is longer than {longest} characters: {value!r}")
    _check_values(name, value)


def _check_values(name: str, value: object) -> None:
    """Raise unless `value` is made of JSON values that both databases keep as they are."""
    if isinstance(value, str):
        if _UNSTORABLE.search(value):
            raise ValueError(f"{name} holds a character that databases cannot store: {value!r}")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{name} has the key {key!r}: the keys of JSON are texts.")
            _check_values(name, key)
            _check_values(f"{name}[{key!r}]", item)
    elif isinstance(value, list | tuple):
        for position, item in enumerate(value):
            _check_values(f"{name}[{position}]", item)
    elif isinstance(value, float):
        if not isfinite(value):
            raise TypeError(f"{name} is {value}: JSON has no such number.")
    elif not (value is None or isinstance(value, int)):
        raise TypeError(
            f"{name} is {value!r}: the journal keeps JSON values only "
            "(texts, numbers, booleans, None, lists and dicts of these)."
        )
