"""A declaration is written by several people: by link, by asking, in two browsers at once."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone

from fabriques.intake.domain import authors as people
from fabriques.intake.domain import declarations as writing
from fabriques.intake.domain import volunteering as verbs
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.models import Author, Call, JoinRequest, Volunteer
from fabriques.intake.queries import declarations as content
from fabriques.intake.queries import volunteering as read
from fabriques.kit import awaiting, journal, outbox
from fabriques.kit.journal import Actor
from fabriques.kit.outbox.models import Mail
from fabriques.people.models import User
from tests.factories import make_territory, make_user
from tests.intake.factories import make_call, make_steward, make_volunteer, today
from tests.intake.volunteering import SAID, again, edit, sent, text_of, way_in

ESSAI = Actor("essai")


@pytest.fixture
def awa(db: None) -> User:
    return make_user("Awa Diop", email="awa@jonzac.test", job="maire")


@pytest.fixture
def draft(awa: User) -> Volunteer:
    call = make_call(title="Bien vieillir")
    return verbs.start_volunteering(call=call, territory=make_territory(name="Jonzac"), user=awa)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def shown(client: Client, draft: Volunteer) -> dict[str, Any]:
    """What the form holds when the page opens."""
    form = client.get(edit(draft)).context["form"]
    return {name: form[name].value() or "" for name in form.fields if name not in FILES}


FILES = ("letter", "remove_letter")


def autosave(client: Client, draft: Volunteer, fields: dict[str, Any]) -> Any:
    return client.post(f"/espace/volontariats/{draft.ref}/enregistrer/", fields)


# --- Two browsers -----------------------------------------------------------------------------


def test_what_is_typed_is_saved_and_says_when(draft: Volunteer, awa: User) -> None:
    client = browser(awa)
    fields = shown(client, draft) | {"motivation": "Parce que.", "elected_email": "maire@"}
    answer = autosave(client, draft, fields).json()
    assert again(draft).motivation == "Parce que."
    assert answer["seen"]["motivation"] == content.digest("Parce que.")
    assert answer["errors"] == {"elected_email": "Élu·e : adresse électronique"}
    assert (answer["conflicts"], answer["merged"], answer["progress"]) == ({}, {}, "2 sur 5")
    assert answer["at"].count("\N{NO-BREAK SPACE}") == 2  # 14 h 32


def test_different_fields_merge_silently(draft: Volunteer, awa: User) -> None:
    one, two = browser(awa), browser(awa)
    first, second = shown(one, draft), shown(two, draft)
    autosave(one, draft, first | {"motivation": "Parce que."})
    answer = autosave(two, draft, second | {"local_question": "Comment ?"}).json()
    assert answer["merged"] == {"motivation": "Parce que."}
    assert answer["conflicts"] == {}
    assert (again(draft).motivation, again(draft).local_question) == ("Parce que.", "Comment ?")


def test_the_same_field_is_never_written_over_unseen(draft: Volunteer, awa: User) -> None:
    one, two = browser(awa), browser(awa)
    first, second = shown(one, draft), shown(two, draft)
    autosave(one, draft, first | {"motivation": "Le premier."})
    answer = autosave(two, draft, second | {"motivation": "Le second.", "focus": "le bourg"}).json()
    assert answer["conflicts"] == {"motivation": "Le premier."}
    assert (again(draft).motivation, again(draft).focus) == ("Le premier.", "le bourg")
    # Having seen the other text, one may write over it.
    seen = json.dumps(answer["seen"])
    autosave(two, draft, second | {"motivation": "Les deux.", "seen": seen})
    assert again(draft).motivation == "Les deux."


def test_without_script_both_texts_are_shown_then_the_choice_is_kept(
    draft: Volunteer, awa: User
) -> None:
    one, two = browser(awa), browser(awa)
    first, second = shown(one, draft), shown(two, draft)
    one.post(edit(draft), first | {"motivation": "Le premier.", "focus": "le bourg"})
    page = two.post(edit(draft), second | {"motivation": "Le second.", "submit": "1"})
    assert page.status_code == 409
    for words in ("Le premier.", "Le second.", "entre-temps", 'value="le bourg"'):
        assert words in text_of(page)
    assert again(draft).motivation == "Le premier."
    form = page.context["form"]
    kept = {name: form[name].value() or "" for name in form.fields if name not in FILES}
    assert two.post(edit(draft), kept).status_code == 302
    assert again(draft).motivation == "Le second."


def test_a_page_that_says_wrongly_what_it_showed_writes_over_nothing(
    draft: Volunteer, awa: User
) -> None:
    writing.save_declaration(volunteer=draft, values={"motivation": "Là."}, actor=ESSAI)
    for seen in ("", "{}", "[]", "non", '{"motivation": 12}'):
        answer = autosave(browser(awa), draft, {"seen": seen, "motivation": "Autre."}).json()
        assert answer["conflicts"] == {"motivation": "Là."}
    assert again(draft).motivation == "Là."


def test_once_submitted_nothing_is_saved_without_the_button(draft: Volunteer, awa: User) -> None:
    client = browser(awa)
    sent(client, draft, **SAID, submit="1")
    answer = autosave(client, draft, shown(client, draft) | {"motivation": "Autre."})
    assert answer.status_code == 409
    assert again(draft).motivation == SAID["motivation"]
    assert "data-autosave" not in text_of(client.get(edit(draft)))


def test_the_end_of_the_session_loses_nothing(draft: Volunteer, awa: User) -> None:
    client = browser(awa)
    client.get(edit(draft))
    fields = shown(client, draft) | {"motivation": "Long texte."}
    client.cookies.pop(settings.SESSION_COOKIE_NAME)
    page = client.post(edit(draft), fields)
    assert page.status_code == 403
    assert "Ce que vous avez saisi n’est pas perdu" in text_of(page)
    assert 'value="Long texte."' in text_of(page)


def test_the_call_closing_meanwhile_is_said_to_the_script_too(draft: Volunteer, awa: User) -> None:
    client = browser(awa)
    fields = shown(client, draft) | {"motivation": "Trop tard ?"}
    Call.objects.update(closes_on=today(-1))
    answer = autosave(client, draft, fields)
    assert answer.status_code == 409
    assert "clos depuis le" in answer.json()["refused"]


# --- By link ----------------------------------------------------------------------------------


def link(volunteer: Volunteer) -> str:
    return f"/volontariat/rejoindre/{people.token_of(again(volunteer))}/"


def test_the_link_says_what_it_is_and_makes_an_author(draft: Volunteer, awa: User) -> None:
    shares = text_of(browser(awa).get(f"{draft.get_absolute_url()}auteurs/"))
    assert link(draft) in shares
    nadia = make_user("Nadia Benali")
    client = browser(nadia)
    page = text_of(client.get(link(draft)))
    for words in ("Jonzac", "Bien vieillir", "Awa Diop", "Écrire avec eux"):
        assert words in page
    assert client.get(draft.get_absolute_url()).status_code == 404
    assert client.post(link(draft))["Location"] == edit(draft)
    assert client.get(edit(draft)).status_code == 200
    client.post(link(draft))
    assert Author.objects.filter(volunteer=draft, user=nadia).count() == 1


def test_a_renewed_link_voids_the_one_before(draft: Volunteer, awa: User) -> None:
    old = link(draft)
    client = browser(awa)
    client.post(f"{draft.get_absolute_url()}auteurs/", {"act": "renew"})
    assert "Ce lien ne marche plus" in text_of(client.get(old))
    assert client.post(old).status_code == 404
    assert client.get(f"{old[:-2]}/").status_code == 404
    assert client.get(link(draft)).status_code == 200
    with pytest.raises(RefusedError, match="ne marche plus"):
        people.join_by_link(token=old.split("/")[-2], user=make_user())


def test_there_is_a_sane_number_of_authors(draft: Volunteer) -> None:
    for _ in range(people.MOST_AUTHORS - 1):
        people.join_by_link(token=people.token_of(draft), user=make_user())
    client = browser(make_user())
    page = client.post(link(draft), follow=True)
    assert "12 personnes écrivent déjà" in text_of(page)


def test_leaving_and_being_removed(draft: Volunteer, awa: User) -> None:
    address = f"{draft.get_absolute_url()}auteurs/"
    alone = browser(awa).post(address, {"act": "leave"}, follow=True)
    assert "Vous êtes la seule personne" in text_of(alone)
    nadia = make_user("Nadia Benali")
    old = link(draft)
    people.join_by_link(token=people.token_of(draft), user=nadia)
    number = Author.objects.get(user=nadia).pk
    client = browser(nadia)
    browser(awa).post(address, {"act": "remove", "author": number})
    assert client.get(edit(draft)).status_code == 404
    assert client.post(old).status_code == 404  # the link that they know does not let them back
    people.join_by_link(token=people.token_of(again(draft)), user=nadia)
    assert client.post(address, {"act": "leave"})["Location"] == "/espace/volontariats/"
    assert [author.user for author in read.authors_of(draft)] == [awa]


def test_a_withdrawn_declaration_takes_nobody(draft: Volunteer) -> None:
    verbs.withdraw_declaration(volunteer=draft, actor=ESSAI)
    client = browser(make_user())
    assert "a été retirée" in text_of(client.get(link(draft)))
    client.post(link(draft))
    assert Author.objects.count() == 1


# --- By asking --------------------------------------------------------------------------------


def ask(client: Client, volunteer: Volunteer):
    named = {"territoire": read.key_of(volunteer.territory)}
    return client.post(f"/appels/{volunteer.call.slug}/volontariat/rejoindre/", named, follow=True)


def test_a_taken_territory_names_nobody_and_lets_one_ask(draft: Volunteer, awa: User) -> None:
    client = browser(make_user("Nadia Benali", job="directrice"))
    for page in (
        client.get(way_in(draft.call, draft.territory)),
        client.post(way_in(draft.call), {"territoire": read.key_of(draft.territory)}),
    ):
        assert "Une déclaration est déjà commencée ou déposée pour Jonzac" in text_of(page)
        assert "Demander à rejoindre" in text_of(page)
        assert "Awa Diop" not in text_of(page)
    assert "Votre demande est partie" in text_of(ask(client, draft))
    ask(client, draft)
    assert JoinRequest.objects.count() == 1
    assert client.get(draft.get_absolute_url()).status_code == 404
    mail = Mail.objects.get(kind="volunteering-join-asked")
    assert mail.address == awa.email
    assert "Nadia" not in str(mail.context)
    assert "Nadia Benali demande à écrire avec vous" in outbox.rendering.message_of(mail).subject
    assert "Nadia Benali demande à écrire" in str(awaiting.awaiting(awa))


@pytest.mark.parametrize(("act", "joined"), [("accept", True), ("refuse", False)])
def test_the_authors_answer_once(draft: Volunteer, awa: User, act: str, joined: bool) -> None:
    nadia = make_user("Nadia Benali")
    ask(browser(nadia), draft)
    address = f"{draft.get_absolute_url()}auteurs/"
    assert "Nadia Benali" in text_of(browser(awa).get(address))
    answer = {"act": act, "request": JoinRequest.objects.get().pk}
    browser(awa).post(address, answer)
    assert Author.objects.filter(user=nadia).exists() is joined
    told = outbox.rendering.message_of(Mail.objects.get(kind="volunteering-join-answered"))
    assert ("n’a pas été acceptée" in told.body) is not joined
    again_ = browser(awa).post(address, answer, follow=True)
    assert "déjà répondu" in text_of(again_)
    assert not any("demande à écrire" in task.title for task in awaiting.awaiting(awa))


def test_nobody_answers_for_others(draft: Volunteer) -> None:
    nadia = make_user()
    ask(browser(nadia), draft)
    answer = {"act": "accept", "request": JoinRequest.objects.get().pk}
    page = browser(nadia).post(f"{draft.get_absolute_url()}auteurs/", answer)
    assert page.status_code == 404
    elsewhere = make_volunteer(author=nadia)
    page = browser(nadia).post(f"{elsewhere.get_absolute_url()}auteurs/", answer)
    assert page.status_code == 404
    assert JoinRequest.objects.filter(answered_at=None).exists()


def test_stewards_answer_where_nobody_writes_any_more(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "REQUIRE_SECOND_FACTOR", False)
    volunteer = make_volunteer()
    Author.objects.update(left_at=timezone.now())
    nadia, steward = make_user("Nadia Benali"), make_steward()
    ask(browser(nadia), volunteer)
    task = next(t for t in awaiting.awaiting(steward) if "Nadia Benali" in t.title)
    answer = {"act": "accept", "request": JoinRequest.objects.get().pk}
    browser(steward).post(task.address, answer)
    assert browser(nadia).get(edit(volunteer)).status_code == 200
    page = browser(steward).post(task.address, {"act": "renew"})
    assert page.status_code == 404


def test_a_draft_that_nobody_writes_any_more_keeps_nobody_out(draft: Volunteer, awa: User) -> None:
    awa.is_active = False
    awa.save()
    other = make_user()
    begun = verbs.start_volunteering(call=draft.call, territory=draft.territory, user=other)
    assert begun != draft
    assert again(draft).state == "withdrawn"


# --- At the same moment -----------------------------------------------------------------------


def together(*acts: Callable[[], Any]) -> list[str]:
    """Do these at once, each in its thread; what each came to: "", or its refusal."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> str:
        try:
            start.wait(timeout=10)
            act()
        except ValidationError as refusal:
            return str(refusal)
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.mark.django_db(transaction=True)
def test_one_territory_begins_once_and_the_other_is_told() -> None:
    for _ in range(4):
        call, territory = make_call(), make_territory(name="Jonzac")
        begin = partial(verbs.start_volunteering, call=call, territory=territory)
        found = together(*[partial(begin, user=make_user()) for _ in range(3)])
        assert sorted(bool(refusal) for refusal in found) == [False, True, True]
        assert all("déjà commencée" in refusal for refusal in found if refusal)
        assert Volunteer.objects.filter(call=call).count() == 1
    journal.verify()


