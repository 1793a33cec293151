"""Retention: warned twice, a month apart, then anonymised; never two steps in one run."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.utils import timezone
from django.utils.formats import date_format
from django_tasks_db.models import DBTaskResult

from fabriques.kit import journal, tick
from fabriques.kit.journal import SYSTEM
from fabriques.kit.outbox import recipients
from fabriques.kit.outbox.models import Mail, State
from fabriques.people.actors import actor_of
from fabriques.people.domain import note_seen
from fabriques.people.models import User
from fabriques.people.personal import retention
from fabriques.people.personal.erasure import erase
from fabriques.people.personal.retention import NOTICE, UNUSED, apply_retention
from fabriques.people.stewardship import merge_people
from tests.factories import make_membership, make_participation, make_user

pytestmark = pytest.mark.django_db

NOW = datetime(2030, 1, 15, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who proved their address are written to."""
    monkeypatch.setattr(recipients, "_policies", [lambda user: user.confirmed_at is not None])


def run(now: datetime) -> list[str]:
    """Apply retention; what it wrote leaves at once."""
    lines = apply_retention(now)
    Mail.objects.filter(state=State.WAITING).update(state=State.SENT, sent_at=now)
    return lines


def unused(days: int, **fields: object) -> User:
    """Somebody who came last so many days ago."""
    return make_user(
        seen_on=timezone.localdate(NOW) - timedelta(days=days),
        confirmed_at=NOW - timedelta(days=days + 100),
        **fields,
    )


def state(user: User) -> tuple[int, bool]:
    user.refresh_from_db()
    return user.warnings, user.erased_at is not None


def test_two_warnings_then_the_erasure() -> None:
    user = unused(1035)
    run(NOW)
    assert state(user) == (0, False)
    run(NOW + DAY)  # thirty-four months
    assert state(user) == (1, False)
    run(NOW + 30 * DAY)
    assert state(user) == (1, False)
    run(NOW + 31 * DAY)
    assert state(user) == (2, False)
    run(NOW + 60 * DAY)
    assert state(user) == (2, False)
    lines = run(NOW + 61 * DAY)  # three years
    assert state(user) == (0, True)
    assert lines == ["Comptes inutilisés, anonymisés : 1"]
    assert journal.history(user.subject)[0].reason == "compte inutilisé depuis trois ans"


def test_a_long_stop_of_the_clock_still_leaves_both_warnings_and_their_months() -> None:
    user = unused(3000)
    for now, expected in [
        (NOW, (1, False)),
        (NOW + DAY, (1, False)),
        (NOW + 400 * DAY, (2, False)),
        (NOW + 401 * DAY, (2, False)),
        (NOW + 430 * DAY, (0, True)),
    ]:
        run(now)
        assert state(user) == expected


def test_a_visit_between_two_warnings_starts_again() -> None:
    user = unused(1040)
    run(NOW)
    assert state(user) == (1, False)
    User.objects.filter(pk=user.pk).update(seen_on=timezone.localdate(NOW + DAY))
    run(NOW + 31 * DAY)
    assert state(user) == (1, False)
    # Years later the old warning counts for nothing: a first one again, then a month.
    late = NOW + DAY + UNUSED
    run(late)
    assert state(user) == (1, False)
    run(late + NOTICE)
    assert state(user) == (2, False)


def test_a_warning_says_until_when_and_how_to_stay(
    settings: Any, django_capture_on_commit_callbacks: Any, mailoutbox: list[EmailMessage]
) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
    now = timezone.now()
    user = make_user(seen_on=timezone.localdate(now) - 1040 * DAY, confirmed_at=now - 1040 * DAY)
    with django_capture_on_commit_callbacks(execute=True):
        apply_retention(now)
    (letter,) = mailoutbox
    until = date_format(timezone.localdate(now) + 60 * DAY, "j F Y")
    assert letter.to == [user.email]
    assert letter.subject == f"Votre compte sera effacé le {until}, sauf si vous revenez"
    for text in (letter.body, letter.alternatives[0].content):
        assert until in " ".join(text.split())
        assert "/compte/connexion/" in text
        assert "/espace/mes-donnees/" in text


def test_who_comes_back_before_the_letter_leaves_is_not_written_to(
    settings: Any, django_capture_on_commit_callbacks: Any, mailoutbox: list[EmailMessage]
) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
    now = timezone.now()
    user = make_user(seen_on=timezone.localdate(now) - 1040 * DAY, confirmed_at=now - 1040 * DAY)
    with django_capture_on_commit_callbacks(execute=True):
        apply_retention(now)
        note_seen(user=user, day=timezone.localdate())
    assert mailoutbox == []
    assert state(user) == (0, False)


