import signal
import time
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections
from django.utils import timezone

from fabriques.kit import tick


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Run the periodic jobs that are due: once, or again and again with --every."

    stopping = False
    idle = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=float, metavar="SECONDS", help="again and again")

    def handle(self, *, every: float | None, verbosity: int, **options: Any) -> None:
        if every is None:
            self._tick(verbosity)
            return
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        while not self.stopping:
            started = time.monotonic()
            close_old_connections()  # the database may have been restarted since
            self._tick(verbosity)
            self.idle = True
            if not self.stopping:
                time.sleep(max(0.0, started + every - time.monotonic()))
            self.idle = False

    def _tick(self, verbosity: int) -> None:
        for name in tick.run_due(timezone.now(), stopping=lambda: self.stopping):
            if verbosity > 1:
                self.stdout.write(name)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """Stop at once between two ticks, after the running job otherwise."""
        self.stopping = True
        if self.idle:
            raise SystemExit(0)
