# ruff: noqa: S608 - the SQL is made of the constants of this file
"""How many complaints lie in a box: the squares inside it from the pyramid, those on its edge place by place."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from analytics.mercator import column_row
from analytics.tally.asking import ANY_DISTRICT, Question, conditions_on_counted
from analytics.tally.keeping import DISTRICT_ZOOM, SQUARE_ZOOMS
from analytics.tally.spots import SPOT_ZOOM, Square
from analytics.tally.states import OPEN, STATES

Box = tuple[float, float, float, float]
_UNITS = 10_000_000
# Squares of 8 km, of which a city has some dozens, and those finer.
COARSEST = 12
_STEPS = tuple(zoom for zoom in SQUARE_ZOOMS if zoom >= COARSEST)


def count_in_box(question: Question, box: Box, occupied: list[Square]) -> int:
    """Complaints that a bounded question asks for, whose public place lies in or on the edge of a box in degrees.

    `occupied`: the squares of zoom COARSEST in which the city has any. At most two statements.
    """
    inside, edge = _cover(box, occupied)
    ever = question.first is None or question.last is None
    if not ever or not question.in_pyramid:
        return _places(question, box, inside + edge)
    if question.districts:
        inside = [finer for square in inside for finer in square.at_least(DISTRICT_ZOOM)]
    return (_squares(question, inside) if inside else 0) + (_places(question, box, edge) if edge else 0)


def places_in_box(question: Question, box: Box, *, only: Sequence[int]) -> int:
    """How many of some complaints count_in_box() counts. One statement."""
    return _places(question, box, None, only)


def _squares(question: Question, inside: list[Square]) -> int:
    """What the pyramid says of whole squares."""
    asked = [state for state in STATES if not question.states or state in question.states]
    n = " + ".join(asked)
    if question.late:
        n = "late" if any(state in OPEN for state in asked) else "0"
    dimensions = {
        "service_id": question.service_ids, "category_id": question.category_ids, "unit_id": question.unit_ids,
    }  # fmt: skip
    values: dict[str, Any] = {"city": question.city_id, "zooms": [], "numbers": []}
    for square in inside:
        values["zooms"].append(square.zoom)
        values["numbers"].append(square.number)
    conditions = ""
    for name, ids in dimensions.items():
        if ids:
            conditions += f" AND s.{name} = ANY(%({name})s)"
            values[name] = list(ids)
    if question.districts:
        conditions += f" AND s.district_id = {ANY_DISTRICT}"
        values["districts"] = list(question.districts)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT coalesce(sum({n}), 0) FROM unnest(%(zooms)s::smallint[], %(numbers)s::bigint[]) AS inside (zoom, square)"
            " CROSS JOIN LATERAL (SELECT * FROM analytics_squarecount s WHERE s.jurisdiction_id = %(city)s"
            " AND s.zoom = inside.zoom AND s.month = 0 AND s.detailed AND s.square = inside.square"
            f"{conditions} OFFSET 0) s",
            values,
        )
        return int(cursor.fetchone()[0])


def _places(question: Question, box: Box, squares: list[Square] | None, only: Sequence[int] | None = None) -> int:
    """Places in the box that lie in some squares (None: anywhere). Where rounding could decide, the place itself does."""
    where, values = conditions_on_counted(question)
    west, south, east, north = (round(degrees * _UNITS) for degrees in box)
    values |= {
        "west": west, "south": south, "east": east, "north": north, "box_w": box[0], "box_s": box[1], "box_e": box[2],
        "box_n": box[3], "first": question.first, "last": question.last,
    }  # fmt: skip
    source = "analytics_counted c WHERE c.spot IS NOT NULL"
    if only is not None:
        source += " AND c.complaint_id = ANY(%(only)s)"
        values["only"] = list(only)
    if squares is not None:
        ranges = _joined(squares)
        values |= {"lows": [low for low, _ in ranges], "highs": [high for _, high in ranges]}
        source = (
            "unnest(%(lows)s::bigint[], %(highs)s::bigint[]) AS edge (low, high) CROSS JOIN LATERAL (SELECT * FROM"
            " analytics_counted c WHERE c.jurisdiction_id = %(city)s AND c.spot >= edge.low AND c.spot < edge.high OFFSET 0)"
            " c WHERE true"
        )
    inner = "c.x BETWEEN %(west)s + 1 AND %(east)s - 1 AND c.y BETWEEN %(south)s + 1 AND %(north)s - 1"
    outer = "c.x BETWEEN %(west)s - 1 AND %(east)s + 1 AND c.y BETWEEN %(south)s - 1 AND %(north)s + 1"
    # A value, not EXISTS: that would be looked up among all complaints of the box.
    itself = (
        "(SELECT ST_CoveredBy(k.public_point, ST_MakeEnvelope(%(box_w)s, %(box_s)s, %(box_e)s, %(box_n)s, 4326))"
        " FROM complaints_complaint k WHERE k.id = c.complaint_id)"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM {source} AND {where} AND {outer} AND ({inner} OR {itself})"
            " AND (%(first)s::date IS NULL OR c.day BETWEEN %(first)s AND %(last)s)",
            values,
        )
        counted: int = cursor.fetchone()[0]
    return counted


def _joined(squares: list[Square]) -> list[tuple[int, int]]:
    """The ranges of spots of some squares, neighbours along the curve in one."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(square.range_at(SPOT_ZOOM) for square in squares):
        if joined and joined[-1][1] == low:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return joined


def _cover(box: Box, occupied: list[Square]) -> tuple[list[Square], list[Square]]:
    """Of the occupied squares: the largest squares that lie inside a box, and the finest ones on its edge."""
    west, north = column_row(box[0], box[3])
    east, south = column_row(box[2], box[1])
    inside: list[Square] = []
    edge = occupied
    for zoom, finer in zip(_STEPS, [*_STEPS[1:], None], strict=True):
        size, waiting, edge = 1 / 2**zoom, edge, []
        for square in waiting:
            left, top = square.x * size, square.y * size
            if left + size < west or left > east or top + size < north or top > south:
                continue
            if left > west and left + size < east and top > north and top + size < south:
                inside.append(square)
            else:
                edge.append(square)
        if finer is not None:
            edge = [part for square in edge for part in square.at_least(finer)]
    return inside, edge
