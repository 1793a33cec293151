"""Letters that leave, fail, come back: against a real SMTP server, and several workers at once."""
# ruff: noqa: F401, F811 - fixtures are imported by name

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from fabriques.kit import outbox, tick
from fabriques.kit.journal import Actor, history
from fabriques.kit.outbox import batches, delivery
from fabriques.kit.outbox.models import Batch, Mail, Notice, State, Suppression
from tests.factories import make_user
from tests.kit.outbox_fixtures import Posting, kinds, posting
from tests.kit.outbox_kinds import Code, News, Offer, mail_server, morning, words

pytestmark = pytest.mark.usefixtures("kinds", "db")
STEWARD = Actor("ANCT", name="Thomas", ref="ref-thomas")


def letter(address: str = "maire@brest.test", kind: Any = Offer) -> Mail:
    return outbox.send(kind, address=address, context=words())


def attempt(one: Mail, now: Any = None) -> Mail:
    delivery.deliver([one.pk], clock=lambda: now or timezone.now())
    one.refresh_from_db()
    return one


# --- A real server ------------------------------------------------------------------------------


def test_a_letter_reaches_a_server(settings: Any) -> None:
    with mail_server(settings) as server:
        sent = attempt(letter())
    assert (sent.state, sent.attempts, sent.error) == (State.SENT, 1, "")
    assert sent.sent_at
    (raw,) = server.letters
    assert b"To: maire@brest.test" in raw


def test_a_refused_recipient_is_a_bounce_at_once(settings: Any) -> None:
    with mail_server(settings, RCPT="550 5.1.1 no such user"):
        bounced = attempt(letter())
        assert (bounced.state, bounced.attempts) == (State.BOUNCED, 1)
        assert "5.1.1" in bounced.error
        assert letter().state == State.CANCELLED
        assert Suppression.objects.get().reason == Suppression.Reason.UNDELIVERABLE


@pytest.mark.parametrize(
    "answers",
    [
        {"RCPT": "450 4.2.1 come back later"},
        {"RCPT": "554 5.7.1 relay access denied"},  # speaks of us, not of the address
        {"DATA": "451 4.3.0 no room"},
        {"DATA": "554 5.6.0 bad content"},
    ],
)
def test_any_other_refusal_is_tried_again(settings: Any, answers: dict[str, str]) -> None:
    with mail_server(settings, **answers) as server:
        waiting = attempt(letter())
        assert (waiting.state, waiting.attempts) == (State.WAITING, 1)
        assert next(iter(answers.values()))[:3] in waiting.error
        assert not Suppression.objects.exists()
        server.answers = {}
        assert attempt(waiting, waiting.due_at).state == State.SENT


def test_one_refusal_does_not_stop_the_others(settings: Any) -> None:
    with mail_server(settings, RCPT="550 5.1.1 no such user") as server:
        first = letter("a@brest.test")
        delivery.deliver([first.pk])
        server.answers = {}
        others = [letter(f"{name}@brest.test").pk for name in "bcd"]
        delivery.deliver(others)
    assert len(server.letters) == 3


# --- Tries --------------------------------------------------------------------------------------


