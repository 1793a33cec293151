"""Drafts and the board: who is where, moved by buttons, by several people."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from fabriques.intake.models import Composition, Conflict, Placement
from fabriques.kit import journal
from tests.factories import make_user
from tests.intake.composing import closed_call, make_pool
from tests.intake.factories import (
    make_call,
    make_composition,
    make_reviewer,
    make_steward,
    make_volunteer,
)

pytestmark = pytest.mark.django_db
FRAGMENT = {"X-Fragment": "board"}


@pytest.fixture(autouse=True)
def _no_second_factor(settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = False


@pytest.fixture
def draft() -> Composition:
    call = closed_call()
    make_pool(call, 12)
    return make_composition(call)


@pytest.fixture
def steward(client: Client) -> Client:
    client.force_login(make_steward(name="Sofia Marchand"))
    return client


def address(name: str, draft: Composition, *more: object) -> str:
    return reverse(name, args=[draft.call.slug, draft.pk, *more])


def page(client: Client, draft: Composition, query: str = "") -> str:
    response = client.get(address("composition", draft) + query)
    assert response.status_code == 200
    return response.content.decode()


def act(client: Client, draft: Composition, *acts: str, **more: Any) -> Any:
    """Press these buttons one after the other, each on the state that the one before left."""
    response = None
    for name in acts:
        version = Composition.objects.get(pk=draft.pk).version
        response = client.post(
            address("composition-place", draft), {"act": name, "version": version, **more}
        )
    return response


def section(text: str, name: str) -> list[str]:
    """The territories of a list of the board."""
    found = re.search(rf'<section id="{name}".*?</section>', text, re.DOTALL)
    return re.findall(r'seat__who"><a [^>]+>([^<]+)</a>', found[0]) if found else []


def figures(text: str) -> dict[str, str]:
    pairs = re.findall(r"<div><dt>([^<]+)</dt><dd>([^<]+?)\s*(?:<span.*?)?</dd></div>", text)
    return {name: html.unescape(value).strip() for name, value in pairs}


def problem(text: str) -> str:
    found = re.search(r'<div class="fr-alert[^"]* board__problem".*?</div>', text, re.DOTALL)
    return re.sub(r"<[^>]+>", " ", html.unescape(found[0])) if found else ""


def verbs(draft: Composition) -> list[str]:
    return [entry.verb for entry in journal.history(draft.subject)][::-1]


# ---------------------------------------------------------------- who may


def test_only_stewards_without_a_link_of_interest_compose(client: Client, draft) -> None:
    conflicted = make_steward()
    other = make_pool(draft.call, 13)[-1]
    Conflict.objects.create(call=draft.call, territory=other.territory, user=conflicted)
    partner = make_reviewer().user
    for user in (conflicted, partner, make_user()):
        client.force_login(user)
        for where in (
            reverse("space-call-compositions", args=[draft.call.slug]),
            address("composition", draft),
            address("composition-draw", draft),
            reverse("composition-by-number", args=[draft.pk]),
            reverse("compositions-compare", args=[draft.call.slug]),
        ):
            assert client.get(where).status_code == 404, where
        assert act(client, draft, "ajouter-1").status_code == 404
    assert not Placement.objects.exists()


def test_a_draft_is_found_under_its_call_only(steward: Client, draft) -> None:
    elsewhere = make_call()
    assert steward.get(reverse("composition", args=[elsewhere.slug, draft.pk])).status_code == 404
    by_number = steward.get(reverse("composition-by-number", args=[draft.pk]))
    assert by_number.headers["Location"] == draft.get_absolute_url()


# ---------------------------------------------------------------- moving


def test_members_reserve_and_others(steward: Client, draft) -> None:
    act(steward, draft, "ajouter-1", "ajouter-5", "reserve-2", "reserve-3", "ecarter-4")
    text = page(steward, draft)
    assert section(text, "cohorte") == ["Lieu 1", "Lieu 5"]
    assert section(text, "reserve") == ["Lieu 2", "Lieu 3"]
    assert section(text, "ecartes") == ["Lieu 4"]
    assert section(text, "autres") == [f"Lieu {n}" for n in range(6, 13)]
    assert figures(text)["Cohorte"] == "2 territoires, pour 3 à 4 places"
    assert verbs(draft) == [
        "territoire ajouté à la cohorte",
        "territoire ajouté à la cohorte",
        "territoire mis en réserve",
        "territoire mis en réserve",
        "territoire écarté",
    ]


@pytest.mark.parametrize(
    ("acts", "place", "lock", "rank"),
    [
        (["verrouiller-1"], "member", "in", None),
        (["verrouiller-1", "liberer-1"], "member", "", None),
        (["verrouiller-1", "retirer-1"], None, None, None),
        (["verrouiller-1", "reserve-1"], "reserve", "", 1),
        (["reserve-1", "ajouter-1"], "member", "", None),
        (["reserve-1", "retirer-1"], None, None, None),
        (["ajouter-1", "ecarter-1"], "", "out", None),
        (["ecarter-1", "liberer-1"], None, None, None),
        (["ecarter-1", "ajouter-1"], "member", "", None),
        (["reserve-2", "reserve-1", "monter-1"], "reserve", "", 1),
        (["reserve-1", "reserve-2", "descendre-1"], "reserve", "", 2),
        (["reserve-2", "reserve-1", "retirer-2"], "reserve", "", 1),
    ],
)
def test_each_button(steward: Client, draft, acts, place, lock, rank) -> None:
    assert act(steward, draft, *acts).status_code == 302
    seat = Placement.objects.filter(composition=draft, volunteer__number=1).first()
    if place is None:
        assert seat is None
    else:
        assert (seat.place, seat.lock, seat.rank) == (place, lock, rank)
    draft.refresh_from_db()
    assert draft.version == 1 + len(acts) == 1 + len(verbs(draft))


def test_what_is_so_already_changes_nothing(steward: Client, draft) -> None:
    act(steward, draft, "ajouter-1", "ajouter-1", "liberer-1", "monter-1", "retirer-9")
    draft.refresh_from_db()
    assert (draft.version, len(verbs(draft))) == (2, 1)


def test_counters_follow(steward: Client, draft) -> None:
    empty = figures(page(steward, draft))
    act(steward, draft, "ajouter-1", "ajouter-2")
    two = figures(page(steward, draft))
    act(steward, draft, "ajouter-5")
    three = figures(page(steward, draft))
    assert empty["Profils couverts"].startswith("0 sur ")
    covered = [int(item["Profils couverts"].split()[0]) for item in (empty, two, three)]
    # 1: commune, Bretagne, hexagone, first class, bourgs, pvd. 2: Normandie, second, villes.
    assert covered[:2] == [0, 9]
    assert covered[2] == 9 + 3  # 5: La Réunion, overseas, third class of population
    assert int(two["Différences"].split()[0]) > 0


def test_the_script_gets_the_board_alone_and_what_to_say(steward: Client, draft) -> None:
    response = steward.post(
        address("composition-place", draft),
        {"act": "ajouter-5", "version": 1, "retour": "?kind=epci"},
        headers=FRAGMENT,
    )
    text = response.content.decode()
    assert response.status_code == 200
    assert text.lstrip().startswith('<div id="tableau"')
    assert 'data-said="Lieu 5 entre dans la cohorte."' in text
    assert section(text, "cohorte") == ["Lieu 5"]
    assert section(text, "autres") == ["Lieu 4", "Lieu 8", "Lieu 12"]  # the filters are kept


def test_filters_are_kept_without_script_too(steward: Client, draft) -> None:
    response = act(steward, draft, "ajouter-5", retour="?kind=epci")
    assert response.headers["Location"].endswith("?kind=epci")
    assert section(page(steward, draft, "?q=reunion"), "autres") == []


@pytest.mark.parametrize("name", ["danser-1", "ajouter-", "ajouter-x", "", "ajouter"])
def test_a_button_that_does_not_exist_does_nothing(steward: Client, draft, name) -> None:
    answer = act(steward, draft, name)
    assert answer.status_code == 422
    assert "Ce geste n’existe pas." in problem(answer.content.decode())
    assert act(steward, draft, "ajouter-99").status_code == 404
    assert not Placement.objects.exists()


def test_a_volunteer_of_another_call_cannot_be_placed(steward: Client, draft) -> None:
    other = make_volunteer(make_call())
    other.number = 77
    other.save()
    assert act(steward, draft, "ajouter-77").status_code == 404


# ---------------------------------------------------------------- withdrawals, decision


def test_who_withdraws_leaves_every_draft_visibly(steward: Client, draft) -> None:
    copy = make_composition(draft.call, name="Autre")
    for item in (draft, copy):
        act(steward, item, "verrouiller-1", "ajouter-2", "reserve-3")
    draft.call.volunteers.filter(number=1).update(state="withdrawn", withdrawn_at=timezone.now())
    for item in (draft, copy):
        text = page(steward, item)
        assert section(text, "cohorte") == ["Lieu 2"]
        assert "Un territoire a retiré sa déclaration" in text
        assert "Lieu 1 (était dans la cohorte)" in text
    answer = act(steward, draft, "ajouter-1")
    assert answer.status_code == 422
    assert "Lieu 1 a retiré sa déclaration." in problem(answer.content.decode())


@pytest.mark.parametrize("field", ["settled_at", "announced_at", "cancelled_at"])
def test_a_decided_call_is_no_longer_composed(steward: Client, draft, field) -> None:
    act(steward, draft, "ajouter-1")
    setattr(draft.call, field, timezone.now())
    draft.call.save()
    answer = act(steward, draft, "ajouter-2")
    assert answer.status_code == 422
    assert "décision est arrêtée" in problem(answer.content.decode()) or "annulé" in problem(
        answer.content.decode()
    )
    text = page(steward, draft)
    assert section(text, "cohorte") == ["Lieu 1"]
    assert 'name="act"' not in text


# ---------------------------------------------------------------- two at once


def test_a_change_on_an_older_state_overwrites_nothing_and_tells(steward: Client, draft) -> None:
    other = Client()
    other.force_login(make_steward(name="Awa Diop"))
    act(other, draft, "verrouiller-2", "ajouter-3")
    answer = steward.post(
        address("composition-place", draft), {"act": "ajouter-5", "version": 1}, headers=FRAGMENT
    )
    text = answer.content.decode()
    assert answer.status_code == 409
    told = problem(text)
    assert "Awa Diop" in told
    assert "verrouillé" in told
    assert "ajouté à la cohorte" in told
    assert section(text, "cohorte") == ["Lieu 2", "Lieu 3"]
    assert "Ajouter Lieu 5 quand même" in told
    # One's own act, on top: the form of the page is enough.
    form = re.search(r"board__problem.*?<form[^>]+>(.*?)</form>", text, re.DOTALL)[1]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    assert steward.post(address("composition-place", draft), fields).status_code == 302
    assert section(page(steward, draft), "cohorte") == ["Lieu 2", "Lieu 3", "Lieu 5"]


def test_the_whole_page_says_it_without_script(steward: Client, draft) -> None:
    act(steward, draft, "ajouter-2")
    answer = steward.post(address("composition-place", draft), {"act": "ajouter-5", "version": 1})
    assert answer.status_code == 409
    assert "<h1" in answer.content.decode()
    assert "Votre geste n’a pas été fait" in problem(answer.content.decode())
    nonsense = steward.post(address("composition-place", draft), {"act": "ajouter-5"})
    assert nonsense.status_code == 409


# ---------------------------------------------------------------- drafts


def test_drafts_are_begun_copied_renamed_and_put_away(steward: Client, draft) -> None:
    call = draft.call
    empty = steward.post(reverse("composition-new", args=[call.slug]), {"name": " "})
    assert "Donnez un nom" in empty.content.decode()
    steward.post(reverse("composition-new", args=[call.slug]), {"name": "Rurale"})
    rurale = Composition.objects.get(name="Rurale")
    act(steward, rurale, "verrouiller-1", "reserve-2")
    steward.post(address("composition-duplicate", rurale), {"name": "Rurale bis"})
    bis = Composition.objects.get(name="Rurale bis")
    assert section(page(steward, bis), "cohorte") == ["Lieu 1"]
    act(steward, bis, "retirer-1")
    assert section(page(steward, rurale), "cohorte") == ["Lieu 1"]
    fields = {"name": "Rurale et littorale", "note": "Pour Awa.", "version": bis.version + 1}
    assert steward.post(address("composition-edit", bis), fields).status_code == 302
    text = page(steward, bis)
    assert "Rurale et littorale" in text
    assert "Pour Awa." in text
    version = Composition.objects.get(pk=bis.pk).version
    steward.post(address("composition-archive", bis), {"version": version})
    refused = act(steward, bis, "ajouter-3")
    assert "archivée" in problem(refused.content.decode())
    listed = steward.get(reverse("space-call-compositions", args=[call.slug])).content.decode()
    assert listed.index("Archivées") < listed.index("Rurale et littorale")
    version = Composition.objects.get(pk=bis.pk).version
    steward.post(address("composition-restore", bis), {"version": version})
    assert act(steward, bis, "ajouter-3").status_code == 302


def test_places_of_its_own(steward: Client, draft) -> None:
    def edit(**fields: Any) -> str:
        version = Composition.objects.get(pk=draft.pk).version
        data = {"name": draft.name, "note": "", "version": version, **fields}
        return steward.post(address("composition-edit", draft), data).content.decode()

    assert "Indiquez les deux nombres" in edit(places_min=2)
    assert "Le nombre le plus grand vient en second" in edit(places_min=5, places_max=2)
    assert edit(places_min=2, places_max=2) == ""
    assert figures(page(steward, draft))["Cohorte"] == "0 territoire, pour 2 places"


def test_an_edit_on_an_older_state_keeps_what_was_typed(steward: Client, draft) -> None:
    act(steward, draft, "ajouter-1")
    answer = steward.post(
        address("composition-edit", draft), {"name": "À moi", "note": "x", "version": 1}
    )
    text = answer.content.decode()
    assert "Ce qui s’est passé entre-temps" in text
    assert 'value="À moi"' in text
    version = re.search(r'name="version" value="(\d+)"', text)[1]
    fields = {"name": "À moi", "note": "x", "version": version}
    assert steward.post(address("composition-edit", draft), fields).status_code == 302


def test_drafts_side_by_side(steward: Client, draft) -> None:
    other = make_composition(draft.call, name="Autre")
    act(steward, draft, "ajouter-1", "ajouter-2")
    act(steward, other, "ajouter-1", "reserve-2")
    where = reverse("compositions-compare", args=[draft.call.slug])
    text = steward.get(f"{where}?avec={draft.pk}&avec={other.pk}").content.decode()
    rows = {
        re.sub(r"<[^>]+>.*", "", label).strip(): (
            "compare__differs" in mark,
            [re.sub(r"<span.*?</span>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", cells)],
        )
        for mark, label, cells in re.findall(
            r'<tr([^>]*)>\s*<th scope="row">(.*?)</th>(.*?)</tr>', text, re.DOTALL
        )
    }
    assert rows["Lieu 1 – n°\u00a01"] == (False, ["cohorte", "cohorte"])
    assert rows["Lieu 2 – n°\u00a02"] == (True, ["cohorte", "réserve, rang 1"])
    assert rows["En réserve"] == (True, ["0", "1"])
    # Without choice: those that are not put away; nonsense is as no choice.
    assert steward.get(f"{where}?avec=zz").content.decode().count("<caption") == 3


def test_an_empty_pool_has_a_board(steward: Client) -> None:
    draft = make_composition(closed_call())
    assert section(page(steward, draft), "cohorte") == []
    answer = steward.post(address("composition-propose", draft), {"k": 3})
    assert answer.status_code == 422
    assert "il n’y a rien à proposer" in problem(answer.content.decode())


def test_the_board_costs_the_same_for_one_and_for_many(
    steward: Client, django_assert_max_num_queries
) -> None:
    few, many = (make_composition(closed_call()) for _ in range(2))
    make_pool(few.call, 1)
    make_pool(many.call, 60)
    act(steward, few, "ajouter-1")
    act(steward, many, *(f"ajouter-{n}" for n in range(1, 4)), *(f"reserve-{n}" for n in (5, 6)))
    counts = []
    page(steward, few)
    for draft in (few, many):
        with django_assert_max_num_queries(40) as seen:
            page(steward, draft)
        counts.append(len(seen))
    assert counts[0] == counts[1]
