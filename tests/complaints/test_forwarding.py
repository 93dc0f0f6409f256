"""Somebody else's job: the body that answers is named, and the report leaves the city only if its reporter agrees."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from catalogue.models import Body, Jurisdiction
from complaints.errors import NotForwarded, ReporterErased
from complaints.models import Complaint, Event, Forwarding, Message, Reporter
from complaints.services.erasure import erase_reporter
from complaints.services.forwarding import forward, out_of_scope
from complaints.services.transitions import change_state
from complaints.services.undo import undo, undoable
from complaints.timeline import public_timeline
from complaints.tracking import secret_token
from complaints.workflow import NoteRequired, Verb
from notifications.models import OutboxMessage
from tests.builders import build_complaint
from tests.conftest import SignIn


@pytest.fixture
def water(gridville: Jurisdiction) -> Body:
    return Body.objects.create(
        jurisdiction=gridville,
        code="water",
        name={"fr": "Régie des eaux", "ar": "وكالة الماء", "en": "Water board"},
        email="eaux@example.org",
        phone="+212 539 00 00 91",
    )


@pytest.fixture
def complaint(gridville: Jurisdiction, now: datetime) -> Complaint:
    filed = build_complaint(now=now - timedelta(hours=1), email="rita@example.org", description="Une fuite d'eau")
    Reporter.objects.update(phone="+212600000042", language="ar")
    OutboxMessage.objects.all().delete()
    return filed


def close(complaint: Complaint, user: User, now: datetime, body: Body | None, *, consented: bool = False) -> None:
    out_of_scope(complaint.pk, body=body, consented=consented, note="ليس لنا.", acting_user=user, now=now)


def letters() -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(recipient="eaux@example.org"))


def test_without_consent_nothing_leaves_and_she_is_told_whom_to_turn_to(
    complaint: Complaint, clerk: User, water: Body, now: datetime
) -> None:
    close(complaint, clerk, now, water)
    complaint.refresh_from_db()
    assert complaint.state == "out_of_scope" and letters() == []
    words = Message.objects.get().text
    assert words.startswith("ليس لنا.") and "وكالة الماء" in words and "+212 539 00 00 91" in words
    [mail] = OutboxMessage.objects.all()
    assert (mail.recipient, mail.language) == ("rita@example.org", "ar") and "وكالة الماء" in mail.body
    assert (complaint.forwarding.consent, complaint.forwarding.sent_at) == ("none", None)


def test_with_consent_it_is_passed_on_and_history_says_so_to_everybody(
    complaint: Complaint, clerk: User, water: Body, now: datetime
) -> None:
    close(complaint, clerk, now, water, consented=True)
    [letter] = letters()
    for fact in (complaint.tracking_number, "Une fuite d'eau", "rita@example.org", "+212600000042", "0.005000"):
        assert fact in letter.body, fact
    assert letter.language == "fr" and letter.reference == complaint.tracking_number
    event = complaint.events.get(kind=Event.Kind.FORWARDED)
    assert event.is_public and event.data == {"body": "water", "consent": "desk"}
    with translation.override("fr"):
        told = [(entry.title, entry.detail) for entry in public_timeline(Complaint.objects.get(pk=complaint.pk))]
    assert ("Transmise à un autre organisme", "Régie des eaux") in told
    with pytest.raises(NotForwarded):
        forward(complaint.pk, acting_user=clerk, now=now)


def test_she_passes_it_on_herself_from_her_page_once(
    client: Client, complaint: Complaint, clerk: User, water: Body
) -> None:
    soon = timezone.now()
    close(complaint, clerk, soon, water)
    with translation.override("fr"):
        page = reverse("secret_link", args=[secret_token(complaint.pk, 1)])
    assert "Régie des eaux" in client.get(page).content.decode()
    assert client.post(page, {"action": "forward"}).status_code == 302
    assert len(letters()) == 1 and Forwarding.objects.get().consent == "reporter"
    assert complaint.events.get(kind=Event.Kind.FORWARDED).actor_role == "reporter"
    assert client.post(page, {"action": "forward"}).status_code == 400
    assert len(letters()) == 1


def test_what_was_reopened_withdrawn_or_erased_is_not_passed_on(
    complaint: Complaint, clerk: User, water: Body, now: datetime
) -> None:
    close(complaint, clerk, now, water)
    change_state(complaint.pk, Verb.REOPEN, acting_user=clerk, now=now, note="Doch.")
    with pytest.raises(NotForwarded):
        forward(complaint.pk, acting_user=None, now=now)
    close(complaint, clerk, now + timedelta(hours=1), water)
    erase_reporter(complaint.pk, now=now + timedelta(hours=2))
    with pytest.raises(ReporterErased):
        forward(complaint.pk, acting_user=clerk, now=now + timedelta(hours=3))
    assert letters() == []


def test_a_body_without_an_address_cannot_be_written_to(
    complaint: Complaint, clerk: User, water: Body, now: datetime
) -> None:
    Body.objects.update(email="")
    water.refresh_from_db()
    with pytest.raises(NotForwarded):
        close(complaint, clerk, now, water, consented=True)
    complaint.refresh_from_db()
    assert complaint.state == "received", "nothing is half done"
    with pytest.raises(NoteRequired):
        out_of_scope(complaint.pk, body=water, consented=False, note=" ", acting_user=clerk, now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Forwarding.objects.create(complaint=complaint, body=water, named_at=now, sent_at=now)


def test_an_undo_keeps_the_letter_back(complaint: Complaint, clerk: User, water: Body, now: datetime) -> None:
    batch = uuid.uuid4()
    with undoable(complaint.pk, action="out-of-scope", acting_user=clerk, now=now, batch=batch):
        close(complaint, clerk, now, water, consented=True)
    [undone] = undo(batch, acting_user=clerk, now=now + timedelta(seconds=3))
    complaint.refresh_from_db()
    assert undone.refusal == "" and complaint.state == "received"
    assert set(OutboxMessage.objects.values_list("queue_state", flat=True)) == {"cancelled"}
    assert not Forwarding.objects.exists()


def test_the_desk_offers_the_citys_bodies_and_takes_any_other_in_words(
    signed_in: SignIn, clerk: User, complaint: Complaint, water: Body
) -> None:
    client = signed_in(clerk)
    with translation.override("fr"):
        address = reverse("desk_action", args=[complaint.tracking_number, "out-of-scope"])
    assert client.post(address, {"body": "dragons", "note": "Non."}).status_code == 422
    assert client.post(address, {"body": "", "note": "Non.", "consented": "on"}).status_code == 422
    assert client.post(address, {"body": "", "note": "La préfecture."}).status_code == 302
    assert Message.objects.get().text == "La préfecture." and not Forwarding.objects.exists()
