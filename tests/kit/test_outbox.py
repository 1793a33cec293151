"""Saying something to somebody: when, once, to whom, and in which words."""
# ruff: noqa: F401, F811 - fixtures are imported by name

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from fabriques.kit import outbox
from fabriques.kit.outbox import delivery, recipients, stops
from fabriques.kit.outbox.models import Mail, Notice, Preference, Rhythm, State, Suppression
from tests.factories import make_user
from tests.kit.outbox_fixtures import Posting, kinds, posting
from tests.kit.outbox_kinds import Code, News, Offer, OfUser, Rare, Vital, morning, noon, words

pytestmark = pytest.mark.usefixtures("kinds", "db")
STOP = Suppression.Reason.STOP
UNDELIVERABLE = Suppression.Reason.UNDELIVERABLE


def told(**fields: Any) -> Notice | None:
    """Say the news to a new person unless `to` says to whom."""
    kind = fields.pop("kind", News)
    given = {"to": fields.pop("to", None) or make_user(), "about": "fabrique:a", "context": words()}
    return outbox.notify(kind, **given | fields)


def digests(now: Any) -> list[mail.EmailMessage]:
    """The letters of that morning, sent."""
    mail.outbox.clear()
    outbox.compose_digests(now)
    delivery.deliver(delivery.due(now), clock=lambda: now)
    return mail.outbox


# --- When ---------------------------------------------------------------------------------------


def test_what_is_not_dated_waits_for_the_morning(posting: Posting) -> None:
    person = make_user()
    with posting():
        told(to=person)
        told(to=person, context=words("un constat est publié"))
    assert mail.outbox == []
    assert digests(timezone.now()) == []
    (letter,) = digests(morning())
    assert letter.to == [person.email]
    assert letter.subject == "2 nouvelles de vos fabriques"
    assert "LES ESSAIS" in letter.body
    assert letter.body.index("un atelier est ouvert") < letter.body.index("un constat est publié")


def test_one_notice_gives_its_subject_to_the_letter(posting: Posting) -> None:
    told()
    (letter,) = digests(morning())
    assert letter.subject == "Du nouveau : un atelier est ouvert"
    assert "LES ESSAIS" not in letter.body


def test_what_is_dated_today_leaves_at_once_and_is_not_said_again(posting: Posting) -> None:
    person = make_user()
    with posting():
        told(to=person, dated=timezone.localdate())
        told(to=person, about="fabrique:b", dated=timezone.localdate() + timedelta(days=9))
    (letter,) = mail.outbox
    assert letter.subject == "Du nouveau : un atelier est ouvert"
    assert len(digests(morning())) == 1
    assert digests(morning(2)) == []


def test_a_digest_is_one_letter_a_day_whatever_is_said_afterwards(posting: Posting) -> None:
    person = make_user()
    told(to=person)
    assert len(digests(morning())) == 1
    Notice.objects.create(user=person, kind=News.key, about="a", context=words())
    assert digests(morning(hour=9)) == []
    assert digests(morning(hour=23)) == []
    assert len(digests(morning(2))) == 1


def test_a_digest_missed_in_the_morning_leaves_later(posting: Posting) -> None:
    told()
    Notice.objects.update(created_at=noon())
    assert digests(morning(hour=6)) == []
    assert len(digests(morning(hour=17))) == 1


def test_a_digest_that_does_not_leave_is_tried_again_and_says_each_thing_once(
    posting: Posting, settings: Any
) -> None:
    person = make_user()
    told(to=person)
    works = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody answers there
    assert digests(morning()) == []
    settings.EMAIL_BACKEND = works
    assert len(digests(morning(hour=9))) == 1
    assert digests(morning(2)) == []
    assert Mail.objects.get(user=person).attempts == 2


# --- Once ---------------------------------------------------------------------------------------


def test_the_same_about_the_same_is_not_said_again_within_the_window(posting: Posting) -> None:
    person = make_user()
    told(kind=Rare, to=person)
    assert len(digests(morning())) == 1
    assert told(kind=Rare, to=person) is None
    assert told(kind=Rare, to=person, about="fabrique:b") is not None
    assert told(kind=Rare) is not None  # to somebody else
    Notice.objects.filter(user=person).update(created_at=timezone.now() - timedelta(days=4))
    assert told(kind=Rare, to=person) is not None


def test_what_still_waits_is_brought_up_to_date(posting: Posting) -> None:
    person = make_user()
    told(kind=Rare, to=person, context=words("mardi"))
    told(kind=Rare, to=person, context=words("mercredi"))
    (letter,) = digests(morning())
    assert "mercredi" in letter.body
    assert "mardi" not in letter.body


def test_what_waits_leaves_at_once_when_its_day_has_come(posting: Posting) -> None:
    person = make_user()
    told(kind=Rare, to=person)
    with posting():
        told(kind=Rare, to=person, dated=timezone.localdate())
    assert len(mail.outbox) == 1
    assert digests(morning()) == []


# --- To whom ------------------------------------------------------------------------------------


