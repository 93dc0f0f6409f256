# ruff: noqa: S608 - the SQL is made of the constants of this file
"""Counting sensitive places, and showing as much of each as its numbers allow (small_numbers.py has the rule).

Whoever stores or changes a sensitive complaint stores a PlaceRecount in the same transaction; a new place is withheld
until a sweep has counted it here. Only the districts that were touched are read.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import F, Q

from catalogue.models import Category
from complaints.models import Complaint, PlaceCount, PlaceRecount
from complaints.places import GRID_METRES, SENSITIVE, cell_centre
from complaints.small_numbers import Cases, published
from districts.models import District, ServiceArea

_LOCK_SPACE = 0x9E02
_Shown = Complaint.PlaceShown
# Stand for "none" where SQL compares.
_NO_UNIT, _NO_CELL = 0, -1


class Area(NamedTuple):
    """Where cases are counted: a district; where units answer by service area, the part of it that one unit has."""

    district_code: str
    unit_id: int


@dataclass(frozen=True)
class Counted:
    """The listed complaints of some districts: how many in each area, and in each cell of it (-1: district only)."""

    areas: dict[Area, Cases]
    cells: dict[Area, dict[int, Cases]]


def new_recount(complaint: Complaint, *, now: datetime) -> PlaceRecount | None:
    """An unsaved request to count a complaint's area again; None where its place is not sensitive."""
    if complaint.place_precision not in SENSITIVE:
        return None
    return PlaceRecount(category_id=complaint.category_id, district_id=complaint.district_id, created_at=now)


def recount(complaint: Complaint, *, now: datetime) -> None:
    """Have a complaint's area counted again. To be called before a change that moves it; `record` calls it after each."""
    request = new_recount(complaint, now=now)
    if request is not None:
        request.save(force_insert=True)


def recount_everything(*, now: datetime) -> int:
    """Have every area counted again: boundaries and settings may have changed. Returns how many."""
    rows = Complaint.objects.filter(place_precision__in=SENSITIVE).order_by()
    pairs = rows.values_list("category_id", "district_id").distinct()
    requests = [
        PlaceRecount(category_id=category, district_id=district, created_at=now) for category, district in pairs
    ]
    return len(PlaceRecount.objects.bulk_create(requests))


def settle_places(*, now: datetime) -> int:
    """Count what was asked for and show what the numbers allow; how many complaints are shown otherwise than before.

    One transaction a category: whoever counts it holds its lock until what is shown of it is stored. Locks complaints in
    the order of their ids.
    """
    asked = set(PlaceRecount.objects.order_by().values_list("category_id", flat=True).distinct())
    of_another_k = PlaceCount.objects.exclude(k=F("category__jurisdiction__small_sample_k"))
    asked |= set(of_another_k.values_list("category_id", flat=True))
    return sum(_settle(category_id, now) for category_id in sorted(asked))


@transaction.atomic
def _settle(category_id: int, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_SPACE, category_id])
    category = Category.objects.select_related("jurisdiction").get(pk=category_id)
    return _Category(category, now).settle()


