"""The page that documents the API, made from its OpenAPI document without any script."""

from collections import defaultdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

from fabriques.portal.api.problems import PROBLEMS

EXAMPLES = {
    "fabriques": "?annee=2022&taille=5",
    "fabrique": "fabp-01",
    "participations": "?region=11",
    "territoires": "?q=saint-brieuc",
    "territoire": "22278",
    "organisations": "?role=association-elus",
}


_TYPES = {
    "integer": "nombre entier",
    "number": "nombre",
    "boolean": "true ou false",
    "null": "null",
    "date": "date",
}
Schemas = dict[str, dict[str, Any]]


class Docs(DocsBase):
    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        schema = api.get_openapi_schema()
        schemas: Schemas = schema["components"]["schemas"]
        groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for path, methods in schema["paths"].items():
            operation = methods["get"]
            groups[operation["tags"][0]].append(_operation(path, operation, schemas))
        return render(
            request,
            "portal/api_docs.html",
            {
                "api": schema["info"],
                "openapi_url": self.get_openapi_url(api, {}),
                "groups": list(groups.items()),
                "problems": [(status, *texts) for status, texts in PROBLEMS.items()],
                "section": "data",
            },
        )


def _operation(path: str, operation: dict[str, Any], schemas: Schemas) -> dict[str, Any]:
    name = operation["operationId"]
    answer = operation["responses"][200]["content"]["application/json"]["schema"]
    return {
        "id": name,
        "path": path,
        "paragraphs": [
            _fragments(" ".join(paragraph.split()))
            for paragraph in operation.get("description", "").split("\n\n")
        ],
        "parameters": [_parameter(item) for item in operation["parameters"]],
        "is_list": "elements" in _resolved(answer, schemas)["properties"],
        "fields": _fields(answer, schemas),
        "example": path.partition("{")[0] + EXAMPLES.get(name, ""),
    }


def _fragments(text: str) -> list[tuple[bool, str]]:
    """A sentence in pieces, each with whether it stands between backquotes."""
    return [(bool(place % 2), part) for place, part in enumerate(text.split("`"))]


def _resolved(schema: dict[str, Any], schemas: Schemas) -> dict[str, Any]:
    return schemas[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema


def _fields(answer: dict[str, Any], schemas: Schemas) -> list[tuple[str, str, str]]:
    """Name, type and meaning of the fields of an object, or of the elements of a list."""
    properties: dict[str, Any] = _resolved(answer, schemas)["properties"]
    if "elements" in properties:
        return _fields(properties["elements"]["items"], schemas)
    return [
        (name, _type(field), field.get("description", "")) for name, field in properties.items()
    ]


def _type(schema: dict[str, Any]) -> str:
    """The type of a field in words."""
    if "anyOf" in schema:
        return " ou ".join(_type(choice) for choice in schema["anyOf"])
    if schema.get("type") == "array":
        return f"liste : {_type(schema['items'])}"
    if "$ref" in schema:
        return "objet"
    return _TYPES.get(str(schema.get("format", schema.get("type"))), "texte")


def _parameter(item: dict[str, Any]) -> dict[str, Any]:
    schema = item["schema"]
    several = schema.get("type") == "array"
    inner = schema["items"] if several else schema
    # An optional parameter is « this or null »: the first says what it is.
    inner = inner.get("anyOf", [inner])[0]
    return {
        "name": item["name"],
        "place": "dans l’adresse" if item["in"] == "path" else "facultatif",
        "description": item.get("description", ""),
        "several": several,
        "allowed": _allowed(inner),
        "default": schema.get("default"),
    }


def _allowed(schema: dict[str, Any]) -> str:
    """The values of a parameter in words."""
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    pattern = str(schema.get("pattern", ""))
    if pattern.startswith("^("):
        return ", ".join(pattern[2:-2].split("|"))
    words = {"integer": "nombre entier", "boolean": "true ou false"}.get(
        str(schema.get("type")), "texte"
    )
    if "minimum" in schema and "maximum" in schema:
        words += f" de {schema['minimum']} à {schema['maximum']}"
    if "maxLength" in schema:
        words += f", {schema['maxLength']} caractères au plus"
    return words
