"""A ledger's line in words: which clause, which clock, which rate and cap, what evidence, who decided."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from accounts.models import Role, User
from catalogue.translated import text_in
from contracts.models import Clause, Decision, Evidence, Finding, FindingEvent, LedgerEntry
from contracts.months import parse_month
from contracts.penalties import Calculation
from contracts.procedure import FindingState
from contracts.services.ledger import MONTH_CHARGED, cap_of
from contracts.wording import decimal, dirhams, month_name

_Kind = LedgerEntry.Kind


@dataclass(frozen=True)
class Line:
    """One fact of an explanation."""

    label: str
    value: str


def short(entry: LedgerEntry, currency: str) -> str:
    """What made the amount, in one phrase: for tables."""
    facts = entry.facts
    if entry.kind == _Kind.PENALTY:
        return penalty_phrase(calculation_of(facts), currency)
    if entry.kind == _Kind.CAP_ADJUSTMENT:
        return cap_phrase(facts, currency)
    if entry.kind in (_Kind.REVERSAL, _Kind.WAIVER):
        return str(facts.get("authority", ""))
    if entry.kind == _Kind.PAYMENT:
        return str(facts.get("reference", ""))
    return str(facts.get("order", ""))


def penalty_phrase(calculation: Calculation, currency: str) -> str:
    """6 days × 150.00 DH, at most 3,000.00 DH."""
    unit = dirhams(calculation.unit_centimes, currency)
    phrase = unit
    if calculation.days is not None:
        days = ngettext("%(n)d day", "%(n)d days", calculation.days) % {"n": calculation.days}
        phrase = f"{days} × {unit}"
    if calculation.index:
        said = {"value": decimal(calculation.index), "base": decimal(calculation.index_base)}
        phrase += ", " + _("index %(value)s / %(base)s") % said
    if calculation.most_centimes is not None and calculation.amount_centimes == calculation.most_centimes:
        phrase += ", " + _("at most %(amount)s") % {"amount": dirhams(calculation.most_centimes, currency)}
    return phrase


def reckoning(calculation: Calculation, currency: str) -> str:
    """What made the amount, for beside the amount: empty where that says the same again."""
    phrase = penalty_phrase(calculation, currency)
    return "" if phrase == dirhams(calculation.amount_centimes, currency) else phrase


def cap_phrase(facts: dict[str, Any], currency: str) -> str:
    charged = dirhams(int(facts["charged"]), currency)
    if "cap" not in facts:
        return _("charged %(charged)s, no cap") % {"charged": charged}
    return _("charged %(charged)s, cap %(cap)s") % {"charged": charged, "cap": dirhams(int(facts["cap"]), currency)}


def calculation_of(facts: dict[str, Any]) -> Calculation:
    """The calculation that a penalty's facts carry."""
    start = "calculation_"
    return Calculation.of({name.removeprefix(start): value for name, value in facts.items() if name.startswith(start)})


def explain(entry: LedgerEntry) -> list[Line]:
    """How a line came about, one fact after the other. Expects the rows that `views.lines` loads."""
    currency = currency_of(entry)
    told = [
        Line(_("Amount"), dirhams(entry.amount_centimes, currency)),
        Line(_("Month of the cap"), month_name(entry.period)),
    ]
    if entry.finding is not None:
        told += _about_finding(entry.finding)
    if entry.kind == _Kind.PENALTY:
        told += _about_rate(calculation_of(entry.facts), currency)
        told += _under_cap(entry, currency)
    elif entry.kind == _Kind.CAP_ADJUSTMENT:
        told += _about_cap(entry, currency)
    if entry.decision is not None:
        told += _about_decision(entry.decision)
    return told


def _about_finding(finding: Finding) -> Iterable[Line]:
    language, clause = get_language() or "fr", finding.clause
    article = f"{clause.article} · " if clause.article else ""
    yield Line(_("Finding"), f"{finding.number} ({finding.complaint.tracking_number})")
    yield Line(_("Clause"), f"{article}{text_in(clause.name, language)}")
    yield Line(_("Terms"), _("version %(number)s, in force from %(day)s") % {
        "number": finding.version.number, "day": date_format(finding.version.valid_from, "DATE_FORMAT")})  # fmt: skip
    yield Line(_("Day of the breach"), date_format(finding.occurred_on, "DATE_FORMAT"))
    if finding.due_at is not None:
        yield from about_clock(finding)


def about_clock(finding: Finding) -> Iterable[Line]:
    """The deadline, its pauses, its grace and what ended the lateness, from the evidence as it was fixed."""
    zone = finding.jurisdiction.time_zone
    yield Line(_("Deadline"), moment(finding.due_at, zone))
    evidence = next((piece for piece in finding.evidence.all() if piece.kind == Evidence.Kind.DEADLINE), None)
    pauses = evidence.facts.get("pauses", []) if evidence else []
    for since, until in pauses:
        yield Line(_("The clock stood still"), span(since, until, zone))
    if not pauses:
        yield Line(_("The clock stood still"), _("never"))
    if finding.clause.grace:
        yield Line(_("Grace until"), moment(finding.counted_from, zone))
    if finding.met_at is not None:
        yield Line(_("Done on"), moment(finding.met_at, zone))
    else:
        yield Line(_("Done on"), _("not yet done when the finding was opened (%(moment)s)") % {
            "moment": moment(finding.counted_to, zone)})  # fmt: skip


