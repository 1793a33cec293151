"""The description of the API: committed, served, shown, and true of every answer."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, Phase, seed
from hypothesis import settings as hypothesis_settings
from jsonschema import Draft202012Validator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from fabriques.portal.api.openapi import as_text
from fabriques.territories.enums import Kind
from tests.factories import make_fabrique, make_partnership, make_result, make_territory

DOCUMENT = Path(settings.ROOT) / "docs" / "openapi.json"


def test_the_committed_description_is_that_of_the_code() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == as_text(), (
        "write it again: .venv/bin/fabriques write_openapi"
    )


def test_the_description_is_served_and_complete(client: Client, db: None) -> None:
    document = client.get("/api/v1/openapi.json").json()
    assert document == json.loads(as_text())
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for path, methods in document["paths"].items():
        assert list(methods) == ["get"]
        expected = {"200", "304", "400", "405", "422", "500"} | ({"404"} if "{" in path else set())
        assert set(methods["get"]["responses"]) == expected


def test_the_page_of_the_api_shows_every_operation(client: Client, db: None) -> None:
    response = client.get(reverse("api-v1:openapi-view"))
    html = response.content.decode()
    assert response["Content-Type"].startswith("text/html")
    for path in json.loads(as_text())["paths"]:
        assert f"GET {path}" in html
    for name in ("outre-mer", "a_participe", "taille", "methode-refusee"):
        assert name in html


@pytest.fixture
def small_country(db: None) -> Iterator[None]:
    """A little of everything, under codes that the description gives as examples."""
    region = make_territory(Kind.REGION, code="11")
    commune = make_territory(code="22278", region=region, epci=make_territory(Kind.EPCI))
    fabrique = make_fabrique(
        code="fabp-01", transitions=["eco"], programmes=["pvd"], members=[commune], indexed=True
    )
    make_partnership(fabrique=fabrique)
    make_result(fabrique=fabrique, date="2022-07")
    # Answered in the transaction of the test, whose connection must not be closed.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
)
schema = schemathesis.openapi.from_dict(json.loads(DOCUMENT.read_text(encoding="utf-8")))


@seed(20260701)
@schema.parametrize()
@hypothesis_settings(
    max_examples=30,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_only_documented_answers(small_country: None, case: schemathesis.Case) -> None:
    # The client of the test does not unzip.
    case.call_and_validate(
        app=WSGIHandler(),
        base_url="http://testserver",
        headers={"Accept-Encoding": "identity"},
        checks=list(CHECKS),
    )
