"""Where nobody answers for a service, where two units would, and where the one that does cannot be reached.

Worked out from the rules in force: the active editions and the catalogue. Shares are of the city's ground (its districts of the
top level) and of its residents, who are taken to live evenly over each of the smallest districts whose population is known.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, radians
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from django.db import connection

from catalogue.models import Category, Jurisdiction, Service, Unit
from catalogue.snapshot import Snapshot
from districts.models import CoverageFinding
from districts.selectors import AREA_ORDER

Kind = CoverageFinding.Kind
# Two lines that should be one leave slivers of rounding: what a pin can hit is larger.
LEAST_M2 = 1.0
_METRES_PER_DEGREE = 111_320
_DAYS = 366


@dataclass(frozen=True)
class Finding:
    """Ground on which something is wrong, for a service or one of its categories. `shape` in degrees WGS 84."""

    kind: CoverageFinding.Kind
    service: Service | None
    category: Category | None
    units: tuple[str, ...]
    # A wall time of the city at which it is so; None: always.
    at: datetime | None
    area_m2: float
    area_share: float
    residents: int
    residents_share: float
    shape: Any


@dataclass(frozen=True)
class Coverage:
    """`services`: how many services, and categories with areas of their own, were looked at."""

    area_m2: float
    residents: int
    services: int
    findings: list[Finding]


@dataclass(frozen=True)
class _Area:
    unit_id: int
    fallback_unit_id: int | None
    category_id: int | None
    priority: int
    schedule_id: int | None
    shape: Any


@dataclass(frozen=True)
class _Answer:
    """Who answers in a polygon at an hour; unit None: its rule cannot be read."""

    area: _Area
    unit_id: int | None


def coverage(catalogue: Snapshot, *, today: datetime) -> Coverage:
    """Look at every active service of a city as of the rules in force. `today`: from when on hours are tried, a year long."""
    ground = _Ground.of(catalogue.jurisdiction)
    findings, looked_at = list(_triage_faults(catalogue, ground)), 0
    for service in catalogue.services.values():
        if not service.is_active:
            continue
        areas = ground.areas_of(service)
        for category in _scopes(service, areas, catalogue):
            looked_at += 1
            own = [a for a in areas if a.category_id in (None, category.pk if category else None)]
            findings += _of_scope(service, category, own, catalogue, ground, today)
    return Coverage(ground.area_m2, ground.residents, looked_at, findings)


def rules_hash(jurisdiction: Jurisdiction) -> str:
    """Names the rules in force: any change that matters to coverage changes it. Two statements."""
    with connection.cursor() as cursor:
        cursor.execute(_RULES, {"city": jurisdiction.pk})
        rows = cursor.fetchall()
    return hashlib.sha256(json.dumps(rows, default=str).encode()).hexdigest()


_RULES = """
SELECT 'catalogue', catalogue_version::text FROM catalogue_jurisdiction WHERE id = %(city)s
UNION ALL (
  SELECT e.layer, e.id || ' ' || coalesce(md5(string_agg(concat_ws(' ', a.id, a.unit_id, a.fallback_unit_id, a.priority,
         a.category_id, a.schedule_id), ',' ORDER BY a.id)), '')
  FROM districts_boundaryedition e LEFT JOIN districts_servicearea a ON a.edition_id = e.id
  WHERE e.jurisdiction_id = %(city)s AND e.is_active GROUP BY e.id ORDER BY e.layer
)
"""


@dataclass(frozen=True)
class _Ground:
    """The city's ground and its people, in metres east and north of its middle."""

    city: Jurisdiction
    origin: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]
    shape: Any
    area_m2: float
    # (polygon, residents for each square metre)
    peopled: list[tuple[Any, float]]
    residents: int

    @classmethod
    def of(cls, city: Jurisdiction) -> "_Ground":
        rows = _rows(_DISTRICTS, [city.pk])
        shapes = shapely.from_wkb([bytes(row[3]) for row in rows])
        tops = [shape for row, shape in zip(rows, shapes, strict=True) if row[1] == 1]
        whole = shapely.union_all(tops)
        west, south, east, north = (0.0, 0.0, 0.0, 0.0) if whole.is_empty else whole.bounds
        middle = np.array([(west + east) / 2, (south + north) / 2])
        scale = np.array([_METRES_PER_DEGREE * cos(radians(middle[1])), _METRES_PER_DEGREE])

        def in_metres(shape: Any) -> Any:
            return shapely.transform(shape, lambda points: (points - middle) * scale)

        parents = {row[2] for row in rows if row[4] is not None}
        smallest = [(row, shape) for row, shape in zip(rows, shapes, strict=True) if row[4] and row[0] not in parents]
        peopled = [(moved, row[4] / moved.area) for row, shape in smallest if (moved := in_metres(shape)).area > 0]
        ground = in_metres(whole)
        residents = sum(row[4] for row, _ in smallest)
        return cls(city, middle, scale, ground, ground.area, peopled, residents)

    def areas_of(self, service: Service) -> list[_Area]:
        """The active areas of a service, in the order of decision."""
        rows = _rows(_AREAS, [service.pk])
        return [
            _Area(unit, fallback, category, priority, schedule, self.in_metres(shapely.from_wkb(bytes(wkb))))
            for unit, fallback, category, priority, schedule, wkb in rows
        ]

    def in_metres(self, shape: Any) -> Any:
        return shapely.transform(shape, lambda points: (points - self.origin) * self.scale)

    def in_degrees(self, shape: Any) -> Any:
        return shapely.transform(shape, lambda points: points / self.scale + self.origin)

    def finding(
        self,
        kind: CoverageFinding.Kind,
        service: Service | None,
        category: Category | None,
        units: Iterable[str],
        shape: Any,
        at: datetime | None = None,
    ) -> Iterator[Finding]:
        """A finding on a part of the ground; nothing where that is smaller than a pin."""
        shape = _large_parts(shape.intersection(self.shape))
        if shape.is_empty:
            return
        residents = sum(shape.intersection(polygon).area * density for polygon, density in self.peopled)
        yield Finding(
            kind=kind,
            service=service,
            category=category,
            units=tuple(sorted(units)),
            at=at,
            area_m2=shape.area,
            area_share=shape.area / self.area_m2,
            residents=round(residents),
            residents_share=residents / self.residents if self.residents else 0.0,
            shape=self.in_degrees(shape),
        )


