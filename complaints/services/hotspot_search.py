"""Finding the places where the same trouble comes back. One statement a city; the table is replaced as a whole."""

from datetime import datetime, timedelta

from django.db import connection, transaction

from catalogue.models import Jurisdiction
from complaints.models import Hotspot

WINDOW = timedelta(days=365)
# Pins of one spot lie within some tens of metres; a chain of neighbours along a whole street is no spot.
APART_M = 25
LONGEST_M = 120
LEAST = 3

_FIND = """
WITH recent AS (
    SELECT id, category_id, unit_id, tracking_number, submitted_at, closed_at, state, point,
           ST_ClusterDBSCAN(ST_Transform(point, 3857), eps := %(apart)s / cos(radians(%(latitude)s)), minpoints := 2)
               OVER (PARTITION BY category_id) AS spot
    FROM complaints_complaint
    WHERE jurisdiction_id = %(city)s AND merged_into_id IS NULL AND NOT default_point_suspect
      AND submitted_at >= %(since)s AND state <> 'withdrawn' AND kind = 'complaint'
),
told AS (
    SELECT r.*, EXISTS (SELECT FROM recent e WHERE e.category_id = r.category_id AND e.spot = r.spot
                        AND e.closed_at < r.submitted_at) AS is_return
    FROM recent r WHERE spot IS NOT NULL
)
INSERT INTO complaints_hotspot (jurisdiction_id, category_id, unit_id, point, radius_m, count, open_count, returns,
    first_at, last_at, numbers, found_at)
SELECT %(city)s, category_id, (array_agg(unit_id ORDER BY submitted_at DESC))[1], ST_Centroid(ST_Collect(point)),
    ceil(ST_Length(ST_BoundingDiagonal(ST_Collect(point))::geography) / 2), count(*),
    count(*) FILTER (WHERE closed_at IS NULL), count(*) FILTER (WHERE is_return), min(submitted_at), max(submitted_at),
    to_jsonb(array_agg(tracking_number ORDER BY submitted_at DESC)), %(now)s
FROM told GROUP BY category_id, spot
HAVING count(*) >= %(least)s AND count(*) FILTER (WHERE is_return) > 0
   AND ST_Length(ST_BoundingDiagonal(ST_Collect(point))::geography) <= %(longest)s
"""


def find_hotspots(*, now: datetime) -> int:
    """Look through the last year of every city; how many spots there are. Readers see the old table until the new is there."""
    found = 0
    for city in Jurisdiction.objects.order_by("code"):
        _west, south, _east, north = city.bounds
        values: dict[str, int | float | datetime] = {
            "city": city.pk,
            "latitude": max(-80.0, min(80.0, (south + north) / 2)),
            "since": now - WINDOW,
            "now": now,
            "apart": APART_M,
            "least": LEAST,
            "longest": LONGEST_M,
        }
        with transaction.atomic(), connection.cursor() as cursor:
            Hotspot.objects.filter(jurisdiction=city).delete()
            cursor.execute(_FIND, values)
            found += cursor.rowcount
    return found
