"""Inviting territories: lists, one at a time, put forward; letters, reminder, the link."""
# ruff: noqa: F401, F811 - fixtures are imported by name

import csv
import io
import re
from datetime import date
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from fabriques.intake import guests
from fabriques.intake.domain import inviting as verbs
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.enums import InvitationState, VolunteerState, WayIn
from fabriques.intake.models import Call, CallInvitation
from fabriques.intake.queries import inviting as read
from fabriques.intake.queries import naming
from fabriques.kit import journal, outbox
from fabriques.kit.journal import Actor
from fabriques.kit.outbox import recipients
from fabriques.kit.outbox.models import Batch, Mail, State, Suppression
from fabriques.people.models import User
from fabriques.territories import search
from fabriques.territories.models import (
    FormerCode,
    NationalProgramme,
    ProgrammeMembership,
    Territory,
)
from tests.factories import make_organisation, make_territory, make_user
from tests.intake.factories import (
    make_call,
    make_call_partner,
    make_reviewer,
    make_steward,
    make_volunteer,
    today,
)
from tests.kit.outbox_fixtures import Posting, kinds, posting

pytestmark = pytest.mark.usefixtures("db")
ACTOR = Actor("essai")


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False


@pytest.fixture
def steward(client: Client) -> User:
    """Signed in, and run the programme."""
    person = make_steward()
    client.force_login(person)
    return person


@pytest.fixture
def call() -> Call:
    return make_call(title="Bien vieillir", slug="bien-vieillir")


def text(answer: Any) -> str:
    return str(answer.content.decode())


def here(call: Call, name: str = "", *args: Any) -> str:
    return reverse(f"space-call-{name or 'invitations'}", args=[call.slug, *args])


def link(invitation: CallInvitation) -> str:
    return reverse("call-invitation", args=[invitation.call.slug, verbs.token_of(invitation)])


def invited(call: Call, steward: User, *names: str) -> list[CallInvitation]:
    asked = [
        read.Guest(make_territory(name=name), f"mairie-{number}@essai.test")
        for number, name in enumerate(names)
    ]
    return verbs.invite(call=call, guests=asked, inviter=steward, actor=ACTOR)


def sent(call: Call, steward: User, posting: Posting, *names: str) -> list[CallInvitation]:
    """Invited, their letters reread and gone."""
    made = invited(call, steward, *names)
    with posting():
        batch = verbs.compose_letters(call=call, reader=steward, actor=ACTOR)
        outbox.release_batch(batch=batch, actor=ACTOR)
    return made


def states(call: Call, user: User) -> dict[str, str]:
    rows = read.visible_invitations(user, call)
    return {row.territory.name: row.state for row in rows}


# --- A list -------------------------------------------------------------------------------------


def test_a_list_is_shown_before_anything_is_stored(
    client: Client, steward: User, call: Call
) -> None:
    gers = make_territory("departement", name="Gers", code="32")
    manche = make_territory("departement", name="Manche", code="50")
    jonzac = make_territory(name="Jonzac", code="17197")
    epci = make_territory("epci", name="CC des Étangs", siren="200067106")
    auch = make_territory(name="Saint-Denis", departement=gers)
    make_territory(name="Saint-Denis", departement=manche)
    gone = make_territory(name="Vieux-Bourg", closed_on=date(2024, 1, 1), successor=jonzac)
    busy = make_volunteer(call, make_territory(name="Tulle")).territory
    asked = verbs.invite(
        call=call,
        guests=[read.Guest(make_territory(name="Ussel"), "a@essai.test")],
        inviter=steward,
        actor=ACTOR,
    )[0]
    lines = [
        "code;adresse",
        "17197;Mairie@Jonzac.test",
        "200 067 106 ; contact@etangs.test",
        "saint denis (32);mairie@auch.test",
        "Saint-Denis;mairie@denis.test",
        "Atlantide;roi@atlantide.test",
        f"{busy.code};x@essai.test",
        f"{asked.territory.code};x@essai.test",
        f"{gone.code};x@essai.test",
        "Jonzac;autre@jonzac.test",
        "17197",
        f"{make_territory(name='Égletons').code};pas une adresse",
    ]
    answer = client.post(here(call, "invite-list"), {"lines": "\n".join(lines)})
    checked = answer.context["checked"]
    assert [g.territory for g in checked.guests] == [jonzac, epci, auch]
    assert checked.guests[0].email == "mairie@jonzac.test"
    found = {(p.line, p.column): (p.value, p.rule) for p in checked.problems}
    assert set(found) == {
        *((number, "territoire") for number in range(5, 11)),
        (11, "ligne"),
        (12, "adresse"),
    }
    assert found[5, "territoire"][0] == "Saint-Denis"
    assert "Gers" in found[5, "territoire"][1]
    assert "aucune commune" in found[6, "territoire"][1]
    assert "est déjà volontaire" in found[7, "territoire"][1]
    assert "est déjà invité" in found[8, "territoire"][1]
    assert "invitez Jonzac (17197), qui lui succède" in found[9, "territoire"][1]
    assert "déjà à la ligne 2" in found[10, "territoire"][1]
    assert "nom@domaine.fr" in found[12, "adresse"][1]
    assert call.invitations.count() == 1
    assert not Mail.objects.exists()
    page = text(answer)
    assert "Inviter les 3 lignes valables seulement" in page
    assert "Atlantide;roi@atlantide.test" in page  # nothing typed is lost