@pytest.mark.django_db(transaction=True)
def test_numbers_are_given_once() -> None:
    call = make_call()
    rows = [make_volunteer(call, state="draft") for _ in range(4)]
    found = together(
        *[lambda row=row: verbs.submit(volunteer=row, actor=ESSAI) for row in (*rows, rows[0])]
    )
    assert found == [""] * 5
    assert sorted(Volunteer.objects.values_list("number", flat=True)) == [1, 2, 3, 4]
    journal.verify()


@pytest.mark.django_db(transaction=True)
def test_two_saves_at_once_keep_both_fields_and_one_text() -> None:
    for _ in range(3):
        draft = make_volunteer(state="draft", motivation="", focus="")
        seen = content.digests({"motivation": "", "focus": ""})
        saves = [
            {"motivation": "Le premier."},
            {"motivation": "Le second.", "focus": "le bourg"},
        ]
        save = partial(writing.save_declaration, volunteer=draft, actor=ESSAI, seen=seen)
        together(*[partial(save, values=values) for values in saves])
        assert again(draft).focus == "le bourg"
        assert again(draft).motivation in ("Le premier.", "Le second.")


@pytest.mark.django_db(transaction=True)
def test_a_submission_and_a_withdrawal_do_not_block_each_other() -> None:
    for _ in range(3):
        draft = make_volunteer(state="draft")
        together(
            lambda draft=draft: verbs.submit(volunteer=draft, actor=ESSAI),
            lambda draft=draft: verbs.withdraw_declaration(volunteer=draft, actor=ESSAI),
        )
        assert again(draft).state == "withdrawn"
    journal.verify()


def test_letters_about_a_draft_are_for_their_readers(draft: Volunteer, awa: User, settings) -> None:
    """Stewards reread the letters of batches; those that tell of a draft they do not open."""
    settings.REQUIRE_SECOND_FACTOR = False
    people.ask_to_join(volunteer=draft, user=make_user("Malik Ba"))
    letter = Mail.objects.get(kind="volunteering-join-asked")
    assert browser(make_steward()).get(f"/espace/envois/lettre/{letter.pk}/").status_code == 404
