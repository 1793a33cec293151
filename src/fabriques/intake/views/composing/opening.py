"""How every page of a draft begins: the person, the call, the draft; and what a refusal shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from fabriques.intake.abilities import acting, call_abilities, require
from fabriques.intake.models import Call, Composition
from fabriques.intake.queries.composing.draft import Draft, draft_of, pool_for
from fabriques.intake.queries.pool import Pool
from fabriques.kit import journal
from fabriques.kit.journal import Actor
from fabriques.people.current import signed_in
from fabriques.people.models import User

#: More than that happened meanwhile: the history tells the rest.
SHOWN_SINCE = 8


@dataclass(frozen=True)
class Composing:
    """Somebody who may compose the cohort of this call."""

    user: User
    call: Call

    @property
    def actor(self) -> Actor:
        return acting(self.user, self.call)

    def pool(self) -> Pool:
        return pool_for(self.user, self.call)

    def draft(self, composition: Composition) -> Draft:
        return draft_of(composition, self.pool())


def composing(request: HttpRequest, slug: str) -> Composing:
    """404 for whoever may not compose: partners, and those with a link of interest."""
    user = signed_in(request)
    call = get_object_or_404(Call, slug=slug)
    require(call_abilities(user, call).compose)
    return Composing(user, call)


def composition_of(who: Composing, pk: int) -> Composition:
    found = get_object_or_404(Composition, call=who.call, pk=pk)
    found.call = who.call
    return found


def since(composition: Composition, version: int) -> list[Any]:
    """What others did to the draft since this version: each version has exactly one entry."""
    composition.refresh_from_db(fields=["version"])
    count = composition.version - version
    entries = journal.history(composition.subject)
    return list(entries[: min(count, SHOWN_SINCE)]) if count > 0 else []


def version_of(request: HttpRequest) -> int:
    """The version that was on screen; 0 for nonsense, which nothing ever has."""
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0
