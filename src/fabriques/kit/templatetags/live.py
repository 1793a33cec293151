"""`{% load live %}{% live_updates "espace" %}`: says when something changed on the page."""

from django import template

from fabriques.kit.live.streams import mark

register = template.Library()


@register.inclusion_tag("kit/live_updates.html")
def live_updates(name: str) -> dict[str, object]:
    """The element that `live.js` brings to life; it stays silent without JavaScript."""
    return {"name": name, "mark": mark()}
