"""Learning from the past how long complaints take. One statement; the table is replaced as a whole."""

from datetime import datetime, timedelta

from django.db import connection, transaction

from complaints.expected import LEAST
from complaints.models import ExpectedTime

WINDOW = timedelta(days=365)

# What was reopened counts from its filing to its last settling: that is what its reporter waited.
_LEARN = """
INSERT INTO complaints_expectedtime (category_id, district_code, n, low, median, high, learned_at)
SELECT c.category_id, coalesce(d.code, ''), count(*),
    percentile_cont(0.1) WITHIN GROUP (ORDER BY c.closed_at - c.submitted_at),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY c.closed_at - c.submitted_at),
    percentile_cont(0.9) WITHIN GROUP (ORDER BY c.closed_at - c.submitted_at),
    %(now)s
FROM complaints_complaint c LEFT JOIN districts_district d ON d.id = c.district_id
WHERE c.state IN ('resolved', 'confirmed') AND c.kind = 'complaint' AND c.merged_into_id IS NULL
  AND c.closed_at >= %(since)s AND c.closed_at < %(now)s AND c.closed_at >= c.submitted_at
GROUP BY GROUPING SETS ((c.category_id), (c.category_id, d.code))
HAVING count(*) >= %(least)s AND (grouping(d.code) = 1 OR d.code IS NOT NULL)
"""


def learn(*, now: datetime) -> int:
    """Look at what was settled in the last year; how many estimates there are. Readers see the old ones until then."""
    with transaction.atomic(), connection.cursor() as cursor:
        ExpectedTime.objects.all().delete()
        cursor.execute(_LEARN, {"now": now, "since": now - WINDOW, "least": LEAST})
        return int(cursor.rowcount)