def test_the_valid_lines_become_invitations_and_letters_to_reread(
    client: Client, steward: User, call: Call
) -> None:
    make_territory(name="Jonzac", code="17197")
    data = {"lines": "17197;mairie@jonzac.test\nNulle-Part;x@essai.test"}
    shown = client.post(here(call, "invite-list"), data).context["shown"]
    answer = client.post(here(call, "invite-list"), data | {"confirm": shown}, follow=True)
    invitation = call.invitations.get()
    assert (invitation.territory.name, invitation.email) == ("Jonzac", "mairie@jonzac.test")
    assert (invitation.way_in, invitation.invited_by) == (WayIn.INVITED, steward)
    assert invitation.letter
    assert invitation.letter.state == State.REVIEW
    assert "/appels/bien-vieillir/invitation/" in text(answer)  # the letter, as it will be read
    assert verbs.token_of(invitation) not in str(Mail.objects.values().get())
    entry = journal.history(call.subject)[0]
    assert entry.verb == "invitations préparées"
    assert entry.after == {"invitation": invitation.subject}


def test_what_changed_since_the_preview_is_shown_again(
    client: Client, steward: User, call: Call
) -> None:
    first, second = make_territory(name="Jonzac"), make_territory(name="Tulle")
    data = {"lines": f"{first.code};a@essai.test\n{second.code};b@essai.test"}
    shown = client.post(here(call, "invite-list"), data).context["shown"]
    make_volunteer(call, first)  # meanwhile
    answer = client.post(here(call, "invite-list"), data | {"confirm": shown})
    assert "La liste a changé" in text(answer)
    assert not call.invitations.exists()


def test_a_list_is_read_from_a_file_of_any_office(
    client: Client, steward: User, call: Call
) -> None:
    make_territory(name="Égletons", code="19073")
    content = "territoire;adresse\r\nÉgletons;mairie@egletons.test;\r\n".encode("cp1252")
    file = SimpleUploadedFile("liste.csv", content)
    answer = client.post(here(call, "invite-list"), {"file": file})
    assert [g.territory.code for g in answer.context["checked"].guests] == ["19073"]
    assert "Égletons;mairie@egletons.test" in text(answer)
    wrong = SimpleUploadedFile("liste.csv", b"%PDF-1.4 startxref %%EOF")
    assert "Format" in text(client.post(here(call, "invite-list"), {"file": wrong}))


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("", "est vide"),
        ("\n;;\n", "est vide"),
        ("a;b@c.fr\n" * (guests.MOST_LINES + 1), "lignes au plus"),
    ],
)
def test_a_list_that_is_none_is_refused(
    client: Client, steward: User, call: Call, lines: str, words: str
) -> None:
    assert words in text(client.post(here(call, "invite-list"), {"lines": lines}))


def test_a_first_line_that_holds_a_mistake_is_no_header(call: Call, steward: User) -> None:
    make_territory(name="Jonzac", code="17197")
    for line in ("17197;mairie", "Jonzac;mairie.jonzac.test"):
        checked = guests.check(guests.read(f"{line}\n"), call=call, user=steward)
        assert [(problem.line, problem.column) for problem in checked.problems] == [(1, "adresse")]


