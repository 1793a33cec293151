"""The journal in templates: `{% shown_entries entries as rows %}{% for entry in rows %}`."""

from collections.abc import Iterable

from django import template

from fabriques.kit.journal import JournalEntry, Shown, shown, visible

register = template.Library()


@register.simple_tag(takes_context=True)
def shown_entries(context: template.Context, entries: Iterable[JournalEntry]) -> list[Shown]:
    """Entries as people read them, less those concealed from whoever looks: every history of the
    space is drawn here, so that none forgets to ask."""
    request = context.get("request")
    return shown(visible(entries, getattr(request, "user", None)))
