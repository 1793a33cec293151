"""What every template may read of the deployment."""

from django.conf import settings
from django.http import HttpRequest

from fabriques.kit import navigation

SKIPLINKS = (
    {"link": "#contenu", "label": "Contenu"},
    {"link": "#navigation", "label": "Menu"},
    {"link": "#recherche", "label": "Recherche"},
    {"link": "#pied", "label": "Pied de page"},
)


# The settings that pages may show, and no other.
SHOWN = (
    "OFFICIAL_STATE_SITE",
    "DEMO",
    "MAP_TILES_URL",
    "SITE_NAME",
    "SITE_OPERATOR",
    "SITE_OPERATOR_ADDRESS",
    "SITE_PUBLICATION_DIRECTOR",
    "SITE_HOST",
    "SITE_HOST_ADDRESS",
    "SITE_CONTACT",
)


def _shown() -> dict[str, object]:
    return {name: getattr(settings, name) for name in SHOWN}


def site(request: HttpRequest) -> dict[str, object]:
    match = request.resolver_match
    return {
        "SITE": _shown(),
        "NAVIGATION": navigation.main,
        "FOOT": navigation.foot,
        "SKIPLINKS": SKIPLINKS,
        "section": match.url_name if match else "",
    }
