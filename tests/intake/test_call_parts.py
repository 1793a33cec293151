"""What a call is made of: its questions, its partners and their people."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from fabriques.intake.domain import partners as partner_verbs
from fabriques.intake.models import (
    Answer,
    CallPartner,
    CallQuestion,
    Conflict,
    Opinion,
    Reviewer,
)
from fabriques.kit import journal
from fabriques.kit.journal import Actor
from fabriques.kit.outbox.models import Mail
from fabriques.kit.outbox.rendering import preview_of
from fabriques.people import stewardship
from fabriques.people.models import User
from fabriques.people.personal.retention import unconfirmed_accounts
from fabriques.people.stewardship import MergeError
from tests.factories import make_organisation, make_territory, make_user
from tests.guards import GuardedClient
from tests.intake.factories import (
    make_call,
    make_call_partner,
    make_reviewer,
    make_steward,
    make_volunteer,
)

pytestmark = pytest.mark.django_db

ACTOR = Actor("essai")


@pytest.fixture(autouse=True)
def _without_second_factor(settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = False


@pytest.fixture
def client() -> GuardedClient:
    """A steward's."""
    return as_(make_steward())


def as_(user: User) -> GuardedClient:
    client = GuardedClient()
    client.force_login(user)
    return client


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


# --- Questions --------------------------------------------------------------------------------


def question(**fields: Any) -> dict[str, Any]:
    return {"label": "Combien d’habitants ?", "kind": "number", "choices": ""} | fields


def test_questions_are_added_moved_changed_and_taken_away(client) -> None:
    call = make_call()
    root = f"/espace/appels/{call.slug}/questions/"
    for label in ("Une", "Deux", "Trois"):
        client.post(root, question(label=label))
    _, two, three = call.questions.all()
    client.post(f"{root}{three.pk}/deplacer/", {"vers": "haut"})
    client.post(f"{root}{three.pk}/deplacer/", {"vers": "haut"})
    client.post(f"{root}{three.pk}/deplacer/", {"vers": "haut"})  # it is first already
    client.post(f"{root}{two.pk}/", question(label="2", kind="choice", choices="a\n\nb\na"))
    assert [(q.position, q.label) for q in call.questions.all()] == [
        (1, "Trois"),
        (2, "Une"),
        (3, "2"),
    ]
    assert call.questions.get(pk=two.pk).choice_list == ["a", "b"]
    client.post(f"{root}{three.pk}/retirer/")
    assert [q.position for q in call.questions.all()] == [1, 2]
    told = [entry.verb for entry in journal.history(call.subject)]
    assert told[0] == "question retirée"
    assert told.count("question déplacée") == 2


def test_questions_that_cannot_be_say_why(client) -> None:
    call = make_call()
    root = f"/espace/appels/{call.slug}/questions/"
    for fields, sentence in (
        ({"label": " "}, "Écrivez la question."),
        ({"kind": "choice", "choices": "oui\noui"}, "au moins deux choix différents"),
        ({"kind": "x"}, "Sélectionnez un choix valide"),
        ({"label": "x" * 301}, "300"),
    ):
        page = client.post(root, question(**fields))
        assert sentence in text(page)
    assert not CallQuestion.objects.exists()
    for number in range(10):
        client.post(root, question(label=f"{number}"))
    assert "10 questions au plus" in text(client.post(root, question()))
    assert call.questions.count() == 10


def test_an_answered_question_keeps_its_form(client) -> None:
    call = make_call()
    root = f"/espace/appels/{call.slug}/questions/"
    client.post(root, question(kind="choice", choices="a\nb", label="Quoi ?"))
    asked = call.questions.get()
    Answer.objects.create(volunteer=make_volunteer(call), question=asked, text="a")
    same = question(kind="choice", choices="a\r\nb")
    for fields, sentence in (
        (same | {"kind": "line"}, "ne changent plus"),
        (same | {"choices": "a\nc"}, "ne changent plus"),
        (same | {"required": "on"}, "ne peut plus devenir obligatoire"),
    ):
        assert sentence in text(client.post(f"{root}{asked.pk}/", fields))
    client.post(f"{root}{asked.pk}/", same | {"label": "Lequel ?"})
    assert call.questions.get().label == "Lequel ?"
    gone = client.post(f"{root}{asked.pk}/retirer/", follow=True)
    assert "ont déjà répondu à cette question" in text(gone)
    late = client.post(root, question(required="on"))
    assert "ne peut plus être obligatoire" in text(late)
    assert call.questions.count() == 1


