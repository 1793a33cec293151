"""Dates known to the year, the month or the day: `2022`, `2022-11`, `2022-11-03` (ISO 8601).

Sources often know only the month. A partial date is kept as its ISO text, which
sorts in time order.
"""

import re
from datetime import date

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.formats import date_format

_SHAPE = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$")
_FORMATS = {1: "Y", 2: "F Y", 3: "j F Y"}


def validate_partial_date(value: str) -> None:
    """Raise `ValidationError` unless `value` is `YYYY`, `YYYY-MM` or `YYYY-MM-DD` of a real day."""
    match = _SHAPE.match(value)
    try:
        if match is None:
            raise ValueError
        year, month, day = (int(part) if part else 1 for part in match.groups())
        date(year, month, day)
    except ValueError:
        raise ValidationError(
            "« %(value)s » n’est pas une date : écrivez 2022, 2022-11 ou 2022-11-03.",
            params={"value": value},
        ) from None


def in_words(value: str) -> str:
    """`2022-11` → `novembre 2022`; an empty value stays empty."""
    if not value:
        return ""
    parts = [int(part) for part in value.split("-")]
    day = date(*[*parts, 1, 1][:3])
    text = date_format(day, _FORMATS[len(parts)])
    return text.replace("1 ", "1er ", 1) if len(parts) == 3 and day.day == 1 else text


class PartialDateField(models.CharField):  # type: ignore[type-arg]
    """A `CharField` that holds a partial date, or nothing."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("max_length", 10)
        kwargs.setdefault("blank", True)
        kwargs.setdefault("validators", [validate_partial_date])
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
