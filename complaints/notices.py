"""Words of messages about a complaint. Each function returns an unsaved outbox row, written in the reporter's language."""

from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from complaints.models import Complaint, Event, Message, Reporter
from complaints.receipts import Receipt, public_url
from complaints.tracking import secret_token
from complaints.workflow import State
from notifications.models import OutboxMessage


def confirmation(complaint: Complaint, given: Receipt, *, recipient: str, now: datetime) -> OutboxMessage:
    """The first message: number, secret link, who answers and by when."""
    with translation.override(given.language):
        subject = _("Your complaint %(number)s was received") % {"number": complaint.tracking_number}
    return _message(
        complaint,
        "confirmation",
        {"receipt": given, "secret_url": given.secret_url},
        subject=subject,
        recipient=recipient,
        language=given.language,
        dedup=f"{complaint.tracking_number}:confirmation",
        now=now,
    )


def news(
    complaint: Complaint, kind: str, *, subject: str, text: str, dedup: str, now: datetime
) -> OutboxMessage | None:
    """News about a complaint for its reporter; None when she left no address or does not want messages.

    `kind` names the template `complaints/mail/<kind>.txt`; `dedup` makes the same news go out once.
    """
    reporter = Reporter.objects.filter(complaint_id=complaint.pk).first()
    if reporter is None or not reporter.email or not reporter.consent_contact:
        return None
    return _message(
        complaint,
        kind,
        {"text": text},
        subject=subject,
        recipient=reporter.email,
        language=reporter.language,
        dedup=f"{complaint.tracking_number}:{dedup}",
        now=now,
    )


def _message(
    complaint: Complaint,
    kind: str,
    context: dict[str, Any],
    *,
    subject: str,
    recipient: str,
    language: str,
    dedup: str,
    now: datetime,
) -> OutboxMessage:
    secret = public_url("secret_link", language, secret_token(complaint.pk, complaint.link_version))
    with translation.override(language):
        body = render_to_string(f"complaints/mail/{kind}.txt", {"complaint": complaint, "secret_url": secret} | context)
    return OutboxMessage(
        recipient=recipient,
        language=language,
        subject=subject[:200],
        body=body,
        reference=complaint.tracking_number,
        dedup_key=dedup,
        created_at=now,
        next_attempt_at=now,
    )


def state_news(complaint: Complaint, event: Event, *, note: str) -> OutboxMessage | None:
    """News of a change of state made by staff, with their words; None when the reporter has no address or wants none."""
    language = reporter_language(complaint)
    with translation.override(language):
        state = State(event.to_state).label
        subject = _("%(number)s: %(state)s") % {"number": complaint.tracking_number, "state": state}
    dedup = f"{event.to_state}:{event.at.isoformat()}"
    return news(complaint, "news", subject=subject, text=note.strip() or str(state), dedup=dedup, now=event.at)


def reporter_language(complaint: Complaint) -> str:
    """The language that the reporter chose; French where the record came without a reporter."""
    language = Reporter.objects.filter(complaint_id=complaint.pk).values_list("language", flat=True).first()
    return language or "fr"


def answer_news(complaint: Complaint, message: Message, *, now: datetime) -> OutboxMessage | None:
    """News of a public answer, with its words; None when the reporter has no address or wants no messages."""
    with translation.override(reporter_language(complaint)):
        subject = _("%(number)s: you have an answer") % {"number": complaint.tracking_number}
    return news(complaint, "news", subject=subject, text=message.text, dedup=f"answer:{message.pk}", now=now)
