"""The view that intake is measured against goes on working when models gain columns."""

import json

import pytest
from django.test import Client, override_settings

from catalogue.models import Jurisdiction
from complaints.models import Complaint
from notifications.models import OutboxMessage


@pytest.mark.django_db
@override_settings(ROOT_URLCONF="bench.urls")
def test_the_bare_view_stores_a_complaint_and_a_message(client: Client, gridville: Jurisdiction) -> None:
    filing = {
        "longitude": 0.005,
        "latitude": 0.005,
        "description": "Full",
        "location_text": "corner",
        "reporter": {"email": "rita@example.org"},
    }
    answer = client.post("/bench/bare/", json.dumps(filing), content_type="application/json")
    assert answer.status_code == 201
    stored = Complaint.objects.get(tracking_number=answer.json()["tracking_number"])
    assert (stored.point.x, stored.point.y, stored.description) == (0.005, 0.005, "Full")
    assert OutboxMessage.objects.get(reference=stored.tracking_number).recipient == "rita@example.org"