def test_nobody_is_written_to_before_they_accept(posting: Posting) -> None:
    newcomer = make_user(confirmed_at=None)
    with posting():
        told(to=newcomer)
        told(to=newcomer, dated=timezone.localdate())
    assert mail.outbox == []
    assert digests(morning()) == []
    with posting():
        outbox.send(Offer, address=newcomer.email, context=words())
    assert len(mail.outbox) == 1


def test_without_any_policy_nobody_is_written_to(
    posting: Posting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "_policies", [])
    told()
    assert digests(morning()) == []


def test_an_account_closed_meanwhile_receives_nothing(posting: Posting) -> None:
    person = make_user()
    told(to=person)
    person.is_active = False
    person.save()
    assert digests(morning()) == []


@pytest.mark.parametrize("reason", [STOP, UNDELIVERABLE])
def test_an_invitation_does_not_go_where_it_must_not(
    posting: Posting, reason: Suppression.Reason
) -> None:
    recipients.suppress(recipients.digest_of("maire@brest.test"), reason)
    with posting():
        letter = outbox.send(Offer, address=" Maire@Brest.test ", context=words())
    assert mail.outbox == []
    assert letter.state == State.CANCELLED
    assert letter.error == outbox.why_not(Offer, "maire@brest.test") == reason.label
    assert letter.context == {}


@pytest.mark.parametrize("reason", [STOP, UNDELIVERABLE])
def test_a_code_goes_to_whoever_asks(posting: Posting, reason: Suppression.Reason) -> None:
    recipients.suppress(recipients.digest_of("maire@brest.test"), reason)
    with posting():
        outbox.send(Code, address="maire@brest.test", context=words())
    assert len(mail.outbox) == 1


def test_stop_said_between_composing_and_sending_counts() -> None:
    letter = outbox.send(Offer, address="maire@brest.test", context=words())
    recipients.suppress(recipients.digest_of("maire@brest.test"), STOP)
    delivery.deliver([letter.pk])
    letter.refresh_from_db()
    assert (mail.outbox, letter.state, letter.error) == ([], State.CANCELLED, STOP.label)


def test_an_undeliverable_address_receives_no_digest_until_it_works(posting: Posting) -> None:
    person = make_user()
    recipients.suppress(recipients.digest_of(person.email), UNDELIVERABLE)
    told(to=person, kind=Vital)
    assert digests(morning()) == []
    outbox.address_works(person.email)
    told(to=person, kind=Vital)
    assert len(digests(morning(2))) == 1


def test_send_refuses_what_is_no_address_and_what_must_wait() -> None:
    for address in ("", "maire", "maire@brest.test\nBcc: tous@ailleurs.test", "a@b.test,c@d.test"):
        with pytest.raises(ValidationError):
            outbox.send(Offer, address=address, context=words())
    with pytest.raises(ValueError, match="not transactional"):
        outbox.send(News, address="maire@brest.test", context=words())
    assert not Mail.objects.exists()


# --- Preferences --------------------------------------------------------------------------------


def test_a_refused_kind_is_left_out_and_what_is_vital_is_not(posting: Posting) -> None:
    person = make_user()
    Preference.objects.create(user=person, refused=[News.key, Vital.key])
    with posting():
        told(to=person)
        told(to=person, dated=timezone.localdate())
        told(to=person, kind=Vital, context=words("votre compte"))
        told(to=person, kind=Rare, context=words("une rareté"))
    assert mail.outbox == []
    (letter,) = digests(morning())
    assert "votre compte" in letter.body
    assert "une rareté" in letter.body
    assert "atelier" not in letter.body
    Preference.objects.update(refused=[])
    assert digests(morning(2)) == []  # what was left unsaid stays so


def test_the_rhythm_none_keeps_what_touches_the_account(posting: Posting) -> None:
    person = make_user()
    Preference.objects.create(user=person, rhythm=Rhythm.NONE)
    told(to=person)
    told(to=person, kind=Vital, context=words("votre compte"))
    (letter,) = digests(morning())
    assert "atelier" not in letter.body


def test_once_a_week_means_on_monday_unless_it_would_be_over(posting: Posting) -> None:
    person = make_user()
    Preference.objects.create(user=person, rhythm=Rhythm.WEEKLY)
    told(to=person, context=words("un constat"))
    today = timezone.localdate()
    monday = 7 - today.weekday()
    told(to=person, context=words("lointain"), dated=today + timedelta(days=60))
    Notice.objects.update(created_at=noon())
    for day in range(1, monday):
        assert digests(morning(day)) == []
    (letter,) = digests(morning(monday))
    assert "un constat" in letter.body
    assert "lointain" in letter.body
    assert digests(morning(monday + 1)) == []

    soon = told(to=person, context=words("dans trois jours"))
    late = told(to=person, context=words("sans date"))
    assert soon
    assert late
    Notice.objects.filter(pk__in=[soon.pk, late.pk]).update(created_at=morning(monday, hour=12))
    Notice.objects.filter(pk=soon.pk).update(dated=today + timedelta(days=monday + 3))
    (letter,) = digests(morning(monday + 1))
    assert "dans trois jours" in letter.body
    assert "sans date" not in letter.body
    assert len(digests(morning(monday + 7))) == 1