class _Category:
    """One category's sensitive complaints, under its lock."""

    def __init__(self, category: Category, now: datetime) -> None:
        self.category, self.k, self.now = category, category.jurisdiction.small_sample_k, now
        by_area = ServiceArea.objects.filter(
            Q(category=category) | Q(category=None), service=category.service_id, edition__is_active=True
        )
        self.by_unit = by_area.exists()
        districts = District.objects.filter(jurisdiction=category.jurisdiction_id)
        self.codes = dict(districts.values_list("pk", "code"))
        self.sizes = _smallest_districts(category.jurisdiction_id)
        self.known = {
            Area(row.district_code, row.unit_id or _NO_UNIT): row
            for row in PlaceCount.objects.filter(category=category)
        }

    def settle(self) -> int:
        touched = self._asked_for()
        counted = self._count(touched)
        areas = {
            area: Cases(row.n, row.kth_id) for area, row in self.known.items() if area.district_code not in touched
        }
        areas |= counted.areas
        shown = self._shown_areas(areas)
        # Whether an area may be shown depends on its neighbours: it may change though nothing in it did.
        flipped = {a.district_code for a, row in self.known.items() if row.published != (a in shown)} - touched
        cells = counted.cells | self._count(flipped).cells
        self._keep(touched, areas, shown)
        return self._show(touched | flipped, cells, shown)

    def _asked_for(self) -> set[str]:
        """The districts to count; the requests are consumed. Also those that were counted by another rule."""
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM complaints_placerecount WHERE category_id = %s RETURNING district_id", [self.category.pk]
            )
            codes = {self.codes.get(row[0], "") for row in cursor.fetchall()}
        otherwise = (row for row in self.known.values() if row.k != self.k or (row.unit_id is not None) != self.by_unit)
        return codes | {row.district_code for row in otherwise}

    def _count(self, codes: set[str]) -> Counted:
        areas: dict[Area, Cases] = {}
        cells: dict[Area, dict[int, Cases]] = defaultdict(dict)
        if not codes:
            return Counted(areas, cells)
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, self._parameters(codes))
            for code, unit_id, cell, n, kth_id, kth_of_area in cursor.fetchall():
                area = Area(code, unit_id)
                cells[area][cell] = Cases(n, kth_id)
                before = areas.get(area, Cases(0))
                areas[area] = Cases(before.n + n, before.kth_id or kth_of_area)
        return Counted(areas, cells)

    def _shown_areas(self, areas: dict[Area, Cases]) -> frozenset[Area]:
        # What lies in no district is nobody's neighbour.
        places = {area: cases for area, cases in areas.items() if area.district_code}
        empty = self.sizes.keys() - {area.district_code for area in places}
        return published(places, self.k, possible=len(places) + len(empty))

    def _shown_cells(self, area: Area, cells: dict[int, Cases]) -> frozenset[int]:
        # A unit's part of a district may be of any size.
        possible = 0 if self.by_unit else int(self.sizes.get(area.district_code, 0) / GRID_METRES**2)
        return published({cell: cases for cell, cases in cells.items() if cell != _NO_CELL}, self.k, possible=possible)

    def _keep(self, touched: set[str], areas: dict[Area, Cases], shown: frozenset[Area]) -> None:
        counts = PlaceCount.objects.filter(category=self.category)
        counts.filter(district_code__in=touched).delete()
        for area, row in self.known.items():
            if area.district_code not in touched and row.published != (area in shown):
                counts.filter(pk=row.pk).update(published=area in shown)
        PlaceCount.objects.bulk_create(
            PlaceCount(
                category=self.category,
                district_code=area.district_code,
                unit_id=area.unit_id or None,
                n=cases.n,
                kth_id=cases.kth_id,
                published=area in shown,
                k=self.k,
            )
            for area, cases in areas.items()
            if area.district_code in touched
        )

    def _show(self, codes: set[str], cells: dict[Area, dict[int, Cases]], shown: frozenset[Area]) -> int:
        """Store what is shown of the complaints in these districts, and tell analytics; what is not listed is withheld."""
        if not codes:
            return 0
        targets = [row for area, cases in cells.items() for row in self._targets(area, cases, area in shown)]
        columns = zip(*targets, strict=True) if targets else [()] * 6
        names = ("target_codes", "units", "cells", "shown", "lons", "lats")
        with connection.cursor() as cursor:
            cursor.execute(_SHOW, self._parameters(codes) | {n: list(c) for n, c in zip(names, columns, strict=True)})
            changed: int = cursor.rowcount
            return changed

    def _targets(
        self, area: Area, cells: dict[int, Cases], area_is_shown: bool
    ) -> Iterable[tuple[str, int, int, str, float | None, float | None]]:
        """For each cell of an area: what is shown of the complaints in it, and the cell's middle if that is."""
        coarse = _Shown.WITHHELD if self.by_unit else _Shown.CITY
        fine = self._shown_cells(area, cells)
        for cell in cells:
            if area_is_shown and cell in fine:
                middle = cell_centre(cell)
                yield area.district_code, area.unit_id, cell, _Shown.GRID.value, middle.x, middle.y
            else:
                level = _Shown.DISTRICT if area_is_shown else coarse
                yield area.district_code, area.unit_id, cell, level.value, None, None

    def _parameters(self, codes: set[str]) -> dict[str, Any]:
        return {
            "category": self.category.pk,
            "districts": [pk for pk, code in self.codes.items() if code in codes],
            "nowhere": "" in codes,
            "by_unit": self.by_unit,
            "k": self.k,
            "now": self.now,
            "no_unit": _NO_UNIT,
            "no_cell": _NO_CELL,
        }


