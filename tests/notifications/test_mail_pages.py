"""A demo shows its mails in the browser; no other site does."""

from datetime import datetime

import pytest
from django.test import Client
from pytest_django import Settings

from catalogue.models import Jurisdiction
from notifications.delivery import deliver_due
from tests.builders import build_complaint


@pytest.fixture
def demo(settings: Settings) -> None:
    settings.ENVIRONMENT = "demo"
    settings.EMAIL_BACKEND = "notifications.channels.folder.MailFolder"


def test_the_secret_link_of_a_mail_can_be_clicked(
    demo: None, gridville: Jurisdiction, client: Client, now: datetime
) -> None:
    complaint = build_complaint(now=now, email="rita@example.org")
    deliver_due(now=now)
    listed = client.get("/dev/mail/").content.decode()
    assert "rita@example.org" in listed
    address = listed.split('href="/dev/mail/')[1].split('"')[0]
    shown = client.get(f"/dev/mail/{address}").content.decode()
    assert complaint.tracking_number in shown
    assert "/fr/c/" in shown.split('<a href="http')[1].split('"')[0]


def test_an_empty_folder_and_an_unknown_mail(demo: None, db: None, client: Client) -> None:
    assert client.get("/dev/mail/").status_code == 200
    assert client.get("/dev/mail/nothing/").status_code == 404


@pytest.mark.parametrize(("environment", "url"), [("production", ""), ("test", ""), ("demo", "smtp://localhost")])
def test_elsewhere_there_is_no_such_page(
    settings: Settings, db: None, client: Client, environment: str, url: str
) -> None:
    settings.ENVIRONMENT, settings.EMAIL_URL = environment, url
    assert client.get("/dev/mail/").status_code == 404
