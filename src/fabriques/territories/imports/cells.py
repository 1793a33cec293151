"""How one cell of an open-data file is read. Each reader raises `ValueError` with the rule."""

import math
import re
from collections.abc import Callable
from datetime import date
from typing import TypeVar

T = TypeVar("T")

_INSEE = re.compile(r"^(\d{2}|2[AB])\d{3}$")
_SHORT_INSEE = re.compile(r"^\d{4}$")  # a spreadsheet ate the leading zero
_SIREN = re.compile(r"^\d{9}$")
_DISTRICT = re.compile(r"^[0-9A-Z]{4,12}$")
_DAY_FIRST = re.compile(r"^(\d{1,2})[-/](\d{1,2})[-/](\d{4})$")
_YEAR_FIRST = re.compile(r"^(\d{4})-(\d{2})-(\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?$")
_SEVERAL = re.compile(r"[,;|/\s]+")
_RANK = re.compile(r"^(?:\d+\s*)?-\s+")


def optional(read: Callable[[str], T]) -> Callable[[str], T | None]:
    """Like `read`, but None for an empty cell."""
    return lambda value: read(value) if value.strip() else None


def text(value: str) -> str:
    """Anything, within what the database holds; must not be empty."""
    return _short(long_text(value))


def long_text(value: str) -> str:
    """Anything but nothing: several names in one cell may be long."""
    value = " ".join(value.split())
    if not value:
        raise ValueError("cette cellule ne doit pas être vide.")
    return value


def optional_text(value: str) -> str:
    """Anything, or nothing."""
    return _short(" ".join(value.split()))


def _short(value: str) -> str:
    if len(value) > 200:
        raise ValueError("ce texte dépasse 200 caractères.")
    return value


def insee(value: str) -> str:
    """The INSEE code of a commune: `01004`, `2A004`, also `1004` and `2a004`."""
    code = value.strip().upper()
    if _SHORT_INSEE.match(code):
        code = "0" + code
    if not _INSEE.match(code):
        raise ValueError("un code INSEE de commune a cinq caractères, comme 01004 ou 2A004.")
    return code


def insee_list(value: str) -> tuple[str, ...]:
    """One or several INSEE codes, separated by commas, semicolons, bars, slashes or spaces."""
    codes = tuple(dict.fromkeys(insee(part) for part in _SEVERAL.split(value.strip()) if part))
    if not codes:
        raise ValueError("il faut au moins un code INSEE de commune.")
    return codes


def siren(value: str) -> str:
    """A SIREN, blanks allowed: `200 067 106`."""
    code = "".join(value.split())
    if not _SIREN.match(code):
        raise ValueError("un numéro SIREN a neuf chiffres.")
    return code


def districts(value: str) -> tuple[str, ...]:
    """One or several codes of priority districts: `QN03817M, QN03818M`."""
    codes = tuple(dict.fromkeys(part for part in _SEVERAL.split(value.strip().upper()) if part))
    if not codes or not all(_DISTRICT.match(code) for code in codes):
        raise ValueError("un code de quartier ressemble à QN00103M ou QP001001.")
    return codes


def identifiers(value: str) -> tuple[str, ...]:
    """Identifiers in a programme, none when the cell is empty: `acv-001`, `ti-1|ti-2`."""
    found = tuple(dict.fromkeys(" ".join(part.split()) for part in re.split(r"[,;|]", value)))
    found = tuple(part for part in found if part)
    if any(len(part) > 60 for part in found):
        raise ValueError("un identifiant a 60 caractères au plus.")
    return found


def identifier(value: str) -> str:
    """Exactly one identifier in a programme."""
    found = identifiers(value)
    if len(found) != 1:
        raise ValueError("il faut un identifiant, et un seul.")
    return found[0]


def day(value: str) -> date:
    """`2021-05-28`, `28-05-2021` or `28/05/2021`."""
    value = value.strip()
    if match := _YEAR_FIRST.match(value):
        year, month, number = (int(part) for part in match.groups())
    elif match := _DAY_FIRST.match(value):
        number, month, year = (int(part) for part in match.groups())
    else:
        raise ValueError("une date s’écrit 2021-05-28 ou 28-05-2021.")
    try:
        found = date(year, month, number)
    except ValueError:
        raise ValueError("ce jour n’existe pas dans le calendrier.") from None
    if not 1950 <= year <= 2100:
        raise ValueError("l’année doit être entre 1950 et 2100.")
    return found


def grid_class(value: str) -> str:
    """The class of a grid without its rank: `06 - Massif Central` → `Massif Central`.

    Empty when the file has no class (`- undefined`).
    """
    value = _RANK.sub("", " ".join(value.split()))
    if value.casefold() == "undefined":
        return ""
    if len(value) > 80:
        raise ValueError("ce nom de classe dépasse 80 caractères.")
    return value


def longitude(value: str) -> float:
    return _degrees(value, 180, "une longitude est un nombre entre -180 et 180.")


def latitude(value: str) -> float:
    return _degrees(value, 90, "une latitude est un nombre entre -90 et 90.")


def _degrees(value: str, most: int, rule: str) -> float:
    try:
        degrees = float(value.strip().replace(",", "."))
    except ValueError:
        raise ValueError(rule) from None
    if not math.isfinite(degrees) or abs(degrees) > most:
        raise ValueError(rule)
    return degrees
