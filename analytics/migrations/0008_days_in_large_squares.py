"""The pyramid keeps single days at zoom 12; zoom 8, which zoom 10 can answer, is kept no more."""

from django.db import migrations

_STATES = (
    "received", "accepted", "in_progress", "waiting_reporter", "reopened", "resolved", "confirmed", "rejected", "out_of_scope",
    "withdrawn",
)  # fmt: skip
_FLAGS = ("late", "promised", "missed")
_SUMS = ", ".join(("n", *_STATES, *_FLAGS, "sum_x", "sum_y"))
_KEYS = (
    "jurisdiction_id, zoom, month, detailed, square, service_id, category_id, district_id, unit_id, anchored"
)
# Nobody counts meanwhile (analytics/tally/keeping.py).
_LOCK = "SELECT pg_advisory_xact_lock(40450, 1)"
_DAYS = f"""
INSERT INTO analytics_squarecount ({_KEYS}, {_SUMS})
SELECT jurisdiction_id, 12, to_char(day, 'YYYYMMDD')::int, false, spot >> 20, service_id, 0, 0, 0, anchored, count(*),
    {", ".join(f"count(*) FILTER (WHERE state = {number})" for number in range(len(_STATES)))},
    {", ".join(f"count(*) FILTER (WHERE {flag})" for flag in _FLAGS)}, sum(x::bigint), sum(y::bigint)
FROM analytics_counted WHERE spot IS NOT NULL GROUP BY jurisdiction_id, day, spot >> 20, service_id, anchored
"""
_ZOOM_8 = f"""
INSERT INTO analytics_squarecount ({_KEYS}, {_SUMS})
SELECT jurisdiction_id, 8, month, detailed, square >> 4, service_id, category_id, district_id, unit_id, anchored,
    {", ".join(f"sum({name})" for name in _SUMS.split(", "))}
FROM analytics_squarecount WHERE zoom = 10
GROUP BY jurisdiction_id, month, detailed, square >> 4, service_id, category_id, district_id, unit_id, anchored
"""


class Migration(migrations.Migration):
    dependencies = [("analytics", "0007_reference_layers")]

    operations = [
        migrations.RunSQL(
            [_LOCK, _DAYS, "DELETE FROM analytics_squarecount WHERE zoom = 8"],
            [_LOCK, "DELETE FROM analytics_squarecount WHERE month > 999912", _ZOOM_8],
        )
    ]
