"""The letter of the day: what there is to tell a person, said once, in one letter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import groupby

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.safestring import SafeString

from fabriques.kit.concealment import concealed
from fabriques.kit.outbox import tasks
from fabriques.kit.outbox.models import Mail, Notice, Preference, Rhythm
from fabriques.kit.outbox.notifications import (
    Context,
    Notification,
    notification,
    register,
    registered,
)
from fabriques.kit.outbox.recipients import Recipient, whys_not
from fabriques.kit.outbox.rendering import body_of, one_line

MONDAY = 0


@dataclass(frozen=True)
class Item:
    """One notice as a digest says it."""

    category: str
    heading: str
    text: str
    html: SafeString


@register
class Digest(Notification):
    """Several notices in one letter, by category. Its context holds their numbers."""

    key = "digest"
    label = "Lettre du jour"
    category = "Lettre du jour"
    template = "kit/mails/digest"
    can_disable = False

    def subject(self, context: Context) -> str:
        items = [item for _, items in context["categories"] for item in items]
        if len(items) == 1:
            return str(items[0].heading)
        return f"{len(items)} nouvelles de vos fabriques"

    def present(self, context: Context) -> Context:
        """Raises Notice.DoesNotExist when nothing is left to say."""
        items = []
        notices = Notice.objects.filter(pk__in=context["notices"]).select_related("user")
        notices = notices.order_by("created_at", "pk")
        hidden = concealed(notices[0].user).subjects if notices else ()
        for notice in notices:
            if notice.about in hidden:
                continue
            try:
                kind = notification(notice.kind)
                items.append(_item(kind, kind.present(notice.context)))
            except (KeyError, ObjectDoesNotExist):
                continue  # nobody needs to hear of what is gone
        if not items:
            raise Notice.DoesNotExist
        return _by_category(items)

    def example(self) -> Context:
        kinds = [k for k in registered() if not k.transactional and k.key != self.key]
        return _by_category(_item(kind, kind.example()) for kind in kinds)


def _item(kind: Notification, presented: Context) -> Item:
    body = body_of(kind, presented)
    return Item(kind.category, one_line(kind.subject(presented)), body.text, body.html)


def _by_category(items: Iterable[Item]) -> Context:
    def category(item: Item) -> str:
        return item.category

    groups = groupby(sorted(items, key=category), key=category)
    return {"categories": [(name, list(group)) for name, group in groups]}


@dataclass(frozen=True)
class Moment:
    """What is due at a moment: notices composed before the last morning, or the last Monday."""

    daily: datetime
    weekly: datetime

    @classmethod
    def of(cls, now: datetime) -> Moment:
        zone = timezone.get_default_timezone()
        hour = time(settings.MAIL_DIGEST_HOUR)
        today = timezone.localdate(now, zone)
        daily = datetime.combine(today, hour, zone)
        if now < daily:
            daily = datetime.combine(today - timedelta(days=1), hour, zone)
        monday = daily.date() - timedelta(days=(daily.weekday() - MONDAY) % 7)
        return cls(daily, datetime.combine(monday, hour, zone))

    @property
    def day(self) -> date:
        return self.daily.date()

    def is_due(self, notice: Notice, rhythm: str) -> bool:
        """Whoever reads us once a week is told at once of what would be over by then."""
        next_week = self.weekly.date() + timedelta(days=7)
        soon = notice.dated is not None and notice.dated < next_week
        return rhythm != Rhythm.WEEKLY or notice.created_at < self.weekly or soon


def compose_digests(now: datetime) -> None:
    """One letter for each person who is to be told something this morning, or this Monday.

    Any number of times and at once: a person has one digest a day, and a notice one letter.
    """
    moment = Moment.of(now)
    waiting = Notice.objects.pending().filter(user=OuterRef("pk"), created_at__lt=moment.daily)
    told = Mail.objects.filter(user=OuterRef("pk"), digest_on=moment.day)
    people = get_user_model()._default_manager.filter(Exists(waiting), ~Exists(told))
    for user in people.order_by("pk").iterator():
        try:
            _compose(user, moment, now)
        except IntegrityError:
            continue  # somebody else has just composed it


@transaction.atomic
def _compose(user: AbstractBaseUser, moment: Moment, now: datetime) -> None:
    preference = Preference.objects.filter(user_id=user.pk).first() or Preference()
    pending = Notice.objects.pending().filter(user_id=user.pk, created_at__lt=moment.daily)
    due = [n for n in pending.order_by("pk") if moment.is_due(n, preference.rhythm)]
    said = {key: _is_wanted(key, user) for key in {notice.kind for notice in due}}
    left = [notice for notice in due if said[notice.kind] and _has_point(notice, user)]
    if left:
        mail = Mail.objects.create(
            kind=Digest.key,
            user_id=user.pk,
            address=Recipient.of(user).address,
            digest_on=moment.day,
            context={"notices": [notice.pk for notice in left]},
            due_at=now,
        )
        _settle(left, now, mail)
        transaction.on_commit(partial(tasks.deliver.enqueue, mail.pk))
    _settle([notice for notice in due if notice not in left], now, None)


def _is_wanted(key: str, user: AbstractBaseUser) -> bool:
    try:
        return not whys_not(notification(key), [Recipient.of(user)])[0]
    except KeyError:
        return False


def _has_point(notice: Notice, user: AbstractBaseUser) -> bool:
    if notice.about in concealed(user).subjects:
        return False
    try:
        return notification(notice.kind).applicable(user, notice.context)
    except ObjectDoesNotExist:
        return False


def _settle(notices: list[Notice], now: datetime, mail: Mail | None) -> None:
    pks = [notice.pk for notice in notices]
    Notice.objects.pending().filter(pk__in=pks).update(settled_at=now, mail=mail)
