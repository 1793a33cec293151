"""What a declaration says, and what it still lacks: its sections, in the order of the page.

Its values are texts, whatever the field: a focus territory is `kind:code`, several choices are one
per line, the answer to question 12 is `question_12`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fabriques.intake.models import Answer, CallQuestion, Volunteer

ELECTED = ("elected_name", "elected_job", "elected_email")
OFFICER = ("officer_name", "officer_job", "officer_email")
CONTACTS = (*ELECTED, *OFFICER)
FOCUS = "focus_territory"
TEXTS = ("focus", "local_question", "motivation", *CONTACTS)
_ANSWER = "question_"


@dataclass(frozen=True)
class Section:
    """One part of the page; done once nothing of `required` is empty."""

    key: str
    title: str
    fields: tuple[str, ...]
    required: tuple[str, ...]

    def lacks(self, values: Mapping[str, str]) -> list[str]:
        return [name for name in self.required if not values.get(name)]


def field_of(question: CallQuestion) -> str:
    return f"{_ANSWER}{question.pk}"


def question_number(name: str) -> int | None:
    """The number of the question that a field answers; None for the other fields."""
    return int(name.removeprefix(_ANSWER)) if name.startswith(_ANSWER) else None


def sections(questions: Iterable[CallQuestion]) -> list[Section]:
    """Five, or six when the call asks questions of its own."""
    questions = list(questions)
    found = [
        Section("perimetre", "Le périmètre travaillé", (FOCUS, "focus"), ()),
        Section("question", "La question locale", ("local_question",), ("local_question",)),
        Section("elu", "L’élu·e référent·e", ELECTED, ELECTED),
        Section("technicien", "Le ou la technicien·ne", OFFICER, OFFICER),
        Section("pourquoi", "Pourquoi nous", ("motivation",), ("motivation",)),
    ]
    if questions:
        found.append(
            Section(
                "questions",
                "Les questions de l’appel",
                tuple(field_of(question) for question in questions),
                tuple(field_of(question) for question in questions if question.required),
            )
        )
    return found


def values(volunteer: Volunteer, questions: Iterable[CallQuestion]) -> dict[str, str]:
    """All that the declaration says, by field; one query."""
    answers = dict(
        Answer.objects.filter(volunteer=volunteer).order_by().values_list("question", "text")
    )
    focus = volunteer.focus_territory
    return (
        {name: str(getattr(volunteer, name)) for name in TEXTS}
        | {FOCUS: f"{focus.kind}:{focus.code}" if focus else ""}
        | {field_of(question): answers.get(question.pk, "") for question in questions}
    )


def lacking(said: Mapping[str, str], questions: Iterable[CallQuestion]) -> list[str]:
    """The fields that must be filled before the declaration is submitted, in the order shown."""
    return [name for section in sections(questions) for name in section.lacks(said)]


def progress(said: Mapping[str, str], questions: Iterable[CallQuestion]) -> tuple[int, int]:
    """How many sections are done, of how many; the first is, once the territory is chosen."""
    parts = sections(questions)
    return sum(not part.lacks(said) for part in parts), len(parts)


def digest(text: str) -> str:
    """What a page remembers of a text that it showed, to tell later whether it is still there."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digests(said: Mapping[str, str]) -> dict[str, str]:
    return {name: digest(text) for name, text in said.items()}
