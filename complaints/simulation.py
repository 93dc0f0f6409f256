# ruff: noqa: S608 - the SQL is made of the constants of this file
"""What a change of boundaries or catalogue would move: complaints of former months routed again by other rules.

Reads only. Pages and commands show it before anything is put in force; services/rerouting.py does it for the open ones.
"""

from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import floor
from typing import Any

import numpy as np
from django.db import connection, transaction

from catalogue.models import Jurisdiction
from catalogue.snapshot import Snapshot, current_snapshot, fresh_snapshot
from complaints.bulk import BulkRouter, Routed
from complaints.workflow import OPEN_STATES
from districts.batch import NONE, Numbers, active_editions, load_boundaries
from districts.models import BoundaryEdition

CHUNK = 50_000
# Moved complaints are counted in cells of a quarter of a kilometre: a map of a year has a few hundred.
CELL_DEGREES = 0.0025
MONTHS = (1, 3, 6, 12, 24)


@dataclass(frozen=True)
class Move:
    """Between two units, or two districts ("": none). `n`: of the months that were replayed; `n_open`: would be re-routed now."""

    from_code: str
    to_code: str
    n: int
    n_open: int


@dataclass(frozen=True)
class Cell:
    """Where complaints would move: the centre of a cell in degrees WGS 84."""

    from_code: str
    to_code: str
    longitude: float
    latitude: float
    n: int
    n_open: int


@dataclass(frozen=True)
class Simulation:
    """`looked_at` and `n`: all complaints of the period. `open`: all that are open today, whenever they were filed."""

    looked_at: int
    open: int
    moved: int
    moved_open: int
    # Open complaints that would move, had nobody chosen their unit by hand: they stay.
    kept_by_hand: int
    # Of the period, inside the city today and outside it after the change.
    left_outside: int
    units: list[Move]
    districts: list[Move]
    cells: list[Cell]


def router_now(city: Jurisdiction) -> BulkRouter:
    """The rules in force."""
    return router_with(city, ())


def router_with(city: Jurisdiction, editions: Sequence[BoundaryEdition]) -> BulkRouter:
    """The rules with these editions in the place of the active ones of their layers."""
    return _router(city, current_snapshot(city), active_editions(city.pk, instead=editions))


def router_after(city: Jurisdiction, change: Callable[[], object]) -> BulkRouter:
    """The rules after `change`, which is tried and taken back: it may write to the database and to nothing else."""
    with transaction.atomic():
        change()
        router = _router(city, fresh_snapshot(city.pk), active_editions(city.pk))
        transaction.set_rollback(True)
    return router


def _router(city: Jurisdiction, catalogue: Snapshot, editions: Sequence[int]) -> BulkRouter:
    tolerance = catalogue.jurisdiction.edge_tolerance_m
    return BulkRouter(catalogue, load_boundaries(city.pk, editions, edge_tolerance_m=tolerance))


def simulate(
    city: Jurisdiction,
    after: BulkRouter,
    *,
    months: int,
    now: datetime,
    on_step: Callable[[int], object] = lambda done: None,
) -> Simulation:
    """Route the complaints of the last months by today's rules and by `after`, and today's open ones by `after`.

    Each as of the moment of its filing. `on_step` hears how many were looked at.
    """
    before, tally = router_now(city), _Tally()
    for filings in _period(city, months_before(now, months), now):
        _compare(before, after, filings, tally)
        on_step(tally.looked_at)
    for filings, moving in moves(city, after):
        _count_open(city, after, filings, moving, tally)
        on_step(tally.looked_at + tally.open)
    return tally.result()


@dataclass(frozen=True)
class Filings:
    """Complaints as columns. `units` and `districts` are those they have now; districts by code."""

    ids: list[int]
    coordinates: Any
    categories: Numbers
    at: list[datetime]
    units: Numbers
    districts: list[str]
    decisions: list[int]
    by_hand: list[bool]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Moving:
    """Which filings of a chunk would move: their indexes, their answers, and those that were chosen by hand and stay."""

    indexes: list[int]
    kept_by_hand: int
    outside: int
    routed: Routed


def moves(city: Jurisdiction, router: BulkRouter) -> Iterator[tuple[Filings, Moving]]:
    """Today's open complaints, chunk by chunk, and which of them `router` would give to another unit or district.

    What was merged into another complaint goes where that one goes. A point that would lie outside stays where it is.
    """
    for filings in _read(_OPEN, {"city": city.pk, "open": sorted(OPEN_STATES)}):
        routed = router.route(filings.coordinates, filings.categories, filings.at)
        codes = [row["code"] for row in router.boundaries.districts.rows]
        inside = routed.districts != NONE
        differs = routed.units != filings.units
        indexes, by_hand = [], 0
        for index in np.flatnonzero(inside).tolist():
            if not differs[index] and codes[routed.districts[index]] == filings.districts[index]:
                continue
            if filings.by_hand[index]:
                by_hand += 1
            else:
                indexes.append(index)
        yield filings, Moving(indexes, by_hand, int((~inside).sum()), routed)


_COLUMNS = "c.id, ST_X(c.point), ST_Y(c.point), c.category_id, c.submitted_at, c.unit_id"
_PERIOD = f"""
SELECT {_COLUMNS}, '', 0, false FROM complaints_complaint c
WHERE c.jurisdiction_id = %(city)s AND c.submitted_at >= %(since)s AND c.submitted_at < %(until)s
"""
_OPEN = f"""
SELECT {_COLUMNS}, COALESCE(d.code, ''), n.id, n.reason = 'by_hand'
FROM complaints_complaint c LEFT JOIN districts_district d ON d.id = c.district_id
JOIN LATERAL (SELECT id, reason FROM complaints_routingdecision n WHERE n.complaint_id = c.id
              ORDER BY n.decided_at DESC, n.id DESC LIMIT 1) n ON true
WHERE c.jurisdiction_id = %(city)s AND c.state = ANY(%(open)s) AND c.merged_into_id IS NULL
"""