def test_a_warning_that_did_not_leave_holds_the_next_step() -> None:
    user = unused(2000)
    apply_retention(NOW)
    for days in (31, 60):
        apply_retention(NOW + days * DAY)
        assert state(user) == (1, False)
    Mail.objects.update(state=State.SENT, sent_at=NOW + 60 * DAY)
    apply_retention(NOW + 89 * DAY)
    assert state(user) == (1, False)
    apply_retention(NOW + 90 * DAY)
    assert state(user) == (2, False)


def test_a_warning_that_failed_is_said_again() -> None:
    user = unused(2000)
    run(NOW)
    run(NOW + 30 * DAY)
    assert state(user) == (2, False)
    Mail.objects.update(state=State.FAILED, sent_at=None)
    assert "Comptes inutilisés, prévenus une seconde fois : 1" in run(NOW + 60 * DAY)
    assert state(user) == (2, False)
    run(NOW + 89 * DAY)
    assert state(user) == (2, False)
    run(NOW + 90 * DAY)
    assert state(user) == (0, True)


def test_an_address_that_cannot_be_written_to_still_has_its_two_months(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recipients, "_policies", [lambda user: False])
    user = unused(2000)
    for days, expected in [(0, (1, False)), (29, (1, False)), (30, (2, False)), (60, (0, True))]:
        apply_retention(NOW + days * DAY)
        assert state(user) == expected
    assert not Mail.objects.exists()


def test_an_account_confirmed_and_never_seen_again_counts_from_its_confirmation() -> None:
    user = make_user(confirmed_at=NOW - 1040 * DAY, seen_on=None)
    apply_retention(NOW)
    assert state(user) == (1, False)


def test_an_account_in_use_is_left_alone() -> None:
    user = unused(300)
    assert apply_retention(NOW) == []
    assert state(user) == (0, False)


def test_the_last_steward_is_kept_and_said() -> None:
    user = unused(2000, warnings=2, warned_at=NOW - 40 * DAY)
    make_membership(user, role="steward")
    (line,) = apply_retention(NOW)
    assert line.startswith(f"Compte {user.ref} gardé. C’est le compte de la dernière personne")
    assert user.name not in line
    assert state(user) == (2, False)


def test_an_account_never_confirmed_goes_after_two_days() -> None:
    old = make_user(confirmed_at=None, created_at=NOW - 2 * DAY)
    young = make_user(confirmed_at=None, created_at=NOW - 2 * DAY + timedelta(minutes=1))
    assert apply_retention(NOW) == ["Comptes jamais confirmés, supprimés : 1"]
    assert not User.objects.filter(pk=old.pk).exists()
    assert User.objects.filter(pk=young.pk).exists()


def test_an_account_whose_owner_is_awaited_is_kept_until_it_is_too_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    awaited = make_user(confirmed_at=None, created_at=NOW - 1040 * DAY)
    other = make_user(confirmed_at=None, created_at=NOW - 3 * DAY)
    monkeypatch.setattr(retention, "_expected", [])
    retention.register_expected(lambda: {awaited.pk})
    assert apply_retention(NOW - 100 * DAY) == []
    assert "Comptes jamais confirmés, supprimés : 1" in apply_retention(NOW)
    assert list(User.objects.all()) == [awaited]
    assert other.pk
    assert state(awaited) == (1, False)  # nobody came for three years: as any unused account


def test_a_steward_made_on_friday_is_still_there_on_monday() -> None:
    make_membership(unused(1), role="steward")
    call_command("add_steward", "claire@anct.test")
    User.objects.update(created_at=NOW - 3 * DAY)
    assert apply_retention(NOW) == []
    assert User.objects.filter(email="claire@anct.test", erased_at=None).exists()


def test_an_account_never_confirmed_whose_role_has_ended_is_emptied() -> None:
    user = make_user(confirmed_at=None, created_at=NOW - 3 * DAY)
    make_membership(
        user,
        role="officer",
        participation=make_participation(),
        withdrawn_at=NOW - 2 * DAY,
    )
    apply_retention(NOW)
    assert state(user) == (0, True)
    assert apply_retention(NOW) == []


def test_a_dry_run_says_all_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    warned = unused(1200, warnings=2, warned_at=NOW - 40 * DAY)
    first = unused(1040)
    make_user(confirmed_at=None, created_at=NOW - 3 * DAY)
    Session.objects.create(session_key="finie", session_data="", expire_date=NOW - DAY)
    before = list(User.objects.order_by("pk").values())
    assert apply_retention(NOW, dry_run=True) == [
        "Comptes jamais confirmés, supprimés : 1",
        "Comptes inutilisés, prévenus une première fois : 1",
        "Comptes inutilisés, anonymisés : 1",
        "Sessions terminées, effacées : 1",
    ]
    assert list(User.objects.order_by("pk").values()) == before
    assert Session.objects.count() == 1
    assert not journal.history(warned.subject).exists()
    assert not journal.history(first.subject).exists()


