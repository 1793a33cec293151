"""The pages of a decision, as a steward goes through them, and as nobody else may."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fabriques.intake.domain import deciding
from fabriques.intake.domain.volunteering import withdraw_declaration
from fabriques.intake.enums import Outcome, Place
from fabriques.intake.models import Conflict
from fabriques.kit.outbox.models import Mail, State
from fabriques.people.models import User
from fabriques.programme.models import Fabrique
from tests.factories import make_territory
from tests.intake.decisions import ACTOR, NAMES, World, make_world, place
from tests.intake.factories import (
    make_call_partner,
    make_composition,
    make_reviewer,
    make_volunteer,
)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False


@pytest.fixture
def world(db: None, client: Client) -> World:
    world = make_world(title="Bien vieillir")
    client.force_login(world.steward)
    return world


def at(world: World, page: str = "") -> str:
    return f"/espace/appels/{world.call.slug}/decision/{page}"


def text(answer: Any) -> str:
    """The words of a page, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def settle(client: Client, world: World, **fields: Any) -> Any:
    fresh = world.fresh_composition()
    return client.post(
        at(world, f"arreter/{fresh.pk}/"), {"version": fresh.version} | fields, follow=True
    )


def test_from_a_composition_to_a_fabrique(client: Client, world: World) -> None:
    page = text(client.get(at(world)))
    assert "Rien n’est décidé" in page
    assert "Arrêter cette composition" in page
    page = text(client.get(at(world, f"arreter/{world.composition.pk}/")))
    assert "Dans la cohorte (4)" in page
    assert "En réserve (2)" in page
    assert "points d’attention" not in page
    answer = settle(client, world)
    assert answer.redirect_chain == [(at(world, "motifs/"), 302)]

    page = text(client.get(at(world)))
    assert "Seules les personnes qui décident la voient" in page
    assert "Il en manque pour 7 territoires" in page
    page = text(client.post(at(world, "lettres/"), follow=True))
    assert "21 lettres à relire, dans 3 envois. Rien n’est parti." in page
    assert "Bien vieillir : territoires en réserve : 6 lettres" in page
    page = text(client.get(at(world, "annoncer/")))
    assert "Dans la cohorte : 4 (Aubry, Berre, Calais, Dole)" in page
    page = text(client.post(at(world, "annoncer/"), follow=True))
    assert "C’est annoncé : 21 lettres partent." in page
    fabrique = Fabrique.objects.get()
    assert f"La fabrique {fabrique.code}" in page
    assert "Reste à inviter" not in page


def test_reasons_keep_what_was_typed(client: Client, world: World) -> None:
    settle(client, world)
    version = world.fresh().version
    fields = {f"reason-{world[name].pk}": f"Motif de {name}" for name in NAMES}
    wrong = fields | {f"reason-{world['Gap'].pk}": "", "version": version}
    answer = client.post(at(world, "motifs/"), wrong)
    assert "Écrivez un motif" in text(answer)
    assert "Motif de Foix" in text(answer)
    assert "Motif" not in world["Foix"].pending_reason  # nothing stored half
    stale = client.post(at(world, "motifs/"), fields | {"version": version - 1})
    assert "pendant que vous écriviez" in text(stale)
    assert "Motif de Foix" in text(stale)
    kept = fields | {
        "version": re.search(r'name="version" value="(\d+)"', stale.content.decode())[1]
    }  # type: ignore[index]
    answer = client.post(at(world, "motifs/"), kept, follow=True)
    assert "Motifs enregistrés : 7 modifiés." in text(answer)
    assert world["Gap"].pending_reason == "Motif de Gap"
    long = kept | {"version": world.fresh().version, f"reason-{world['Gap'].pk}": "x" * 2001}
    assert "trop long : 2000 signes au plus" in text(client.post(at(world, "motifs/"), long))


def test_one_reason_for_a_whole_group_is_shown_before_it_is_saved(
    client: Client, world: World
) -> None:
    settle(client, world)
    fields = {f"reason-{world[name].pk}": f"Motif de {name}" for name in NAMES}
    more = {
        "version": world.fresh().version,
        "tous": "reserve",
        "all-reserve": "[territoire] attend une place.",
    }
    page = text(client.post(at(world, "motifs/"), fields | more))
    assert "Évry attend une place." in page
    assert "Foix attend une place." in page
    assert "Motif de Gap" in page
    assert "rien ne l’est encore" in page
    assert "attend une place" not in world["Évry"].pending_reason


def test_what_is_unusual_is_asked_on_the_page(client: Client, world: World) -> None:
    place(world.composition, world["Dole"], Place.NONE)
    page = text(client.get(at(world, f"arreter/{world.composition.pk}/")))
    assert "La cohorte compte 3 territoires, pour 4 à 8 places." in page
    answer = settle(client, world)
    assert "Dites pourquoi malgré ces points d’attention" in text(answer)
    answer = settle(client, world, reason="Trois suffisent")
    assert answer.redirect_chain


