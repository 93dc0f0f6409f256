"""Fixtures that every room shares: Gridville, the personas, and a clock."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from accounts.models import Role, User
from catalogue.models import Jurisdiction
from geoportal.management.commands.grant_runtime import grant_runtime
from tests.builders import build_gridville, build_staff

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday, 10:00 in Gridville


@pytest.fixture(autouse=True)
def own_surroundings(settings: Settings, tmp_path: Path) -> None:
    """Uploads and mails of a test lie in its own folder; addresses are those that were asked, whatever the environment.

    The language of the page that was asked for last is not the next test's.
    """
    translation.deactivate()
    settings.PUBLIC_URL_IS_GIVEN = False
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MAIL_DIR = tmp_path / "mail"


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def gridville(db: None) -> Jurisdiction:
    return build_gridville()


@pytest.fixture
def as_runtime_role(gridville: Jurisdiction) -> Iterator[None]:
    """From here on the test's connection has the rights of the runtime role."""
    role = urlsplit(os.environ["DATABASE_URL"]).username or ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        if cursor.fetchone()[0] == role:
            # Where tests were given one superuser for everything, a role of the test's own stands in.
            role = "geoportal_weak_role_of_a_test"
            cursor.execute(f"CREATE ROLE {role} NOLOGIN")
        grant_runtime(cursor.cursor, role)
        cursor.execute(f'SET LOCAL ROLE "{role}"')
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


@pytest.fixture
def clerk(gridville: Jurisdiction) -> User:
    return build_staff("clara", Role.CLERK, gridville, unit="roads-dept")


@pytest.fixture
def manager(gridville: Jurisdiction) -> User:
    return build_staff("mona", Role.UNIT_MANAGER, gridville, unit="roads-dept")


@pytest.fixture
def triage_officer(gridville: Jurisdiction) -> User:
    return build_staff("tarik", Role.TRIAGE_OFFICER, gridville)


@pytest.fixture
def moderator(gridville: Jurisdiction) -> User:
    return build_staff("malika", Role.MODERATOR, gridville)


@pytest.fixture
def crew_member(gridville: Jurisdiction) -> User:
    return build_staff("karim", Role.CREW_MEMBER, gridville, unit="roads-dept")


@pytest.fixture
def operator_user(gridville: Jurisdiction) -> User:
    return build_staff("omar", Role.OPERATOR_USER, gridville, unit="waste-north")


@pytest.fixture
def office_user(gridville: Jurisdiction) -> User:
    return build_staff("olivia", Role.OFFICE, gridville)


@pytest.fixture
def administrator(gridville: Jurisdiction) -> User:
    return build_staff("adil", Role.ADMINISTRATOR, gridville)


@pytest.fixture
def outsider(gridville: Jurisdiction) -> User:
    """A clerk of another unit: sees nothing of roads-dept."""
    return build_staff("oscar", Role.CLERK, gridville, unit="waste-south")


@pytest.fixture
def signed_in(client: Client) -> "SignIn":
    return SignIn(client)


class SignIn:
    """`signed_in(user)` gives a client that is logged in as that member of staff."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def __call__(self, user: User) -> Client:
        self.client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return self.client
