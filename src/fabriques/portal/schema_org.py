"""Structured data for search engines (schema.org), as JSON-LD."""

import json
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe


def _script(data: dict[str, Any]) -> SafeString:
    text = json.dumps(data, ensure_ascii=False)
    # Inside a <script>, these would end it or open a comment.
    text = text.replace("<", "\\u003C").replace(">", "\\u003E").replace("&", "\\u0026")
    return mark_safe(text)  # noqa: S308


def fabrique_data(page: dict[str, Any], request: HttpRequest) -> SafeString:
    """A fabrique, from its sheet, as a schema.org `Project` with its members and funders."""
    site = f"{request.scheme}://{request.get_host()}"
    address = site + request.path
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Project",
        "@id": address,
        "url": address,
        "identifier": page["code"],
        "name": page["title"],
        "description": page["objective"],
        "foundingDate": str(page["year"] or ""),
        "member": [
            {
                "@type": "AdministrativeArea",
                "name": item["name"],
                "url": site + item["address"],
            }
            for item in page["participations"]
        ],
        "funder": [{"@type": "Organization", "name": name} for name in page["funders"]],
        "subjectOf": [
            {
                key: value
                for key, value in (
                    ("@type", "CreativeWork"),
                    ("name", item["title"]),
                    ("url", item["url"]),
                    ("datePublished", item["date"]),
                )
                if value
            }
            for item in page["results"]
        ],
    }
    return _script({key: value for key, value in data.items() if value})
