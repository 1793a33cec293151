"""Errors of the API: RFC 9457 problems, with a stable code and a detail in French."""

import json
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.log import log_response
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.schema import Field

from fabriques.programme.exports.records import Record

MEDIA_TYPE = "application/problem+json"
# Status → its code and title; the code is what a programme may rely on.
PROBLEMS = {
    400: ("requete-invalide", "Requête invalide"),
    404: ("introuvable", "Introuvable"),
    405: ("methode-refusee", "Méthode refusée"),
    422: ("parametres-invalides", "Paramètres invalides"),
    500: ("erreur-interne", "Erreur interne"),
}
# Pydantic's kinds of errors, in words; what is not here is « valeur refusée ».
_WORDS = {
    "int_parsing": "doit être un nombre entier",
    "int_parsing_size": "nombre trop grand",
    "int_from_float": "doit être un nombre entier",
    "bool_parsing": "doit être « true » ou « false »",
    "greater_than_equal": "doit être supérieur ou égal à {ge}",
    "less_than_equal": "doit être inférieur ou égal à {le}",
    "string_too_long": "trop long : {max_length} caractères au plus",
    "string_too_short": "trop court : {min_length} caractères au moins",
    "string_pattern_mismatch": "ne correspond pas à {pattern}",
    "literal_error": "valeurs possibles : {expected}",
    "too_long": "trop de valeurs : {max_length} au plus",
    "missing": "obligatoire",
}


class RefusedValue(Record):
    parametre: str
    detail: str


class Problem(Record):
    """RFC 9457."""

    type: str = Field(description="adresse qui explique le problème")
    title: str
    status: int
    detail: str
    instance: str = Field(description="adresse demandée")
    code: str = Field(json_schema_extra={"enum": [code for code, _ in PROBLEMS.values()]})
    erreurs: list[RefusedValue]


def problem(
    request: HttpRequest,
    status: int,
    detail: str,
    errors: list[RefusedValue] | None = None,
) -> HttpResponse:
    code, title = PROBLEMS[status]
    body = Problem(
        type=f"{reverse('api-v1:openapi-view')}#{code}",
        title=title,
        status=status,
        detail=detail,
        instance=request.path,
        code=code,
        erreurs=errors or [],
    )
    return HttpResponse(
        json.dumps(body.model_dump(), ensure_ascii=False), status=status, content_type=MEDIA_TYPE
    )


def in_words(error: dict[str, Any]) -> RefusedValue:
    """One of pydantic's errors: which parameter, and why."""
    place = [str(part) for part in error["loc"] if isinstance(part, str)]
    words = _WORDS.get(error["type"], "valeur refusée")
    try:
        detail = words.format(**error.get("ctx", {}))
    except (KeyError, IndexError):
        detail = "valeur refusée"
    return RefusedValue(parametre=place[-1] if place else "", detail=detail)


def unknown(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Any address under /api/ that does not exist."""
    return problem(request, 404, "Aucune ressource à cette adresse.")


def register(api: NinjaAPI) -> None:
    """Make the API answer problems only."""

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: Any) -> HttpResponse:
        errors = [in_words(item) for item in error.errors]
        detail = " ; ".join(f"{item.parametre} : {item.detail}" for item in errors)
        return problem(request, 422, f"{detail}.", errors)

    @api.exception_handler(Http404)
    def not_found(request: HttpRequest, error: Any) -> HttpResponse:
        return problem(request, 404, str(error) or "Aucune ressource à cette adresse.")

    @api.exception_handler(HttpError)
    def refused(request: HttpRequest, error: Any) -> HttpResponse:
        return problem(request, error.status_code, str(error))

    @api.exception_handler(Exception)
    def broken(request: HttpRequest, error: Any) -> HttpResponse:
        if isinstance(error, BadRequest | SuspiciousOperation):
            return problem(request, 400, "La requête n’a pas pu être lue.")
        response = problem(request, 500, "Une erreur est survenue de notre côté ; elle est notée.")
        log_response("API : %s", request.path, response=response, request=request, exception=error)
        return response
