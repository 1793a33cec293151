"""Conflicts of interest: from then on, nothing of that declaration shows, counts included."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from fabriques.intake.abilities import call_abilities
from fabriques.intake.domain import deciding, inviting, volunteering
from fabriques.intake.domain import opinions as verbs
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.enums import OpinionValue
from fabriques.intake.models import (
    Call,
    CallInvitation,
    CallPartner,
    Composition,
    Conflict,
    Placement,
    Volunteer,
)
from fabriques.intake.queries import access
from fabriques.intake.queries.inviting import Guest
from fabriques.kit import concealment, journal
from fabriques.kit.journal import Actor
from fabriques.kit.outbox import compose_digests, digests, forget_old
from fabriques.kit.outbox.models import Batch, Mail, Notice
from fabriques.people.models import Organisation, User
from fabriques.territories.models import Territory
from tests.factories import make_organisation, make_territory, make_user
from tests.guards import GuardedClient
from tests.intake.decisions import make_world
from tests.intake.factories import (
    make_call,
    make_call_partner,
    make_composition,
    make_reviewer,
    make_steward,
    make_volunteer,
)
from tests.portal.test_rights_matrix import names

pytestmark = pytest.mark.usefixtures("db")
ACTOR = Actor("essai")
SECRET = "Saint-Zorglub"


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False


@dataclass
class World:
    """A call with people who look, and one territory that will volunteer."""

    call: Call
    place: Territory
    author: User
    steward: User  # declares nothing
    bound: User  # a steward who has a link of interest with the place
    partner: CallPartner
    reviewer: User  # acts for the partner, and has a link of interest too
    other: CallPartner
    judge: User  # acts for the other partner
    seen: Volunteer = field(repr=False)


@pytest.fixture
def world() -> World:
    call = make_call(title="Bien vieillir", slug="bien-vieillir")
    grouping = make_territory("epci", name="CC des Étangs")
    place = make_territory(name=SECRET, epci=grouping)
    partner = make_call_partner(call, organisation=make_organisation(name="Petites villes"))
    other = make_call_partner(call, organisation=make_organisation(name="Banque"))
    return World(
        call=call,
        place=place,
        author=make_user("Aline Auteur"),
        steward=make_steward(),
        bound=make_steward(),
        partner=partner,
        reviewer=make_reviewer(partner).user,
        other=other,
        judge=make_reviewer(other).user,
        seen=make_volunteer(call, grouping),  # the same ground
    )


def declare(world: World, user: User, **fields: Any) -> Conflict:
    return verbs.declare_conflict(
        call=world.call, territory=world.place, user=user, actor=ACTOR, **fields
    )


def volunteers(world: World) -> Volunteer:
    """The territory is invited, volunteers, is judged and placed; everybody who may is told."""
    call, steward = world.call, world.steward
    guest = Guest(world.place, "mairie@zorglub.test")
    (asked,) = inviting.invite(call=call, guests=[guest], inviter=steward, actor=ACTOR)
    inviting.compose_letters(call=call, reader=steward, actor=ACTOR)
    inviting.note_opened(invitation=asked)
    draft = make_volunteer(call, world.place, author=world.author, state="draft")
    volunteer = volunteering.submit(volunteer=draft, actor=ACTOR)
    verbs.give_opinion(
        volunteer=volunteer,
        partner=world.other,
        author=world.judge,
        value=OpinionValue.UNFAVOURABLE,
        reason="Un motif assez long.",
        version=0,
        actor=ACTOR,
    )
    composition = make_composition(call)
    for placed in (world.seen, volunteer):
        Placement.objects.create(composition=composition, volunteer=placed, place="member")
    journal.record(
        subject=composition.subject, verb="proposition adoptée", actor=ACTOR, after={"membres": 2}
    )
    journal.record(
        subject=world.seen.subject,
        verb="rapproché d’un autre",
        actor=ACTOR,
        after={"autre": [volunteer.subject]},
    )
    compose_digests(timezone.now() + timedelta(days=1))
    return volunteer


# --- Walking the space --------------------------------------------------------------------------


def pools(world: World) -> dict[str, list[Any]]:
    """What addresses may name today, by the names of their parts."""
    numbered = (Batch, Mail, Composition, Conflict, CallPartner)
    return {
        "slug": [
            world.call.slug,
            *Organisation.objects.order_by("pk").values_list("slug", flat=True),
        ],
        "ref": [
            *Volunteer.objects.order_by("pk").values_list("ref", flat=True),
            *CallInvitation.objects.order_by("pk").values_list("ref", flat=True),
            world.author.ref,
        ],
        "pk": sorted(
            {pk for m in numbered for pk in m._default_manager.values_list("pk", flat=True)}
        ),
        "partner": [world.partner.pk, world.other.pk],
        "number": [1, 2],
        "code": [world.place.code],
    }


def addresses(world: World) -> Iterator[str]:
    """Every address of the space, for everything that it may name."""
    known = pools(world)
    for name in sorted(set(names())):
        for possible, *_ in get_resolver().reverse_dict.getlist(name):
            parts = possible[0][1]
            if not set(parts) <= set(known):
                continue  # a fabrique, a token, an indicator: nothing of a declaration
            for values in product(*(known[part] for part in parts)):
                address = reverse(name, kwargs=dict(zip(parts, values, strict=True)))
                if address.startswith("/espace/"):
                    yield address


VOLATILE = [
    r'name="csrfmiddlewaretoken" value="[^"]*"',
    r'since="\d+"',
    r'nonce="[^"]*"',
    # The end of the journal is shown to be noted: it says that something was written, not what.
    r"Entrée \d+, empreinte <code>[0-9a-f]{64}</code>",
    r"--since \d+ [0-9a-f]{64}",
]


def body(answer: Any) -> str:
    """What an address says, without what changes at each look."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if content[:2] == b"PK":
        content = zipfile.ZipFile(io.BytesIO(content)).read("content.xml")
    if content[:4] == b"%PDF":
        return "PDF"
    found = content.decode(errors="replace")
    for pattern in VOLATILE:
        found = re.sub(pattern, "", found)
    return found


