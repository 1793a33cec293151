"""The journal: what changed, when, by whom and why. Append-only.

A verb of a domain calls `record` in the transaction of its change. The actor is a label, never a
foreign key: an entry outlives the account it speaks of.
"""

from typing import Any

from django.db import models
from django.utils import timezone

from fabriques.kit.models import JournalEntry


def record(
    *,
    subject: str,
    verb: str,
    actor: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> JournalEntry:
    """Write one entry about `subject`, e.g. `fabrique:fabp-01`.

    `before` and `after` hold only what differs, as JSON values; a change that changes nothing must
    not be recorded by the caller.
    """
    return JournalEntry.objects.create(
        subject=subject,
        verb=verb,
        actor=actor,
        before=before or {},
        after=after or {},
        reason=reason,
        at=timezone.now(),
    )


def history(subject: str) -> models.QuerySet[JournalEntry]:
    """Entries about `subject`, the latest first."""
    return JournalEntry.objects.filter(subject=subject).order_by("-at", "-pk")
