"""Answers to mails come back into the complaint: by the address, once, from people, whole or refused in words."""

import imaplib
import os
import shutil
import smtplib
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email import message_from_string, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from catalogue.models import Jurisdiction
from complaints.models import Attachment, Complaint, Event, Message
from complaints.services.correspondence import answer
from complaints.services.erasure import erase_reporter
from complaints.services.mail_replies import fetch_replies, forget_old, take_mail
from complaints.services.transitions import change_state
from complaints.tracking import reply_address
from complaints.workflow import State, Verb
from geoportal.env import imap_settings
from notifications.channels.email import compose
from notifications.channels.mailbox import Handled, MailboxTrouble
from notifications.models import OutboxMessage
from tests.builders import build_complaint
from tests.conftest import SignIn
from tests.sandbox.files import jpeg

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def replies_are_taken(settings: Settings, tmp_path: Path) -> None:
    settings.REPLY_TO = "reclamations@ville.example"
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def complaint(gridville: Jurisdiction, now: datetime) -> Complaint:
    return build_complaint(now=now, email="fatima@example.org")


def reply(complaint: Complaint, text: str = "Toujours là.", **headers: str) -> EmailMessage:
    mail = EmailMessage()
    given = {"From": "Fatima <fatima@example.org>", "To": reply_address(complaint), "Message-ID": "<1@example.org>"}
    for name, value in (given | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        mail[name] = value
    mail.set_content(text)
    return mail


def take(mail: EmailMessage, now: datetime) -> Handled:
    return take_mail(mail.as_bytes(), now=now)


def words() -> list[str]:
    return list(Message.objects.filter(from_reporter=True).order_by("pk").values_list("text", flat=True))


def notes() -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(dedup_key__contains="mail-refused"))


def test_an_answer_to_our_mail_is_in_the_complaint_once(complaint: Complaint, clerk: User, now: datetime) -> None:
    answer(complaint.pk, "Nous passons demain.", acting_user=clerk, now=now + HOUR)
    sent = compose(OutboxMessage.objects.latest("pk"))
    (address,) = sent.reply_to
    quoted = "\n".join(f"> {line}" for line in str(sent.body).splitlines())
    mail = reply(complaint, f"Merci, j'attends.\n\nLe lundi, Mairie a écrit :\n{quoted}", To=address)
    for _ in range(2):
        assert take(mail, now + 2 * HOUR) == Handled.TAKEN
    assert words() == ["Merci, j'attends."]
    event = Event.objects.get(kind=Event.Kind.MESSAGE_RECEIVED)
    assert event.data["via"] == "mail"


def test_an_address_in_other_case_or_only_in_the_envelope_counts(complaint: Complaint, now: datetime) -> None:
    take(reply(complaint, To=reply_address(complaint).upper()), now)
    take(reply(complaint, "Deux", To="x@example.org", Delivered_To=reply_address(complaint), Message_ID="<2@x>"), now)
    assert words() == ["Toujours là.", "Deux"]


def test_a_question_is_answered_by_mail_and_the_clock_goes_on(complaint: Complaint, clerk: User, now: datetime) -> None:
    change_state(complaint.pk, Verb.ASK, acting_user=clerk, now=now + HOUR, note="Quel numéro ?")
    take(reply(complaint, "Le 12."), now + 2 * HOUR)
    complaint.refresh_from_db()
    assert complaint.state == State.IN_PROGRESS or complaint.state == State.ACCEPTED
    assert words() == ["Le 12."]


def test_a_forged_sender_gains_nothing_and_another_address_is_told_to_the_desk(
    complaint: Complaint, gridville: Jurisdiction, now: datetime
) -> None:
    other = build_complaint(now=now, email="zineb@example.org")
    for to in (
        "reclamations@ville.example",
        f"reclamations+{complaint.tracking_number}@ville.example",
        "reclamations+" + "a" * 39 + "@ville.example",
        reply_address(complaint).replace("ville.example", "evil.example"),
        reply_address(complaint)[:14] + "b" + reply_address(complaint)[15:],
    ):
        assert take(reply(complaint, To=to), now) == Handled.NOT_OURS, to
    assert words() == []
    take(reply(complaint, From="cousin@example.org"), now)
    assert Event.objects.get(kind=Event.Kind.MESSAGE_RECEIVED).data["via"] == "mail from elsewhere"
    assert not other.messages.exists()


