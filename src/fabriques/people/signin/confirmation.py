"""Asking signed-in persons to show again that it is them, before they touch second factors.

The library asks for a password or a second factor; who has neither gets a code by mail. Signing in
a few minutes ago counts, as does adding a factor.
"""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.code_verification import AbstractCodeVerificationProcess
from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest

from fabriques.people.models import User
from fabriques.people.signin.second_factor import has_second_factor

SESSION_KEY = "confirmation"


def recently_authenticated(request: HttpRequest, user: User) -> bool:
    """Whether this session proved who it is a few minutes ago, as strongly as the account asks."""
    since = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    methods = {
        record["method"]
        for record in get_authentication_records(request, user)
        if record["at"] > since
    }
    return "mfa" in methods or (bool(methods) and not has_second_factor(user))


class Confirmation(AbstractCodeVerificationProcess):  # type: ignore[misc]
    """A code sent to the address of the account; ten minutes, three tries, this session only."""

    def __init__(self, request: HttpRequest, user: User, state: dict[str, Any]) -> None:
        super().__init__(
            max_attempts=settings.ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS,
            timeout=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT,
            state=state,
            user=user,
        )
        self.request = request

    @classmethod
    def start(cls, request: HttpRequest, user: User) -> None:
        process = cls(request, user, cls.initial_state(user=user, email=user.email))
        process.send()
        process.persist()

    @classmethod
    def pending(cls, request: HttpRequest, user: User) -> Confirmation | None:
        state = request.session.get(SESSION_KEY)
        found: Confirmation | None = state and cls(request, user, state).abort_if_invalid()
        return found

    def send(self) -> None:
        adapter = get_adapter()
        self.state["code"] = adapter.generate_login_code()
        adapter.send_mail(
            "account/email/login_code", self.state["email"], {"code": self.state["code"]}
        )

    def persist(self) -> None:
        self.request.session[SESSION_KEY] = self.state

    def abort(self) -> None:
        self.request.session.pop(SESSION_KEY, None)
