"""The letters themselves: headers, both versions, every sort."""
# ruff: noqa: F401, F811 - fixtures are imported by name

import email
import re
from email import policy
from email.message import EmailMessage

import pytest
from django.core import mail

from fabriques.kit import outbox
from fabriques.kit.outbox import rendering
from fabriques.kit.outbox.models import State
from tests.kit.outbox_fixtures import Posting, kinds, posting
from tests.kit.outbox_kinds import Code, News, Offer, words

pytestmark = pytest.mark.usefixtures("kinds", "db")


def received(message: mail.EmailMessage) -> EmailMessage:
    read = email.message_from_bytes(message.message().as_bytes(), policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def test_headers_say_who_writes_and_that_nobody_typed_it(posting: Posting) -> None:
    with posting():
        letter = outbox.send(Offer, address="maire@brest.test", context=words())
    read = received(mail.outbox[0])
    assert read["To"] == "maire@brest.test"
    assert read["From"] == "Fabriques d’essai <ne-pas-repondre@fabriques.test>"
    assert read["Reply-To"] == "contact@fabriques.test"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["Message-ID"] == f"<{letter.ref}@fabriques.test>"
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = read["List-Unsubscribe"].strip(" <>")
    assert link.startswith("https://fabriques.test/courriels/stop/")
    assert "maire" not in link
    body = read.get_body(("plain",))
    assert body is not None
    assert link in body.get_content()


def test_a_code_offers_no_stop_and_leaves_no_trace(posting: Posting) -> None:
    with posting():
        letter = outbox.send(Code, address="maire@brest.test", context=words("BCDF-GHJK"))
    assert "BCDF-GHJK" in mail.outbox[0].body
    assert "List-Unsubscribe" not in received(mail.outbox[0])
    letter.refresh_from_db()
    assert (letter.state, letter.context) == (State.SENT, {})


def test_nothing_typed_by_somebody_makes_a_header(posting: Posting) -> None:
    nasty = "Awa\r\nBcc: tous@ailleurs.test\n\x00\u2028Subject: x"
    with posting():
        outbox.send(Offer, address="maire@brest.test", context=words(nasty.replace("\x00", "")))
    assert rendering.one_line(nasty) == "Awa Bcc: tous@ailleurs.test Subject: x"
    read = received(mail.outbox[0])
    assert "Bcc" not in read
    assert read["Subject"] == "Du nouveau : Awa Bcc: tous@ailleurs.test Subject: x"


def test_markup_typed_by_somebody_is_text_in_both_versions(posting: Posting) -> None:
    with posting():
        outbox.send(Offer, address="maire@brest.test", context=words("<b>L’été & l’hiver</b>"))
    read = received(mail.outbox[0])
    text, html = read.get_body(("plain",)), read.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "<b>L’été & l’hiver</b>" in text.get_content()
    assert "&lt;b&gt;L’été &amp; l’hiver&lt;/b&gt;" in html.get_content()


def test_the_text_is_wrapped_with_links_whole_on_their_own_line() -> None:
    link = "https://fabriques.test/" + "x" * 90
    text = rendering.reflowed(
        f"{'mot ' * 40}\n\n\n  Pour voir :\n{link}\nSuite.\n- {'point ' * 20}\n- autre\nFin."
    )
    lines = text.splitlines()
    assert all(len(line) <= 72 for line in lines if line != link)
    assert text.endswith("\n- autre\n\nFin.\n")
    assert f"\n\nPour voir :\n{link}\n\nSuite.\n- point" in text
    assert "\n  point" in text
    assert "\n\n\n" not in text


def test_every_sort_of_letters_reads_well_in_both_versions() -> None:
    for kind in outbox.registered():
        letter = rendering.letter_of(kind, kind.example(), stop="https://fabriques.test/stop")
        assert kind.label, kind.key
        assert kind.category, kind.key
        assert 0 < len(letter.subject) <= 120, kind.key
        assert "\n" not in letter.subject, kind.key
        for line in letter.text.splitlines():
            assert len(line) <= 78 or line.startswith("https://"), (kind.key, line)
            assert line == line.strip() or line.startswith("  "), (kind.key, line)
        assert not re.search(r"<[a-z/!]|&[a-z#0-9]+;|\{[{%#]", letter.text), kind.key
        assert "\n\n\n" not in letter.text, kind.key
        for link in re.findall(r"\S*https?://\S*", letter.text):
            assert link in letter.text.splitlines(), (kind.key, link)
        assert '<html lang="fr">' in letter.html
        assert not re.search(r"\{[{%#]|<img|<script|\sstyle=", letter.html), kind.key
        assert letter.html.count("<h1>") == 1, kind.key
        links = set(re.findall(r'href="(https://fabriques\.test[^"]*)"', letter.html))
        missing = {link for link in links if link.replace("&amp;", "&") not in letter.text}
        assert not missing, (kind.key, missing)


def test_a_key_is_registered_once() -> None:
    class Other(News):
        pass

    assert outbox.register(News) is News
    with pytest.raises(ValueError, match="twice"):
        outbox.register(Other)
