"""A territory volunteers: found, recognised, written, submitted, acknowledged, withdrawn."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from fabriques.intake.domain import declarations as writing
from fabriques.intake.domain import volunteering as verbs
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.models import Call, CallInvitation, Conflict, IndicatorValue, Volunteer
from fabriques.intake.queries import volunteering as read
from fabriques.kit import awaiting, journal, outbox
from fabriques.kit.journal import Actor
from fabriques.kit.outbox.models import Mail, Notice
from fabriques.people.models import User
from fabriques.territories import search
from fabriques.territories.models import NationalProgramme, ProgrammeMembership, Territory
from tests.factories import make_territory, make_user
from tests.intake.factories import (
    make_call,
    make_call_partner,
    make_reviewer,
    make_steward,
    make_volunteer,
    today,
)
from tests.intake.volunteering import SAID, again, edit, sent, text_of, way_in

pytestmark = pytest.mark.django_db
ESSAI = Actor("essai")
# --- The way in -------------------------------------------------------------------------------


def test_whoever_is_not_signed_in_comes_back_after(client: Client, call: Call) -> None:
    page = client.get(way_in(call))
    assert page["Location"] == f"/compte/connexion/?next=/appels/{call.slug}/volontariat/"


def test_the_territory_is_found_then_recognised_before_anything_begins(
    client: Client, awa: User, call: Call, jonzac: Territory
) -> None:
    programme = NationalProgramme.objects.create(slug="pvd", name="Petites villes de demain")
    ProgrammeMembership.objects.create(territory=jonzac, programme=programme)
    indicator = call.indicators.create(
        slug="75", name="Plus de 75 ans", unit="%", source="essai", year="2022"
    )
    IndicatorValue.objects.create(indicator=indicator, territory=jonzac, value=18.25)
    make_territory("arrondissement", name="Jonzac")
    search.rebuild()
    found = client.get(way_in(call), {"q": "jonzac"})
    assert f'href="?territoire={read.key_of(jonzac)}"' in text_of(found)
    assert "1 réponse pour" in text_of(found)
    page = text_of(client.get(way_in(call, jonzac)))
    for words in ("3 500 habitants", "Petites villes de demain", "18,25 %", "C’est bien nous"):
        assert words in page.replace("\u202f", " ")
    assert not Volunteer.objects.exists()
    client.post(way_in(call), {"territoire": read.key_of(jonzac)})
    draft = Volunteer.objects.get()
    assert (draft.state, draft.way_in, draft.number) == ("draft", "self", None)
    assert [author.user for author in read.authors_of(draft)] == [awa]


def test_begun_once_by_whoever_begins_twice(client: Client, draft: Volunteer) -> None:
    page = client.post(way_in(draft.call), {"territoire": read.key_of(draft.territory)})
    assert page["Location"] == edit(draft)
    assert Volunteer.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"opens_on": today(3)}, "n’est pas encore ouvert. Il ouvre le"),
        ({"opens_on": today(-9), "closes_on": today(-2)}, "Cet appel est clos depuis le"),
        ({"cancelled_at": timezone.now()}, "Cet appel a été annulé le"),
    ],
)
def test_a_call_that_is_not_open_says_so_with_its_dates(
    client: Client, awa: User, jonzac: Territory, fields, words: str
) -> None:
    call = make_call(**fields)
    assert words in text_of(client.get(way_in(call, jonzac)))
    assert words in text_of(client.post(way_in(call), {"territoire": read.key_of(jonzac)}))
    with pytest.raises(RefusedError, match=words):
        verbs.start_volunteering(call=call, territory=jonzac, user=awa)


def test_a_call_in_preparation_is_not_there(client: Client, awa: User) -> None:
    assert client.get(way_in(make_call(published_at=None))).status_code == 404


def test_a_territory_that_disappeared_offers_its_successor(
    client: Client, awa: User, call: Call, jonzac: Territory
) -> None:
    between = make_territory(closed_on=today(-9), successor=jonzac)
    gone = make_territory(name="Villexavier", closed_on=today(-90), successor=between)
    page = text_of(client.get(way_in(call, gone)))
    assert "Villexavier ne figure plus dans le découpage administratif" in page
    assert f'href="?territoire={read.key_of(jonzac)}">Continuer avec Jonzac' in page
    client.post(way_in(call), {"territoire": read.key_of(gone)})
    assert not Volunteer.objects.exists()


def test_a_territory_that_merges_while_it_writes_does_not_submit(
    client: Client, awa: User, call: Call, jonzac: Territory
) -> None:
    begun = verbs.start_volunteering(call=call, territory=jonzac, user=awa)
    heir = make_territory(name="Jonzac-sur-Seugne")
    Territory.objects.filter(pk=jonzac.pk).update(closed_on=today(-1), successor=heir)
    page = text_of(sent(client, begun, submit="1", **SAID))
    assert "ce territoire est devenu Jonzac-sur-Seugne" in page
    kept = again(begun)
    assert (kept.state, kept.local_question) == ("draft", SAID["local_question"])


def test_what_cannot_volunteer_says_who_can(client: Client, awa: User, call: Call) -> None:
    page = text_of(client.get(way_in(call, make_territory("departement", name="Charente"))))
    assert "Charente (département) ne peut pas porter une déclaration" in page
    assert "n’est pas connu" in text_of(client.get(f"{way_in(call)}?territoire=commune:nulle"))


def test_a_priority_district_is_a_perimeter(
    client: Client, awa: User, call: Call, jonzac: Territory
) -> None:
    district = make_territory("qpv", name="Les Ouches")
    district.communes.add(jonzac)
    page = text_of(client.get(way_in(call, district)))
    assert f"?territoire={read.key_of(jonzac)}&amp;perimetre={read.key_of(district)}" in page
    named = {"territoire": read.key_of(jonzac), "perimetre": read.key_of(district)}
    client.post(way_in(call), named)
    assert Volunteer.objects.get().focus_territory == district


def test_a_perimeter_elsewhere_is_not_taken(awa: User, call: Call, jonzac: Territory) -> None:
    elsewhere = make_territory("qpv")
    begun = verbs.start_volunteering(call=call, territory=jonzac, user=awa, focus=elsewhere)
    assert begun.focus_territory is None


def test_the_way_in_is_that_of_the_invitation(
    client: Client, awa: User, call: Call, jonzac: Territory
) -> None:
    fields = {"call": call, "territory": jonzac}
    CallInvitation.objects.create(email="a@b.fr", way_in="invited", **fields)
    mine = CallInvitation.objects.create(email=awa.email, way_in="put-forward", **fields)
    other = CallInvitation.objects.create(
        email="c@d.fr", way_in="put-forward", cancelled_at=timezone.now(), **fields
    )
    begun = verbs.start_volunteering(call=call, territory=jonzac, user=awa, invitation=other)
    assert (begun.invitation, begun.way_in) == (mine, "put-forward")


# --- Submitting -------------------------------------------------------------------------------


def test_submitted_numbered_and_acknowledged(client: Client, draft: Volunteer, awa: User) -> None:
    make_volunteer(draft.call)
    page = sent(client, draft, **SAID, submit="1")
    assert page["Location"] == draft.get_absolute_url()
    done = again(draft)
    assert (done.state, done.number) == ("submitted", 2)
    assert "déposée sous le numéro 2" in text_of(client.get(draft.get_absolute_url()))
    told = {(mail.kind, mail.address) for mail in Mail.objects.all()}
    assert told == {
        ("volunteering-submitted", awa.email),
        ("volunteering-named", "maire@jonzac.test"),
        ("volunteering-named", "dgs@jonzac.test"),
    }
    for mail in Mail.objects.all():
        assert mail.context["about"] == done.subject
        assert "Josiane" not in str(mail.context)
        assert "Jonzac" in outbox.rendering.message_of(mail).body
    entry = journal.history(done.subject).first()
    assert (entry.verb, entry.after["numéro"]) == ("déclaration déposée", 2)
    verbs.submit(volunteer=done, actor=ESSAI)
    assert Mail.objects.count() == 3


def test_the_receipt_is_a_tagged_pdf_of_what_was_said(client: Client, draft: Volunteer) -> None:
    address = f"/espace/volontariats/{draft.ref}/recu/"
    assert client.get(address).status_code == 404
    question = draft.call.questions.create(label="Réunis avec qui ? #emph[nous]")
    sent(client, draft, **SAID, **{f"question_{question.pk}": "*Tous* #panic()"}, submit="1")
    got = client.get(address)
    content = b"".join(got.streaming_content)
    assert got["Content-Type"] == "application/pdf"
    for mark in (b"/StructTreeRoot", b"pdfuaid", b"/Lang(fr-FR)"):
        assert mark in content
    # Headings stand in the outline as they were typed: nothing in them is run as markup.
    for title in ("Reçu d’une déclaration de volontariat", "Réunis avec qui ? #emph[nous]"):
        assert title.encode("utf-16-be").hex().upper().encode() in content


def test_a_receipt_is_given_whatever_signs_were_typed(client: Client, draft: Volunteer) -> None:
    """No face of ours draws these: the document is made all the same, and stays tagged."""
    sent(
        client,
        draft,
        **(SAID | {"motivation": "Bien vieillir 中 👨\u200d👩\u200d👧 \x07"}),
        submit="1",
    )
    got = client.get(f"/espace/volontariats/{draft.ref}/recu/")
    assert got.status_code == 200
    assert b"/StructTreeRoot" in b"".join(got.streaming_content)


def test_after_submission_changes_are_journaled_and_nothing_is_emptied(
    client: Client, draft: Volunteer
) -> None:
    sent(client, draft, **SAID, submit="1")
    sent(client, draft, motivation="Encore mieux.", elected_email="autre@jonzac.test")
    entry = journal.history(draft.subject).first()
    assert entry.verb == "déclaration modifiée"
    assert entry.after == {"motivation": "Encore mieux.", "élu·e et technicien·ne": "modifiés"}
    assert Mail.objects.filter(kind="volunteering-named").count() == 3
    page = sent(client, draft, motivation="", local_question="Et celle-ci ?")
    assert "modifiez-la sans la vider" in text_of(page)
    assert "Et celle-ci ?" in text_of(page)
    assert again(draft).motivation == "Encore mieux."
    assert again(draft).local_question == SAID["local_question"]


def test_a_draft_leaves_nothing_in_the_journal_that_names_its_territory(draft: Volunteer) -> None:
    writing.save_declaration(volunteer=draft, values=SAID, actor=ESSAI)
    entries = list(journal.history(draft.subject))
    assert [entry.verb for entry in entries] == ["déclaration commencée"]
    assert "Jonzac" not in journal.titles_of({draft.subject})[draft.subject]
    verbs.submit(volunteer=draft, actor=ESSAI)
    assert "Jonzac" in journal.titles_of({draft.subject})[draft.subject]


def test_a_commune_and_its_grouping_are_both_told(client: Client, awa: User, call: Call) -> None:
    epci = make_territory("epci", name="CC de la Haute-Saintonge")
    commune = make_territory(name="Jonzac", epci=epci)
    first = make_volunteer(call, epci, author=make_user())
    draft = verbs.start_volunteering(call=call, territory=commune, user=awa)
    assert "recouvrent" not in text_of(client.get(draft.get_absolute_url()))
    done = client.post(edit(draft), {"seen": "{}", **SAID, "submit": "1"}, follow=True)
    words = (
        "CC de la Haute-Saintonge s’est aussi porté volontaire, et vos territoires se recouvrent"
    )
    assert words in text_of(done)
    told = Notice.objects.get(kind="volunteering-overlap")
    assert told.user == first.authors.get().user
    assert told.mail is not None
    assert "Jonzac se porte aussi volontaire" in outbox.rendering.message_of(told.mail).subject
    assert read.overlapping(first) == [again(draft)]


def test_stewards_see_what_overlaps_but_not_what_is_concealed(
    client: Client, call: Call, settings
) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    epci = make_territory("epci", name="CC de la Haute-Saintonge")
    grouping = make_volunteer(call, epci)
    commune = make_volunteer(call, make_territory(name="Jonzac", epci=epci))
    steward = make_steward()
    client.force_login(steward)
    assert "se recouvrent" in text_of(client.get(commune.get_absolute_url()))
    Conflict.objects.create(call=call, territory=epci, user=steward)
    page = text_of(client.get(commune.get_absolute_url()))
    assert "Comment vieillir ici ?" in page
    assert "CC de la Haute-Saintonge" not in page
    assert client.get(grouping.get_absolute_url()).status_code == 404


# --- Reading ----------------------------------------------------------------------------------


def test_each_reads_what_they_may(call: Call, jonzac: Territory, settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    author, steward = make_user(), make_steward()
    volunteer = make_volunteer(call, jonzac, author=author)
    reviewer = make_reviewer(make_call_partner(call)).user
    outside = make_reviewer(make_call_partner(call, reach="groupings")).user
    rights = {author: True, steward: True, reviewer: False}
    for user, contacts in rights.items():
        client = Client()
        client.force_login(user)
        page = text_of(client.get(volunteer.get_absolute_url()))
        assert "Comment vieillir ici ?" in page
        assert ("maire@essai.test" in page) is contacts
        receipt = client.get(f"{volunteer.get_absolute_url()}recu/")
        assert receipt.status_code == (200 if contacts else 404)
    for user in (outside, make_user()):
        client = Client()
        client.force_login(user)
        assert client.get(volunteer.get_absolute_url()).status_code == 404
    Volunteer.objects.update(state="draft", number=None)
    for user in (steward, reviewer):
        client = Client()
        client.force_login(user)
        assert client.get(volunteer.get_absolute_url()).status_code == 404


def test_a_decision_shows_once_announced_and_never_before(
    client: Client, awa: User, call: Call, jonzac: Territory
) -> None:
    volunteer = make_volunteer(
        call, jonzac, author=awa, pending_outcome="not-retained", pending_reason="Trop proche."
    )
    pages = (volunteer.get_absolute_url(), "/espace/volontariats/")
    for page in pages:
        assert "Non retenu" not in text_of(client.get(page))
    assert "Trop proche." not in text_of(client.get(pages[0]))
    Volunteer.objects.update(outcome="reserve", outcome_reason="Équilibre.", reserve_rank=2)
    page = text_of(client.get(pages[0]))
    assert "en réserve, au rang 2" in page
    assert "Équilibre." in page
    assert "En réserve" in text_of(client.get(pages[1]))


def test_pages_cost_the_same_whatever_their_number(
    client: Client, awa: User, call: Call, django_assert_max_num_queries
) -> None:
    for _ in range(8):
        make_volunteer(call, author=awa)
    with django_assert_max_num_queries(22):
        client.get("/espace/volontariats/")
    with django_assert_max_num_queries(34):
        client.get(Volunteer.objects.first().get_absolute_url())


# --- Withdrawing ------------------------------------------------------------------------------


def test_withdrawn_at_any_time_and_begun_again(client: Client, draft: Volunteer) -> None:
    sent(client, draft, **SAID, submit="1")
    followed = []
    verbs.after_withdrawal.append(lambda volunteer, actor: followed.append(volunteer.pk))
    try:
        Call.objects.update(closes_on=today(-1))
        client.post(f"{draft.get_absolute_url()}retirer/", {"reason": "Élections."})
    finally:
        verbs.after_withdrawal.pop()
    assert followed == [draft.pk]
    gone = again(draft)
    assert (gone.state, gone.number, gone.withdrawal_reason) == ("withdrawn", 1, "Élections.")
    entry = journal.history(draft.subject).first()
    assert (entry.verb, entry.reason) == ("déclaration retirée", "Élections.")
    page = text_of(client.post(f"{draft.get_absolute_url()}retirer/", {"reason": ""}))
    assert "déjà retirée" in page
    Call.objects.update(closes_on=today(9))
    client.post(way_in(draft.call), {"territoire": read.key_of(draft.territory)})
    assert Volunteer.objects.filter(territory=draft.territory, state="draft").count() == 1


def test_a_steward_records_a_withdrawal_and_authors_are_told(
    client: Client, draft: Volunteer, awa: User, settings
) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    sent(client, draft, **SAID, submit="1")
    client.force_login(make_steward())
    client.post(f"{draft.get_absolute_url()}retirer/", {"reason": "Dit par téléphone."})
    assert again(draft).state == "withdrawn"
    mail = Mail.objects.get(kind="volunteering-withdrawn")
    assert mail.address == awa.email
    assert "Dit par téléphone." in outbox.rendering.message_of(mail).body


# --- What awaits ------------------------------------------------------------------------------


def test_a_draft_awaits_its_authors_urgent_in_the_last_week(draft: Volunteer, awa: User) -> None:
    def task():
        return next((t for t in awaiting.awaiting(awa) if "Terminez" in t.title), None)

    for days, words, urgent in (
        (60, "l’appel ferme le", False),
        (12, "l’appel ferme dans 12 jours", False),
        (5, "l’appel ferme dans 5 jours", True),
        (0, "ce soir à minuit, heure de Paris", True),
    ):
        Call.objects.update(closes_on=today(days))
        assert words in task().title
        assert task().urgent is urgent
    Call.objects.update(closes_on=today(-1))
    assert task() is None


def test_the_space_opens_on_the_declarations_of_whoever_has_no_role(
    client: Client, draft: Volunteer
) -> None:
    verbs.withdraw_declaration(volunteer=draft, actor=ESSAI)
    page = text_of(client.get("/espace/"))
    assert f'href="{draft.get_absolute_url()}">Jonzac</a>' in page
    assert "aucun rôle" not in page


def test_one_reminder_before_the_call_closes(draft: Volunteer, awa: User) -> None:
    from fabriques.intake.ticks.volunteering import remind_drafts

    def reminders() -> int:
        return Notice.objects.filter(kind="volunteering-draft", user=awa).count()

    now = timezone.now()
    remind_drafts(now)
    assert reminders() == 0
    Call.objects.update(closes_on=today(4))
    remind_drafts(now)
    Notice.objects.update(settled_at=now)
    remind_drafts(now + timedelta(days=1))
    assert reminders() == 1
