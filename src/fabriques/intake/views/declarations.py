"""The page where a declaration is written: saved as it is typed, or by its button."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_POST

from fabriques.intake.abilities import acting, require
from fabriques.intake.domain import declarations as verbs
from fabriques.intake.domain.declarations import Saved
from fabriques.intake.domain.volunteering import MISSING, submit
from fabriques.intake.enums import VolunteerState
from fabriques.intake.forms.volunteering import LETTER, DeclarationForm
from fabriques.intake.models import Volunteer
from fabriques.intake.queries import declarations as content
from fabriques.intake.queries import volunteering as read
from fabriques.intake.receipts import HOUR
from fabriques.intake.views.volunteering import opened
from fabriques.kit.forms import refused
from fabriques.kit.ratelimit import limited
from fabriques.people.models import User

OTHERS = (
    "Quelqu’un d’autre a écrit ici entre-temps. Son texte est ci-dessous, le vôtre n’est pas "
    "encore enregistré : gardez l’un, l’autre, ou réunissez les deux, puis enregistrez."
)


def _written(request: HttpRequest, ref: UUID) -> tuple[User, Volunteer, DeclarationForm]:
    """The declaration for one of its authors, with its form; 404 for the others."""
    user, found, can = opened(request, ref)
    require(can.write)
    questions = list(found.call.questions.all())
    sent = request.method == "POST"
    form = DeclarationForm(
        request.POST if sent else None,
        request.FILES if sent else None,
        volunteer=found,
        questions=questions,
        stored=content.values(found, questions),
    )
    return user, found, form


def _save(user: User, found: Volunteer, form: DeclarationForm) -> Saved:
    """Write what is valid: one field that is not must not hold back the others."""
    form.is_valid()
    return verbs.save_declaration(
        volunteer=found,
        values=form.texts(),
        seen=form.seen_digests(),
        actor=acting(user, author=True),
    )


@limited("volunteer-edit", per_person="120/h")
def edit(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Write, save, submit: everything typed is saved first, whatever else is asked."""
    user, found, form = _written(request, ref)
    closed = read.why_closed(found.call)
    if found.state == VolunteerState.WITHDRAWN or (closed and request.method == "GET"):
        return redirect(found)
    conflicts: Mapping[str, str] = {}
    stored = False
    if request.method == "POST":
        try:
            saved = _save(user, found, form)
            conflicts, stored = saved.conflicts, True
            _show(form, saved)
            found = _letter(user, saved.volunteer, form)
            if _complete(request, found, form):
                return _done(request, user, found)
        except ValidationError as error:
            refused(form, error)
    done, of = content.progress(form.stored, form.questions)
    context: dict[str, Any] = {
        "form": form,
        "volunteer": found,
        "call": found.call,
        "card": read.card(found.territory, found.call),
        "until": read.until(found.call),
        "done": done,
        "of": of,
        "submitted": found.state == VolunteerState.SUBMITTED,
        "stored": stored,
        "missing": MISSING,
        "conflicts": conflicts,
        "person": user,
        "refusals": [
            (_anchor(form, name), form[name]) for name in form.errors if name in form.fields
        ],
    }
    status = 409 if conflicts else 200
    return render(request, "intake/volunteer_edit.html", context, status=status)


def _show(form: DeclarationForm, saved: Saved) -> None:
    """Show beside each field what others wrote there; once shown, it can be written over."""
    stored = content.values(saved.volunteer, form.questions)
    form.show_stored(stored)
    for name, text in saved.merged.items():
        form.data.setlist(name, _lines(form, name, text))
    for name in saved.conflicts:
        form.add_error(name, OTHERS)


def _lines(form: DeclarationForm, name: str, text: str) -> list[str]:
    return text.splitlines() if form[name].widget_type == "checkboxselectmultiple" else [text]


def _letter(user: User, found: Volunteer, form: DeclarationForm) -> Volunteer:
    """Take or drop the file, even when a field is refused: a page cannot keep it."""
    actor = acting(user, author=True)
    if letter := form.cleaned_data.get(LETTER):
        return verbs.attach_letter(volunteer=found, letter=letter, actor=actor)
    if form.cleaned_data.get("remove_letter"):
        return verbs.remove_letter(volunteer=found, actor=actor)
    return found


def _complete(request: HttpRequest, found: Volunteer, form: DeclarationForm) -> bool:
    """Whether nothing is refused; to submit, all that is missing is said at once."""
    if "submit" in request.POST and found.state == VolunteerState.DRAFT:
        for name in content.lacking(form.stored, form.questions):
            if name not in form.errors:
                form.add_error(name, MISSING)
    return not form.errors


def _done(request: HttpRequest, user: User, found: Volunteer) -> HttpResponse:
    """Once all is saved: submit when that was asked. Raises `RefusedError` with what is missing."""
    if "submit" in request.POST and found.state == VolunteerState.DRAFT:
        done = submit(volunteer=found, actor=acting(user, author=True))
        messages.success(
            request,
            f"C’est fait : la déclaration de {done.territory.name} est déposée sous le numéro "
            f"{done.number}. Une lettre vous le confirme.",
        )
        for other in read.overlapping(done):
            messages.info(
                request,
                f"{other.territory.name} s’est aussi porté volontaire, et vos territoires se "
                "recouvrent. Les deux déclarations sont acceptées ; parlez-en ensemble.",
            )
        return redirect(done)
    messages.success(request, f"Enregistré à {_time()}.")
    if found.state == VolunteerState.SUBMITTED:
        return redirect(found)
    return redirect("volunteer-edit", found.ref)


def _anchor(form: DeclarationForm, name: str) -> str:
    """The id of the first control of a field."""
    return form[name].id_for_label or f"{form[name].auto_id}_0"


@require_POST
@limited("volunteer-save", per_person="60/m")
def save(request: HttpRequest, ref: UUID) -> HttpResponse:
    """What the page sends as one types, for a draft; answers what became of each field.

    `seen`: the digests of what is stored; `errors`: labels of the fields that are not; `merged`:
    what others wrote elsewhere; `conflicts`: what others wrote where one was writing.
    """
    user, found, form = _written(request, ref)
    if found.state == VolunteerState.SUBMITTED:
        return JsonResponse({"refused": "Utilisez le bouton Enregistrer."}, status=409)
    try:
        saved = _save(user, found, form)
    except ValidationError as error:
        return JsonResponse({"refused": " ".join(error.messages)}, status=409)
    stored = content.values(saved.volunteer, form.questions)
    done, of = content.progress(stored, form.questions)
    return JsonResponse(
        {
            "at": _time(),
            "seen": content.digests(stored),
            "errors": {name: str(form[name].label) for name in form.errors if name in stored},
            "merged": saved.merged,
            "conflicts": saved.conflicts,
            "progress": f"{done} sur {of}",
        }
    )


def _time() -> str:
    """Now, as a clock says it: 14 h 32."""
    return date_format(timezone.localtime(), HOUR)
