"""Records of the export as HTML that a person can read. Everything is escaped."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst


def readable(value: Any) -> SafeString:
    """A record, or any JSON value or date within one."""
    if isinstance(value, Mapping) and value:
        rows = ((capfirst(label), readable(inner)) for label, inner in value.items())
        return format_html(
            "<dl>{}</dl>", format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", rows)
        )
    if isinstance(value, list | tuple) and value:
        items = ((readable(item),) for item in value)
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", items))
    return format_html("{}", _text(value))


def _text(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "non renseigné"
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "j F Y à H:i")
    if isinstance(value, date):
        return date_format(value, "j F Y")
    return str(value)