def dump(world: World, user: User) -> dict[str, tuple[int, str]]:
    client = GuardedClient()
    client.force_login(user)
    found = {}
    for address in dict.fromkeys(addresses(world)):
        answer = client.get(address)
        assert answer.status_code < 500, address
        found[address] = (answer.status_code, body(answer))
    return found


@pytest.mark.parametrize("who", ["bound", "reviewer"])
def test_what_is_concealed_changes_nothing_that_the_person_sees(world: World, who: str) -> None:
    """Every page of the space reads the same before and after the territory volunteers, is judged
    and placed: neither its name nor any count tells that it did."""
    user: User = getattr(world, who)
    declare(world, user)
    Client().force_login(user)
    before = dump(world, user)
    volunteer = volunteers(world)
    after = dump(world, user)
    own = {reverse("space-call-conflicts", args=[world.call.slug])}
    own |= {address for address in after if address.endswith("/lever/")}
    assert len(before) > 60
    differing = [address for address in before if before[address] != after[address]]
    assert differing == []
    telling = [address for address in after if SECRET in after[address][1]]
    assert set(telling) <= own
    new = {address: after[address][0] for address in after if address not in before}
    assert f"/espace/volontariats/{volunteer.ref}/" in new
    assert {a: status for a, status in new.items() if status not in (404, 405)} == {}
    # Those whom nothing binds do see it, on pages that were just walked.
    client = GuardedClient()
    client.force_login(world.steward if who == "bound" else world.judge)
    for name in ("space-call-volunteers", "space-call-opinions", "space-call-opinions-csv"):
        address = reverse(name, args=[world.call.slug])
        assert address in after
        assert SECRET in body(client.get(address)), address


def test_a_conflict_declared_afterwards_hides_at_once(world: World) -> None:
    volunteer = volunteers(world)
    for user in (world.bound, world.reviewer):
        client = GuardedClient()
        client.force_login(user)
        pages = {reverse("space-call-opinions", args=[world.call.slug]), "/espace/"}
        pages |= {reverse("space-call-volunteers", args=[world.call.slug])}
        assert client.get(volunteer.get_absolute_url()).status_code == 200
        page = reverse("space-call-conflicts", args=[world.call.slug])
        data = {"territory": world.place.code, "concerns": "moi"}
        assert "Lien d’intérêt déclaré" in client.post(page, data, follow=True).content.decode()
        assert client.get(volunteer.get_absolute_url()).status_code == 404
        for address in pages:
            assert SECRET not in client.get(address).content.decode(), address
    assert not call_abilities(User.objects.get(pk=world.bound.pk), world.call).compose


def test_the_tabs_go_and_the_call_says_why(world: World) -> None:
    client = GuardedClient()
    client.force_login(world.bound)
    page = reverse("space-call", args=[world.call.slug])
    assert "Composition</a>" in client.get(page).content.decode()
    declare(world, world.bound)
    words = client.get(page).content.decode()
    assert "Composition</a>" not in words
    assert "d’autres que vous composent et décident" in words
    assert SECRET not in words


# --- Who is bound, who lifts --------------------------------------------------------------------


