"""Mail leaves by SMTP, waits when the server cannot take it, and is given up only when it can never arrive."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.core import mail
from pytest_django import Settings

from notifications.delivery import deliver_due
from notifications.models import OutboxMessage
from queueing.models import LEASE, claim
from tests.notifications.mailservers import Answers, silent_server, smtp_server

pytestmark = pytest.mark.django_db


def put(now: datetime, *, language: str = "fr", recipient: str = "rita@example.org", key: str = "1") -> OutboxMessage:
    return OutboxMessage.objects.create(
        recipient=recipient,
        language=language,
        subject="Votre réclamation",
        body="Bonjour,\n\nvoici <b>le lien</b> :\nhttps://example.org/fr/c/abc/\n",
        reference="GRI-2222-2222",
        dedup_key=key,
        created_at=now,
        next_attempt_at=now,
    )


def use_smtp(settings: Settings, port: int) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 1


@pytest.fixture
def server(settings: Settings) -> Iterator[Answers]:
    with smtp_server() as (answers, port):
        use_smtp(settings, port)
        yield answers


def test_a_mail_leaves_once_with_text_html_and_its_language(server: Answers, now: datetime) -> None:
    row = put(now, language="ar")
    assert deliver_due(now=now) == 1
    assert deliver_due(now=now) == 0
    (sent,) = server.mails
    assert (sent["To"], sent["Content-Language"], sent["Auto-Submitted"]) == (
        "rita@example.org",
        "ar",
        "auto-generated",
    )
    assert sent["Message-ID"] == f"<GRI-2222-2222.{row.pk}@example.org>"
    text, html = (part.get_content() for part in sent.iter_parts())
    assert "https://example.org/fr/c/abc/" in text
    assert 'dir="rtl"' in html
    assert '<a href="https://example.org/fr/c/abc/" dir="ltr">' in html
    assert "<b>le lien" not in html
    row.refresh_from_db()
    assert (row.queue_state, row.sent_at) == ("done", now)


def test_sent_again_after_a_crash_it_is_the_same_mail(server: Answers, now: datetime) -> None:
    put(now)
    claim(OutboxMessage, now=now - LEASE, limit=1)
    OutboxMessage.objects.update(leased_until=now)
    deliver_due(now=now)
    OutboxMessage.objects.update(queue_state="due", leased_until=None)
    deliver_due(now=now)
    first, second = server.mails
    assert first["Message-ID"] == second["Message-ID"]


def test_an_unknown_address_is_given_up_at_once(server: Answers, now: datetime) -> None:
    server.recipient = "550 5.1.1 no such user"
    row = put(now)
    deliver_due(now=now)
    row.refresh_from_db()
    assert (row.queue_state, row.last_error) == ("failed", "550 5.1.1 no such user")


@pytest.mark.parametrize("reply", ["450 4.2.0 greylisted", "452 4.2.2 mailbox full"])
def test_a_passing_refusal_is_tried_again_later(server: Answers, now: datetime, reply: str) -> None:
    server.recipient = reply
    row, other = put(now), put(now, key="2")
    deliver_due(now=now)
    row.refresh_from_db()
    assert (row.queue_state, row.attempts, row.next_attempt_at) == ("due", 1, now + timedelta(seconds=5))
    other.refresh_from_db()
    assert other.attempts == 1, "one refused address does not hold up the others"
    server.recipient = "250 OK"
    assert deliver_due(now=now + timedelta(seconds=6)) == 2


def test_content_that_is_refused_is_given_up(server: Answers, now: datetime) -> None:
    server.data = "554 5.7.1 spam"
    row = put(now)
    deliver_due(now=now)
    row.refresh_from_db()
    assert row.queue_state == "failed"


def test_an_address_that_is_none_harms_nobody_else(server: Answers, now: datetime) -> None:
    bad, good = put(now, recipient="a@b\nBcc: x@example.org"), put(now + timedelta(0), key="2")
    deliver_due(now=now)
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.queue_state, good.queue_state) == ("failed", "done")


@pytest.mark.parametrize("trouble", ["closed", "hangs"])
def test_while_the_server_is_away_messages_wait_without_losing_attempts(
    settings: Settings, now: datetime, trouble: str
) -> None:
    rows = [put(now, key=str(number)) for number in range(3)]
    with silent_server() as port:
        use_smtp(settings, port if trouble == "hangs" else 1)
        started = time.monotonic()
        for minute in range(3):
            assert deliver_due(now=now + timedelta(minutes=minute)) == 0
        assert time.monotonic() - started < 8
    assert [OutboxMessage.objects.get(pk=row.pk).attempts for row in rows] == [0, 0, 0]
    with smtp_server() as (answers, port):
        use_smtp(settings, port)
        assert deliver_due(now=now + timedelta(minutes=10)) == 3
        assert len(answers.mails) == 3


def test_after_five_days_a_message_is_given_up(settings: Settings, now: datetime) -> None:
    use_smtp(settings, 1)
    row = put(now)
    deliver_due(now=now + timedelta(days=5, seconds=1))
    row.refresh_from_db()
    assert row.queue_state == "failed"


def test_without_a_server_mails_are_files(settings: Settings, now: datetime) -> None:
    settings.EMAIL_BACKEND = "notifications.channels.folder.MailFolder"
    row = put(now)
    assert deliver_due(now=now) == 1
    (file,) = settings.MAIL_DIR.iterdir()
    assert file.name == f"GRI-2222-2222.{row.pk}.eml"
    assert b"Auto-Submitted: auto-generated" in file.read_bytes()
    assert not mail.outbox