def _about_rate(calculation: Calculation, currency: str) -> Iterable[Line]:
    if calculation.index:
        month = parse_month(calculation.index_month) or date.min
        said = {
            "value": decimal(calculation.index),
            "month": month_name(month),
            "base": decimal(calculation.index_base),
        }
        yield Line(_("Index"), _("%(value)s (%(month)s), base %(base)s") % said)
    yield Line(_("Rate"), dirhams(calculation.unit_centimes, currency))
    if calculation.days is not None:
        yield Line(_("Days begun"), str(calculation.days))
    if calculation.most_centimes is not None:
        yield Line(_("At most for one finding"), dirhams(calculation.most_centimes, currency))
    yield Line(_("Reckoning"), penalty_phrase(calculation, currency))


def _about_cap(entry: LedgerEntry, currency: str) -> Iterable[Line]:
    facts = entry.facts
    yield Line(_("Charged in the month"), dirhams(int(facts["charged"]), currency))
    yield Line(_("Cap of the month"), dirhams(int(facts["cap"]), currency) if "cap" in facts else _("none"))
    yield Line(_("Adjusted before"), dirhams(int(facts["adjusted_before"]), currency))
    if entry.cause is not None:
        yield Line(_("Because of"), _("entry %(seq)s (%(kind)s)") % {
            "seq": entry.cause.seq, "kind": _Kind(entry.cause.kind).label})  # fmt: skip
    if entry.turnover is not None:
        yield Line(_("Because of"), _("the turnover that was entered: %(amount)s") % {
            "amount": dirhams(entry.turnover.amount_centimes, currency)})  # fmt: skip


def _under_cap(entry: LedgerEntry, currency: str) -> Iterable[Line]:
    """What the month's penalties came to with this one, beside the cap as it is now."""
    if MONTH_CHARGED in entry.facts:
        yield Line(_("Charged in the month"), dirhams(int(entry.facts[MONTH_CHARGED]), currency))
    cap = cap_of(entry.contract, entry.period)
    yield Line(_("Cap of the month"), _("none") if cap is None else dirhams(cap, currency))


def _about_decision(decision: Decision) -> Iterable[Line]:
    zone = decision.finding.jurisdiction.time_zone
    yield Line(_("Decided by"), f"{person(decision.decided_by)}, {moment(decision.decided_at, zone)}")
    signature = decision.signature_or_none
    if signature is not None:
        yield Line(_("Signed by"), f"{person(signature.signed_by)}, {moment(signature.signed_at, zone)}")
    if decision.authority:
        yield Line(_("Authority"), decision.authority)
    yield Line(_("Reasons"), decision.reasons)


def currency_of(entry: LedgerEntry) -> str:
    """The currency of an entry: of its finding's terms, else of the contract's newest."""
    if entry.finding is not None:
        return entry.finding.version.currency
    return contract_currency(entry.contract)


def contract_currency(contract: Any) -> str:
    """The currency of a contract's newest terms."""
    versions = list(contract.versions.all())
    return max(versions, key=lambda version: version.number).currency if versions else "MAD"


def per_words(clause: Clause, currency: str) -> str:
    """What a clause costs: 150.00 DH per day late, at most 3,000.00 DH."""
    words = f"{dirhams(clause.amount_centimes, currency)} {Clause.Per(clause.per).label}"
    if clause.most_centimes is not None:
        words += ", " + _("at most %(amount)s") % {"amount": dirhams(clause.most_centimes, currency)}
    return words


_VERBS: dict[str, str | Promise] = {
    "open": gettext_lazy("Finding opened, operator notified"),
    "accept": gettext_lazy("Accepted by the operator"),
    "contest": gettext_lazy("Contested by the operator"),
    "lapse": gettext_lazy("The time to answer passed"),
    "withdraw": gettext_lazy("Withdrawn"),
    "justify": gettext_lazy("Decided: justified"),
    "dismiss": gettext_lazy("Decided: not justified"),
    "sign": gettext_lazy("Second signature given"),
    "send_back": gettext_lazy("Sent back by the second person"),
    "appeal": gettext_lazy("Appeal lodged"),
    "uphold": gettext_lazy("Appeal rejected"),
    "reverse": gettext_lazy("Appeal upheld: penalty reversed"),
    "waive": gettext_lazy("Penalty waived"),
    "file": gettext_lazy("Files added by the operator"),
}


def event_words(event: FindingEvent) -> str:
    """What happened, and by whom: colleagues by name, the operator as a party."""
    words = str(_VERBS.get(event.verb, event.verb))
    if event.to_state == FindingState.TO_SIGN:
        words += f" ({_('waits for a second signature')})"
    if event.actor is not None and event.actor_role != Role.OPERATOR_USER:
        return f"{words} · {person(event.actor)}"
    return words


def person(user: User) -> str:
    """A name that keeps to itself: a Latin one would drag the date after it out of an Arabic line (U+2068…2069)."""
    return f"\u2068{user.get_full_name() or user.get_username()}\u2069"


def moment(instant: datetime | None, zone: str) -> str:
    """A date and time on the city's clock."""
    if instant is None:
        return ""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{date_format(local, 'DATE_FORMAT')}, {date_format(local, 'H:i')}"


def span(since: str, until: str, zone: str) -> str:
    """From one stored moment to another, or still running."""
    start = moment(datetime.fromisoformat(since), zone)
    return (
        f"{start} → {moment(datetime.fromisoformat(until), zone)}"
        if until
        else _("since %(moment)s") % {"moment": start}
    )
