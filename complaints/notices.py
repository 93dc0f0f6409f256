"""Words of messages about a complaint. Each function returns an unsaved outbox row, written in the reporter's language."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache, partial
from zoneinfo import ZoneInfo

from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from catalogue.translated import text_in
from complaints.models import Complaint, Event, Message, Reporter
from complaints.receipts import Receipt, public_url
from complaints.tracking import secret_token
from complaints.workflow import State, state_label
from notifications.models import OutboxMessage

Words = Callable[[], str]


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
    zone = complaint.jurisdiction.time_zone
    promises = [
        f"{label}: {_local_date(due, zone, given.language)}"
        for label, due in (
            (_("First answer by"), complaint.answer_due_at),
            (_("Resolution by"), complaint.resolution_due_at),
        )
        if due is not None
    ]
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


@lru_cache(maxsize=4096)
def _local_date(due: datetime, zone: str, language: str) -> str:
    """A promise in words. Most are a closing time, so a day's filings share a few."""
    with translation.override(language):
        return date_format(due.astimezone(ZoneInfo(zone)), "DATETIME_FORMAT")


def told_of(primary: Complaint) -> list[Reporter]:
    """The reporters who are told of a change: the primary's first, then those of what is merged into it, each address once."""
    concerned = Q(complaint=primary) | Q(complaint__merged_into=primary)
    willing = Reporter.objects.filter(concerned, consent_contact=True).exclude(email="")
    rows = willing.select_related("complaint").order_by(F("complaint__merged_into").asc(nulls_first=True), "pk")
    by_address: dict[str, Reporter] = {}
    for reporter in rows:
        by_address.setdefault(reporter.email.casefold(), reporter)
    return list(by_address.values())


def news_for(
    reporter: Reporter, *, subject: Words, text: Words, dedup: str, now: datetime, primary: Complaint | None = None
) -> OutboxMessage:
    """News for one reporter about her own complaint. `subject` and `text` are asked for under her language.

    `primary`: the complaint under which hers is handled, if that is another one. `dedup` makes the same news go out once.
    """
    complaint = reporter.complaint
    secret = public_url("secret_link", reporter.language, secret_token(complaint.pk, complaint.link_version))
    with translation.override(reporter.language):
        words = {"complaint": complaint, "primary": primary, "secret_url": secret, "text": text()}
        body = render_to_string("complaints/mail/news.txt", words)
        title = subject()
    return _message(
        complaint,
        subject=title,
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


def state_news(complaint: Complaint, event: Event, *, note: str) -> list[OutboxMessage]:
    """News of a change of state made by staff, with their words, for everybody who reported it and wants to be told.

    A question is for the reporter who was asked; the others learn that one was asked.
    """
    asked = event.to_state == State.WAITING_REPORTER

    def message(reporter: Reporter) -> OutboxMessage:
        own = reporter.complaint_id == complaint.pk
        number = reporter.complaint.tracking_number

        def text() -> str:
            if asked and not own:
                return _("The unit has asked the person who reported it first something.")
            return note.strip() or str(state_label(event.to_state, to_reporter=own))

        return news_for(
            reporter,
            subject=lambda: (
                _("%(number)s: %(state)s") % {"number": number, "state": state_label(event.to_state, to_reporter=own)}
            ),
            text=text,
            dedup=f"{event.to_state}:{event.at.isoformat()}",
            now=event.at,
            primary=None if own else complaint,
        )

    return [message(reporter) for reporter in told_of(complaint)]


def answer_news(complaint: Complaint, message: Message, *, now: datetime) -> list[OutboxMessage]:
    """News of a public answer, with its words, for everybody who reported it and wants to be told."""
    return [
        news_for(
            reporter,
            subject=partial(_numbered, reporter.complaint, gettext_noop("%(number)s: you have an answer")),
            text=lambda: message.text,
            dedup=f"answer:{message.pk}",
            now=now,
            primary=None if reporter.complaint_id == complaint.pk else complaint,
        )
        for reporter in told_of(complaint)
    ]


def rerouted_news(complaint: Complaint, job_id: int, *, now: datetime) -> list[OutboxMessage]:
    """News that another unit answers since the rules changed, for everybody who reported it and wants to be told."""

    def message(reporter: Reporter) -> OutboxMessage:
        own = reporter.complaint_id == complaint.pk
        unit = text_in(complaint.unit.name, reporter.language)
        text = gettext_noop(
            "The areas in which units answer have changed. %(unit)s answers your complaint from now on. The dates that you"
            " were promised stay."
        )
        return news_for(
            reporter,
            subject=partial(_numbered, reporter.complaint, gettext_noop("%(number)s: another unit answers now")),
            text=lambda: _(text) % {"unit": unit},
            dedup=f"rerouted:{job_id}",
            now=now,
            primary=None if own else complaint,
        )

    return [message(reporter) for reporter in told_of(complaint)]


def merged_news(complaint: Complaint, primary: Complaint, *, now: datetime) -> list[OutboxMessage]:
    """The reporter of a merged complaint learns under which number it is handled, and that she stays informed."""
    return _own_news(
        complaint,
        gettext_noop("%(number)s is handled together with another report"),
        gettext_noop(
            "Your complaint is about the same thing as %(primary)s, which is already being dealt with. Both are handled"
            " together from now on. Your number stays yours, and you are told of every step."
        ),
        {"primary": primary.tracking_number},
        dedup=f"merged:{now.isoformat()}",
        now=now,
    )


def separated_news(complaint: Complaint, *, now: datetime) -> list[OutboxMessage]:
    """The reporter of a complaint that was merged by mistake learns that it stands alone again."""
    return _own_news(
        complaint,
        gettext_noop("%(number)s is handled on its own again"),
        gettext_noop("Your complaint turned out to be about something else: it is handled on its own again."),
        {},
        dedup=f"separated:{now.isoformat()}",
        now=now,
    )


def _own_news(
    complaint: Complaint, subject: str, text: str, words: dict[str, str], *, dedup: str, now: datetime
) -> list[OutboxMessage]:
    """News for the reporter of this complaint alone; `subject` and `text` are texts marked for translation."""
    reporter = Reporter.objects.select_related("complaint").filter(complaint=complaint, consent_contact=True).first()
    if reporter is None or not reporter.email:
        return []
    title = partial(_numbered, complaint, subject)
    return [news_for(reporter, subject=title, text=lambda: _(text) % words, dedup=dedup, now=now)]


def _numbered(complaint: Complaint, subject: str) -> str:
    return _(subject) % {"number": complaint.tracking_number}
