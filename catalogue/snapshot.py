"""One city's catalogue in memory, so that taking in a complaint does not read twelve tables.

A copy is keyed by `Jurisdiction.catalogue_version`, which a database trigger raises at each change of any catalogue
table: whoever knows the current version (routing reads it with the district) never works with an old copy.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from django.db import connection

from catalogue.models import Calendar, Category, Closure, Jurisdiction, Question, Rung, Schedule, Service, Unit
from catalogue.schedules import Rota, parse_schedule
from catalogue.working_time import WorkingCalendar, build_calendar, parse_week


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything of a jurisdiction's catalogue, by code. Read only; categories carry `service` and prefetched questions."""

    jurisdiction: Jurisdiction
    units: dict[int, Unit]
    services: dict[str, Service]
    categories: dict[str, Category]
    questions: dict[int, tuple[Question, ...]]
    closures: tuple[tuple[date, date], ...]
    schedules: dict[int, Schedule]
    # By schedule id; None: its hours cannot be read.
    rotas: dict[int, Rota | None]
    # By service id, in their order.
    rungs: dict[int, tuple[Rung, ...]]
    # Days worked in spite of a holiday, and announced dates of Ramadan.
    openings: tuple[tuple[date, date], ...] = ()
    fasts: tuple[tuple[date, date], ...] = ()
    # By unit id and year.
    _calendars: dict[tuple[int, int], WorkingCalendar] = field(default_factory=dict, init=False)

    @property
    def triage_unit(self) -> Unit:
        """The unit that answers where nothing covers the point; where the city names none, its first by code, as an emergency.

        LookupError if the city has no unit at all.
        """
        if self.jurisdiction.triage_unit_id in self.units:
            return self.units[self.jurisdiction.triage_unit_id]
        if not self.units:
            raise LookupError(f"{self.jurisdiction.code} has no unit")
        return min(self.units.values(), key=lambda unit: unit.code)

    @cached_property
    def categories_by_id(self) -> dict[int, Category]:
        return {category.pk: category for category in self.categories.values()}

    @cached_property
    def time_zone(self) -> ZoneInfo:
        return ZoneInfo(self.jurisdiction.time_zone)

    def can_promise(self, unit: Unit) -> bool:
        """False where the hours of `unit`'s calendar cannot be read: nothing could be promised in its name."""
        calendar: Calendar = self.units[unit.pk].calendar
        try:
            parse_week(calendar.week)
            if calendar.ramadan:
                parse_week(calendar.ramadan)
        except (ValueError, TypeError, AttributeError):
            return False
        return True

    def calendar_of(self, unit: Unit, around: date) -> WorkingCalendar:
        """The working calendar that `unit`'s promises run on, good for the years round `around`."""
        known = self._calendars.get((unit.pk, around.year))
        if known is not None:
            return known
        calendar: Calendar = self.units[unit.pk].calendar
        self._calendars[unit.pk, around.year] = built = build_calendar(
            time_zone=self.jurisdiction.time_zone,
            country=self.jurisdiction.country,
            week_raw=calendar.week,
            ramadan_raw=calendar.ramadan,
            closures=self.closures,
            openings=self.openings,
            ramadan=self.fasts,
            around=around,
        )
        return built


def snapshot(jurisdiction_id: int, version: int) -> Snapshot:
    """The catalogue of a jurisdiction at `version` (Jurisdiction.catalogue_version as just read)."""
    return _load(jurisdiction_id, version)


def current_snapshot(jurisdiction: Jurisdiction) -> Snapshot:
    """The catalogue as of now: one query for the version, no more when it is known."""
    version = Jurisdiction.objects.values_list("catalogue_version", flat=True).get(pk=jurisdiction.pk)
    return _load(jurisdiction.pk, version)


def served_cities(code: str = "") -> list[Jurisdiction]:
    """The city of a code, or without one the first two cities, as of now. Everybody gets the same ones: not to be changed.

    One statement where they are known.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, catalogue_version FROM catalogue_jurisdiction WHERE %(code)s IN (code, '') ORDER BY id LIMIT 2",
            {"code": code},
        )
        return [_load(*row).jurisdiction for row in cursor.fetchall()]


@lru_cache(maxsize=64)
def _load(jurisdiction_id: int, version: int) -> Snapshot:
    return fresh_snapshot(jurisdiction_id)


def fresh_snapshot(jurisdiction_id: int) -> Snapshot:
    """The catalogue as this transaction sees it, kept by nobody: for a change that is tried and taken back."""
    jurisdiction = Jurisdiction.objects.get(pk=jurisdiction_id)
    units = {unit.pk: unit for unit in Unit.objects.filter(jurisdiction=jurisdiction).select_related("calendar")}
    services = {s.code: s for s in Service.objects.filter(jurisdiction=jurisdiction)}
    categories = {
        c.code: c for c in Category.objects.filter(jurisdiction=jurisdiction).select_related("service__default_unit")
    }
    questions: dict[int, list[Question]] = {}
    for question in Question.objects.filter(category__jurisdiction=jurisdiction):
        questions.setdefault(question.category_id, []).append(question)
    schedules = {row.pk: row for row in Schedule.objects.filter(jurisdiction=jurisdiction)}
    days: dict[str, list[tuple[date, date]]] = {kind: [] for kind in Closure.Kind.values}
    for kind, first, last in Closure.objects.filter(jurisdiction=jurisdiction).values_list(
        "kind", "first_day", "last_day"
    ):
        days[kind].append((first, last))
    rungs: dict[int, list[Rung]] = {}
    for rung in Rung.objects.filter(service__jurisdiction=jurisdiction).select_related("service"):
        rungs.setdefault(rung.service_id, []).append(rung)
    return Snapshot(
        jurisdiction=jurisdiction,
        units=units,
        services=services,
        categories=categories,
        questions={key: tuple(rows) for key, rows in questions.items()},
        closures=tuple(days[Closure.Kind.CLOSED]),
        openings=tuple(days[Closure.Kind.WORKED]),
        fasts=tuple(days[Closure.Kind.RAMADAN]),
        schedules=schedules,
        rotas={key: _rota(row) for key, row in schedules.items()},
        rungs={key: tuple(rows) for key, rows in rungs.items()},
    )


def _rota(row: Schedule) -> Rota | None:
    try:
        return parse_schedule(row.week, row.seasons)
    except (ValueError, TypeError, AttributeError):
        return None
