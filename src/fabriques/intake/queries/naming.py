"""Many territories named at once, as lists that people keep name them: by code or by exact name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import Q

from fabriques.intake.queries.volunteering import BODIES
from fabriques.kit.search.text import normalise
from fabriques.territories.models import FormerCode, Territory

_CODE = re.compile(r"\d{9}|\d{5}|2[AB]\d{3}")
# « Saint-Denis (93) », « Saint-Denis (Seine-Saint-Denis) », « Saint-Denis, La Réunion ».
_PLACED = re.compile(r"(?P<name>.+?)\s*(?:\(\s*(?P<in>[^()]+?)\s*\)|,\s*(?P<after>[^,()]+?))\s*")


def resolve(texts: Collection[str]) -> dict[str, list[Territory]]:
    """For each text the territories that it may mean: none, one, or those to choose among.

    An INSEE code, a SIREN, a former code; a name, whatever its case and accents, narrowed by the
    code or the name of its département after it, or followed by its own code. Three queries.
    """
    codes = {text: _code(text) for text in texts}
    by_code = _by_code({code for code in codes.values() if code})
    named = {text: split(text) for text, code in codes.items() if not code}
    by_name = _by_name({normalise(name) for text in named for name in (text, named[text][0])})
    found: dict[str, list[Territory]] = {}
    for text, code in codes.items():
        if code:
            found[text] = by_code.get(code, [])
        elif whole := by_name.get(normalise(text)):  # some names end with brackets of their own
            found[text] = whole
        else:
            name, place = named[text]
            same = by_name.get(normalise(name), [])
            found[text] = [item for item in same if not place or _is_in(item, place)]
    return found


def split(text: str) -> tuple[str, str]:
    """A name, and the département that narrows it ("" when there is none)."""
    match = _PLACED.fullmatch(text.strip())
    if not match:
        return text.strip(), ""
    return match["name"].strip(), (match["in"] or match["after"]).strip()


def _code(text: str) -> str:
    """The code that a text is, or ends with between brackets; "" when it is a name."""
    bare = "".join(text.split()).upper()
    if _CODE.fullmatch(bare):
        return bare
    last = "".join(split(text)[1].split()).upper()
    return last if _CODE.fullmatch(last) else ""


def _by_code(codes: set[str]) -> dict[str, list[Territory]]:
    if not codes:
        return {}
    found: dict[str, list[Territory]] = defaultdict(list)
    for item in _bodies(Q(code__in=codes) | Q(siren__in=codes)):
        for code in {item.code, item.siren} & codes:
            found[code].append(item)
    # A code that is a territory's own names it alone.
    for code, items in found.items():
        found[code] = [item for item in items if item.code == code] or items
    left = codes - set(found)
    former = FormerCode.objects.filter(code__in=left).order_by("pk") if left else ()
    heirs = {row.territory_id: row.code for row in former}
    for item in _bodies(Q(pk__in=heirs)) if heirs else ():
        found[heirs[item.pk]].append(item)
    return found


def _by_name(names: set[str]) -> dict[str, list[Territory]]:
    """Databases fold letters each in its way: the names of the country, few, are compared here."""
    if not names:
        return {}
    rows = Territory.objects.filter(kind__in=BODIES, closed_on=None).order_by("pk")
    matching = {
        pk: plain
        for pk, name in rows.values_list("pk", "name")
        if (plain := normalise(name)) in names
    }
    found: dict[str, list[Territory]] = defaultdict(list)
    for item in _bodies(Q(pk__in=matching)):
        found[matching[item.pk]].append(item)
    return found


def _bodies(condition: Q) -> Iterable[Territory]:
    """What may volunteer, closed ones included, so that their successor can be told."""
    return (
        Territory.objects.filter(condition, kind__in=BODIES)
        .select_related("departement", "successor")
        .order_by("kind", "code")
    )


def _is_in(territory: Territory, place: str) -> bool:
    departement = territory.departement
    if departement is None:
        return False
    return place.upper() == departement.code or normalise(place) == normalise(departement.name)


def placed(territory: Territory) -> str:
    """How a list names a territory without doubt: « Saint-Denis (93066, Seine-Saint-Denis) »."""
    departement = territory.departement
    return f"{territory.name} ({territory.code}{f', {departement.name}' if departement else ''})"
