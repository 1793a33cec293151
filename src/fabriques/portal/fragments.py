"""The parts of pages that repeat many times or say much, rendered by Jinja2.

Pages and their layout are Django templates, as the design system's tags are. What loops over rows
is compiled by Jinja2: the same page costs several times less (see decision 0007). An undefined
variable is an error everywhere, not only in tests.
"""

from functools import cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from jinja2 import Environment, PackageLoader, StrictUndefined

from fabriques.kit.paging import ListPage


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("fabriques.portal", "jinja2"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )


def fragment(name: str, **values: Any) -> SafeString:
    """The HTML of a fragment; every value is escaped unless it is a `SafeString`."""
    return mark_safe(_environment().get_template(name).render(values))  # noqa: S308


def pagination(page: ListPage, query: str) -> SafeString:
    """The links to the other pages of a list; nothing when there is but one."""
    if page.paginator.num_pages == 1:
        return SafeString("")
    return render_to_string("kit/pagination.html", {"page": page, "query": query})


def shown_messages(messages: list[str]) -> SafeString:
    """What was wrong in the address; nothing when all was right."""
    return (
        render_to_string("portal/messages.html", {"messages": messages})
        if messages
        else SafeString("")
    )
