"""Opinions of partners: who gives one on what, until when, who reads it."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from fabriques.intake.domain import opinions as verbs
from fabriques.intake.domain import volunteering
from fabriques.intake.domain.refusals import RefusedError, StaleError
from fabriques.intake.enums import OpinionValue, Phase
from fabriques.intake.models import Call, CallPartner, Opinion, Reviewer, Volunteer
from fabriques.intake.queries import opinions as read
from fabriques.kit import journal
from fabriques.kit.awaiting import awaiting
from fabriques.kit.journal import Actor
from fabriques.kit.outbox import compose_digests, digests
from fabriques.kit.outbox.models import Mail, Notice
from fabriques.people import domain as accounts
from fabriques.people import stewardship
from fabriques.people.models import User
from fabriques.people.personal.erasure import erase
from fabriques.people.personal.export import sections
from fabriques.programme.models import Membership
from tests.factories import make_organisation, make_territory, make_user
from tests.intake.factories import (
    make_call,
    make_call_partner,
    make_reviewer,
    make_steward,
    make_volunteer,
    today,
)

pytestmark = pytest.mark.usefixtures("db")
ACTOR = Actor("essai")
REASON = "Un projet solide et partagé."


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False


@pytest.fixture
def call() -> Call:
    return make_call(title="Bien vieillir", decides_on=today(60))


@pytest.fixture
def partner(call: Call) -> CallPartner:
    organisation = make_organisation(name="Petites villes", acronym="PV")
    return make_call_partner(call, organisation=organisation, reach="communes")


@pytest.fixture
def reviewer(client: Client, partner: CallPartner) -> User:
    """Signed in, acts for the association of small towns, which sees communes only."""
    person = make_reviewer(partner, make_user("Awa Diop")).user
    client.force_login(person)
    return person


def text(answer: Any) -> str:
    return str(answer.content.decode())


def page_of(call: Call, name: str = "opinions") -> str:
    return reverse(f"space-call-{name}", args=[call.slug])


def form_of(volunteer: Volunteer, partner: CallPartner) -> str:
    return reverse("volunteer-opinion", args=[volunteer.ref, partner.pk])


def sent(partner: CallPartner, value: str = "favourable", version: int = 0, **fields: str) -> Any:
    said = {"value": value, "reason": REASON, "version": str(version)} | fields
    return {f"avis-{partner.pk}-{name}": text for name, text in said.items()}


def give(volunteer: Volunteer, partner: CallPartner, user: User, **fields: Any) -> Opinion:
    fields = {"value": OpinionValue.FAVOURABLE, "reason": REASON, "version": 0} | fields
    return verbs.give_opinion(
        volunteer=volunteer, partner=partner, author=user, actor=ACTOR, **fields
    )


def commune(call: Call, name: str) -> Volunteer:
    return make_volunteer(call, make_territory(name=name))


# --- Giving one ---------------------------------------------------------------------------------


def test_a_partner_gives_its_opinion_from_the_declaration(
    client: Client, call: Call, partner: CallPartner, reviewer: User
) -> None:
    jonzac = commune(call, "Jonzac")
    listed = text(client.get(page_of(call)))
    assert "Jonzac" in listed
    assert "à donner" in listed
    page = text(client.get(jonzac.get_absolute_url()))
    assert f'action="{form_of(jonzac, partner)}"' in page
    answer = client.post(form_of(jonzac, partner), sent(partner), follow=True)
    assert "Votre avis sur Jonzac est enregistré" in text(answer)
    opinion = Opinion.objects.get()
    assert (opinion.value, opinion.reason, opinion.author) == ("favourable", REASON, reviewer)
    assert "par Awa Diop" in text(client.get(jonzac.get_absolute_url()))
    client.post(form_of(jonzac, partner), sent(partner, "reserved", 1))
    opinion.refresh_from_db()
    assert (opinion.value, opinion.version) == ("reserved", 2)
    entry = journal.history(call.subject)[0]
    assert (entry.verb, entry.before) == ("avis modifié", {"avis": "Favorable"})
    assert entry.after["déclaration"] == jonzac.subject


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"value": ""}, "value"),
        ({"value": "superbe"}, "value"),
        ({"reason": ""}, "reason"),
        ({"reason": "  Très bien  "}, "reason"),
    ],
)
def test_an_opinion_without_its_reasons_is_none(
    client: Client,
    call: Call,
    partner: CallPartner,
    reviewer: User,
    fields: dict[str, str],
    field: str,
) -> None:
    jonzac = commune(call, "Jonzac")
    answer = client.post(form_of(jonzac, partner), sent(partner, **fields))
    assert answer.context["form"].errors.keys() == {field}
    assert not Opinion.objects.exists()
    if "value" in fields:
        assert REASON in text(answer)


def test_two_colleagues_at_once_do_not_overwrite_each_other(
    client: Client, call: Call, partner: CallPartner, reviewer: User
) -> None:
    jonzac = commune(call, "Jonzac")
    colleague = make_reviewer(partner).user
    give(jonzac, partner, colleague, value=OpinionValue.UNFAVOURABLE, reason="Un avis tout autre.")
    answer = client.post(form_of(jonzac, partner), sent(partner))
    page = text(answer)
    assert "a donné ou changé cet avis" in page
    assert "Un avis tout autre." in page
    assert REASON in page
    assert Opinion.objects.get().author == colleague
    version = f"avis-{partner.pk}-version"
    assert f'name="{version}" value="1"' in page
    client.post(form_of(jonzac, partner), sent(partner, version=1))  # said again, knowing it
    assert Opinion.objects.get().reason == REASON
    with pytest.raises(StaleError):
        give(jonzac, partner, colleague, version=1)


def test_saying_the_same_again_changes_nothing(
    call: Call, partner: CallPartner, reviewer: User
) -> None:
    jonzac = commune(call, "Jonzac")
    give(jonzac, partner, reviewer)
    number = journal.head().number
    assert give(jonzac, partner, reviewer, version=1).version == 1
    assert journal.head().number == number


@pytest.mark.parametrize(
    "fields", [{"settled_at": timezone.now()}, {"cancelled_at": timezone.now()}]
)
def test_opinions_are_closed_with_the_decision(
    client: Client, call: Call, partner: CallPartner, reviewer: User, fields: dict[str, Any]
) -> None:
    jonzac = commune(call, "Jonzac")
    give(jonzac, partner, reviewer)
    Call.objects.update(**fields)
    answer = client.post(form_of(jonzac, partner), sent(partner, "reserved", 1))
    assert "avis" in str(answer.context["closed"])
    assert Opinion.objects.get().value == "favourable"
    page = text(client.get(jonzac.get_absolute_url()))
    assert REASON in page
    assert form_of(jonzac, partner) not in page
    shown = text(client.get(page_of(call))).split("<main")[1].replace(Phase.CLOSED.label, "")
    assert "décision" not in shown.lower()


# --- Outside one's rights -----------------------------------------------------------------------


def test_a_partner_judges_within_its_reach(
    client: Client, call: Call, partner: CallPartner, reviewer: User
) -> None:
    jonzac = commune(call, "Jonzac")
    epci = make_volunteer(call, make_territory("epci", name="CC des Étangs"))
    draft = make_volunteer(call, make_territory(name="Tulle"), state="draft")
    other = make_call_partner(call)
    foreign = make_volunteer(make_call(), make_territory(name="Ussel"))
    for volunteer, judge in ((epci, partner), (draft, partner), (jonzac, other), (foreign, other)):
        for method in (client.get, client.post):
            assert method(form_of(volunteer, judge)).status_code == 404, volunteer
    page = text(client.get(page_of(call)))
    assert "Jonzac" in page
    for hidden in ("Étangs", "Tulle", "Ussel"):
        assert hidden not in page
        assert hidden not in client.get(page_of(call, "opinions-csv")).content.decode()
    with pytest.raises(RefusedError, match="n’attend pas d’avis"):
        give(epci, partner, reviewer)


def test_a_partner_that_gives_no_opinion_reads_none(
    client: Client, call: Call, partner: CallPartner, reviewer: User
) -> None:
    jonzac = commune(call, "Jonzac")
    CallPartner.objects.update(gives_opinion=False)
    for name in ("opinions", "opinions-csv", "opinions-ods"):
        assert client.get(page_of(call, name)).status_code == 404
    assert client.post(form_of(jonzac, partner), sent(partner)).status_code == 404
    page = text(client.get(jonzac.get_absolute_url()))
    assert 'id="avis"' not in page


def test_who_no_longer_acts_for_the_partner_gives_nothing(
    client: Client, call: Call, partner: CallPartner, reviewer: User
) -> None:
    jonzac = commune(call, "Jonzac")
    Reviewer.objects.update(withdrawn_at=timezone.now())
    assert client.post(form_of(jonzac, partner), sent(partner)).status_code == 404
    assert client.get(page_of(call)).status_code == 404


def test_partners_do_not_read_each_other_and_authors_read_nobody(
    client: Client, call: Call, partner: CallPartner, reviewer: User
) -> None:
    author = make_user()
    jonzac = make_volunteer(call, make_territory(name="Jonzac"), author=author)
    second = make_call_partner(call, organisation=make_organisation(name="Banque"))
    give(jonzac, second, make_reviewer(second).user, reason="Le secret de la banque.")
    for address in (
        jonzac.get_absolute_url(),
        page_of(call),
        page_of(call, "opinions-csv"),
        form_of(jonzac, partner),
    ):
        page = client.get(address).content.decode()
        assert "secret de la banque" not in page, address
        assert "invité par" not in page.lower(), address  # nor how it came
    client.force_login(author)
    assert "secret de la banque" not in text(client.get(jonzac.get_absolute_url()))
    assert not any("avis" in entry.verb for entry in journal.history(jonzac.subject))


# --- Stewards -----------------------------------------------------------------------------------


def test_stewards_see_all_opinions_and_what_is_missing(
    client: Client, call: Call, partner: CallPartner
) -> None:
    second = make_call_partner(call, organisation=make_organisation(name="Banque", acronym="B"))
    jonzac, tulle = commune(call, "Jonzac"), commune(call, "Tulle")
    epci = make_volunteer(call, make_territory("epci", name="CC des Étangs"))
    person = make_reviewer(partner).user
    give(jonzac, partner, person)
    give(tulle, partner, person, value=OpinionValue.RESERVED)
    give(epci, second, make_reviewer(second).user)
    client.force_login(make_steward())
    answer = client.get(page_of(call))
    found = {
        tally.partner.organisation.name: (tally.expected, sum(tally.given.values()), tally.missing)
        for tally in answer.context["tallies"]
    }
    assert found == {"Petites villes": (2, 2, 0), "Banque": (3, 1, 2)}
    assert "ne la voit pas" in text(answer)

    def listed(asked: str) -> list[str]:
        rows = client.get(page_of(call), {"avis": asked}).context["rows"]
        return [row.volunteer.territory.name for row in rows]

    assert listed("") == ["Jonzac", "Tulle", "CC des Étangs"]  # by number
    assert listed("manque") == ["Jonzac", "Tulle"]
    assert listed("reserved") == ["Tulle"]
    assert listed("nimporte") == listed("")
    page = text(client.get(jonzac.get_absolute_url()))
    assert REASON in page
    assert "Petites villes" in page
    assert form_of(jonzac, partner) not in page
    assert client.post(form_of(jonzac, partner), sent(partner)).status_code == 404
    raw = client.get(page_of(call, "opinions-csv")).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(raw)))
    assert [(r["territoire"], r["partenaire"][:5], r["avis"]) for r in rows] == [
        ("Jonzac", "Banqu", "à donner"),
        ("Jonzac", "Petit", "Favorable"),
        ("Tulle", "Banqu", "à donner"),
        ("Tulle", "Petit", "Réservé"),
        ("CC des Étangs", "Banqu", "Favorable"),
    ]
    assert client.get(page_of(call, "opinions-ods")).content[:2] == b"PK"


def test_the_page_costs_the_same_whatever_the_number_of_declarations(
    client: Client, call: Call, partner: CallPartner
) -> None:
    client.force_login(make_steward())
    commune(call, "Jonzac")
    client.get(page_of(call))
    numbers = []
    for more in range(2):
        for number in range(more * 20):
            give(commune(call, f"Ville {number}"), partner, make_reviewer(partner).user)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page_of(call)).status_code == 200
        numbers.append(len(captured))
    assert numbers[0] == numbers[1] < 22


def test_without_partner_the_page_says_so(client: Client, call: Call) -> None:
    client.force_login(make_steward())
    commune(call, "Jonzac")
    assert "Aucun partenaire de cet appel ne donne d’avis" in text(client.get(page_of(call)))


# --- What people are told -----------------------------------------------------------------------


def digest_of(user: User) -> str:
    """What the next digest would tell this person."""
    notices = [n.pk for n in Notice.objects.pending().filter(user=user).order_by("pk")]
    if not notices:
        return ""
    groups = digests.Digest().present({"notices": notices})["categories"]
    return "\n".join(item.heading + item.text for _, items in groups for item in items)


def submitted(call: Call, name: str, kind: str = "commune") -> Volunteer:
    author = make_user()
    draft = make_volunteer(call, make_territory(kind, name=name), author=author, state="draft")
    return volunteering.submit(volunteer=draft, actor=ACTOR)


def test_partners_are_told_of_what_they_may_see_once(
    call: Call, partner: CallPartner, reviewer: User
) -> None:
    submitted(call, "Jonzac")
    submitted(call, "CC des Étangs", "epci")
    submitted(call, "Tulle")
    assert Notice.objects.pending().filter(user=reviewer).count() == 1
    told = digest_of(reviewer)
    assert "2 nouveaux territoires volontaires" in told
    assert "- Jonzac" in told
    assert "Étangs" not in told
    Volunteer.objects.update(state="withdrawn")
    with pytest.raises(Notice.DoesNotExist):
        digest_of(reviewer)
    compose_digests(timezone.now() + timedelta(days=1))
    assert not Notice.objects.pending().filter(user=reviewer).exists()


def test_stewards_are_told_of_unfavourable_opinions(
    call: Call, partner: CallPartner, reviewer: User
) -> None:
    steward = make_steward()
    jonzac = commune(call, "Jonzac")
    give(jonzac, partner, reviewer)
    assert digest_of(steward) == ""
    give(jonzac, partner, reviewer, version=1, value=OpinionValue.UNFAVOURABLE)
    assert "Avis défavorable sur Jonzac" in digest_of(steward)
    assert REASON in digest_of(steward)


def test_who_is_no_longer_a_steward_is_not_told_of_opinions(
    call: Call, partner: CallPartner, reviewer: User
) -> None:
    steward = make_steward()
    give(commune(call, "Jonzac"), partner, reviewer, value=OpinionValue.UNFAVOURABLE)
    assert "Avis défavorable" in digest_of(steward)
    Membership.objects.filter(user=steward).delete()
    compose_digests(timezone.now() + timedelta(days=1))
    assert not Mail.objects.filter(user=steward).exists()


def test_opinions_to_give_await_the_partner(
    call: Call, partner: CallPartner, reviewer: User
) -> None:
    jonzac = commune(call, "Jonzac")
    commune(call, "Tulle")
    make_volunteer(call, make_territory("epci"))
    (task,) = awaiting(reviewer)
    assert task.title == "Donner un avis sur 2 déclarations"
    assert not task.urgent
    give(jonzac, partner, reviewer)
    Call.objects.update(decides_on=today(3))
    (task,) = awaiting(User.objects.get(pk=reviewer.pk))
    assert (task.title, task.urgent) == ("Donner un avis sur 1 déclaration", True)
    Call.objects.update(settled_at=timezone.now())
    assert awaiting(User.objects.get(pk=reviewer.pk)) == []


# --- What is held of persons --------------------------------------------------------------------


def test_a_person_finds_what_they_gave(call: Call, partner: CallPartner, reviewer: User) -> None:
    give(commune(call, "Jonzac"), partner, reviewer)
    verbs.declare_conflict(
        call=call, territory=make_territory(name="Tulle"), user=reviewer, actor=ACTOR
    )
    found = {section.name: section.content for section in sections(reviewer)}
    assert found["partenaire"][0]["au nom de"] == "Petites villes (PV)"
    assert found["avis-donnes"][0]["territoire"] == "Jonzac"
    assert found["liens-interet"][0]["territoire"] == "Tulle"


def test_an_erased_account_leaves_its_opinions_to_the_partner(
    call: Call, partner: CallPartner, reviewer: User
) -> None:
    give(commune(call, "Jonzac"), partner, reviewer)
    conflict = verbs.declare_conflict(
        call=call,
        territory=make_territory(),
        user=reviewer,
        partner=partner,
        reason="J’y habite",
        actor=ACTOR,
    )
    erase(user=reviewer, actor=ACTOR)
    opinion = Opinion.objects.get()
    assert (opinion.author, opinion.reason) == (None, REASON)
    assert Reviewer.objects.get().withdrawn_at
    conflict.refresh_from_db()
    assert (conflict.reason, conflict.lifted_at) == ("", None)  # the partner is still bound


def test_a_closed_account_acts_for_nobody(call: Call, partner: CallPartner, reviewer: User) -> None:
    accounts.close_account(user=reviewer, actor=ACTOR)
    assert Reviewer.objects.get().withdrawn_at
    assert journal.history(call.subject)[0].verb == "personne retirée d’un partenaire"


def test_merged_accounts_keep_opinions_and_conflicts(
    call: Call, partner: CallPartner, reviewer: User
) -> None:
    kept = make_reviewer(partner).user
    place = make_territory(name="Tulle")
    give(commune(call, "Jonzac"), partner, reviewer)
    verbs.declare_conflict(call=call, territory=place, user=reviewer, partner=partner, actor=ACTOR)
    verbs.declare_conflict(call=call, territory=place, user=kept, actor=ACTOR)
    previews = {line.label: line for line in stewardship.preview_people(kept=kept, gone=reviewer)}
    assert previews["représentations de partenaires"].left == 1
    stewardship.merge_people(kept=kept, gone=reviewer, actor=ACTOR)
    assert Opinion.objects.get().author == kept
    (conflict,) = read.conflicts(User.objects.get(pk=kept.pk), call)
    assert (conflict.user, conflict.partner) == (kept, partner)
