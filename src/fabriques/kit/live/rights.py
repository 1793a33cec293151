"""Who is at the other end of a stream: the session, the account, the grant; asked in a thread."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.db import close_old_connections
from django.http import HttpRequest
from django.utils import timezone

from fabriques.kit.live import hub
from fabriques.kit.live.streams import Authorise, Grant


def ask(session_key: str, authorise: Authorise) -> tuple[Any, Grant | None]:
    """The user of this session, and what they may hear now.

    The user is None when nobody is signed in: session unknown or over, account closed, credentials
    changed. A grant whose time has passed is none.
    """
    close_old_connections()
    try:
        request = HttpRequest()
        request.session = _session(session_key)
        user = get_user(request)
        if not user.is_authenticated or not user.is_active:
            return None, None
        grant = authorise(user)
        if grant and grant.until and grant.until <= timezone.now():
            grant = None
        return user, grant
    finally:
        close_old_connections()


def _session(key: str) -> Any:
    session: Any = import_module(settings.SESSION_ENGINE).SessionStore(key)
    # `get_user` renews the key of a session signed with a former secret; we have no cookie to set.
    session.cycle_key = lambda: None
    return session


def session_deleted(sender: type[Session], instance: Session, **rest: object) -> None:
    """Signing out and revoking a session end its row: its streams ask their rights again."""
    if instance.expire_date > timezone.now():  # not for each of those that a cleaning sweeps away
        hub.publish(hub.ended(instance.session_key))
