"""The OpenAPI document, completed with what ninja leaves out: errors, headers, 304."""

import json
from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.renderers import JSONRenderer

from fabriques.portal.api.problems import MEDIA_TYPE, PROBLEMS, Problem

_REFERENCE = "#/components/schemas/{model}"
_HEADERS = {
    "ETag": {
        "description": "à renvoyer dans If-None-Match pour n’avoir que ce qui a changé",
        "schema": {"type": "string"},
    },
    "Link": {
        "description": "licence et, pour une liste, pages voisines (RFC 8288)",
        "schema": {"type": "string"},
    },
}


class Readable(JSONRenderer):
    """Accents as they are: people read these answers too."""

    json_dumps_params = {"ensure_ascii": False}


class OpenData(NinjaAPI):
    """A read API that says everything it may answer."""

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**kwargs)
        components = schema["components"]["schemas"]
        problem = Problem.model_json_schema(ref_template=_REFERENCE)
        components.update(problem.pop("$defs", {}))
        components["Problem"] = problem
        for path, methods in schema["paths"].items():
            for operation in methods.values():
                _complete(operation["responses"], one="{" in path)
        schema["components"]["schemas"] = _used(components, json.dumps(schema["paths"]))
        return schema


def _used(components: dict[str, Any], text: str) -> dict[str, Any]:
    """Only the schemas that an answer refers to: ninja also leaves those of the parameters."""
    found: dict[str, Any] = {}
    while True:
        new = {
            name: schema
            for name, schema in components.items()
            if name not in found and f'"{_REFERENCE.format(model=name)}"' in text
        }
        if not new:
            return dict(sorted(found.items()))
        found |= new
        text = json.dumps(new)


def _complete(responses: dict[Any, Any], *, one: bool) -> None:
    responses[200] |= {"description": "Trouvé", "headers": _HEADERS}
    responses[304] = {"description": "Rien n’a changé depuis cet ETag"}
    for status, (code, title) in PROBLEMS.items():
        if status == 404 and not one:
            continue
        responses[status] = {
            "description": f"{title} (`{code}`)",
            "content": {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(model="Problem")}}},
        }
    for status in sorted(responses):
        responses[status] = responses.pop(status)


def as_text() -> str:
    """The document as it is kept in `docs/openapi.json`."""
    from fabriques.portal.api import api

    return json.dumps(api.get_openapi_schema(), ensure_ascii=False, indent=2) + "\n"
