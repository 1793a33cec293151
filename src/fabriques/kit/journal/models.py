"""The tables of the journal: the chain, the texts that can be erased, the head.

An entry holds, for ever, what names nobody: its number, what it is about, the change, when, and the
standing of who made it. Its digest covers all this, the digest of the entry before it and the two
digests of its text: `who` (name and reference of the person) and `what` (before, after, reason).

The text itself stays outside the chain, in `JournalText`, so that it can be erased: an erased part
is blank, salt included. The salt keeps a digest from being guessed back into a name, and is what
tells a part that never held anything from an erased one.
"""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any, NoReturn, TypeVar

from django.db import models

from fabriques.kit.journal.actor import ERASED_NAME, Actor
from fabriques.kit.journal.chain import GENESIS, digest

SUBJECT_LENGTH = 120

Row = TypeVar("Row", bound=models.Model, covariant=True)


class AppendOnlyError(Exception):
    """Something tried to change or delete what is only ever added."""


def _refuse(*args: Any, **kwargs: Any) -> NoReturn:
    raise AppendOnlyError("The journal is only ever added to: no update, no deletion.")


class AppendOnlyQuerySet(models.QuerySet[Row]):
    """Reads, and nothing that changes what is written."""

    update = _refuse
    delete = _refuse
    bulk_create = _refuse  # entries are chained one by one


class AppendOnly(models.Model):
    """A row that is created once and never saved or deleted again."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            _refuse()
        super().save(*args, **kwargs)

    delete = _refuse


class JournalEntry(AppendOnly):
    """One change of one object: a link of the chain. Never updated, never deleted."""

    number = models.PositiveBigIntegerField("numéro", primary_key=True)
    subject = models.CharField("objet", max_length=SUBJECT_LENGTH)
    verb = models.TextField("changement")
    standing = models.TextField("en qualité de")
    at = models.DateTimeField("le")
    who = models.CharField("empreinte de la personne", max_length=64)
    what = models.CharField("empreinte du contenu", max_length=64)
    previous = models.CharField("empreinte précédente", max_length=64)
    digest = models.CharField("empreinte", max_length=64)

    # Reads `text` as well with `select_related("text")`: `history` and `search` do.
    text: JournalText

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        indexes = [models.Index(fields=["subject", "-at"])]

    def __str__(self) -> str:
        return f"{self.subject} : {self.verb}"

    def computed_digest(self) -> str:
        """What `digest` must be."""
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return digest(
            self.number,
            self.previous,
            self.subject,
            self.verb,
            at,
            self.standing,
            self.who,
            self.what,
        )

    @property
    def actor(self) -> str:
        """Who made the change, as people read it."""
        if self.text.who_erased:
            return f"{ERASED_NAME} ({self.standing})"
        return str(Actor(self.standing, name=self.text.name))

    @property
    def before(self) -> dict[str, Any]:
        return _values(self.text.before)

    @property
    def after(self) -> dict[str, Any]:
        return _values(self.text.after)

    @property
    def reason(self) -> str:
        return self.text.reason

    @property
    def changed(self) -> list[str]:
        """The names of the fields that this entry changed."""
        return sorted({*self.before, *self.after})


def _values(text: str) -> dict[str, Any]:
    """The fields of a canonical text; none once it is erased. A text that was spoilt is shown."""
    try:
        values = json.loads(text or "{}")
    except ValueError:
        values = None
    return values if isinstance(values, dict) else {"texte illisible": text}


class JournalText(AppendOnly):
    """What an entry says of persons, in two parts that are erased apart.

    `before` and `after` are kept as the canonical text that was hashed: a database that stores JSON
    values writes some numbers otherwise.
    """

    entry = models.OneToOneField(
        JournalEntry, models.PROTECT, primary_key=True, related_name="text"
    )
    name = models.TextField("nom", blank=True)
    ref = models.CharField("référence de la personne", max_length=64, blank=True, db_index=True)
    who_salt = models.CharField(max_length=32, blank=True)
    before = models.TextField("avant", blank=True)
    after = models.TextField("après", blank=True)
    reason = models.TextField("pourquoi", blank=True)
    what_salt = models.CharField(max_length=32, blank=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"texte de l’entrée {self.entry_id}"

    def who(self) -> str:
        """The digest of who made the change."""
        return digest(self.who_salt, self.name, self.ref)

    def what(self) -> str:
        """The digest of what changed."""
        return digest(self.what_salt, self.before, self.after, self.reason)

    @property
    def who_erased(self) -> bool:
        return not (self.who_salt or self.name or self.ref)

    @property
    def what_erased(self) -> bool:
        return not (self.what_salt or self.before or self.after or self.reason)


class JournalHead(models.Model):
    """The end of the chain, in one row that writers lock one after the other."""

    number = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, default=GENESIS)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.number} {self.digest}"
