"""Every address asks for a signed-in person, unless it is listed as public here."""

from collections.abc import Iterable

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver

Pattern = URLPattern | URLResolver


def public(patterns: Iterable[Pattern]) -> list[Pattern]:
    """The same patterns, open to all: sign-in is required everywhere else."""
    found = list(patterns)
    for pattern in found:
        if isinstance(pattern, URLResolver):
            public(pattern.url_patterns)
        else:
            pattern.callback = login_not_required(pattern.callback)
    return found