def test_a_line_without_end_is_refused_as_the_others() -> None:
    (found,) = guests.read("x" * 150_000)
    assert isinstance(found, guests.Problem)


@pytest.mark.parametrize(
    ("line", "territory"),
    [
        ("17197;m@jonzac.test", "17197"),
        ("17197\tm@jonzac.test", "17197"),
        ("17197,m@jonzac.test", "17197"),
        ('"Jonzac";"m@jonzac.test"', "Jonzac"),
        ("Jonzac, Charente-Maritime, m@jonzac.test", "Jonzac, Charente-Maritime"),
        ("\ufeffJonzac (17197) ; m@jonzac.test ;", "Jonzac (17197)"),
    ],
)
def test_the_shapes_in_which_people_keep_lists(line: str, territory: str) -> None:
    (found,) = guests.read(line)
    assert isinstance(found, guests.Line)
    assert (found.territory, found.address) == (territory, "m@jonzac.test")
    make_territory(
        name="Jonzac",
        code="17197",
        departement=make_territory("departement", name="Charente-Maritime", code="17"),
    )
    checked = guests.check([found], call=make_call(), user=make_steward())
    assert [guest.territory.code for guest in checked.guests] == ["17197"]


def test_a_name_may_hold_brackets_of_its_own() -> None:
    reunion = make_territory("departement", name="La Réunion", code="974")
    make_territory("epci", name="CA du Nord de la Réunion (CINOR)", departement=reunion)
    lines = [
        "CA du Nord de la Réunion (CINOR)",
        "ca du nord de la reunion (cinor) (974)",
        "CA du Nord de la Réunion (CINOR), La Réunion",
    ]
    found = naming.resolve(lines)
    assert [len(found[line]) for line in lines] == [1, 1, 1]
    assert naming.resolve(["CA du Nord de la Réunion (CINOR) (17)"]).popitem()[1] == []


def test_a_former_code_leads_to_what_took_over() -> None:
    place = make_territory(name="Jonzac Nouvelle", code="17197")
    FormerCode.objects.create(code="17999", territory=place)
    assert naming.resolve(["17999", "Vieux Jonzac (17999)"]) == {
        "17999": [place],
        "Vieux Jonzac (17999)": [place],
    }


def test_a_long_list_costs_the_same_as_a_short_one(steward: User, call: Call) -> None:
    places = [make_territory(name=f"Ville {number}") for number in range(60)]
    lines = [f"{place.code};m{place.pk}@essai.test" for place in places[:30]]
    lines += [f"{place.name};m{place.pk}@essai.test" for place in places[30:]]
    numbers = []
    for count in (2, 60):
        rows = guests.read("\n".join(lines[:1] + lines[-(count - 1) :]))
        with CaptureQueriesContext(connection) as captured:
            assert guests.check(rows, call=call, user=make_steward()).problems == []
        numbers.append(len(captured))
    assert numbers[0] == numbers[1] < 14


def test_an_address_that_said_stop_is_said(client: Client, steward: User, call: Call) -> None:
    place = make_territory(name="Jonzac")
    digest = recipients.digest_of("m@jonzac.test")
    recipients.suppress(digest, Suppression.Reason.STOP)
    answer = client.post(here(call, "invite-list"), {"lines": f"{place.code};m@jonzac.test"})
    (problem,) = answer.context["checked"].problems
    assert (problem.column, problem.value) == ("adresse", "m@jonzac.test")
    assert "ne plus recevoir" in problem.rule


# --- One at a time ------------------------------------------------------------------------------


def test_one_territory_joins_the_list_and_waits_for_its_letter(
    client: Client, steward: User, call: Call
) -> None:
    make_territory(name="Jonzac", code="17197")
    search.rebuild()
    data = {"territory": "jonzac", "email": "m@jonzac.test"}
    page = text(client.post(here(call, "invite"), data, follow=True))
    assert "Jonzac est dans la liste" in page
    assert "1 invitation sans lettre" in page
    client.post(here(call, "invitations-letters"))
    assert Mail.objects.get().state == State.REVIEW
    again = client.post(here(call, "invite"), data | {"email": "autre@jonzac.test"})
    assert "est déjà invité" in text(again)
    assert again.context["form"].errors.keys() == {"territory"}
    assert "autre@jonzac.test" in text(again)
    page = text(client.post(here(call, "invitations-letters"), follow=True))
    assert "Toutes les invitations ont leur lettre" in page


