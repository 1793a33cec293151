"""The pages of letters: my notifications, batches to reread, the stop link, the demonstration."""
# ruff: noqa: F401, F811 - fixtures are imported by name

import re
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from fabriques.kit import outbox
from fabriques.kit.journal import Actor, history
from fabriques.kit.outbox import delivery, recipients, stops
from fabriques.kit.outbox.models import Batch, Mail, Preference, Rhythm, State, Suppression
from fabriques.people.models import User
from fabriques.portal.space.mails import awaiting
from tests.factories import make_membership, make_user
from tests.kit.outbox_fixtures import Posting, kinds, posting
from tests.kit.outbox_kinds import Code, News, Offer, Rare, words

pytestmark = pytest.mark.usefixtures("kinds", "db")
ACTOR = Actor("essai")
MINE = "/espace/notifications/"
ALL = "/espace/envois/"


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False


@pytest.fixture
def steward(client: Client) -> User:
    """Signed in, and run the programme."""
    person = make_membership(make_user("Thomas Le Goff"), role="steward").user
    client.force_login(person)
    return person


def batch_of(number: int, kind: Any = News) -> Batch:
    return outbox.compose_batch(
        title="Rentrée des fabriques",
        kind=kind,
        recipients=[(make_user(), words(f"lettre {n}")) for n in range(number)],
        actor=ACTOR,
    )


def text(answer: Any) -> str:
    return str(answer.content.decode())


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


# --- My notifications ---------------------------------------------------------------------------


def test_what_i_want_is_kept(client: Client) -> None:
    person = make_user()
    client.force_login(person)
    page = text(client.get(MINE))
    assert "Des nouvelles d’essai" in page
    assert "Ce qui touche à votre compte d’essai" not in page  # cannot be refused
    assert "Rien pour le moment" in page
    form = client.get(MINE).context["form"]
    boxes = next(name for name in form.fields if News.key in dict(form.fields[name].choices))
    kept = [key for key, _ in form.fields[boxes].choices if key != News.key]
    given = {"wanted_rhythm": "weekly", boxes: kept}
    others = {
        name: [key for key, _ in field.choices]
        for name, field in form.fields.items()
        if name not in given
    }
    answer = client.post(MINE, given | others, follow=True)
    assert "Vos choix sont enregistrés." in text(answer)
    preference = Preference.objects.get()
    assert (preference.user, preference.rhythm) == (person, Rhythm.WEEKLY)
    assert preference.refused == [News.key]
    again = client.get(MINE).context["form"]
    assert again.initial["wanted_rhythm"] == "weekly"
    assert News.key not in again.fields[boxes].initial
    assert Rare.key in again.fields[boxes].initial


@pytest.mark.parametrize("given", [{}, {"wanted_rhythm": "hourly"}, {"wanted_rhythm": "daily"}])
def test_a_wrong_choice_is_said_and_changes_nothing(client: Client, given: dict[str, str]) -> None:
    client.force_login(make_user())
    boxes = next(name for name in client.get(MINE).context["form"].fields if "sujets" in name)
    answer = client.post(MINE, given | {boxes: ["nimporte"]})
    assert answer.status_code == 200
    assert "Choisissez" in text(answer)
    assert not Preference.objects.exists()


def test_i_see_what_i_was_told_and_nobody_else_s(client: Client, posting: Posting) -> None:
    person = make_user()
    with posting():
        for to, kind in ((person, News), (make_user(), Rare)):
            outbox.notify(
                kind, to=to, about="fabrique:a", context=words(), dated=timezone.localdate()
            )
    client.force_login(person)
    told = [label for _, label in client.get(MINE).context["told"]]
    assert told == ["Des nouvelles d’essai"]


def test_i_am_warned_when_my_letters_do_not_arrive(client: Client) -> None:
    person = make_user()
    client.force_login(person)
    assert "ne vous arrivent pas" not in text(client.get(MINE))
    recipients.suppress(recipients.digest_of(person.email), Suppression.Reason.UNDELIVERABLE)
    assert "ne vous arrivent pas" in text(client.get(MINE))
    answer = client.post(MINE, {"adresse": "recommencer"}, follow=True)
    assert f"Nous vous écrirons de nouveau à {person.email}" in text(answer)
    assert "ne vous arrivent pas" not in text(client.get(MINE))


# --- Batches ------------------------------------------------------------------------------------


def test_only_those_who_run_the_programme_reread(client: Client) -> None:
    batch = batch_of(1)
    letter = batch.mails.get()
    client.force_login(make_membership(role="editor").user)
    for name, pk in (
        ("space-mails", None),
        ("space-mail-batch", batch.pk),
        ("space-mail", letter.pk),
        ("space-mail-batch-release", batch.pk),
        ("space-mail-batch-cancel", batch.pk),
        ("space-mail-take-out", letter.pk),
        ("space-mail-again", letter.pk),
    ):
        address = reverse(name, args=[pk] if pk else [])
        for method in (client.get, client.post):
            assert method(address).status_code in (404, 405), (name, method)
    assert Mail.objects.get().state == State.REVIEW


