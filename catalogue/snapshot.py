"""One city's catalogue in memory, so that taking in a complaint does not read twelve tables.

A copy is keyed by `Jurisdiction.catalogue_version`, which a database trigger raises at each change of any catalogue
table: whoever knows the current version (routing reads it with the district) never works with an old copy.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from catalogue.models import Calendar, Category, Closure, Jurisdiction, Question, Service, Unit
from catalogue.working_time import WorkingCalendar, build_calendar


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything of a jurisdiction's catalogue, by code. Read only; categories carry `service` and prefetched questions."""

    jurisdiction: Jurisdiction
    units: dict[int, Unit]
    services: dict[str, Service]
    categories: dict[str, Category]
    questions: dict[int, tuple[Question, ...]]
    closures: tuple[tuple[date, date], ...]

    @property
    def triage_unit(self) -> Unit:
        """The unit that answers where nothing covers the point. LookupError if the city named none (load_city refuses that)."""
        if self.jurisdiction.triage_unit_id is None:
            raise LookupError(f"{self.jurisdiction.code} has no triage unit")
        return self.units[self.jurisdiction.triage_unit_id]

    @cached_property
    def time_zone(self) -> ZoneInfo:
        return ZoneInfo(self.jurisdiction.time_zone)

    def calendar_of(self, unit: Unit, around: date) -> WorkingCalendar:
        """The working calendar that `unit`'s promises run on, good for the years round `around`."""
        calendar: Calendar = self.units[unit.pk].calendar
        return build_calendar(
            time_zone=self.jurisdiction.time_zone,
            country=self.jurisdiction.country,
            week_raw=calendar.week,
            ramadan_raw=calendar.ramadan,
            closures=self.closures,
            around=around,
        )


def snapshot(jurisdiction_id: int, version: int) -> Snapshot:
    """The catalogue of a jurisdiction at `version` (Jurisdiction.catalogue_version as just read)."""
    return _load(jurisdiction_id, version)


def current_snapshot(jurisdiction: Jurisdiction) -> Snapshot:
    """The catalogue as of now: one query for the version, no more when it is known."""
    version = Jurisdiction.objects.values_list("catalogue_version", flat=True).get(pk=jurisdiction.pk)
    return _load(jurisdiction.pk, version)


@lru_cache(maxsize=64)
def _load(jurisdiction_id: int, version: int) -> Snapshot:
    jurisdiction = Jurisdiction.objects.get(pk=jurisdiction_id)
    units = {unit.pk: unit for unit in Unit.objects.filter(jurisdiction=jurisdiction).select_related("calendar")}
    services = {s.code: s for s in Service.objects.filter(jurisdiction=jurisdiction)}
    categories = {
        c.code: c for c in Category.objects.filter(jurisdiction=jurisdiction).select_related("service__default_unit")
    }
    questions: dict[int, list[Question]] = {}
    for question in Question.objects.filter(category__jurisdiction=jurisdiction):
        questions.setdefault(question.category_id, []).append(question)
    closures = Closure.objects.filter(jurisdiction=jurisdiction).values_list("first_day", "last_day")
    return Snapshot(
        jurisdiction=jurisdiction,
        units=units,
        services=services,
        categories=categories,
        questions={key: tuple(rows) for key, rows in questions.items()},
        closures=tuple(closures),
    )