def test_what_cannot_volunteer_is_not_invited(client: Client, steward: User, call: Call) -> None:
    make_territory("departement", name="Creuse", code="23")
    search.rebuild()
    answer = client.post(here(call, "invite"), {"territory": "Creuse", "email": "a@b.fr"})
    assert "ne peut pas se porter volontaire" in text(answer)
    assert not call.invitations.exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"closes_on": today(-1), "opens_on": today(-9)}, "est clos"),
        ({"cancelled_at": timezone.now()}, "annulé"),
        ({"settled_at": timezone.now()}, "On n’y invite plus"),
    ],
)
def test_a_call_that_is_over_invites_nobody(
    client: Client, steward: User, fields: dict[str, Any], words: str
) -> None:
    call = make_call(**fields)
    place = make_territory()
    answer = client.post(here(call, "invite"), {"territory": place.code, "email": "a@b.fr"})
    assert words in text(answer)
    assert not call.invitations.exists()


def test_letters_wait_until_the_call_is_published(client: Client, steward: User) -> None:
    call = make_call(published_at=None)
    invited(call, steward, "Jonzac")
    page = text(client.post(here(call, "invitations-letters"), follow=True))
    assert "Publiez d’abord l’appel" in page
    assert not Batch.objects.exists()


# --- Where each is ------------------------------------------------------------------------------


def test_each_invitation_says_where_it_is(
    client: Client, steward: User, call: Call, posting: Posting
) -> None:
    names = ["Silencieuse", "Curieuse", "Commence", "Volontaire", "Décline", "Annulée", "Refusée"]
    made = dict(zip(names, sent(call, steward, posting, *names), strict=True))
    Mail.objects.filter(pk=fresh(made["Refusée"]).letter_id).update(state=State.BOUNCED)
    verbs.note_opened(invitation=made["Curieuse"])
    make_volunteer(call, made["Commence"].territory, state=VolunteerState.DRAFT)
    make_volunteer(call, made["Volontaire"].territory)
    verbs.decline(invitation=made["Décline"], why="trop de projets")
    verbs.cancel_invitation(invitation=made["Annulée"], actor=ACTOR)
    invited(call, steward, "Nouvelle")
    assert states(call, steward) == {
        "Silencieuse": InvitationState.SENT,
        "Curieuse": InvitationState.OPENED,
        "Commence": InvitationState.DRAFT,
        "Volontaire": InvitationState.SUBMITTED,
        "Décline": InvitationState.DECLINED,
        "Annulée": InvitationState.CANCELLED,
        "Refusée": InvitationState.UNDELIVERED,
        "Nouvelle": InvitationState.TO_WRITE,
    }
    page = text(client.get(here(call)))
    assert "«\u00a0trop de projets\u00a0»" in page
    assert "Annulée<" not in page.split("<tbody>")[1]
    only = client.get(here(call), {"etat": "silencieux"}).context["page"].object_list
    assert {row.territory.name for row in only} == {"Silencieuse", "Curieuse"}
    assert len(client.get(here(call), {"q": "curieuse"}).context["page"].object_list) == 1
    for odd in ("?etat=nimporte", "?page=x", "?q=%00"):
        assert client.get(here(call) + odd).status_code == 200


def fresh(invitation: CallInvitation) -> CallInvitation:
    return CallInvitation.objects.get(pk=invitation.pk)


def test_the_silent_are_reminded_once(
    client: Client, steward: User, call: Call, posting: Posting
) -> None:
    quiet, answered = sent(call, steward, posting, "Jonzac", "Tulle")
    verbs.decline(invitation=answered)
    mail.outbox.clear()
    assert "Jonzac" in text(client.get(here(call, "invitations-remind")))
    client.post(here(call, "invitations-remind"))
    assert fresh(quiet).reminder
    assert fresh(answered).reminder is None
    batch = Batch.objects.get(kind="call-invitation-reminder")
    with posting():
        outbox.release_batch(batch=batch, actor=ACTOR)
    assert [letter.to for letter in mail.outbox] == [["mairie-0@essai.test"]]
    assert "notre seule relance" in mail.outbox[0].body
    page = text(client.post(here(call, "invitations-remind"), follow=True))
    assert "Personne n’est à relancer" in page
    assert Batch.objects.filter(kind="call-invitation-reminder").count() == 1


