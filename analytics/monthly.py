"""The office's figures month by month: the districts to be played and compared, and the services as trends."""

from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from analytics.figures import NOTHING, Figures, Pair, by_month, by_span
from analytics.measures import Measure
from analytics.months import MonthFigures, Months, class_limits_of
from analytics.office import Office
from analytics.periods import month_limits, months_until
from analytics.trends import Trend, trend
from analytics.values import said_of
from catalogue.translated import text_in

# A year and the same month of the year before; trends show the year.
MONTHS = 13
# What trends ask of each month.
_KNOWN_BY_MONTH = (Measure.COUNT, Measure.PER_1000, Measure.LATE_SHARE, Measure.MEDIAN_DAYS_TO_RESOLVE)


class Monthly:
    """The months up to the last of an office's period. Statements are made when a part is first asked for."""

    def __init__(self, office: Office) -> None:
        self.office = office

    @cached_property
    def days(self) -> list[date]:
        """The first days of the months that are shown, and of the one after them."""
        return months_until(self.office.period.last, MONTHS)

    @cached_property
    def _by_month(self) -> dict[str | None, dict[Any, list[Figures]]]:
        limits = month_limits(self.days, self.office.period.zone)
        return by_month(self.office.rows, ("service_id", self.office.district_key), limits, now=self.office.now)

    def _districts_by_month(self, measure: Measure) -> dict[Any, list[Figures]]:
        """By code; what trends know already is not asked again."""
        office = self.office
        if measure in _KNOWN_BY_MONTH or measure.layer is not None:
            return self._by_month[office.district_key]
        limits = month_limits(self.days, office.period.zone)
        found = by_span(office.rows, office.others, (office.district_key,), limits, office.now)[office.district_key]
        return {code: [spans.get(number + 1, NOTHING) for number in range(MONTHS)] for code, spans in found.items()}

    def months(self, measure: Measure) -> Months:
        """The districts month by month, in classes that are the same for all of them."""
        office, lines = self.office, self._districts_by_month(measure)
        subjects = [subject for subject, _pair in office.districts if subject.code]
        whole = self._by_month[None].get(None, [NOTHING] * MONTHS)
        found = []
        for index, (first, end) in enumerate(pairwise(self.days)):
            figures = {
                subject.code: lines[subject.code][index] if subject.code in lines else NOTHING for subject in subjects
            }
            values = {s.code: office.value_of(measure, s, figures[s.code]) for s in subjects}
            said = {
                code: _("too few to say") if value is None else said_of(measure, value)
                for code, value in values.items()
            }
            found.append(
                MonthFigures(
                    first=first,
                    last=end - timedelta(days=1),
                    label=date_format(first, "F Y"),
                    n=whole[index].n,
                    values=values,
                    said={code: f"{text} (n = {figures[code].n})" for code, text in said.items()},
                    partial=end > office.now.astimezone(office.period.zone).date(),
                )
            )
        names = {subject.code: subject.name for subject in subjects}
        ever = {"from": "FROM", "to": "TO", "state": ["open", "closed"]}
        urls = {subject.code: office.link(**subject.filter, **ever) for subject in subjects}
        return Months(measure, class_limits_of(measure, found), found, names, urls, office.outlines)

    def trends(self) -> list[Trend]:
        """All services together, then each, with the months up to the period's last."""
        office = self.office
        empty = [NOTHING] * MONTHS
        whole = self._by_month[None].get(None, empty)[1:]
        lines = {pk: line[1:] for pk, line in self._by_month["service_id"].items()}
        every = [self._trend(_("All services"), "", "chart", {}, office.totals, whole)]
        pairs = {subject.code: pair for subject, pair in office.services}
        for service in office.all_services:
            if service.pk in lines:
                name, css_class = text_in(service.name, office.language), f"svc-{service.code}"
                pair = pairs.get(service.code, Pair())
                about = {"service": service.code}
                every.append(self._trend(name, css_class, service.icon, about, pair, lines[service.pk]))
        return every

    def _trend(
        self, name: str, css_class: str, icon: str, about: dict[str, Any], pair: Pair, line: list[Figures]
    ) -> Trend:
        labels = [date_format(day, "M Y") for day in self.days[1:-1]]
        return trend(
            name,
            css_class,
            icon,
            self.office.link(**about, state=["open", "closed"]),
            pair,
            list(zip(labels, line, strict=True)),
            partial=self.office.period.end < self.days[-1],
            k=self.office.city.small_sample_k,
        )
