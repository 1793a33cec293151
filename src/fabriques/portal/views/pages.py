"""Obligations, the plan of the site, health, and what is shown when a page does not exist."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fabriques.intake.models import Call
from fabriques.kit.purposes import purposes
from fabriques.kit.search.query import find
from fabriques.programme.models import Fabrique


def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/accessibility.html")


def legal(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/legal.html")


def personal_data(request: HttpRequest) -> HttpResponse:
    """The register of processing activities, as the code declares it."""
    context = {"purposes": purposes(), "cookies": _cookies(), "dpo": settings.SITE_DPO}
    return render(request, "portal/personal_data.html", context)


def _cookies() -> list[dict[str, str]]:
    """All that the site sets; a test holds this list and what a visit really receives together."""
    return [
        {
            "name": settings.SESSION_COOKIE_NAME,
            "use": "vous reconnaître d’une page à l’autre, une fois la connexion ouverte",
            "life": f"{settings.SESSION_COOKIE_AGE // 3600} heures, ou jusqu’à la déconnexion",
        },
        {
            "name": settings.CSRF_COOKIE_NAME,
            "use": "empêcher qu’un autre site envoie un formulaire à votre place",
            "life": f"{settings.CSRF_COOKIE_AGE // 86_400} jours",
        },
        {
            "name": "messages",
            "use": "vous dire, à la page suivante, que votre demande est faite",
            "life": "jusqu’à ce que le message soit lu",
        },
    ]


def sitemap_page(request: HttpRequest) -> HttpResponse:
    fabriques = Fabrique.objects.only("title", "code", "slug", "year")[:500]
    calls = Call.objects.exclude(published_at=None).only("title", "slug")[:500]
    return render(request, "portal/sitemap.html", {"fabriques": fabriques, "calls": calls})


def healthz(request: HttpRequest) -> HttpResponse:
    """Alive: the process answers."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Ready: the database answers and the files to serve are there."""
    problems = []
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:  # whatever the driver raises, the answer is the same
        problems.append("base de données")
    if not (settings.ASSETS / "map" / "frames.json").exists():
        problems.append("fichiers construits")
    if problems:
        return HttpResponse(f"indisponible : {', '.join(problems)}", status=503)
    return HttpResponse("ok", content_type="text/plain")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Says so plainly, and offers what the address may have meant."""
    words = " ".join(request.path.replace("-", " ").replace("/", " ").split()[:4])[:80]
    try:
        found = find(words, limit=5, extracts=False).hits if words else []
    except DatabaseError:  # the page must be shown all the same
        found = []
    return render(request, "404.html", {"found": found, "words": words}, status=404)
