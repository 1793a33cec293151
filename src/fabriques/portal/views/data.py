"""Open data: the page that explains the files, and the files."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import http_date

from fabriques.intake import exports as intake
from fabriques.kit.exports import Column, attachment, to_csv, to_ods
from fabriques.portal.api.access import opened
from fabriques.programme import exports
from fabriques.territories.models import ImportRun

DAY = 24 * 3600


@dataclass(frozen=True)
class File:
    """One file of open data, as the page explains it."""

    name: str
    title: str
    use: str
    build: Callable[[HttpRequest], bytes]
    columns: Sequence[Column] = ()

    @property
    def url_name(self) -> str:
        return f"data-{self.name.replace('.', '-')}"

    @property
    def address(self) -> str:
        return reverse(self.url_name)

    @property
    def format(self) -> str:
        return self.name.rpartition(".")[2].upper()


def _communes(request: HttpRequest) -> bytes:
    return to_csv(exports.communes(), guard=False)


def _groupings(request: HttpRequest) -> bytes:
    return to_csv(exports.groupings(), guard=False)


def _participations(request: HttpRequest) -> bytes:
    return to_csv(exports.participations(), bom=True)


def _workbook(request: HttpRequest) -> bytes:
    return to_ods(*exports.workbook(), title="Fabriques prospectives", at=exports.last_change())


def _document(request: HttpRequest) -> bytes:
    return _json(
        exports.document(schema_url=_schema_url(request), absolute=request.build_absolute_uri)
    )


def _schema(request: HttpRequest) -> bytes:
    return _json(exports.json_schema(schema_url=_schema_url(request)))


def _schema_url(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("data-schema"))


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


FILES = (
    File(
        "fabriques-prospectives-communes.csv",
        "Fabriques par commune",
        "Une ligne par commune et par fabrique ; une intercommunalité donne ses communes. "
        "Même format que le jeu de données de l’ANCT.",
        _communes,
        exports.COMMUNE_COLUMNS,
    ),
    File(
        "fabriques-prospectives-groupements.csv",
        "Fabriques par groupement",
        "Une ligne par territoire et par fabrique, avec son SIREN. "
        "Même format que le jeu de données de l’ANCT.",
        _groupings,
        exports.GROUPING_COLUMNS,
    ),
    File(
        "fabriques.ods",
        "Tout, dans un classeur",
        "Un onglet pour les participations, puis les fabriques, les partenaires, les résultats "
        "et les sources. S’ouvre avec LibreOffice, Excel ou Google Sheets.",
        _workbook,
        exports.PARTICIPATION_COLUMNS,
    ),
    File(
        "fabriques.csv",
        "Les participations",
        "Une ligne par participation, avec ce qui est connu de sa fabrique. UTF-8, virgules.",
        _participations,
        exports.PARTICIPATION_COLUMNS,
    ),
    File(
        "fabriques.json",
        "Tout, pour un programme",
        "Fabriques, participations, partenaires, résultats et sources, emboîtés ; "
        "ce qui n’est pas connu vaut null. Un schéma JSON en décrit chaque champ.",
        _document,
    ),
)


def served(file: File) -> Callable[..., Any]:
    """The view of a file."""

    @opened
    def view(request: HttpRequest) -> HttpResponse:
        response = attachment(file.build(request), file.name)
        changed = exports.last_change()
        if changed:
            response.headers["Last-Modified"] = http_date(changed.timestamp())
        return response

    return view


@opened
def schema(request: HttpRequest) -> HttpResponse:
    """The JSON Schema of the document: read on screen, so no attachment."""
    return HttpResponse(_schema(request), content_type="application/schema+json")


def page(request: HttpRequest) -> HttpResponse:
    """What each file holds, how to use it, where the facts come from."""
    changed = exports.last_change()
    runs: dict[str, ImportRun] = {}
    for run in ImportRun.objects.order_by("-at", "-pk")[:500]:
        runs.setdefault(run.name, run)
    return render(
        request,
        "portal/data.html",
        {
            "files": [
                (file, _size(file, request, str(changed.timestamp()) if changed else ""))
                for file in FILES
            ],
            "calls": [(call, intake.files(call)) for call in intake.open_calls()],
            "changed": changed,
            "runs": sorted(runs.values(), key=lambda run: run.name),
            "licence": exports.LICENCE,
            "licence_url": exports.LICENCE_URL,
            "page_url": request.build_absolute_uri(),
            "section": "data",
        },
    )


def _size(file: File, request: HttpRequest, version: str) -> int:
    """Its size in bytes: measured by building it, once for each change of the data."""
    key = f"data-size:{file.name}:{version}:{request.get_host()}"
    # Without a version nothing says when a measure is no longer good.
    size: int | None = cache.get(key) if version else None
    if size is None:
        size = len(file.build(request))
        if version:
            cache.set(key, size, DAY)
    return size
