"""What time erases: accounts that nobody confirmed or uses, ended sessions, old letters.

An unused account is warned of twice, a month apart, then anonymised. Each run takes at most one
step for an account, and a month counts from the day of the warning itself: nobody is erased without
both warnings and the time to answer them, even when the periodic job was down for long.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from enum import Enum
from itertools import chain

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, ProtectedError, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from fabriques.kit import journal, outbox
from fabriques.kit.journal import SYSTEM
from fabriques.kit.outbox.models import Mail, State
from fabriques.people.models import User
from fabriques.people.personal.erasure import ERASED_DOMAIN, erase, refusal
from fabriques.people.personal.letters import AccountUnused

UNCONFIRMED = timedelta(days=2)
UNUSED = timedelta(days=1096)  # three years
NOTICE = timedelta(days=30)  # from one warning to the next, and from the last one to the erasure
TASKS = timedelta(days=14)

AFTERMATH = timedelta(days=7)

Forget = Callable[[datetime, bool], list[str]]
Expect = Callable[[], set[int]]

_registered: list[Forget] = []
_expected: list[Expect] = []


def register_retention(forget: Forget) -> None:
    """`forget(now, dry_run)` erases what is too old and says what it did, one sentence a line.

    With `dry_run` it changes nothing and says what it would do. Its sentences name nobody.
    """
    _registered.append(forget)


def register_expected(accounts: Expect) -> None:
    """`accounts()` gives the numbers (`pk`) of the accounts whose owner is awaited.

    They are kept though nobody has confirmed them yet, as long as an account that nobody uses.
    """
    _expected.append(accounts)


def apply_retention(now: datetime, *, dry_run: bool = False) -> list[str]:
    """Run all that is registered; give its sentences, in French, about what was found to erase."""
    return [line for forget in _registered for line in forget(now, dry_run)]


class Step(Enum):
    FIRST_WARNING = "Comptes inutilisés, prévenus une première fois"
    SECOND_WARNING = "Comptes inutilisés, prévenus une seconde fois"
    ERASURE = "Comptes inutilisés, anonymisés"


def last_use(user: User) -> date:
    return user.seen_on or timezone.localdate(user.confirmed_at or user.created_at)


def erased_on(user: User) -> date:
    """The day when this account is anonymised if nobody comes back."""
    return last_use(user) + UNUSED


def next_step(user: User, now: datetime) -> Step | None:
    """What is due now for this account; None when nothing is."""
    last = last_use(user)
    unused = timezone.localdate(now) - last
    if unused < UNUSED - 2 * NOTICE:
        return None
    # A warning that came before the last visit was answered by that visit.
    if user.warned_at is None or timezone.localdate(user.warned_at) <= last:
        return Step.FIRST_WARNING
    if now - user.warned_at < NOTICE:
        return None
    if user.warnings < 2:
        return Step.SECOND_WARNING
    return Step.ERASURE if unused >= UNUSED else None


def unconfirmed_accounts(now: datetime, dry_run: bool) -> list[str]:
    """Accounts whose address was never proved: deleted, or emptied when something holds them."""
    expected = {number for accounts in _expected for number in accounts()}
    due = User.objects.filter(
        confirmed_at=None, erased_at=None, created_at__lte=now - UNCONFIRMED
    ).order_by("pk")
    done, refused = 0, []
    for user in due:
        if user.pk in expected:
            continue
        if why := refusal(user):
            refused.append(_refused(user, why))
            continue
        if not dry_run:
            _delete(user)
        done += 1
    return [*_counted("Comptes jamais confirmés, supprimés", done), *refused]


@transaction.atomic
def _delete(user: User) -> None:
    erase(user=user, actor=SYSTEM, reason="adresse jamais confirmée")
    with suppress(ProtectedError), transaction.atomic():
        user.delete()


def unused_accounts(now: datetime, dry_run: bool) -> list[str]:
    """Warn of, then anonymise, the accounts that nobody uses."""
    limit = now - (UNUSED - 2 * NOTICE)
    due = (
        User.objects.alias(known=Coalesce("confirmed_at", "created_at"))
        .filter(Q(seen_on__lte=timezone.localdate(limit)) | Q(seen_on=None, known__lte=limit))
        .filter(erased_at=None)
        .order_by("pk")
    )
    done: Counter[Step] = Counter()
    refused = []
    for user in due:
        step = _due(user, now)
        if step is Step.ERASURE and (why := refusal(user)):
            refused.append(_refused(user, why))
        elif step:
            done[step] += 1 if dry_run else _take(step, user, now)
    return [*chain.from_iterable(_counted(step.value, done[step]) for step in Step), *refused]


def _due(user: User, now: datetime) -> Step | None:
    """`next_step`, less what the last warning became: on its way it holds, failed it is redone."""
    step = next_step(user, now)
    if step is None or step is Step.FIRST_WARNING:
        return step
    letter = Mail.objects.filter(user=user, kind=AccountUnused.key).order_by("-pk").first()
    if letter is None:  # nothing could be written to this address
        return step
    if letter.state == State.WAITING or (letter.sent_at and now - letter.sent_at < NOTICE):
        return None
    if letter.state == State.FAILED:
        return Step.FIRST_WARNING if user.warnings < 2 else Step.SECOND_WARNING
    return step


@transaction.atomic
def _take(step: Step, user: User, now: datetime) -> bool:
    """Take the step, unless the person came back since the list was made."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if _due(user, now) is not step:
        return False
    if step is Step.ERASURE:
        erase(user=user, actor=SYSTEM, reason="compte inutilisé depuis trois ans")
        return True
    user.warnings = 1 if step is Step.FIRST_WARNING else 2
    user.warned_at = now
    user.save(update_fields=["warnings", "warned_at"])
    until = max(erased_on(user), timezone.localdate(now) + NOTICE * (3 - user.warnings))
    outbox.notify(
        AccountUnused,
        to=user,
        about=user.subject,
        context={"last": last_use(user).isoformat(), "until": until.isoformat()},
        dated=timezone.localdate(),
    )
    journal.record(
        subject=user.subject,
        verb="prévenu avant effacement",
        actor=SYSTEM,
        after={"avertissements": user.warnings},
    )
    return True


