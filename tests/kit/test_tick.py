"""Periodic jobs: when they are due, that nobody runs them twice, what a failure leaves."""

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from fabriques.kit import tick
from fabriques.kit.tick import TickRun, periodic, run_due
from tests.processes import DEADLINE, ROOT, environment, wait_for

NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.get_current_timezone())
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _no_other_job(monkeypatch: pytest.MonkeyPatch) -> None:
    autodiscover_modules("ticks")  # domains register before theirs are set aside
    monkeypatch.setattr(tick, "jobs", {})


@pytest.fixture
def ran() -> list[datetime]:
    """When the job of the test ran."""
    times: list[datetime] = []

    @periodic(every=HOUR)
    def job(now: datetime) -> None:
        times.append(now)

    return times


def test_a_job_runs_at_first_then_every_so_often(db: None, ran: list[datetime]) -> None:
    for minutes in (0, 1, 59, 60, 61, 119, 120):
        run_due(NOON + timedelta(minutes=minutes))
    assert ran == [NOON, NOON + HOUR, NOON + 2 * HOUR]


def test_a_tick_that_comes_a_little_early_counts(db: None, ran: list[datetime]) -> None:
    run_due(NOON)
    run_due(NOON + HOUR - timedelta(milliseconds=300))
    assert len(ran) == 2


def test_a_failure_is_noted_and_the_others_run(
    db: None, ran: list[datetime], caplog: pytest.LogCaptureFixture
) -> None:
    fails = True

    @periodic(every=HOUR)
    def fails_at_first(now: datetime) -> None:
        if fails:
            raise LookupError("no such address")

    with caplog.at_level(logging.ERROR):
        names = run_due(NOON)
    assert {name.rpartition(".")[2] for name in names} == {"fails_at_first", "job"}
    assert ran == [NOON]
    assert "fails_at_first failed" in caplog.text
    noted = TickRun.objects.get(name__endswith="fails_at_first")
    assert noted.error == "LookupError: no such address"
    assert noted.last_finished is not None

    fails = False
    run_due(NOON + HOUR)
    noted.refresh_from_db()
    assert noted.error == ""


def test_a_job_cut_short_runs_again_later(db: None, ran: list[datetime]) -> None:
    run_due(NOON)
    TickRun.objects.update(last_finished=None)  # its process was killed
    run_due(NOON + tick.ABANDONED_AFTER - timedelta(minutes=1))
    assert len(ran) == 1
    run_due(NOON + tick.ABANDONED_AFTER)
    assert len(ran) == 2


def test_a_tick_asked_to_stop_leaves_the_rest(db: None, ran: list[datetime]) -> None:
    assert run_due(NOON, stopping=lambda: True) == []
    assert run_due(NOON + HOUR) != []
    assert len(ran) == 1


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_run_a_job_once() -> None:
    together = threading.Barrier(4)
    times: list[datetime] = []
    problems: list[Exception] = []

    @periodic(every=HOUR)
    def job(now: datetime) -> None:
        times.append(now)

    def one_tick() -> None:
        try:
            together.wait(DEADLINE)
            run_due(NOON)
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=one_tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    assert problems == []
    assert times == [NOON]


def test_the_command_ticks_once(
    db: None, ran: list[datetime], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("tick", verbosity=2)
    assert len(ran) == 1
    assert "job" in capsys.readouterr().out


@pytest.fixture
def ticking(transactional_db: None) -> Iterator["subprocess.Popen[bytes]"]:
    """The command as production runs it, with the jobs of the domains."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fabriques", "tick", "--every", "60"], env=environment(), cwd=ROOT
    )
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_loop_stops_cleanly_between_two_ticks(
    ticking: "subprocess.Popen[bytes]", number: signal.Signals
) -> None:
    def idle() -> bool:
        rows = TickRun.objects.all()
        return rows.exists() and not rows.filter(last_finished=None).exists()

    wait_for(idle)
    ticking.send_signal(number)
    assert ticking.wait(timeout=5) == 0
