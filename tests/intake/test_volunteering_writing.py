"""One page, saved without asking anything; what is wrong is said beside its field."""

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fabriques.intake.domain import declarations as writing
from fabriques.intake.domain import volunteering as verbs
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.models import Call, Volunteer
from fabriques.intake.queries import volunteering as read
from fabriques.kit.journal import Actor
from fabriques.people.models import User
from tests.factories import make_territory
from tests.intake.factories import (
    today,
)
from tests.intake.volunteering import again, edit, sent, text_of
from tests.kit.samples import pdf

pytestmark = pytest.mark.django_db
ESSAI = Actor("essai")


def test_nothing_is_asked_to_save_and_all_that_is_missing_is_said_at_once(
    client: Client, draft: Volunteer
) -> None:
    draft.call.questions.create(label="Avec qui ?", required=True)
    saved = sent(client, draft, local_question="Comment vieillir ici ?")
    assert saved["Location"] == edit(draft)
    assert again(draft).local_question == "Comment vieillir ici ?"
    refused = sent(client, draft, elected_email="maire", submit="1")
    page = text_of(refused)
    assert "8 réponses à voir" in page
    assert 'href="#id_motivation"' in page
    assert "Cette adresse n’a pas la forme nom@domaine.fr." in page
    assert 'value="maire"' in page
    assert again(draft).state == "draft"
    assert "<strong data-progress>2 sur 6</strong>" in page


def test_who_writes_knows_that_the_list_is_public(client: Client, draft: Volunteer) -> None:
    address, said = f"/espace/volontariats/{draft.ref}/modifier/", "le nom du vôtre y figure"
    assert said not in client.get(address).content.decode()
    Call.objects.update(publish_pool=True)
    assert said in client.get(address).content.decode()


def test_one_wrong_field_does_not_hold_back_the_others(client: Client, draft: Volunteer) -> None:
    page = sent(client, draft, elected_email="maire@", motivation="Parce que.")
    assert "maire@" in text_of(page)
    assert (again(draft).elected_email, again(draft).motivation) == ("", "Parce que.")


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("line", "Une ligne", "Une ligne"),
        ("text", "Deux\r\nlignes", "Deux\nlignes"),
        ("choice", "Bus", "Bus"),
        ("choices", ["Bus", "Vélo"], "Bus\nVélo"),
        ("number", "1 200,50", "1200,50"),
        ("yes-no", "oui", "oui"),
        ("number", "beaucoup", None),
        ("choice", "Avion", None),
        ("yes-no", "peut-être", None),
    ],
)
def test_an_answer_has_the_kind_of_its_question(
    client: Client, draft: Volunteer, kind: str, typed, stored: str | None
) -> None:
    question = draft.call.questions.create(label="Q", kind=kind, choices="Bus\nVélo\n")
    page = sent(client, draft, **{f"question_{question.pk}": typed})
    answers = [answer.text for answer in draft.answers.all()]
    if stored is None:
        assert answers == []
        assert "1 réponse à voir" in text_of(page)
    else:
        assert answers == [stored]
        assert sent(client, draft).status_code == 302
        assert [answer.text for answer in draft.answers.all()] == [stored]


def test_an_answer_is_taken_back(client: Client, draft: Volunteer) -> None:
    question = draft.call.questions.create(label="Q", kind="choices", choices="Bus\nVélo")
    sent(client, draft, **{f"question_{question.pk}": ["Bus"]})
    sent(client, draft, **{f"question_{question.pk}": []})
    assert not draft.answers.exists()


def test_a_perimeter_is_chosen_among_those_inside(client: Client, awa: User, call: Call) -> None:
    epci = make_territory("epci")
    inside, outside = make_territory(epci=epci), make_territory()
    draft = verbs.start_volunteering(call=call, territory=epci, user=awa)
    sent(client, draft, focus_territory=read.key_of(inside), focus="le bourg")
    assert (again(draft).focus_territory, again(draft).focus) == (inside, "le bourg")
    page = sent(client, draft, focus_territory=read.key_of(outside))
    assert "1 réponse à voir" in text_of(page)
    assert again(draft).focus_territory == inside


def test_where_nothing_can_be_chosen_the_perimeter_is_asked_plainly(
    client: Client, draft: Volunteer
) -> None:
    page = text_of(client.get(edit(draft)))
    assert "Sur quelle partie du territoire travailleriez-vous ?" in page
    assert "n’est pas dans la liste" not in page


def test_a_letter_is_joined_replaced_downloaded_removed(
    client: Client, draft: Volunteer, django_capture_on_commit_callbacks
) -> None:
    address = f"/espace/volontariats/{draft.ref}/lettre/"
    assert client.get(address).status_code == 404
    page = sent(client, draft, letter=SimpleUploadedFile("lettre.pdf", b"MZ un programme\0"))
    assert "Formats acceptés" in text_of(page)
    assert not again(draft).framing_letter
    # A good file is taken even beside a field that is refused.
    sent(client, draft, letter=SimpleUploadedFile("délibération.pdf", pdf()), elected_email="non")
    first = again(draft).framing_letter.name
    got = client.get(address)
    assert b"".join(got.streaming_content) == pdf()
    assert "d%C3%A9lib%C3%A9ration.pdf" in got["Content-Disposition"]
    with django_capture_on_commit_callbacks(execute=True):
        sent(client, draft, letter=SimpleUploadedFile("autre.pdf", pdf()))
    assert again(draft).framing_letter_name == "autre.pdf"
    assert not default_storage.exists(first)
    second = again(draft).framing_letter.name
    assert default_storage.exists(second)
    with django_capture_on_commit_callbacks(execute=True):
        sent(client, draft, remove_letter="on")
    assert not again(draft).framing_letter
    assert not default_storage.exists(second)


def test_nothing_is_written_once_the_call_is_closed(client: Client, draft: Volunteer) -> None:
    shown = client.get(edit(draft)).context["form"]["seen"].value()
    Call.objects.update(closes_on=today(-1))
    page = client.post(edit(draft), {"seen": shown, "motivation": "Trop tard ?"})
    assert "Cet appel est clos depuis le" in text_of(page)
    assert "Trop tard ?" in text_of(page)
    assert again(draft).motivation == ""
    assert client.get(edit(draft))["Location"] == draft.get_absolute_url()
    assert "n’a pas été déposée" in text_of(client.get(draft.get_absolute_url()))
    for act in (verbs.submit, writing.remove_letter):
        with pytest.raises(RefusedError, match="clos"):
            act(volunteer=draft, actor=ESSAI)
