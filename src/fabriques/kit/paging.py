"""Numbered pages of a list."""

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.utils.functional import cached_property


class ListPage(Page):  # type: ignore[type-arg]
    """A page that knows which numbers to show around itself."""

    @property
    def elided(self) -> Iterator[str | int]:
        return self.paginator.get_elided_page_range(self.number, on_each_side=1)


class _Paginator(Paginator):  # type: ignore[type-arg]
    @cached_property
    def count(self) -> int:
        # Django's own asks `inspect` how to count, which costs more than counting.
        items: Any = self.object_list
        return len(items) if isinstance(items, list | tuple) else int(items.count())

    def _get_page(self, *args: Any, **kwargs: Any) -> ListPage:
        return ListPage(*args, **kwargs)


def searched(request: HttpRequest) -> str:
    """The words of the search field `q`: a hundred characters, without what no database takes."""
    return request.GET.get("q", "").replace("\0", "")[:100].strip()


def kept_filters(request: HttpRequest) -> str:
    """The filters of a list, for the links to its other pages: "" or "?…", without the page."""
    kept = request.GET.copy()
    kept.pop("page", None)
    return f"?{kept.urlencode()}" if kept else ""


def paginate(items: Any, number: str | None, size: int) -> ListPage:
    """The page asked for; the first for nonsense, the last beyond the end."""
    page: ListPage = _Paginator(items, size).get_page(number)  # type: ignore[assignment]
    return page
