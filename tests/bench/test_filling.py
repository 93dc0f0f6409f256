"""The city that reads are measured in goes on being made when models gain columns."""

import psycopg2
import pytest
from django.db import connection

from bench.filling import fill
from catalogue.models import Jurisdiction
from complaints.models import Complaint, Reporter
from complaints.tracking import normalise_tracking_number


@pytest.mark.django_db(transaction=True)
def test_a_city_is_filled_twice_over_and_keeps_its_indexes(gridville: Jurisdiction) -> None:
    url = psycopg2.extensions.make_dsn(**{k: v for k, v in connection.get_connection_params().items() if k in _DSN})
    before = _indexes()
    for total in (300, 500):
        fill(url, gridville.code, total, open_per_unit=7, say=lambda words: None)
    assert Complaint.objects.count() == Reporter.objects.count() == 500
    numbers = Complaint.objects.values_list("tracking_number", flat=True)
    assert all(normalise_tracking_number(number) == number for number in numbers), "as real ones are"
    for unit in gridville.units.all():
        assert unit.complaints.open().count() == min(7, unit.complaints.count())
    assert _indexes() == before


_DSN = {"dbname", "user", "password", "host", "port"}


def _indexes() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename IN ('complaints_complaint', 'complaints_reporter')"
        )
        return {row[0] for row in cursor.fetchall()}