def test_a_reminder_does_not_reach_who_has_answered_meanwhile(
    steward: User, call: Call, posting: Posting
) -> None:
    (quiet,) = sent(call, steward, posting, "Jonzac")
    batch = verbs.remind_silent(call=call, reader=steward, actor=ACTOR)
    make_volunteer(call, quiet.territory, state=VolunteerState.DRAFT)
    mail.outbox.clear()
    with posting():
        outbox.release_batch(batch=batch, actor=ACTOR)
    assert mail.outbox == []
    assert batch.mails.get().state == State.CANCELLED


def test_a_reminder_taken_out_can_be_composed_again(
    steward: User, call: Call, posting: Posting
) -> None:
    sent(call, steward, posting, "Jonzac")
    batch = verbs.remind_silent(call=call, reader=steward, actor=ACTOR)
    outbox.cancel_batch(batch=batch, actor=ACTOR)
    assert verbs.remind_silent(call=call, reader=steward, actor=ACTOR).mails.count() == 1


def test_a_territory_that_came_by_itself_is_not_invited_any_more(
    call: Call, steward: User, posting: Posting
) -> None:
    before, between = invited(call, steward, "Jonzac", "Tulle")
    make_volunteer(call, before.territory)
    with posting():
        batch = verbs.compose_letters(call=call, reader=steward, actor=ACTOR)
        make_volunteer(call, between.territory)
        outbox.release_batch(batch=batch, actor=ACTOR)
    assert [letter.address for letter in batch.mails.all()] == [between.email]
    assert not mail.outbox


def test_a_cancelled_invitation_does_not_leave(
    client: Client, steward: User, call: Call, posting: Posting
) -> None:
    kept, gone = invited(call, steward, "Jonzac", "Tulle")
    batch = verbs.compose_letters(call=call, reader=steward, actor=ACTOR)
    address = here(call, "invitation-cancel", gone.ref)
    assert "Tulle" in text(client.get(address))
    client.post(address, {"reason": "doublon"})
    with posting():
        outbox.release_batch(batch=batch, actor=ACTOR)
    assert [letter.to for letter in mail.outbox] == [[kept.email]]
    assert "a été annulée" in text(Client().get(link(gone)))
    assert journal.history(call.subject)[0].reason == "doublon"
    assert "déjà annulée" in text(client.post(address, {"reason": ""}, follow=True))
    place = gone.territory  # it can be invited again
    guest = read.Guest(place, gone.email)
    assert verbs.invite(call=call, guests=[guest], inviter=steward, actor=ACTOR)


def test_the_list_leaves_as_a_file(
    client: Client, steward: User, call: Call, posting: Posting
) -> None:
    sent(call, steward, posting, "Jonzac", "=Tulle")
    rows = list(
        csv.DictReader(
            io.StringIO(client.get(here(call, "invitations-csv")).content.decode("utf-8-sig"))
        )
    )
    assert [row["territoire"] for row in rows] == ["Jonzac", "'=Tulle"]
    assert {row["etat"] for row in rows} == {"Envoyée"}
    assert rows[0]["silencieux"] == timezone.localdate().isoformat()
    assert client.get(here(call, "invitations-ods")).content[:2] == b"PK"
    none = client.get(here(call, "invitations-csv"), {"etat": "declined"}).content.decode()
    assert "Jonzac" not in none


def test_the_list_costs_the_same_whatever_its_length(
    client: Client, steward: User, call: Call, posting: Posting
) -> None:
    sent(call, steward, posting, "Un")
    client.get(here(call))
    numbers = []
    for names in ((), [f"Ville {n}" for n in range(20)]):
        if names:
            sent(call, steward, posting, *names)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(here(call)).status_code == 200
        numbers.append(len(captured))
    assert numbers[0] == numbers[1] < 25


# --- The link -----------------------------------------------------------------------------------