# --- Partners ---------------------------------------------------------------------------------


def test_a_partner_and_its_people(client) -> None:
    call = make_call()
    make_organisation(name="Association des petites villes", acronym="APV")
    root = f"/espace/appels/{call.slug}/partenaires/"
    fields = {"organisation": "apv", "role": "partner", "reach": "communes", "gives_opinion": "on"}
    client.post(root, fields)
    partner = CallPartner.objects.get()
    assert (partner.puts_forward, partner.gives_opinion) == (False, True)
    assert "est déjà partenaire de cet appel" in text(client.post(root, fields))
    assert "Indiquez l’organisation." in text(client.post(root, fields | {"organisation": ""}))
    people = f"{root}{partner.pk}/personnes/"
    assert "Ce n’est pas une adresse" in text(client.post(people, {"email": "awa"}))
    client.post(people, {"email": "Awa@Essai.test"})
    awa = User.objects.get(email="awa@essai.test")
    letter = Mail.objects.get(kind="reviewer-named")
    assert letter.address == "awa@essai.test"
    assert "agit déjà pour" in text(client.post(people, {"email": "awa@essai.test"}))
    assert Mail.objects.filter(kind="reviewer-named").count() == 1
    assert "awa@essai.test" in client.get(root).content.decode()
    reader = as_(awa)
    assert reader.get(f"/espace/appels/{call.slug}/").status_code == 200
    named = Reviewer.objects.get()
    client.post(f"/espace/appels/{call.slug}/personnes/{named.pk}/retirer/")
    assert reader.get(f"/espace/appels/{call.slug}/").status_code == 404  # at once
    assert Reviewer.objects.get().withdrawn_at  # the row stays, opinions are explained
    again = client.post(f"/espace/appels/{call.slug}/personnes/{named.pk}/retirer/", follow=True)
    assert "n’agit déjà plus" in text(again)
    client.post(people, {"email": "awa@essai.test"})  # may come back
    assert reader.get(f"/espace/appels/{call.slug}/").status_code == 200
    entry = next(e for e in journal.history(call.subject) if e.verb.startswith("personne désignée"))
    assert entry.after["personne"] == awa.subject


def test_the_letter_says_what_is_expected(client) -> None:
    call = make_call()
    partner = make_call_partner(call, puts_forward=False)
    client.post(
        f"/espace/appels/{call.slug}/partenaires/{partner.pk}/personnes/",
        {"email": "awa@essai.test"},
    )
    letter = preview_of(Mail.objects.get())
    assert "Votre avis est attendu" in letter.subject
    assert "donner un avis motivé" in letter.text
    assert "proposer" not in letter.text
    assert f"/espace/appels/{call.slug}/" in letter.text


def test_the_menu_leads_those_who_act_for_a_partner_to_their_call() -> None:
    reviewer = make_reviewer()
    address = f'href="/espace/appels/{reviewer.partner.call.slug}/"'
    assert address in as_(reviewer.user).get("/espace/").content.decode()
    assert address not in as_(make_user()).get("/espace/").content.decode()
    partner_verbs.withdraw_reviewer(reviewer=reviewer, actor=ACTOR)
    assert address not in as_(reviewer.user).get("/espace/").content.decode()


def test_an_account_opened_for_a_partner_waits_as_long_as_the_call(client) -> None:
    partner = make_call_partner()
    client.post(
        f"/espace/appels/{partner.call.slug}/partenaires/{partner.pk}/personnes/",
        {"email": "awa@essai.test"},
    )
    awa = User.objects.get(email="awa@essai.test")
    User.objects.filter(pk=awa.pk).update(created_at=timezone.now() - timedelta(days=3000))
    unconfirmed_accounts(timezone.now(), False)
    assert not User.objects.get(pk=awa.pk).erased_at
    partner_verbs.withdraw_reviewer(reviewer=Reviewer.objects.get(), actor=ACTOR)
    unconfirmed_accounts(timezone.now(), False)
    assert not User.objects.filter(pk=awa.pk, erased_at=None).exists()


def test_a_closed_account_is_not_opened_again(client) -> None:
    partner = make_call_partner()
    make_user(email="ferme@essai.test", is_active=False)
    page = client.post(
        f"/espace/appels/{partner.call.slug}/partenaires/{partner.pk}/personnes/",
        {"email": "ferme@essai.test"},
    )
    assert "est fermé" in text(page)
    assert not Reviewer.objects.exists()


