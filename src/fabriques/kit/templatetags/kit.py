"""Tags and filters that every template has."""

from typing import Any

from django import template

from fabriques.kit import navigation

register = template.Library()


@register.inclusion_tag("kit/breadcrumb.html")
def breadcrumb(current: str, *links: str) -> dict[str, object]:
    """`{% breadcrumb "Brest" "/territoires/" "Territoires" %}`: pairs of address and label."""
    pairs = zip(links[::2], links[1::2], strict=True)
    data = {
        "id": "fil-ariane",  # the library's own is drawn at random: pages would never be the same
        "links": [{"url": address, "title": label} for address, label in pairs],
        "current": current,
    }
    return {"self": data}


@register.filter
def page_address(number: int, query: str) -> str:
    """The address of a page of a list that keeps its filters (`query` is "" or "?…")."""
    return f"{query}&page={number}" if query else f"?page={number}"


@register.filter
def plural_fr(count: int, forms: str = ",s") -> str:
    """French plural: 0 and 1 are singular. `{{ n }} territoire{{ n|plural_fr }}`."""
    one, many = forms.split(",")
    return many if abs(count) >= 2 else one


@register.filter
def unlocalised(value: object) -> str:
    """A number without thousands separator: a year, a code."""
    return str(value)


@register.inclusion_tag("kit/space_menu.html", takes_context=True)
def space_menu(context: template.Context) -> dict[str, Any]:
    """The menu of the signed-in space."""
    request = context["request"]
    return {
        "person": str(request.user),
        "groups": navigation.menu(request),
        "current": request.path,
        "csrf_token": context.get("csrf_token", ""),
    }
