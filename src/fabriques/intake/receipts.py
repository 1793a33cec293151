"""The receipt of a declaration: all that it says, and when it was submitted, as a PDF to keep."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from fabriques.intake.enums import VolunteerState
from fabriques.intake.models import Volunteer
from fabriques.intake.queries import declarations as content
from fabriques.intake.queries import volunteering as read
from fabriques.kit.documents import lines, pdf

HOUR = "G\u00a0\\h\u00a0i"  # 14 h 32

_BODY = """
#text(size: 10pt, fill: rgb("#000091"), weight: "bold", data.author)
= #data.title
#for line in data.facts { par[*#line.at(0) :* #line.at(1)] }
#for part in data.parts [
  == #part.title
  #paragraphs(part.lines)
]
#line(length: 100%, stroke: 0.5pt + rgb("#dddddd"))
#text(size: 9pt, data.note)
"""


def receipt_of(volunteer: Volunteer) -> bytes:
    """The PDF (PDF/UA-1) of a declaration submitted, as it is now, whatever became of it since."""
    call, territory = volunteer.call, volunteer.territory
    questions = list(call.questions.all())
    said = content.values(volunteer, questions)
    facts = [
        ("Appel", call.title),
        ("Territoire", f"{territory.name}, {territory.label.lower()} ({territory.code})"),
        ("Numéro de la déclaration", str(volunteer.number)),
        ("Déposée le", _moment(volunteer.submitted_at)),
    ]
    if volunteer.state == VolunteerState.WITHDRAWN:
        facts.append(("Retirée le", _moment(volunteer.withdrawn_at)))
    parts = [
        ("Périmètre travaillé", perimeter(volunteer)),
        ("Question locale", volunteer.local_question),
        ("Élu·e référent·e", _person(volunteer, "elected")),
        ("Technicien·ne", _person(volunteer, "officer")),
        ("Pourquoi nous", volunteer.motivation),
        ("Lettre de cadrage ou délibération", volunteer.framing_letter_name),
        *((question.label, said[content.field_of(question)]) for question in questions),
    ]
    return pdf(
        _BODY,
        {
            "title": "Reçu d’une déclaration de volontariat",
            "author": settings.SITE_NAME,
            "facts": [fact for fact in facts if fact[1]],
            "parts": [{"title": title, "lines": lines(text) or ["–"]} for title, text in parts],
            "note": f"Document établi le {_moment(timezone.now())}. L’appel est ouvert "
            f"{read.until(call)} ; jusque-là, la déclaration peut être modifiée. Elle peut être "
            "retirée à tout moment.",
        },
    )


def perimeter(volunteer: Volunteer) -> str:
    """The ground on which it would work, in words."""
    chosen = volunteer.focus_territory
    parts = [chosen.name if chosen else "", volunteer.focus]
    return "\n".join(part for part in parts if part) or "Tout le territoire"


def _person(volunteer: Volunteer, who: str) -> str:
    fields = (f"{who}_name", f"{who}_job", f"{who}_email")
    return ", ".join(text for text in (str(getattr(volunteer, name)) for name in fields) if text)


def _moment(moment: object) -> str:
    if moment is None:
        return ""
    local = timezone.localtime(moment)  # type: ignore[arg-type]
    return f"{date_format(local, 'j F Y')} à {date_format(local, HOUR)}, heure de Paris"
