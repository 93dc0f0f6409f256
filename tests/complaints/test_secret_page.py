"""With the secret link the reporter sees her own words and does what is hers to do; without it nobody does."""

from datetime import datetime
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from catalogue.models import Jurisdiction
from complaints.models import Attachment, Complaint, Message, Reporter
from complaints.services.transitions import change_state
from complaints.tracking import secret_token
from complaints.workflow import Verb
from notifications.models import OutboxMessage
from tests.builders import build_complaint
from tests.sandbox.files import jpeg


@pytest.fixture(autouse=True)
def own_media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def address(complaint: Complaint, language: str = "en") -> str:
    return f"/{language}/c/{secret_token(complaint.pk, complaint.link_version)}/"


@pytest.fixture
def complaint(gridville: Jurisdiction, now: datetime) -> Complaint:
    return build_complaint(now=now, email="rita@example.org", description="Un trou", location_text="au coin")


@pytest.fixture
def resolved(complaint: Complaint, now: datetime, clerk: User) -> Complaint:
    change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=now, note="Rebouché.", reason="no_trace")
    complaint.refresh_from_db()
    return complaint


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_she_sees_her_own_words_and_nobody_keeps_the_page(client: Client, complaint: Complaint, language: str) -> None:
    response = client.get(address(complaint, language))
    page = response.content.decode()
    for own in ("Un trou", "au coin", "Rita", "rita@example.org", complaint.tracking_number):
        assert own in page
    assert response["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response["X-Robots-Tag"]
    assert "no-store" in response["Cache-Control"]


def test_she_sees_her_place_on_a_map_and_no_more_once_she_erased(client: Client, complaint: Complaint) -> None:
    page = client.get(address(complaint))
    assert page.context["place"]["precision"] == "exact"
    assert 'id="map"' in page.content.decode()
    client.post(address(complaint), {"action": "erase", "sure": "1"})
    page = client.get(address(complaint))
    assert page.context["place"] is None
    assert 'id="map"' not in page.content.decode()


def test_who_chose_a_district_only_is_shown_no_pin(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(now=now, district_only=True)
    page = client.get(address(complaint))
    assert page.context["place"]["precision"] == "district"
    assert "You chose a district only" in page.content.decode()


def test_a_wrong_or_renewed_link_opens_nothing(client: Client, complaint: Complaint) -> None:
    old = address(complaint)
    Complaint.objects.filter(pk=complaint.pk).update(link_version=2)
    wrong = secret_token(complaint.pk, 1)[:-4] + "AAAA"
    for path in (old, f"/en/c/{wrong}/", "/en/c/hello/"):
        assert client.get(path).status_code == 404


def test_a_message_with_a_file_is_added(client: Client, complaint: Complaint) -> None:
    photo = SimpleUploadedFile("plus.jpg", jpeg())
    response = client.post(
        address(complaint), {"action": "message", "text": "Il est plus grand", "files": photo}, follow=True
    )
    page = response.content.decode()
    assert "Your message was sent." in page and "Il est plus grand" in page and "plus.jpg" in page
    assert "Being checked" in page


def test_an_empty_message_is_refused_with_a_reason(client: Client, complaint: Complaint) -> None:
    response = client.post(address(complaint), {"action": "message", "text": " "})
    assert response.status_code == 400 and not Message.objects.exists()


def test_a_reply_to_a_question_sets_the_clock_going(
    client: Client, complaint: Complaint, clerk: User, now: datetime
) -> None:
    change_state(complaint.pk, Verb.ASK, acting_user=clerk, now=now, note="Quel côté ?")
    page = client.get(address(complaint)).content.decode()
    assert "Quel côté ?" in page and "until then the clock stands still" in page
    client.post(address(complaint), {"action": "message", "text": "À gauche"})
    complaint.refresh_from_db()
    assert complaint.state == "accepted" and complaint.paused_at is None


def test_she_confirms(client: Client, resolved: Complaint) -> None:
    assert "Yes, it is settled" in client.get(address(resolved)).content.decode()
    client.post(address(resolved), {"action": "confirm"})
    resolved.refresh_from_db()
    assert resolved.state == "confirmed"


def test_contesting_needs_words_and_opens_it_again(client: Client, resolved: Complaint) -> None:
    refused = client.post(address(resolved), {"action": "contest", "text": ""})
    assert refused.status_code == 400
    client.post(address(resolved), {"action": "contest", "text": "Le trou est encore là"})
    resolved.refresh_from_db()
    assert resolved.state == "reopened"
    assert "Le trou est encore là" in client.get(address(resolved)).content.decode()


def test_she_withdraws_and_can_do_so_once(client: Client, complaint: Complaint) -> None:
    client.post(address(complaint), {"action": "withdraw"})
    complaint.refresh_from_db()
    assert complaint.state == "withdrawn"
    again = client.post(address(complaint), {"action": "withdraw"})
    assert again.status_code == 400 and "cannot be done" in again.content.decode()


def test_what_is_withdrawn_has_no_deadline_that_goes_on(client: Client, complaint: Complaint) -> None:
    client.post(address(complaint), {"action": "withdraw"})
    for page in (address(complaint), f"/en/complaints/{complaint.tracking_number}/"):
        words = client.get(page).content.decode()
        assert words.count("no longer applies") == 2
        assert "deadline--met" not in words and "deadline--calm" not in words


def test_what_is_rejected_was_answered_in_time_and_promises_no_resolution(
    client: Client, complaint: Complaint, now: datetime, clerk: User
) -> None:
    change_state(complaint.pk, Verb.REJECT, acting_user=clerk, now=now, note="Pas ici.", reason="not_founded")
    words = client.get(address(complaint)).content.decode()
    assert (words.count("deadline--met"), words.count("deadline--lapsed")) == (1, 1)


def test_erasing_is_asked_twice_and_leaves_the_facts(client: Client, complaint: Complaint) -> None:
    asked = client.post(address(complaint), {"action": "erase"}).content.decode()
    assert "Yes, erase my data" in asked and Reporter.objects.get().email
    page = client.post(address(complaint), {"action": "erase", "sure": "1"}, follow=True).content.decode()
    assert "Your personal data was erased." in page
    for gone in ("Un trou", "Rita", "rita@example.org", "au coin"):
        assert gone not in page
    assert Reporter.objects.get().email == ""


@pytest.mark.parametrize("action", ["accept", "resolve", "", "nonsense"])
def test_no_other_action_is_hers(client: Client, complaint: Complaint, action: str) -> None:
    response = client.post(address(complaint), {"action": action, "text": "x"})
    assert response.status_code == 400
    complaint.refresh_from_db()
    assert complaint.state == "received"


def test_a_refused_file_says_why(client: Client, complaint: Complaint, now: datetime) -> None:
    Attachment.objects.create(
        complaint=complaint, name="x.pdf", kind="pdf", size=1, sha256="0", status="refused",
        refused_code="encrypted_pdf", created_at=now, next_attempt_at=now,
    )  # fmt: skip
    assert "The PDF is locked with a password." in client.get(address(complaint)).content.decode()


def test_internal_notes_and_staff_names_stay_inside(
    client: Client, complaint: Complaint, clerk: User, now: datetime
) -> None:
    Message.objects.create(complaint=complaint, audience="internal", author=clerk, text="note interne", created_at=now)
    change_state(complaint.pk, Verb.ACCEPT, acting_user=clerk, now=now)
    page = client.get(address(complaint)).content.decode()
    assert "note interne" not in page and "Clara" not in page


def test_the_receipt_shows_number_qr_and_link_once(client: Client, complaint: Complaint) -> None:
    page = client.get(address(complaint) + "?new=1").content.decode()
    assert 'class="qr"' in page and "style=" not in page
    assert 'class="qr"' not in client.get(address(complaint)).content.decode()


@pytest.mark.parametrize(
    ("language", "to_her", "to_others"),
    [
        ("fr", "En attente de votre réponse", "en attente du déclarant"),
        ("ar", "في انتظار جوابكم", "في انتظار جواب صاحب الشكاية"),
    ],
)
def test_who_is_waited_for_is_said_to_her_and_of_her(
    client: Client, complaint: Complaint, now: datetime, clerk: User, language: str, to_her: str, to_others: str
) -> None:
    change_state(complaint.pk, Verb.ASK, acting_user=clerk, now=now, note="Où ?")
    own = client.get(address(complaint, language)).content.decode()
    public = client.get(f"/{language}/complaints/{complaint.tracking_number}/").content.decode()
    client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    desk = client.get(f"/{language}/desk/{complaint.tracking_number}/").content.decode()
    assert to_her.casefold() in own.casefold() and to_others not in own.casefold()
    assert to_others in public.casefold() and to_her.casefold() not in public.casefold()
    assert to_others in desk.casefold() and to_her.casefold() not in desk.casefold()
    assert "en attente de votre réponse" in OutboxMessage.objects.get(subject__contains="votre").subject
