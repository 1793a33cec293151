"""The fair draw: published, checked by anybody, drawn once; void when what it rests on changes."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from fabriques.intake.domain import drawing as verb
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.models import Composition, Draw
from fabriques.intake.queries import drawing as read
from fabriques.kit.journal import Actor
from tests.factories import make_territory
from tests.intake.composing import closed_call, make_pool
from tests.intake.factories import make_composition, make_steward, make_volunteer, today
from tests.intake.test_composing import act, address, page, section, verbs
from tests.intake.test_composing_rules import add

pytestmark = pytest.mark.django_db
SOURCE = "le Loto du samedi 5 décembre 2026"


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


def version(draft: Composition) -> int:
    return Composition.objects.get(pk=draft.pk).version


def publish(client: Client, draft: Composition, **fields: Any) -> str:
    data = {"version": version(draft), "keep": "", "seed_source": SOURCE, **fields}
    return client.post(address("composition-draw-publish", draft), data).content.decode()


def enter(client: Client, draft: Composition, seed: str) -> str:
    data = {"version": version(draft), "seed": seed}
    return client.post(address("composition-draw-seed", draft), data).content.decode()


def published(client: Client, draft: Composition, query: str = "") -> dict[str, Any]:
    answer = client.get(reverse("call-draw-data", args=[draft.call.slug]) + query)
    assert answer.status_code == 200
    return json.loads(answer.content)


def drawn_by_hand(data: dict[str, Any], seed: str) -> list[int]:
    """The published procedure, written again."""

    def number(text: str) -> int:
        return int(hashlib.sha256(text.encode()).hexdigest(), 16)

    ticket = number(f"{seed}:ticket") % data["total"]
    for profile in data["profiles"]:
        if ticket < profile["tickets"]:
            break
        ticket -= profile["tickets"]
    members: list[str] = []
    for names, count in zip(data["groups"], profile["counts"], strict=True):
        members += sorted(names, key=lambda name: number(f"{seed}:{name}"))[:count]
    return sorted(int(name) for name in members)


def test_chances_are_equal_without_rules_and_add_up(steward: Client, draft) -> None:
    assert publish(steward, draft) == ""
    data = published(steward, draft)
    chances = data["probabilities"]
    assert len(chances) == 12
    assert set(chances.values()) == {4 / 12}
    assert (data["seed"], data["result"]) == (None, None)
    assert verbs(draft) == ["chances du tirage publiées"]


def test_rules_and_locks_make_the_chances(steward: Client, draft) -> None:
    add(steward, draft, "at-least", count=1, value_0="overseas|yes")
    act(steward, draft, "verrouiller-1", "ecarter-2")
    publish(steward, draft)
    chances = published(steward, draft)["probabilities"]
    assert (chances["1"], chances["5"], chances["2"]) == (1, 1, 0)
    others = [chances[str(n)] for n in (3, 4, 6, 7, 8, 9, 10, 11, 12)]
    assert others == pytest.approx([2 / 9] * 9)


def test_the_result_is_what_anybody_finds(steward: Client, draft, tmp_path, capsys) -> None:
    add(steward, draft, "at-most-each", count=1, category="region")
    publish(steward, draft)
    before = published(steward, draft)
    assert enter(steward, draft, " 4-8-15-16-23 ") == ""
    data = published(steward, draft)
    assert data["seed"] == "4-8-15-16-23"
    assert data["digest"] == before["digest"]
    assert data["result"] == drawn_by_hand(before, data["seed"])
    assert section(page(steward, draft), "cohorte") == [f"Lieu {n}" for n in data["result"]]
    assert verbs(draft)[-1] == "tirage au sort\u00a0: graine «\u00a04-8-15-16-23\u00a0»"
    # The ten lines that the page prints do the same.
    file = tmp_path / "tirage.json"
    file.write_text(json.dumps(before))
    program = read.PROCEDURE.replace("tirage.json", str(file))
    exec(program.replace("la graine annoncée", data["seed"]), {})
    printed = re.findall(r"'(\d+)'", capsys.readouterr().out)
    assert sorted(map(int, printed)) == data["result"]


def test_the_published_file_is_what_its_digest_says(steward: Client, draft) -> None:
    publish(steward, draft)
    data = published(steward, draft)
    lottery = {key: data[key] for key in ("keep", "total", "groups", "profiles", "probabilities")}
    text = json.dumps(lottery, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == data["digest"]


def test_among_the_best_only(steward: Client, draft) -> None:
    publish(steward, draft, keep="coverage")
    chances = published(steward, draft)["probabilities"]
    assert sum(chances.values()) == pytest.approx(4)
    assert len(set(chances.values())) > 1
    preview = steward.get(f"{address('composition-draw', draft)}?parmi=coverage")
    assert "Parmi les meilleures" in preview.content.decode()


def test_the_page_is_public_by_number_and_by_name_where_the_call_says_so(
    client: Client, steward: Client, draft
) -> None:
    where = reverse("call-draw", args=[draft.call.slug])
    visitor = Client()
    assert visitor.get(where).status_code == 404
    publish(steward, draft)
    text = visitor.get(where).content.decode()
    assert "Lieu 5" not in text
    assert "n°&nbsp;5" in text
    assert "33,33\u00a0%" in text
    assert SOURCE in text
    assert read.PROCEDURE.splitlines()[0] in text
    draft.call.publish_pool = True
    draft.call.save()
    assert "Lieu 5" in visitor.get(where).content.decode()
    data = reverse("call-draw-data", args=[draft.call.slug])
    assert visitor.get(f"{data}?numero=0").status_code == 404


def test_nothing_is_published_while_territories_may_still_volunteer(steward: Client, draft) -> None:
    draft.call.closes_on = today(3)
    draft.call.save()
    assert "L’appel n’est pas clos" in publish(steward, draft)
    assert not Draw.objects.exists()
    assert "provisoires" in steward.get(address("composition-draw", draft)).content.decode()


def test_bad_input(steward: Client, draft) -> None:
    assert "Dites d’où viendra la graine." in publish(steward, draft, seed_source=" ")
    assert "Choisissez parmi" in publish(steward, draft, keep="amis")
    assert not Draw.objects.exists()
    absent = steward.post(address("composition-draw-seed", draft), {"version": 1, "seed": "1"})
    assert absent.status_code == 404
    publish(steward, draft)
    assert "telle qu’elle a été annoncée" in enter(steward, draft, "  ")
    assert "déjà publié" in publish(steward, draft)


def test_rules_that_contradict_give_no_draw(steward: Client, draft) -> None:
    add(steward, draft, "at-least", count=3, value_0="kind|epci")
    add(steward, draft, "at-least", count=2, value_0="region|Bretagne")
    assert "Aucune cohorte ne respecte" in publish(steward, draft)


@pytest.mark.parametrize("changing", ["rule", "lock", "places"])
def test_a_change_of_what_was_asked_makes_it_void(steward: Client, draft, changing) -> None:
    publish(steward, draft)
    if changing == "rule":
        add(steward, draft, "not-nested")
    elif changing == "lock":
        act(steward, draft, "verrouiller-1")
    else:
        fields = {"name": "x", "version": version(draft), "places_min": 2, "places_max": 3}
        steward.post(address("composition-edit", draft), fields)
    old = Draw.objects.get()
    assert old.void_at is not None
    text = Client().get(reverse("call-draw", args=[draft.call.slug])).content.decode()
    assert "Tirage sans effet" in text
    assert "ont changé après la publication" in text
    assert (
        steward.post(
            address("composition-draw-seed", draft), {"version": version(draft), "seed": "1"}
        ).status_code
        == 404
    )
    # Another one is published; the former stays shown, and can be downloaded.
    assert publish(steward, draft) == ""
    text = Client().get(reverse("call-draw", args=[draft.call.slug])).content.decode()
    assert text.index("Chances, publiées") < text.index("Tirage sans effet")
    assert published(steward, draft, f"?numero={old.pk}")["digest"] == old.digest
    assert published(steward, draft)["void_at"] is None


def test_moving_by_hand_leaves_it(steward: Client, draft) -> None:
    publish(steward, draft)
    act(steward, draft, "ajouter-1", "reserve-2")
    assert Draw.objects.get().void_at is None
    assert enter(steward, draft, "7") == ""


def test_a_withdrawal_before_the_draw_makes_it_void(steward: Client, draft) -> None:
    publish(steward, draft)
    draft.call.volunteers.filter(number=7).update(state="withdrawn")
    text = Client().get(reverse("call-draw", args=[draft.call.slug])).content.decode()
    assert "Tirage sans effet" in text
    assert "s’est retiré après la publication" in text
    assert "sans effet" in enter(steward, draft, "7")
    draw = Draw.objects.get()
    assert (draw.result, draw.drawn_at) == (None, None)
    assert draw.void_at
    assert publish(steward, draft) == ""
    assert "7" not in published(steward, draft)["probabilities"]


def test_a_volunteer_who_came_since_makes_it_void(steward: Client, draft) -> None:
    publish(steward, draft)
    make_volunteer(draft.call, make_territory(name="Tardive"))
    assert "sans effet" in enter(steward, draft, "7")


def test_it_is_drawn_once(steward: Client, draft) -> None:
    publish(steward, draft)
    enter(steward, draft, "7")
    result = Draw.objects.get().result
    assert "ne se refait pas" in enter(steward, draft, "8")
    assert "ne se refait pas" in publish(steward, draft)
    assert Draw.objects.get().result == result
    add(steward, draft, "not-nested")  # afterwards, rules change nothing of it
    assert Draw.objects.get().void_at is None
    draft.call.volunteers.filter(number=result[0]).update(state="withdrawn")
    assert publish(steward, draft) == ""  # somebody drawn has left: another draw may be made


def test_chances_that_were_touched_are_not_drawn(steward: Client, draft) -> None:
    publish(steward, draft)
    draw = Draw.objects.get()
    draw.lottery["total"] = 99
    draw.save()
    assert "ne sont plus celles qui ont été publiées" in enter(steward, draft, "7")
    assert Draw.objects.get().result is None


def test_an_older_state_is_told(steward: Client, draft) -> None:
    act(steward, draft, "ajouter-1")
    text = publish(steward, draft, version=1)
    assert "Ce qui s’est passé entre-temps" in text
    assert SOURCE in text
    assert not Draw.objects.exists()


def test_the_verb_refuses_an_unknown_way(draft) -> None:
    from fabriques.intake.queries.composing.draft import draft_of
    from fabriques.intake.queries.pool import pool_of

    pool = pool_of(draft.call, draft.call.volunteers.filter(state="submitted"))
    with pytest.raises(RefusedError):
        verb.publish(
            draft=draft_of(draft, pool),
            version=1,
            keep="amis",
            seed_source=SOURCE,
            actor=Actor("essai"),
        )
