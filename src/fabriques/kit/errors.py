"""Pages that say why something could not be done, and what to do; they read no database.

What was typed is never lost: when the page that sent it is one of ours, the answer offers to send
it again.
"""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url

from fabriques.kit.uploads.kinds import megabytes


def _page(
    request: HttpRequest,
    status: int,
    title: str,
    *sentences: str,
    again: bool = False,
    sign_in: str = "",
) -> HttpResponse:
    fields = [
        (name, value)
        for name, values in (request.POST.lists() if again else ())
        for value in values
        if name != "csrfmiddlewaretoken"
    ]
    context = {
        "title": title,
        "sentences": sentences,
        "address": request.get_full_path(),
        "again": again,
        "fields": fields,
        "files": bool(again and request.FILES),
        "sign_in": sign_in,
    }
    return render(request, "kit/error.html", context, status=status)


def _from_our_page(request: HttpRequest) -> bool:
    """Whether the browser itself says that one of our pages sent this form."""
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400, or 413 for what is too heavy."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return _page(
            request,
            413,
            "Envoi trop volumineux",
            f"Un envoi ne peut dépasser {megabytes(settings.REQUEST_MAX_BYTES)}, fichiers compris, "
            f"ni {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS} champs. Rien n’a été enregistré.",
            "Revenez à la page précédente avec le bouton de votre navigateur, allégez l’envoi "
            "(un fichier à la fois, des images plus petites), puis recommencez.",
        )
    return _page(
        request,
        400,
        "Demande incomprise",
        "Le site n’a pas pu lire cette demande. Rien n’a été enregistré.",
        "Revenez à la page précédente, rechargez-la, puis recommencez.",
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return _page(
        request,
        403,
        "Accès refusé",
        "Vous n’avez pas le droit de faire cela, ou vous ne l’avez plus.",
        "Si vous pensez que c’est une erreur, demandez à la personne qui pilote votre fabrique.",
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403, for a form without a valid token: nearly always a page left open too long."""
    ours = _from_our_page(request)
    if "Origin" in request.headers and not ours:
        return _page(
            request,
            403,
            "Envoi refusé",
            "Cet envoi venait d’un autre site. Par sécurité, rien n’a été fait.",
            "Si vous vouliez vraiment le faire, passez par les pages de ce site.",
        )
    return _page(
        request,
        403,
        "Cette page est restée ouverte trop longtemps",
        "Par sécurité, votre envoi n’a pas été pris en compte. Votre navigateur doit aussi "
        "accepter les cookies de ce site.",
        "Ce que vous avez saisi n’est pas perdu : envoyez-le de nouveau."
        if ours
        else "Revenez à la page précédente avec le bouton de votre navigateur, rechargez-la, puis "
        "envoyez de nouveau.",
        again=ours,
    )


def signed_out(request: HttpRequest) -> HttpResponse:
    """403, for a form sent after the session ended."""
    return _page(
        request,
        403,
        "Votre session est terminée",
        "Elle s’arrête d’elle-même au bout de douze heures. Ce que vous avez saisi n’est pas "
        "perdu.",
        "Reconnectez-vous dans un autre onglet, puis revenez ici pour envoyer de nouveau.",
        again=True,
        sign_in=resolve_url(settings.LOGIN_URL),
    )


def too_many_requests(request: HttpRequest, *, retry_after: int = 300) -> HttpResponse:
    """429; `retry_after` in seconds."""
    minutes = -(-retry_after // 60)
    wait = f"{minutes} minutes" if minutes > 1 else "une minute"
    response = _page(
        request,
        429,
        "Trop d’essais en peu de temps",
        f"Par sécurité, il faut patienter. Recommencez dans {wait}.",
        again=request.method == "POST" and _from_our_page(request),
    )
    response.headers["Retry-After"] = str(retry_after)
    return response
