"""A city that is counted."""

import random
from datetime import datetime, timedelta

import pytest

from analytics.feed import consume
from analytics.tally.keeping import count_newly_late
from catalogue.models import Jurisdiction
from complaints.models import Complaint
from complaints.workflow import State
from tests.builders import build_complaint


@pytest.fixture
def city(gridville: Jurisdiction, now: datetime) -> Jurisdiction:
    """A few dozen complaints of all kinds, places, states and ages, counted."""
    draw = random.Random(5)
    for _ in range(70):
        category = draw.choice(["pothole", "pothole", "pavement", "litter", "overflowing-bin", "noise", "vagrancy"])
        at = (draw.choice([0.2, 0.21, 0.6, 1.5, 2.5, 3.7]), draw.choice([0.3, 0.31, 1.2]))
        complaint = build_complaint(category, at=at, now=now - timedelta(days=draw.randrange(130)))
        state = draw.choice(State.values)
        closed = complaint.submitted_at + timedelta(days=3) if state in ("resolved", "rejected", "confirmed") else None
        Complaint.objects.filter(pk=complaint.pk).update(state=state, closed_at=closed)
    while consume(now=now):
        pass
    while count_newly_late(now=now):
        pass
    return gridville
