"""Short messages: through whatever HTTP interface the settings describe, and only where they were asked for."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pytest_django import Settings

from accounts.models import User
from catalogue.models import Jurisdiction
from complaints.models import Complaint
from complaints.services.submission import NewComplaint, NewReporter, submit
from complaints.services.transitions import change_state
from complaints.workflow import Verb
from notifications.channels.sms import LONGEST, text_of
from notifications.delivery import deliver_due
from notifications.models import OutboxMessage
from tests.builders import SCALE

HOUR = timedelta(hours=1)


class Provider:
    """A provider's HTTP server: what it was sent, and what it answers."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.received: list[tuple[str, str, str, str]] = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._take("")

            def do_POST(self) -> None:
                self._take(self.rfile.read(int(self.headers["Content-Length"])).decode())

            def _take(self, body: str) -> None:
                kept = (self.path, body, self.headers.get("Content-Type", ""), self.headers.get("Authorization", ""))
                provider.received.append(kept)
                self.send_response(provider.answers.pop(0) if provider.answers else 200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def provider() -> Iterator[Provider]:
    running = Provider()
    thread = threading.Thread(target=running.server.serve_forever, daemon=True)
    thread.start()
    yield running
    running.server.shutdown()
    running.server.server_close()


def put(now: datetime, body: str = "TET-1: réglée & finie\nhttps://example.org/x") -> OutboxMessage:
    return OutboxMessage.objects.create(
        channel="sms", recipient="+212612345678", language="fr", subject="", body=body, reference="TET-1",
        dedup_key=body, created_at=now, next_attempt_at=now,
    )  # fmt: skip


@pytest.mark.django_db
def test_a_template_in_the_address_is_filled_and_escaped(provider: Provider, settings: Settings, now: datetime) -> None:
    settings.SMS_URL = f"{provider.address}/send?dest={{to}}&msg={{text}}&from=Commune"
    put(now)
    assert deliver_due(now=now) == 1
    query = parse_qs(urlsplit(provider.received[0][0]).query)
    assert query == {
        "dest": ["+212612345678"],
        "msg": ["TET-1: réglée & finie\nhttps://example.org/x"],
        "from": ["Commune"],
    }
    assert deliver_due(now=now) == 0


@pytest.mark.django_db
@pytest.mark.parametrize("body", ['{"to": "{to}", "content": "{text}"}', "to={to}&content={text}"])
def test_a_body_is_json_or_a_form(provider: Provider, settings: Settings, now: datetime, body: str) -> None:
    settings.SMS_URL, settings.SMS_BODY = f"{provider.address}/v1/messages", body
    settings.SMS_AUTHORIZATION = "Bearer abc"
    words = 'dit "non" à 100 %\nحفرة'
    put(now, words)
    deliver_due(now=now)
    _, sent, kind, authorization = provider.received[0]
    assert authorization == "Bearer abc"
    if kind == "application/json":
        assert json.loads(sent) == {"to": "+212612345678", "content": words}
    else:
        assert parse_qs(sent) == {"to": ["+212612345678"], "content": [words]}


@pytest.mark.django_db
def test_a_provider_in_trouble_is_tried_again_and_a_refused_number_is_not(
    provider: Provider, settings: Settings, now: datetime
) -> None:
    settings.SMS_URL = f"{provider.address}/?to={{to}}&text={{text}}"
    message = put(now)
    provider.answers = [503]
    assert deliver_due(now=now) == 0
    message.refresh_from_db()
    assert (message.queue_state, message.attempts) == ("due", 0)
    provider.answers = [400]
    deliver_due(now=now + timedelta(minutes=2))
    message.refresh_from_db()
    assert message.queue_state == "failed"
    assert "612345678" not in message.last_error


@pytest.mark.django_db
def test_in_development_it_lies_beside_the_mails(settings: Settings, now: datetime) -> None:
    settings.SMS_URL = "console"
    put(now)
    assert deliver_due(now=now) == 1
    (file,) = Path(settings.MAIL_DIR).glob("*.eml")
    assert "+212612345678" in file.read_text()


def test_a_long_text_is_cut_and_its_link_is_not(now: datetime) -> None:
    message = OutboxMessage(body="x" * 1000 + "\nhttps://example.org/fr/c/abc/")
    assert len(text_of(message)) == LONGEST
    assert text_of(message).endswith("…\nhttps://example.org/fr/c/abc/")


def filed(now: datetime, *, sms: bool, phone: str = "+212612345678") -> Complaint:
    reporter = NewReporter(language="ar", phone=phone, consent_sms=sms)
    new = NewComplaint(
        category="pothole",
        longitude=0.5 * SCALE,
        latitude=0.5 * SCALE,
        reporter=reporter,
        channel=Complaint.Channel.WEB,
    )
    return Complaint.objects.get(tracking_number=submit(new, now=now).tracking_number)


def test_only_who_asked_for_short_messages_gets_them(gridville: Jurisdiction, clerk: User, now: datetime) -> None:
    asked, not_asked = filed(now, sms=True), filed(now, sms=False)
    for complaint in (asked, not_asked):
        change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=now + HOUR, note="Fait", reason="no_trace")
    sent = OutboxMessage.objects.all()
    assert {(m.channel, m.recipient, m.reference) for m in sent} == {("sms", "+212612345678", asked.tracking_number)}
    confirmation, resolved = sent.order_by("pk")
    assert asked.tracking_number in confirmation.body
    assert "/ar/c/" in confirmation.body
    assert resolved.body.endswith("/closing/?answer=confirm")


def test_without_a_gateway_nothing_waits_for_one(gridville: Jurisdiction, settings: Settings, now: datetime) -> None:
    settings.SMS_URL = ""
    filed(now, sms=True)
    assert not OutboxMessage.objects.exists()
