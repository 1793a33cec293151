"""Proposals: asked, explained, taken; contradictions, and the least to loosen."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from fabriques.intake.models import Composition, Placement
from tests.intake.composing import closed_call, make_pool
from tests.intake.factories import make_composition, make_steward
from tests.intake.test_composing import act, address, page, problem, section, verbs
from tests.intake.test_composing_rules import add

pytestmark = pytest.mark.django_db


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
    client.force_login(make_steward())
    return client


def propose(client: Client, draft: Composition, k: object = 1) -> str:
    response = client.post(address("composition-propose", draft), {"k": k, "version": 1})
    assert response.status_code in (302, 422)
    return page(client, draft) if response.status_code == 302 else response.content.decode()


def proposed(draft: Composition) -> list[list[int]]:
    draft.refresh_from_db()
    return [sorted(int(name) for name in item["members"]) for item in draft.proposals["proposals"]]


def words(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", text))


def test_proposals_respect_rules_and_locks(steward: Client, draft) -> None:
    add(steward, draft, "at-least", count=1, value_0="overseas|yes")
    add(steward, draft, "at-most-each", count=1, category="region")
    act(steward, draft, "verrouiller-4", "ecarter-1")
    text = propose(steward, draft, 3)
    found = proposed(draft)
    assert len(found) == 3
    for members in found:
        assert len(members) == 4
        assert {4, 5} <= set(members)
        assert 1 not in members
    assert len({tuple(members) for members in found}) == 3
    assert "C’est prouvé" in text
    # Asking changes nothing of the draft.
    assert verbs(draft)[-1] == "territoire écarté"
    assert section(text, "cohorte") == ["Lieu 4"]


def test_a_proposal_becomes_the_cohort_and_locks_stay(steward: Client, draft) -> None:
    act(steward, draft, "verrouiller-4", "ajouter-12", "reserve-5", "reserve-9")
    propose(steward, draft, 2)
    members = proposed(draft)[1]
    asked_at = draft.proposals["at"]
    answer = steward.post(
        address("composition-adopt", draft, 2), {"version": draft.version, "at": asked_at}
    )
    assert answer.status_code == 302
    text = page(steward, draft)
    assert section(text, "cohorte") == [f"Lieu {number}" for number in members]
    assert Placement.objects.get(composition=draft, volunteer__number=4).lock == "in"
    assert verbs(draft)[-1] == "proposition 2 placée dans la cohorte"
    ranks = Placement.objects.filter(composition=draft, place="reserve").order_by("rank")
    assert [seat.rank for seat in ranks] == list(range(1, len(ranks) + 1))


def test_a_proposal_is_taken_only_as_it_was_shown(steward: Client, draft) -> None:
    propose(steward, draft)
    old = proposed(draft), draft.proposals["at"]
    propose(steward, draft, 2)
    stale = steward.post(address("composition-adopt", draft, 1), {"version": 1, "at": old[1]})
    assert "D’autres propositions ont été demandées" in problem(stale.content.decode())
    draft.refresh_from_db()
    first = proposed(draft)[0]
    draft.call.volunteers.filter(number=first[0]).update(state="withdrawn")
    fields = {"version": 1, "at": draft.proposals["at"]}
    gone = steward.post(address("composition-adopt", draft, 1), fields)
    assert "a retiré sa déclaration depuis" in problem(gone.content.decode())
    assert steward.post(address("composition-adopt", draft, 9), fields).status_code == 404
    assert not Placement.objects.exists()


def test_proposals_say_that_they_are_of_before(steward: Client, draft) -> None:
    assert "datent d’avant" not in propose(steward, draft)
    act(steward, draft, "ajouter-2")  # by hand: the question is the same
    assert "datent d’avant" not in page(steward, draft)
    act(steward, draft, "ecarter-3")
    assert "datent d’avant" in page(steward, draft)


@pytest.mark.parametrize("k", ["", "0", "11", "beaucoup"])
def test_a_number_of_proposals_that_is_none(steward: Client, draft, k) -> None:
    text = problem(propose(steward, draft, k))
    assert "proposition" in text or "Indiquez un nombre" in text
    draft.refresh_from_db()
    assert draft.proposals is None


def test_why_each_is_in_or_out(steward: Client, draft) -> None:
    add(steward, draft, "at-least", count=1, value_0="overseas|yes")
    propose(steward, draft)
    text = words(steward.get(address("composition-why", draft)).content.decode())
    assert (
        "Sans ce territoire, la règle «\u00a0Au moins 1 territoire d’outre-mer\u00a0» n’est plus "
        "tenue." in text
    )
    inside = text.count("Dans la proposition")
    assert (inside, text.count("En dehors")) == (4, 8)
    assert text.count("Aurait remplacé") >= 4
    exact = words(steward.get(address("composition-why-one", draft, 5)).content.decode())
    assert "n’est pas dans la cohorte du tableau" in exact
    of_first = steward.get(f"{address('composition-why-one', draft, 5)}?proposition=1")
    assert "est dans la proposition 1" in words(of_first.content.decode())
    assert "Aucune cohorte ne respecte les règles sans lui." in words(of_first.content.decode())
    assert steward.get(address("composition-why-one", draft, 99)).status_code == 404


def test_there_is_no_why_before_a_proposal(steward: Client, draft) -> None:
    assert steward.get(address("composition-why", draft)).status_code == 404


def test_what_locks_cost(steward: Client, draft) -> None:
    act(steward, draft, "verrouiller-1", "verrouiller-9", "ecarter-5")
    text = words(propose(steward, draft))
    assert "Écarter Lieu 5 coûte" in text
    assert "Verrouiller Lieu 9" in text


def test_a_contradiction_is_told_and_loosened_in_one_click(steward: Client, draft) -> None:
    add(steward, draft, "at-least", count=3, value_0="kind|epci")
    add(steward, draft, "at-least", count=2, value_0="region|Bretagne")
    add(steward, draft, "not-neighbours")  # has no part in it
    text = propose(steward, draft)
    told = words(text[text.index("Aucune cohorte ne respecte") :])
    conflict = told[: told.index("Le moins qu’il faut assouplir")]
    assert "Au moins 3 intercommunalités" in conflict
    assert "Au moins 2 territoires de la région Bretagne" in conflict
    assert "3 à 4 places" in conflict
    assert "Pas deux territoires voisins" not in conflict
    assert "«\u00a0Au moins 3 intercommunalités\u00a0» devient «\u00a0Au moins 2" in told
    keys = re.findall(r'name="assouplir" value="([^"]+)"', text)
    rule = draft.rules.get(count=3)
    key = next(key for key in keys if key == f"rule-{rule.pk}=2")
    draft.refresh_from_db()
    fields = {"version": draft.version, "assouplir": key}
    assert steward.post(address("composition-loosen", draft), fields).status_code == 302
    rule.refresh_from_db()
    assert rule.count == 2
    assert len(proposed(draft)) == 1
    assert verbs(draft)[-1] == "règles assouplies"
    # The same button again: nothing of the kind is offered any more.
    again = steward.post(address("composition-loosen", draft), fields)
    assert "demandez à nouveau" in problem(again.content.decode())


def test_a_lock_and_the_places_are_loosened_too(steward: Client, draft) -> None:
    add(steward, draft, "at-most-each", count=1, category="region")
    act(steward, draft, "verrouiller-1", "verrouiller-9")  # both of Bretagne
    text = propose(steward, draft)
    told = words(text)
    assert "Lieu 1 verrouillé" in told
    assert "rendre ce territoire libre" in told
    key = next(
        key
        for key in re.findall(r'name="assouplir" value="([^"]+)"', text)
        if key.startswith("in-1=")
    )
    draft.refresh_from_db()
    steward.post(address("composition-loosen", draft), {"version": draft.version, "assouplir": key})
    seat = Placement.objects.get(composition=draft, volunteer__number=1)
    assert (seat.place, seat.lock) == ("member", "")
    assert len(proposed(draft)) == 1


def test_a_rule_that_became_out_of_reach_is_named(steward: Client, draft) -> None:
    add(steward, draft, "at-least", count=1, value_0="overseas|yes")
    draft.call.volunteers.filter(number=5).update(state="withdrawn")
    told = words(propose(steward, draft))
    assert "Cette règle ne peut pas être tenue avec ces volontaires" in told
    assert "Au moins 1 territoire d’outre-mer" in told


def test_a_rule_above_fewer_places_is_named_too(steward: Client, draft) -> None:
    add(steward, draft, "at-least", count=4, value_0="kind|commune")
    fields: dict[str, Any] = {"name": "x", "version": 2, "places_min": 2, "places_max": 2}
    steward.post(address("composition-edit", draft), fields)
    told = words(propose(steward, draft))
    assert "Cette règle ne peut pas être tenue" in told
    assert "0 sur 4" in told
