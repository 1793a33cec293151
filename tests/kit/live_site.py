"""The site with two streams for the tests, served by a process of its own.

What a person may hear is written in their account: topics in `job`, the end of the grant in `name`.
"""

import os
from datetime import datetime

from fabriques.asgi import application
from fabriques.kit import live
from fabriques.kit.live import application as live_application
from fabriques.people.models import User

__all__ = ["application"]


def authorise(user: User) -> live.Grant | None:
    if user.job == "panne":
        raise RuntimeError("the rights cannot be read")
    until = datetime.fromisoformat(user.name) if user.name else None
    return live.Grant(frozenset(user.job.split(",")), until) if user.job else None


live.register("essai", authorise)
live_application.PING = float(os.environ["PING"])
live_application.STALLED = float(os.environ["STALLED"])