def test_the_letter_leads_to_the_page_of_the_territory(
    steward: User, call: Call, posting: Posting
) -> None:
    (invitation,) = sent(call, steward, posting, "Jonzac")
    (letter,) = mail.outbox
    assert letter.subject == "Jonzac est invité à se porter volontaire : Bien vieillir"
    path = re.search(r"https://fabriques.test(/appels/\S+)", letter.body)
    assert path
    visitor = Client()
    page = visitor.get(path[1])
    assert page["Cache-Control"] == "private, no-store"
    # Stricter, browsers would no longer say where the answer below comes from: it would be refused.
    assert page["Referrer-Policy"] == "same-origin"
    words = text(page)
    assert "L’ANCT vous invite" in words
    assert "minuit heure de Paris" in words
    start = reverse("volunteer-start", args=[call.slug])
    territory = invitation.territory
    assert f"{start}?territoire=commune%3A{territory.code}&amp;invitation={invitation.ref}" in words
    assert fresh(invitation).opened_at
    assert states(call, steward) == {"Jonzac": InvitationState.OPENED}


def test_programs_and_stewards_do_not_count_as_opening(
    client: Client, steward: User, call: Call, posting: Posting
) -> None:
    (invitation,) = sent(call, steward, posting, "Jonzac")
    Client().head(link(invitation))
    Client().get(link(invitation), headers={"sec-purpose": "prefetch"})
    page = text(client.get(link(invitation)))  # from the letter to reread
    assert "votre visite ne compte pas" in page
    client.post(link(invitation), {"answer": "decline"})
    assert fresh(invitation).opened_at is None
    assert fresh(invitation).declined_at is None


def test_a_territory_says_no_then_changes_its_mind(call: Call, steward: User) -> None:
    (invitation,) = invited(call, steward, "Jonzac")
    visitor = Client()
    answer = visitor.post(link(invitation), {"answer": "decline", "why": "élections"}, follow=True)
    assert "Merci de nous l’avoir dit" in text(answer)
    assert "Finalement" in text(answer)
    assert fresh(invitation).declined_why == "élections"
    entry = journal.history(call.subject)[0]
    assert (entry.verb, entry.reason) == ("invitation déclinée", "élections")
    visitor.post(link(invitation), {"answer": "reconsider"})
    assert fresh(invitation).declined_at is None
    assert "Ce n’est pas pour nous cette fois" in text(visitor.get(link(invitation)))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"cancelled_at": timezone.now()}, "a été annulé"),
        ({"closes_on": today(-1)}, "est clos"),
    ],
)
def test_a_link_says_why_it_is_spent(
    call: Call, steward: User, fields: dict[str, Any], words: str
) -> None:
    (invitation,) = invited(call, steward, "Jonzac")
    Call.objects.update(**fields)
    visitor = Client()
    assert words in text(visitor.get(link(invitation)))
    assert words in text(visitor.post(link(invitation), {"answer": "decline"}))
    assert "Se porter volontaire</a>" not in text(visitor.get(link(invitation)))
    assert (fresh(invitation).opened_at, fresh(invitation).declined_at) == (None, None)


def test_a_link_before_the_opening_says_when(steward: User) -> None:
    call = make_call(opens_on=today(5), closes_on=today(30))
    (invitation,) = invited(call, steward, "Jonzac")
    page = text(Client().get(link(invitation)))
    assert "L’appel ouvre le" in page
    assert "volunteer-start" not in page


def test_guessing_links_is_slowed(call: Call, steward: User) -> None:
    (invitation,) = invited(call, steward, "Jonzac")
    other = make_call()
    visitor = Client()
    token = verbs.token_of(invitation)
    assert visitor.get(reverse("call-invitation", args=[other.slug, token])).status_code == 404
    addresses = [reverse("call-invitation", args=[call.slug, f"x{n}"]) for n in range(40)]
    assert {visitor.get(address).status_code for address in addresses} == {404, 429}
    assert visitor.get(link(invitation)).status_code == 200


# --- Put forward --------------------------------------------------------------------------------


@pytest.fixture
def partner(client: Client, call: Call) -> User:
    """Signed in, acts for the association of small towns, which sees communes only."""
    association = make_call_partner(
        call, organisation=make_organisation(name="Petites villes"), reach="communes"
    )
    person = make_reviewer(association).user
    client.force_login(person)
    return person


