"""Findings and charged money for programs: what anybody may know of an operator's case, without words, people or places."""

from collections.abc import Iterable, Sequence

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from accounts.quotas import Quota, spend
from api import documents
from api.base import PublicView
from complaints.filter_grammar import parse_filters
from complaints.filters import Filters
from complaints.models import Complaint
from complaints.querysets import UNIT_SHOWN
from contracts.models import Argument, Finding, LedgerEntry
from contracts.months import local_day
from contracts.services.ledger import CHARGED
from documents.csvs import Money, make_csv

Row = Sequence[str | int | None]
FINDING_COLUMNS = (
    "number", "contract", "operator", "service", "clause", "breach", "opened_on", "occurred_on", "state", "contested",
    "tracking_number",
)  # fmt: skip
LEDGER_COLUMNS = (
    "entry", "day", "kind", "contract", "operator", "service", "finding", "month", "amount", "currency",
)  # fmt: skip
_PARAMETERS = [documents.JURISDICTION, *(p for p in documents.FILTERS if p.name in ("service", "unit", "from", "to"))]


class FindingTable(PublicView):
    """Findings as CSV."""

    @extend_schema(
        operation_id="download_findings",
        summary="Download findings against operators as CSV",
        description="`from` and `to` are about the day of opening. `tracking_number` only where the complaint and its unit"
        " are public.",
        parameters=_PARAMETERS,
        responses={(200, "text/csv"): OpenApiTypes.STR} | documents.problems(400, 429),
        tags=["complaints"],
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        now = timezone.now()
        filters = parse_filters(request.GET, now=now)
        spend(request, Quota.EXPORT, now=now)
        return _file("findings", filters, FINDING_COLUMNS, _findings(filters))


class LedgerTable(PublicView):
    """What the ledger charges, as CSV."""

    @extend_schema(
        operation_id="download_ledger",
        summary="Download penalties, caps, reversals and waivers as CSV",
        description="`from` and `to` are about the day of the entry. Orders and payments are the treasury's and not in it."
        " `service` is empty for a cap, which belongs to a contract as a whole.",
        parameters=_PARAMETERS,
        responses={(200, "text/csv"): OpenApiTypes.STR} | documents.problems(400, 429),
        tags=["complaints"],
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        now = timezone.now()
        filters = parse_filters(request.GET, now=now)
        spend(request, Quota.EXPORT, now=now)
        return _file("ledger", filters, LEDGER_COLUMNS, _entries(filters))


def _findings(filters: Filters) -> Iterable[Row]:
    argued = Argument.objects.filter(finding__jurisdiction=filters.jurisdiction, stage=Argument.Stage.CONTEST)
    contested = set(argued.values_list("finding", flat=True))
    rows = Finding.objects.filter(jurisdiction=filters.jurisdiction)
    if filters.since:
        rows = rows.filter(opened_at__gte=filters.since)
    if filters.until:
        rows = rows.filter(opened_at__lt=filters.until)
    if filters.unit_ids:
        rows = rows.filter(contract__unit__in=filters.unit_ids)
    if filters.service_ids:
        rows = rows.filter(complaint__service__in=filters.service_ids)
    zone = filters.jurisdiction.time_zone
    related = rows.select_related("contract__unit", "clause", "complaint__service", "complaint__category")
    for finding in related.order_by("opened_at", "pk").iterator(chunk_size=2000):
        yield (
            finding.number,
            finding.contract.code,
            finding.contract.unit.code,
            finding.complaint.service.code,
            finding.clause.code,
            finding.clause.breach,
            local_day(finding.opened_at, zone).isoformat(),
            finding.occurred_on.isoformat(),
            finding.state,
            "true" if finding.pk in contested else "false",
            _number(finding.complaint),
        )


def _number(complaint: Complaint) -> str:
    """Names the complaint where the open data has it with its unit; else a finding would tell what its row does not."""
    return complaint.tracking_number if complaint.has_public_page and complaint.place_shown in UNIT_SHOWN else ""


def _entries(filters: Filters) -> Iterable[Row]:
    city = filters.jurisdiction
    rows = LedgerEntry.objects.filter(jurisdiction=city, kind__in=CHARGED)
    if filters.since:
        rows = rows.filter(day__gte=local_day(filters.since, city.time_zone))
    if filters.until:
        rows = rows.filter(day__lt=local_day(filters.until, city.time_zone))
    if filters.unit_ids:
        rows = rows.filter(contract__unit__in=filters.unit_ids)
    if filters.service_ids:
        rows = rows.filter(finding__complaint__service__in=filters.service_ids)
    related = rows.select_related("contract__unit", "finding__complaint__service", "finding__version")
    for entry in related.order_by("seq").iterator(chunk_size=2000):
        finding = entry.finding
        yield (
            entry.seq,
            entry.day.isoformat(),
            entry.kind,
            entry.contract.code,
            entry.contract.unit.code,
            finding.complaint.service.code if finding else "",
            finding.number if finding else "",
            f"{entry.period:%Y-%m}",
            Money(entry.amount_centimes),
            finding.version.currency if finding else "",
        )


def _file(name: str, filters: Filters, columns: Sequence[str], rows: Iterable[Row]) -> HttpResponse:
    content = make_csv([columns, *rows], mark=False)
    response = HttpResponse(content, content_type="text/csv; charset=utf-8; header=present")
    file = f"{name}-{filters.jurisdiction.code}-{filters.now:%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{file}"'
    return response
