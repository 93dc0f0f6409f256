# ruff: noqa: S608 - the SQL is made of the constants of this file
"""Keeping the counts: what a change of a complaint takes out of them and puts in.

Counted remembers how each complaint stands in the counts. A change works out how it should stand now and moves the
difference, in one statement and one transaction with the feed items it came from. So it does not matter how often, how late
or in which order changes are seen, and counting everything anew gives the same numbers. One at a time: keepers wait for
each other.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from analytics.models import Counted, DayCount, SquareCount
from analytics.tally.spots import SPOT_ZOOM
from analytics.tally.states import OPEN, STATES
from analytics.tally.zones import clock_changes
from catalogue.models import Jurisdiction
from complaints.models import Complaint
from complaints.querysets import DISTRICT_SHOWN

# Zooms at which squares are counted; a map tile shows those two or three finer than itself.
SQUARE_ZOOMS = (10, 12, 13, 14, 15, 16, 18)
# From here on squares (2 km at 35°) are counted by district, too: few share one.
DISTRICT_ZOOM = 14
# At this zoom all is kept both ways: months by category and unit, too, and all time by service alone, too.
DETAIL_ZOOM = 14
# At this zoom single days are kept, too: of a city's few squares of 8 km. Of finer ones they would be as many as complaints.
DAY_ZOOM = 12
# Months are numbered as 202611, days as 20261128.
LAST_MONTH = 999912
BATCH = 1000
LOCK = "SELECT pg_advisory_xact_lock(40450, 1)"
_A = Counted.Audience
MEASURES = ("n", *STATES, "late", "promised", "missed")


def count(complaint_ids: Iterable[int], *, now: datetime) -> tuple[int, set[int]]:
    """Bring the counts up to date with these complaints: how many are new in them, and which stood otherwise before.

    Inside a transaction.
    """
    ids = sorted(complaint_ids)
    if not ids:
        return 0, set()
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        cursor.execute(_COUNT, {"ids": ids, "now": now, **zones()})
        found = cursor.fetchall()
        cursor.execute("DELETE FROM analytics_squarecount WHERE n = 0")
        cursor.execute("DELETE FROM analytics_daycount WHERE n = 0")
    return sum(1 for _pk, new in found if new), {pk for pk, new in found if not new}


@transaction.atomic
def count_newly_late(*, now: datetime, limit: int = BATCH) -> int:
    """Count again what became late by the clock alone; returns how many complaints."""
    due = Counted.objects.filter(late_at__lt=now).order_by("late_at").values_list("pk", flat=True)[:limit]
    ids = list(due)
    count(ids, now=now)
    return len(ids)


def counted_again(*, now: datetime) -> Iterator[tuple[int, bool]]:
    """Each complaint's id, and whether it stands in the counts as it should, or a feed item announces that it will."""
    last = 0
    while ids := list(Complaint.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[: 4 * BATCH]):
        with connection.cursor() as cursor:
            cursor.execute(_DIFFERING, {"ids": ids, "now": now, **zones()})
            wrong = {pk for (pk,) in cursor.fetchall()}
        yield from ((pk, pk not in wrong) for pk in ids)
        last = ids[-1]


def zones() -> dict[str, Any]:
    cities = list(Jurisdiction.objects.order_by("pk").values_list("pk", "time_zone"))
    changes = [(pk, *change) for pk, zone in cities for change in zip(*clock_changes(zone), strict=True)]
    columns = zip(*changes, strict=True) if changes else ((), (), ())
    return {name: list(column) for name, column in zip(("zone_of", "since", "ahead"), columns, strict=True)}


_OPEN = ", ".join(f"'{state}'" for state in OPEN)
_STATES = ", ".join(f"'{state}'" for state in STATES)
_SHOWN = ", ".join(f"'{shown}'" for shown in DISTRICT_SHOWN)

