"""`manage coverage [--jurisdiction CODE]`: where nobody answers, where two units would, and who cannot be reached."""

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone, translation

from catalogue.models import Jurisdiction
from catalogue.translated import text_in
from districts.coverage_reports import make_report
from districts.models import CoverageFinding, CoverageReport
from reporting.commands import Fault, Report, ReportingCommand


class Command(ReportingCommand):
    help = (
        "For each service: the share of the city's ground and residents with no unit, with two units at one priority, with a "
        "unit that has no contact or calendar. Findings are notes; with --strict, ground without a unit is a fault."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--jurisdiction", help="one city only")
        parser.add_argument("--strict", action="store_true", help="exit status 1 where somewhere no unit answers")

    def run(self, **options: Any) -> Report:
        cities = Jurisdiction.objects.order_by("code")
        if options["jurisdiction"]:
            cities = cities.filter(code=options["jurisdiction"])
            if not cities:
                fault = Fault("unknown_jurisdiction", "no such city is loaded", options["jurisdiction"])
                return Report(faults=[fault])
        report = Report(counts={"cities": 0, "services": 0} | dict.fromkeys(CoverageFinding.Kind.values, 0))
        told = []
        for city in cities:
            made = make_report(city, now=timezone.now())
            told.append(_city(made))
            report.counts["cities"] += 1
            report.counts["services"] += made.services
            for finding in made.findings.select_related("service", "category"):
                report.counts[finding.kind] += 1
                fault = Fault(finding.kind, _sentence(finding), f"{city.code} {_scope(finding)}")
                strict = options["strict"] and finding.kind in CoverageFinding.HOLES
                (report.faults if strict else report.remarks).append(fault)
        report.more = {"coverage": told}
        return report


def _city(report: CoverageReport) -> dict[str, Any]:
    findings = list(report.findings.select_related("service", "category"))
    services = report.jurisdiction.services.filter(is_active=True)
    return {
        "jurisdiction": report.jurisdiction.code,
        "area_m2": round(report.area_m2),
        "residents": report.residents,
        "services": [
            {"service": service.code, "name": text_in(service.name, "en")} | _shares(findings, service.pk)
            for service in services
        ],
        "findings": [_finding(finding) for finding in findings],
    }


def _shares(findings: list[CoverageFinding], service_id: int) -> dict[str, float]:
    """Shares of ground and residents of a service as a whole, by kind; those of its categories stand in the findings."""
    shares: dict[str, float] = {}
    for kind in CoverageFinding.Kind.values:
        mine = [f for f in findings if f.service_id == service_id and f.category_id is None and f.kind == kind]
        shares[f"{kind}_area_share"] = round(min(1.0, sum(f.area_share for f in mine)), 6)
        shares[f"{kind}_residents_share"] = round(min(1.0, sum(f.residents_share for f in mine)), 6)
    return shares


def _finding(finding: CoverageFinding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "service": finding.service.code if finding.service else None,
        "category": finding.category.code if finding.category else None,
        "units": finding.units,
        "at": finding.at_wall or None,
        "area_m2": round(finding.area_m2),
        "area_share": round(finding.area_share, 6),
        "residents": finding.residents,
        "residents_share": round(finding.residents_share, 6),
        "bbox": [round(number, 6) for number in finding.geometry.extent],
    }


def _scope(finding: CoverageFinding) -> str:
    if finding.service is None:
        return "triage"
    return f"{finding.service.code}/{finding.category.code}" if finding.category else finding.service.code


def _sentence(finding: CoverageFinding) -> str:
    units = f" ({', '.join(finding.units)})" if finding.units else ""
    at = f", for instance at {finding.at_wall.replace('T', ' ')[:16]}" if finding.at_wall else ""
    share = f"{finding.area_share:.2%} of the ground, {finding.residents_share:.2%} of the residents"
    with translation.override("en"):
        what = str(CoverageFinding.Kind(finding.kind).label)
    return f"{what}{units}: {share}{at}"
