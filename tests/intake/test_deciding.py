"""A decision: settled, pending, written, reopened; who sees it, who is told."""

from typing import Any

import pytest
from django.utils import timezone

from fabriques.intake.domain import deciding
from fabriques.intake.domain.composing import Act
from fabriques.intake.domain.composing import place as move
from fabriques.intake.domain.refusals import RefusedError, StaleError
from fabriques.intake.domain.volunteering import withdraw_declaration
from fabriques.intake.enums import Outcome, Place, RuleKind, VolunteerState
from fabriques.intake.hooks.deciding import decisions
from fabriques.intake.models import Composition
from fabriques.kit.journal import history
from fabriques.kit.outbox.models import Batch, Mail, State
from tests.factories import make_territory
from tests.intake.decisions import ACTOR, NAMES, World, make_world, place
from tests.intake.factories import make_composition, make_volunteer, today


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def settle(world: World, composition: Composition | None = None, **fields: Any) -> None:
    composition = composition or world.fresh_composition()
    deciding.settle(
        composition=composition,
        actor=ACTOR,
        **{"version": composition.version} | fields,
    )


def test_each_submitted_declaration_gets_an_answer_and_a_reason(world: World) -> None:
    draft = make_volunteer(world.call, state=VolunteerState.DRAFT)
    settle(world)
    found = [(world[name].pending_outcome, world[name].reserve_rank) for name in NAMES]
    assert found == [
        (Outcome.RETAINED, None),
        (Outcome.RETAINED, None),
        (Outcome.RETAINED, None),
        (Outcome.RETAINED, None),
        (Outcome.RESERVE, 1),
        (Outcome.RESERVE, 2),
        (Outcome.NOT_RETAINED, None),
    ]
    for name in NAMES:
        reason = world[name].pending_reason
        assert name in reason
        assert "4 territoires parmi 7 volontaires" in reason
    assert all(world[name].outcome == "" for name in NAMES)
    draft.refresh_from_db()
    assert draft.pending_outcome == ""
    call = world.fresh()
    assert (call.settled_at is not None, call.cohort_size, call.is_open) == (True, 4, False)
    assert world.fresh_composition().settled_at


def test_nothing_of_it_is_in_the_history_of_a_declaration(world: World) -> None:
    settle(world)
    assert not any(history(world[name].subject).exists() for name in NAMES)
    assert [entry.verb for entry in history(world.call.subject)] == ["décision arrêtée"]
    entry = history(world.composition.subject).get()
    assert entry.after["réserve"] == [world["Évry"].subject, world["Foix"].subject]
    assert entry.after["non retenus"] == 1


def test_the_reserve_follows_its_ranks_whatever_their_holes(world: World) -> None:
    place(world.composition, world["Évry"], Place.RESERVE, 9)
    place(world.composition, world["Foix"], Place.RESERVE, 4)
    place(world.composition, world["Gap"], Place.RESERVE, None)
    settle(world)
    assert {name: world[name].reserve_rank for name in ("Foix", "Évry", "Gap")} == {
        "Gap": 2,
        "Foix": 1,
        "Évry": 3,
    }


def test_who_withdrew_is_out_of_the_decision(world: World) -> None:
    withdraw_declaration(volunteer=world["Aubry"], actor=ACTOR)
    withdraw_declaration(volunteer=world["Berre"], actor=ACTOR)
    assert deciding.cautions(world.fresh_composition()) == [
        "La cohorte compte 2 territoires, pour 4 à 8 places."
    ]
    settle(world, reason="deux suffisent")
    assert world["Aubry"].pending_outcome == ""
    assert world.fresh().cohort_size == 2


def test_a_cohort_that_was_drawn_says_so_unless_it_was_changed_since(world: World) -> None:
    drawn = world.composition.draws.create(
        lottery={}, seed_source="loto", drawn_at=timezone.now(), result=[1, 2, 3, 4]
    )
    settle(world)
    assert "tirée au sort, selon des chances publiées" in world["Gap"].pending_reason
    deciding.reopen(call=world.call, actor=ACTOR, reason="essai")
    drawn.result = [1, 2, 3, 5]
    drawn.save()
    settle(world)
    assert "tirée au sort" not in world["Gap"].pending_reason


# --- What stops, what only warns ---------------------------------------------------------------