_DISTRICTS = """
SELECT d.code, d.level, d.parent_code, ST_AsBinary(d.geometry), d.population
FROM districts_district d JOIN districts_boundaryedition e ON e.id = d.edition_id AND e.is_active
WHERE d.jurisdiction_id = %s
"""
_AREAS = f"""
SELECT a.unit_id, a.fallback_unit_id, a.category_id, a.priority, a.schedule_id, ST_AsBinary(a.geometry)
FROM districts_servicearea a JOIN districts_boundaryedition e ON e.id = a.edition_id AND e.is_active
WHERE a.service_id = %s ORDER BY {AREA_ORDER}
"""  # noqa: S608


def _rows(query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _large_parts(shape: Any) -> Any:
    """The polygons of a shape that are more than rounding."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area >= LEAST_M2]
    return shapely.MultiPolygon(parts)


def _scopes(service: Service, areas: Sequence[_Area], catalogue: Snapshot) -> list[Category | None]:
    """The service as a whole, and each of its categories that has areas of its own."""
    own = {area.category_id for area in areas}
    return [
        None,
        *(c for c in catalogue.categories.values() if c.pk in own and c.service_id == service.pk and c.is_active),
    ]


def _of_scope(
    service: Service,
    category: Category | None,
    areas: Sequence[_Area],
    catalogue: Snapshot,
    ground: _Ground,
    today: datetime,
) -> Iterator[Finding]:
    holes = [
        (answers, at, ground.shape.difference(shapely.union_all([answer.area.shape for answer in answers])))
        for answers, at in _hours(areas, catalogue, today)
    ]
    if service.default_unit_id is None:
        yield from _no_unit(service, category, holes, ground)
    worst: dict[tuple[Any, ...], Finding] = {}
    for answers, at, _ in holes:
        found = [
            *_ties(service, category, answers, catalogue, ground, at),
            *_faults_of_units(service, category, answers, catalogue, ground, at),
        ]
        for finding in found:
            key = (finding.kind, finding.units)
            if key not in worst or worst[key].area_m2 < finding.area_m2:
                worst[key] = finding
    yield from worst.values()


def _no_unit(
    service: Service, category: Category | None, holes: Sequence[tuple[Any, datetime | None, Any]], ground: _Ground
) -> Iterator[Finding]:
    """Ground without an area at any hour, and the most that is without one at some hour beside it."""
    always = holes[0][2]
    for _, _, hole in holes[1:]:
        always = always.intersection(hole)
    yield from ground.finding(Kind.NO_UNIT, service, category, (), always)
    if len(holes) > 1:
        _, at, worst = max(holes, key=lambda found: found[2].area)
        yield from ground.finding(Kind.NO_UNIT_AT_HOURS, service, category, (), worst.difference(always), at)


def _ties(
    service: Service,
    category: Category | None,
    answers: Sequence[_Answer],
    catalogue: Snapshot,
    ground: _Ground,
    at: datetime | None,
) -> Iterator[Finding]:
    """Ground on which two units stand on one step of the order: only the smaller area decides."""
    higher: Any = shapely.MultiPolygon()
    steps: dict[tuple[bool, int], list[_Answer]] = {}
    for answer in answers:
        steps.setdefault((answer.area.category_id is None, answer.area.priority), []).append(answer)
    for step in steps.values():
        by_unit: dict[int | None, list[Any]] = {}
        for answer in step:
            by_unit.setdefault(answer.unit_id, []).append(answer.area.shape)
        claims = [(unit, shapely.union_all(shapes)) for unit, shapes in by_unit.items()]
        for number, (unit, claim) in enumerate(claims):
            for other, against in claims[number + 1 :]:
                if claim.intersects(against):
                    both = [catalogue.units[key].code for key in (unit, other) if key is not None]
                    disputed = claim.intersection(against).difference(higher)
                    yield from ground.finding(Kind.TIE, service, category, both, disputed, at)
        higher = shapely.union_all([higher, *(claim for _, claim in claims)])


def _faults_of_units(
    service: Service,
    category: Category | None,
    answers: Sequence[_Answer],
    catalogue: Snapshot,
    ground: _Ground,
    at: datetime | None,
) -> Iterator[Finding]:
    """Ground on which the unit that answers has no address, or no calendar that can be read; or the rule cannot."""
    default = service.default_unit_id
    faulty = {unit.pk: kinds for unit in catalogue.units.values() if (kinds := _faults(unit, catalogue))}
    if not any(answer.unit_id is None or answer.unit_id in faulty for answer in answers) and default not in faulty:
        return
    left = ground.shape
    lost: dict[int | None, list[Any]] = {}
    for answer in answers:
        if answer.unit_id is None or answer.unit_id in faulty:
            lost.setdefault(answer.unit_id, []).append(answer.area.shape.intersection(left))
        left = left.difference(answer.area.shape)
    if default in faulty:
        lost.setdefault(default, []).append(left)
    for unit_id, shapes in lost.items():
        if unit_id is None:
            yield from ground.finding(Kind.BROKEN_SCHEDULE, service, category, (), shapely.union_all(shapes), at)
            continue
        for kind in faulty[unit_id]:
            code = catalogue.units[unit_id].code
            yield from ground.finding(kind, service, category, (code,), shapely.union_all(shapes), at)


def _faults(unit: Unit, catalogue: Snapshot) -> list[CoverageFinding.Kind]:
    faults = [] if unit.email or unit.phone else [Kind.NO_CONTACT]
    return faults if catalogue.can_promise(unit) else [*faults, Kind.NO_CALENDAR]


def _triage_faults(catalogue: Snapshot, ground: _Ground) -> Iterator[Finding]:
    """What no area covers goes to the triage unit: it must be there, be reached, and keep hours."""
    unit = catalogue.units.get(catalogue.jurisdiction.triage_unit_id or 0)
    if unit is None:
        yield from ground.finding(Kind.NO_TRIAGE_UNIT, None, None, (), ground.shape)
        return
    for kind in _faults(unit, catalogue):
        yield from ground.finding(kind, None, None, (unit.code,), ground.shape)


def _hours(areas: Sequence[_Area], catalogue: Snapshot, today: datetime) -> list[tuple[list[_Answer], datetime | None]]:
    """Each set of areas that answers together at some hour of the year to come, with such an hour (None: at all hours)."""
    scheduled = {area.schedule_id for area in areas if area.schedule_id is not None}
    rotas = {key: catalogue.rotas.get(key) for key in scheduled}
    readable = {key: rota for key, rota in rotas.items() if rota is not None}
    found: dict[frozenset[int], datetime | None] = {}
    if not readable:
        found[frozenset()] = None
    for wall in _walls(readable.values(), today) if readable else ():
        found.setdefault(frozenset(key for key, rota in readable.items() if rota.covers(wall)), wall)
    return [
        ([answer for area in areas if (answer := _answer(area, on, rotas)) is not None], wall)
        for on, wall in found.items()
    ]


def _answer(area: _Area, on: frozenset[int], rotas: dict[int, Any]) -> _Answer | None:
    if area.schedule_id is None or area.schedule_id in on:
        return _Answer(area, area.unit_id)
    if rotas[area.schedule_id] is None:
        return _Answer(area, None)
    return _Answer(area, area.fallback_unit_id) if area.fallback_unit_id is not None else None


def _walls(rotas: Iterable[Any], today: datetime) -> Iterator[datetime]:
    """The wall times of a year at which a turn may begin or end: sets of areas change at no other."""
    minutes = {0}
    for rota in rotas:
        for spans in (rota.week or {}).values():
            minutes |= {minute % 1440 for span in spans for minute in span}
    day = today.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    for number in range(_DAYS):
        for minute in sorted(minutes):
            yield day + timedelta(days=number, minutes=minute)
