"""Words of messages about findings and the ledger. Each function returns unsaved outbox rows.

None of them names a reporter or repeats a complaint's words: an operator's mailbox is not the city's.
"""

from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from catalogue.models import Jurisdiction
from catalogue.translated import colon, text_in
from complaints.models import Message, Reporter
from complaints.notices import news_for, told_of
from contracts.chain import Head
from contracts.links import link_of
from contracts.models import Decision, Finding, Statement
from contracts.wording import dirhams, month_name
from notifications.models import OutboxMessage

_TO_OPERATOR: dict[str, tuple[str | Promise, str | Promise]] = {
    "open": (
        gettext_lazy("%(number)s: the city alleges a breach of your contract"),
        gettext_lazy("Accept it or contest it before %(due)s."),
    ),
    "remind": (
        gettext_lazy("%(number)s: your answer is still missing"),
        gettext_lazy("Accept it or contest it before %(due)s. What your silence would mean stands in your contract."),
    ),
    "justified": (
        gettext_lazy("%(number)s: decided, justified"),
        gettext_lazy("The penalty is %(amount)s. The reasons are on the page; you may appeal before %(appeal)s."),
    ),
    "not_justified": (gettext_lazy("%(number)s: decided, not justified"), gettext_lazy("There is no penalty.")),
    "upheld": (gettext_lazy("%(number)s: your appeal was rejected"), gettext_lazy("The penalty stands.")),
    "reversed": (
        gettext_lazy("%(number)s: your appeal was upheld"),
        gettext_lazy("%(amount)s are taken back on your account."),
    ),
    "waived": (gettext_lazy("%(number)s: penalty waived"), gettext_lazy("%(amount)s are taken back on your account.")),
    "withdrawn": (gettext_lazy("%(number)s: withdrawn"), gettext_lazy("The city does not pursue this finding.")),
}

_TO_REPORTER: dict[str, tuple[str | Promise, str | Promise]] = {
    "justified": (
        gettext_lazy("%(number)s: your complaint was found justified"),
        gettext_lazy(
            "The city examined what you reported and found it justified: %(operator)s did not do what its contract asks"
            " for. It pays a penalty to the city's treasury."
        ),
    ),
    "not_justified": (
        gettext_lazy("%(number)s: the examination is over"),
        gettext_lazy(
            "The city examined whether %(operator)s broke its contract in the matter you reported, and found that it did"
            " not. What is to be done on site does not depend on that."
        ),
    ),
    "reversed": (
        gettext_lazy("%(number)s: a decision was changed on appeal"),
        gettext_lazy(
            "%(operator)s appealed against the penalty that followed from your complaint, and the appeal was upheld: the"
            " penalty is taken back. What you reported stays on record."
        ),
    ),
}


def to_operator(
    finding: Finding, news_of: str, *, now: datetime, decision: Decision | None = None
) -> list[OutboxMessage]:
    """One mail to the operator, in each of the city's first two languages; none where it has no address."""
    address = finding.contract.address
    if not address:
        return []
    languages = finding.jurisdiction.languages[:2]
    bodies = []
    for language in languages:
        with translation.override(language):
            bodies.append(_operator_text(finding, news_of, language, decision))
    with translation.override(languages[0]):
        subject = str(_TO_OPERATOR[news_of][0]) % {"number": finding.number}
    return [
        _message(
            recipient=address,
            language=languages[0],
            subject=subject,
            body="\n\n".join(bodies),
            reference=finding.number,
            dedup=f"{finding.number}:{news_of}:{now.isoformat()}"
            if news_of != "remind"
            else f"{finding.number}:remind",
            now=now,
        )
    ]


def _operator_text(finding: Finding, news_of: str, language: str, decision: Decision | None) -> str:
    values = {
        "number": finding.number,
        "due": _moment(finding.answer_due_at, finding.jurisdiction),
        "appeal": _moment(finding.appeal_due_at, finding.jurisdiction) if finding.appeal_due_at else "",
        "amount": dirhams(decision.amount_centimes, finding.version.currency) if decision else "",
    }
    title, sentence = _TO_OPERATOR[news_of]
    return "\n".join(
        [
            str(title) % values,
            f"{_('Contract')}{colon()}{text_in(finding.contract.name, language)}",
            f"{_('Clause')}{colon()}{text_in(finding.clause.name, language)}",
            f"{_('Complaint')}{colon()}{finding.complaint.tracking_number}",
            str(sentence) % values,
            "",
            _("The case, without an account (do not pass this link on):"),
            link_of(finding, language),
        ]
    )