def test_an_older_version_is_not_settled(world: World) -> None:
    with pytest.raises(StaleError, match="a changé cette composition") as stale:
        settle(world, version=0)
    assert stale.value.version == world.composition.version
    assert world.fresh().settled_at is None
    assert world["Aubry"].pending_outcome == ""


def test_the_second_who_settles_is_told_on_what_the_first_did(world: World) -> None:
    other = make_composition(world.call, name="Une autre")
    place(other, world["Gap"], Place.MEMBER)
    settle(world)
    with pytest.raises(StaleError, match="Première composition"):
        settle(world, other, reason="la mienne")
    assert world["Gap"].pending_outcome == Outcome.NOT_RETAINED


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"published_at": None}, "n’est pas publié"),
        ({"cancelled_at": "2026-01-01T00:00Z"}, "annulé"),
        ({"announced_at": "2026-01-01T00:00Z"}, "déjà annoncée"),
    ],
)
def test_a_call_that_is_not_to_be_decided(world: World, fields: dict[str, Any], said: str) -> None:
    type(world.call).objects.filter(pk=world.call.pk).update(**fields)
    with pytest.raises(RefusedError, match=said):
        settle(world)


def test_an_empty_or_archived_composition_is_refused(world: World) -> None:
    with pytest.raises(RefusedError, match="au moins un territoire"):
        settle(world, make_composition(world.call), reason="vide")
    archived = make_composition(world.call, archived_at="2026-01-01T00:00Z")
    place(archived, world["Gap"], Place.MEMBER)
    with pytest.raises(RefusedError, match="archivée"):
        settle(world, archived, reason="vieille")


def test_what_is_unusual_asks_why_and_keeps_it(world: World) -> None:
    type(world.call).objects.filter(pk=world.call.pk).update(closes_on=today(3), places_min=5)
    said = deciding.cautions(world.fresh_composition())
    assert ["encore ouvert" in said[0], "4 territoires" in said[1]] == [True, True]
    with pytest.raises(RefusedError) as refused:
        settle(world)
    assert list(refused.value.error_dict) == ["reason"]
    settle(world, reason="La ministre annonce vendredi")
    entry = history(world.call.subject).get()
    assert entry.reason == "La ministre annonce vendredi"
    assert world.fresh().is_open is False


def test_a_hard_rule_that_does_not_hold_asks_why(world: World) -> None:
    rule = {"kind": RuleKind.AT_LEAST, "category": "kind", "values": ["epci"], "count": 1}
    world.composition.rules.create(**rule)
    world.composition.rules.create(**rule | {"count": 2}, hard=False)
    world.composition.rules.create(**rule | {"values": ["commune"]})
    assert deciding.cautions(world.fresh_composition()) == [
        "Règle impérative non tenue\u00a0: Au moins 1 intercommunalité (0 sur 1)"
    ]
    with pytest.raises(RefusedError):
        settle(world)
    settle(world, reason="aucune ne s’est proposée")


def test_a_settled_composition_no_longer_changes(world: World) -> None:
    settle(world)
    fresh = world.fresh_composition()
    with pytest.raises(RefusedError, match="décision est arrêtée"):
        move(
            composition=fresh,
            version=fresh.version,
            volunteer=world["Gap"],
            act=Act.ADD,
            actor=ACTOR,
        )


# --- Reasons -----------------------------------------------------------------------------------


def test_reasons_are_written_one_by_one(world: World) -> None:
    settle(world)
    version = world.fresh().version
    texts = {
        world["Gap"].pk: "Un motif bien à lui.",
        world["Foix"].pk: world["Foix"].pending_reason,
    }
    changed = deciding.write_reasons(call=world.call, version=version, reasons=texts, actor=ACTOR)
    assert changed == 1
    assert world["Gap"].pending_reason == "Un motif bien à lui."
    entry = history(world.call.subject)[0]
    assert (entry.verb, entry.after) == ("motifs écrits", {"déclarations": [world["Gap"].subject]})
    with pytest.raises(StaleError):
        deciding.write_reasons(call=world.call, version=version, reasons=texts, actor=ACTOR)


def test_no_territory_is_left_without_a_reason(world: World) -> None:
    settle(world)
    row = world["Gap"].pk
    with pytest.raises(RefusedError) as refused:
        deciding.write_reasons(
            call=world.call, version=world.fresh().version, reasons={row: "  "}, actor=ACTOR
        )
    assert list(refused.value.error_dict) == [f"reason-{row}"]
    assert world["Gap"].pending_reason


# --- Letters -----------------------------------------------------------------------------------


