"""Squares of zoom 14 (2 km at 35°) keep all time by service alone, too: a tile of the whole city reads a tenth of the rows."""

from django.db import migrations

_KEYS = "jurisdiction_id, zoom, month, detailed, square, service_id, category_id, district_id, unit_id, anchored"
_SUMS = (
    "n", "received", "accepted", "in_progress", "waiting_reporter", "reopened", "resolved", "confirmed", "rejected",
    "out_of_scope", "withdrawn", "late", "promised", "missed", "sum_x", "sum_y",
)  # fmt: skip
# Nobody counts meanwhile (analytics/tally/keeping.py).
_LOCK = "SELECT pg_advisory_xact_lock(40450, 1)"
_BY_SERVICE = f"""
INSERT INTO analytics_squarecount ({_KEYS}, {", ".join(_SUMS)})
SELECT jurisdiction_id, zoom, month, false, square, service_id, 0, district_id, 0, anchored,
    {", ".join(f"sum({name})" for name in _SUMS)}
FROM analytics_squarecount WHERE zoom = 14 AND month = 0 AND detailed
GROUP BY jurisdiction_id, zoom, month, square, service_id, district_id, anchored
"""


class Migration(migrations.Migration):
    dependencies = [("analytics", "0008_days_in_large_squares")]

    operations = [
        migrations.RunSQL(
            [_LOCK, _BY_SERVICE],
            [_LOCK, "DELETE FROM analytics_squarecount WHERE zoom = 14 AND month = 0 AND NOT detailed"],
        )
    ]
