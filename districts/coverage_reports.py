"""Keeping what coverage.py finds: worked out again when the rules change, read by pages, health and checks."""

from datetime import datetime
from zoneinfo import ZoneInfo

import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.db import transaction

from catalogue.models import Jurisdiction
from catalogue.snapshot import current_snapshot
from districts.coverage import Finding, coverage, rules_hash
from districts.models import CoverageFinding, CoverageReport


def current_report(city: Jurisdiction, *, now: datetime) -> CoverageReport:
    """The report on the rules in force, worked out now if they changed since the last one."""
    found = CoverageReport.objects.filter(jurisdiction=city).first()
    return found if found is not None and found.rules_hash == rules_hash(city) else make_report(city, now=now)


def make_report(city: Jurisdiction, *, now: datetime) -> CoverageReport:
    """Work out and store the report on the rules in force."""
    # The name of the rules is taken first: should they change meanwhile, the next look sees it.
    named = rules_hash(city)
    found = coverage(current_snapshot(city), today=now.astimezone(ZoneInfo(city.time_zone)))
    values = {"rules_hash": named, "made_at": now, "area_m2": found.area_m2, "residents": found.residents}
    with transaction.atomic():
        report, _ = CoverageReport.objects.update_or_create(
            jurisdiction=city, defaults=values | {"services": found.services}
        )
        report.findings.all().delete()
        CoverageFinding.objects.bulk_create(_row(report, finding) for finding in found.findings)
    return report


def refresh_reports(*, now: datetime) -> int:
    """Make the report of every city whose rules changed; how many."""
    made = 0
    known = dict(CoverageReport.objects.values_list("jurisdiction_id", "rules_hash"))
    for city in Jurisdiction.objects.order_by("pk"):
        if known.get(city.pk) != rules_hash(city):
            make_report(city, now=now)
            made += 1
    return made


def _row(report: CoverageReport, finding: Finding) -> CoverageFinding:
    geometry = GEOSGeometry(memoryview(shapely.to_wkb(finding.shape)), srid=4326)
    assert isinstance(geometry, MultiPolygon)
    return CoverageFinding(
        report=report,
        kind=finding.kind,
        service=finding.service,
        category=finding.category,
        units=list(finding.units),
        at_wall=finding.at.isoformat(timespec="seconds") if finding.at else "",
        area_m2=finding.area_m2,
        area_share=finding.area_share,
        residents=finding.residents,
        residents_share=finding.residents_share,
        geometry=geometry,
    )