def test_declaring_tells_nothing_of_who_volunteers(world: World) -> None:
    elsewhere = make_territory(name="Tulle")
    volunteers(world)
    client = GuardedClient()
    client.force_login(world.reviewer)
    page = reverse("space-call-conflicts", args=[world.call.slug])
    said = []
    for place in (world.place, elsewhere):
        data = {"territory": place.code, "concerns": "moi"}
        words = client.post(page, data, follow=True).content.decode()
        said.append(place.name in words and "Lien d’intérêt déclaré" in words)
    assert said == [True, True]
    again = client.post(page, {"territory": world.place.code, "concerns": "moi"})
    assert "déjà déclaré" in again.content.decode()
    assert Conflict.objects.count() == 2


def test_a_conflict_of_the_partner_binds_its_people(world: World) -> None:
    volunteers(world)
    colleague = make_reviewer(world.partner).user
    client = GuardedClient()
    client.force_login(world.reviewer)
    page = reverse("space-call-conflicts", args=[world.call.slug])
    client.post(
        page, {"territory": world.place.code, "concerns": str(world.partner.pk), "reason": "Marché"}
    )
    for user, sees in ((world.reviewer, 1), (colleague, 1), (world.judge, 2)):
        fresh = User.objects.get(pk=user.pk)
        assert access.visible_volunteers(fresh, world.call).count() == sees
    client.force_login(colleague)
    words = client.get(page).content.decode()
    assert SECRET in words  # declared for them too: they know why
    conflict = Conflict.objects.get()
    lift = reverse("space-call-conflict-lift", args=[world.call.slug, conflict.pk])
    assert client.get(lift).status_code == 404  # lifted by who declared it, or by a steward


def test_somebody_else_of_the_team_lifts_a_steward_s(world: World) -> None:
    volunteer = volunteers(world)
    conflict = declare(world, world.bound)
    lift = reverse("space-call-conflict-lift", args=[world.call.slug, conflict.pk])
    client = GuardedClient()
    client.force_login(world.bound)
    assert client.get(lift).status_code == 404
    with pytest.raises(RefusedError, match="Une autre personne"):
        verbs.lift_conflict(conflict=conflict, by=world.bound, reason="…", actor=ACTOR)
    client.force_login(world.steward)
    assert "Dites pourquoi" in client.post(lift, {"reason": " "}).content.decode()
    client.post(lift, {"reason": "Le mandat est fini."})
    conflict.refresh_from_db()
    assert conflict.lifted_at
    assert journal.history(world.call.subject)[0].reason == "Le mandat est fini."
    client.force_login(world.bound)
    assert client.get(volunteer.get_absolute_url()).status_code == 200
    client.force_login(world.steward)
    assert client.get(lift).status_code == 404


def test_a_partner_lifts_its_own_and_nobody_else_s(world: World) -> None:
    mine, theirs = declare(world, world.reviewer), declare(world, world.judge)
    client = GuardedClient()
    client.force_login(world.reviewer)
    other = reverse("space-call-conflict-lift", args=[world.call.slug, theirs.pk])
    assert client.get(other).status_code == 404
    own = reverse("space-call-conflict-lift", args=[world.call.slug, mine.pk])
    page = client.post(own, {"reason": "J’ai déménagé."}, follow=True).content.decode()
    assert f"Le lien avec {SECRET} est levé" in page
    assert access.concealed_pairs(User.objects.get(pk=world.reviewer.pk)) == frozenset()


def test_outside_the_call_nobody_declares(world: World) -> None:
    client = GuardedClient()
    page = reverse("space-call-conflicts", args=[world.call.slug])
    for user in (world.author, make_reviewer(make_call_partner(make_call())).user):
        client.force_login(user)
        assert client.get(page).status_code == 404
        assert client.post(page, {"territory": world.place.code}).status_code == 404


def test_open_pages_ask_their_rights_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    cut: list[str] = []
    monkeypatch.setattr(verbs.live, "cut", cut.append)
    colleague = make_reviewer(world.partner).user
    declare(world, world.reviewer, partner=world.partner)
    assert set(cut) == {str(world.reviewer.ref), str(colleague.ref)}


def test_whoever_writes_a_declaration_does_not_judge_it(world: World) -> None:
    """A steward who is one of its authors reads it as its author, and nowhere else."""
    world.author = world.bound
    volunteer = volunteers(world)
    client = GuardedClient()
    client.force_login(world.bound)
    assert client.get(volunteer.get_absolute_url()).status_code == 200
    assert access.visible_volunteers(world.bound, world.call).count() == 1
    page = reverse("space-call-opinions", args=[world.call.slug])
    assert SECRET not in client.get(page).content.decode()


# --- Invitations --------------------------------------------------------------------------------


def test_inviting_or_proposing_a_concealed_territory_tells_nothing(world: World) -> None:
    for user, name in ((world.bound, "invite"), (world.reviewer, "put-forward")):
        declare(world, user)
        client = GuardedClient()
        client.force_login(user)
        page = reverse(f"space-call-{name}", args=[world.call.slug])
        data = {"territory": world.place.code, "email": "m@z.test", "reason": "Bonne idée."}
        said = client.post(page, data).context["form"].errors["territory"]
        if name == "invite":
            volunteers(world)
        assert client.post(page, data).context["form"].errors["territory"] == said
        assert "lien d’intérêt" in str(said)


