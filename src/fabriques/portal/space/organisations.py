"""Organisations, for those who run the programme."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files import File
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from fabriques.kit import journal
from fabriques.kit.journal import Actor
from fabriques.kit.paging import paginate
from fabriques.kit.uploads import served
from fabriques.people import queries, stewardship
from fabriques.people.current import signed_in
from fabriques.people.forms import MergeForm, OrganisationForm
from fabriques.people.models import Organisation
from fabriques.programme import abilities
from fabriques.programme.views.roles import refused

SHOWN_CHANGES = 20


def _steward(request: HttpRequest) -> Actor:
    """Who acts; 404 for anybody else."""
    if not abilities.site_abilities(request.user).manage_organisations:
        raise Http404
    return abilities.acting(signed_in(request))


def _organisation(slug: str) -> Organisation:
    return get_object_or_404(Organisation.objects.select_related("territory"), slug=slug)


def organisations(request: HttpRequest) -> HttpResponse:
    _steward(request)
    words = request.GET.get("q", "")[:100].strip()
    page = paginate(queries.organisations(words), request.GET.get("page"), 50)
    kept = request.GET.copy()
    kept.pop("page", None)
    return render(
        request,
        "portal/space/organisations.html",
        {"page": page, "words": words, "query": f"?{kept.urlencode()}" if kept else ""},
    )


def organisation(request: HttpRequest, slug: str) -> HttpResponse:
    _steward(request)
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


def edit(request: HttpRequest, slug: str) -> HttpResponse:
    actor = _steward(request)
    found = _organisation(slug)
    form = OrganisationForm(
        request.POST or None, request.FILES or None, instance=_organisation(slug)
    )
    changes = None
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        version = values.pop("version")
        if logo := values.pop("logo"):
            values["logo"] = File(logo.file, name=logo.name)
        try:
            stewardship.edit_organisation(
                organisation=found, values=values, version=version, actor=actor
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
    actor = _steward(request)
    kept = _organisation(slug)
    hint = "L’adresse de sa fiche, par exemple : mairie-de-brest-2."
    form = MergeForm(request.POST or None, hint=hint)
    plan = None
    gone = None
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data["other"].strip().rstrip("/").rpartition("/")[2]
        gone = Organisation.objects.filter(slug=wanted).first()
        try:
            if gone is None:
                raise ValidationError({"other": "Aucune organisation n’a cette fiche."})
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
    _steward(request)
    found = _organisation(slug)
    name = found.logo.name or ""
    if not name or not found.logo.storage.exists(name):
        raise Http404
    return served(found.logo, name=f"{found.slug}.{name.rpartition('.')[2]}", inline=True)