def to_reporters(finding: Finding, outcome: str, *, now: datetime) -> tuple[list[Message], list[OutboxMessage]]:
    """The outcome in plain words for everybody who reported the thing: on the secret page, and by mail to who wants mail."""
    if outcome not in _TO_REPORTER:
        return [], []
    title, sentence = _TO_REPORTER[outcome]
    complaint, operator_name = finding.complaint, finding.contract.unit.name

    def words() -> str:
        return str(sentence) % {"operator": text_in(operator_name, get_language() or "fr")}

    messages = []
    reporters = Reporter.objects.filter(Q(complaint=complaint) | Q(complaint__merged_into=complaint), erased_at=None)
    for reporter in reporters:
        with translation.override(reporter.language):
            text = words()
        audience = Message.Audience.REPORTER
        messages.append(Message(complaint_id=reporter.complaint_id, audience=audience, text=text, created_at=now))
    mails = [
        news_for(
            box,
            subject=partial(_numbered, title, box.reporter.complaint.tracking_number),
            text=words,
            dedup=f"finding:{finding.number}:{outcome}",
            now=now,
            primary=None if box.reporter.complaint_id == complaint.pk else complaint,
        )
        for box in told_of(complaint)
    ]
    return messages, mails


def _numbered(title: str | Promise, number: str) -> str:
    return str(title) % {"number": number}


def head_mail(city: Jurisdiction, head: Head, *, recipient: str, now: datetime) -> OutboxMessage:
    """A day's head, for the treasury's mailbox: the line that `verify_ledger --heads` reads back."""
    language = city.languages[0]
    with translation.override(language):
        day = date_format(head.day, "DATE_FORMAT")
        subject = _("Ledger of %(city)s, %(day)s") % {"city": text_in(city.name, language), "day": day}
        body = "\n".join(
            [
                _("Entries of the penalty ledger up to this day: %(count)s.") % {"count": head.count},
                _("Keep this message: with it, any later change of these entries can be shown."),
                "",
                head.line(),
                "",
            ]
        )
    return _message(
        recipient=recipient,
        language=language,
        subject=subject,
        body=body,
        reference=f"ledger-{city.code}",
        dedup=f"ledger:{city.code}:{head.day}",
        now=now,
    )


def statement_mail(statement: Statement, *, now: datetime) -> list[OutboxMessage]:
    """To the operator: the month's statement is issued."""
    contract = statement.contract
    if not contract.address:
        return []
    language = contract.jurisdiction.languages[0]
    with translation.override(language):
        month = month_name(statement.month)
        url = settings.PUBLIC_URL + reverse("operator_statement", args=[contract.code, f"{statement.month:%Y-%m}"])
        currency = contract.versions.latest("number").currency
        lines = [
            f"{_('Contract')}{colon()}{text_in(contract.name, language)}",
            f"{_('Total of the month')}{colon()}{dirhams(statement.total_centimes, currency)}",
            f"{_('Balance')}{colon()}{dirhams(statement.closing_centimes, currency)}",
            "",
            url,
        ]
        subject = _("Statement of %(month)s") % {"month": month}
    return [
        _message(
            recipient=contract.address,
            language=language,
            subject=subject,
            body="\n".join(lines),
            reference=f"{contract.prefix}-{statement.month:%Y-%m}",
            dedup=f"statement:{contract.pk}:{statement.month}",
            now=now,
        )
    ]


def _moment(instant: datetime, city: Jurisdiction) -> str:
    local = instant.astimezone(ZoneInfo(city.time_zone))
    return f"{date_format(local, 'DATE_FORMAT')}, {date_format(local, 'H:i')}"


def _message(
    *, recipient: str, language: str, subject: str, body: str, reference: str, dedup: str, now: datetime
) -> OutboxMessage:
    return OutboxMessage(
        recipient=recipient,
        language=language,
        subject=subject[:200],
        body=body,
        reference=reference,
        dedup_key=dedup[:120],
        created_at=now,
        next_attempt_at=now,
    )
