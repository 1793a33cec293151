"""To ProConnect and back, and the way out."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from fabriques.people.proconnect.provider import (
    ID_TOKEN,
    ProConnectAdapter,
    begin,
    configuration,
    proconnect_available,
)
from fabriques.people.proconnect.stops import StoppedError

View = Callable[[HttpRequest], HttpResponse]
SIGNED_OUT = "proconnect.signed-out"
logger = logging.getLogger(__name__)
_callback: View = OAuth2CallbackView.adapter_view(ProConnectAdapter)


def _public(view: View) -> View:
    """Open to all where ProConnect is set; what stops the sign-in is said on a page."""

    @login_not_required
    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest) -> HttpResponse:
        if not proconnect_available():
            raise Http404
        try:
            return view(request)
        except StoppedError as error:
            reason, cause = error.reason, type(error.__cause__).__name__
            logger.warning("ProConnect sign-in stopped: %s (%s)", reason.name, cause)
            return render(
                request, "people/proconnect/stopped.html", {"reason": reason}, status=reason.status
            )

    return wrapped


@_public
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    return begin(request)


@_public
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    return _callback(request)


@_public
@require_GET
def signed_out(request: HttpRequest) -> HttpResponse:
    """Where ProConnect sends the browser back; only the answer to a sign-out of ours says so."""
    try:
        signing.loads(request.GET.get("state", ""), salt=SIGNED_OUT, max_age=600)
    except signing.BadSignature:
        return redirect("home")
    if request.user.is_authenticated:
        return redirect("home")
    return render(request, "people/proconnect/signed_out.html")


def logout_redirect(request: HttpRequest) -> str | None:
    """Where to send a browser that signs out here, so that it signs out of ProConnect too.

    None for who came in otherwise, or when ProConnect is out of reach. To be called before the
    session is emptied.
    """
    kept = request.session.get(ID_TOKEN)
    if not kept or kept["user"] != request.user.pk or not proconnect_available():
        return None
    try:
        end = configuration().get("end_session_endpoint")
    except StoppedError:
        return None
    query = urlencode(
        {
            "id_token_hint": kept["id_token"],
            "state": signing.dumps(secrets.token_urlsafe(32), salt=SIGNED_OUT),
            "post_logout_redirect_uri": request.build_absolute_uri(
                reverse("proconnect-logout-callback")
            ),
        }
    )
    return f"{end}?{query}" if end else None