def test_a_steward_rereads_takes_out_and_releases(
    client: Client, steward: User, posting: Posting
) -> None:
    batch = batch_of(3)
    tasks = awaiting(steward)
    assert [(task.title, task.detail) for task in tasks] == [
        ("Relire l’envoi « Rentrée des fabriques »", "3 lettres attendent d’être relues.")
    ]
    assert "3 lettres à relire" in text(client.get(ALL))
    page = text(client.get(tasks[0].address))
    assert "Du nouveau : lettre 0" in page
    assert "https://fabriques.test/fabriques/" in page
    links = set(re.findall(r"/courriels/stop/\S*", page))
    assert links == {"/courriels/stop/exemple/"}  # nobody says stop for somebody else
    first = batch.mails.order_by("pk").first()
    assert first
    client.post(reverse("space-mail-take-out", args=[first.pk]))
    with posting():
        answer = client.post(reverse("space-mail-batch-release", args=[batch.pk]), follow=True)
    assert "2 lettres partent." in text(answer)
    assert len(mail.outbox) == 2
    with posting():
        answer = client.post(reverse("space-mail-batch-release", args=[batch.pk]), follow=True)
    assert "déjà parti" in text(answer)
    assert len(mail.outbox) == 2
    answer = client.post(reverse("space-mail-take-out", args=[first.pk]), follow=True)
    assert "déjà parti" in text(answer)
    entry = history(batch.subject)[0]
    assert entry.text.name == "Thomas Le Goff"
    assert awaiting(steward) == []


def test_many_letters_are_asked_for_again(client: Client, steward: User, posting: Posting) -> None:
    batch = batch_of(21)
    for name in ("release", "cancel"):
        address = reverse(f"space-mail-batch-{name}", args=[batch.pk])
        page = text(client.post(address))
        assert "ces 21 lettres ?" in page
    assert Mail.objects.filter(state=State.REVIEW).count() == 21
    address = reverse("space-mail-batch-release", args=[batch.pk])
    with posting():
        client.post(address, {"confirmer": "oui"})
    assert len(mail.outbox) == 21


def test_a_steward_cancels_a_batch(client: Client, steward: User) -> None:
    batch = batch_of(2)
    answer = client.post(reverse("space-mail-batch-cancel", args=[batch.pk]), follow=True)
    assert "2 lettres sont annulées." in text(answer)
    assert "rien n’est parti" in text(answer)
    answer = client.post(reverse("space-mail-batch-release", args=[batch.pk]), follow=True)
    assert "a été annulé" in text(answer)


def test_a_letter_is_shown_alone_with_its_own_style_and_nothing_else(
    client: Client, steward: User
) -> None:
    answer = client.get(reverse("space-mail", args=[batch_of(1).mails.get().pk]))
    assert "<h1>Du nouveau : lettre 0</h1>" in text(answer)
    policy = answer["Content-Security-Policy"]
    assert "style-src 'unsafe-inline'" in policy
    for directive in ("default-src", "script-src", "img-src", "form-action", "frame-ancestors"):
        assert f"{directive} 'none'" in policy
    assert "unsafe-inline" not in client.get(ALL)["Content-Security-Policy"]


def test_what_is_only_for_its_reader_is_not_shown(client: Client, steward: User) -> None:
    secret = outbox.send(Code, address="maire@brest.test", context=words("BCDF-GHJK"))
    forgotten = outbox.send(Offer, address="maire@brest.test", context=words())
    Mail.objects.filter(pk=forgotten.pk).update(address="", context={})
    for letter in (secret, forgotten):
        assert client.get(reverse("space-mail", args=[letter.pk])).status_code == 404
    page = text(client.get(ALL))
    assert "BCDF" not in page
    assert "adresse oubliée" in page
    Mail.objects.filter(pk=secret.pk).update(batch=batch_of(1))
    page = text(client.get(reverse("space-mail-batch", args=[Batch.objects.get().pk])))
    assert "BCDF" not in page
    assert "Son contenu n’est pas montré" in page


def test_letters_that_failed_are_shown_first_and_sent_again(
    client: Client, steward: User, settings: Any, posting: Posting
) -> None:
    letter = outbox.send(Offer, address="maire@brest.test", context=words())
    Mail.objects.update(attempts=5)
    settings.EMAIL_BACKEND, works = (
        "django.core.mail.backends.smtp.EmailBackend",
        (settings.EMAIL_BACKEND),
    )
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    delivery.deliver([letter.pk])
    settings.EMAIL_BACKEND = works
    assert [task.title for task in awaiting(steward)] == ["Des lettres échouées"]
    assert "1 lettre n’a pas pu partir" in text(client.get(ALL))
    page = text(client.get(f"{ALL}?etat=failed"))
    assert "ConnectionRefusedError" in page
    assert "maire@brest.test" not in text(client.get(f"{ALL}?etat=sent"))
    with posting():
        answer = client.post(reverse("space-mail-again", args=[letter.pk]), follow=True)
    assert "La lettre repart." in text(answer)
    assert len(mail.outbox) == 1
    answer = client.post(reverse("space-mail-again", args=[letter.pk]), follow=True)
    assert "ne peut plus être renvoyée" in text(answer)


