"""Organisations, for those who run the programme."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files import File
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from fabriques.kit import journal
from fabriques.kit.forms import refused
from fabriques.kit.paging import kept_filters, paginate, searched
from fabriques.kit.uploads import served
from fabriques.people import queries, stewardship
from fabriques.people.forms import MergeForm, OrganisationForm
from fabriques.people.models import Organisation
from fabriques.programme.views.stewards import steward

SHOWN_CHANGES = 20


def _organisation(slug: str) -> Organisation:
    return get_object_or_404(Organisation.objects.select_related("territory"), slug=slug)


def organisations(request: HttpRequest) -> HttpResponse:
    steward(request, "manage_organisations")
    words = searched(request)
    page = paginate(queries.organisations(words), request.GET.get("page"), 50)
    return render(
        request,
        "portal/space/organisations.html",
        {"page": page, "words": words, "query": kept_filters(request)},
    )


def organisation(request: HttpRequest, slug: str) -> HttpResponse:
    steward(request, "manage_organisations")
    found = _organisation(slug)
    return render(
        request,
        "portal/space/organisation.html",
        {
            "found": found,
            "former": found.former_names.order_by("-until", "name"),
            "people": found.people.filter(is_active=True).order_by("name", "email")[:200],
            "history": journal.history(found.subject)[:SHOWN_CHANGES],
        },
    )


def create(request: HttpRequest) -> HttpResponse:
    actor = steward(request, "manage_organisations")
    form = OrganisationForm(request.POST or None, request.FILES or None, initial={"version": 1})
    if request.method == "POST" and form.is_valid():
        try:
            made = stewardship.create_organisation(values=_values(form), actor=actor)
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, f"{made.name} : fiche créée.")
            return redirect(made)
    return render(request, "portal/space/organisation_edit.html", {"form": form, "found": None})


def _values(form: OrganisationForm) -> dict[str, Any]:
    """What the form says of the organisation; no logo when none was chosen."""
    values = {name: value for name, value in form.cleaned_data.items() if name != "version"}
    logo = values.pop("logo")
    return values | ({"logo": File(logo.file, name=logo.name)} if logo else {})


def edit(request: HttpRequest, slug: str) -> HttpResponse:
    actor = steward(request, "manage_organisations")
    found = _organisation(slug)
    form = OrganisationForm(
        request.POST or None,
        request.FILES or None,
        instance=_organisation(slug),
        initial={"version": found.version},
    )
    changes = None
    if request.method == "POST" and form.is_valid():
        try:
            stewardship.edit_organisation(
                organisation=found,
                values=_values(form),
                version=form.cleaned_data["version"],
                actor=actor,
            )
        except stewardship.StaleError as error:
            changes = error.changes
            form.stale(error, found.version)
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, f"{found.name} : modifications enregistrées.")
            return redirect(found)
    return render(
        request,
        "portal/space/organisation_edit.html",
        {"form": form, "found": found, "changes": changes},
    )


def merge(request: HttpRequest, slug: str) -> HttpResponse:
    """Two records of one body: first what would move, then the merge."""
    actor = steward(request, "manage_organisations")
    kept = _organisation(slug)
    hint = "Son nom, son sigle, son SIREN ou l’adresse de sa fiche (mairie-de-brest-2)."
    form = MergeForm(request.POST or None, hint=hint)
    plan = None
    gone = None
    if request.method == "POST" and form.is_valid():
        gone = queries.find_organisation(form.cleaned_data["other"])
        try:
            if gone is None:
                raise ValidationError({"other": "Aucune organisation ne porte exactement ce nom."})
            plan = stewardship.preview_organisations(kept=kept, gone=gone)
            if request.POST.get("confirmer") == gone.slug:  # the one that was shown
                stewardship.merge_organisations(
                    kept=kept, gone=gone, actor=actor, reason=form.cleaned_data["reason"]
                )
                messages.success(request, f"C’est fait : « {gone.name} » a rejoint {kept.name}.")
                return redirect(kept)
        except ValidationError as error:
            refused(form, error)
            plan = None
    return render(
        request,
        "portal/space/organisation_merge.html",
        {
            "form": form,
            "kept": kept,
            "gone": gone,
            "plan": plan,
            "near": queries.near(kept),
        },
    )


def logo(request: HttpRequest, slug: str) -> FileResponse:
    steward(request, "manage_organisations")
    found = _organisation(slug)
    name = found.logo.name or ""
    if not name or not found.logo.storage.exists(name):
        raise Http404
    return served(found.logo, name=f"{found.slug}.{name.rpartition('.')[2]}", inline=True)
