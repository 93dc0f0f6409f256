"""Routing many filings at once: the answers of routing.decide, vectorised. For import, simulation and re-routing only.

`python -m bench.route` and tests hold the two to each other, point by point, borders and hours included.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt

from catalogue.models import Category
from catalogue.snapshot import Snapshot
from complaints.models import RoutingAlert, RoutingDecision
from complaints.routing import Standing, standing
from districts.batch import NONE, Boundaries, Coordinates, Numbers, Places

Flags = npt.NDArray[np.bool_]
_Reason, _Rule, _Alert = RoutingDecision.Reason, RoutingDecision.Rule, RoutingAlert.Kind


@dataclass(frozen=True)
class Routed:
    """Answers, one row for each filing. Areas and districts are numbers of rows in the boundaries, NONE for none."""

    boundaries: Boundaries
    # NONE: outside the city and its edge tolerance; the other columns mean nothing then.
    districts: Numbers
    outside_by_m: npt.NDArray[np.float64]  # NaN where a district covers the point
    categories: Numbers
    units: Numbers
    areas: Numbers
    runners_up: Numbers
    passed_over: Numbers
    by_fallback: Flags
    has_default: Flags
    # The rule that would decide cannot be read: an area's schedule, or the calendar of who would answer.
    broken_schedule: Flags
    broken_calendar: Flags

    def __len__(self) -> int:
        return len(self.districts)

    def reason(self, index: int) -> RoutingDecision.Reason:
        if self.broken_schedule[index] or self.broken_calendar[index]:
            return _Reason.BROKEN_RULE
        if self.areas[index] != NONE:
            by_category = self.boundaries.areas.rows[self.areas[index]]["category_id"] is not None
            return _Reason.CATEGORY_AREA if by_category else _Reason.SERVICE_AREA
        return _Reason.DEFAULT_UNIT if self.has_default[index] else _Reason.TRIAGE

    def alert(self, index: int, catalogue: Snapshot) -> RoutingAlert.Kind | None:
        reason = self.reason(index)
        if reason not in (_Reason.TRIAGE, _Reason.BROKEN_RULE):
            return None
        if catalogue.jurisdiction.triage_unit_id is None:
            return _Alert.NO_TRIAGE_UNIT
        if self.broken_calendar[index]:
            return _Alert.BROKEN_CALENDAR
        return _Alert.BROKEN_SCHEDULE if self.broken_schedule[index] else _Alert.NO_UNIT

    def decision(self, index: int, *, now: datetime) -> RoutingDecision:
        """The unsaved row of one answer; the caller gives it its complaint."""
        rows = self.boundaries.areas.rows
        area, other = self.areas[index], self.runners_up[index]
        outside_by = float(self.outside_by_m[index])
        return RoutingDecision(
            decided_at=now,
            reason=self.reason(index),
            category_id=int(self.categories[index]),
            unit_id=int(self.units[index]),
            district_id=self.boundaries.districts.rows[self.districts[index]]["id"],
            service_area_id=rows[area]["id"] if area != NONE else None,
            edition_id=rows[area]["edition_id"] if area != NONE else None,
            runner_up_id=rows[other]["id"] if other != NONE else None,
            rule=self._rule(index),
            by_fallback=bool(self.by_fallback[index]),
            passed_over_id=rows[self.passed_over[index]]["id"] if self.passed_over[index] != NONE else None,
            outside_by_m=None if np.isnan(outside_by) else outside_by,
        )

    def _rule(self, index: int) -> str:
        """As routing.rule_between."""
        if self.runners_up[index] == NONE:
            return ""
        rows = self.boundaries.areas.rows
        winner, other = rows[self.areas[index]], rows[self.runners_up[index]]
        if (winner["category_id"] is None) != (other["category_id"] is None):
            return _Rule.CATEGORY
        if winner["priority"] != other["priority"]:
            return _Rule.PRIORITY
        return _Rule.SMALLER if winner["area_m2"] != other["area_m2"] else _Rule.CODE


class BulkRouter:
    """Routes filings by one catalogue and one set of boundaries, which live as long as it does."""

    def __init__(self, catalogue: Snapshot, boundaries: Boundaries) -> None:
        self.catalogue, self.boundaries = catalogue, boundaries
        self.categories: dict[int, Category] = {row.pk: row for row in catalogue.categories.values()}
        rows = boundaries.areas.rows
        self._units = np.array([row["unit_id"] for row in rows], dtype=np.int64)
        self._fallbacks = np.array([row["fallback_unit_id"] or NONE for row in rows], dtype=np.int64)
        self._of_service: dict[int, list[int]] = {}
        for number, row in enumerate(rows):
            self._of_service.setdefault(row["service_id"], []).append(number)

    def route(self, coordinates: Coordinates, categories: Numbers, at: Sequence[datetime]) -> Routed:
        """Answer for points (degrees WGS 84, longitude first), category ids, and instants of filing."""
        places = Places(coordinates)
        districts, outside_by = self.boundaries.districts_of(coordinates, places)
        services, defaults = self._services_and_defaults(categories)
        chosen = _Choice.of(len(categories))
        edge = self.boundaries.areas_at_the_edge(coordinates, outside_by, services, categories)
        inside = (districts != NONE) & np.isnan(outside_by)
        for service in np.unique(services[districts != NONE]):
            of_service = places.some(inside & (services == service))
            self._choose_areas(int(service), of_service, categories, at, edge, chosen)
        return self._answers(districts, outside_by, categories, defaults, chosen)

    def _services_and_defaults(self, categories: Numbers) -> tuple[Numbers, Numbers]:
        """For each filing its service and the service's default unit, or NONE."""
        present, position = np.unique(categories, return_inverse=True)
        services = [self.categories[key].service for key in present.tolist()]
        pairs = [(service.pk, service.default_unit_id or NONE) for service in services]
        table: Numbers = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return table[position, 0], table[position, 1]

    def _choose_areas(
        self,
        service: int,
        places: Places,
        categories: Numbers,
        at: Sequence[datetime],
        edge: dict[int, Numbers],
        chosen: "_Choice",
    ) -> None:
        """Let the areas of one service take their points, best area first."""
        for number in self._of_service.get(service, []):
            row = self.boundaries.areas.rows[number]
            among = None if row["category_id"] is None else categories[places.index] == row["category_id"]
            found = places.index[self.boundaries.areas.covering(number, places, among)]
            if number in edge:
                found = np.concatenate([found, edge[number]])
            found = found[chosen.undecided(found)]
            if row["schedule_id"] is None:
                chosen.take(found, number)
            else:
                self._take_by_hours(found, number, at, chosen)

    def _take_by_hours(self, found: Numbers, number: int, at: Sequence[datetime], chosen: "_Choice") -> None:
        row = self.boundaries.areas.rows[number]
        # Hours are cut by minutes: each is looked at once.
        minutes = [at[index].replace(second=0, microsecond=0) for index in found]
        known = {
            minute: standing(self.catalogue, row["schedule_id"], row["fallback_unit_id"], minute)
            for minute in set(minutes)
        }
        states = np.array([known[minute].value for minute in minutes], dtype=np.int64)
        chosen.take(found[states == Standing.ANSWERS.value], number)
        chosen.take(found[states == Standing.FALLBACK.value], number, by_fallback=True)
        chosen.pass_over(found[states == Standing.RESTS.value], number)
        chosen.give_up(found[states == Standing.BROKEN.value], number)

    def _answers(
        self,
        districts: Numbers,
        outside_by: npt.NDArray[np.float64],
        categories: Numbers,
        defaults: Numbers,
        chosen: "_Choice",
    ) -> Routed:
        triage = self.catalogue.triage_unit.pk
        units = np.where(defaults == NONE, triage, defaults)
        has_area = chosen.winner != NONE
        winners = chosen.winner[has_area]
        units[has_area] = np.where(chosen.by_fallback[has_area], self._fallbacks[winners], self._units[winners])
        units[chosen.broken] = triage
        broken_calendar = np.isin(units, self._units_without_calendar) & (has_area | (defaults != NONE))
        broken_calendar &= ~chosen.broken
        lost = broken_calendar & has_area
        chosen.passed_over[lost] = chosen.winner[lost]
        for column in (chosen.winner, chosen.second):
            column[broken_calendar] = NONE
        chosen.by_fallback[broken_calendar] = False
        units[broken_calendar] = triage
        return Routed(
            boundaries=self.boundaries,
            districts=districts,
            outside_by_m=outside_by,
            categories=categories,
            units=units,
            areas=chosen.winner,
            runners_up=chosen.second,
            passed_over=chosen.passed_over,
            by_fallback=chosen.by_fallback,
            has_default=defaults != NONE,
            broken_schedule=chosen.broken,
            broken_calendar=broken_calendar,
        )

    @cached_property
    def _units_without_calendar(self) -> list[int]:
        return [unit.pk for unit in self.catalogue.units.values() if not self.catalogue.can_promise(unit)]


