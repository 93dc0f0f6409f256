# ruff: noqa: S608 - the SQL is made of the constants of this file
"""How busy a city is: limits of colours for numbers of complaints that suit a town would be one colour in a metropolis."""

from bisect import bisect_right

from django.db import connection

from analytics.models import DayCount

# Complaints a month that the limits in analytics/measures.py are made for.
_IN_A_SQUARE, _IN_A_DISTRICT = 2.0, 12.0
_SQUARE_ZOOM = 16
_SPANS = {"ever": DayCount.Span.EVER.value, "month": DayCount.Span.MONTH.value}
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


def scale_of_squares(city_id: int) -> float:
    """By how much the limits for squares of zoom 16 are raised, in wide steps: a city moves up one in years. One statement."""
    return _step(_ask(_SQUARES, city_id) / _IN_A_SQUARE)


def scale_of_districts(city_id: int) -> float:
    """The same for districts."""
    return _step(_ask(_DISTRICTS, city_id) / _IN_A_DISTRICT)


def _step(times: float) -> float:
    return float(_STEPS[max(0, bisect_right(_STEPS, times) - 1)])


def _ask(sql: str, city_id: int) -> float:
    with connection.cursor() as cursor:
        cursor.execute(sql, _SPANS | {"city": city_id, "zoom": _SQUARE_ZOOM})
        return float(cursor.fetchone()[0] or 0)


# Complaints that an average month, of those that had any, brings to a square or district that ever had one.
_MONTHS = """(
    SELECT count(DISTINCT day) FROM analytics_daycount WHERE jurisdiction_id = %(city)s AND span = %(month)s)"""
_SQUARES = f"""
SELECT sum(n) / count(DISTINCT square)::float8 / {_MONTHS}
FROM analytics_squarecount WHERE jurisdiction_id = %(city)s AND zoom = %(zoom)s AND month = 0 AND detailed
"""
_DISTRICTS = f"""
SELECT sum(n) / count(DISTINCT district_id)::float8 / {_MONTHS}
FROM analytics_daycount WHERE jurisdiction_id = %(city)s AND span = %(ever)s AND district_id <> 0
"""