def test_letters_of_concealed_territories_are_for_somebody_else(world: World) -> None:
    call = world.call
    places = [Guest(world.place, "a@z.test"), Guest(make_territory(name="Tulle"), "b@t.test")]
    inviting.invite(call=call, guests=places, inviter=world.steward, actor=ACTOR)
    declare(world, world.bound)
    batch = inviting.compose_letters(call=call, reader=world.bound, actor=ACTOR)
    assert [letter.address for letter in batch.mails.all()] == ["b@t.test"]
    rest = inviting.compose_letters(call=call, reader=world.steward, actor=ACTOR)
    assert [letter.address for letter in rest.mails.all()] == ["a@z.test"]
    client = GuardedClient()
    client.force_login(world.bound)
    for name in ("space-mail-batch-release", "space-mail-batch-cancel"):
        assert client.post(reverse(name, args=[rest.pk])).status_code == 404
    assert client.post(reverse("space-mail-batch-release", args=[batch.pk])).status_code == 302


def test_a_pending_decision_is_for_those_who_decide(settings: Any) -> None:
    """Its letters tell of everybody: who may not decide reads none of them."""
    world = make_world()
    deciding.settle(composition=world.composition, version=1, actor=ACTOR)
    deciding.compose_letters(call=world.call, actor=ACTOR)
    bound = make_steward()
    verbs.declare_conflict(
        call=world.call, territory=world["Gap"].territory, user=bound, actor=ACTOR
    )
    client = GuardedClient()
    client.force_login(bound)
    for batch in Batch.objects.all():
        assert client.get(reverse("space-mail-batch", args=[batch.pk])).status_code == 404
        for letter in batch.mails.all():
            assert client.get(reverse("space-mail", args=[letter.pk])).status_code == 404
    journal_page = client.get("/espace/journal/").content.decode()
    assert "envoi composé" not in journal_page
    client.force_login(world.steward)
    assert client.get(reverse("space-mail-batch", args=[batch.pk])).status_code == 200


# --- Letters and notices ------------------------------------------------------------------------


def test_a_notice_that_waits_is_not_said_once_concealed(world: World) -> None:
    volunteers(world)
    waiting = Notice.objects.filter(user=world.bound, kind="opinion-unfavourable")
    told = list(waiting.values_list("pk", flat=True))
    assert told
    assert SECRET in str(digests.Digest().present({"notices": told}))
    declare(world, world.bound)
    with pytest.raises(Notice.DoesNotExist):
        digests.Digest().present({"notices": told})
    for user in (world.reviewer, world.judge):
        Notice.objects.filter(user=user).update(settled_at=None, mail=None)
    declare(world, world.reviewer)
    Mail.objects.filter(kind="digest").delete()
    compose_digests(timezone.now() + timedelta(days=1))
    assert not Mail.objects.filter(kind="digest", user=world.reviewer).exists()
    assert Mail.objects.filter(kind="digest", user=world.judge).exists()


def test_forgotten_letters_stay_hidden(world: World) -> None:
    """What they said goes after three months; whom they were about stays, without a name."""
    volunteers(world)
    declare(world, world.bound)
    old = Mail.objects.filter(context__about__startswith="invitation-appel:")
    assert old.count() == 1
    Mail.objects.update(created_at=timezone.now() - timedelta(days=200), state="sent")
    assert forget_old(timezone.now())
    letter = old.get()
    assert (letter.address, set(letter.context)) == ("", {"about"})
    client = GuardedClient()
    client.force_login(world.bound)
    shown = client.get("/espace/envois/").context["page"].object_list
    assert letter not in shown
    client.force_login(world.steward)
    assert letter in client.get("/espace/envois/").context["page"].object_list


def test_the_journal_still_verifies(world: World) -> None:
    declare(world, world.bound)
    volunteers(world)
    hidden = concealment.concealed(User.objects.get(pk=world.bound.pk))
    assert hidden.subjects
    entries = journal.search(journal.Search())
    assert journal.seen_by(entries, world.bound).count() < entries.count()
    in_memory = journal.visible(entries, world.bound)
    assert in_memory == list(journal.seen_by(entries, world.bound))
    assert journal.verify() == journal.head()


def test_nothing_is_concealed_from_visitors_or_the_unbound(world: World) -> None:
    from django.contrib.auth.models import AnonymousUser

    volunteers(world)
    declare(world, world.bound)
    assert not concealment.concealed(AnonymousUser())
    assert not concealment.concealed(world.steward)
    assert not concealment.concealed(world.author)
