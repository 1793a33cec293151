"""A file of an indicator, read before anything is stored: what was found, what is refused.

Between the preview and its confirmation the values travel in the form itself, signed: nothing of a
file stays on the server until somebody says yes.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import timedelta

from django.core import signing

from fabriques.intake.models import Indicator
from fabriques.territories.imports.layouts import Column, Layout
from fabriques.territories.imports.register import Found, Register
from fabriques.territories.imports.report import Problem, RefusedError
from fabriques.territories.imports.tables import read_bytes
from fabriques.territories.models import PLAIN_KINDS

CONFIRM_WITHIN = timedelta(hours=1)
_SALT = "intake.indicator"
_SHORT_INSEE = re.compile(r"^\d{4}$")  # a spreadsheet ate the leading zero
_SPACES = re.compile(r"[\s\u00a0\u202f]")
_NUMBER = re.compile(r"^[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?$")


def _code(value: str) -> str:
    code = _SPACES.sub("", value).upper()
    code = f"0{code}" if _SHORT_INSEE.match(code) else code
    if not re.fullmatch(r"[0-9AB]{5}|\d{9}", code):
        raise ValueError("un code INSEE a cinq caractères, comme 01004 ; un SIREN a neuf chiffres.")
    return code


def _value(value: str) -> float:
    text = _SPACES.sub("", value).removesuffix("%")
    if not _NUMBER.match(text):
        raise ValueError("une valeur est un nombre, comme 12,5 ou 12.5.")
    number = float(text.replace(",", "."))
    if not math.isfinite(number):
        raise ValueError("ce nombre est trop grand.")
    return number


LAYOUTS = (Layout((Column("code", _code), Column("valeur", _value))),)


@dataclass
class Preview:
    """What a file holds: `values` by primary key of the territory, `problems` line by line."""

    values: dict[int, float] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def signed(self, indicator: Indicator) -> str:
        """The values, for the form that confirms; only for this indicator, for an hour."""
        rows = [[pk, value] for pk, value in self.values.items()]
        return signing.dumps([indicator.pk, rows], salt=_SALT, compress=True)


def confirmed(text: str, indicator: Indicator) -> dict[int, float] | None:
    """The values that `signed` wrote; None when touched, late, or of another indicator."""
    try:
        pk, rows = signing.loads(text, salt=_SALT, max_age=CONFIRM_WITHIN)
    except signing.BadSignature:
        return None
    return {int(key): float(value) for key, value in rows} if pk == indicator.pk else None


def preview(content: bytes, name: str) -> Preview:
    """Read `code;valeur` lines: INSEE or SIREN codes, former ones followed to who took over.

    Never raises for what a file may hold: a file that cannot be read at all is one problem.
    """
    found = Preview()
    try:
        table = read_bytes(content, name, LAYOUTS)
    except RefusedError as error:
        found.problems = error.problems
        return found
    register = Register()
    lines: dict[int, tuple[int, bool]] = {}
    for row in table.rows:
        code, value = row.values["code"], row.values["valeur"]
        match = _find(register, code)
        if match is None:
            rule = "aucune commune ni intercommunalité ne porte ce code, aujourd’hui ou autrefois."
            table.refuse(row, "code", code, rule)
            continue
        pk, renamed = match.place.pk, bool(match.note)
        if pk in lines:
            line, earlier_renamed = lines[pk]
            if renamed and not earlier_renamed:
                found.notes.append(f"Ligne {row.line} : {match.note}, déjà lu ligne {line}.")
                continue
            if not (earlier_renamed and not renamed) and found.values[pk] != value:
                table.refuse(row, "code", code, f"contredit la ligne {line}.")
                continue
        elif renamed:
            found.notes.append(f"Ligne {row.line} : {match.note}.")
        found.values[pk] = value
        lines[pk] = (row.line, renamed)
    found.notes = table.notes + found.notes
    found.problems = sorted(table.problems, key=lambda problem: problem.line)
    return found


def _find(register: Register, code: str) -> Found | None:
    return register.siren(code) if len(code) == 9 else register.find(PLAIN_KINDS, code)
