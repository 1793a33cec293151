"""`/donnees/`: the files as they are answered, and the page that explains them."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from jsonschema import Draft202012Validator

from fabriques.kit import journal
from fabriques.portal.views.data import FILES
from fabriques.programme.models import Fabrique
from fabriques.territories.models import ImportRun
from tests.factories import make_fabrique, make_result, make_territory

ADDRESSES = [file.name for file in FILES]
LICENCE = '<https://www.etalab.gouv.fr/licence-ouverte-open-licence/>; rel="license"'


@pytest.fixture(autouse=True)
def _no_sizes_left() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def fabrique(db: None) -> Fabrique:
    fabrique = make_fabrique(
        code="fabp-01", title="=L’été, enfin", members=[make_territory(siren="200000001")]
    )
    make_result(fabrique=fabrique)
    return fabrique


def get(client: Client, name: str, **headers: str) -> Any:
    return client.get(f"/donnees/{name}", headers=headers)


@pytest.mark.parametrize("name", ADDRESSES)
def test_each_file_has_its_name_licence_and_date(
    client: Client, fabrique: Fabrique, name: str
) -> None:
    entry = journal.record(subject=fabrique.subject, verb="créée", actor="essai")
    response = get(client, name)
    assert response.status_code == 200
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response["Link"] == LICENCE
    assert response["Access-Control-Allow-Origin"] == "*"
    assert f"{entry.at:%d %b %Y %H:%M:%S}" in response["Last-Modified"]
    again = get(client, name, **{"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    since = get(client, name, **{"If-Modified-Since": response["Last-Modified"]})
    assert since.status_code == 304


@pytest.mark.parametrize("name", ADDRESSES)
def test_each_file_changes_its_etag_with_its_content(
    client: Client, fabrique: Fabrique, name: str
) -> None:
    before = get(client, name)["ETag"]
    assert get(client, name)["ETag"] == before
    make_fabrique(code="fabp-02", members=[make_territory()])
    assert get(client, name)["ETag"] != before


@pytest.mark.parametrize("name", [*ADDRESSES, "fabriques.schema.json"])
def test_open_data_is_read_only_and_open_to_other_sites(
    client: Client, db: None, name: str
) -> None:
    asked = client.options(f"/donnees/{name}", headers={"Origin": "https://autre.test"})
    assert asked.status_code == 204
    assert asked["Access-Control-Allow-Origin"] == "*"
    assert "GET" in asked["Access-Control-Allow-Methods"]
    refused = client.post(f"/donnees/{name}")
    assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD, OPTIONS")
    head = client.head(f"/donnees/{name}")
    assert (head.status_code, head.content) == (200, b"")


def test_the_anct_layouts_are_exact(client: Client, fabrique: Fabrique) -> None:
    response = get(client, "fabriques-prospectives-groupements.csv")
    assert response["Content-Type"].startswith("text/csv; charset=utf-8")
    [member] = fabrique.participations.all()
    territory = member.territory
    assert response.content.decode("utf-8") == (
        "id_fabp,siren_groupement,lib_groupement,nature_juridique\n"
        f"fabp-01,200000001,{territory.name},COM\n"
    )
    communes = get(client, "fabriques-prospectives-communes.csv").content.decode("utf-8")
    assert communes == (
        "insee_com,lib_com,id_fabp,lib_fabp\n"
        f'{territory.code},{territory.name},fabp-01,"=L’été, enfin"\n'
    )


def test_the_csv_for_people_opens_in_a_spreadsheet(client: Client, fabrique: Fabrique) -> None:
    content = get(client, "fabriques.csv").content
    assert content.startswith(b"\xef\xbb\xbf")
    [row] = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert (row["id_fabp"], row["lib_fabp"]) == ("fabp-01", "'=L’été, enfin")


def test_the_workbook_opens(client: Client, fabrique: Fabrique) -> None:
    content = get(client, "fabriques.ods").content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        root = ElementTree.fromstring(archive.read("content.xml"))
    assert "=L’été, enfin" in "".join(root.itertext())


def test_the_document_names_the_schema_that_it_follows(client: Client, fabrique: Fabrique) -> None:
    response = get(client, "fabriques.json")
    assert response["Content-Type"] == "application/json"
    document = json.loads(response.content)
    assert document["$schema"] == "http://testserver/donnees/fabriques.schema.json"
    answer = client.get(document["$schema"])
    assert answer["Content-Type"] == "application/schema+json"
    schema = json.loads(answer.content)
    assert schema["$id"] == document["$schema"]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator(schema).validate(document)
    [found] = document["fabriques"]
    assert found["url"] == f"http://testserver{fabrique.get_absolute_url()}"


def test_the_page_explains_each_file(client: Client, fabrique: Fabrique) -> None:
    ImportRun.objects.create(name="qpv", source="qpv-2015.csv", digest="0", added=1)
    ImportRun.objects.create(name="qpv", source="qpv-2024.csv", digest="1", added=1514)
    html = client.get(reverse("data")).content.decode()
    for file in FILES:
        assert f'href="/donnees/{file.name}"' in html
    assert "siren_groupement" in html
    assert "Licence Ouverte 2.0" in html
    # Only the last passage of an import is shown.
    assert "qpv-2024.csv" in html
    assert "qpv-2015.csv" not in html
    assert "Agence d’essai, « Fabriques prospectives », données du" in html
    size = len(get(client, "fabriques-prospectives-groupements.csv").content)
    assert f"{size}\N{NO-BREAK SPACE}octet" in html


def test_the_page_works_before_anything_is_loaded(client: Client, db: None) -> None:
    html = client.get(reverse("data")).content.decode()
    assert "Aucun import n’a encore été fait." in html


def test_the_page_reads_as_much_for_three_as_for_one(client: Client, db: None) -> None:
    def count() -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("data"))
        return len(queries)

    def grow(times: int) -> None:
        for number in range(times):
            make_result(fabrique=make_fabrique(members=[make_territory()], transitions=["a"]))
            ImportRun.objects.create(name=f"import-{number}", source="essai", digest="0")

    grow(1)
    one = count()
    grow(2)
    assert count() == one


def test_the_real_files_are_answered(client: Client, country: None) -> None:
    for name in ADDRESSES:
        assert get(client, name).status_code == 200
    assert client.get(reverse("data")).status_code == 200
