"""Words of messages about a complaint. Each function returns an unsaved outbox row, written in the reporter's language."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import date_format
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
        body = _confirmation_text(complaint, given)
    return _message(
        complaint,
        subject=subject,
        body=body,
        recipient=recipient,
        language=given.language,
        dedup=f"{complaint.tracking_number}:confirmation",
        now=now,
    )


def _confirmation_text(complaint: Complaint, given: Receipt) -> str:
    """In the current language. No template: it is written for every filing, and a template took a sixth of its time."""
    promises: list[str] = []
    for label, due in (
        (_("First answer by"), complaint.answer_due_at),
        (_("Resolution by"), complaint.resolution_due_at),
    ):
        if due is not None:
            local = due.astimezone(ZoneInfo(complaint.jurisdiction.time_zone))
            promises.append(f"{label}: {date_format(local, 'DATETIME_FORMAT')}")
    lines = [
        _("Your complaint was received under the number %(number)s.") % {"number": complaint.tracking_number},
        "",
        f"{_('Category')}: {given.category.name}",
        f"{_('Who answers')}: {given.unit.name}",
        *promises,
        "",
        _("Your secret link: follow, add a message, confirm, contest, withdraw or erase. Do not pass it on."),
        given.secret_url,
        "",
    ]
    return "\n".join(lines)


def news(
    complaint: Complaint, kind: str, *, subject: str, text: str, dedup: str, now: datetime
) -> OutboxMessage | None:
    """News about a complaint for its reporter; None when she left no address or does not want messages.

    `kind` names the template `complaints/mail/<kind>.txt`; `dedup` makes the same news go out once.
    """
    reporter = Reporter.objects.filter(complaint_id=complaint.pk).first()
    if reporter is None or not reporter.email or not reporter.consent_contact:
        return None
    secret = public_url("secret_link", reporter.language, secret_token(complaint.pk, complaint.link_version))
    words = {"complaint": complaint, "secret_url": secret, "text": text}
    with translation.override(reporter.language):
        body = render_to_string(f"complaints/mail/{kind}.txt", words)
    return _message(
        complaint,
        subject=subject,
        body=body,
        recipient=reporter.email,
        language=reporter.language,
        dedup=f"{complaint.tracking_number}:{dedup}",
        now=now,
    )


def _message(
    complaint: Complaint,
    *,
    subject: str,
    body: str,
    recipient: str,
    language: str,
    dedup: str,
    now: datetime,
) -> OutboxMessage:
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