def _smallest_districts(city_id: int) -> dict[str, float]:
    """Codes of the districts that complaints are counted in, with their size in square metres."""
    rows = list(District.objects.active().filter(jurisdiction=city_id).values_list("code", "parent_code", "area_m2"))
    parents = {parent for _code, parent, _size in rows}
    return {code: size for code, _parent, size in rows if code not in parents}


_ROWS = """
FROM complaints_complaint c LEFT JOIN districts_district d ON d.id = c.district_id
WHERE c.category_id = %(category)s AND c.place_precision IN ('grid', 'district')
  AND (c.district_id = ANY(%(districts)s::bigint[]) OR %(nowhere)s AND c.district_id IS NULL)
"""

_COUNT = f"""
SELECT code, unit_id, cell, count(*), max(id) FILTER (WHERE nth_in_cell = %(k)s), max(id) FILTER (WHERE nth = %(k)s)
FROM (
    SELECT id, code, unit_id, cell, row_number() OVER (PARTITION BY code, unit_id, cell ORDER BY id) AS nth_in_cell,
        row_number() OVER (PARTITION BY code, unit_id ORDER BY id) AS nth
    FROM (
        SELECT c.id, coalesce(d.code, '') AS code, CASE WHEN %(by_unit)s THEN c.unit_id ELSE %(no_unit)s END AS unit_id,
            coalesce(c.place_cell, %(no_cell)s) AS cell
        {_ROWS} AND c.visibility = 'public' AND c.merged_into_id IS NULL
    ) listed
) numbered
GROUP BY code, unit_id, cell
"""

_SHOW = f"""
WITH target AS (
    SELECT * FROM unnest(%(target_codes)s::text[], %(units)s::bigint[], %(cells)s::bigint[], %(shown)s::text[],
        %(lons)s::float8[], %(lats)s::float8[]) AS t (code, unit_id, cell, shown, lon, lat)
),
anchor AS (
    SELECT id, ST_PointOnSurface(geometry) AS place FROM districts_district WHERE id = ANY(%(districts)s::bigint[])
),
listed AS (
    SELECT c.id, c.district_id, c.unit_id AS own_unit_id, c.place_shown,
        c.visibility = 'public' AND c.merged_into_id IS NULL AS is_listed,
        coalesce(d.code, '') AS code, CASE WHEN %(by_unit)s THEN c.unit_id ELSE %(no_unit)s END AS unit_id,
        coalesce(c.place_cell, %(no_cell)s) AS cell
    {_ROWS}
),
wrong AS (
    SELECT l.id, l.district_id, l.own_unit_id, l.cell, l.is_listed, coalesce(t.shown, 'withheld') AS shown,
        CASE t.shown WHEN 'grid' THEN ST_SetSRID(ST_MakePoint(t.lon, t.lat), 4326) WHEN 'district' THEN a.place
        END AS place
    FROM listed l
    LEFT JOIN target t ON l.is_listed AND (t.code, t.unit_id, t.cell) = (l.code, l.unit_id, l.cell)
    LEFT JOIN anchor a ON a.id = l.district_id
    WHERE l.place_shown <> coalesce(t.shown, 'withheld')
),
locked AS (
    SELECT c.id FROM complaints_complaint c JOIN wrong ON wrong.id = c.id ORDER BY c.id FOR UPDATE OF c
),
changed AS (
    UPDATE complaints_complaint c SET place_shown = wrong.shown, public_point = wrong.place
    FROM wrong JOIN locked ON locked.id = wrong.id
    WHERE c.id = wrong.id AND c.place_precision IN ('grid', 'district')
      -- Changed since it was counted: then it has been asked for again.
      AND (c.category_id, coalesce(c.district_id, 0), c.unit_id, coalesce(c.place_cell, %(no_cell)s),
        c.visibility = 'public' AND c.merged_into_id IS NULL)
      = (%(category)s, coalesce(wrong.district_id, 0), wrong.own_unit_id, wrong.cell, wrong.is_listed)
    RETURNING c.id
)
INSERT INTO complaints_feeditem (complaint_id, created_at, queue_state, attempts, next_attempt_at, last_error)
SELECT id, %(now)s, 'due', 0, %(now)s, '' FROM changed
"""
