"""Indicators tied to the theme of a call: declared, then filled from a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from fabriques.intake.domain.calls import locked_call
from fabriques.intake.domain.editing import apply_changes
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.models import Call, Indicator, IndicatorValue, Rule
from fabriques.intake.queries.pool import INDICATOR
from fabriques.kit import journal
from fabriques.kit.journal import Actor
from fabriques.kit.slugs import first_free
from fabriques.territories.models import Territory

MOST = 20
_BATCH = 5_000


@transaction.atomic
def create_indicator(*, call: Call, values: dict[str, Any], actor: Actor) -> Indicator:
    """Declare a measure: name, unit, source, year. Its values come by `replace_values`."""
    call = locked_call(call)
    known = set(call.indicators.order_by().values_list("slug", flat=True))
    if len(known) >= MOST:
        raise RefusedError(f"{MOST} indicateurs au plus pour un appel.")
    slug = slugify(values["name"])[:50].strip("-") or "indicateur"
    slug = first_free(slug, known | {"nouveau"})
    indicator = Indicator(call=call, slug=slug, **values)
    indicator.full_clean()
    indicator.save()
    journal.record(
        subject=call.subject,
        verb="indicateur ajouté",
        actor=actor,
        after={"indicateur": indicator.name, "source": indicator.source},
    )
    return indicator


@transaction.atomic
def edit_indicator(*, indicator: Indicator, values: dict[str, Any], actor: Actor) -> Indicator:
    """Change how it is named and where it comes from; its values stay."""
    call, indicator = _locked(indicator)
    before, after = apply_changes(indicator, values)
    if after:
        journal.record(
            subject=call.subject,
            verb="indicateur modifié",
            actor=actor,
            before={_label(name): value for name, value in before.items()},
            after={_label(name): value for name, value in after.items()},
        )
    return indicator


@transaction.atomic
def delete_indicator(*, indicator: Indicator, actor: Actor) -> None:
    """With its values; refused while a rule of a composition counts on it."""
    call, indicator = _locked(indicator)
    rules = Rule.objects.filter(composition__call=call, composition__archived_at=None)
    if rules.filter(category=f"{INDICATOR}{indicator.slug}").exists():
        raise RefusedError("Une composition a une règle sur cet indicateur : retirez-la d’abord.")
    name = indicator.name
    indicator.delete()
    journal.record(
        subject=call.subject, verb="indicateur retiré", actor=actor, before={"indicateur": name}
    )


@transaction.atomic
def replace_values(*, indicator: Indicator, values: Mapping[int, float], actor: Actor) -> Indicator:
    """Put these values (by primary key of the territory) in the place of those held.

    Raises `RefusedError` when there is none. Territories that are gone meanwhile are left out.
    """
    call, indicator = _locked(indicator)
    known = set(Territory.objects.order_by().values_list("pk", flat=True))
    rows = [
        IndicatorValue(indicator=indicator, territory_id=pk, value=value)
        for pk, value in values.items()
        if pk in known
    ]
    if not rows:
        raise RefusedError("Aucune valeur à enregistrer.")
    held = indicator.values.count()
    indicator.values.all().delete()
    IndicatorValue.objects.bulk_create(rows, batch_size=_BATCH)
    indicator.imported_at = timezone.now()
    indicator.save(update_fields=["imported_at"])
    journal.record(
        subject=call.subject,
        verb="valeurs d’un indicateur importées",
        actor=actor,
        before={"indicateur": indicator.name, "territoires": held},
        after={"indicateur": indicator.name, "territoires": len(rows)},
    )
    return indicator


def _locked(indicator: Indicator) -> tuple[Call, Indicator]:
    call = locked_call(indicator.call)
    return call, Indicator.objects.select_for_update(no_key=True, of=("self",)).get(pk=indicator.pk)


def _label(name: str) -> str:
    return str(Indicator._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
