"""What pages read of the outbox."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Count, Q, QuerySet, TextField
from django.db.models.functions import Cast

from fabriques.kit.concealment import Concealed, concealed, follow
from fabriques.kit.outbox.models import Batch, Mail, Notice, State

RECENT = 20


def _telling(hidden: Concealed) -> QuerySet[Mail]:
    """Letters whose context names one of these subjects, under `about` or anywhere else, and all
    that an act holds whose history is concealed."""
    said = Mail.objects.annotate(said=Cast("context", TextField())).order_by()
    naming = (Q(said__contains=f'"{subject}"') for subject in sorted(hidden.subjects))
    held = Q(batch__held_by__in=sorted(hidden.subjects | hidden.histories))
    return said.filter(reduce(or_, naming, held))


def seen_batches(reader: Any) -> QuerySet[Batch]:
    """Every batch, less those with a letter that tells something concealed from this person:
    somebody else rereads them, and lets them leave."""
    hidden = concealed(reader)
    if not hidden:
        return Batch.objects.all()
    barred = _telling(hidden).exclude(batch=None).values("batch")
    return Batch.objects.exclude(pk__in=barred)


def seen_mails(reader: Any) -> QuerySet[Mail]:
    """Every letter, less those that tell something concealed from this person, all of their batch,
    and the digests that speak of it."""
    hidden = concealed(reader)
    if not hidden:
        return Mail.objects.all()
    barred = _telling(hidden)
    told = Notice.objects.filter(about__in=sorted(hidden.subjects | hidden.histories))
    return (
        Mail.objects.exclude(pk__in=barred.values("pk"))
        .exclude(batch__in=barred.exclude(batch=None).values("batch"))
        .exclude(pk__in=told.exclude(mail=None).order_by().values("mail"))
    )


def _carriers(hidden: Concealed) -> frozenset[str]:
    """The journal's names of the letters that tell of it, and of their batches."""
    rows = list(_telling(hidden).values_list("pk", "batch"))
    letters = {f"lettre:{pk}" for pk, _ in rows}
    return frozenset(letters | {f"envoi:{batch}" for _, batch in rows if batch})


follow(_carriers)


def open_batches(reader: Any) -> Any:
    """The batches that wait to be reread, with `to_review` and `out`: letters in, letters out."""
    return (
        seen_batches(reader)
        .filter(released_at=None, cancelled_at=None)
        .annotate(
            to_review=Count("mails", filter=Q(mails__state=State.REVIEW)),
            out=Count("mails", filter=Q(mails__state=State.CANCELLED)),
        )
        .order_by("created_at", "pk")
    )


def mails(reader: Any, state: str = "") -> QuerySet[Mail]:
    """Letters, the latest first; of one state, or all but those that are being reread."""
    found = seen_mails(reader).select_related("batch", "user").order_by("-created_at", "-pk")
    return found.filter(state=state) if state else found.exclude(state=State.REVIEW)


def mails_of_batch(batch: Batch) -> QuerySet[Mail]:
    return batch.mails.select_related("user").order_by("pk")


def counts(reader: Any) -> dict[str, int]:
    """How many letters are in each state."""
    rows = seen_mails(reader).order_by("state").values_list("state").annotate(Count("pk"))
    return {State(state).value: number for state, number in rows}


def told(user: AbstractBaseUser) -> QuerySet[Notice]:
    """What a person was told lately, the latest first."""
    return (
        Notice.objects.filter(user_id=user.pk, mail__state=State.SENT)
        .exclude(about__in=sorted(concealed(user).subjects))
        .select_related("mail")
        .order_by("-settled_at", "-pk")
    )
