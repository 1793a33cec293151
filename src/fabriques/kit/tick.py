"""What happens by the clock: reminders, digests, retention.

    @periodic(every=timedelta(hours=1))
    def warn_of_expiry(now: datetime) -> None: ...

Jobs live in the `ticks.py` of their domain. `run_due` runs those whose time has come; the `tick`
command calls it. A job is claimed in the database before it runs, so any number of ticks may be
running. A job must bear to be run again: one that is cut short runs again an hour later.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

# A job that did not finish holds its claim this long: its process may still be running it.
ABANDONED_AFTER = timedelta(hours=1)
# Ticks do not fall on the very second: a job of one minute must not miss one tick in two.
SLACK = timedelta(seconds=1)

logger = logging.getLogger(__name__)


class TickRun(models.Model):
    """The last run of one periodic job; `last_finished` is empty while it runs."""

    name = models.CharField(max_length=120, unique=True)
    last_started = models.DateTimeField(null=True, blank=True)
    last_finished = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, help_text="of the last run; empty when it went well")

    class Meta:
        app_label = "kit"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


Run = Callable[[datetime], None]


@dataclass(frozen=True)
class Job:
    name: str
    every: timedelta
    run: Run


jobs: dict[str, Job] = {}


def periodic(*, every: timedelta) -> Callable[[Run], Run]:
    """Register a function `(now) -> None` to be run every so often, by its dotted name."""

    def register(run: Run) -> Run:
        name = f"{run.__module__}.{run.__qualname__}"
        jobs[name] = Job(name, every, run)
        return run

    return register


def run_due(now: datetime, *, stopping: Callable[[], bool] = lambda: False) -> list[str]:
    """Run the jobs that are due, one after the other; give their names.

    An exception is logged and noted in `TickRun`, and the next job runs. Asks `stopping` before
    each job, and leaves the rest for the next tick when it answers yes.
    """
    autodiscover_modules("ticks")
    ran = []
    for job in sorted(jobs.values(), key=lambda job: job.name):
        if stopping():
            break
        if _claim(job, now):
            _run(job, now)
            ran.append(job.name)
    return ran


def _claim(job: Job, now: datetime) -> bool:
    """Whether the job is due, and ours: one conditional update, which only one tick can win."""
    TickRun.objects.get_or_create(name=job.name)
    due = Q(last_started=None) | Q(last_started__lte=now - job.every + SLACK)
    free = (
        Q(last_started=None)
        | Q(last_finished__isnull=False)
        | Q(last_started__lte=now - ABANDONED_AFTER)
    )
    claimed = TickRun.objects.filter(due & free, name=job.name)
    return bool(claimed.update(last_started=now, last_finished=None))


def _run(job: Job, now: datetime) -> None:
    error = ""
    try:
        job.run(now)
    except Exception as problem:  # whatever it is, the other jobs must run
        logger.exception("The periodic job %s failed.", job.name)
        error = f"{type(problem).__name__}: {problem}"
    # By its claim: a run that outlasted it must not speak for the one that took over.
    TickRun.objects.filter(name=job.name, last_started=now).update(
        last_finished=timezone.now(), error=error
    )
