"""Sending, in the background."""

from django.utils import timezone
from django_tasks import task

from fabriques.kit.outbox import delivery


@task()
def deliver(mail_id: int) -> None:
    """Send one letter, unless somebody else has taken it or it is no longer to be sent."""
    delivery.deliver([mail_id])


@task()
def deliver_due() -> None:
    """Send every letter whose time has come."""
    delivery.deliver(delivery.due(timezone.now()))