def test_what_a_partner_sees_changes_at_once(client) -> None:
    partner = make_call_partner()
    make_volunteer(partner.call, make_territory("epci"))
    reader = as_(make_reviewer(partner).user)
    address = f"/espace/appels/{partner.call.slug}/"
    assert ">1</dd>" in reader.get(address).content.decode()
    client.post(f"{address}partenaires/{partner.pk}/", {"role": "partner", "reach": "communes"})
    assert ">1</dd>" not in reader.get(address).content.decode()


def test_a_partner_that_did_something_stays(client) -> None:
    call = make_call()
    quiet, spoke = make_call_partner(call), make_call_partner(call)
    gone = make_reviewer(quiet).user
    Opinion.objects.create(
        partner=spoke, volunteer=make_volunteer(call), value="favourable", reason="Bien."
    )
    root = f"/espace/appels/{call.slug}/partenaires/"
    client.post(f"{root}{quiet.pk}/retirer/")
    answer = client.post(f"{root}{spoke.pk}/retirer/", follow=True)
    assert "a déjà donné un avis" in text(answer)
    assert CallPartner.objects.get() == spoke
    assert as_(gone).get(f"/espace/appels/{call.slug}/").status_code == 404


def test_a_partner_that_declared_a_conflict_stays(client) -> None:
    """Taken away then put back, it would see again what it must not."""
    call = make_call()
    bound = make_call_partner(call)
    Conflict.objects.create(
        call=call, territory=make_territory(), user=make_reviewer(bound).user, partner=bound
    )
    root = f"/espace/appels/{call.slug}/partenaires/"
    answer = client.post(f"{root}{bound.pk}/retirer/", follow=True)
    assert "gardez-le" in text(answer)
    assert Conflict.objects.exists()


def test_organisations_beside_one_call_do_not_merge() -> None:
    call = make_call()
    kept, gone = make_call_partner(call).organisation, make_call_partner(call).organisation
    with pytest.raises(MergeError, match="partenaires de l’appel"):
        stewardship.preview_organisations(kept=kept, gone=gone)
    other = make_call_partner().organisation
    stewardship.merge_organisations(kept=other, gone=gone, actor=ACTOR)
    assert call.partners.filter(organisation=other).exists()


def test_a_partner_of_another_call_is_not_reached_by_this_one(client) -> None:
    here, elsewhere = make_call(), make_call_partner()
    reviewer = make_reviewer(elsewhere)
    asked = CallQuestion.objects.create(call=elsewhere.call, label="?")
    root = f"/espace/appels/{here.slug}"
    assert client.get(f"{root}/partenaires/{elsewhere.pk}/").status_code == 404
    assert client.post(f"{root}/personnes/{reviewer.pk}/retirer/").status_code == 404
    assert client.post(f"{root}/questions/{asked.pk}/retirer/").status_code == 404


def test_the_list_of_partners_costs_the_same_whatever_their_number(client) -> None:
    call = make_call()

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/espace/appels/{call.slug}/partenaires/")
        return len(queries)

    make_reviewer(make_call_partner(call))
    cost()
    few = cost()
    for _ in range(6):
        make_reviewer(make_call_partner(call))
    assert cost() == few


def test_a_cancelled_call_takes_no_more_partners(client) -> None:
    call = make_call(cancelled_at=timezone.now(), cancel_reason="x")
    partner = CallPartner(organisation=make_organisation())
    with pytest.raises(Exception, match="annulé"):
        partner_verbs.add_partner(
            call=call, values={"organisation": partner.organisation}, actor=ACTOR
        )


def test_boxes_are_ticked_as_the_partner_is_and_may_stay_empty(client) -> None:
    partner = make_call_partner(gives_opinion=False)
    address = f"/espace/appels/{partner.call.slug}/partenaires/{partner.pk}/"
    new = f"/espace/appels/{partner.call.slug}/partenaires/"
    for page, gives_opinion in ((address, False), (new, True)):
        html = client.get(page).content.decode()
        tags = [tag for tag in re.findall(r"<input[^>]*>", html) if 'type="checkbox"' in tag]
        boxes = {re.findall(r'name="(\w+)"', tag)[0]: "checked" in tag for tag in tags}
        assert boxes == {"puts_forward": True, "gives_opinion": gives_opinion}
    client.post(address, {"role": "partner", "reach": "all"})
    partner.refresh_from_db()
    assert not partner.puts_forward
