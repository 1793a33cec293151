"""When each session was last used, noted now and then: most requests write nothing."""

import time
from collections.abc import Callable
from typing import Any

from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from fabriques.people.domain import note_seen
from fabriques.people.models import User

EVERY = 300  # seconds
NOTED = "noted"


class ActivityMiddleware:
    """Notes who is here and from where, every five minutes, on pages behind sign-in.

    Public pages stay the same for all: there, nobody asks who is reading. Comes after the library's
    own middleware, which knows the address of the reader.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], *args: object
    ) -> HttpResponseBase | None:
        if getattr(view, "login_required", True) and isinstance(request.user, User):
            noted = request.session.get(NOTED, 0)
            if not 0 <= time.time() - noted < EVERY:
                request.session[NOTED] = int(time.time())
                UserSession.objects.create_from_request(request)
                note_seen(user=request.user, day=timezone.localdate())
        return None
