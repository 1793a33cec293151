"""The fair draw: prepared in the space, open to all once its chances are published."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from fabriques.engines.cohort import InputError
from fabriques.intake.domain import drawing as verbs
from fabriques.intake.domain.refusals import StaleError
from fabriques.intake.enums import Phase
from fabriques.intake.forms.drawing import PublishForm, SeedForm
from fabriques.intake.models import Call, Draw
from fabriques.intake.queries import drawing as read
from fabriques.intake.queries.composing.draft import Draft
from fabriques.intake.views.composing.opening import (
    Composing,
    composing,
    composition_of,
    since,
)
from fabriques.kit.forms import refused


@require_safe
def draw(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The draw of a draft: chances under its rules as they are, then what was published."""
    who = composing(request, slug)
    draft = who.draft(composition_of(who, pk))
    keep = request.GET.get("parmi")
    return _page(request, who, draft, keep=keep if keep in read.KEEPS else None)


@require_POST
def publish(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    who = composing(request, slug)
    draft = who.draft(composition_of(who, pk))
    form = PublishForm(request.POST)
    if form.is_valid():
        try:
            verbs.publish(
                draft=draft,
                version=form.cleaned_data["version"],
                keep=form.cleaned_data["keep"],
                seed_source=form.cleaned_data["seed_source"],
                actor=who.actor,
            )
        except StaleError as error:
            return _stale(request, who, draft, form, error)
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, "Les chances sont publiées : chacun peut les lire.")
            return redirect("composition-draw", slug, pk)
    return _page(request, who, draft, publish_form=form)


@require_POST
def seed(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    who = composing(request, slug)
    draft = who.draft(composition_of(who, pk))
    published = get_object_or_404(Draw, composition=draft.composition, void_at=None)
    form = SeedForm(request.POST)
    if form.is_valid():
        try:
            verbs.draw(
                published=published,
                draft=draft,
                version=form.cleaned_data["version"],
                seed=form.cleaned_data["seed"],
                actor=who.actor,
            )
        except StaleError as error:
            return _stale(request, who, draft, form, error)
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, "Le tirage est fait : la cohorte est placée.")
            return redirect("composition-draw", slug, pk)
    return _page(request, who, draft, seed_form=form)


def _stale(
    request: HttpRequest, who: Composing, draft: Draft, form: Any, error: StaleError
) -> HttpResponse:
    entries = since(draft.composition, form.cleaned_data["version"])
    form.stale(error, error.version)
    draft = who.draft(draft.composition)
    name = "publish_form" if isinstance(form, PublishForm) else "seed_form"
    return _page(request, who, draft, entries=entries, **{name: form})


def _page(
    request: HttpRequest,
    who: Composing,
    draft: Draft,
    *,
    keep: str | None = None,
    publish_form: PublishForm | None = None,
    seed_form: SeedForm | None = None,
    entries: list[Any] | None = None,
) -> HttpResponse:
    composition = draft.composition
    names = read.names_of(who.call)
    found = [
        read.shown_draw(item, names)
        for item in read.draws_of(who.call).filter(composition=composition)
    ]
    current = next((item for item in found if not item.is_void), None)
    version = {"version": composition.version}
    if publish_form is not None:
        asked = publish_form.data.get("keep", "")
        keep = asked if asked in read.KEEPS else ""
    ahead, problem = None, ""
    if current is None and keep is not None and draft.pool.volunteers:
        ahead, problem = _ahead(draft, keep, names)
    return render(
        request,
        "intake/composing/draw.html",
        {
            "call": who.call,
            "composition": composition,
            "current": current,
            "void": [item for item in found if item.is_void],
            "ahead": ahead,
            "problem": problem,
            "keep": keep,
            "empty": not draft.pool.volunteers,
            "keeps": list(read.KEEPS.items()),
            "closed": who.call.phase in (Phase.CLOSED, Phase.DECIDED),
            "refusals": _hidden(publish_form, seed_form, current),
            "publish_form": publish_form or PublishForm(initial={**version, "keep": keep or ""}),
            "seed_form": seed_form or SeedForm(initial=version),
            "since": entries or [],
            "procedure": read.PROCEDURE,
        },
    )


def _hidden(
    publish_form: PublishForm | None, seed_form: SeedForm | None, current: read.ShownDraw | None
) -> list[str]:
    """What a form that the page no longer shows was refused for."""
    if current is None:
        gone: PublishForm | SeedForm | None = seed_form
    else:
        gone = publish_form or (seed_form if current.draw.drawn_at else None)
    return [str(error) for error in gone.non_field_errors()] if gone else []


def _ahead(draft: Draft, keep: str, names: dict[int, str]) -> tuple[read.ShownDraw | None, str]:
    """The chances as they would be published, or why there are none."""
    try:
        lottery = read.published_lottery(draft, keep)
    except InputError as error:
        return None, error.error
    if lottery is None:
        return None, "Aucune cohorte ne respecte toutes les règles impératives."
    return read.shown_draw(Draw(composition=draft.composition, lottery=lottery), names), ""


def _public(slug: str) -> tuple[Call, list[read.ShownDraw]]:
    """The draws of a public call; 404 until one is published. Names only where the call says so."""
    call = get_object_or_404(Call.objects.filter(published_at__isnull=False), slug=slug)
    draws = list(read.draws_of(call))
    if not draws:
        raise Http404
    names = read.names_of(call) if call.publish_pool else {}
    return call, [read.shown_draw(item, names) for item in draws]


@require_safe
def public(request: HttpRequest, slug: str) -> HttpResponse:
    """What anybody reads and checks."""
    call, draws = _public(slug)
    context = {"call": call, "draws": draws, "procedure": read.PROCEDURE}
    return render(request, "intake/call_draw.html", context)


@require_safe
def data(request: HttpRequest, slug: str) -> HttpResponse:
    """The file that the procedure reads: the latest draw, or `?numero=` another one."""
    _, draws = _public(slug)
    asked = request.GET.get("numero", "")
    found = next((item for item in draws if str(item.draw.pk) == asked), None)
    if found is None and asked:
        raise Http404
    shown = found or draws[0]
    item = shown.draw
    document = {
        **item.lottery,
        "digest": item.digest,
        "published_at": item.published_at.isoformat(),
        "seed_source": item.seed_source,
        "seed": item.seed or None,
        "drawn_at": item.drawn_at.isoformat() if item.drawn_at else None,
        "result": item.result,
        "void_at": item.void_at.isoformat() if item.void_at else None,
    }
    response = JsonResponse(document, json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = f'attachment; filename="tirage-{slug}-{item.pk}.json"'
    return response
