"""A number typed in any way leads to its complaint; what is no number says no more than an unknown one."""

from datetime import datetime

import pytest
from django.test import Client

from catalogue.models import Jurisdiction
from tests.builders import build_complaint


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_a_number_is_found_however_it_is_typed(
    client: Client, gridville: Jurisdiction, now: datetime, language: str
) -> None:
    number = build_complaint(now=now).tracking_number
    for typed in (number, number.lower(), number.replace("-", " "), f"  {number.replace('-', '')} "):
        response = client.get(f"/{language}/track/", {"number": typed})
        assert response["Location"] == f"/{language}/complaints/{number}/"


def test_unknown_and_malformed_numbers_get_the_same_answer(client: Client, gridville: Jurisdiction) -> None:
    for typed in ("GRI-2222-2222", "hello", "١٢٣", "x" * 59):
        response = client.get("/en/track/", {"number": typed})
        assert response.status_code == 404
        assert "No complaint has this number." in response.content.decode()


def test_an_address_with_a_wrong_number_offers_the_form_with_it(client: Client, gridville: Jurisdiction) -> None:
    response = client.get("/en/complaints/GRI-0000-0000/")
    assert response.status_code == 404 and 'value="GRI-0000-0000"' in response.content.decode()


def test_an_address_in_small_letters_is_led_to_the_right_one(
    client: Client, gridville: Jurisdiction, now: datetime
) -> None:
    number = build_complaint(now=now).tracking_number
    assert client.get(f"/en/complaints/{number.lower()}/")["Location"] == f"/en/complaints/{number}/"
