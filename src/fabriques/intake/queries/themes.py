"""Proposed themes, as lists and pages read them."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from fabriques.intake.enums import ThemeState
from fabriques.intake.models import Support, Theme
from fabriques.people.models import User


def themes(words: str = "", state: str = "", *, mine: User | None = None) -> QuerySet[Theme]:
    """Themes whose title, question or proposer holds every word, the latest first, each with
    `backers`, its number of supporters. Withdrawn ones are shown only when asked for."""
    found = Theme.objects.select_related("organisation", "programme")
    if mine:
        found = found.filter(author=mine)
    found = found.filter(state=state) if state else found.exclude(state=ThemeState.WITHDRAWN)
    for word in words.split():
        found = found.filter(
            Q(title__icontains=word)
            | Q(question__icontains=word)
            | Q(organisation__name__icontains=word)
            | Q(organisation__acronym__iexact=word)
            | Q(programme__name__icontains=word)
        )
    return found.annotate(backers=Count("supports")).order_by("-created_at", "-pk")


def supports(theme: Theme) -> QuerySet[Support]:
    """Who backs a theme, the first first."""
    return theme.supports.select_related("user__organisation").order_by("created_at", "pk")


def behalf(theme: Theme) -> str:
    """On whose behalf a theme is proposed, in words; territories are shown apart."""
    if theme.organisation:
        return str(theme.organisation)
    if theme.programme:
        return str(theme.programme)
    return str(theme.get_proposer_display())