# How complaints should stand in the counts. The clock stands still while the reporter must act (Complaint.is_late).
AS_IT_SHOULD_BE = f"""
zone AS (
    SELECT jurisdiction_id, array_agg(since ORDER BY since) AS since, array_agg(ahead ORDER BY since) AS ahead
    FROM unnest(%(zone_of)s::int[], %(since)s::timestamptz[], %(ahead)s::int[]) AS change (jurisdiction_id, since, ahead)
    GROUP BY jurisdiction_id
),
fact AS MATERIALIZED (
    SELECT c.id, c.jurisdiction_id, c.service_id, c.category_id, c.unit_id, coalesce(c.district_id, 0) AS district_id,
        (c.submitted_at AT TIME ZONE 'UTC' + make_interval(secs => z.ahead[width_bucket(c.submitted_at, z.since)]))::date
            AS day,
        array_position(ARRAY[{_STATES}], c.state::text) - 1 AS state,
        CASE WHEN c.merged_into_id IS NOT NULL THEN {_A.MERGED.value}
            WHEN c.visibility <> 'public' OR c.place_precision = 'never' THEN {_A.STAFF.value}
            WHEN c.place_shown IN ({_SHOWN}) THEN {_A.DISTRICT.value}
            WHEN c.place_shown = 'city' THEN {_A.UNIT.value} ELSE {_A.NOWHERE.value} END AS audience,
        CASE WHEN NOT c.default_point_suspect THEN c.public_point END AS place, c.place_shown = 'district' AS anchored,
        c.state IN ({_OPEN}) AND c.merged_into_id IS NULL AS is_open,
        c.paused_at, coalesce(c.paused_at, %(now)s::timestamptz) AS clock, c.closed_at, c.resolution_due_at,
        least(CASE WHEN c.answered_at IS NULL THEN c.answer_due_at END, c.resolution_due_at) AS due_at
    FROM complaints_complaint c JOIN zone z ON z.jurisdiction_id = c.jurisdiction_id WHERE {{which}}
),
should AS MATERIALIZED (
    SELECT id AS complaint_id, jurisdiction_id, service_id, category_id, unit_id, district_id, day, state::smallint,
        audience::smallint,
        CASE WHEN mapped THEN analytics_spot(ST_X(place), ST_Y(place)) END AS spot,
        CASE WHEN mapped THEN round(ST_X(place) * 1e7)::int END AS x,
        CASE WHEN mapped THEN round(ST_Y(place) * 1e7)::int END AS y,
        mapped AND anchored AS anchored, late,
        CASE WHEN is_open AND NOT late AND paused_at IS NULL THEN due_at END AS late_at,
        resolution_due_at IS NOT NULL AS promised,
        resolution_due_at IS NOT NULL AND (late OR coalesce(closed_at > resolution_due_at, false)) AS missed
    FROM (SELECT *, is_open AND coalesce(due_at < clock, false) AS late,
            audience >= {_A.NOWHERE.value} AND place IS NOT NULL AS mapped FROM fact) f
)
"""
COLUMNS = (
    "jurisdiction_id", "service_id", "category_id", "unit_id", "district_id", "day", "state", "audience", "spot", "x", "y",
    "anchored", "late", "late_at", "promised", "missed",
)  # fmt: skip


def _row(table: str) -> str:
    return f"({', '.join(f'{table}.{column}' for column in COLUMNS)})"


# (sign, columns): sums of what each measure is made of.
def sums_of(sign: str) -> dict[str, str]:
    sums = {"n": f"sum({sign})"}
    sums |= {name: f"coalesce(sum({sign}) FILTER (WHERE state = {number}), 0)" for number, name in enumerate(STATES)}
    return sums | {flag: f"coalesce(sum({sign}) FILTER (WHERE {flag}), 0)" for flag in ("late", "promised", "missed")}


SQUARE_KEYS = (
    "jurisdiction_id", "zoom", "month", "detailed", "square", "service_id", "category_id", "district_id", "unit_id", "anchored",
)  # fmt: skip
DAY_KEYS = ("jurisdiction_id", "span", "day", "category_id", "service_id", "district_id", "unit_id", "audience")


def squares(source: str, sign: str, zooms: tuple[int, ...] = SQUARE_ZOOMS) -> str:
    """The rows of the pyramid that `source` makes: district and unit only where the world may know them."""
    sums = sums_of(sign) | {"sum_x": f"sum({sign} * x::bigint)", "sum_y": f"sum({sign} * y::bigint)"}
    return f"""
    SELECT jurisdiction_id, zoom, month, detailed, spot >> (2 * ({SPOT_ZOOM} - zoom)) AS square, service_id,
        CASE WHEN detailed THEN category_id ELSE 0 END AS category_id,
        CASE WHEN zoom >= {DISTRICT_ZOOM} AND audience >= {_A.DISTRICT.value} THEN district_id ELSE 0 END AS district_id,
        CASE WHEN detailed AND audience >= {_A.UNIT.value} THEN unit_id ELSE 0 END AS unit_id,
        anchored, {", ".join(f"{sql} AS {name}" for name, sql in sums.items())}
    FROM {source}, unnest(ARRAY{list(zooms)}::smallint[]) AS zoom,
        unnest(ARRAY[0, to_char(day, 'YYYYMM')::int, to_char(day, 'YYYYMMDD')::int]) AS month,
        unnest(ARRAY[false, true]) AS detailed
    WHERE spot IS NOT NULL AND CASE WHEN month > {LAST_MONTH} THEN zoom = {DAY_ZOOM} AND NOT detailed
        ELSE zoom = {DETAIL_ZOOM} OR detailed = (month = 0) END
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10"""