@pytest.fixture
def no_server(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1


def test_tries_are_further_and_further_apart_then_the_letter_is_given_up(no_server: None) -> None:
    one = letter()
    now, waits = one.due_at, []
    for _ in range(5):
        attempt(one, now)
        assert one.state == State.WAITING
        assert attempt(one, one.due_at - timedelta(seconds=1)).attempts == len(waits) + 1
        waits.append(one.due_at - now)
        now = one.due_at
    assert waits == sorted(set(waits))
    attempt(one, now)
    assert (one.state, one.attempts) == (State.FAILED, 6)
    assert "ConnectionRefusedError" in one.error
    assert delivery.due(now + timedelta(days=9)) == []


def test_a_letter_given_up_may_be_sent_again(no_server: None, posting: Posting) -> None:
    one = letter()
    Mail.objects.update(attempts=5)
    assert attempt(one).state == State.FAILED
    with posting():
        assert batches.try_again(mail=one, actor=STEWARD)
        assert not batches.try_again(mail=one, actor=STEWARD)
    one.refresh_from_db()
    assert (one.state, one.attempts) == (State.WAITING, 1)
    assert [entry.verb for entry in history(f"lettre:{one.pk}")] == ["lettre renvoyée"]


def test_a_secret_letter_that_failed_cannot_be_sent_again(no_server: None) -> None:
    one = letter(kind=Code)
    Mail.objects.update(attempts=5)
    assert attempt(one).state == State.FAILED
    assert one.context == {}
    assert not batches.try_again(mail=one, actor=STEWARD)


def test_a_letter_that_cannot_be_rendered_does_not_stop_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = outbox.send(Offer, address="maire@brest.test", context={})
    delivery.deliver([broken.pk, letter().pk])
    broken.refresh_from_db()
    assert (broken.state, len(mail.outbox)) == (State.WAITING, 1)
    assert "KeyError" in broken.error
    assert "could not be rendered" in caplog.text


def test_the_tick_tries_again_and_says_what_was_interrupted(posting: Posting) -> None:
    now = timezone.now()
    forgotten, held, lost, last = (letter(f"{name}@brest.test") for name in "abcd")
    Mail.objects.filter(pk=held.pk).update(claimed_at=now, attempts=1)
    Mail.objects.filter(pk=lost.pk).update(claimed_at=now - timedelta(hours=2), attempts=1)
    Mail.objects.filter(pk=last.pk).update(claimed_at=now - timedelta(hours=2), attempts=6)
    ran = tick.run_due(now + timedelta(minutes=1))
    assert "fabriques.kit.outbox.ticks.retry_due" in ran
    assert "fabriques.kit.outbox.ticks.compose_digests" in ran
    states = dict(Mail.objects.order_by("address").values_list("address", "state"))
    assert list(states.values()) == [State.SENT, State.WAITING, State.SENT, State.FAILED]
    assert {to for message in mail.outbox for to in message.to} == {
        forgotten.address,
        lost.address,
    }


# --- Several at once ----------------------------------------------------------------------------


def together(act: Any, times: int = 4) -> list[Any]:
    """Run `act` in so many threads at once; what it returned or raised, for each."""
    start = Barrier(times)

    def run(number: int) -> Any:
        try:
            start.wait()
            return act()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


@pytest.mark.django_db(transaction=True)
def test_several_workers_send_a_letter_once(settings: Any) -> None:
    ids = [letter(f"{name}@brest.test").pk for name in "abcde"]
    with mail_server(settings) as server:
        assert together(lambda: delivery.deliver(ids)) == [None] * 4
    assert len(server.letters) == 5
    assert set(Mail.objects.values_list("state", "attempts")) == {(State.SENT, 1)}


@pytest.mark.django_db(transaction=True)
def test_several_ticks_compose_one_digest() -> None:
    people = [make_user() for _ in range(3)]
    for person in people:
        outbox.notify(News, to=person, about="fabrique:a", context=words())
    assert together(lambda: outbox.compose_digests(morning())) == [None] * 4
    assert Mail.objects.count() == 3
    assert Notice.objects.filter(mail__isnull=False).count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_stewards_release_a_batch_once(settings: Any) -> None:
    batch = outbox.compose_batch(
        title="Rentrée",
        kind=News,
        recipients=[(make_user(), words()) for _ in range(3)],
        actor=STEWARD,
    )
    answers = together(lambda: outbox.release_batch(batch=batch, actor=STEWARD), times=2)
    refused = [answer for answer in answers if isinstance(answer, batches.BatchClosedError)]
    assert 3 in answers
    assert [str(error) for error in refused] == [
        "Cet envoi est déjà parti : il n’est pas parti une seconde fois."
    ]
    with mail_server(settings) as server:
        delivery.deliver(delivery.due(timezone.now()))
    assert len(server.letters) == 3
    verbs = [entry.verb for entry in history(batch.subject)]
    assert verbs == ["envoi parti", "envoi composé"]


# --- Batches ------------------------------------------------------------------------------------


def test_a_batch_holds_one_letter_for_each_address_and_says_who_is_left_out() -> None:
    person, newcomer = make_user(), make_user(confirmed_at=None)
    batch = outbox.compose_batch(
        title="Rentrée",
        kind=News,
        recipients=[
            (person, words("la première")),
            (person.email.upper(), words("la seconde")),
            (newcomer, words()),
        ],
        actor=STEWARD,
    )
    kept, out = batch.mails.order_by("pk")
    assert (kept.state, kept.context["words"]) == (State.REVIEW, "la première")
    assert (out.state, out.error) == (
        State.CANCELLED,
        "Cette personne n’a pas encore ouvert son compte.",
    )
    assert mail.outbox == []


def test_letters_taken_out_do_not_leave_with_the_batch(posting: Posting) -> None:
    people = [make_user() for _ in range(3)]
    batch = outbox.compose_batch(
        title="Rentrée",
        kind=News,
        recipients=[(person, words()) for person in people],
        actor=STEWARD,
    )
    first = batch.mails.get(user=people[0])
    delivery.deliver([first.pk])  # nothing leaves before the release
    assert mail.outbox == []
    assert outbox.cancel_mail(mail=first, actor=STEWARD)
    assert not outbox.cancel_mail(mail=first, actor=STEWARD)
    with posting():
        assert outbox.release_batch(batch=batch, actor=STEWARD) == 2
    assert {to for message in mail.outbox for to in message.to} == {p.email for p in people[1:]}
    with pytest.raises(batches.BatchClosedError, match="déjà parti"):
        outbox.cancel_mail(mail=batch.mails.get(user=people[1]), actor=STEWARD)
    entry = history(batch.subject)[0]
    assert (entry.verb, entry.after, entry.actor) == (
        "envoi parti",
        {"lettres": 2},
        "Thomas (ANCT)",
    )


def test_a_cancelled_batch_never_leaves() -> None:
    batch = outbox.compose_batch(
        title="Rentrée", kind=News, recipients=[(make_user(), words())], actor=STEWARD
    )
    assert outbox.cancel_batch(batch=batch, actor=STEWARD, reason="Erreur de date.") == 1
    for act in (outbox.release_batch, outbox.cancel_batch):
        with pytest.raises(batches.BatchClosedError, match="annulé"):
            act(batch=batch, actor=STEWARD)
    assert batch.mails.get().state == State.CANCELLED
    assert history(batch.subject)[0].reason == "Erreur de date."


def test_a_batch_of_nobody_and_a_letter_of_no_batch_are_refused() -> None:
    with pytest.raises(ValueError, match="recipient"):
        outbox.compose_batch(title="Vide", kind=News, recipients=[], actor=STEWARD)
    with pytest.raises(ValueError, match="batch"):
        outbox.cancel_mail(mail=letter(), actor=STEWARD)
    assert not Batch.objects.exists()


def test_a_batch_that_an_act_holds_leaves_with_it_only(posting: Posting) -> None:
    batch = outbox.compose_batch(
        title="Décision",
        kind=Offer,
        recipients=[("maire@brest.test", words()), ("dgs@brest.test", words())],
        actor=STEWARD,
        held_by="appel:essai",
    )
    for act in (outbox.release_batch, outbox.cancel_batch):
        for holder in ("", "appel:autre"):
            with pytest.raises(outbox.BatchHeldError):
                act(batch=batch, actor=STEWARD, by=holder)
    letter = batch.mails.order_by("pk")[0]
    assert outbox.cancel_mail(mail=letter, actor=STEWARD)  # rereading takes one out
    with posting():
        assert outbox.release_batch(batch=batch, actor=STEWARD, by="appel:essai") == 1
    assert [letter.to for letter in mail.outbox] == [["dgs@brest.test"]]


def test_one_address_receives_a_letter_about_each_thing() -> None:
    batch = outbox.compose_batch(
        title="Réponses",
        kind=Offer,
        recipients=[
            ("maire@brest.test", words("un") | {"about": "volontaire:1"}),
            ("Maire@Brest.test", words("encore") | {"about": "volontaire:1"}),
            ("maire@brest.test", words("deux") | {"about": "volontaire:2"}),
        ],
        actor=STEWARD,
    )
    told = [letter.context for letter in batch.mails.order_by("pk")]
    assert told == [
        words("un") | {"about": "volontaire:1"},
        words("deux") | {"about": "volontaire:2"},
    ]
