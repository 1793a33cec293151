"""Calls in the space: prepared, published, prolonged, cancelled; who sees what."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from fabriques.intake.domain import calls as verbs
from fabriques.intake.domain import inviting
from fabriques.intake.enums import Phase, WayIn
from fabriques.intake.models import (
    Call,
    CallInvitation,
    CallQuestion,
    Conflict,
    Extension,
    Opinion,
)
from fabriques.intake.queries import access
from fabriques.intake.queries import calls as read
from fabriques.intake.queries.inviting import Guest
from fabriques.kit import journal
from fabriques.kit.awaiting import awaiting
from fabriques.kit.journal import Actor
from fabriques.kit.outbox.models import Mail, Notice
from fabriques.kit.search.models import SearchEntry
from fabriques.people.models import User
from fabriques.territories.models import NationalProgramme
from tests.factories import make_territory, make_user
from tests.guards import GuardedClient
from tests.intake.factories import (
    make_call,
    make_call_partner,
    make_reviewer,
    make_steward,
    make_volunteer,
    today,
)

pytestmark = pytest.mark.django_db

ACTOR = Actor("essai")


@pytest.fixture(autouse=True)
def _without_second_factor(settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = False


@pytest.fixture
def steward() -> User:
    return make_steward(name="Claire Fontaine")


def as_(user: User) -> GuardedClient:
    client = GuardedClient()
    client.force_login(user)
    return client


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def sheet(**fields: Any) -> dict[str, Any]:
    """What the form of a complete call sends."""
    return {
        "title": "Bien vieillir",
        "question": "Comment bien vieillir ici ?",
        "presentation": "Pour les petites villes.",
        "places_min": 4,
        "places_max": 8,
        "opens_on": today(5).isoformat(),
        "closes_on": today(60).isoformat(),
        "decides_on": today(90).isoformat(),
        "starts_on": "2027-09",
        "ends_on": "2028",
        "publish_result": "on",
        "version": 1,
    } | fields


# --- Preparing --------------------------------------------------------------------------------


def test_a_call_is_prepared_published_and_found(steward) -> None:
    client = as_(steward)
    assert 'name="places_min" value="4"' in client.get("/espace/appels/nouveau/").content.decode()
    programme = NationalProgramme.objects.create(slug="pvd", name="Petites villes de demain")
    short = {"title": "Bien vieillir", "question": "Comment ?", "places_min": 4, "places_max": 8}
    client.post("/espace/appels/nouveau/", short | {"version": 1})
    call = Call.objects.get()
    assert (call.slug, call.phase) == ("bien-vieillir", Phase.DRAFT)
    page = text(client.get("/espace/appels/bien-vieillir/publier/"))
    for lacking in ("La présentation", "La date d’ouverture.", "La date de clôture.", "annonce"):
        assert lacking in page
    assert "Il manque : La date de clôture." in text(
        client.post("/espace/appels/bien-vieillir/publier/")
    )
    assert not Call.objects.get().published_at
    fields = sheet(programmes=[programme.pk])
    client.post("/espace/appels/bien-vieillir/modifier/", fields)
    preview = text(client.get("/espace/appels/bien-vieillir/apercu/"))
    assert "cette page n’est pas publique" in preview
    assert "Petites villes de demain" in preview
    assert GuardedClient().get("/appels/bien-vieillir/").status_code == 404
    client.post("/espace/appels/bien-vieillir/publier/")
    assert Call.objects.get().phase == Phase.ANNOUNCED
    assert "Pour les petites villes." in text(GuardedClient().get("/appels/bien-vieillir/"))
    assert "/appels/bien-vieillir/" in (
        GuardedClient().get("/recherche/", {"q": "vieillir"}).content.decode()
    )
    verbs_told = [entry.verb for entry in journal.history("appel:bien-vieillir")]
    assert verbs_told == ["appel publié", "appel modifié", "appel préparé"]
    assert client.post("/espace/appels/bien-vieillir/publier/").status_code == 200  # says so


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"title": ""}, "Donnez un titre."),
        ({"places_min": 9}, "Le nombre le plus grand doit venir en second."),
        ({"places_max": 500}, "20"),
        ({"closes_on": today(2).isoformat()}, "L’appel fermerait avant d’ouvrir"),
        ({"decides_on": today(30).isoformat()}, "La cohorte serait annoncée avant la clôture."),
        ({"opens_on": "31/02/2027"}, "Ce n’est pas une date : écrivez 15/01/2027."),
        ({"starts_on": "septembre"}, "n’est pas une date : écrivez 2022"),
        ({"ends_on": "2026"}, "La fabrique finirait avant de commencer."),
        ({"ends_on": "2027-08"}, "La fabrique finirait avant de commencer."),
    ],
)
def test_a_sheet_that_cannot_be_says_why_and_loses_nothing(steward, fields, sentence) -> None:
    answer = as_(steward).post("/espace/appels/nouveau/", sheet(**fields))
    assert answer.status_code == 200
    assert sentence in text(answer)
    assert "Pour les petites villes." in answer.content.decode()
    assert not Call.objects.exists()
    call = make_call(published_at=None)
    as_(steward).post(f"/espace/appels/{call.slug}/modifier/", sheet(**fields))
    assert Call.objects.get().title == call.title


def test_a_fabrique_may_end_in_the_year_it_starts(steward) -> None:
    as_(steward).post("/espace/appels/nouveau/", sheet(starts_on="2027-09", ends_on="2027"))
    assert Call.objects.get().ends_on == "2027"


def test_a_long_title_is_found_as_the_others(steward) -> None:
    longest = SearchEntry._meta.get_field("code").max_length
    for _ in range(2):
        as_(steward).post("/espace/appels/nouveau/", sheet(title="Bien vieillir ici " * 11))
    for call in Call.objects.all():
        assert len(call.slug) <= longest
        verbs.publish_call(call=call, actor=ACTOR)
    assert SearchEntry.objects.filter(kind="appel").count() == 2


def test_calls_of_one_title_have_an_address_each(steward) -> None:
    for title in ("Nouveau", "Nouveau", "???", "L’eau d'ici"):
        as_(steward).post("/espace/appels/nouveau/", sheet(title=title))
    slugs = set(Call.objects.values_list("slug", flat=True))
    assert slugs == {"nouveau-2", "nouveau-3", "appel", "l-eau-d-ici"}


def test_two_stewards_who_edit_see_what_differs(steward) -> None:
    call = make_call(published_at=None, presentation="x")
    address = f"/espace/appels/{call.slug}/modifier/"
    assert as_(steward).post(address, sheet(title="Premier")).status_code == 302
    late = as_(make_steward()).post(address, sheet(title="Second", places_max=6))
    page = text(late)
    assert "Quelqu’un a modifié cette fiche" in page
    assert "Premier" in page
    assert 'value="Second"' in late.content.decode()
    assert Call.objects.get().title == "Premier"
    version = re.search(r'name="version" value="(\d+)"', late.content.decode())
    assert version
    as_(steward).post(address, sheet(title="Second", version=version[1]))
    assert Call.objects.get().title == "Second"


# --- Once published ---------------------------------------------------------------------------


def test_the_question_changes_with_a_reason_once_the_call_is_open(steward) -> None:
    call = make_call(presentation="x", decides_on=today(90), question="Avant ?")
    client, address = as_(steward), f"/espace/appels/{call.slug}/modifier/"
    fields = sheet(question="Après ?")
    page = client.get(address).content.decode()
    assert 'name="closes_on"' not in page
    assert 'name="opens_on"' not in page
    answer = client.post(address, fields)
    assert "dites pourquoi elle change" in text(answer)
    assert "Après ?" in answer.content.decode()
    assert Call.objects.get().question == "Avant ?"
    client.post(address, fields | {"reason": "Une faute de frappe."})
    call.refresh_from_db()
    assert call.question == "Après ?"
    assert call.closes_on == today(30)  # what is not on the form cannot be sent either
    assert journal.history(call.subject)[0].reason == "Une faute de frappe."


def test_what_is_public_stays_complete(steward) -> None:
    call = make_call(opens_on=today(3), presentation="x", decides_on=today(90))
    client, address = as_(steward), f"/espace/appels/{call.slug}/modifier/"
    for field in ("opens_on", "presentation", "decides_on"):
        assert "L’appel est public" in text(client.post(address, sheet(**{field: ""})))
    client.post(address, sheet(opens_on=today(7).isoformat()))
    assert Call.objects.get().opens_on == today(7)


def test_a_prolonged_call_keeps_the_trace_and_tells_who_waits(steward) -> None:
    call = make_call(decides_on=today(40))
    writer, submitter = make_user(), make_user()
    make_volunteer(call, author=writer, state="draft")
    make_volunteer(call, author=submitter)
    for email, declined in (("silence@essai.test", None), ("non@essai.test", timezone.now())):
        CallInvitation.objects.create(
            call=call, territory=make_territory(), email=email, way_in=WayIn.INVITED,
            declined_at=declined, opened_at=timezone.now(),
        )  # fmt: skip
    client, address = as_(steward), f"/espace/appels/{call.slug}/prolonger/"
    for fields, sentence in (
        ({"closes_on": "", "reason": "x"}, "Indiquez un jour."),
        ({"closes_on": today(20), "reason": "x"}, "indiquez un jour plus tardif"),
        ({"closes_on": today(50), "reason": "x"}, "La cohorte serait annoncée avant la clôture"),
        ({"closes_on": today(35), "reason": " "}, "Dites pourquoi"),
    ):
        assert sentence in text(client.post(address, fields))
    assert not Extension.objects.exists()
    client.post(
        address, {"closes_on": today(50), "decides_on": today(70), "reason": "Les conseils."}
    )
    call.refresh_from_db()
    assert (call.closes_on, call.decides_on) == (today(50), today(70))
    page = text(GuardedClient().get(call.get_absolute_url()))
    assert "Prolongé le" in page
    assert "Pourquoi : Les conseils." in page
    assert set(Notice.objects.values_list("user_id", "kind")) == {(writer.pk, "call-extended")}
    assert list(Mail.objects.values_list("address", "kind")) == [
        ("silence@essai.test", "call-extended-invited")
    ]


def test_a_territory_does_not_hear_of_more_time_before_its_invitation(steward) -> None:
    """Its letter is still to be reread: nothing else leaves before it."""
    call = make_call()
    guests = [Guest(make_territory(), f"{name}@essai.test") for name in ("une", "deux")]
    inviting.invite(call=call, guests=guests[:1], inviter=steward, actor=ACTOR)
    inviting.compose_letters(call=call, reader=steward, actor=ACTOR)
    inviting.invite(call=call, guests=guests[1:], inviter=steward, actor=ACTOR)
    verbs.extend_call(call=call, closes_on=today(50), reason="Les conseils.", actor=ACTOR)
    assert not Mail.objects.filter(kind="call-extended-invited").exists()


def test_a_closed_call_can_be_prolonged_but_not_a_settled_one(steward) -> None:
    call = make_call(opens_on=today(-30), closes_on=today(-2))
    assert call.phase == Phase.CLOSED
    verbs.extend_call(call=call, closes_on=today(5), reason="Oubli.", actor=ACTOR)
    call.refresh_from_db()
    assert call.is_open
    call.settled_at = timezone.now()
    call.save()
    answer = as_(steward).post(
        f"/espace/appels/{call.slug}/prolonger/", {"closes_on": today(9), "reason": "x"}
    )
    assert "rouvrez-la avant de prolonger" in text(answer)


def test_a_cancelled_call_says_why_to_all_it_concerns(steward) -> None:
    call = make_call()
    writer = make_user()
    reviewer = make_reviewer(make_call_partner(call)).user
    make_volunteer(call, author=writer, state="draft")
    make_volunteer(call, author=make_user(), state="withdrawn")
    client, address = as_(steward), f"/espace/appels/{call.slug}/annuler/"
    assert "Dites pourquoi" in text(client.post(address, {"reason": ""}))
    client.post(address, {"reason": "Le programme change."})
    page = text(GuardedClient().get(call.get_absolute_url()))
    assert "Cet appel est annulé" in page
    assert "Le programme change." in page
    assert "Se porter volontaire" not in page
    assert set(Notice.objects.values_list("user_id", flat=True)) == {writer.pk, reviewer.pk}
    assert "ne change plus" in text(client.post(address, {"reason": "encore"}))
    assert "ne change plus" in text(client.post(f"/espace/appels/{call.slug}/modifier/", sheet()))


def test_dates_alone_open_and_close_a_call() -> None:
    call = make_call(opens_on=today(3), closes_on=today(10))
    phases = {
        2: Phase.ANNOUNCED, 3: Phase.OPEN, 10: Phase.OPEN, 11: Phase.CLOSED,
    }  # fmt: skip
    for days, phase in phases.items():
        assert call.phase_on(today(days)) == phase


def test_phases_are_the_same_in_python_and_in_the_database() -> None:
    now = timezone.now()
    for fields in (
        {}, {"published_at": None}, {"opens_on": today(2)}, {"opens_on": None},
        {"opens_on": today()}, {"closes_on": today()},
        {"opens_on": today(-9), "closes_on": today(-1)},
        {"settled_at": now}, {"settled_at": now, "opens_on": today(2)},
        {"announced_at": now}, {"cancelled_at": now}, {"cancelled_at": now, "announced_at": now},
        {"cancelled_at": now, "published_at": None},
    ):  # fmt: skip
        make_call(**fields)
    for phase in Phase:
        expected = {call.pk for call in Call.objects.all() if call.phase is phase}
        assert (
            set(Call.objects.filter(read.in_phase(phase)).values_list("pk", flat=True)) == expected
        )


def test_a_call_settled_before_its_day_is_said_closed() -> None:
    call = make_call(settled_at=timezone.now(), decides_on=today(40))
    page = text(GuardedClient().get(call.get_absolute_url()))
    assert Phase.CLOSED.label in page
    assert "L’appel est clos" in page
    assert "clos depuis le" not in page


# --- Who sees what ----------------------------------------------------------------------------


def test_a_partner_sees_its_call_and_nothing_of_the_preparation(steward) -> None:
    call = make_call(title="Le leur")
    make_call(title="Un autre")
    partner = make_call_partner(call)
    client = as_(make_reviewer(partner).user)
    page = text(client.get("/espace/appels/"))
    assert "Le leur" in page
    assert "Un autre" not in page
    assert "Préparer un appel" not in page
    page = client.get(f"/espace/appels/{call.slug}/")
    assert "Vous agissez au nom de" in text(page)
    assert "Prolonger" not in text(page)
    assert "en cours d’écriture" not in text(page)
    for name in ("modifier", "publier", "prolonger", "annuler", "apercu", "questions",
                 "partenaires", "indicateurs"):  # fmt: skip
        assert client.get(f"/espace/appels/{call.slug}/{name}/").status_code == 404
    assert as_(make_user()).get("/espace/appels/").status_code == 404
    assert as_(make_user()).get(f"/espace/appels/{call.slug}/").status_code == 404


def test_counters_leave_out_what_a_conflict_conceals(steward) -> None:
    call = make_call()
    partner = make_call_partner(call)
    concealed, shown = make_territory(), make_territory()
    for territory in (concealed, shown):
        volunteer = make_volunteer(call, territory)
        Opinion.objects.create(
            partner=partner, volunteer=volunteer, value="favourable", reason="Bien."
        )
        CallInvitation.objects.create(
            call=call, territory=territory, email="a@essai.test", way_in=WayIn.INVITED,
            opened_at=timezone.now(),
        )  # fmt: skip
    for territory in (make_territory(), make_territory()):
        make_volunteer(call, territory, state="draft")
    whole = read.counters(steward, call)
    assert (whole.submitted, whole.drafts, whole.invited, whole.opened, whole.opinions) == (
        2, 2, 2, 2, 2,
    )  # fmt: skip
    Conflict.objects.create(call=call, territory=concealed, user=steward)
    access.forget_access(steward)
    part = read.counters(steward, call)
    assert (part.submitted, part.invited, part.opened, part.opinions) == (1, 1, 1, 1)
    page = text(as_(steward).get(f"/espace/appels/{call.slug}/"))
    assert "1 déclaration déposée" in page or "déclaration déposée 1" in page


def test_the_dashboard_costs_the_same_whatever_the_number(steward) -> None:
    call = make_call()
    client = as_(steward)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/espace/appels/{call.slug}/").status_code == 200
        return len(queries)

    make_reviewer(make_call_partner(call))
    make_volunteer(call)
    cost()
    few = cost()
    for _ in range(12):
        make_reviewer(make_call_partner(call))
        make_volunteer(call)
        CallQuestion.objects.create(call=call, label="?")
    assert cost() == few


def test_what_awaits_stewards_follows_the_calls(steward) -> None:
    make_call(title="Brouillon", published_at=None)
    make_call(title="Ouvert")
    late = make_call(title="Clos", opens_on=today(-40), closes_on=today(-9), decides_on=today(-1))
    tasks = {task.detail.partition(".")[0]: task for task in awaiting(steward)}
    assert "Brouillon" in tasks
    assert tasks["Clos"].urgent
    assert "Ouvert" not in tasks
    assert awaiting(make_user()) == []
    late.settled_at = timezone.now()
    late.save()
    assert "à composer" not in " ".join(task.title for task in awaiting(steward))


def test_a_search_in_the_list_and_nonsense(steward) -> None:
    make_call(title="Bien vieillir")
    client = as_(steward)
    assert "Bien vieillir" in text(client.get("/espace/appels/", {"q": "vieillir"}))
    assert "Aucun appel ne correspond" in text(client.get("/espace/appels/", {"q": "eau"}))
    assert client.get("/espace/appels/", {"q": "a\0b"}).status_code == 200
    assert client.get("/espace/appels/inconnu/").status_code == 404
    for nonsense in ("x", "00000000-0000-0000-0000-000000000000"):
        assert client.get("/espace/appels/nouveau/", {"theme": nonsense}).status_code == 404
