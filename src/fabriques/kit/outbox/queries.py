"""What pages read of the outbox."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Count, Q, QuerySet

from fabriques.kit.outbox.models import Batch, Mail, Notice, State

RECENT = 20


def open_batches() -> Any:
    """The batches that wait to be reread, with `to_review` and `out`: letters in, letters out."""
    return (
        Batch.objects.filter(released_at=None, cancelled_at=None)
        .annotate(
            to_review=Count("mails", filter=Q(mails__state=State.REVIEW)),
            out=Count("mails", filter=Q(mails__state=State.CANCELLED)),
        )
        .order_by("created_at", "pk")
    )


def mails(state: str = "") -> QuerySet[Mail]:
    """Letters, the latest first; of one state, or all but those that are being reread."""
    found = Mail.objects.select_related("batch", "user").order_by("-created_at", "-pk")
    return found.filter(state=state) if state else found.exclude(state=State.REVIEW)


def mails_of_batch(batch: Batch) -> QuerySet[Mail]:
    return batch.mails.select_related("user").order_by("pk")


def counts() -> dict[str, int]:
    """How many letters are in each state."""
    rows = Mail.objects.order_by("state").values_list("state").annotate(Count("pk"))
    return {State(state).value: number for state, number in rows}


def told(user: AbstractBaseUser) -> QuerySet[Notice]:
    """What a person was told lately, the latest first."""
    return (
        Notice.objects.filter(user_id=user.pk, mail__state=State.SENT)
        .select_related("mail")
        .order_by("-settled_at", "-pk")
    )
