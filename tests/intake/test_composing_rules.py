"""Rules in plain forms: their sentence, their state, what is refused; the objective."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from fabriques.intake.models import Composition, Opinion, Rule
from tests.factories import make_fabrique
from tests.intake.composing import closed_call, make_pool
from tests.intake.factories import make_call_partner, make_composition, make_steward
from tests.intake.test_composing import act, address, page, problem, verbs

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_second_factor(settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = False


@pytest.fixture
def draft() -> Composition:
    """Twelve volunteers in five regions; 4, 8 and 12 are EPCI, 5 alone is overseas."""
    call = closed_call()
    make_pool(call, 12)
    return make_composition(call)


@pytest.fixture
def steward(client: Client) -> Client:
    client.force_login(make_steward())
    return client


def add(client: Client, draft: Composition, kind: str, **fields: Any) -> str:
    """Set a rule; "" when it is set, else the page with its errors."""
    version = Composition.objects.get(pk=draft.pk).version
    data = {"version": version, "binding": "imperative", **fields}
    where = f"{address('composition-rule-new', draft)}?sorte={kind}"
    response = client.post(where, data)
    assert response.status_code in (200, 302)
    return response.content.decode()


def errors(text: str) -> str:
    found = re.findall(r'class="fr-(?:error-text|message fr-message--error)[^>]*>(.*?)</p>', text)
    return " ".join(re.sub(r"<[^>]+>", "", item) for item in found) or text


def rules(client: Client, draft: Composition) -> dict[str, str]:
    """{sentence: state} as the board shows them."""
    found = re.findall(
        r'rule__what">([^<]+)</p>\s*<p class="rule__state"><strong>([^<]+)</strong>&nbsp;: (.*?) <',
        page(client, draft),
    )
    return {sentence: f"{state} : {standing}" for sentence, state, standing in found}


def test_every_kind_has_its_form(steward: Client, draft) -> None:
    text = steward.get(address("composition-rule-new", draft)).content.decode()
    kinds = re.findall(r'href="\?sorte=([a-z-]+)"', text)
    assert len(kinds) == 7
    for kind in kinds:
        assert steward.get(
            f"{address('composition-rule-new', draft)}?sorte={kind}"
        ).status_code == (200)
    form = steward.get(f"{address('composition-rule-new', draft)}?sorte=at-least").content.decode()
    assert "Commune (9)" in form
    assert "Outre-mer (1)" in form


def test_sentences_and_states(steward: Client, draft) -> None:
    for kind, fields in {
        "at-least": {"count": 2, "value_0": "kind|epci"},
        "at-most": {"count": 1, "value_0": "region|Bretagne", "value_1": "region|Normandie"},
        "at-most-each": {"count": 1, "category": "region"},
        "at-least-values": {"count": 3, "category": "region"},
        "not-neighbours": {},
        "not-nested": {},
        "not-recent": {"count": 5},
    }.items():
        assert add(steward, draft, kind, **fields) == "", kind
    act(steward, draft, "ajouter-1", "ajouter-6", "ajouter-4")
    assert rules(steward, draft) == {
        "Au moins 2 intercommunalités": "Non tenue : 1 sur 2",
        "Au plus 1 territoire des régions Bretagne ou Normandie": "Non tenue : 2 pour 1 au plus",
        "Au plus 1 par région": "Tenue : 1 au plus",
        "Au moins 3 régions différentes": "Tenue : 3 sur 3",
        "Pas deux territoires voisins": "Tenue : aucun voisinage",
        "Pas une commune avec son intercommunalité": "Tenue : aucun cas",
        "Pas de territoire déjà membre dans les 5 dernières années": "Tenue : aucun",
    }
    act(steward, draft, "retirer-6", "ajouter-9")
    assert rules(steward, draft)["Au plus 1 par région"] == "Non tenue : Bretagne\u00a0: 2"


def test_overseas_opinions_and_programmes_in_words(steward: Client, draft) -> None:
    volunteer = draft.call.volunteers.get(number=2)
    Opinion.objects.create(
        partner=make_call_partner(draft.call), volunteer=volunteer, value="unfavourable", reason="x"
    )
    add(steward, draft, "at-least", count=1, value_0="overseas|yes")
    add(steward, draft, "at-most", count=0, value_0="opinions|unfavourable")
    add(steward, draft, "at-least", count=2, value_0="programmes|pvd", binding="souhait-3")
    add(steward, draft, "at-least", count=2, value_0="density|Bourgs ruraux")
    act(steward, draft, "ajouter-2")
    assert rules(steward, draft) == {
        "Au moins 1 territoire d’outre-mer": "Non tenue : 0 sur 1",
        "Pas de territoire ayant reçu un avis défavorable": "Non tenue : 1",
        "Au moins 2 territoires du programme Petites villes de demain": "Non tenue : 0 sur 2",
        "Au moins 2 territoires (densité\u00a0: bourgs ruraux)": "Non tenue : 0 sur 2",
    }
    assert "souhaitée, beaucoup" in page(steward, draft)


def test_recent_members_are_named(steward: Client, draft) -> None:
    make_fabrique(year=2024, members=[draft.call.volunteers.get(number=3).territory])
    draft.call.starts_on = "2027"
    draft.call.save()
    add(steward, draft, "not-recent", count=5)
    act(steward, draft, "ajouter-3", "ajouter-2")
    assert list(rules(steward, draft).values()) == ["Non tenue : Lieu 3"]


@pytest.mark.parametrize(
    ("kind", "fields", "told"),
    [
        (
            "at-least",
            {"count": 3, "value_0": "overseas|yes"},
            "Vous demandez 3 territoires d’outre-mer, il y en a 1 parmi les volontaires.",
        ),
        (
            "at-least",
            {"count": 5, "value_0": "kind|commune"},
            "Vous en demandez 5, la cohorte a 4 places au plus.",
        ),
        ("at-least", {"count": 0, "value_0": "kind|commune"}, "Il faut au moins 1"),
        ("at-least", {"value_0": "kind|commune"}, "Indiquez un nombre."),
        ("at-least", {"count": "deux", "value_0": "kind|commune"}, "nombre entier"),
        ("at-least", {"count": 1}, "Choisissez au moins une valeur."),
        ("at-least", {"count": 1, "value_0": "kind|royaume"}, "Choisissez une valeur de la liste."),
        (
            "at-least",
            {"count": 1, "value_0": "kind|epci", "value_1": "overseas|yes"},
            "sont d’un même critère",
        ),
        ("at-least-values", {"count": 4, "category": "density"}, "il y en a 2 parmi"),
        (
            "at-least-values",
            {"count": 2, "category": "way_in"},
            "Choisissez un critère de la liste",
        ),
        ("at-most-each", {"count": 1, "category": "kind"}, "2 places pourraient être pourvues"),
        ("at-most-each", {"count": 0, "category": "region"}, "Il faut au moins 1."),
        ("at-most-each", {"count": 1}, "Choisissez un critère."),
        ("not-recent", {"count": 99}, "de 1 à 30"),
        ("not-neighbours", {"binding": "peut-être"}, "Choisissez dans la liste."),
    ],
)
def test_what_cannot_be_met_or_understood_is_refused(
    steward: Client, draft, kind, fields, told
) -> None:
    assert told in errors(add(steward, draft, kind, **fields))
    assert not Rule.objects.exists()
    assert verbs(draft) == []


def test_the_same_rule_is_set_once(steward: Client, draft) -> None:
    add(steward, draft, "not-nested")
    assert "Cette règle est déjà posée." in add(steward, draft, "not-nested")


def test_a_rule_is_changed_and_removed(steward: Client, draft) -> None:
    add(steward, draft, "at-least", count=2, value_0="kind|epci")
    rule = Rule.objects.get()
    form = steward.get(address("composition-rule", draft, rule.pk)).content.decode()
    assert 'value="2"' in form
    data = {"version": 2, "count": 1, "value_0": "kind|epci", "binding": "souhait-1"}
    assert steward.post(address("composition-rule", draft, rule.pk), data).status_code == 302
    assert rules(steward, draft) == {"Au moins 1 intercommunalité": "Non tenue : 0 sur 1"}
    steward.post(address("composition-rule-remove", draft, rule.pk), {"version": 3})
    assert rules(steward, draft) == {}
    assert verbs(draft) == ["règle posée", "règle changée", "règle retirée"]
    again = steward.post(address("composition-rule-remove", draft, rule.pk), {"version": 4})
    assert again.status_code == 302


def test_a_rule_set_on_an_older_state_keeps_what_was_typed(steward: Client, draft) -> None:
    act(steward, draft, "ajouter-1")
    where = f"{address('composition-rule-new', draft)}?sorte=at-least"
    data = {"version": 1, "count": 2, "value_0": "kind|epci", "binding": "souhait-3"}
    text = steward.post(where, data).content.decode()
    assert "Ce qui s’est passé entre-temps" in text
    assert re.search(r'value="kind\|epci" selected', text)
    assert re.search(r'name="version" value="2"', text)
    assert not Rule.objects.exists()


def test_the_objective_is_chosen_in_words(steward: Client, draft) -> None:
    steward.post(
        address("composition-levels", draft), {"version": 1, "levels": "coverage,opinions"}
    )
    draft.refresh_from_db()
    assert draft.levels == ["coverage", "opinions"]
    for bad in ("", "gloire", "coverage,coverage"):
        answer = steward.post(address("composition-levels", draft), {"version": 2, "levels": bad})
        assert "Choisissez un ordre" in problem(answer.content.decode())
    draft.refresh_from_db()
    assert (draft.version, draft.levels) == (2, ["coverage", "opinions"])


def test_rules_of_another_draft_are_out_of_reach(steward: Client, draft) -> None:
    other = make_composition(draft.call)
    add(steward, other, "not-nested")
    rule = Rule.objects.get()
    assert steward.get(address("composition-rule", draft, rule.pk)).status_code == 404
    steward.post(address("composition-rule-remove", draft, rule.pk), {"version": 1})
    assert Rule.objects.count() == 1
    assert reverse("composition", args=[draft.call.slug, draft.pk])
