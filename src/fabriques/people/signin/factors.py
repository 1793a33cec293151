"""Second factors: see them, add them, remove them, use them."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import passthrough_next_redirect_url
from allauth.mfa.base.views import AuthenticateView, ReauthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    EditWebAuthnView,
    LoginWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from fabriques.kit.journal import record
from fabriques.people.actors import actor_of
from fabriques.people.current import signed_in
from fabriques.people.domain import keep_only
from fabriques.people.models import User
from fabriques.people.signin.adapter import SecondFactorAdapter, is_readable
from fabriques.people.signin.second_factor import (
    FACTORS,
    has_second_factor,
    may_remove,
    second_factor_needed,
)

Type = Authenticator.Type
OTHERS_ENDED = (
    "Les autres connexions à votre compte sont fermées : votre second facteur y sera demandé."
)


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What protects the account, and what to add."""
    user = signed_in(request)
    held = list(Authenticator.objects.filter(user=user).order_by("created_at", "pk"))
    unreadable = {factor.type for factor in held if not is_readable(factor)}
    codes = next((factor.wrap() for factor in held if factor.type == Type.RECOVERY_CODES), None)
    if Type.RECOVERY_CODES in unreadable:
        codes = None
    context = {
        "application": next((factor for factor in held if factor.type == Type.TOTP), None),
        "passkeys": [factor for factor in held if factor.type == Type.WEBAUTHN],
        "codes_left": len(codes.get_unused_codes()) if codes else None,
        "protected": any(factor.type in FACTORS for factor in held),
        "needed": second_factor_needed(user),
        "application_lost": Type.TOTP in unreadable,
        "codes_lost": Type.RECOVERY_CODES in unreadable,
    }
    return render(request, "mfa/index.html", context)


def _journal(user: User, verb: str, factor: str) -> None:
    record(subject=user.subject, verb=verb, actor=actor_of(user), after={"facteur": factor})


def _locked(user: User) -> User:
    """The account as it is now; whoever changes its factors too waits."""
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


class _Adding:
    """Adding a factor proves that one holds it: no need to show it again in the next minutes.

    The first one protects the account from whoever was in already, elsewhere.
    """

    request: HttpRequest
    factor = ""

    def form_valid(self, form: Any) -> HttpResponse:
        user = signed_in(self.request)
        with transaction.atomic():
            first = not has_second_factor(_locked(user))
            response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
            _journal(user, "second facteur ajouté", self.factor)
            ended = first and keep_only(
                session=self.request.session, user=user, actor=actor_of(user)
            )
        if ended:
            messages.info(self.request, OTHERS_ENDED)
        record_authentication(self.request, user, "mfa", reauthenticated=True)
        return response


class _Removing:
    """The last factor of who needs one stays, even when two pages remove two at once."""

    request: HttpRequest
    factor = ""

    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            user = _locked(signed_in(self.request))
            if not may_remove(self.get_authenticator()):
                form.add_error(
                    None, SecondFactorAdapter().validation_error("cannot_delete_authenticator")
                )
                refused: HttpResponse = self.form_invalid(form)  # type: ignore[attr-defined]
                return refused
            response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
            _journal(user, "second facteur retiré", self.factor)
        return response

    def get_authenticator(self) -> Authenticator:
        raise NotImplementedError


class ActivateView(_Adding, ActivateTOTPView):  # type: ignore[misc]
    template_name = "mfa/totp/activate_form.html"
    factor = "application de codes"


class DeactivateView(_Removing, DeactivateTOTPView):  # type: ignore[misc]
    template_name = "mfa/totp/deactivate_form.html"
    factor = "application de codes"

    def get_authenticator(self) -> Authenticator:
        return self.authenticator


class AddPasskeyView(_Adding, AddWebAuthnView):  # type: ignore[misc]
    template_name = "mfa/webauthn/add_form.html"
    factor = "clé d’accès"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = {**super().get_context_data(**kwargs), **kwargs}
        # A key that can, lets sign in without a letter; one that cannot, is a second factor.
        options = context["js_data"]["creation_options"]["publicKey"]
        selection = {"residentKey": "preferred", "userVerification": "preferred"}
        options = {**options, "authenticatorSelection": selection}
        return {**context, "options": {"publicKey": options}}


class RemovePasskeyView(_Removing, RemoveWebAuthnView):  # type: ignore[misc]
    template_name = "mfa/webauthn/authenticator_confirm_delete.html"
    factor = "clé d’accès"

    def get_authenticator(self) -> Authenticator:
        found: Authenticator = self.get_object()
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "removable": may_remove(self.object)}


class EditPasskeyView(EditWebAuthnView):  # type: ignore[misc]
    template_name = "mfa/webauthn/edit_form.html"


class GenerateCodesView(GenerateRecoveryCodesView):  # type: ignore[misc]
    template_name = "mfa/recovery_codes/generate.html"

    def form_valid(self, form: Any) -> HttpResponse:
        user = signed_in(self.request)
        with transaction.atomic():
            # The library locks the account against foreign keys too: with the head of the journal
            # already ours, nobody who waits for that head can be waited for.
            _locked(user)
            _journal(user, "codes de secours renouvelés", "codes de secours")
            response: HttpResponse = super().form_valid(form)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        try:
            found: dict[str, Any] = super().get_context_data(**kwargs)
        except ValidationError:  # the codes that are left cannot be read: all the more reason
            page = super(GenerateRecoveryCodesView, self).get_context_data(**kwargs)
            found = {**page, "unused_code_count": 0}
        return found


class RecoveryCodesView(ViewRecoveryCodesView):  # type: ignore[misc]
    template_name = "mfa/recovery_codes/index.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            page: HttpResponse = super().get(request, *args, **kwargs)
        except ValidationError:
            return redirect("mfa_index")  # which says that they cannot be read, and what to do
        return page


class SecondFactorView(AuthenticateView):  # type: ignore[misc]
    """The second step of signing in."""

    template_name = "mfa/authenticate.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        options = context["js_data"]["request_options"]
        application = Authenticator.objects.filter(user=self.stage.login.user, type=Type.TOTP)
        return {
            **context,
            "options": options,
            "has_application": application.exists(),
            "has_passkey": bool(options["publicKey"].get("allowCredentials")),
        }


class ShowCodeView(ReauthenticateView):  # type: ignore[misc]
    template_name = "mfa/reauthenticate.html"


class ShowPasskeyView(ReauthenticateWebAuthnView):  # type: ignore[misc]
    template_name = "mfa/webauthn/reauthenticate.html"

    def form_invalid(self, form: Any) -> HttpResponse:
        page: HttpResponse = self.render_to_response(self.get_context_data(form=form))
        return page

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), **kwargs}


class PasskeySignInView(LoginWebAuthnView):  # type: ignore[misc]
    """Sign in with a passkey, without any letter."""

    def form_invalid(self, form: Any) -> HttpResponse:
        super().form_invalid(form)  # says what went wrong
        door = reverse("account_login")
        return redirect(passthrough_next_redirect_url(self.request, door, REDIRECT_FIELD_NAME))