@dataclass(frozen=True)
class _Choice:
    """The areas chosen so far, by the numbers of their rows; the steps of routing.decision_among for many points."""

    winner: Numbers
    second: Numbers
    passed_over: Numbers
    by_fallback: Flags
    broken: Flags

    @classmethod
    def of(cls, count: int) -> "_Choice":
        winner, second, passed_over = (np.full(count, NONE, dtype=np.int64) for _ in range(3))
        return cls(winner, second, passed_over, np.zeros(count, dtype=bool), np.zeros(count, dtype=bool))

    def undecided(self, points: Numbers) -> Flags:
        wanted: Flags = (self.second[points] == NONE) & ~self.broken[points]
        return wanted

    def take(self, points: Numbers, number: int, *, by_fallback: bool = False) -> None:
        first = self.winner[points] == NONE
        self.winner[points[first]] = number
        self.by_fallback[points[first]] = by_fallback
        self.second[points[~first]] = number

    def pass_over(self, points: Numbers, number: int) -> None:
        better = (self.winner[points] == NONE) & (self.passed_over[points] == NONE)
        self.passed_over[points[better]] = number

    def give_up(self, points: Numbers, number: int) -> None:
        points = points[self.winner[points] == NONE]
        self.broken[points] = True
        self.passed_over[points] = number
