"""Coverage: where nobody answers, where two units would, and who cannot be reached; as a list and on a map."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.gis.db.models.functions import AsGeoJSON
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Role
from catalogue.models import Service, Unit
from catalogue.pages import city_page
from catalogue.translated import Translated, text_in
from complaints.alerts import OVERSEEING, alert_groups
from complaints.views.rules.cities import cities_of, city_of, rules_page
from complaints.views.staff import staff_user
from districts.coverage_reports import current_report
from districts.importing.words.facts import area_text
from districts.models import CoverageFinding, CoverageReport

_Kind = CoverageFinding.Kind
_UNREACHED = (_Kind.NO_CONTACT, _Kind.NO_CALENDAR)
# About 2 m: borders as they are, without the corners that no screen shows.
_SIMPLIFIED = 0.00002


@dataclass(frozen=True)
class Line:
    """One service's shares as they are shown; empty: nothing of that kind."""

    service: Service
    no_unit: str
    no_unit_residents: str
    at_hours: str
    tie: str
    unreached: str

    @property
    def is_whole(self) -> bool:
        return not (self.no_unit or self.at_hours or self.tie or self.unreached)


@dataclass(frozen=True)
class Shown:
    """One finding in words."""

    key: str
    kind: str
    label: str
    scope: str
    service: Service | None
    units: str
    size: str
    share: str
    residents: str
    when: str
    is_hole: bool


@rules_page(OVERSEEING)
@never_cache
@require_safe
def coverage(request: HttpRequest) -> HttpResponse:
    """The page, worked out again if the rules changed since."""
    city = city_of(request, OVERSEEING)
    report = current_report(city, now=timezone.now())
    findings = list(report.findings.select_related("service", "category").defer("geometry"))
    names = dict(Unit.objects.filter(jurisdiction=city).values_list("code", "name"))
    shown = [_shown(finding, names) for finding in findings]
    context = {
        "report": report,
        "lines": _lines(report, findings),
        "findings": shown,
        "holes": sum(finding.is_hole for finding in shown),
        "alerts": alert_groups(city),
        "cities": cities_of(staff_user(request), OVERSEEING),
        "is_administrator": city in cities_of(staff_user(request), {Role.ADMINISTRATOR}),
        "map_settings": {
            "url": reverse("coverage_shapes") + f"?jurisdiction={city.code}",
            "failed": _("The shapes could not be loaded. The list says the same."),
        },
    }
    return city_page(request, city, "complaints/rules/coverage.html", context)


@rules_page(OVERSEEING)
@never_cache
@require_safe
def shapes(request: HttpRequest) -> HttpResponse:
    """The findings' ground as GeoJSON, built in SQL."""
    city = city_of(request, OVERSEEING)
    found = CoverageFinding.objects.filter(report__jurisdiction=city).select_related("service", "category")
    features = [
        f'{{"type":"Feature","properties":{{"key":"finding-{row.pk}","kind":"{row.kind}"}},"geometry":{row.drawn}}}'
        for row in found.annotate(drawn=AsGeoJSON("geometry", precision=6)).defer("geometry")
    ]
    content = f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'
    return HttpResponse(content, content_type="application/geo+json")


def _lines(report: CoverageReport, findings: Sequence[CoverageFinding]) -> list[Line]:
    """Shares of each service as a whole, and what its own categories add stands in the list of findings."""
    lines = []
    for service in report.jurisdiction.services.filter(is_active=True):
        mine = [f for f in findings if f.service_id == service.pk and f.category_id is None]

        def share(*kinds: str, of: str = "area_share", mine: list[CoverageFinding] = mine) -> str:
            found = [getattr(f, of) for f in mine if f.kind in kinds]
            return percent(min(100.0, 100 * sum(found))) if found else ""

        lines.append(
            Line(
                service=service,
                no_unit=share(_Kind.NO_UNIT),
                no_unit_residents=share(_Kind.NO_UNIT, of="residents_share"),
                at_hours=share(_Kind.NO_UNIT_AT_HOURS, _Kind.BROKEN_SCHEDULE),
                tie=share(_Kind.TIE),
                unreached=share(*_UNREACHED),
            )
        )
    return lines


def _shown(finding: CoverageFinding, names: Mapping[str, Translated]) -> Shown:
    language = get_language() or "fr"
    scope = _("What no area covers")
    if finding.service is not None:
        scope = text_in((finding.category or finding.service).name, language)
    return Shown(
        key=f"finding-{finding.pk}",
        kind=finding.kind,
        label=str(_Kind(finding.kind).label),
        scope=scope,
        service=finding.service,
        units=" · ".join(text_in(names.get(code), language) or code for code in finding.units),
        size=area_text(finding.area_m2),
        share=percent(100 * finding.area_share),
        residents=ngettext("about %(n)s resident", "about %(n)s residents", finding.residents)
        % {"n": number_format(finding.residents, 0, force_grouping=True)},
        when=_when(finding.at_wall),
        is_hole=finding.kind in CoverageFinding.HOLES,
    )


def _when(wall: str) -> str:
    """ "for instance on Sunday 29 November at 03:00"; empty where it is so at any hour."""
    if not wall:
        return ""
    moment = datetime.fromisoformat(wall)
    words = {"day": date_format(moment, "l j F"), "hour": f"{moment:%H:%M}"}
    return _("for instance on %(day)s at %(hour)s") % words


def percent(value: float) -> str:
    """A share in percent; never 0 for what is something."""
    if 0 < value < 0.01:
        return f"< {number_format(0.01, 2)} %"
    decimals = 2 if value < 10 else 1
    return f"{number_format(round(value, decimals), decimals)} %"
