"""What the outbox forgets: persons who ask for it, letters that are old."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q, QuerySet

from fabriques.kit.outbox.models import Mail, Notice, Preference, State, Suppression
from fabriques.kit.outbox.recipients import Recipient, digest_of, normalised

KEPT = timedelta(days=90)
_BLANK: dict[str, Any] = {"address": "", "context": {}, "error": "", "user": None}
_ON_THE_WAY = (State.REVIEW, State.WAITING)


@transaction.atomic
def erase_person(user: AbstractBaseUser, *, addresses: Iterable[str] = ()) -> None:
    """Blank every letter to a person, cancel those on their way, forget what they chose.

    `addresses` are those that they have beside that of their account. That an address said stop is
    kept: a digest, which names nobody, by which it is obeyed.
    """
    known = {Recipient.of(user).address, *map(normalised, addresses)}
    mails = Mail.objects.filter(Q(user_id=user.pk) | Q(address__in=known))
    mails.filter(state__in=_ON_THE_WAY).update(state=State.CANCELLED)
    _blank(mails)
    Notice.objects.filter(user_id=user.pk).delete()
    Preference.objects.filter(user_id=user.pk).delete()
    Suppression.objects.filter(
        digest__in=[digest_of(address) for address in known],
        reason=Suppression.Reason.UNDELIVERABLE,
    ).delete()


def forget_old(now: datetime, *, dry_run: bool = False) -> int:
    """Blank the letters older than three months, whose state stays, and drop the notices they said.

    Gives how many letters were blanked; with `dry_run`, how many would be.
    """
    old = Mail.objects.filter(created_at__lt=now - KEPT).exclude(state__in=_ON_THE_WAY)
    old = old.exclude(address="")
    if dry_run:
        return old.count()
    with transaction.atomic():
        Notice.objects.filter(settled_at__lt=now - KEPT).delete()
        return _blank(old)


def _blank(mails: QuerySet[Mail]) -> int:
    """Empty these letters; give their number. What they were about stays, a subject of the journal
    that names nobody: `kit.concealment` hides them by it."""
    kept = defaultdict(list)
    for pk, context in mails.filter(context__has_key="about").values_list("pk", "context"):
        kept[context["about"]].append(pk)
    number = mails.update(**_BLANK)
    for about, pks in kept.items():
        Mail.objects.filter(pk__in=pks).update(context={"about": about})
    return number
