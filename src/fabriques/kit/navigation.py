"""The links of the layout. The domains that own the pages register them; kit only draws them."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest


@dataclass(frozen=True)
class Link:
    """`address` is a path; `name` the URL name, by which the current page is recognised."""

    name: str
    label: str
    address: str


# (URL name, label) of the pages of the main menu and of the foot of every page.
main: list[tuple[str, str]] = []
foot: list[tuple[str, str]] = []

Build = Callable[[HttpRequest], list[Link]]
_menus: list[tuple[int, str, Build]] = []


def register_menu(position: int, title: str, build: Build) -> None:
    """A group of links in the menu of the signed-in space; an empty list hides the group."""
    _menus.append((position, title, build))
    _menus.sort(key=lambda menu: menu[0])


def menu(request: HttpRequest) -> list[tuple[str, list[Link]]]:
    """The menu of the space for whoever is signed in."""
    groups = [(title, build(request)) for _, title, build in _menus]
    return [(title, links) for title, links in groups if links]
