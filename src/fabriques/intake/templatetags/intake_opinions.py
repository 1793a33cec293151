"""`{% load intake_opinions %}{% opinion_box volunteer user %}`: what partners say of a declaration;
`{% conflict_notice call user %}`: what a link of interest changes for whoever looks at a call."""

from __future__ import annotations

from typing import Any

from django import template

from fabriques.intake.abilities import call_abilities
from fabriques.intake.enums import VolunteerState
from fabriques.intake.forms.opinions import OpinionForm
from fabriques.intake.models import Call, Volunteer
from fabriques.intake.queries import access
from fabriques.intake.queries import opinions as read
from fabriques.people.models import User

register = template.Library()


@register.inclusion_tag("intake/opinion_box.html", takes_context=True)
def opinion_box(context: template.Context, volunteer: Volunteer, user: User) -> dict[str, Any]:
    """For partners, their own opinion with its form; for stewards, what every partner says or has
    yet to say; nothing for authors, nor for whom the declaration is concealed."""
    call = volunteer.call
    can = call_abilities(user, call)
    shown: dict[str, Any] = {"volunteer": volunteer, "forms": [], "cells": [], "closed": ""}
    if volunteer.state != VolunteerState.SUBMITTED or not (can.see_opinions or can.give_opinion):
        return shown
    mine = read.judging(user, call)
    partners = read.all_judging(call) if can.see_opinions else mine
    visible = access.visible_volunteers(user, call).filter(pk=volunteer.pk)
    rows = read.rows(read.with_reach(visible, partners), partners)
    cells = [cell for row in rows for cell in row.cells if cell.expected or cell.opinion]
    closed = read.closed(call)
    own = [cell for cell in cells if cell.partner in mine and cell.expected]
    return shown | {
        "closed": closed,
        "csrf_token": context.get("csrf_token", ""),
        "cells": [cell for cell in cells if can.see_opinions or closed],
        "forms": []
        if closed
        else [(cell, OpinionForm.for_partner(cell.partner, cell.opinion)) for cell in own],
    }


@register.inclusion_tag("intake/conflict_notice.html")
def conflict_notice(call: Call, user: User) -> dict[str, Any]:
    """Why tabs are missing, and where links of interest are declared."""
    can = call_abilities(user, call)
    return {
        "call": call,
        "declares": can.declare_conflict,
        "bound": access.has_conflict(user, call),
        "steward": access.is_steward(user),
    }
