"""What I receive, for everybody; what the site sends, for those who run the programme."""

from __future__ import annotations

from typing import Any

from csp.constants import NONE, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from fabriques.kit import journal
from fabriques.kit.awaiting import Task
from fabriques.kit.outbox import batches, queries, stops
from fabriques.kit.outbox.forms import PreferencesForm
from fabriques.kit.outbox.models import Batch, Mail, State
from fabriques.kit.outbox.notifications import label_of
from fabriques.kit.outbox.recipients import (
    Reason,
    Recipient,
    address_works,
    choose,
    preference_of,
    suppressions,
)
from fabriques.kit.outbox.rendering import Letter, preview_of
from fabriques.kit.paging import paginate
from fabriques.people.current import signed_in
from fabriques.people.models import User
from fabriques.programme import abilities
from fabriques.programme.views.stewards import steward

# Beyond so many letters, releasing or cancelling is asked again.
CONFIRM_BEYOND = 20
LETTERS, PREVIEWS = 50, 10
# A letter brings its own style and nothing else: no script, no picture, no form.
LETTER_POLICY = {
    "default-src": [NONE],
    "script-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": [NONE],
    "font-src": [NONE],
    "connect-src": [NONE],
    "manifest-src": [NONE],
    "form-action": [NONE],
}


def notifications(request: HttpRequest) -> HttpResponse:
    """What a person wants to receive, and what they were told lately."""
    user = signed_in(request)
    if "adresse" in request.POST:
        address_works(user.email)
        messages.success(request, f"Nous vous écrirons de nouveau à {user.email}.")
        return redirect("space-notifications")
    preference = preference_of(user)
    form = PreferencesForm(request.POST or None, preference=preference)
    if request.method == "POST" and form.is_valid():
        choose(user=user, rhythm=form.rhythm, refused=form.refused)
        messages.success(request, "Vos choix sont enregistrés.")
        return redirect("space-notifications")
    address = Recipient.of(user).address
    held = suppressions([address]).get(address, frozenset())
    told = queries.told(user)[: queries.RECENT]
    return render(
        request,
        "portal/space/notifications.html",
        {
            "form": form,
            "person": user,
            "undeliverable": Reason.UNDELIVERABLE in held,
            "told": [(notice, label_of(notice.kind)) for notice in told],
        },
    )


@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    """Batches to reread, then every letter, whatever became of it."""
    steward(request, "release_mails")
    state = request.GET.get("etat", "")
    state = state if state in State.values else ""
    page = paginate(queries.mails(request.user, state), request.GET.get("page"), LETTERS)
    counts = queries.counts(request.user)
    return render(
        request,
        "portal/space/mails.html",
        {
            "batches": queries.open_batches(request.user),
            "page": page,
            "letters": [(mail, label_of(mail.kind)) for mail in page.object_list],
            "query": f"?etat={state}" if state else "",
            "state": state,
            "states": [(s.value, s.label, counts.get(s.value, 0)) for s in State],
            "failed": counts.get(State.FAILED.value, 0),
        },
    )


@require_safe
def mail_batch(request: HttpRequest, pk: int) -> HttpResponse:
    """A batch, each of its letters as it will be read."""
    steward(request, "release_mails")
    batch = get_object_or_404(queries.seen_batches(request.user), pk=pk)
    page = paginate(queries.mails_of_batch(batch), request.GET.get("page"), PREVIEWS)
    return render(
        request,
        "portal/space/mail_batch.html",
        {
            "batch": batch,
            "label": label_of(batch.kind),
            "page": page,
            "letters": [(mail, _preview(mail)) for mail in page.object_list],
            "query": "",
            "to_review": batch.mails.filter(state=State.REVIEW).count(),
            "held_by": _act_of(batch),
            "history": journal.history(batch.subject),
        },
    )


@require_safe
@csp_replace(LETTER_POLICY)  # type: ignore[arg-type]  # views take arguments too
def mail(request: HttpRequest, pk: int) -> HttpResponse:
    """One letter of a batch, as a mail program shows it; the others are their reader's."""
    steward(request, "release_mails")
    reread = queries.seen_mails(request.user).exclude(batch=None)
    letter = _preview(get_object_or_404(reread, pk=pk))
    if letter is None:
        raise Http404
    return HttpResponse(letter.html)


