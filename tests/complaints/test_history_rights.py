"""The runtime role adds to history but cannot rewrite it, whatever the code above it tries."""

import os
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

import pytest
from django.db import ProgrammingError, connection, transaction

from catalogue.models import Jurisdiction
from complaints.models import Complaint, Event
from complaints.services.transitions import change_state
from complaints.workflow import Verb
from geoportal.management.commands.grant_runtime import grant_runtime
from tests.builders import build_complaint


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


def test_the_work_itself_needs_no_more_than_the_weak_role(as_runtime_role: None, now: datetime) -> None:
    complaint = build_complaint(now=now, email="rita@example.org")
    change_state(complaint.pk, Verb.WITHDRAW, acting_user=None, now=now)
    assert Complaint.objects.get(pk=complaint.pk).state == "withdrawn"
    assert Event.objects.filter(complaint=complaint).count() == 2


@pytest.mark.parametrize("table", ["complaints_event", "complaints_routingdecision"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET complaint_id = complaint_id",
        "DELETE FROM {table}",
        "TRUNCATE {table} CASCADE",
        "ALTER TABLE {table} DISABLE TRIGGER ALL",
        "DROP TABLE {table} CASCADE",
    ],
)
def test_history_cannot_be_rewritten(as_runtime_role: None, now: datetime, table: str, statement: str) -> None:
    build_complaint(now=now)
    denied = pytest.raises(ProgrammingError, match=r"permission denied|must be owner")
    with denied, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table=table))


def test_it_owns_nothing_and_makes_nothing(as_runtime_role: None) -> None:
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE public.mine (id int)")