def test_another_who_settles_first_is_said(client: Client, world: World) -> None:
    version = world.fresh_composition().version
    deciding.settle(composition=world.fresh_composition(), version=version, actor=ACTOR)
    answer = settle(client, world, version=version)
    assert "Une décision est déjà arrêtée" in text(answer)


def test_reopened_then_settled_again(client: Client, world: World) -> None:
    settle(client, world)
    client.post(at(world, "lettres/"))
    answer = client.post(at(world, "rouvrir/"), {"reason": ""})
    assert "Dites pourquoi" in text(answer)
    page = text(client.post(at(world, "rouvrir/"), {"reason": "Une erreur"}, follow=True))
    assert "Rien n’est décidé" in page
    assert {mail.state for mail in Mail.objects.order_by("pk")} == {State.CANCELLED}


def test_announcing_without_letters_says_what_to_do(client: Client, world: World) -> None:
    page = text(client.get(at(world, "annoncer/"), follow=True))
    assert "Rien de nouveau à annoncer" in page
    settle(client, world)
    answer = client.post(at(world, "annoncer/"))
    assert "Il manque les lettres de 7 territoires" in text(answer)
    assert not Fabrique.objects.exists()


def test_the_reserve_is_called_from_the_page(client: Client, world: World) -> None:
    settle(client, world)
    client.post(at(world, "lettres/"))
    client.post(at(world, "annoncer/"))
    withdraw_declaration(volunteer=world["Aubry"], actor=ACTOR, reason="élections")
    page = text(client.get(at(world)))
    assert "1 place s’est libérée" in page
    assert "Appeler Évry" in page
    assert "La réserve est à appeler" in text(client.get("/espace/"))
    page = text(client.post(at(world, "reserve/"), follow=True))
    assert "Évry prend la place" in page
    page = text(client.post(at(world, "annoncer/"), follow=True))
    assert "C’est annoncé : 3 lettres partent." in page
    assert world["Évry"].participation
    page = text(client.post(at(world, "reserve/"), follow=True))
    assert "Aucune place n’est libre" in page
    for name in ("Foix", "Dole"):
        withdraw_declaration(volunteer=world[name], actor=ACTOR)
    assert "La réserve est épuisée" in text(client.get(at(world)))


# --- Who sees what -----------------------------------------------------------------------------


def test_before_the_announcement_authors_and_partners_see_nothing(world: World) -> None:
    partner = make_call_partner(world.call)
    reviewer = make_reviewer(partner).user
    deciding.settle(composition=world.fresh_composition(), version=1, actor=ACTOR)
    deciding.compose_letters(call=world.call, actor=ACTOR)
    author = world["Gap"].authors.get().user
    for person in (author, reviewer):
        client = Client()
        client.force_login(person)
        for address in (
            "/espace/",
            "/espace/volontariats/",
            world["Gap"].get_absolute_url(),
            f"/espace/appels/{world.call.slug}/",
            f"/espace/appels/{world.call.slug}/volontaires/",
            world.call.get_absolute_url(),
        ):
            page = text(client.get(address))
            for words in ("Non retenu", "La cohorte réunit", "décision arrêtée", "pas un jugement"):
                assert words not in page, (address, person)
    client = Client()
    client.force_login(author)
    deciding.announce(call=world.call, user=world.steward, actor=ACTOR)
    page = text(client.get(world["Gap"].get_absolute_url()))
    assert "La cohorte réunit 4 territoires parmi 7 volontaires" in page


def test_nobody_else_may_decide(world: World) -> None:
    stranger_conflict = Conflict.objects.create(
        call=world.call, territory=make_territory(), user=world.steward
    )
    author = world["Gap"].authors.get().user
    reviewer = make_reviewer(make_call_partner(world.call)).user
    pages = (
        "",
        f"arreter/{world.composition.pk}/",
        "motifs/",
        "annoncer/",
        "rouvrir/",
    )
    for person in (author, reviewer, User.objects.get(pk=stranger_conflict.user_id)):
        client = Client()
        client.force_login(person)
        for page in pages:
            assert client.get(at(world, page)).status_code == 404
        for page in (*pages[1:], "lettres/", "reserve/"):
            assert client.post(at(world, page)).status_code == 404
    assert world.fresh().settled_at is None


def test_a_composition_of_another_call_is_not_found(client: Client, world: World) -> None:
    other = make_composition()
    assert client.get(at(world, f"arreter/{other.pk}/")).status_code == 404


def test_queries_do_not_grow(client: Client, world: World) -> None:
    settle(client, world)
    client.post(at(world, "lettres/"))

    def count(page: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(at(world, page)).status_code == 200
        return len(captured)

    before = [count(page) for page in ("", "motifs/", "annoncer/")]
    for number in range(12):
        volunteer = make_volunteer(world.call, elected_email=f"elu-{number}@essai.test")
        volunteer.pending_outcome, volunteer.pending_reason = Outcome.NOT_RETAINED, "Motif"
        volunteer.save()
    client.post(at(world, "lettres/"))
    assert [count(page) for page in ("", "motifs/", "annoncer/")] == before
    assert max(before) < 40