def erased_accounts(now: datetime, dry_run: bool) -> list[str]:
    """What was under way while an account was erased may have named the person once more."""
    lately = User.objects.filter(
        erased_at__gt=now - AFTERMATH, email__endswith=f"@{ERASED_DOMAIN}"
    ).order_by("pk")
    named = [user for user in lately if journal.names_person(str(user.ref))]
    for user in named if not dry_run else ():
        erase(user=user, actor=SYSTEM, reason="suite de l’effacement")
    return _counted("Comptes effacés, encore nommés au journal, effacés à nouveau", len(named))


def ended_sessions(now: datetime, dry_run: bool) -> list[str]:
    """Sessions that ended, and the addresses and browsers noted beside them."""
    ended = Session.objects.filter(expire_date__lt=now)
    living = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gte=now)
    details = UserSession.objects.filter(~Exists(living))
    lines = [
        *_counted("Sessions terminées, effacées", ended.count()),
        *_counted("Détails de connexions terminées, effacés", details.count()),
    ]
    if not dry_run:
        details.delete()
        ended.delete()
    return lines


def old_letters(now: datetime, dry_run: bool) -> list[str]:
    number = outbox.forget_old(now, dry_run=dry_run)
    return _counted("Lettres anciennes, vidées", number)


def finished_tasks(now: datetime, dry_run: bool) -> list[str]:
    """Results of background tasks: their arguments may name a person."""
    old = DBTaskResult.objects.finished().filter(finished_at__lte=now - TASKS)
    lines = _counted("Tâches terminées, effacées", old.count())
    if not dry_run:
        old.delete()
    return lines


def _counted(label: str, number: int) -> list[str]:
    return [f"{label} : {number}"] if number else []


def _refused(user: User, why: str) -> str:
    return f"Compte {user.ref} gardé. {why}"