def test_renewing_the_secret_link_ends_the_old_address_too(complaint: Complaint, now: datetime) -> None:
    mail = reply(complaint)
    Complaint.objects.filter(pk=complaint.pk).update(link_version=2)
    assert take(mail, now) == Handled.NOT_OURS


@pytest.mark.parametrize("headers", [{"Auto_Submitted": "auto-replied"}, {"Return_Path": "<>"}, {"Precedence": "bulk"}])
def test_machines_are_not_listened_to_nor_answered(
    complaint: Complaint, now: datetime, headers: dict[str, str]
) -> None:
    before = OutboxMessage.objects.count()
    assert take(reply(complaint, **headers), now) == Handled.TAKEN
    assert (words(), OutboxMessage.objects.count()) == ([], before)


def bounce(
    complaint: Complaint, message_id: str, *, action: str = "failed", headers_only: bool = False
) -> EmailMessage:
    """As Postfix writes it: to the address on the envelope, from nobody."""
    kind, inner = ("text/rfc822-headers", "") if headers_only else ("message/rfc822", "Merci de votre signalement.\n")
    raw = f"""Return-Path: <>
From: MAILER-DAEMON@mx.example.org
To: {reply_address(complaint)}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <bounce@mx.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; fatima@example.org
Original-Recipient: rfc822;Fatima@example.org
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No such user

--b
Content-Type: {kind}

From: Geoportal <noreply@ville.example>
Message-ID: {message_id}

{inner}
--b--
"""
    mail = message_from_string(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


@pytest.mark.parametrize("headers_only", [False, True])
def test_a_mail_that_comes_back_is_no_message_and_the_desk_sees_that_nobody_reads_it(
    signed_in: SignIn, complaint: Complaint, clerk: User, now: datetime, headers_only: bool
) -> None:
    OutboxMessage.objects.update(queue_state="done", sent_at=now)
    sent = OutboxMessage.objects.filter(reference=complaint.tracking_number).latest("pk")
    message_id = f"<{sent.reference}.{sent.pk}@ville.example>"
    page = f"/fr/desk/{complaint.tracking_number}/"
    for action in ("delayed", "delivered"):
        assert take(bounce(complaint, message_id, action=action), now) == Handled.TAKEN
    other = build_complaint(now=now, email="zineb@example.org")
    take(bounce(other, message_id), now)
    assert "5.1.1" not in signed_in(clerk).get(page).content.decode()
    before = OutboxMessage.objects.count()
    for _ in range(2):
        assert take(bounce(complaint, message_id, headers_only=headers_only), now) == Handled.TAKEN
    sent.refresh_from_db()
    assert (sent.queue_state, sent.last_error) == ("failed", "came back 5.1.1")
    assert (words(), OutboxMessage.objects.count()) == ([], before), "neither filed nor answered"
    assert "(5.1.1)" in signed_in(clerk).get(page).content.decode()
    erase_reporter(complaint.pk, now=now)
    sent.refresh_from_db()
    assert (sent.recipient, sent.last_error) == ("", "")


def test_what_names_no_mail_of_ours_is_known_by_its_address(complaint: Complaint, now: datetime) -> None:
    OutboxMessage.objects.update(queue_state="done", sent_at=now)
    take(bounce(complaint, "<other@mx.example.org>"), now)
    failed = OutboxMessage.objects.filter(queue_state="failed").get()
    assert failed.recipient == "fatima@example.org"


def test_mails_come_back_to_the_mailbox_where_sender_and_mailbox_share_a_domain(
    complaint: Complaint, settings: Settings
) -> None:
    message = OutboxMessage.objects.latest("pk")
    settings.DEFAULT_FROM_EMAIL = "Ville <noreply@ville.example>"
    mail = compose(message)
    assert mail.from_email == message.reply_to and mail.message()["From"] == settings.DEFAULT_FROM_EMAIL
    settings.DEFAULT_FROM_EMAIL = "Ville <noreply@elsewhere.example>"
    mail = compose(message)
    assert mail.from_email == settings.DEFAULT_FROM_EMAIL == mail.message()["From"]


def test_our_own_mails_ask_machines_not_to_answer(complaint: Complaint, clerk: User, now: datetime) -> None:
    answer(complaint.pk, "Oui", acting_user=clerk, now=now)
    mail = compose(OutboxMessage.objects.latest("pk"))
    assert mail.extra_headers["Auto-Submitted"] == "auto-generated"
    returned = EmailMessage()
    returned["To"], returned["From"] = reply_address(complaint), "fatima@example.org"
    returned["Auto-Submitted"] = mail.extra_headers["Auto-Submitted"]
    returned.set_content("Oui")
    take(returned, now)
    assert words() == []


def test_photos_are_taken_and_what_cannot_be_is_told_once_a_day(complaint: Complaint, now: datetime) -> None:
    mail = reply(complaint)
    mail.add_attachment(jpeg(), maintype="image", subtype="jpeg", filename="trou.jpg")
    mail.add_attachment(b"MZ\x90", maintype="application", subtype="x-msdownload", filename="virus.exe")
    take(mail, now)
    del mail["Message-ID"]
    take(mail, now + HOUR)
    assert words() == ["Toujours là."] * 2
    assert Attachment.objects.filter(purpose=Attachment.Purpose.MESSAGE).count() == 2
    (note,) = notes()
    assert note.recipient == "fatima@example.org"
    assert "n’est pas accepté" in note.body or "accepté" in note.body


def test_an_empty_and_an_endless_mail_are_refused_in_words_to_the_known_address(
    complaint: Complaint, now: datetime
) -> None:
    take(reply(complaint, "> cité seulement", From="evil@example.org"), now)
    take(reply(complaint, "mot " * 10_000, Message_ID="<2@x>"), now + DAY)
    assert take_mail(bytes(reply(complaint, Message_ID="<3@x>")), whole=False, now=now + 2 * DAY) == Handled.TAKEN
    assert words() == []
    assert [note.recipient for note in notes()] == ["fatima@example.org"] * 3
    assert "10 Mo" in notes()[2].body


def test_a_long_answer_is_kept_whole(complaint: Complaint, now: datetime) -> None:
    text = "\n".join(f"ligne {n} du récit" for n in range(400))
    take(reply(complaint, text), now)
    assert len(words()) == 2
    assert " ".join(words()).split() == text.split()


def test_quoted_secret_links_do_not_reach_the_desk(complaint: Complaint, now: datetime) -> None:
    take(reply(complaint, f"Voir http://localhost:8000/fr/c/{'A' * 32}/?x=1 merci"), now)
    assert words() == ["Voir … merci"]


def test_after_erasure_nothing_is_kept_and_nobody_told(complaint: Complaint, now: datetime) -> None:
    erase_reporter(complaint.pk, now=now)
    assert take(reply(complaint), now) == Handled.TAKEN
    assert (words(), notes()) == ([], [])


def test_something_that_answers_by_itself_is_stopped(complaint: Complaint, settings: Settings, now: datetime) -> None:
    settings.RATE_LIMIT_SCALE = 1.0
    for n in range(35):
        take(reply(complaint, Message_ID=f"<{n}@x>"), now)
    assert len(words()) == 30


def test_what_came_in_is_forgotten_in_time(complaint: Complaint, now: datetime) -> None:
    take(reply(complaint), now)
    assert forget_old(now=now + 59 * DAY) == 0
    assert forget_old(now=now + 61 * DAY) == 1


def test_a_mailbox_that_is_away_loses_nothing(settings: Settings, now: datetime) -> None:
    settings.IMAP = imap_settings("imap://x:y@127.0.0.1:9/")
    with pytest.raises(MailboxTrouble):
        fetch_replies(now=now)


# --- with a real mail server


DOVECOT = shutil.which("dovecot", path="/usr/sbin:/usr/bin")


@pytest.fixture
def dovecot(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """Dovecot by itself: LMTP takes mails, IMAP gives them. Yields the LMTP socket."""
    if DOVECOT is None or os.geteuid() != 0:
        pytest.skip("dovecot (dovecot-imapd, dovecot-lmtpd) is not installed, or may not be started")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = Path("/tmp") / f"dovecot-{port}"
    home.mkdir()
    (home / "mail").mkdir()
    (home / "mail").chmod(0o777)
    (home / "conf").write_text(_CONF.format(home=home, port=port))
    server = subprocess.Popen([DOVECOT, "-F", "-c", str(home / "conf")])
    try:
        _wait_for(home / "lmtp")
        settings.IMAP = imap_settings(f"imap://reclamations:secret@127.0.0.1:{port}/INBOX")
        yield home / "lmtp"
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(home)


_CONF = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = dovecot
default_internal_group = dovecot
default_login_user = dovenull
mail_location = maildir:{home}/mail
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
first_valid_gid = 1
recipient_delimiter = +
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={home}/mail allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service lmtp {{
  unix_listener {home}/lmtp {{
    mode = 0666
  }}
}}
auth_username_format = %Ln
lmtp_save_to_detail_mailbox = no
"""


def _wait_for(path: Path) -> None:
    for _ in range(100):
        if path.exists():
            return
        time.sleep(0.1)
    pytest.fail(f"{path} did not appear: {(path.parent / 'log').read_text()}")


def deliver(lmtp: Path, mail: EmailMessage | bytes, to: str) -> None:
    """As the city's mail server would."""
    with smtplib.LMTP(str(lmtp)) as server:
        server.sendmail("fatima@example.org", [to], mail if isinstance(mail, bytes) else mail.as_bytes())


def left_in_the_mailbox(settings: Settings) -> int:
    with imaplib.IMAP4("127.0.0.1", settings.IMAP["port"]) as box:
        box.login("reclamations", "secret")
        return int(box.select("INBOX")[1][0] or b"0")


def test_mails_that_a_real_server_took_come_in_and_leave_the_mailbox(
    complaint: Complaint, dovecot: Path, settings: Settings, now: datetime
) -> None:
    address = reply_address(complaint)
    photo = reply(complaint, "Avec photo.", To="undisclosed@example.org", Message_ID="<2@x>")
    photo.add_attachment(jpeg(), maintype="image", subtype="jpeg", filename="صورة.jpg")
    deliver(dovecot, reply(complaint), address)
    deliver(dovecot, photo, address)
    deliver(dovecot, reply(complaint, Auto_Submitted="auto-replied"), address)
    deliver(dovecot, reply(complaint, "Vente", To="reclamations@ville.example"), "reclamations@ville.example")
    deliver(dovecot, b"\xff\xfe\r\n\r\nrien", "reclamations@ville.example")
    assert fetch_replies(now=now) == 5
    assert words() == ["Toujours là.", "Avec photo."]
    assert Attachment.objects.filter(purpose=Attachment.Purpose.MESSAGE).count() == 1
    # What is nobody's business here is left to a person; the others are gone.
    assert left_in_the_mailbox(settings) == 2
    assert fetch_replies(now=now) == 0


def test_a_process_that_dies_between_taking_and_deleting_takes_it_once(
    complaint: Complaint, dovecot: Path, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(dovecot, reply(complaint), reply_address(complaint))

    with monkeypatch.context() as patch:
        patch.setattr(imaplib.IMAP4, "uid", _dies_at_store(imaplib.IMAP4.uid))
        with pytest.raises(KeyboardInterrupt):
            fetch_replies(now=now)
    assert words() == ["Toujours là."]
    assert fetch_replies(now=now + HOUR) == 1
    assert words() == ["Toujours là."]
    assert left_in_the_mailbox(settings) == 0


def _dies_at_store(real: Callable[..., Any]) -> Callable[..., Any]:
    def uid(box: imaplib.IMAP4, command: str, *arguments: str) -> Any:
        if command == "STORE":
            raise KeyboardInterrupt
        return real(box, command, *arguments)

    return uid
