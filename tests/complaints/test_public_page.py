"""The public page of a complaint shows the facts that product.md allows, and nothing else."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.models import User
from catalogue.models import Jurisdiction
from complaints.models import Complaint, Message
from complaints.services.allocation import hand_over
from complaints.services.transitions import change_state
from complaints.workflow import Verb
from tests.builders import build_complaint, build_enough

SECRET_WORDS = "mon voisin Ahmed a cassé le trottoir"


def page_of(client: Client, complaint: Complaint, language: str = "en") -> str:
    response = client.get(f"/{language}/complaints/{complaint.tracking_number}/")
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_place_unit_state_and_deadlines_are_public_words_and_names_are_not(
    client: Client, gridville: Jurisdiction, now: datetime, language: str
) -> None:
    complaint = build_complaint(now=now, email="rita@example.org", description=SECRET_WORDS, location_text="chez Ahmed")
    page = page_of(client, complaint, language)
    assert "roads-dept" in page and "state--received" in page and '"precision": "exact"' in page
    for hidden in (SECRET_WORDS, "Ahmed", "Rita", "rita@example.org"):
        assert hidden not in page


def test_released_words_and_public_answers_are_shown(
    client: Client, gridville: Jurisdiction, now: datetime, clerk: User
) -> None:
    complaint = build_complaint(now=now, description="Un trou")
    Complaint.objects.filter(pk=complaint.pk).update(text_review="released")
    change_state(
        complaint.pk, Verb.REJECT, acting_user=clerk, now=now, note="Rien à cet endroit.", reason="not_founded"
    )
    Message.objects.create(complaint=complaint, audience="internal", text="note interne", created_at=now)
    page = page_of(client, complaint)
    assert "Un trou" in page and "Rien à cet endroit." in page and "Not founded" in page
    assert "note interne" not in page


def test_why_here_says_what_would_change_nearby_where_the_place_is_public(
    client: Client, gridville: Jurisdiction, now: datetime, triage_officer: User
) -> None:
    complaint = build_complaint("litter", at=(0.4, 0.88), now=now)
    page = page_of(client, complaint)
    assert "22 m to the north, waste-north en would answer." in page
    hand_over(complaint.pk, gridville.units.get(code="bin-team"), acting_user=triage_officer, now=now)
    assert "would answer" not in page_of(client, complaint), "a person chose, not the place"
    assert "would answer" not in page_of(client, build_enough("noise", at=(0.4, 0.88), now=now)[0])


@pytest.mark.parametrize("category", ["domestic", "live-wire"])
def test_of_a_case_that_is_not_public_only_state_and_deadlines_are_shown(
    client: Client, gridville: Jurisdiction, now: datetime, category: str
) -> None:
    page = page_of(client, build_complaint(category, now=now))
    assert "state--received" in page and "First answer by" in page
    for hidden in (category, "roads-dept", "registry", "Sécurité", "w1", "precision"):
        assert hidden not in page


def test_a_hidden_complaint_shows_no_more_than_that(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(now=now)
    Complaint.objects.filter(pk=complaint.pk).update(visibility="hidden")
    assert "pothole" not in page_of(client, complaint)


def test_a_coarse_category_never_gives_its_point_away(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_enough("noise", at=(0.51237, 0.52341), now=now)[0]
    page = page_of(client, complaint)
    assert '"precision": "grid"' in page
    assert "0.0051237" not in page and "0.0052341" not in page


def test_a_late_complaint_says_how_late(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(now=now - timedelta(days=40))
    page = page_of(client, complaint)
    assert "deadline--late" in page and "days late" in page


def test_a_merged_complaint_shows_the_state_of_its_primary(
    client: Client, gridville: Jurisdiction, now: datetime, clerk: User
) -> None:
    primary, second = build_complaint(now=now), build_complaint(now=now)
    change_state(primary.pk, Verb.ACCEPT, acting_user=clerk, now=now)
    Complaint.objects.filter(pk=second.pk).update(merged_into=primary)
    page = page_of(client, second)
    assert primary.tracking_number in page and "state--accepted" in page and "state--received" not in page


def test_why_here_names_area_edition_and_runner_up(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    page = page_of(client, build_complaint("litter", at=(0.5, 1.0), now=now))
    assert "“north en”" in page and "(edition 1)" in page
    assert "“south en” (waste-south en) covers it too, but has a lower priority." in page


def test_times_are_on_the_citys_clock(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    page = page_of(client, build_complaint(now=now))
    assert "16:30" in page
