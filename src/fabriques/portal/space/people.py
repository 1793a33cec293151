"""Accounts, for those who run the programme."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from fabriques.kit import journal
from fabriques.kit.forms import refused
from fabriques.kit.paging import kept_filters, paginate, searched
from fabriques.people import domain, queries, stewardship
from fabriques.people.forms import AttachForm, MergeForm, ReasonForm
from fabriques.people.models import User
from fabriques.people.personal.erasure import ErasureRefusedError, erase
from fabriques.people.signin.second_factor import has_second_factor
from fabriques.programme.queries.memberships import all_memberships
from fabriques.programme.scopes import Scope
from fabriques.programme.views.stewards import steward

STATES = {
    "": "Ouverts",
    "unconfirmed": "Jamais entrés",
    "closed": "Fermés",
    "erased": "Effacés",
}
SHOWN_CHANGES = 20


def _person(ref: UUID) -> User:
    return get_object_or_404(User.objects.select_related("organisation"), ref=ref)


def people(request: HttpRequest) -> HttpResponse:
    steward(request, "manage_people")
    words = searched(request)
    state = request.GET.get("etat", "")
    state = state if state in STATES else ""
    page = paginate(queries.people(words, state), request.GET.get("page"), 50)
    return render(
        request,
        "portal/space/people.html",
        {
            "page": page,
            "words": words,
            "state": state,
            "states": STATES,
            "query": kept_filters(request),
        },
    )


def person(request: HttpRequest, ref: UUID) -> HttpResponse:
    steward(request, "manage_people")
    found = _person(ref)
    return render(
        request,
        "portal/space/person.html",
        {
            "found": found,
            "protected": has_second_factor(found),
            "held": [(m, Scope.of(m)) for m in all_memberships(found)],
            "addresses": sorted(queries.addresses_of(found) - {found.email}),
            "history": journal.history(found.subject)[:SHOWN_CHANGES],
        },
    )


def attach(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Which organisation this person belongs to; the change leaves a trace."""
    actor = steward(request, "manage_people")
    found = _person(ref)
    form = AttachForm(
        request.POST or None,
        initial={
            "organisation": found.organisation.name if found.organisation else "",
            "version": found.version,
        },
    )
    changes = None
    if request.method == "POST" and form.is_valid():
        try:
            stewardship.edit_person(
                user=found,
                values={"organisation": form.cleaned_data["organisation"]},
                version=form.cleaned_data["version"],
                actor=actor,
                reason=form.cleaned_data["reason"],
            )
        except stewardship.StaleError as error:
            changes = error.changes
            form.stale(error, found.version)
        else:
            messages.success(request, f"Rattachement enregistré pour {found}.")
            return redirect(found)
    return render(
        request,
        "portal/space/person_attach.html",
        {
            "form": form,
            "found": found,
            "changes": changes,
            "organisations": queries.organisations()[:500],
        },
    )


def merge(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Two accounts of one person: first what would move, then the merge."""
    actor = steward(request, "manage_people")
    kept = _person(ref)
    form = MergeForm(request.POST or None, hint="L’adresse électronique du compte en trop.")
    plan = None
    gone = None
    if request.method == "POST" and form.is_valid():
        gone = queries.user_by_address(form.cleaned_data["other"])
        try:
            if gone is None:
                raise ValidationError({"other": "Aucun compte ouvert n’a cette adresse."})
            plan = stewardship.preview_people(kept=kept, gone=gone)
            if request.POST.get("confirmer") == str(gone.ref):  # the one that was shown
                stewardship.merge_people(
                    kept=kept, gone=gone, actor=actor, reason=form.cleaned_data["reason"]
                )
                messages.success(
                    request, f"C’est fait : {form.cleaned_data['other']} ouvre le compte de {kept}."
                )
                return redirect(kept)
        except ValidationError as error:
            refused(form, error)
            plan = None
    return render(
        request,
        "portal/space/person_merge.html",
        {"form": form, "kept": kept, "gone": gone, "plan": plan},
    )


@dataclass(frozen=True)
class Grave:
    """What is done to an account with a page that asks, and a reason that stays in the journal."""

    run: Callable[..., None]  # a verb of `people`, with user, actor and reason
    template: str
    said: str
    own: bool = False  # whether it may be done to one's own account here

    def __call__(self, request: HttpRequest, ref: UUID) -> HttpResponse:
        actor = steward(request, "manage_people")
        found = _person(ref)
        if found.erased_at or (found == request.user and not self.own):
            raise Http404
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                self.run(user=found, actor=actor, reason=form.cleaned_data["reason"])
            except ValidationError as error:
                refused(form, error)
            except ErasureRefusedError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, self.said)
                return redirect(found)
        return render(request, self.template, {"form": form, "found": found})


close = Grave(
    domain.close_account,
    "portal/space/person_close.html",
    "Compte fermé : rôles et connexions ont pris fin.",
)
remove_factors = Grave(
    domain.remove_factors,
    "portal/space/person_factors.html",
    "Second facteur retiré. Un courriel le dit à la personne.",
)
erase_person = Grave(
    erase,
    "portal/space/person_erase.html",
    "Compte effacé. Les décomptes et le journal restent justes.",
    own=True,
)


@require_POST
def reopen(request: HttpRequest, ref: UUID) -> HttpResponse:
    actor = steward(request, "manage_people")
    found = _person(ref)
    try:
        domain.reopen_account(user=found, actor=actor)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"Compte rouvert ({found}). Ses anciens rôles restent retirés.")
    return redirect(found)
