"""Letters of a demonstration: every sort with an example, and those that have just left.

Not there where DEMO is off.
"""

from __future__ import annotations

from csp.constants import SELF
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.clickjacking import xframe_options_sameorigin

from fabriques.kit import mailing
from fabriques.kit.outbox.notifications import Notification, notification, registered
from fabriques.kit.outbox.rendering import Letter, letter_of
from fabriques.kit.outbox.stops import example_stop
from fabriques.portal.space.mails import LETTER_POLICY

LATEST = 20


@login_not_required
def mails(request: HttpRequest) -> HttpResponse:
    """Every sort of letters, and the latest that left."""
    _demonstration()
    context = {"kinds": registered(), "latest": mailing.latest(LATEST)}
    return render(request, "portal/demo_mails.html", context)


@login_not_required
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]
def mail(request: HttpRequest, key: str) -> HttpResponse:
    """One sort of letters, both versions side by side."""
    kind = _kind(key)
    return render(request, "portal/demo_mail.html", {"kind": kind, "letter": _example(kind)})


@login_not_required
@xframe_options_sameorigin
@csp_replace(LETTER_POLICY | {"frame-ancestors": [SELF]})  # type: ignore[arg-type]
def mail_html(request: HttpRequest, key: str) -> HttpResponse:
    """The HTML version alone, for the frame."""
    return HttpResponse(_example(_kind(key)).html)


def _example(kind: Notification) -> Letter:
    return letter_of(kind, kind.example(), stop=example_stop())


def _kind(key: str) -> Notification:
    _demonstration()
    try:
        return notification(key)
    except KeyError:
        raise Http404 from None


def _demonstration() -> None:
    if not settings.DEMO:
        raise Http404


urlpatterns = [
    path("demonstration/courriels/", mails, name="demo-mails"),
    path("demonstration/courriels/<slug:key>/", mail, name="demo-mail"),
    path("demonstration/courriels/<slug:key>/lettre/", mail_html, name="demo-mail-html"),
]
