"""The announcement: one act applies the decision, founds the fabrique, lets the letters leave."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from fabriques.intake.domain import deciding
from fabriques.intake.domain.authors import remove_author
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.domain.volunteering import withdraw_declaration
from fabriques.intake.enums import Outcome, Phase
from fabriques.intake.hooks.deciding import decisions
from fabriques.intake.models import Author, Volunteer
from fabriques.intake.queries import deciding as read
from fabriques.kit import outbox
from fabriques.kit.journal import history
from fabriques.kit.outbox import delivery
from fabriques.kit.outbox.models import Batch, Mail, State
from fabriques.programme.enums import MemberRole, Role
from fabriques.programme.models import Fabrique, Invitation, Source, Transition
from fabriques.territories.models import NationalProgramme
from tests.factories import make_membership, make_organisation, make_user
from tests.intake.decisions import ACTOR, NAMES, World, make_world
from tests.intake.factories import make_call_partner


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False


@pytest.fixture
def world(db: None) -> World:
    """Settled, letters composed."""
    world = make_world(title="Bien vieillir", starts_on="2027-01", ends_on="2027-12")
    deciding.settle(composition=world.fresh_composition(), version=1, actor=ACTOR)
    deciding.compose_letters(call=world.call, actor=ACTOR)
    return world


def announce(world: World) -> deciding.Announcement:
    return deciding.announce(call=world.call, user=world.steward, actor=ACTOR)


def letters_about(volunteer: Volunteer) -> Any:
    return Mail.objects.filter(context__about=volunteer.subject, kind__startswith="cohort-")


def deliver() -> None:
    delivery.deliver(Mail.objects.filter(state=State.WAITING).values_list("pk", flat=True))


def test_everything_at_once(world: World) -> None:
    transition = Transition.objects.create(slug="demographique", name="Démographique")
    programme = NationalProgramme.objects.create(slug="pvd", name="Petites villes de demain")
    world.call.main_transition = transition
    world.call.save()
    world.call.programmes.add(programme)
    partner = make_organisation(name="Association des maires")
    make_call_partner(world.call, organisation=partner, role=Role.ELECTED)
    type(world["Aubry"]).objects.filter(pk=world["Aubry"].pk).update(focus="Le bourg")

    done = announce(world)

    assert (done.letters, done.not_invited) == (21, ())
    call = world.fresh()
    assert call.phase == Phase.DECIDED
    fabrique = Fabrique.objects.get(call=call)
    assert (fabrique.title, fabrique.year, fabrique.announced_end) == (
        "Bien vieillir",
        2027,
        "2027-12",
    )
    assert fabrique.objective == call.question
    assert (list(fabrique.transitions.all()), list(fabrique.programmes.all())) == (
        [transition],
        [programme],
    )
    assert fabrique.partnerships.get().organisation == partner
    members = {p.territory.name: p for p in fabrique.participations.select_related("territory")}
    assert set(members) == {"Aubry", "Berre", "Calais", "Dole"}
    assert members["Aubry"].focus == "Le bourg"
    assert members["Berre"].local_question == "Comment vieillir ici ?"
    assert world["Aubry"].participation == members["Aubry"]
    assert [world[name].outcome for name in ("Aubry", "Évry", "Gap")] == [
        Outcome.RETAINED,
        Outcome.RESERVE,
        Outcome.NOT_RETAINED,
    ]
    assert (world["Évry"].reserve_rank, world["Foix"].reserve_rank) == (1, 2)
    assert "parmi 7 volontaires" in world["Gap"].outcome_reason
    assert {world[name].pending_outcome for name in NAMES} == {""}
    invited = Invitation.objects.filter(participation=members["Calais"])
    assert {(i.email, i.role) for i in invited} == {
        ("maire@2.test", MemberRole.ELECTED),
        ("dgs@2.test", MemberRole.OFFICER),
    }
    assert not Batch.objects.filter(released_at=None).exists()
    assert read.to_invite(world[name] for name in NAMES) == []


def test_each_reads_their_answer_in_their_letter(world: World) -> None:
    deciding.write_reasons(
        call=world.call,
        version=world.fresh().version,
        reasons={world["Gap"].pk: "La question posée est ailleurs."},
        actor=ACTOR,
    )
    announce(world)
    deliver()
    read_by = {(letter.to[0], letter.subject): letter.body for letter in mail.outbox}
    subjects = {to: subject for to, subject in read_by if "décision" in subject}
    assert subjects["dgs@6.test"] == "Gap, appel « Bien vieillir » : la décision"
    words = {
        to: " ".join(read_by[to, subjects[to]].split())
        for to in ("auteur@0.test", "maire@4.test", "dgs@6.test")
    }
    assert "Votre territoire est retenu" in words["auteur@0.test"]
    assert "/fabriques/fabp-01-bien-vieillir/" in words["auteur@0.test"]
    assert "Votre territoire est en réserve" in words["maire@4.test"]
    assert "La question posée est ailleurs." in words["dgs@6.test"]
    assert f"/espace/volontariats/{world['Gap'].ref}/" in words["dgs@6.test"]
    assert len([to for to, subject in read_by if "décision" in subject]) == 21


def test_the_journal_tells_each_its_story(world: World) -> None:
    assert not history(world["Gap"].subject).exists()
    announce(world)
    entry = history(world["Gap"].subject).get()
    assert (entry.verb, entry.after) == ("décision annoncée", {"décision": "Non retenu"})
    assert entry.reason == world["Gap"].outcome_reason
    verbs = [entry.verb for entry in history(world.call.subject)]
    assert verbs == ["cohorte annoncée", "lettres composées", "décision arrêtée"]
    assert [e.verb for e in history("fabrique:fabp-01")] == ["fondée"]


def test_it_is_done_once(world: World) -> None:
    announce(world)
    with pytest.raises(RefusedError, match="Rien de nouveau"):
        announce(world)
    with pytest.raises(RefusedError, match="rien à rouvrir"):
        deciding.reopen(call=world.call, actor=ACTOR, reason="trop tard")
    assert Fabrique.objects.count() == 1


def test_no_letter_of_a_decision_leaves_by_itself(world: World) -> None:
    client = Client()
    client.force_login(world.steward)
    batch = Batch.objects.order_by("pk")[0]
    page = client.get(f"/espace/envois/{batch.pk}/").content.decode()
    assert "Faire partir" not in page
    assert f'href="/espace/appels/{world.call.slug}/"' in page
    assert "Votre territoire est retenu" in " ".join(page.split())
    for act in ("partir", "annuler"):
        answer = client.post(f"/espace/envois/{batch.pk}/{act}/", {"confirmer": "oui"}, follow=True)
        assert "partent avec la décision" in answer.content.decode()
    with pytest.raises(outbox.BatchHeldError):
        outbox.release_batch(batch=batch, actor=ACTOR, by="appel:un-autre")
    assert {m.state for m in Mail.objects.order_by("pk")} == {State.REVIEW}
    # One letter can be taken out of it.
    letter = letters_about(world["Aubry"]).order_by("pk")[0]
    client.post(f"/espace/envois/lettre/{letter.pk}/retirer/")
    assert read.unwritten(read.batches(world.fresh()), [world["Aubry"]]) == [
        read.Unwritten("Aubry", letter.address, read.TAKEN_OUT)
    ]
    assert announce(world).letters == 20


def test_who_cannot_be_written_to_is_listed_before(db: None) -> None:
    world = make_world()
    outbox.recipients.suppress(
        outbox.recipients.digest_of("maire@0.test"), outbox.recipients.Reason.UNDELIVERABLE
    )
    gap = world["Gap"]
    gap.authors.all().delete()
    gap.elected_email = gap.officer_email = ""
    gap.save()
    deciding.settle(composition=world.fresh_composition(), version=1, actor=ACTOR)
    deciding.compose_letters(call=world.call, actor=ACTOR)
    found = read.unwritten(read.batches(world.fresh()), [world["Aubry"], world["Gap"]])
    assert [(item.territory, item.address) for item in found] == [
        ("Aubry", "maire@0.test"),
        ("Gap", ""),
    ]
    done = announce(world)  # who has no address does not hold the others back
    assert done.letters == 17
    assert done.not_invited[0].startswith("Aubry, Élu·e référent·e")
    (missing,) = read.to_invite([world[name] for name in NAMES])
    assert (missing.territory, missing.role) == ("Aubry", MemberRole.ELECTED)


def test_letters_must_be_there(db: None) -> None:
    world = make_world()
    deciding.settle(composition=world.fresh_composition(), version=1, actor=ACTOR)
    with pytest.raises(RefusedError, match="Il manque les lettres de 7 territoires"):
        announce(world)
    assert not Fabrique.objects.exists()
    assert world["Aubry"].outcome == ""


def test_nothing_is_half_done(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**given: Any) -> int:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("fabriques.intake.domain.deciding.announcing.outbox.release_batch", broken)
    with pytest.raises(RuntimeError):
        announce(world)
    assert not Fabrique.objects.exists()
    assert not Invitation.objects.exists()
    assert world["Aubry"].pending_outcome == Outcome.RETAINED
    assert world.fresh().announced_at is None


# --- A withdrawal afterwards -------------------------------------------------------------------


def test_the_reserve_comes_in(world: World) -> None:
    announce(world)
    berre = world["Berre"]
    assert berre.participation
    held = make_membership(make_user(), role=MemberRole.OFFICER, participation=berre.participation)
    withdraw_declaration(volunteer=berre, actor=ACTOR, reason="élections")
    participation = world["Berre"].participation
    assert participation
    assert participation.left
    held.refresh_from_db()
    assert held.withdrawn_at
    assert not Invitation.objects.filter(participation=participation, cancelled_at=None).exists()
    assert [task.title for task in decisions(world.steward)] == ["La réserve est à appeler"]

    deciding.call_reserve(call=world.call, actor=ACTOR)
    # Its authors know nothing yet.
    assert (world["Évry"].outcome, world["Évry"].pending_outcome) == ("reserve", "retained")
    assert [m.state for m in letters_about(world["Évry"]).filter(kind="cohort-retained")] == [
        State.REVIEW
    ] * 3
    done = announce(world)
    assert done.letters == 3
    évry = world["Évry"]
    assert (évry.outcome, évry.reserve_rank) == (Outcome.RETAINED, None)
    fabrique = Fabrique.objects.get()
    there = fabrique.participations.filter(left="").values_list("territory__name", flat=True)
    assert set(there) == {"Aubry", "Calais", "Dole", "Évry"}
    assert decisions(world.steward) == []
    assert [entry.verb for entry in history(world.call.subject)][:3] == [
        "réserve annoncée",
        "réserve appelée",
        "désistement",
    ]
    page = Client().get(fabrique.get_absolute_url()).content.decode()
    assert "Évry" in page
    assert "Sortie" in page


def test_a_call_of_the_reserve_is_undone_before_its_announcement(world: World) -> None:
    announce(world)
    withdraw_declaration(volunteer=world["Berre"], actor=ACTOR)
    deciding.call_reserve(call=world.call, actor=ACTOR)
    deciding.reopen(call=world.call, actor=ACTOR, reason="on attend juin")
    évry = world["Évry"]
    assert (évry.outcome, évry.pending_outcome, évry.reserve_rank) == (Outcome.RESERVE, "", 1)
    assert world.fresh().announced_at
    assert deciding.call_reserve(call=world.call, actor=ACTOR).territory.name == "Évry"


def test_the_rest_of_the_reserve_keeps_its_answer(world: World) -> None:
    announce(world)
    withdraw_declaration(volunteer=world["Évry"], actor=ACTOR)  # of the reserve: no place is left
    assert decisions(world.steward) == []
    withdraw_declaration(volunteer=world["Dole"], actor=ACTOR)
    assert deciding.call_reserve(call=world.call, actor=ACTOR).territory.name == "Foix"
    assert world["Gap"].outcome == Outcome.NOT_RETAINED


def test_a_letter_says_nothing_once_its_declaration_is_withdrawn(world: World) -> None:
    """Released, not delivered yet, and the territory withdraws."""
    announce(world)
    withdraw_declaration(volunteer=world["Gap"], actor=ACTOR)
    deliver()
    assert {m.state for m in letters_about(world["Gap"])} == {State.CANCELLED}


def test_a_letter_that_another_one_replaces_is_not_one_that_nobody_receives(world: World) -> None:
    withdraw_declaration(volunteer=world["Aubry"], actor=ACTOR)
    called = deciding.call_reserve(call=world.call, actor=ACTOR)
    pending = Volunteer.objects.exclude(pending_outcome="")
    assert read.unwritten(read.batches(world.call), pending) == []
    letter = letters_about(called).filter(state=State.REVIEW).first()
    outbox.cancel_mail(mail=letter, actor=ACTOR)
    (row,) = read.unwritten(read.batches(world.call), pending)
    assert (row.territory, row.address) == (called.territory.name, letter.address)


def test_who_writes_no_more_when_it_is_announced_learns_nothing(world: World) -> None:
    aubry = world["Aubry"]
    gone = aubry.authors.get().user
    stays = make_user(email="reste@essai.test")
    Author.objects.create(volunteer=aubry, user=stays)
    deciding.reopen(call=world.call, actor=ACTOR, reason="Une personne de plus.")
    deciding.settle(
        composition=world.fresh_composition(),
        version=world.fresh_composition().version,
        actor=ACTOR,
    )
    deciding.compose_letters(call=world.call, actor=ACTOR)
    remove_author(volunteer=aubry, person=gone, actor=ACTOR)
    announce(world)
    deliver()
    written = set(letters_about(aubry).filter(state=State.SENT).values_list("address", flat=True))
    assert written == {stays.email, aubry.elected_email, aubry.officer_email}


def test_two_calls_of_one_long_name_are_two_sources(db: None) -> None:
    """The name of a source is shorter than that of a call: only its end is cut."""
    slug = "bien-vieillir-dans-les-territoires-ruraux-et-littoraux-2"
    Source.objects.create(slug=f"appel-{slug}"[:60], title="L’appel de l’an dernier")
    world = make_world(slug=slug)
    deciding.settle(composition=world.fresh_composition(), version=1, actor=ACTOR)
    deciding.compose_letters(call=world.call, actor=ACTOR)
    announce(world)
    assert Fabrique.objects.get().sources.get().url.endswith(world.call.get_absolute_url())