def test_stop_is_the_rhythm_none_and_a_rhythm_lifts_it(posting: Posting) -> None:
    person = make_user()
    stops.stop(stops.stop_address(person.email).rpartition("/stop/")[2].rstrip("/"))
    assert recipients.preference_of(person).rhythm == Rhythm.NONE
    told(to=person)
    told(to=person, kind=Vital, context=words("votre compte"))
    (letter,) = digests(morning())
    assert "atelier" not in letter.body
    recipients.choose(user=person, rhythm=Rhythm.NONE, refused=[])
    assert Suppression.objects.exists()
    recipients.choose(user=person, rhythm=Rhythm.DAILY, refused=[])
    assert not Suppression.objects.exists()
    assert recipients.preference_of(person).rhythm == Rhythm.DAILY


# --- What has lost its point --------------------------------------------------------------------


def test_what_has_lost_its_point_is_not_said(posting: Posting) -> None:
    person, left, gone = make_user(), make_user("Awa", job="partie"), make_user("Paul")
    for other in (left, gone):
        told(to=person, kind=OfUser, context={"user": other.pk})
    gone.delete()
    assert digests(morning()) == []
    told(to=person)
    told(to=person, kind=OfUser, context={"user": left.pk})
    (letter,) = digests(morning(2))
    assert "Awa" not in letter.body


def test_a_letter_about_what_is_gone_is_cancelled() -> None:
    person = make_user()
    letter = Mail.objects.create(
        kind=OfUser.key, user=person, address=person.email, context={"user": 0}
    )
    unknown = Mail.objects.create(kind="oubliée", user=person, address=person.email)
    delivery.deliver([letter.pk, unknown.pk])
    for one in (letter, unknown):
        one.refresh_from_db()
        assert one.state == State.CANCELLED
        assert one.error
    assert mail.outbox == []


def test_a_code_that_comes_too_late_does_not_leave() -> None:
    letter = outbox.send(Code, address="maire@brest.test", context=words())
    delivery.deliver([letter.pk], clock=lambda: timezone.now() + timedelta(minutes=11))
    letter.refresh_from_db()
    assert (mail.outbox, letter.state, letter.context) == ([], State.CANCELLED, {})


def test_what_was_rolled_back_never_leaves(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        with transaction.atomic():
            outbox.send(Offer, address="maire@brest.test", context=words())
            transaction.set_rollback(True)
        kept = outbox.send(Offer, address="maire@brest.test", context=words())
    assert len(callbacks) == 1
    task = DBTaskResult.objects.get()
    assert task.task_path == "fabriques.kit.outbox.tasks.deliver"
    assert task.args_kwargs["args"] == [kept.pk]
    assert mail.outbox == []  # a worker sends it, not the view


# --- Forgetting ---------------------------------------------------------------------------------


def test_an_erased_person_leaves_only_counts(posting: Posting) -> None:
    person, other = make_user(), make_user()
    with posting():
        told(to=person, dated=timezone.localdate())
        outbox.send(Offer, address=person.email, context=words())
        told(to=other, dated=timezone.localdate())
    waiting = outbox.send(Offer, address=person.email, context=words())
    told(to=person)
    recipients.choose(user=person, rhythm=Rhythm.WEEKLY, refused=[])
    recipients.suppress(recipients.digest_of(person.email), STOP)
    recipients.suppress(recipients.digest_of(person.email), UNDELIVERABLE)
    outbox.erase_person(person)
    assert sorted(Mail.objects.filter(address="").values_list("state", flat=True)) == [
        State.CANCELLED,
        State.SENT,
        State.SENT,
    ]
    assert not Mail.objects.filter(address="").exclude(context={}).exists()
    assert not Notice.objects.filter(user=person).exists()
    assert not Preference.objects.exists()
    assert [row.reason for row in Suppression.objects.all()] == [STOP]
    assert Mail.objects.get(user=other).address == other.email
    delivery.deliver([waiting.pk])
    assert len(mail.outbox) == 3


def test_old_letters_are_blanked_and_counted(posting: Posting) -> None:
    with posting():
        told(dated=timezone.localdate())
        told(dated=timezone.localdate())
    outbox.send(Offer, address="maire@brest.test", context=words())
    now = timezone.now() + timedelta(days=91)
    assert outbox.forget_old(timezone.now() + timedelta(days=89)) == 0
    assert outbox.forget_old(now, dry_run=True) == 2
    assert Notice.objects.count() == 2
    assert outbox.forget_old(now) == 2
    assert outbox.forget_old(now) == 0
    assert not Notice.objects.exists()
    assert Mail.objects.filter(state=State.SENT, address="", context={}, user=None).count() == 2
    assert Mail.objects.exclude(address="").get().state == State.WAITING
