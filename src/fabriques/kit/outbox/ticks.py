"""Periodic jobs of the outbox."""

from datetime import datetime, timedelta

from fabriques.kit.outbox import delivery, digests, tasks
from fabriques.kit.tick import periodic


@periodic(every=timedelta(minutes=5))
def compose_digests(now: datetime) -> None:
    """The letters of the morning; nothing the rest of the day."""
    digests.compose_digests(now)


@periodic(every=timedelta(minutes=1))
def retry_due(now: datetime) -> None:
    """Try again the letters whose time has come, and those that a lost task has forgotten."""
    delivery.give_up(now)
    if delivery.due(now):
        tasks.deliver_due.enqueue()