def test_who_was_erased_this_week_is_erased_again_if_named_since() -> None:
    now = timezone.now()
    user, quiet, merged = make_user("Léa"), make_user("Awa"), make_user("Paul")
    for person in (user, quiet):
        erase(user=person, actor=SYSTEM, reason="à sa demande")
    merge_people(kept=make_user("Paul B."), gone=merged, actor=SYSTEM)
    assert apply_retention(now) == []
    journal.record(subject="fabrique:a", verb="titre changé", actor=actor_of(user))
    line = "Comptes effacés, encore nommés au journal, effacés à nouveau : 1"
    assert apply_retention(now + 8 * DAY) == []
    assert apply_retention(now + 6 * DAY, dry_run=True) == [line]
    assert apply_retention(now + 6 * DAY) == [line]
    assert apply_retention(now + 6 * DAY) == []
    assert "Léa" not in journal.history("fabrique:a")[0].actor
    assert journal.history(user.subject)[0].reason == "à sa demande"
    assert journal.history(merged.subject)[0].after["avec"]
    journal.verify()


def test_ended_sessions_and_what_was_noted_beside_them_go() -> None:
    user = unused(1)
    for key, expires in [("finie", NOW - DAY), ("ouverte", NOW + DAY)]:
        Session.objects.create(session_key=key, session_data="", expire_date=expires)
        UserSession.objects.create(user=user, ip="192.0.2.7", session_key=key, user_agent="essai")
    UserSession.objects.create(user=user, ip="192.0.2.8", session_key="orpheline", user_agent="x")
    assert apply_retention(NOW) == [
        "Sessions terminées, effacées : 1",
        "Détails de connexions terminées, effacés : 2",
    ]
    assert [line.session_key for line in UserSession.objects.all()] == ["ouverte"]
    assert [line.session_key for line in Session.objects.all()] == ["ouverte"]


def test_old_results_of_tasks_go() -> None:
    for days in (13, 15):
        DBTaskResult.objects.create(
            task_path="essai",
            args_kwargs={"args": [], "kwargs": {}},
            backend_name="default",
            status="SUCCESSFUL",
            finished_at=NOW - days * DAY,
        )
    assert apply_retention(NOW) == ["Tâches terminées, effacées : 1"]
    assert DBTaskResult.objects.count() == 1


def test_old_letters_are_emptied() -> None:
    old = Mail.objects.create(
        kind="account-unused",
        address="lea@essai.test",
        state=State.SENT,
        created_at=NOW - 91 * DAY,
        context={"last": "2026-01-01", "until": "2029-01-01"},
    )
    assert apply_retention(NOW, dry_run=True) == ["Lettres anciennes, vidées : 1"]
    assert apply_retention(NOW) == ["Lettres anciennes, vidées : 1"]
    old.refresh_from_db()
    assert (old.address, old.context, old.state) == ("", {}, State.SENT)
    assert apply_retention(NOW) == []


def test_a_domain_adds_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def forget(now: datetime, dry_run: bool) -> list[str]:
        asked.append((now, dry_run))
        return ["Brouillons anciens, effacés : 3"]

    monkeypatch.setattr(retention, "_registered", [])
    retention.register_retention(forget)
    assert apply_retention(NOW, dry_run=True) == ["Brouillons anciens, effacés : 3"]
    assert asked == [(NOW, True)]


def test_the_command_speaks(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("retention")
    assert capsys.readouterr().out == "Rien n’est trop ancien.\n"
    make_user(confirmed_at=None, created_at=timezone.now() - 3 * DAY)
    call_command("retention", "--dry-run")
    assert capsys.readouterr().out.splitlines() == [
        "À blanc, rien n’est changé. À faire :",
        "Comptes jamais confirmés, supprimés : 1",
    ]
    assert User.objects.count() == 1
    call_command("retention")
    assert User.objects.count() == 0


def test_the_clock_runs_it_once_a_day() -> None:
    make_user(confirmed_at=None, created_at=timezone.now() - 3 * DAY)
    now = timezone.now()
    assert "fabriques.people.ticks.forget" in tick.run_due(now)
    assert User.objects.count() == 0
    assert "fabriques.people.ticks.forget" not in tick.run_due(now + timedelta(hours=23))
    assert "fabriques.people.ticks.forget" in tick.run_due(now + DAY)
