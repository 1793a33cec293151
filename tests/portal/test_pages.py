"""Public pages on small data: what each says, what it does with nonsense, how much it reads."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fabriques.kit.dates import in_words, validate_partial_date
from fabriques.portal.timeline import timeline
from fabriques.programme.models import Fabrique
from fabriques.territories import search as territories_search
from fabriques.territories.enums import Kind
from fabriques.territories.models import NationalProgramme
from tests.factories import (
    make_fabrique,
    make_organisation,
    make_participation,
    make_partnership,
    make_result,
    make_territory,
    reindex,
)

pytestmark = pytest.mark.django_db


def fill(number: int) -> Fabrique:
    """`number` fabriques, each with `number` members, partners and results; the last one."""
    region = make_territory(Kind.REGION)
    departement = make_territory(Kind.DEPARTEMENT, region=region, longitude=2.0, latitude=47.0)
    epci = make_territory(Kind.EPCI, departement=departement, region=region, population=30_000)
    make_territory(population=1900)  # something to compare a commune with
    make_territory(Kind.EPCI, population=25_000)
    for _ in range(number):
        fabrique = make_fabrique(transitions=["ecologique"], programmes=["acv"])
        for _ in range(number):
            commune = make_territory(
                departement=departement,
                region=region,
                epci=epci,
                population=2000,
                longitude=2.1,
                latitude=47.1,
            )
            make_participation(fabrique=fabrique, territory=commune)
            make_partnership(fabrique=fabrique)
            make_result(fabrique=fabrique)
        make_participation(fabrique=fabrique, territory=epci)
        reindex(fabrique)
    territories_search.rebuild()
    return fabrique


ADDRESSES: dict[str, Callable[[Fabrique], str]] = {
    "home": lambda _: "/",
    "list": lambda _: "/fabriques/",
    "filtered list": lambda _: "/fabriques/?annee=2022&transition=ecologique",
    "fabrique": lambda fabrique: fabrique.get_absolute_url(),
    "map": lambda _: "/carte/",
    "map drawing": lambda _: "/carte.svg",
    "points": lambda _: "/carte.geojson",
    "interactive map": lambda _: "/carte/interactive/",
    "search": lambda _: "/recherche/?q=essai",
    "territories": lambda _: "/territoires/?q=commune",
    "commune": lambda f: f.participations.order_by("pk")[0].territory.get_absolute_url(),
    "grouping": lambda f: f.participations.order_by("-pk")[0].territory.get_absolute_url(),
    "plan": lambda _: "/plan-du-site/",
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_page_reads_as_much_for_three_as_for_one(client: Client, name: str) -> None:

    one = fill(1)
    client.get(ADDRESSES[name](one))  # vocabulary and templates are read once per process
    with CaptureQueriesContext(connection) as first:
        assert client.get(ADDRESSES[name](one)).status_code == 200
    three = fill(3)
    client.get(ADDRESSES[name](three))
    with CaptureQueriesContext(connection) as second:
        assert client.get(ADDRESSES[name](three)).status_code == 200
    assert len(first) == len(second), [query["sql"][:120] for query in second]


@pytest.mark.parametrize("address", ["/", "/fabriques/", "/carte/", "/territoires/", "/recherche/"])
def test_pages_work_before_anything_is_loaded(client: Client, address: str) -> None:
    page = client.get(address)
    assert page.status_code == 200
    if address == "/fabriques/":
        assert "Le programme n’a pas encore été chargé" in page.content.decode()


NONSENSE = [
    "annee=deux-mille",
    "annee=99999999999999999999",
    "transition=%00",
    "region=<script>",
    "type=' OR 1=1 --",
    "outre-mer=peut-être",
    "programme=" + "x" * 5000,
    "departement=ZZ",
    "annee=2022&annee=1",
]


@pytest.mark.parametrize("query", NONSENSE)
@pytest.mark.parametrize("path", ["/fabriques/", "/carte/"])
def test_unknown_values_of_a_filter_are_said_and_ignored(
    client: Client, path: str, query: str
) -> None:
    make_fabrique(members=[make_territory()], indexed=True)
    page = client.get(f"{path}?{query}")
    assert page.status_code == 200
    html = page.content.decode()
    assert "Filtre ignoré" in html
    assert "<script>" not in html.replace('<script type="module"', "")
    assert ("1 fabrique" if path == "/fabriques/" else "1 participation") in html


@pytest.mark.parametrize(
    "query", ["q=%00", "q=" + "é" * 3000, "page=-1", "page=abc", "q=😀", "q=%25_"]
)
@pytest.mark.parametrize("path", ["/fabriques/", "/carte/", "/recherche/", "/territoires/"])
def test_no_text_breaks_a_page(client: Client, path: str, query: str) -> None:
    make_fabrique(indexed=True)
    assert client.get(f"{path}?{query}").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/fabriques/fabp-99/",
        "/fabriques/fabp-99/image.png",
        "/territoires/99999/",
        "/territoires/region/zz/",
        "/territoires/planete/1/",
        "/nulle/part/",
        "/territoires/" + "9" * 500 + "/",
    ],
)
def test_what_does_not_exist_is_a_404_that_offers_a_search(client: Client, address: str) -> None:
    page = client.get(address)
    assert page.status_code == 404
    html = page.content.decode()
    assert "Page non trouvée" in html
    assert 'action="/recherche/"' in html


def test_a_404_suggests_what_the_address_may_have_meant(client: Client) -> None:
    make_fabrique(title="Les mobilités douces", indexed=True)
    page = client.get("/fabriques/mobilite-douce/")
    assert "Les mobilités douces" in page.content.decode()


def test_filters_combine_keep_in_the_address_and_count(client: Client) -> None:
    make_fabrique(title="Alpha", year=2021, transitions=["ecologique"], indexed=True)
    make_fabrique(title="Beta", year=2022, transitions=["ecologique"], indexed=True)
    make_fabrique(title="Gamma", year=2022, transitions=["economique"], indexed=True)
    html = client.get("/fabriques/?annee=2022&transition=ecologique").content.decode()
    assert "Beta" in html
    assert "Alpha" not in html
    assert "Gamma" not in html
    assert "1 fabrique pour ces filtres" in html
    # The other value of a chosen dimension counts what it would add.
    assert "Transition economique (1)" in html
    assert 'name="annee" value="2022" checked' in html


def test_an_untitled_fabrique_says_so(client: Client) -> None:
    fabrique = make_fabrique(code="fabp-77", title="", year=None, indexed=True)
    for address in ("/fabriques/", fabrique.get_absolute_url(), "/plan-du-site/"):
        html = client.get(address).content.decode()
        assert "Titre non publié (fabp-77)" in html
    html = client.get(fabrique.get_absolute_url()).content.decode()
    assert "Année de lancement non publiée" in html
    assert "Les territoires de cette fabrique ne sont pas publiés" in html


def test_an_initiative_of_another_body_names_it(client: Client) -> None:
    body = make_organisation(name="Département d’essai")
    fabrique = make_fabrique(initiator=body, indexed=True)
    page = client.get(fabrique.get_absolute_url()).content.decode()
    assert "à l’initiative de Département d’essai" in page


def test_a_page_tells_everything_known(client: Client) -> None:
    former = make_organisation(name="Intercommunalités de France")
    former.former_names.create(name="Assemblée des communautés de France", acronym="AdCF")
    fabrique = make_fabrique(
        announced_start="2022-11", announced_end="2023-11", actual_start="2023"
    )
    make_partnership(fabrique=fabrique, organisation=former, role="elected")
    make_partnership(fabrique=fabrique, role="researcher", person="Coline Perrin")
    make_result(fabrique=fabrique, title="Un livret", date="2022-07", kind="booklet")
    make_result(fabrique=fabrique, title="Un article", url="https://exemple.test/a", kind="article")
    make_participation(
        fabrique=fabrique,
        territory=make_territory(name="Saint-Joseph"),
        focus="QPV Cayenne – Butor",
        focus_generation=2015,
        local_question="Comment mieux manger ?",
        joined="2022-11",
        left="2023-02",
        last_listed="2024-09",
        unlisted_by="2026-07",
    )
    reindex(fabrique)
    html = client.get(fabrique.get_absolute_url()).content.decode()
    for text in (
        "anciennement Assemblée des communautés de France (AdCF)",
        "Coline Perrin, ",
        "Livret, juillet 2022 · adresse non retrouvée",
        'href="https://exemple.test/a"',
        "date non publiée",
        "QPV Cayenne – Butor (quartier prioritaire, génération 2015 ; code non retrouvé)",
        "Question locale : Comment mieux manger ?",
        "Entrée : novembre 2022 · Sortie : février 2023",
        "jeu de données de l’ANCT de septembre 2024, absent de celui de juillet 2026",
        "<td>novembre 2022</td><td>2023</td>",
        "<td>novembre 2023</td><td>non publié</td>",
        'type="application/ld+json"',
    ):
        assert text in html, text


def test_text_of_the_facts_never_becomes_markup(client: Client) -> None:
    evil = "</script><script>alert(1)</script>"
    fabrique = make_fabrique(
        title=evil, objective=evil, members=[make_territory(name=evil)], indexed=True
    )
    for address in (
        fabrique.get_absolute_url(),
        "/",
        "/fabriques/",
        "/carte/",
        "/carte.svg",
        "/recherche/?q=script",
    ):
        assert "<script>alert" not in client.get(address).content.decode()


def test_other_codes_lead_to_the_canonical_address(client: Client) -> None:
    commune = make_territory(code="2A004", siren="212000046")
    for address in ("/territoires/212000046/", "/territoires/2a004/"):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["Location"]) == (301, "/territoires/2A004/")
    assert client.get(commune.get_absolute_url()).status_code == 200


def test_the_code_of_a_fabrique_leads_to_its_page(client: Client) -> None:
    fabrique = make_fabrique(code="fabp-88", slug="fabp-88-un-sujet", indexed=True)
    for address in ("/fabriques/fabp-88/", "/fabriques/FABP-88/"):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["Location"]) == (
            301,
            fabrique.get_absolute_url(),
        )


def test_the_map_shows_the_members_that_the_filter_means(client: Client) -> None:
    overseas = make_territory(name="Là-bas", overseas=True, longitude=55.5, latitude=-21)
    grouping = make_territory(Kind.EPT, name="Ici", longitude=2, latitude=48)
    make_fabrique(members=[overseas, grouping], indexed=True)
    for query, shown, hidden in (
        ("outre-mer=oui", "Là-bas", "Ici"),
        ("outre-mer=non", "Ici", "Là-bas"),
        ("type=EPT", "Ici", "Là-bas"),
    ):
        html = client.get(f"/carte/?{query}").content.decode()
        assert "1 participation" in html
        assert f">{shown}</a>" in html
        assert f">{hidden}</a>" not in html
    assert ">Ici</a>" in client.get("/carte/?outre-mer=oui&outre-mer=non").content.decode()


def test_a_programme_is_said_once(client: Client) -> None:
    commune = make_territory()
    programme = NationalProgramme.objects.create(slug="acv", name="Action cœur de ville")
    for number in ("acv-1", "acv-001"):
        commune.programme_memberships.create(programme=programme, external_id=number)
    html = client.get(commune.get_absolute_url()).content.decode()
    assert html.count("Action cœur de ville") == 1


def test_a_closed_territory_leads_to_its_successor(client: Client) -> None:
    heir = make_territory(name="Commune nouvelle")
    gone = make_territory(name="Ancienne", closed_on="2025-01-01", successor=heir)
    html = client.get(gone.get_absolute_url()).content.decode()
    assert "ne figure plus dans le découpage administratif (constaté le 1 janvier 2025)" in html
    assert f'href="{heir.get_absolute_url()}"' in html


def test_a_territory_shows_the_participations_around_it(client: Client) -> None:
    epci = make_territory(Kind.EPCI, name="Agglo")
    commune = make_territory(epci=epci, name="Bourg")
    make_fabrique(title="Du groupement", members=[epci], indexed=True)
    make_fabrique(title="De la commune", members=[commune], indexed=True)
    html = client.get(commune.get_absolute_url()).content.decode()
    assert html.index("Ce territoire") < html.index("De la commune")
    assert html.index("Son intercommunalité") < html.index("Du groupement")
    html = client.get(epci.get_absolute_url()).content.decode()
    assert html.index("Ses communes") < html.index("De la commune")


def test_the_map_shares_its_filters_and_has_its_list(client: Client) -> None:
    make_fabrique(
        title="Seule", year=2019, members=[make_territory(name="Ici", longitude=2, latitude=47)],
        indexed=True,
    )  # fmt: skip
    html = client.get("/carte/?annee=2019&legende=annee").content.decode()
    assert 'value="http://testserver/carte/?annee=2019&amp;legende=annee"' in html
    assert "<title>Ici – Seule, 2019</title>" in html
    assert '<a href="/territoires/' in html
    drawing = client.get("/carte.svg?annee=2019&legende=annee")
    assert drawing.headers["Content-Type"].startswith("image/svg+xml")
    assert "<script" not in drawing.content.decode()
    make_fabrique(year=2018, indexed=True)
    points = client.get("/carte.geojson?annee=2018").json()
    assert points["features"] == []


def test_a_member_without_position_stays_in_the_list_and_the_points(client: Client) -> None:
    make_fabrique(members=[make_territory(name="Nulle part")], indexed=True)
    assert "Nulle part" in client.get("/carte/").content.decode()
    assert client.get("/carte.geojson").json()["features"][0]["geometry"] is None


def test_beyond_two_hundred_one_mark_stands_for_a_departement(client: Client) -> None:
    departement = make_territory(
        Kind.DEPARTEMENT, code="23", name="Creuse", longitude=2.0, latitude=46.0
    )
    members = [
        make_territory(departement=departement, longitude=2, latitude=46) for _ in range(201)
    ]
    make_fabrique(members=members, indexed=True)
    html = client.get("/carte/").content.decode()
    assert "201 participations, une marque par département" in html
    assert "<title>Creuse (23) – 201 participations</title>" in html
    assert 'href="/carte/?departement=23"' in html


def test_search_says_what_it_corrected_and_what_it_did_not_find(client: Client) -> None:
    make_fabrique(title="Le vieillissement des villes", indexed=True)
    html = client.get("/recherche/?q=vieilissement").content.decode()
    assert "Orthographe approchée" in html
    assert "<mark>vieillissement</mark>" in html
    html = client.get("/recherche/?q=zzzzqqqq").content.decode()
    assert "Rien ne répond à « zzzzqqqq »" in html


def test_pages_can_be_kept_and_checked_again(client: Client) -> None:
    first = client.get("/fabriques/")
    again = client.get("/fabriques/", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert first.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert "Set-Cookie" not in first.headers


def test_the_content_policy_is_strict(client: Client) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_the_obligations_name_the_operator(client: Client) -> None:
    for address in ("/accessibilite/", "/mentions-legales/", "/donnees-personnelles/"):
        html = client.get(address).content.decode()
        assert "Agence d’essai" in html
        assert "contact@fabriques.test" in html
    assert "non conforme" in client.get("/accessibilite/").content.decode()


def test_the_brand_is_neutral_unless_the_site_is_the_state_s(client: Client, settings) -> None:
    assert "République" not in client.get("/").content.decode()
    settings.OFFICIAL_STATE_SITE = True
    html = client.get("/").content.decode()
    assert "République<br>Française" in html
    assert "marianne.css" in html


def test_health(client: Client) -> None:
    assert client.get("/healthz").content == b"ok"
    assert client.get("/readyz").content == b"ok"


def test_the_picture_for_networks_is_a_png_of_the_right_size(client: Client) -> None:
    fabrique = make_fabrique(
        title="Un titre « long », avec des accents — et un # ou deux $ ? " * 3,
        members=[make_territory(longitude=2, latitude=47)],
        indexed=True,
    )
    picture = client.get(f"{fabrique.get_absolute_url()}image.png").content
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")) == (
        1200,
        630,
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [("2022", "2022"), ("2022-11", "novembre 2022"), ("2022-07-01", "1er juillet 2022"),
     ("2021-08-21", "21 août 2021"), ("", "")],
)  # fmt: skip
def test_partial_dates_in_words(value: str, words: str) -> None:
    assert in_words(value) == words


@pytest.mark.parametrize("value", ["22", "2022-13", "2022-02-30", "2022-1", "hier", "0000"])
def test_wrong_partial_dates_are_refused(value: str) -> None:
    with pytest.raises(ValidationError):
        validate_partial_date(value)


def test_the_timeline_needs_both_ends() -> None:
    assert timeline(["2022-11", ""], ["", ""]) == ""
    drawn = timeline(["2022-11", "2023-11"], ["", ""])
    assert drawn.count("<rect") == 1
    assert ">2022<" in drawn
    assert ">2023<" in drawn
