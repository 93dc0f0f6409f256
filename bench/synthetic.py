"""A synthetic city of any size, loaded set-based: ten years of complaints over the loaded city pack, clustered as cities are.

70 % lie around twenty hot spots (Zipf's weights, 300 to 500 m wide), the rest anywhere in the city. Not the services: these
rows have no history; they are for measuring what reads complaints.
"""

import sys
import time
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Max
from django.db.models.functions import Cast

from analytics.tally import sums
from bench.columns import defaults
from bench.filling import bare_tables
from catalogue.models import Jurisdiction
from complaints.models import Complaint

BATCH = 500_000
SOURCE = "synthetic"

# Around hot spots or anywhere in the box; what falls outside the city is drawn into it again from the hot spots.
_PREPARE = """
CREATE TEMP TABLE hot AS
SELECT row_number() OVER () AS number, ST_X(p) AS lon, ST_Y(p) AS lat, 300 + 200 * random() AS metres FROM (
    SELECT (ST_Dump(ST_GeneratePoints(ST_Union(geometry), 20, 7))).geom AS p FROM districts_district d
    JOIN districts_boundaryedition e ON e.id = d.edition_id AND e.is_active WHERE d.jurisdiction_id = {city} AND level = 1
) s;
CREATE TEMP TABLE ground AS
SELECT x, y, d.id AS district_id FROM generate_series(0, 299) x, generate_series(0, 299) y, LATERAL (
    SELECT id FROM districts_district d WHERE d.jurisdiction_id = {city} AND ST_Covers(geometry, ST_SetSRID(ST_MakePoint(
        {west} + (x + 0.5) * {width} / 300, {south} + (y + 0.5) * {height} / 300), 4326)) AND EXISTS (
        SELECT FROM districts_boundaryedition e WHERE e.id = d.edition_id AND e.is_active)
    ORDER BY level DESC LIMIT 1) d;
CREATE UNIQUE INDEX ON ground (x, y);
CREATE TEMP TABLE nature AS
SELECT row_number() OVER (ORDER BY k.id) - 1 AS number, k.id AS category_id, k.service_id, coalesce(s.default_unit_id, (
    SELECT a.unit_id FROM districts_servicearea a WHERE a.service_id = s.id LIMIT 1), {unit}) AS unit_id
FROM catalogue_category k JOIN catalogue_service s ON s.id = k.service_id
WHERE k.jurisdiction_id = {city} AND k.publication = 'exact' AND NOT k.urgent;
ANALYZE hot; ANALYZE ground; ANALYZE nature;
"""

_LOAD = """
INSERT INTO complaints_complaint ({columns})
SELECT {values} FROM (
    SELECT i, %(now)s::timestamptz - make_interval(secs => d.age * 315360000) AS at, d.age, d.fate, point, g.district_id, n.*
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) i
    CROSS JOIN LATERAL (SELECT random() AS age, random() AS fate, random() AS a, random() AS b, random() AS c,
        random() AS u, random() AS v, random() AS w, i AS ever_new) d
    JOIN hot ON hot.number = least(20, floor(exp(d.a * ln(21)))::int)
    CROSS JOIN LATERAL (SELECT
        CASE WHEN d.b < 0.7 THEN hot.lon + hot.metres / (111320 * cos(radians(hot.lat)))
                * sqrt(-2 * ln(greatest(d.u, 1e-12))) * cos(2 * pi() * d.v)
            ELSE {west} + d.u * {width} END AS lon,
        CASE WHEN d.b < 0.7 THEN hot.lat + hot.metres / 111320
                * sqrt(-2 * ln(greatest(d.u, 1e-12))) * sin(2 * pi() * d.v)
            ELSE {south} + d.v * {height} END AS lat) drawn
    CROSS JOIN LATERAL (SELECT ST_SetSRID(ST_MakePoint(round(drawn.lon::numeric, 6)::float8,
        round(drawn.lat::numeric, 6)::float8), 4326) AS point) p
    JOIN ground g ON g.x = floor((drawn.lon - {west}) / {width} * 300)::int
        AND g.y = floor((drawn.lat - {south}) / {height} * 300)::int
    JOIN nature n ON n.number = floor(power(d.c, 2) * (SELECT count(*) FROM nature))::int
) r
"""
_VALUES = {
    "tracking_number": "'BEN-' || r.i", "jurisdiction_id": "{city}", "service_id": "r.service_id",
    "category_id": "r.category_id", "channel": "'import'", "point": "r.point", "public_point": "r.point",
    "place_precision": "'exact'", "place_shown": "'exact'", "district_id": "r.district_id", "unit_id": "r.unit_id",
    "visibility": "'public'", "submitted_at": "r.at", "updated_at": "r.at",
    "state": "CASE WHEN age < 0.02 THEN (ARRAY['received', 'accepted', 'in_progress', 'waiting_reporter'])"
    "[1 + floor(fate * 4)::int] WHEN fate < 0.7 THEN 'resolved' WHEN fate < 0.85 THEN 'confirmed' WHEN fate < 0.93 THEN"
    " 'rejected' WHEN fate < 0.97 THEN 'out_of_scope' ELSE 'withdrawn' END",
    "answered_at": "CASE WHEN age >= 0.02 THEN r.at + interval '1 day' END",
    "closed_at": "CASE WHEN age >= 0.02 THEN r.at + make_interval(hours => (24 + 400 * fate * fate)::int) END",
    "answer_due_at": "r.at + interval '2 days'", "resolution_due_at": "r.at + interval '8 days'",
    "source": f"'{SOURCE}'", "source_id": "r.i::text",
}  # fmt: skip


def load(points: int, *, city: Jurisdiction, now: datetime) -> int:
    """Complaints up to `points` (some drawn outside the city fall away), counted; returns how many there are.

    Wants the owner's connection: indexes are dropped for the load and made again.
    """
    west, south, east, north = city.bounds
    names: dict[str, Any] = {
        "city": city.pk, "west": west, "south": south, "width": east - west, "height": north - south,
        "unit": city.triage_unit_id,
    }  # fmt: skip
    values = {name: sql.format(**names) for name, sql in _VALUES.items()}
    values |= defaults(Complaint, values)
    load_sql = _LOAD.format(**names, columns=", ".join(values), values=", ".join(values.values()))
    numbered = Complaint.objects.filter(source=SOURCE).annotate(number=Cast("source_id", BigIntegerField()))
    have = numbered.aggregate(last=Max("number"))["last"] or 0
    with connection.cursor() as cursor, bare_tables(cursor, _say):
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(_PREPARE.format(**names))
        for first in range(have + 1, points + 1, BATCH):
            last = min(first + BATCH - 1, points)
            _say(f"complaints {first} to {last}")
            cursor.execute(load_sql, {"first": first, "last": last, "now": now})
    _say("vacuum")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE complaints_complaint")
    return Complaint.objects.filter(source=SOURCE).count()


def count_all(*, city: Jurisdiction, now: datetime) -> float:
    """Count every complaint from nothing; returns seconds."""
    started = time.perf_counter()
    sums.fill(city, now=now)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE analytics_counted, analytics_squarecount, analytics_daycount")
    return time.perf_counter() - started


def _say(text: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)
