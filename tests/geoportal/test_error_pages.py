"""When something fails she is told so in the language of the address, with ways on, and nothing of the inside."""

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory

from accounts.models import User
from accounts.quotas import QuotaExceeded
from catalogue.models import Jurisdiction
from geoportal.views import server_error
from tests.conftest import SignIn

LANGUAGES = pytest.mark.parametrize(("language", "direction"), [("fr", "ltr"), ("ar", "rtl"), ("en", "ltr")])


@LANGUAGES
@pytest.mark.django_db
def test_an_address_that_leads_nowhere(client: Client, gridville: Jurisdiction, language: str, direction: str) -> None:
    refuses(client.get(f"/{language}/nowhere/"), 404, language, direction)


@LANGUAGES
@pytest.mark.django_db
def test_a_form_without_its_token(gridville: Jurisdiction, language: str, direction: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    refuses(strict.post(f"/{language}/report/", {"description": "x"}), 403, language, direction)


@LANGUAGES
@pytest.mark.django_db
def test_a_page_of_another_role(signed_in: SignIn, crew_member: User, language: str, direction: str) -> None:
    refuses(signed_in(crew_member).get(f"/{language}/desk/moderation/"), 403, language, direction)


@LANGUAGES
@pytest.mark.django_db
def test_too_many_requests(
    client: Client, gridville: Jurisdiction, monkeypatch: pytest.MonkeyPatch, language: str, direction: str
) -> None:
    def exceeded(*args: object, **kwargs: object) -> None:
        raise QuotaExceeded(180)

    monkeypatch.setattr("complaints.views.public.jurisdiction_of", exceeded)
    page = client.get(f"/{language}/")
    refuses(page, 429, language, direction)
    assert page["Retry-After"] == "180"
    assert "3 " in page.content.decode().split("error-title")[-1].split("error__ways")[0], "minutes"


@LANGUAGES
@pytest.mark.django_db
def test_more_fields_than_anybody_fills_in(
    client: Client, gridville: Jurisdiction, language: str, direction: str
) -> None:
    form = {f"field{n}": "x" for n in range(1100)}
    refuses(client.post(f"/{language}/report/", form), 400, language, direction)


@LANGUAGES
def test_without_the_database_the_page_asks_it_for_nothing(language: str, direction: str) -> None:
    """No database is allowed in this test."""
    try:
        raise OperationalError("connection to server at secret-host failed")
    except OperationalError:
        page = server_error(RequestFactory().get(f"/{language}/track/?number=TET-1"))
    refuses(page, 503, language, direction)
    assert page["Retry-After"] == "5"
    text = page.content.decode()
    assert "secret-host" not in text
    assert f'href="/{language}/track/?number=TET-1"' in text, "she can try again"


@LANGUAGES
def test_a_fault_of_ours_tells_nothing_of_the_inside(language: str, direction: str) -> None:
    try:
        raise ValueError("the inside of it")
    except ValueError:
        page = server_error(RequestFactory().post(f"/{language}/report/", {}))
    refuses(page, 500, language, direction)
    text = page.content.decode()
    assert "the inside of it" not in text
    assert "button--primary" not in text, "a form is not sent again by a link"


def test_a_program_gets_a_problem_document_in_the_language_it_asks_for() -> None:
    try:
        raise ValueError("the inside of it")
    except ValueError:
        page = server_error(RequestFactory().get("/api/v1/complaints/", headers={"Accept-Language": "fr"}))
    assert (page.status_code, page["Content-Type"]) == (500, "application/problem+json")
    assert "Une erreur" in page.content.decode()


def refuses(page: Any, status: int, language: str, direction: str) -> None:
    """It is a whole page in her language, with the ways on."""
    assert page.status_code == status
    text = page.content.decode()
    assert f'lang="{language}"' in text and f'dir="{direction}"' in text
    assert "<h1" in text and "</main>" in text
    for way in ("", "report/", "track/"):
        assert f'href="/{language}/{way}"' in text
    assert "Traceback" not in text
