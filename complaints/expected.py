"""How long the like of a complaint has taken: learned from the past, shown beside the promise, and named an estimate.

services/expectations.py fills the table that is asked here.
"""

from dataclasses import dataclass
from datetime import datetime

from complaints.models import Complaint, ExpectedTime

# Fewer cases say nothing of the next one.
LEAST = 20


@dataclass(frozen=True)
class Expected:
    """When a complaint will probably be settled: the middle, and the span in which four of five fall, out of `n` cases."""

    low: datetime
    median: datetime
    high: datetime
    n: int


def expected_resolution(complaint: Complaint, *, now: datetime) -> Expected | None:
    """The estimate for an open complaint; None for others, where too few are known, or where nearly all were settled by now.

    Of its district only where that is public: an estimate must not tell a place.
    """
    if not complaint.is_open or complaint.paused_at is not None:
        return None
    district = complaint.shown_district
    found = expected_from(complaint.category_id, district.code if district else "", complaint.submitted_at)
    return found if found is not None and found.high > now else None


def expected_from(category_id: int, district_code: str, start: datetime) -> Expected | None:
    """The estimate for what is filed at `start`: of the district, where enough is known of it, else of the whole city."""
    rows = ExpectedTime.objects.filter(category=category_id, district_code__in={district_code, ""}, n__gte=LEAST)
    row = rows.order_by("-district_code").first()
    if row is None:
        return None
    return Expected(low=start + row.low, median=start + row.median, high=start + row.high, n=row.n)
