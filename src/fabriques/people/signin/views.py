"""Sign in with a code, show again that it is you, sign out, end other sessions."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.internal.flows import logout as logout_flow
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.views import (
    BaseReauthenticateView,
    ConfirmLoginCodeView,
    LogoutView,
    RequestLoginCodeView,
)
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from fabriques.kit.outbox import address_works
from fabriques.kit.ratelimit import client_address
from fabriques.people.actors import actor_of
from fabriques.people.current import signed_in
from fabriques.people.domain import confirm, end_sessions, open_account
from fabriques.people.proconnect.provider import proconnect_available
from fabriques.people.proconnect.views import logout_redirect
from fabriques.people.signin.adapter import TYPED_ADDRESS
from fabriques.people.signin.confirmation import Confirmation
from fabriques.people.signin.devices import device
from fabriques.people.signin.forms import (
    SPENT,
    AddressForm,
    CodeForm,
    minutes_to_wait,
    patience,
)
from fabriques.people.signin.queries import open_sessions

EXPIRED = "Ce code ne vaut plus rien : il servait pendant dix minutes. Demandez un nouveau code."
NOT_HERE = (
    "Aucun code n’est attendu dans ce navigateur. Un code se saisit là où il a été demandé : "
    "indiquez votre adresse pour en recevoir un."
)
NO_OTHER = "Aucune autre connexion."
OTHERS_ENDED = "Toutes vos autres connexions sont fermées."
SENT_AGAIN = "Un nouveau code vient de partir. Seul le dernier reçu fonctionne."


class SignInView(RequestLoginCodeView):  # type: ignore[misc]
    """The one door: an address, whether it has an account or not."""

    form_class = AddressForm
    template_name = "account/login.html"

    def _redirect_to_pending_stage(self, request: HttpRequest, stage: Any) -> HttpResponse | None:
        """Who waits for a code may come back here and correct the address."""
        if stage.urlname == "account_confirm_login_code":
            return None
        response: HttpResponse = super()._redirect_to_pending_stage(request, stage)
        return response

    def get_form_class(self) -> type[AddressForm]:
        return self.form_class

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def get_initial(self) -> dict[str, Any]:
        return {"email": self.request.session.get(TYPED_ADDRESS, "")}

    def form_valid(self, form: AddressForm) -> HttpResponse:
        email = form.cleaned_data["email"]
        self.request.session[TYPED_ADDRESS] = email
        LoginCodeVerificationProcess.initiate(
            request=self.request, user=open_account(email=email), email=email
        )
        return redirect(self.get_success_url())

    def form_invalid(self, form: AddressForm) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        if form.has_error("email", "rate"):
            response.status_code = 429
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["next"] = self.get_next_url() or ""
        context["proconnect"] = proconnect_available()
        return context


@method_decorator([login_not_required, never_cache], name="dispatch")
class CodeView(ConfirmLoginCodeView):  # type: ignore[misc]
    """The code of the letter; says how many tries are left, and why there are none."""

    template_name = "account/confirm_login_code.html"
    _process: Any

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        if request.user.is_authenticated or getattr(self, "_process", None):
            return response
        # The library has sent the person back to the sign-in page: say why, keep where they go.
        messages.error(request, EXPIRED if hasattr(self, "_process") else NOT_HERE)
        return self._back()

    def _back(self) -> HttpResponse:
        return redirect(self.passthrough_next_url(reverse("account_login")))

    def get_form_class(self) -> Any:
        return super().get_form_class() if self._action == "resend" else CodeForm

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_form_kwargs()
        if self._action != "resend":
            kwargs["failed"] = self._process.state["failed_attempts"]
        return kwargs

    def _resend_form_valid(self, form: Any) -> HttpResponse:
        process = self._process
        if minutes := minutes_to_wait(process.state["email"], client_address(self.request)):
            messages.error(self.request, patience(minutes))
        else:
            # A new code has its own ten minutes and its own tries.
            process.state.update(at=time.time(), failed_attempts=0)
            process.stage.login.initiated_at = time.time()
            process.resend()
            messages.success(self.request, SENT_AGAIN)
        return redirect(self.passthrough_next_url(reverse("account_confirm_login_code")))

    def _verify_form_valid(self, form: CodeForm) -> HttpResponse:
        user = self._process.user
        if user and user.is_active and self._process.state["email"] == user.email:
            confirm(user=user)
        if user:
            address_works(self._process.state["email"])  # the code came through
        response: HttpResponse = super()._verify_form_valid(form)
        return response

    def form_invalid(self, form: CodeForm) -> HttpResponse:
        if not form.has_error("code", "wrong") or self._process.record_invalid_attempt():
            page: HttpResponse = self.render_to_response(self.get_context_data(form=form))
            return page
        messages.error(self.request, SPENT)
        return self._back()


class ConfirmView(BaseReauthenticateView):  # type: ignore[misc]
    """Who has no second factor confirms with a code sent to the address of the account."""

    template_name = "account/reauthenticate.html"
    form_class = CodeForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = signed_in(request)
        if request.POST.get("action") == "send":
            if minutes := minutes_to_wait(user.email, client_address(request)):
                messages.error(request, patience(minutes))
            else:
                Confirmation.start(request, user)
            return redirect(self.passthrough_next_url(request.path))
        if self.process is None:
            messages.error(request, EXPIRED)
            return redirect(self.passthrough_next_url(request.path))
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    @property
    def process(self) -> Confirmation | None:
        return Confirmation.pending(self.request, signed_in(self.request))

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_form_kwargs()
        if process := self.process:
            kwargs |= {"code": process.code, "failed": process.state["failed_attempts"]}
        return kwargs

    def form_valid(self, form: CodeForm) -> HttpResponse:
        user = signed_in(self.request)
        if process := self.process:
            process.abort()
        record_authentication(self.request, user, "code", email=user.email, reauthenticated=True)
        response: HttpResponse = super().form_valid(form)
        return response

    def form_invalid(self, form: CodeForm) -> HttpResponse:
        process = self.process
        if not form.has_error("code", "wrong") or (process and process.record_invalid_attempt()):
            page: HttpResponse = self.render_to_response(self.get_context_data(form=form))
            return page
        messages.error(self.request, SPENT)
        return redirect(self.passthrough_next_url(self.request.path))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "sent": self.process is not None, "person": self.request.user}


@method_decorator([login_not_required, never_cache], name="dispatch")
class SignOutView(LogoutView):  # type: ignore[misc]
    """Leaves on POST only; also gives up a sign-in that is half done."""

    template_name = "account/logout.html"

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        elsewhere = logout_redirect(self.request) if self.request.user.is_authenticated else None
        address = elsewhere or self.get_redirect_url()
        logout_flow.logout(self.request, show_message=not elsewhere)
        return redirect(address)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def devices(request: HttpRequest) -> HttpResponse:
    """Where the person is signed in; end one session, or all the others."""
    user = signed_in(request)
    current = request.session.session_key
    if request.method == "POST":
        if "others" in request.POST:
            ended = end_sessions(user=user, actor=actor_of(user), except_key=current)
            said = OTHERS_ENDED if ended else NO_OTHER
        else:
            number = request.POST.get("session", "")
            others = open_sessions(user).exclude(session_key=current)
            session = get_object_or_404(others, pk=int(number[:18]) if number.isdecimal() else 0)
            end_sessions(user=user, actor=actor_of(user), only=session.pk)
            said = f"Connexion fermée : {device(session.user_agent)}."
        messages.success(request, said)
        return redirect("usersessions_list")
    sessions = [
        {"session": session, "device": device(session.user_agent), "here": here}
        for session in open_sessions(user)
        for here in [session.session_key == current]
    ]
    return render(request, "usersessions/usersession_list.html", {"sessions": sessions})
