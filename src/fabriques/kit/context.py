"""What every template may read of the deployment."""

from django.conf import settings
from django.http import HttpRequest

NAVIGATION = (
    ("home", "Accueil"),
    ("fabriques", "Les fabriques"),
    ("map", "La carte"),
    ("territories", "Les territoires"),
    ("data", "Les données"),
)
SKIPLINKS = (
    {"link": "#contenu", "label": "Contenu"},
    {"link": "#navigation", "label": "Menu"},
    {"link": "#recherche", "label": "Recherche"},
    {"link": "#pied", "label": "Pied de page"},
)


def site(request: HttpRequest) -> dict[str, object]:
    match = request.resolver_match
    return {
        "SITE": settings,
        "NAVIGATION": NAVIGATION,
        "SKIPLINKS": SKIPLINKS,
        "section": match.url_name if match else "",
    }
