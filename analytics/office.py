"""What the office's page shows, worked out once for the page and for its files."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Case, F, When
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from analytics.backlog import Backlog, BacklogLine, backlogs
from analytics.drawing import DistrictMap, Outlines, district_map, outlines
from analytics.equity import EquityLine, slower_by_district
from analytics.figures import Figures, Pair, Tables, tables
from analytics.latecomers import Latecomer, late_by
from analytics.layers.amounts import by_district, layers_of
from analytics.legends import legend
from analytics.measures import Measure, class_limits, measures_of
from analytics.models import Layer
from analytics.periods import Period, period_between
from analytics.readiness import ReadinessLine, readiness, watched_incidents
from analytics.scorecards import Labelled, Scorecard, Subject, labelled, scorecard
from analytics.tally.scale import scale_of_districts
from analytics.values import said_of, value_of
from catalogue.models import Service, Unit
from catalogue.snapshot import current_snapshot
from catalogue.translated import text_in
from complaints.filters import Filters
from complaints.models import Complaint
from complaints.querysets import DISTRICT_SHOWN, UNIT_SHOWN, ComplaintQuerySet
from districts.models import District

# Classes of counts are made for cells; a district is about as large as a cell of this zoom.
DISTRICT_LIKE_ZOOM = 14


class Office:
    """One person's figures under a filter. Statements are made when a part is first asked for.

    `public`: only what the world may know is counted, for files that travel.
    """

    def __init__(self, user: User, filters: Filters, now: datetime, *, public: bool = False) -> None:
        self.user, self.filters, self.now, self.public = user, filters, now, public
        self.city = filters.jurisdiction
        self.period: Period = period_between(filters.since, filters.until, self.city, now)
        self.language = get_language() or "fr"

    @cached_property
    def rows(self) -> ComplaintQuerySet:
        """What the person may see under the filter, at any time: periods are cut by the figures."""
        timeless = replace(self.filters, since=None, until=None)
        if self.public:
            return timeless.apply(Complaint.objects.public()).annotate(
                known_district=Case(When(place_shown__in=DISTRICT_SHOWN, then=F("district__code"))),
                known_unit=Case(When(place_shown__in=UNIT_SHOWN, then=F("unit_id"))),
            )
        return timeless.apply(Complaint.objects.visible_to(self.user), for_staff=True)

    @property
    def others(self) -> ComplaintQuerySet:
        """All of the city that the person may see, whatever the filter: where what came back is looked for."""
        found = Complaint.objects.public() if self.public else Complaint.objects.visible_to(self.user)
        return found.filter(jurisdiction=self.city)

    def link(self, **changes: Any) -> str:
        """The list behind a figure: the desk under the same filter and period."""
        span = {"from": self.period.first.isoformat(), "to": self.period.end.isoformat()}
        return f"{reverse('desk')}?{self.filters.query_string(**(span | changes))}"

    @cached_property
    def _tables(self) -> Tables:
        keys = ("service_id", self.unit_key, self.district_key)
        return tables(self.rows, self.others, keys, self.period, now=self.now)

    @property
    def unit_key(self) -> str:
        return "known_unit" if self.public else "unit_id"

    @property
    def district_key(self) -> str:
        return "known_district" if self.public else "district__code"

    @property
    def totals(self) -> Pair:
        return self._tables.whole

    @cached_property
    def services(self) -> list[tuple[Subject, Pair]]:
        figures = self._tables.by_key["service_id"]
        return [(self._service(service), figures[service.pk]) for service in self._services if service.pk in figures]

    @cached_property
    def units(self) -> list[tuple[Subject, Pair]]:
        figures = self._tables.by_key[self.unit_key]
        found = [(self._unit(unit), figures[unit.pk]) for unit in self._catalogue.units.values() if unit.pk in figures]
        return sorted(found, key=lambda row: (-row[1].now.late, -row[1].now.n, row[0].name))

    @cached_property
    def districts(self) -> list[tuple[Subject, Pair]]:
        """The smallest districts, by code: a complaint keeps the district of the edition it was routed with."""
        figures = self._tables.by_key[self.district_key]
        found = [(subject, figures.get(subject.code, Pair())) for subject in self._districts]
        known = {subject.code for subject in self._districts}
        found += [(Subject(code=code, name=code), pair) for code, pair in figures.items() if code and code not in known]
        if None in figures:
            found.append((Subject(code="", name=_("Without district")), figures[None]))
        asked = set(self.filters.district_codes)
        found = [row for row in found if not asked or row[0].code in asked]
        return sorted(found, key=lambda row: (-row[1].now.late, -row[1].now.n, row[0].name))

    @property
    def all_services(self) -> list[Service]:
        return list(self._services)

    def total_cells(self) -> list[Labelled]:
        """The figures of everything together, with their headings."""
        return labelled(Subject(code="", name=""), self.totals, link=self.link, k=self.city.small_sample_k)

    def scorecards(self) -> list[Scorecard]:
        return [self.scorecard(code) for code in ("districts", "services", "units")]

    def scorecard(self, code: str, *, only: Collection[str] | None = None) -> Scorecard:
        """The table `districts`, `services` or `units`, with all its columns or `only` these. KeyError for another code."""
        title = {"districts": _("Districts"), "services": _("Services"), "units": _("Units")}[code]
        rows: list[tuple[Subject, Pair]] = getattr(self, code)
        return scorecard(
            code, title, rows, link=self.link, k=self.city.small_sample_k, by_population=code == "districts", only=only
        )

    def backlog(self) -> list[BacklogLine]:
        """What is open now against the pace of the period: everything together, then each service."""
        found = backlogs(self._rows_in_any_state, self.period, self._elapsed_days)
        known = [
            (Subject(code="", name=_("All services")), sum(found.values(), Backlog())),
            *((self._service(service), found[service.pk]) for service in self._services if service.pk in found),
        ]
        ever = {"from": None, "to": None, "late": None, "state": "open"}
        k = self.city.small_sample_k
        return [
            BacklogLine(subject, backlog, self.link(**subject.filter, **ever), few=not backlog.is_known(k))
            for subject, backlog in known
        ]

    @cached_property
    def equity(self) -> list[EquityLine]:
        """The districts with something to compare, those with the most slow answers first, unsure ones last."""
        # Districts that were asked for are compared with all.
        everywhere = Office(self.user, replace(self.filters, district_codes=()), self.now, public=self.public)
        rows = everywhere._rows_in_any_state
        found = slower_by_district(rows, self.district_key, self.period, now=self.now)
        of = sum(compared for _slower, compared in found.values())
        city_share = 100 * sum(slower for slower, _compared in found.values()) / of if of else 0.0
        k = self.city.small_sample_k
        lines = [
            EquityLine(
                subject,
                *found[code],
                city_share,
                self.link(**subject.filter, state=["open", "closed"]),
                found[code][1] < k,
            )
            for subject, _pair in self.districts
            if (code := subject.code or None) in found
        ]
        return sorted(lines, key=lambda line: (line.few, -line.share, line.subject.name))

    @cached_property
    def readiness(self) -> list[ReadinessLine]:
        """The districts by how readily they report, the least ready first, those with too few duplicates last."""
        everywhere = Office(self.user, replace(self.filters, district_codes=()), self.now, public=self.public)
        rows = everywhere._rows_in_any_state
        found = readiness(watched_incidents(rows, self.district_key, self.period, now=self.now))
        lines = [
            ReadinessLine(
                subject,
                found[code],
                self.link(**subject.filter, state=["open", "closed"]),
                self.city.small_sample_k,
            )
            for subject, _pair in self.districts
            if (code := subject.code or None) in found
        ]
        return sorted(lines, key=lambda line: (line.few, line.few or line.figures.rate, line.subject.name))

    def corrected(self) -> dict[str, Any]:
        """What the map of corrected complaints is drawn from; quarters with too few duplicates are hatched."""
        by_residents = any(line.subject.population for line in self.readiness)
        measure = Measure.PER_1000 if by_residents else Measure.COUNT
        values: dict[str, float | None] = {}
        texts: dict[str, str] = {}
        for line in self.readiness:
            corrected = None if line.few else line.figures.corrected
            value = line.corrected_per_1000 if by_residents else corrected
            values[line.subject.code] = value
            said = _("too few to say") if value is None else said_of(measure, value)
            texts[line.subject.code] = f"{line.subject.name}: {said} ({line.verdict})"
        limits = self.district_limits(measure)
        return {
            "map": district_map(
                self.outlines, values, limits, texts, {line.subject.code: line.url for line in self.readiness}
            ),
            "legend": legend(limits, measure),
            "by_residents": by_residents,
            "n": sum(line.figures.reports for line in self.readiness),
            "duplicates": sum(line.figures.duplicates for line in self.readiness),
        }

    @property
    def _rows_in_any_state(self) -> ComplaintQuerySet:
        anyhow = replace(self.filters, since=None, until=None, states=frozenset(), late=False)
        return Office(self.user, anyhow, self.now, public=self.public).rows

    @property
    def _elapsed_days(self) -> float:
        """Of the period, up to now."""
        return (min(self.period.until, self.now) - self.period.since).total_seconds() / 86_400

    @cached_property
    def latecomers(self) -> list[Latecomer]:
        """Units with something open past its promise, whenever it was filed; those with most first."""
        found = late_by(self._rows_in_any_state, self.unit_key, now=self.now)
        known = {unit.pk: self._unit(unit) for unit in self._catalogue.units.values()}
        ever = {"from": None, "to": None, "late": "true", "state": None}
        rows = [
            Latecomer(known[pk], late, days, self.link(**known[pk].filter, **ever))
            for pk, late, days in found
            if pk in known
        ]
        return sorted(rows, key=lambda row: (-row.late, row.subject.name))

    def map_of_districts(self, measure: Measure) -> DistrictMap:
        """The districts shaded by `measure`; hatched where the figures stand on fewer than k cases."""
        values: dict[str, float | None] = {}
        texts: dict[str, str] = {}
        urls: dict[str, str] = {}
        for subject, pair in self.districts:
            value = self.value_of(measure, subject, pair.now)
            values[subject.code] = value
            said = _("too few to say") if value is None else said_of(measure, value)
            texts[subject.code] = f"{subject.name}: {said} (n = {pair.now.n})"
            urls[subject.code] = self.link(**subject.filter, state=["open", "closed"])
        return district_map(self.outlines, values, self.district_limits(measure), texts, urls)

    @cached_property
    def outlines(self) -> Outlines:
        return outlines(self.city)

    def district_values(self, measure: Measure) -> dict[str, float | None]:
        """By code; None where the figures stand on too few cases."""
        return {subject.code: self.value_of(measure, subject, pair.now) for subject, pair in self.districts}

    def district_limits(self, measure: Measure) -> list[float]:
        """Of the classes: the same whatever the period."""
        return class_limits(measure, DISTRICT_LIKE_ZOOM, scale=self._scale if measure == Measure.COUNT else 1)

    @cached_property
    def _scale(self) -> float:
        return scale_of_districts(self.city.pk)

    def value_of(self, measure: Measure, subject: Subject, figures: Figures) -> float | None:
        there = self._amounts(measure).get(subject.code, 0.0)
        return value_of(measure, figures, population=subject.population, there=there, k=self.city.small_sample_k)

    @cached_property
    def layers(self) -> dict[str, Layer]:
        """What the city has loaded, by kind."""
        return layers_of(self.city)

    def source_of(self, measure: Measure) -> str:
        """Where a map's ground comes from, and what its complaints are divided by; the city's own in the page's language."""
        own = text_in(self.city.source, self.language)
        layer = self.layers.get(measure.layer.value) if measure.layer else None
        if layer is None or layer.source in self.city.source.values():
            return own
        return f"{own} · {layer.source}"

    @property
    def measures(self) -> list[Measure]:
        return measures_of(self.layers, residents=any(subject.population for subject in self._districts))

    def _amounts(self, measure: Measure) -> dict[str, float]:
        """Kilometres of street or assets by district; nothing where none were loaded."""
        if measure.layer is None or measure.layer.value not in self.layers:
            return {}
        if measure.layer.value not in self._known_amounts:
            self._known_amounts[measure.layer.value] = by_district(self.city, measure.layer)
        return self._known_amounts[measure.layer.value]

    @cached_property
    def _known_amounts(self) -> dict[str, dict[str, float]]:
        return {}

    @cached_property
    def _catalogue(self) -> Any:
        return current_snapshot(self.city)

    @property
    def _services(self) -> Iterable[Service]:
        return sorted(self._catalogue.services.values(), key=lambda service: (service.order, service.code))

    @cached_property
    def _districts(self) -> list[Subject]:
        active = District.objects.active().filter(jurisdiction=self.city)
        rows = list(active.values_list("code", "parent_code", "name", "population"))
        parents = {parent for _code, parent, _name, _population in rows}
        km, assets = (self._amounts(measure) for measure in (Measure.PER_KM, Measure.PER_ASSET))
        return [
            Subject(
                code=code,
                name=text_in(name, self.language),
                filter={"district": code},
                population=population,
                km=km.get(code),
                assets=assets.get(code),
            )
            for code, _parent, name, population in rows
            if code not in parents
        ]

    def _service(self, service: Service) -> Subject:
        return Subject(
            code=service.code,
            name=text_in(service.name, self.language),
            filter={"service": service.code},
            css_class=f"svc-{service.code}",
        )

    def _unit(self, unit: Unit) -> Subject:
        return Subject(code=unit.code, name=text_in(unit.name, self.language), filter={"unit": unit.code})
