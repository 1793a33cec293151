"""Structured data for search engines (schema.org), as JSON-LD."""

import json
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe

from fabriques.programme.models import Fabrique

# Inside a <script>, these would end it or open a comment.
_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


def _script(data: dict[str, Any]) -> SafeString:
    return mark_safe(json.dumps(data, ensure_ascii=False).translate(_ESCAPES))  # noqa: S308


def fabrique_data(fabrique: Fabrique, request: HttpRequest) -> SafeString:
    """A fabrique as a schema.org `Project` with its members and funders."""
    address = request.build_absolute_uri(fabrique.get_absolute_url())
    partners = list(fabrique.partnerships.all())
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Project",
        "@id": address,
        "url": address,
        "identifier": fabrique.code,
        "name": str(fabrique),
        "description": fabrique.objective,
        "foundingDate": str(fabrique.year or ""),
        "member": [
            {
                "@type": "AdministrativeArea",
                "name": item.territory.name,
                "url": request.build_absolute_uri(item.territory.get_absolute_url()),
            }
            for item in fabrique.participations.all()
        ],
        "funder": [
            {"@type": "Organization", "name": item.organisation.name}
            for item in partners
            if item.role in ("financer", "cofinancer")
        ],
        "subjectOf": [
            {
                "@type": "CreativeWork",
                "name": item.title,
                "url": item.url,
                "datePublished": item.date,
            }
            for item in fabrique.results.all()
        ],
    }
    return _script({key: value for key, value in data.items() if value})
