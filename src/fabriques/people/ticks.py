"""Periodic jobs about people."""

import logging
from datetime import datetime, timedelta

from fabriques.kit.tick import periodic
from fabriques.people.personal.retention import apply_retention

logger = logging.getLogger(__name__)


@periodic(every=timedelta(days=1))
def forget(now: datetime) -> None:
    """Erase what is too old; what is found goes to the log, which names nobody."""
    for line in apply_retention(now):
        logger.info("%s", line)
