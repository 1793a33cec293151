"""The feed, the sitemap, robots.txt."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fabriques.kit import journal
from fabriques.portal import sitemaps
from tests.factories import make_fabrique, make_result, make_territory

ATOM = {"a": "http://www.w3.org/2005/Atom"}
SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\+\d{2}:\d{2}|Z)")


def feed(client: Client) -> tuple[Any, list[dict[str, str]]]:
    response = client.get("/flux.atom")
    assert response.status_code == 200
    root = ElementTree.fromstring(response.content)
    entries = []
    for entry in root.findall("a:entry", ATOM):
        link = entry.find("a:link", ATOM)
        assert link is not None
        values = {
            name: entry.findtext(f"a:{name}", "", ATOM) for name in ("id", "title", "updated")
        }
        entries.append({**values, "link": link.get("href", "")})
    return response, entries


def test_fabriques_and_results_are_entries(client: Client, db: None) -> None:
    fabrique = make_fabrique(
        code="fabp-07", title="Sites <industriels>", year=2020, objective="A < B"
    )
    make_result(
        fabrique=fabrique, title="Portrait & synthèse", date="2022-10", url="https://exemple.test/r"
    )
    make_result(fabrique=fabrique, title="Sans date")
    response, entries = feed(client)
    assert response["Content-Type"].startswith("application/atom+xml")
    assert [entry["title"] for entry in entries] == [
        "Portrait & synthèse",
        "Sans date",
        "Sites <industriels>",
    ]
    assert [entry["updated"][:10] for entry in entries] == [
        "2022-10-01",
        "2020-01-01",
        "2020-01-01",
    ]
    assert entries[0]["link"] == "https://exemple.test/r"
    assert entries[2]["link"] == f"http://testserver{fabrique.get_absolute_url()}"
    assert entries[2]["id"] == "tag:testserver,2025:fabriques/fabp-07"
    root = ElementTree.fromstring(response.content)
    assert [entry.text for entry in root.iter(f"{{{ATOM['a']}}}summary")][2] == "A &lt; B"
    assert root.findtext("a:id", "", ATOM) == "tag:testserver,2025:flux"
    for element in root.iter(f"{{{ATOM['a']}}}updated"):
        assert RFC3339.fullmatch(element.text or "")


def test_identifiers_stay_and_dates_follow_the_journal(client: Client, db: None) -> None:
    fabrique = make_fabrique(title="Avant", year=2018)
    make_result(fabrique=fabrique, title="Livret", date="2019")
    _, before = feed(client)
    fabrique.title = "Après"
    fabrique.save()
    entry = journal.record(subject=fabrique.subject, verb="mise à jour", actor="essai")
    _, after = feed(client)
    assert {item["id"] for item in after} == {item["id"] for item in before}
    assert after[0]["title"] == "Après"
    assert after[0]["updated"][:10] == f"{entry.at:%Y-%m-%d}"


def test_the_feed_answers_304_and_is_open(client: Client, db: None) -> None:
    make_fabrique()
    response, _ = feed(client)
    assert response["Access-Control-Allow-Origin"] == "*"
    again = client.get("/flux.atom", headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304


def test_the_feed_reads_as_much_for_three_as_for_one(client: Client, db: None) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            feed(client)
        return len(queries)

    make_result(fabrique=make_fabrique(transitions=["a"]))
    one = count()
    for _ in range(2):
        make_result(fabrique=make_fabrique(transitions=["a"]))
    assert count() == one


def test_an_empty_feed_is_a_feed(client: Client, db: None) -> None:
    assert feed(client)[1] == []


def locations(client: Client, address: str) -> list[str]:
    response = client.get(address)
    assert response.status_code == 200, address
    root = ElementTree.fromstring(response.content)
    return [element.text or "" for element in root.iter(f"{{{SITEMAP['s']}}}loc")]


def test_the_sitemap_leads_to_every_public_page(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sitemaps.Territories, "limit", 2)
    fabrique = make_fabrique()
    current = [make_territory() for _ in range(3)]
    gone = make_territory(closed_on="2024-01-01")
    files = locations(client, "/sitemap.xml")
    assert files == [
        "http://testserver/sitemap-pages.xml",
        "http://testserver/sitemap-appels.xml",
        "http://testserver/sitemap-fabriques.xml",
        "http://testserver/sitemap-territoires.xml",
        "http://testserver/sitemap-territoires.xml?p=2",
    ]
    pages = [page for file in files for page in locations(client, file)]
    assert len(pages) == len(set(pages))
    for address in (reverse("home"), reverse("data"), fabrique.get_absolute_url()):
        assert f"http://testserver{address}" in pages
    for territory in current:
        assert f"http://testserver{territory.get_absolute_url()}" in pages
    assert f"http://testserver{gone.get_absolute_url()}" not in pages


def test_the_sitemap_dates_fabriques_by_the_journal(client: Client, db: None) -> None:
    fabrique = make_fabrique()
    entry = journal.record(subject=fabrique.subject, verb="créée", actor="essai")
    root = ElementTree.fromstring(client.get("/sitemap-fabriques.xml").content)
    assert root.findtext("s:url/s:lastmod", "", SITEMAP) == f"{entry.at:%Y-%m-%d}"


@pytest.mark.parametrize("address", ["/sitemap-inconnu.xml", "/sitemap-pages.xml?p=9"])
def test_an_unknown_sitemap_is_not_found(client: Client, db: None, address: str) -> None:
    assert client.get(address).status_code == 404


def test_robots_are_told_where_the_sitemap_is(client: Client, db: None) -> None:
    response = client.get("/robots.txt")
    assert response["Content-Type"].startswith("text/plain")
    assert "Sitemap: http://testserver/sitemap.xml" in response.content.decode().splitlines()


def test_the_country_fits_in_files_of_ten_thousand(client: Client, country: None) -> None:
    files = locations(client, "/sitemap.xml")
    of_territories = [file for file in files if "territoires" in file]
    assert len(of_territories) >= 4
    assert len(locations(client, of_territories[0])) == 10_000
