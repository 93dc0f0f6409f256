"""An address that only takes forms is no blank window."""

from datetime import datetime

import pytest
from django.test import Client

from accounts.models import User
from complaints.models import Complaint
from tests.builders import build_complaint
from tests.conftest import SignIn


@pytest.mark.django_db
def test_who_loads_a_refused_form_again_is_told_so_in_her_language(
    clerk: User, signed_in: SignIn, now: datetime
) -> None:
    complaint = build_complaint(now=now)
    response = signed_in(clerk).get(f"/ar/desk/{complaint.tracking_number}/accept/")
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "هذا العنوان لا يستقبل سوى الاستمارات" in response.content.decode()
    assert Complaint.objects.get().state == "received"


def test_programs_get_their_own_answer(client: Client) -> None:
    response = client.delete("/api/v1/complaints/")
    assert (response.status_code, response["Content-Type"]) == (405, "application/problem+json")
