"""Changing an object that others may have on screen: versions, what differs, what is journaled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.db import models
from django.utils.formats import date_format

from fabriques.intake.domain.refusals import StaleError

STALE = (
    "Quelqu’un a modifié cette fiche pendant que vous l’aviez sous les yeux. Rien n’est perdu : "
    "comparez, puis enregistrez à nouveau pour garder votre version."
)


def in_words(value: Any) -> str:
    """A value as people read it, in the journal and where two versions are compared."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, date):
        return date_format(value, "j F Y")
    if isinstance(value, list | tuple | models.QuerySet):
        return ", ".join(sorted(in_words(item) for item in value))
    return str(value)


def held(item: models.Model, name: str) -> str:
    """What a field of the object holds now, in words."""
    field: Any = item._meta.get_field(name)
    if field.many_to_many:
        return in_words(list(getattr(item, name).order_by("pk")))
    if field.choices:
        return str(getattr(item, f"get_{name}_display")())
    return in_words(getattr(item, name))


def wanted(item: models.Model, name: str, value: Any) -> str:
    """What a field would hold, in the same words."""
    field: Any = item._meta.get_field(name)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value or ""))
    return in_words(value)


def apply_changes(
    item: Any,
    values: Mapping[str, Any],
    *,
    version: int | None = None,
    check: Callable[[Any], None] | None = None,
) -> tuple[dict[str, str], dict[str, str]]:
    """Write `values` on the locked `item` and raise its version; before and after, where they
    differ. Empty when nothing does: then nothing is written. `check(item)` says, before the model
    does, what its fields say wrong together.

    Raises `StaleError` when `version` is not the one of the item, and `ValidationError` for values
    that the model refuses.
    """
    before = {name: held(item, name) for name in values}
    after = {name: wanted(item, name, value) for name, value in values.items()}
    if version is not None and item.version != version:
        raise StaleError(
            STALE,
            item.version,
            [
                (str(item._meta.get_field(name).verbose_name), before[name], after[name])
                for name in values
                if before[name] != after[name]
            ],
        )
    changed = [name for name in values if before[name] != after[name]]
    if not changed:
        return {}, {}
    many = {name for name in changed if item._meta.get_field(name).many_to_many}
    for name in changed:
        if name not in many:
            setattr(item, name, values[name])
    if check:
        check(item)
    item.full_clean(exclude=[f.name for f in item._meta.fields if f.name not in changed])
    if version is not None:
        item.version += 1
    item.save()
    for name in many:
        getattr(item, name).set(values[name])
    return {name: before[name] for name in changed}, {name: after[name] for name in changed}
