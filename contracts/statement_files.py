"""A statement as a table for spreadsheets and as a page for paper. Made from locked rows: the same each time."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalogue.translated import text_in
from contracts.explain import contract_currency, short
from contracts.models import LedgerEntry, Statement
from contracts.months import next_month
from contracts.wording import month_name
from documents.csvs import Money, make_csv
from documents.pdf import make_pdf
from documents.sheets import Cell, Column, Kind, Sheet, make_xlsx

_Kind = LedgerEntry.Kind
CSV_COLUMNS = (
    "line", "entry", "day", "kind", "breach_month", "finding", "complaint", "article", "clause", "days", "unit", "decided_by",
    "signed_by", "amount", "currency",
)  # fmt: skip


def lines_of(statement: Statement) -> list[LedgerEntry]:
    """The entries on a statement, in order, with what tables and papers read."""
    lines = statement.lines.select_related(
        "entry__finding__clause", "entry__finding__complaint", "entry__finding__version", "entry__decision__decided_by",
        "entry__decision__signature__signed_by", "entry__contract",
    ).order_by("position")  # fmt: skip
    return [line.entry for line in lines]


def payments_of(statement: Statement) -> list[LedgerEntry]:
    """The payments that a statement takes off: those entered since the one before it, until its month's end."""
    contract = statement.contract
    before = Statement.objects.filter(contract=contract, month__lt=statement.month).order_by("-month").first()
    rows = LedgerEntry.objects.filter(contract=contract, kind=_Kind.PAYMENT, day__lt=next_month(statement.month))
    if before is not None:
        rows = rows.filter(day__gte=next_month(before.month))
    return list(rows.order_by("seq"))


def statement_csv(statement: Statement) -> bytes:
    """The lines with codes and plain numbers, the same in every language."""
    currency = contract_currency(statement.contract)
    rows: list[Sequence[str | int | None]] = [CSV_COLUMNS]
    for position, entry in enumerate(lines_of(statement), start=1):
        finding, decision, facts = entry.finding, entry.decision, entry.facts
        unit = facts.get("calculation_unit_centimes")
        signature = decision.signature_or_none if decision else None
        rows.append(
            (
                position,
                entry.seq,
                entry.day.isoformat(),
                entry.kind,
                f"{entry.period:%Y-%m}",
                finding.number if finding else "",
                finding.complaint.tracking_number if finding else "",
                finding.clause.article if finding else "",
                finding.clause.code if finding else "",
                facts.get("calculation_days"),
                Money(int(unit)) if unit is not None else "",
                decision.decided_by.get_username() if decision else "",
                signature.signed_by.get_username() if signature else "",
                Money(entry.amount_centimes),
                currency,
            )
        )
    return make_csv(rows)


def statement_xlsx(statement: Statement) -> bytes:
    """The lines with typed cells and the total as a formula; payments and the account on a second sheet."""
    contract, language = statement.contract, get_language() or "fr"
    currency = contract_currency(contract)
    entries = lines_of(statement)
    head = [
        (_("Contract"), text_in(contract.name, language)),
        (_("Operator"), text_in(contract.unit.name, language)),
        (_("Month"), month_name(statement.month)),
        (_("Currency"), currency),
    ]
    columns = [
        Column(_("Line"), Kind.NUMBER, 7),
        Column(_("Day"), Kind.DATE, 12),
        Column(_("Entry"), width=22),
        Column(_("Finding"), width=16),
        Column(_("Complaint"), width=18),
        Column(_("Article"), width=10),
        Column(_("Clause"), width=34),
        Column(_("Month of the breach"), width=18),
        Column(_("Days begun"), Kind.NUMBER, 9),
        Column(_("Reckoning"), width=34),
        Column(_("Amount"), Kind.MONEY, 16, total=True),
    ]
    rows = [_row(position, entry, currency, language) for position, entry in enumerate(entries, start=1)]
    account: list[list[Cell]] = [
        [_("Balance before"), None, statement.opening_centimes],
        [_("Total of the month"), None, statement.total_centimes],
        *map(_payment, payments_of(statement)),
    ]
    account_columns = [
        Column(_("Account"), width=40),
        Column(_("Day"), Kind.DATE, 12),
        Column(_("Amount"), Kind.MONEY, 16, total=True),
    ]
    sheets = [
        Sheet(_("Statement"), columns, rows, head, total_label=_("Total of the month")),
        Sheet(_("Account"), account_columns, account, head, total_label=_("Balance")),
    ]
    title = f"{text_in(contract.name, language)}, {month_name(statement.month)}"
    return make_xlsx(sheets, created=statement.issued_at, right_to_left=language == "ar", title=title)


def _payment(entry: LedgerEntry) -> list[Cell]:
    """A payment's row of the second sheet."""
    name = _("Payment %(reference)s") % {"reference": entry.facts.get("reference", "")}
    return [name, entry.day, entry.amount_centimes]


def _row(position: int, entry: LedgerEntry, currency: str, language: str) -> list[Any]:
    finding = entry.finding
    days = entry.facts.get("calculation_days")
    return [
        position,
        entry.day,
        str(_Kind(entry.kind).label),
        finding.number if finding else None,
        finding.complaint.tracking_number if finding else None,
        finding.clause.article if finding else None,
        text_in(finding.clause.name, language) if finding else None,
        month_name(entry.period),
        int(days) if days is not None else None,
        _without_isolates(short(entry, currency)),
        entry.amount_centimes,
    ]


def _without_isolates(text: str) -> str:
    """Marks of direction are for pages; a cell holds the plain text."""
    return text.translate({0x2066: None, 0x2067: None, 0x2068: None, 0x2069: None})


def statement_page(statement: Statement) -> dict[str, Any]:
    """What the paper of a statement shows (templates/contracts/paper/statement.html)."""
    contract, language = statement.contract, get_language() or "fr"
    currency = contract_currency(contract)
    entries = lines_of(statement)
    kinds = (_Kind.PENALTY, _Kind.CAP_ADJUSTMENT, _Kind.REVERSAL, _Kind.WAIVER)
    sums = {kind: sum(entry.amount_centimes for entry in entries if entry.kind == kind) for kind in kinds}
    order = getattr(statement, "order", None)
    return {
        "statement": statement,
        "contract": contract,
        "currency": currency,
        "city_name": text_in(contract.jurisdiction.name, language),
        "operator": text_in(contract.unit.name, language),
        "contract_name": text_in(contract.name, language),
        "month": month_name(statement.month),
        "dated": statement.issued_at,
        "reference": f"{contract.prefix}-{statement.month:%Y-%m}",
        "lines": [
            {
                "position": position,
                "entry": entry,
                "kind": _Kind(entry.kind).label,
                "clause": text_in(entry.finding.clause.name, language) if entry.finding else "",
                "article": entry.finding.clause.article if entry.finding else "",
                "why": short(entry, currency),
                "period": month_name(entry.period),
            }
            for position, entry in enumerate(entries, start=1)
        ],
        "sums": [(kind.label, amount) for kind, amount in sums.items() if amount],
        "payments": payments_of(statement),
        "order": order,
    }


def file_name(contract_prefix: str, month: date, ending: str) -> str:
    return f"{contract_prefix}-{month:%Y-%m}.{ending}"


def statement_pdf(statement: Statement) -> bytes:
    """The statement on paper, for signature. Slow: for tasks."""
    return make_pdf(render_to_string("contracts/paper/statement.html", statement_page(statement)))
