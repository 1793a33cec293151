"""`{% load intake_calls %}{% call_tabs call %}`: the pages of a call that this person may open."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from fabriques.intake.abilities import CallAbilities, call_abilities
from fabriques.intake.models import Call
from fabriques.kit.dates import in_words
from fabriques.kit.navigation import Link

register = template.Library()


def _tabs(can: CallAbilities) -> list[tuple[bool, str, str]]:
    return [
        (can.open, "space-call", "L’appel"),
        (can.invite or can.put_forward, "space-call-invitations", "Invitations"),
        (can.see_pool, "space-call-volunteers", "Volontaires"),
        (can.see_opinions or can.give_opinion, "space-call-opinions", "Avis"),
        (can.compose, "space-call-compositions", "Composition"),
        (can.decide, "space-call-decision", "Décision"),
    ]


@register.inclusion_tag("intake/call_tabs.html", takes_context=True)
def call_tabs(context: template.Context, call: Call) -> dict[str, Any]:
    """Each tab with its address; the current one is recognised by the start of the path."""
    request = context["request"]
    links = [
        Link(name, label, reverse(name, args=[call.slug]))
        for allowed, name, label in _tabs(call_abilities(request.user, call))
        if allowed
    ]
    # The longest address that begins the path: the first tab begins those of all the others.
    current = max(
        (link.address for link in links if request.path.startswith(link.address)),
        key=len,
        default="",
    )
    return {"links": links, "current": current}


@register.filter
def day_in_words(value: str) -> str:
    """A partial date as people say it: `2027-03` → mars 2027."""
    return in_words(value)


@register.filter
def figure(value: float) -> str:
    """A measure with three decimals at most, none for nothing: 1 234,5."""
    whole, _, decimals = f"{value:,.3f}".partition(".")
    decimals = decimals.rstrip("0")
    return whole.replace(",", "\u202f") + (f",{decimals}" if decimals else "")
