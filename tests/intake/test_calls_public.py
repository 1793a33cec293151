"""What everybody sees of the calls: their list, their page, search, feed, sitemap, home."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from fabriques.intake.domain import calls as verbs
from fabriques.intake.models import Call, Extension
from fabriques.kit.journal import Actor
from tests.factories import make_fabrique, make_organisation, make_territory
from tests.guards import GuardedClient
from tests.intake.factories import make_call, make_call_partner, make_volunteer, today

pytestmark = pytest.mark.django_db

ACTOR = Actor("essai")


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def page_of(call: Call) -> str:
    return text(GuardedClient().get(call.get_absolute_url()))


def test_the_page_says_what_when_and_with_whom(client: Client) -> None:
    call = make_call(
        presentation="Un premier paragraphe.\n\n<b>Un second.</b>", starts_on="2027-09"
    )
    make_call_partner(call, organisation=make_organisation(name="Les Petites Villes"))
    answer = client.get(call.get_absolute_url())
    page = text(answer)
    for words in (
        call.question, "Un premier paragraphe.", "Les Petites Villes", "4 à 8 territoires",
        "Se porter volontaire", "minuit heure de Paris", "septembre 2027", "Ce qu’il reçoit",
    ):  # fmt: skip
        assert words in page
    html = answer.content.decode()
    assert "<b>Un second.</b>" not in html
    assert f'href="/appels/{call.slug}/volontariat/"' in html
    assert f'<meta property="og:title" content="{call.title}">' in html
    assert answer["Cache-Control"].startswith("public")
    assert "Cookie" not in answer.get("Vary", "")
    assert (
        client.get(call.get_absolute_url(), headers={"If-None-Match": answer["ETag"]}).status_code
        == 304
    )


def test_each_phase_says_what_comes_next() -> None:
    now = timezone.now()
    fabrique = make_fabrique(title="Bien vieillir ensemble")
    for fields, there, missing in (
        ({"opens_on": today(3)}, "L’appel ouvre le", "Se porter volontaire"),
        ({}, "Se porter volontaire", "L’appel est clos"),
        ({"opens_on": today(-9), "closes_on": today(-1)}, "La cohorte se compose.", "Se porter"),
        ({"settled_at": now}, "L’appel est clos", "Se porter volontaire"),
        ({"announced_at": now, "fabrique": fabrique}, "Bien vieillir ensemble", "Se porter"),
        ({"cancelled_at": now, "cancel_reason": "Faute de temps."}, "Faute de temps.", "Se porter"),
    ):
        page = page_of(make_call(**fields))
        assert there in page
        assert missing not in page.replace("pour se porter volontaire", "")


def test_a_call_that_is_not_published_does_not_exist(client: Client) -> None:
    call = make_call(published_at=None, title="Encore secret")
    for address in (call.get_absolute_url(), "/appels/rien/"):
        assert client.get(address).status_code == 404
    for address in ("/", "/appels/", "/flux.atom", "/plan-du-site/", "/sitemap-appels.xml"):
        assert "Encore secret" not in client.get(address).content.decode()
        assert call.slug not in client.get(address).content.decode()


def test_the_list_puts_open_ones_first(client: Client) -> None:
    fabrique = make_fabrique(title="La fabrique née")
    make_call(title="Passé", opens_on=today(-90), closes_on=today(-60),
              announced_at=timezone.now(), fabrique=fabrique)  # fmt: skip
    make_call(title="À venir", opens_on=today(9))
    make_call(title="Ouvert")
    page = text(client.get("/appels/"))
    assert page.index("Ouvert Ouvert") < page.index("À venir") < page.index("Passé")
    assert "La fabrique née" in page
    Call.objects.update(cancelled_at=timezone.now())
    assert "Aucun appel n’est ouvert aujourd’hui." in text(client.get("/appels/"))


def test_volunteers_are_public_only_where_the_call_says_so() -> None:
    for publish, seen in ((False, False), (True, True)):
        call = make_call(publish_pool=publish)
        make_volunteer(call, make_territory(name="Ambert"))
        make_volunteer(call, make_territory(name="Brouillon"), state="draft")
        make_volunteer(call, make_territory(name="Parti"), state="withdrawn")
        page = page_of(call)
        assert ("Ambert" in page) is seen
        assert ("1 territoire volontaire" in page) is seen
        assert "Brouillon" not in page
        assert "Parti" not in page
        assert "maire@essai.test" not in page
        assert "Josiane Petit" not in page


def test_the_result_is_public_once_announced_where_the_call_says_so() -> None:
    for publish, announced, seen in (
        (True, timezone.now(), True),
        (True, None, False),
        (False, timezone.now(), False),
    ):
        call = make_call(publish_result=publish, announced_at=announced, publish_pool=False)
        make_volunteer(call, make_territory(name="Ambert"), outcome="retained")
        make_volunteer(call, make_territory(name="Thiers"), outcome="reserve", reserve_rank=1)
        make_volunteer(
            call, make_territory(name="Riom"), outcome="not-retained", outcome_reason="x"
        )
        make_volunteer(call, make_territory(name="Vichy"), pending_outcome="retained")
        page = page_of(call)
        assert ("Ambert" in page) is seen
        assert ("Thiers" in page) is seen
        assert "Riom" not in page
        assert "Vichy" not in page


def test_open_data_are_linked_where_the_call_publishes_them() -> None:
    fields = {"opens_on": today(-9), "closes_on": today(-1)}
    for publish in (True, False):
        call = make_call(publish_pool=publish, **fields)
        make_volunteer(call)
        html = GuardedClient().get(call.get_absolute_url()).content.decode()
        assert (f"/donnees/appels/{call.slug}.csv" in html) is publish


def test_home_shows_what_is_open_and_what_comes(client: Client) -> None:
    assert "Appels à volontaires" not in re.findall(
        r"<h2[^>]*>([^<]+)", client.get("/").content.decode()
    )
    make_call(title="Ouvert ici")
    make_call(title="Bientôt", opens_on=today(9))
    make_call(title="Fini", opens_on=today(-9), closes_on=today(-1))
    page = text(client.get("/"))
    assert "Ouvert ici" in page
    assert "Bientôt" in page
    assert "Fini" not in page


def test_feed_sitemap_and_plan_know_the_published_calls(client: Client) -> None:
    call = make_call(title="Bien <vieillir>")
    feed = client.get("/flux.atom").content.decode()
    assert "Appel à volontaires : Bien &lt;vieillir&gt;" in feed
    assert f"tag:testserver,2025:appels/{call.slug}" in feed
    sitemap = client.get("/sitemap-appels.xml").content.decode()
    assert f"<loc>http://testserver/appels/{call.slug}/</loc>" in sitemap
    assert call.slug in client.get("/plan-du-site/").content.decode()
    assert 'href="/appels/"' in client.get("/").content.decode()


def test_search_follows_what_is_public(client: Client) -> None:
    call = make_call(title="Vieillir", published_at=None, presentation="x", decides_on=today(60))
    assert call.slug not in client.get("/recherche/", {"q": "vieillir"}).content.decode()
    verbs.publish_call(call=call, actor=ACTOR)
    page = client.get("/recherche/", {"q": "vieillir"})
    assert f"/appels/{call.slug}/" in page.content.decode()
    assert "1 appel" in text(page)
    call.refresh_from_db()
    verbs.edit_call(call=call, values={"title": "Grandir"}, version=call.version, actor=ACTOR)
    assert f"/appels/{call.slug}/" in client.get("/recherche/", {"q": "grandir"}).content.decode()


def test_pages_cost_the_same_whatever_they_show(client: Client) -> None:
    def cost(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    def past() -> None:
        make_call(
            opens_on=today(-9),
            closes_on=today(-1),
            announced_at=timezone.now(),
            fabrique=make_fabrique(transitions=["ecologique"]),
        )

    bare = make_call()
    full = make_call(publish_pool=True)
    past()
    addresses = ("/appels/", "/", "/flux.atom", "/sitemap-appels.xml", "/plan-du-site/")
    few = {address: cost(address) for address in addresses}
    for _ in range(8):
        make_call_partner(full)
        make_volunteer(full)
        Extension.objects.create(call=full, was=today(), becomes=today(1), reason="x")
        make_call()
        past()
    assert {address: cost(address) for address in addresses} == few
    assert cost(full.get_absolute_url()) <= cost(bare.get_absolute_url()) + 1  # the pool, if public