def test_three_batches_each_address_once_for_each_declaration(world: World) -> None:
    settle(world)
    gap = world["Gap"]
    gap.elected_email, gap.officer_email = " Auteur@6.test", "maire@0.test"
    gap.save()
    batches = deciding.compose_letters(call=world.call, actor=ACTOR)
    assert [batch.mails.count() for batch in batches] == [12, 6, 2]
    # The mayor of Aubry is also named by Gap: a letter about each.
    about = Mail.objects.filter(address="maire@0.test").order_by("pk")
    assert [mail.context for mail in about] == [
        {"about": world["Aubry"].subject},
        {"about": gap.subject},
    ]
    assert {mail.state for mail in Mail.objects.order_by("pk")} == {State.REVIEW}
    with pytest.raises(RefusedError, match="déjà composées"):
        deciding.compose_letters(call=world.call, actor=ACTOR)


def test_letters_come_after_a_decision(world: World) -> None:
    with pytest.raises(RefusedError, match="Arrêtez d’abord"):
        deciding.compose_letters(call=world.call, actor=ACTOR)
    assert not Batch.objects.exists()


def test_reopening_undoes_all_and_the_letters(world: World) -> None:
    settle(world)
    deciding.compose_letters(call=world.call, actor=ACTOR)
    with pytest.raises(RefusedError):
        deciding.reopen(call=world.call, actor=ACTOR, reason=" ")
    deciding.reopen(call=world.call, actor=ACTOR, reason="erreur de saisie")
    assert [world[name].pending_outcome for name in NAMES] == [""] * 7
    assert [world[name].reserve_rank for name in NAMES] == [None] * 7
    assert world.fresh().settled_at is None
    assert world.fresh_composition().settled_at is None
    assert {mail.state for mail in Mail.objects.order_by("pk")} == {State.CANCELLED}
    assert not Batch.objects.filter(cancelled_at=None).exists()
    settle(world)  # and again
    assert world["Aubry"].pending_outcome == Outcome.RETAINED


def test_nothing_pending_is_not_reopened(world: World) -> None:
    with pytest.raises(RefusedError, match="rien à rouvrir"):
        deciding.reopen(call=world.call, actor=ACTOR, reason="pour voir")


# --- A withdrawal before the announcement ------------------------------------------------------


def test_a_place_left_is_offered_to_the_reserve(world: World) -> None:
    settle(world)
    deciding.compose_letters(call=world.call, actor=ACTOR)
    withdraw_declaration(volunteer=world["Berre"], actor=ACTOR, reason="élections")
    assert world["Berre"].pending_outcome == ""
    about_berre = Mail.objects.filter(context__about=world["Berre"].subject)
    assert {mail.state for mail in about_berre.filter(kind="cohort-retained")} == {State.CANCELLED}
    assert "La réserve est à appeler" in [task.title for task in decisions(world.steward)]
    called = deciding.call_reserve(call=world.call, actor=ACTOR)
    assert called.territory.name == "Évry"
    assert (world["Évry"].pending_outcome, world["Évry"].outcome) == (Outcome.RETAINED, "")
    letters = Mail.objects.filter(context__about=world["Évry"].subject)
    assert {mail.state for mail in letters.filter(kind="cohort-reserve")} == {State.CANCELLED}
    assert [mail.state for mail in letters.filter(kind="cohort-retained")] == [State.REVIEW] * 3
    with pytest.raises(RefusedError, match="Aucune place"):
        deciding.call_reserve(call=world.call, actor=ACTOR)


def test_a_reserve_that_is_exhausted_says_so(world: World) -> None:
    settle(world)
    for name in ("Évry", "Foix", "Aubry"):
        withdraw_declaration(volunteer=world[name], actor=ACTOR)
    with pytest.raises(RefusedError, match="épuisée"):
        deciding.call_reserve(call=world.call, actor=ACTOR)
    assert [task.title for task in decisions(world.steward)] == ["Une décision reste à annoncer"]


def test_what_awaits_is_for_stewards_without_a_conflict(world: World) -> None:
    settle(world)
    assert [task.title for task in decisions(world.steward)] == ["Une décision reste à annoncer"]
    author = world["Aubry"].authors.get().user
    assert decisions(author) == []
    conflict = world.call.conflicts.create(territory=make_territory(), user=world.steward)
    world.steward.__dict__.pop("_concealed", None)
    assert decisions(world.steward) == []
    conflict.delete()