@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    actor = steward(request, "release_mails")
    batch = get_object_or_404(queries.seen_batches(request.user), pk=pk)
    if asked := _asked_again(request, batch, release=True):
        return asked
    try:
        number = batches.release_batch(batch=batch, actor=actor)
    except batches.BatchClosedError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _counted(number, "part", "partent"))
    return redirect("space-mail-batch", pk=pk)


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    actor = steward(request, "release_mails")
    batch = get_object_or_404(queries.seen_batches(request.user), pk=pk)
    if asked := _asked_again(request, batch, release=False):
        return asked
    try:
        number = batches.cancel_batch(batch=batch, actor=actor)
    except batches.BatchClosedError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _counted(number, "est annulée", "sont annulées"))
    return redirect("space-mail-batch", pk=pk)


@require_POST
def take_out(request: HttpRequest, pk: int) -> HttpResponse:
    actor = steward(request, "release_mails")
    letter = get_object_or_404(
        queries.seen_mails(request.user).select_related("batch"), pk=pk, batch__isnull=False
    )
    try:
        batches.cancel_mail(mail=letter, actor=actor)
    except batches.BatchClosedError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "Cette lettre ne partira pas.")
    return redirect("space-mail-batch", pk=letter.batch_id or 0)


@require_POST
def try_again(request: HttpRequest, pk: int) -> HttpResponse:
    actor = steward(request, "release_mails")
    if batches.try_again(
        mail=get_object_or_404(queries.seen_mails(request.user), pk=pk), actor=actor
    ):
        messages.success(request, "La lettre repart.")
    else:
        messages.warning(request, "Cette lettre ne peut plus être renvoyée.")
    return redirect("space-mails")


@login_not_required
@csrf_exempt  # the link is the proof; mail programs post by themselves (RFC 8058)
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """The page of the link at the foot of letters: one more click, and no more letters."""
    known = stops.is_token(token)
    if known and request.method == "POST":
        stops.stop(token)
    context = {"known": known, "stopped": known and stops.has_stopped(token)}
    return render(request, "portal/mail_stop.html", context, status=200 if known else 404)


def awaiting(user: User) -> list[Task]:
    """What awaits those who run the programme: batches to reread, letters that were given up."""
    if not abilities.site_abilities(user).release_mails:
        return []
    tasks = [
        Task(
            title=f"Relire l’envoi « {batch.title} »",
            detail=_counted(batch.to_review, "attend d’être relue", "attendent d’être relues"),
            address=reverse("space-mail-batch", args=[batch.pk]),
            act="Relire",
        )
        for batch in queries.open_batches(user)
    ]
    if failed := queries.mails(user, State.FAILED).count():
        tasks.append(
            Task(
                title="Des lettres échouées",
                detail=_counted(failed, "n’a pas pu partir", "n’ont pas pu partir"),
                address=reverse("space-mails") + f"?etat={State.FAILED}",
                act="Voir",
            )
        )
    return tasks


def _act_of(batch: Batch) -> str:
    """The page of what holds the letters: they leave with it; "" for a batch of its own."""
    kind = journal.kind_of(batch.held_by)
    return (kind.address(batch.held_by.partition(":")[2]) or "") if kind else ""


def _preview(mail: Mail) -> Letter | None:
    """None for what is only for its reader, was forgotten or has lost its point."""
    try:
        return preview_of(mail)
    except (KeyError, ObjectDoesNotExist):
        return None


def _asked_again(request: HttpRequest, batch: Batch, *, release: bool) -> HttpResponse | None:
    """The page that asks for a confirmation, when many letters are at stake and none was given."""
    number = batch.mails.filter(state=State.REVIEW).count()
    if not batch.is_open or number <= CONFIRM_BEYOND or "confirmer" in request.POST:
        return None
    context: dict[str, Any] = {"batch": batch, "number": number, "release": release}
    return render(request, "portal/space/mail_batch_confirm.html", context)


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} lettres {many}." if number > 1 else f"{number} lettre {one}."


urlpatterns = [
    path("notifications/", notifications, name="space-notifications"),
    path("envois/", mails, name="space-mails"),
    path("envois/<int:pk>/", mail_batch, name="space-mail-batch"),
    path("envois/<int:pk>/partir/", release, name="space-mail-batch-release"),
    path("envois/<int:pk>/annuler/", cancel, name="space-mail-batch-cancel"),
    path("envois/lettre/<int:pk>/", mail, name="space-mail"),
    path("envois/lettre/<int:pk>/retirer/", take_out, name="space-mail-take-out"),
    path("envois/lettre/<int:pk>/renvoyer/", try_again, name="space-mail-again"),
]
public_urlpatterns = [path("courriels/stop/<str:token>/", stop, name="mail-stop")]