def _period(city: Jurisdiction, since: datetime, until: datetime) -> Iterator[Filings]:
    return _read(_PERIOD, {"city": city.pk, "since": since, "until": until})


def _read(query: str, values: dict[str, Any]) -> Iterator[Filings]:
    """Chunks in the order of ids, each a statement of its own: what changes meanwhile is seen or not, but never twice."""
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(f"{query} AND c.id > %(last)s ORDER BY c.id LIMIT {CHUNK}", {**values, "last": last})
            rows = cursor.fetchall()
        if not rows:
            return
        ids, x, y, categories, at, units, districts, decisions, by_hand = (list(c) for c in zip(*rows, strict=True))
        yield Filings(
            ids=ids,
            coordinates=np.column_stack([np.array(x, dtype=float), np.array(y, dtype=float)]),
            categories=np.array(categories, dtype=np.int64),
            at=at,
            units=np.array(units, dtype=np.int64),
            districts=districts,
            decisions=decisions,
            by_hand=by_hand,
        )
        last = ids[-1]


@dataclass
class _Tally:
    looked_at: int = 0
    open: int = 0
    moved: int = 0
    moved_open: int = 0
    kept_by_hand: int = 0
    left_outside: int = 0
    # (from, to) → counts of the period, and of the open ones.
    units: tuple[Counter[Any], Counter[Any]] = field(default_factory=lambda: (Counter(), Counter()))
    districts: tuple[Counter[Any], Counter[Any]] = field(default_factory=lambda: (Counter(), Counter()))
    cells: tuple[Counter[Any], Counter[Any]] = field(default_factory=lambda: (Counter(), Counter()))

    def result(self) -> Simulation:
        return Simulation(
            looked_at=self.looked_at,
            open=self.open,
            moved=self.moved,
            moved_open=self.moved_open,
            kept_by_hand=self.kept_by_hand,
            left_outside=self.left_outside,
            units=[Move(source, target, n, n_open) for (source, target), n, n_open in _sorted(*self.units)],
            districts=[Move(source, target, n, n_open) for (source, target), n, n_open in _sorted(*self.districts)],
            cells=[
                Cell(source, target, *_centre(x, y), n, n_open)
                for (source, target, x, y), n, n_open in _sorted(*self.cells)
            ],
        )


def _sorted(all_of_them: Counter[Any], still_open: Counter[Any]) -> list[tuple[Any, int, int]]:
    keys = sorted(all_of_them.keys() | still_open.keys(), key=lambda key: (-all_of_them[key], -still_open[key], key))
    return [(key, all_of_them[key], still_open[key]) for key in keys]


def _centre(x: int, y: int) -> tuple[float, float]:
    return round((x + 0.5) * CELL_DEGREES, 6), round((y + 0.5) * CELL_DEGREES, 6)


def _compare(before: BulkRouter, after: BulkRouter, filings: Filings, tally: _Tally) -> None:
    old, new = (router.route(filings.coordinates, filings.categories, filings.at) for router in (before, after))
    tally.looked_at += len(filings)
    inside, stays = old.districts != NONE, new.districts != NONE
    tally.left_outside += int((inside & ~stays).sum())
    units = {unit.pk: unit.code for router in (before, after) for unit in router.catalogue.units.values()}
    old_codes, new_codes = (
        np.array([row["code"] for row in router.boundaries.districts.rows] + [""], dtype=object)
        for router in (before, after)
    )
    in_both = np.flatnonzero(inside & stays)
    for index in in_both[old.units[in_both] != new.units[in_both]].tolist():
        pair = units[int(old.units[index])], units[int(new.units[index])]
        tally.moved += 1
        tally.units[0][pair] += 1
        tally.cells[0][(*pair, *_cell(filings.coordinates[index]))] += 1
    pairs = zip(old_codes[old.districts[in_both]], new_codes[new.districts[in_both]], strict=True)
    tally.districts[0].update(pair for pair in pairs if pair[0] != pair[1])


def _count_open(city: Jurisdiction, after: BulkRouter, filings: Filings, moving: Moving, tally: _Tally) -> None:
    tally.open += len(filings)
    tally.kept_by_hand += moving.kept_by_hand
    units = {unit.pk: unit.code for unit in (*current_snapshot(city).units.values(), *after.catalogue.units.values())}
    for index in moving.indexes:
        tally.moved_open += 1
        pair = units[int(filings.units[index])], units[int(moving.routed.units[index])]
        if pair[0] != pair[1]:
            tally.units[1][pair] += 1
            tally.cells[1][(*pair, *_cell(filings.coordinates[index]))] += 1
        old, new = filings.districts[index], after.boundaries.districts.rows[moving.routed.districts[index]]["code"]
        if old != new:
            tally.districts[1][old, new] += 1


def _cell(place: Any) -> tuple[int, int]:
    return floor(place[0] / CELL_DEGREES), floor(place[1] / CELL_DEGREES)


def months_before(moment: datetime, months: int) -> datetime:
    """The same day of an earlier month, or that month's last day."""
    years, month = divmod(moment.month - 1 - months, 12)
    last_day = monthrange(moment.year + years, month + 1)[1]
    return moment.replace(year=moment.year + years, month=month + 1, day=min(moment.day, last_day))
