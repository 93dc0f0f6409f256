"""The runtime role adds to history but cannot rewrite it, whatever the code above it tries."""

from datetime import datetime

import pytest
from django.db import ProgrammingError, connection, transaction

from complaints.models import Complaint, Event
from complaints.services.transitions import change_state
from complaints.workflow import Verb
from tests.builders import build_complaint


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


@pytest.mark.parametrize("table", ["TABLE public.mine", "TEMP TABLE mine"])
def test_it_owns_nothing_and_makes_nothing(as_runtime_role: None, table: str) -> None:
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE {table} (id int)")
