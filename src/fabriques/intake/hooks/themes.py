"""Themes: what is held of who proposes or backs them, and merges of persons and organisations."""

from __future__ import annotations

from typing import Any

from fabriques.intake.models import CallPartner, Support, Theme
from fabriques.kit.journal import Actor
from fabriques.people import stewardship
from fabriques.people.models import Organisation, User
from fabriques.people.personal import erasure, export
from fabriques.people.stewardship import MergeError, Moved


def exported_themes(user: User) -> list[dict[str, Any]]:
    return [
        {
            "titre": theme.title,
            "question": theme.question,
            "pourquoi maintenant": theme.why,
            "proposé par": theme.get_proposer_display(),
            "le": theme.created_at,
            "état": theme.get_state_display(),
            "réponse": theme.answer,
        }
        for theme in Theme.objects.filter(author=user).order_by("created_at", "pk")
    ]


def exported_supports(user: User) -> list[dict[str, Any]]:
    return [
        {
            "thème": support.theme.title,
            "au nom de": support.on_behalf_of,
            "en quoi cela vous concerne": support.comment,
            "le": support.created_at,
        }
        for support in Support.objects.filter(user=user)
        .select_related("theme")
        .order_by("created_at", "pk")
    ]


def erase(user: User, actor: Actor) -> None:
    """Proposals lose their author; supports still count, and say no more who it was."""
    Theme.objects.filter(author=user).update(author=None)
    Support.objects.filter(user=user).update(on_behalf_of="", comment="")


def move_themes(kept: User, gone: User, actor: Actor | None) -> Moved:
    rows = Theme.objects.filter(author=gone)
    number = rows.count()
    if actor:
        rows.update(author=kept)
    return Moved("thèmes proposés", number)


def move_supports(kept: User, gone: User, actor: Actor | None) -> Moved:
    """A person backs a theme once: what the kept account said stays."""
    backed = list(Support.objects.filter(user=kept).order_by().values_list("theme", flat=True))
    rows = Support.objects.filter(user=gone)
    moving, left = rows.exclude(theme__in=backed), rows.filter(theme__in=backed)
    counts = moving.count(), left.count()
    if actor:
        left.delete()
        moving.update(user=kept)
    return Moved("soutiens à des thèmes", *counts)


def move_organisation_themes(kept: Organisation, gone: Organisation, actor: Actor | None) -> Moved:
    rows = Theme.objects.filter(organisation=gone)
    number = rows.count()
    if actor:
        rows.update(organisation=kept)
    return Moved("thèmes proposés", number)


def move_partners(kept: Organisation, gone: Organisation, actor: Actor | None) -> Moved:
    """What `gone` was beside calls, `kept` becomes; refused where both are beside the same call,
    since each may have given its own opinions."""
    rows = CallPartner.objects.filter(organisation=gone)
    both = rows.filter(call__partners__organisation=kept).select_related("call").order_by("pk")
    if shared := both.first():
        raise MergeError(
            f"Les deux sont partenaires de l’appel « {shared.call} » : retirez-y d’abord l’une des "
            "deux."
        )
    number = rows.count()
    if actor:
        rows.update(organisation=kept)
    return Moved("places de partenaire dans un appel", number)


export.register_export("themes", "Les thèmes que vous avez proposés", exported_themes)
export.register_export("soutiens", "Vos soutiens à des thèmes", exported_supports)
erasure.register_erasure(erase)
stewardship.register_person_mover(move_themes)
stewardship.register_person_mover(move_supports)
stewardship.register_organisation_mover(move_organisation_themes)
stewardship.register_organisation_mover(move_partners)