def days(source: str, sign: str) -> str:
    """The rows of the counts by day that `source` makes."""
    spans = DayCount.Span
    return f"""
    SELECT jurisdiction_id, span.code AS span, span.day, category_id, service_id, district_id, unit_id, audience,
        {", ".join(f"{sql} AS {name}" for name, sql in sums_of(sign).items())}
    FROM {source} CROSS JOIN LATERAL (VALUES ({spans.EVER.value}::smallint, '0001-01-01'::date),
        ({spans.MONTH.value}::smallint, date_trunc('month', {source}.day)::date),
        ({spans.DAY.value}::smallint, {source}.day)) AS span (code, day)
    WHERE audience > {_A.MERGED.value} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"""


def upsert(table: str, keys: tuple[str, ...], sums: tuple[str, ...], rows: str) -> str:
    unique = [key for key in keys if not (table == "analytics_daycount" and key == "service_id")]
    added = ", ".join(f"{name} = t.{name} + excluded.{name}" for name in sums)
    some = " OR ".join(f"{name} <> 0" for name in sums)
    # In the order of the keys: what is asked for together then lies together.
    return f"""
    INSERT INTO {table} AS t ({", ".join((*keys, *sums))})
    SELECT {", ".join((*keys, *sums))} FROM ({rows}) delta WHERE {some} ORDER BY {", ".join(unique)}
    ON CONFLICT ({", ".join(unique)}) DO UPDATE SET {added}"""


SQUARE_SUMS = (*MEASURES, "sum_x", "sum_y")
RAISE = """
INSERT INTO analytics_tallyversion AS v (jurisdiction_id, version) SELECT DISTINCT jurisdiction_id, 1 FROM {cities}
ON CONFLICT (jurisdiction_id) DO UPDATE SET version = v.version + 1
"""

_BY_IDS = AS_IT_SHOULD_BE.format(which="c.id = ANY(%(ids)s)")

_COUNT = f"""
WITH {_BY_IDS},
stands AS MATERIALIZED (SELECT * FROM analytics_counted WHERE complaint_id = ANY(%(ids)s)),
differing AS MATERIALIZED (
    SELECT s.complaint_id, o.complaint_id IS NULL AS new FROM should s LEFT JOIN stands o USING (complaint_id)
    WHERE o.complaint_id IS NULL OR {_row("s")} IS DISTINCT FROM {_row("o")}
),
moved AS MATERIALIZED (
    SELECT -1 AS sign, {", ".join(COLUMNS)} FROM stands JOIN differing USING (complaint_id)
    UNION ALL SELECT 1, {", ".join(COLUMNS)} FROM should JOIN differing USING (complaint_id)
),
kept AS (
    INSERT INTO analytics_counted (complaint_id, {", ".join(COLUMNS)})
    SELECT complaint_id, {", ".join(COLUMNS)} FROM should JOIN differing USING (complaint_id)
    ON CONFLICT (complaint_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in COLUMNS)}
),
squares AS ({upsert(SquareCount._meta.db_table, SQUARE_KEYS, SQUARE_SUMS, squares("moved", "sign"))}),
days AS ({upsert(DayCount._meta.db_table, DAY_KEYS, MEASURES, days("moved", "sign"))}),
raised AS ({RAISE.format(cities="moved")})
SELECT complaint_id, new FROM differing
"""

_DIFFERING = f"""
WITH {_BY_IDS}
SELECT s.complaint_id FROM should s LEFT JOIN analytics_counted o USING (complaint_id)
WHERE (o.complaint_id IS NULL OR {_row("s")} IS DISTINCT FROM {_row("o")})
  AND NOT EXISTS (SELECT FROM complaints_feeditem f WHERE f.complaint_id = s.complaint_id)
  AND NOT coalesce(o.late_at < %(now)s, false)
"""
