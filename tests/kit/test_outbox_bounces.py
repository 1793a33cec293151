"""Reports on letters that did not arrive."""
# ruff: noqa: F401, F811 - fixtures are imported by name

import io
import mailbox
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fabriques.kit import outbox
from fabriques.kit.outbox import bounces
from fabriques.kit.outbox.bounces import Finding
from fabriques.kit.outbox.models import Mail, State, Suppression
from tests.kit.outbox_fixtures import Posting, kinds, posting
from tests.kit.outbox_kinds import Offer, words

pytestmark = pytest.mark.usefixtures("kinds", "db")


def report(
    message_id: str,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    headers_only: bool = False,
    extra: str = "",
) -> bytes:
    """What Postfix sends back."""
    returned = "text/rfc822-headers" if headers_only else "message/rfc822"
    return f"""\
From: MAILER-DAEMON@mx.test
To: ne-pas-repondre@fabriques.test
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="frontier"

--frontier
Content-Type: text/plain; charset=utf-8

I'm sorry to have to inform you that your message could not be delivered.

--frontier
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.test

Final-Recipient: rfc822; maire@brest.test
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no

--frontier
Content-Type: {returned}

From: ne-pas-repondre@fabriques.test
To: maire@brest.test
Message-ID: {message_id}
{extra}Subject: Bonjour

Le texte.
--frontier--
""".encode()


@pytest.fixture
def sent(posting: Posting) -> Mail:
    with posting():
        letter = outbox.send(Offer, address="maire@brest.test", context=words())
    letter.refresh_from_db()
    assert letter.state == State.SENT
    return letter


def message_id(letter: Mail) -> str:
    return str(mail.outbox[-1].message()["Message-ID"])


def bounced(letter: Mail, raw: bytes) -> tuple[Finding, Mail]:
    finding = bounces.take(raw)
    letter.refresh_from_db()
    return finding, letter


@pytest.mark.parametrize("headers_only", [False, True])
def test_a_permanent_failure_marks_the_letter_and_the_address(
    sent: Mail, headers_only: bool
) -> None:
    raw = report(message_id(sent), headers_only=headers_only)
    finding, letter = bounced(sent, raw)
    assert (finding, letter.state) == (Finding.REFUSED, State.BOUNCED)
    assert "5.1.1" in letter.error
    assert outbox.why_not(Offer, "maire@brest.test")
    assert bounced(sent, raw)[0] is Finding.REFUSED  # the same report again
    assert Suppression.objects.count() == 1


def test_our_own_header_is_enough_when_a_server_changed_the_message_id(sent: Mail) -> None:
    raw = report("<0100018f@ses.test>", extra=f"X-Letter-Id: {sent.ref}\n")
    assert bounced(sent, raw)[0] is Finding.REFUSED


def test_a_delay_is_only_noted(sent: Mail) -> None:
    finding, letter = bounced(sent, report(message_id(sent), action="delayed", status="4.4.1"))
    assert (finding, letter.state) == (Finding.DELAYED, State.SENT)
    assert "4.4.1" in letter.error
    assert not outbox.why_not(Offer, "maire@brest.test")


def test_a_temporary_cause_leaves_the_address_as_it_is(sent: Mail) -> None:
    finding, letter = bounced(sent, report(message_id(sent), status="4.4.7"))
    assert (finding, letter.state) == (Finding.UNDELIVERED, State.FAILED)
    assert not Suppression.objects.exists()


def test_a_refusal_of_policy_leaves_the_address_as_it_is(sent: Mail) -> None:
    finding, letter = bounced(sent, report(message_id(sent), status="5.7.1"))
    assert (finding, letter.state) == (Finding.REFUSED, State.BOUNCED)
    assert not Suppression.objects.exists()


def test_good_news_changes_nothing(sent: Mail) -> None:
    finding, letter = bounced(sent, report(message_id(sent), action="delivered", status="2.0.0"))
    assert (finding, letter.state, letter.error) == (Finding.ARRIVED, State.SENT, "")


def test_a_report_on_somebody_else_s_letter_changes_nothing(sent: Mail) -> None:
    for foreign in (f"<{uuid4()}@fabriques.test>", "<x@ailleurs.test>", ""):
        assert bounced(sent, report(foreign))[0] is Finding.UNKNOWN
    assert sent.state == State.SENT
    assert not Suppression.objects.exists()


def test_a_report_says_nothing_of_a_letter_that_did_not_leave(sent: Mail) -> None:
    raw = report(message_id(sent))
    Mail.objects.update(state=State.CANCELLED)
    assert bounced(sent, raw)[0] is Finding.UNKNOWN


GARBAGE = [
    b"",
    b" \n",
    b"\xff\xfe\x00garbage",
    b"Subject: Absence\n\nJe suis en vacances.",
    b"Content-Type: multipart/report; boundary=x\n\n--x\n",
    b"Content-Type: message/delivery-status\n\nAction",
    b"Content-Type: multipart/report; report-type=delivery-status\n\nno boundary",
]


@pytest.mark.parametrize("raw", GARBAGE)
def test_garbage_is_said_to_be_so(raw: bytes) -> None:
    with pytest.raises(bounces.NotAReportError):
        bounces.read(raw)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=st.binary(max_size=60), at=st.integers(0, 1200))
def test_a_report_damaged_anywhere_never_breaks_the_reader(raw: bytes, at: int) -> None:
    whole = report(f"<{uuid4()}@fabriques.test>")
    for damaged in (whole[:at] + raw + whole[at:], whole[:at] + raw, raw + whole[at:]):
        with suppress(bounces.NotAReportError):
            bounces.take(damaged)


# --- The command --------------------------------------------------------------------------------


def command(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> str:
    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(raw)))
    call_command("bounces", stdout=out)
    return out.getvalue()


def test_the_command_reads_one_message(sent: Mail, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command(monkeypatch, report(message_id(sent))) == "lettre refusée\n"
    sent.refresh_from_db()
    assert sent.state == State.BOUNCED


@pytest.mark.parametrize("raw", [*GARBAGE, report("<x@ailleurs.test>")])
def test_the_command_says_what_it_cannot_use_and_fails(
    monkeypatch: pytest.MonkeyPatch, raw: bytes
) -> None:
    with pytest.raises(CommandError) as error:
        command(monkeypatch, raw)
    assert error.value.returncode == 1
    assert str(error.value).endswith(".")


def test_the_command_reads_a_maildir_once(sent: Mail, tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "box", create=True)
    for raw in (report(message_id(sent)), report("<x@ailleurs.test>"), *GARBAGE[1:]):
        box.add(raw)
    out = io.StringIO()
    call_command("bounces", folder=tmp_path / "box", stdout=out)
    assert out.getvalue().splitlines() == [
        f"autre message, laissé de côté : {len(GARBAGE) - 1}",
        "lettre refusée : 1",
        "rapport sur une lettre qui n’est pas de nous : 1",
    ]
    again = io.StringIO()
    call_command("bounces", folder=tmp_path / "box", stdout=again)
    assert again.getvalue() == "Aucun message à lire.\n"
    assert len(list((tmp_path / "box" / "cur").iterdir())) == len(GARBAGE) + 1


def test_the_command_reads_a_folder_of_files(sent: Mail, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(report(message_id(sent)))
    (tmp_path / "notes.txt").write_text("rien")
    out = io.StringIO()
    call_command("bounces", folder=tmp_path, stdout=out)
    assert out.getvalue() == "lettre refusée : 1\n"
    with pytest.raises(CommandError, match="n’est pas un dossier"):
        call_command("bounces", folder=tmp_path / "absent")
