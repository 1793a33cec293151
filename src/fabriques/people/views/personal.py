"""One's own data: what the site holds, consents, copy, erasure."""

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fabriques.kit import ratelimit
from fabriques.kit.purposes import purposes
from fabriques.people.actors import actor_of
from fabriques.people.current import signed_in
from fabriques.people.enums import Subject
from fabriques.people.models import Consent
from fabriques.people.personal import erasure
from fabriques.people.personal.consents import give_consent, open_consents, withdraw_consent
from fabriques.people.personal.export import archive
from fabriques.people.personal.forms import ConsentsForm, EraseForm
from fabriques.people.personal.retention import erased_on


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(
    request: HttpRequest, *, form: ConsentsForm | None = None, problem: str = "", status: int = 200
) -> HttpResponse:
    user = signed_in(request)
    context = {
        "user": user,
        "form": form or ConsentsForm(initial={"accepted": sorted(open_consents(user))}),
        "problem": problem,
        "erased_on": erased_on(user),
        "consents": Consent.objects.filter(user=user).order_by("-given_at", "-pk"),
        "purposes": purposes(),
    }
    return render(request, "people/personal.html", context, status=status)


@require_POST
def consents(request: HttpRequest) -> HttpResponse:
    form = ConsentsForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=400)
    for subject in Subject:
        if subject in form.cleaned_data["accepted"]:
            give_consent(user=signed_in(request), subject=subject)
        else:
            withdraw_consent(user=signed_in(request), subject=subject)
    messages.success(request, "Vos accords sont enregistrés.")
    return redirect("space-personal")


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    if not ratelimit.consume(action="personal-export", key=str(user.ref), rate="5/h"):
        return _page(
            request,
            problem="Vous avez déjà téléchargé cinq copies en une heure. Réessayez plus tard.",
            status=429,
        )
    response = HttpResponse(archive(user), content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="mes-donnees.zip"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    form = EraseForm(request.POST if request.method == "POST" else None, user=user)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        try:
            erasure.erase(user=user, actor=actor_of(user), reason="à sa demande")
        except erasure.ErasureRefusedError as why:
            refusal = str(why)
        else:
            logout(request)
            return redirect("space-personal-erased")
    context = {"form": form, "refusal": refusal or erasure.refusal(user)}
    status = 409 if refusal else 200
    return render(request, "people/personal_erase.html", context, status=status)


@login_not_required
@require_safe
def erased(request: HttpRequest) -> HttpResponse:
    return render(request, "people/personal_erased.html")