def test_pages_cost_the_same_whatever_their_number_of_letters(
    client: Client, steward: User
) -> None:
    one = batch_of(1)
    outbox.send(Offer, address="maire@brest.test", context=words())
    address = reverse("space-mail-batch", args=[one.pk])
    queries(client, address)  # what the first page of a process reads once
    before = queries(client, ALL), queries(client, address), queries(client, MINE)
    three = batch_of(3)
    for _ in range(3):
        outbox.send(Offer, address="maire@brest.test", context=words())
        batch_of(2)
    address = reverse("space-mail-batch", args=[three.pk])
    after = queries(client, ALL), queries(client, address), queries(client, MINE)
    assert after == before
    assert max(after) < 15


def test_lists_are_numbered_and_take_any_nonsense(client: Client, steward: User) -> None:
    batch = batch_of(12)
    address = reverse("space-mail-batch", args=[batch.pk])
    assert "lettre 11" in text(client.get(f"{address}?page=2"))
    for odd in ("?page=x", "?page=999", "?etat=nimporte", "?etat=review&page=-1"):
        assert client.get(f"{ALL}{odd}").status_code == 200
    assert client.get(reverse("space-mail-batch", args=[10**9])).status_code == 404


# --- Stop ---------------------------------------------------------------------------------------


def stop_path(address: str = "maire@brest.test") -> str:
    return stops.stop_address(address).removeprefix("https://fabriques.test")


def test_the_stop_link_asks_once_more_and_is_obeyed(client: Client) -> None:
    page = client.get(stop_path())
    assert "Ne plus recevoir nos courriels ?" in text(page)
    assert not Suppression.objects.exists()  # programs open links by themselves
    assert "C’est fait" in text(client.post(stop_path()))
    assert "C’est fait" in text(client.get(stop_path()))
    assert outbox.why_not(Offer, "MAIRE@brest.test")
    assert not outbox.why_not(Offer, "adjoint@brest.test")


def test_a_mail_program_says_stop_by_itself(kinds: None) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(stop_path(), {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert outbox.why_not(Offer, "maire@brest.test")


@pytest.mark.parametrize("spoil", [lambda t: t[:-3], lambda t: f"a{t[1:]}", lambda t: "x"])
def test_a_stop_link_that_is_not_ours_does_nothing(client: Client, spoil: Any) -> None:
    token = spoil(stop_path().rstrip("/").rpartition("/")[2])
    address = reverse("mail-stop", args=[token])
    for answer in (client.get(address), client.post(address)):
        assert answer.status_code == 404
        assert "Ce lien est incomplet" in text(answer)
    assert not Suppression.objects.exists()


# --- The demonstration --------------------------------------------------------------------------


@pytest.fixture
def demonstration(settings: Any, tmp_path: Path) -> Path:
    settings.DEMO = True
    settings.EMAIL_BACKEND = "fabriques.kit.mailing.FolderBackend"
    settings.MAIL_FOLDER = tmp_path / "mails"
    return tmp_path / "mails"


def test_a_demonstrator_reads_the_codes(
    client: Client, demonstration: Path, posting: Posting
) -> None:
    assert "Aucun courriel n’est encore parti" in text(client.get("/demonstration/courriels/"))
    with posting():
        outbox.send(Code, address="maire@brest.test", context=words("BCDF-GHJK"))
        outbox.send(Offer, address="elue@brest.test", context=words("<b>été</b>"))
    page = text(client.get("/demonstration/courriels/"))
    assert "BCDF-GHJK" in page
    assert "À maire@brest.test" in page
    assert "&lt;b&gt;été&lt;/b&gt;" in page
    assert '<a href="https://fabriques.test/fabriques/"' in page
    assert page.index("elue@brest.test") < page.index("maire@brest.test")
    assert len(list(demonstration.iterdir())) == 2
    assert all(file.suffix == ".eml" for file in demonstration.iterdir())


def test_every_sort_of_letters_has_its_preview(client: Client, demonstration: Path) -> None:
    for kind in outbox.registered():
        address = reverse("demo-mail", args=[kind.key])
        assert address in text(client.get("/demonstration/courriels/"))
        answer = client.get(address)
        assert answer.status_code == 200, kind.key
        assert "frame-src 'self'" in answer["Content-Security-Policy"]
        frame = client.get(reverse("demo-mail-html", args=[kind.key]))
        assert "frame-ancestors 'self'" in frame["Content-Security-Policy"]
        assert frame["X-Frame-Options"] == "SAMEORIGIN"
    assert client.get(reverse("demo-mail", args=["inconnue"])).status_code == 404


def test_nothing_of_the_demonstration_is_there_without_it(client: Client, settings: Any) -> None:
    settings.DEMO = False
    for address in (
        reverse("demo-mails"),
        reverse("demo-mail", args=[News.key]),
        reverse("demo-mail-html", args=[News.key]),
    ):
        assert client.get(address).status_code == 404
