"""The phone desk: somebody calls or comes, a clerk takes it down, and the record says how it came and who wrote it."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from catalogue.models import Jurisdiction
from complaints.models import Complaint, Event
from notifications.models import OutboxMessage
from tests.conftest import SignIn

PAGE = "/fr/desk/new/"
CALL: dict[str, Any] = {
    "channel": "phone",
    "language": "ar",
    "longitude": "0.005",
    "latitude": "0.005",
    "category": "pavement",
    "kind": "complaint",
    "description": "Un trottoir cassé",
    "name": "Zineb",
    "phone": "0612345678",
    "asked": "pavement",
}


@pytest.fixture
def desk(signed_in: SignIn, triage_officer: User) -> Client:
    return signed_in(triage_officer)


def test_what_a_caller_says_is_filed_at_once_with_channel_language_and_clerk(
    desk: Client, triage_officer: User, gridville: Jurisdiction
) -> None:
    response = desk.post(PAGE, CALL, follow=True)
    complaint = Complaint.objects.get()
    assert response.redirect_chain[-1][0] == f"/fr/desk/{complaint.tracking_number}/"
    assert complaint.tracking_number in str(next(iter(response.context["messages"])))
    assert (complaint.channel, complaint.unit.code, complaint.state) == ("phone", "roads-dept", "received")
    assert (complaint.reporter.language, complaint.reporter.phone) == ("ar", "+212612345678")
    event = complaint.events.get(kind=Event.Kind.SUBMITTED)
    assert (event.actor, event.actor_role, event.data["channel"]) == (triage_officer, "triage_officer", "phone")
    assert complaint.resolution_due_at is not None


def test_a_visitor_with_an_address_gets_the_confirmation_in_her_language(desk: Client, gridville: Jurisdiction) -> None:
    desk.post(PAGE, CALL | {"channel": "counter", "email": "zineb@example.org", "consent_contact": "on"})
    assert Complaint.objects.get().channel == "counter"
    [mail] = OutboxMessage.objects.all()
    assert (mail.recipient, mail.language) == ("zineb@example.org", "ar")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"channel": ""}, "channel"),
        ({"channel": "web"}, "channel"),
        ({"language": "de"}, "language"),
        ({"category": ""}, "category"),
        ({"longitude": "9", "latitude": "9"}, "latitude"),
        ({"phone": "12"}, "phone"),
    ],
)
def test_what_is_missing_is_said_and_nothing_typed_is_lost(
    desk: Client, gridville: Jurisdiction, change: dict[str, str], field: str
) -> None:
    response = desk.post(PAGE, CALL | change)
    assert response.status_code == 400 and field in response.context["form"].errors
    assert "Un trottoir cassé" in response.content.decode()
    assert not Complaint.objects.exists()


def test_a_double_press_makes_one_complaint(desk: Client, gridville: Jurisdiction) -> None:
    for _ in range(2):
        desk.post(PAGE, CALL | {"key": "0123456789abcdef0123"})
    assert Complaint.objects.count() == 1


def test_the_script_is_led_to_the_desk_too(desk: Client, gridville: Jurisdiction) -> None:
    answer = desk.post(PAGE, CALL, headers={"Accept": "application/json"})
    complaint = Complaint.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "tracking_number": complaint.tracking_number,
        "next": f"/fr/desk/{complaint.tracking_number}/",
    }


def test_a_clerk_who_files_for_another_unit_is_not_led_to_a_page_she_may_not_open(
    signed_in: SignIn, clerk: User, gridville: Jurisdiction
) -> None:
    client = signed_in(clerk)
    response = client.post(PAGE, CALL | {"category": "litter", "asked": "litter"}, follow=True)
    assert response.status_code == 200 and response.redirect_chain[-1][0] == "/fr/desk/"
    assert Complaint.objects.get().tracking_number in response.content.decode()


def test_citizens_do_not_choose_their_channel(client: Client, gridville: Jurisdiction) -> None:
    client.post("/fr/report/", CALL, headers={"Accept": "application/json"})
    complaint = Complaint.objects.get()
    assert (complaint.channel, complaint.reporter.language) == ("web", "fr")
    assert complaint.events.get(kind=Event.Kind.SUBMITTED).actor is None
