"""Indicators of a call, for stewards: declared, filled from a file after a preview, exported."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from fabriques.intake.abilities import acting
from fabriques.intake.domain import indicators as verbs
from fabriques.intake.forms.call_parts import IndicatorFileForm, IndicatorForm
from fabriques.intake.models import Call, Indicator
from fabriques.intake.queries import indicator_files as files
from fabriques.intake.views.calls import back, call_or_404
from fabriques.kit.exports import Column, Table, attachment, to_csv
from fabriques.kit.forms import refused
from fabriques.kit.paging import kept_filters, paginate, searched
from fabriques.people.models import User

LIST = "space-call-indicators"
PER_PAGE = 50
SHOWN_PROBLEMS = 200


def indicators(request: HttpRequest, slug: str) -> HttpResponse:
    user, found, _ = call_or_404(request, slug, "edit")
    form = IndicatorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = verbs.create_indicator(
                call=found, values=form.cleaned_data, actor=acting(user, found)
            )
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, "Indicateur ajouté. Importez maintenant ses valeurs.")
            return redirect("space-call-indicator", slug, made.slug)
    return render(
        request,
        "intake/call_indicators.html",
        {
            "call": found,
            "form": form,
            "indicators": found.indicators.annotate(held=Count("values")).order_by("name", "pk"),
        },
    )


def indicator(request: HttpRequest, slug: str, indicator: str) -> HttpResponse:
    """One indicator: its name and source, a file to import, what is held."""
    user, found, measure = _measure(request, slug, indicator)
    initial = {name: getattr(measure, name) for name in IndicatorForm.Meta.fields}
    form = IndicatorForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            verbs.edit_indicator(
                indicator=measure, values=form.cleaned_data, actor=acting(user, found)
            )
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, "Indicateur enregistré.")
            return redirect("space-call-indicator", slug, measure.slug)
    return _page(request, found, measure, form, IndicatorFileForm())


@require_POST
def preview(request: HttpRequest, slug: str, indicator: str) -> HttpResponse:
    """Read the file and show what was found; nothing is stored."""
    _, found, measure = _measure(request, slug, indicator)
    form = IndicatorFileForm(request.POST, request.FILES)
    if not form.is_valid():
        initial = {name: getattr(measure, name) for name in IndicatorForm.Meta.fields}
        return _page(request, found, measure, IndicatorForm(initial=initial), form)
    accepted = form.cleaned_data["file"]
    read = files.preview(accepted.content, accepted.name)
    return render(
        request,
        "intake/indicator_preview.html",
        {
            "call": found,
            "indicator": measure,
            "count": len(read.values),
            "held": measure.values.count(),
            "problems": read.problems[:SHOWN_PROBLEMS],
            "refused": len(read.problems),
            "notes": read.notes[:SHOWN_PROBLEMS],
            "noted": len(read.notes),
            "signed": read.signed(measure) if read.values else "",
            "name": accepted.name,
        },
    )


@require_POST
def confirm(request: HttpRequest, slug: str, indicator: str) -> HttpResponse:
    """Store what the preview showed."""
    user, found, measure = _measure(request, slug, indicator)
    values = files.confirmed(request.POST.get("valeurs", ""), measure)
    if values is None:
        messages.error(
            request, "L’aperçu date de plus d’une heure : renvoyez le fichier. Rien n’a changé."
        )
    else:
        try:
            verbs.replace_values(indicator=measure, values=values, actor=acting(user, found))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, "Valeurs enregistrées.")
    return redirect("space-call-indicator", slug, measure.slug)


@require_POST
def delete(request: HttpRequest, slug: str, indicator: str) -> HttpResponse:
    user, found, measure = _measure(request, slug, indicator)
    try:
        verbs.delete_indicator(indicator=measure, actor=acting(user, found))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("space-call-indicator", slug, measure.slug)
    messages.success(request, "Indicateur retiré, avec ses valeurs.")
    return back(found, LIST)


def export(request: HttpRequest, slug: str, indicator: str) -> HttpResponse:
    """What is held, in the layout that the import reads."""
    _, _, measure = _measure(request, slug, indicator)
    rows = measure.values.select_related("territory").order_by("territory__kind", "territory__code")
    table = Table(
        measure.name,
        (
            Column("code", "Code", "territory.code"),
            Column("valeur", "Valeur", "value", kind="number"),
            Column("nom", "Nom", "territory.name"),
        ),
        rows,
    )
    return attachment(to_csv(table, bom=True), f"{measure.slug}.csv")


def _measure(request: HttpRequest, slug: str, indicator: str) -> tuple[User, Call, Indicator]:
    user, found, _ = call_or_404(request, slug, "edit")
    measure = get_object_or_404(
        Indicator.objects.select_related("call"), call=found, slug=indicator
    )
    return user, found, measure


def _page(
    request: HttpRequest,
    call: Call,
    measure: Indicator,
    form: IndicatorForm,
    file_form: IndicatorFileForm,
) -> HttpResponse:
    words = searched(request)
    values = measure.values.select_related("territory__departement").order_by(
        "territory__name", "territory__code"
    )
    if words:
        values = values.filter(territory__name__icontains=words)
    return render(
        request,
        "intake/call_indicator.html",
        {
            "call": call,
            "indicator": measure,
            "form": form,
            "file_form": file_form,
            "page": paginate(values, request.GET.get("page"), PER_PAGE),
            "words": words,
            "query": kept_filters(request),
        },
    )