def test_a_partner_puts_a_territory_forward(
    client: Client, call: Call, partner: User, posting: Posting
) -> None:
    place = make_territory(name="Jonzac")
    data = {"territory": place.code, "email": "m@jonzac.test", "reason": "Maison des aînés."}
    answer = client.post(here(call, "put-forward"), data, follow=True)
    assert "Vous proposez Jonzac" in text(answer)
    assert "Lettre à composer" in text(answer)
    invitation = call.invitations.get()
    assert invitation.way_in == WayIn.PUT_FORWARD
    steward = make_steward()
    with posting():
        batch = verbs.compose_letters(call=call, reader=steward, actor=ACTOR)
        outbox.release_batch(batch=batch, actor=ACTOR)
    (letter,) = mail.outbox
    assert "Petites villes propose Jonzac" in letter.body
    assert "Maison des aînés." in letter.body
    assert "Petites villes vous propose" in text(Client().get(link(invitation)))
    assert states(call, partner) == {"Jonzac": InvitationState.OPENED}


def test_out_of_its_reach_a_partner_is_told_beside_the_field(
    client: Client, call: Call, partner: User
) -> None:
    epci = make_territory("epci", name="CC des Étangs")
    data = {"territory": epci.code, "email": "m@etangs.test", "reason": "Bien placée."}
    answer = client.post(here(call, "put-forward"), data)
    assert answer.context["form"].errors.keys() == {"territory"}
    assert "votre organisation propose les communes" in text(answer)
    assert "Bien placée." in text(answer)
    assert not call.invitations.exists()


def test_a_partner_of_one_programme_proposes_its_members(client: Client, call: Call) -> None:
    towns = NationalProgramme.objects.create(slug="pvd", name="Petites villes de demain")
    partner = make_call_partner(call, only_programme=towns)
    client.force_login(make_reviewer(partner).user)
    member, other = make_territory(name="Jonzac"), make_territory(name="Tulle")
    ProgrammeMembership.objects.create(territory=member, programme=towns)
    data = {"email": "m@essai.test", "reason": "Bien placée."}
    answer = client.post(here(call, "put-forward"), data | {"territory": other.code})
    assert "les membres de « Petites villes de demain »" in text(answer)
    client.post(here(call, "put-forward"), data | {"territory": member.code})
    assert call.invitations.get().territory == member


def test_a_partner_sees_only_what_it_put_forward(client: Client, call: Call, partner: User) -> None:
    steward = make_steward()
    (secret,) = invited(call, steward, "Tulle")
    page = text(client.get(here(call)))
    assert "Tulle" not in page
    assert "Vous n’avez encore proposé aucun territoire" in page
    assert "Tulle" not in client.get(here(call, "invitations-csv")).content.decode()
    assert client.get(here(call, "invitation-cancel", secret.ref)).status_code == 404
    data = {"territory": secret.territory.code, "email": "m@tulle.test", "reason": "Idée."}
    assert "est déjà invité" in text(client.post(here(call, "put-forward"), data))


def test_a_partner_outside_its_rights(client: Client, call: Call, partner: User) -> None:
    for name in ("invite", "invite-list", "invitations-remind", "invitations-letters"):
        assert client.post(here(call, name)).status_code == 404, name
    call.partners.update(puts_forward=False)
    for name in ("put-forward", "invitations", "invitations-csv", "invitations-ods"):
        assert client.get(here(call, name)).status_code == 404, name
    foreign = make_call()
    assert client.get(here(foreign)).status_code == 404
    refused = make_call_partner(call, puts_forward=False)
    with pytest.raises(RefusedError, match="ne propose pas"):
        verbs.put_forward(
            call=call,
            partner=refused,
            guest=read.Guest(make_territory(), "a@b.fr"),
            reason="Idée.",
            by=partner,
            actor=ACTOR,
        )


def test_letters_to_compose_await_stewards(client: Client, steward: User, call: Call) -> None:
    from fabriques.kit.awaiting import awaiting

    assert [task.title for task in awaiting(steward)] == []
    invited(call, steward, "Jonzac")
    assert [task.title for task in awaiting(steward)] == ["Composer les lettres d’invitation"]
    verbs.compose_letters(call=call, reader=steward, actor=ACTOR)
    titles = [task.title for task in awaiting(User.objects.get(pk=steward.pk))]
    assert titles == ["Relire l’envoi « Invitations\u00a0: Bien vieillir »"]
