"""Words of messages about a complaint. Each function returns an unsaved outbox row, written in the reporter's language."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from catalogue.translated import colon, text_in
from complaints.insertion import new_row
from complaints.models import Complaint, Event, Message, Reporter
from complaints.receipts import Receipt, public_url
from complaints.tracking import CLOSING, reply_address, secret_token
from complaints.workflow import State, state_label
from notifications.models import OutboxMessage

Words = Callable[[], str]
EMAIL, SMS = "email", "sms"

# What a message about a closing asks: (label, the answer that the page has ready). A page asks once more before it acts:
# programs that look at mail follow links too.
_TAPS: dict[str, tuple[tuple[str, str], ...]] = {
    State.RESOLVED: (
        (gettext_noop("Yes, it is settled"), "answer=confirm"),
        (gettext_noop("No, it is not settled"), "answer=contest"),
    ),
    State.REJECTED: ((gettext_noop("I do not agree"), "answer=contest"),),
    State.OUT_OF_SCOPE: ((gettext_noop("I do not agree"), "answer=contest"),),
}


def confirmation(complaint: Complaint, given: Receipt, *, recipient: str, now: datetime) -> OutboxMessage:
    """The first message: number, secret link, who answers and by when."""
    words = _confirmation_words(given.language)
    message = _message(
        complaint,
        subject=words.subject % {"number": complaint.tracking_number},
        body=_confirmation_text(complaint, given, words),
        recipient=recipient,
        language=given.language,
        dedup=f"{complaint.tracking_number}:confirmation",
        now=now,
    )
    message.reply_to = reply_address(complaint)
    return message


def short_confirmation(complaint: Complaint, given: Receipt, *, recipient: str, now: datetime) -> OutboxMessage:
    """The first message for a phone: the number and the secret link."""
    title = _confirmation_words(given.language).subject % {"number": complaint.tracking_number}
    message = _message(
        complaint,
        subject="",
        body=f"{title}\n{given.secret_url}",
        recipient=recipient,
        language=given.language,
        dedup=f"{complaint.tracking_number}:confirmation:sms",
        now=now,
    )
    message.channel = SMS
    return message


class _ConfirmationWords(NamedTuple):
    """The sentences of a confirmation in one language. Some have a place for the %(number)s."""

    subject: str
    received: str
    answer_by: str
    resolution_by: str
    category: str
    who_answers: str
    secret_link: str
    colon: str


@lru_cache(maxsize=16)
def _confirmation_words(language: str) -> _ConfirmationWords:
    with translation.override(language):
        return _ConfirmationWords(
            subject=_("Your complaint %(number)s was received"),
            received=_("Your complaint was received under the number %(number)s."),
            answer_by=_("First answer by"),
            resolution_by=_("Resolution by"),
            category=_("Category"),
            who_answers=_("Who answers"),
            secret_link=_(
                "Your secret link: follow, add a message, confirm, contest, withdraw or erase. Do not pass it on."
            ),
            colon=colon(),
        )


def _confirmation_text(complaint: Complaint, given: Receipt, words: _ConfirmationWords) -> str:
    """No template, and words looked up once: it is written for every filing, and a template took a sixth of its time."""
    zone = complaint.jurisdiction.time_zone
    promises = [
        f"{label}{words.colon}{_local_date(due, zone, given.language)}"
        for label, due in (
            (words.answer_by, complaint.answer_due_at),
            (words.resolution_by, complaint.resolution_due_at),
        )
        if due is not None
    ]
    lines = [
        words.received % {"number": complaint.tracking_number},
        "",
        f"{words.category}{words.colon}{given.category.name}",
        f"{words.who_answers}{words.colon}{given.unit.name}",
        *promises,
        "",
        words.secret_link,
        given.secret_url,
        "",
    ]
    return "\n".join(lines)


@lru_cache(maxsize=4096)
def _local_date(due: datetime, zone: str, language: str) -> str:
    """A promise in words. Most are a closing time, so a day's filings share a few."""
    with translation.override(language):
        return date_format(due.astimezone(ZoneInfo(zone)), "DATETIME_FORMAT")


@dataclass(frozen=True)
class Letterbox:
    """One address at which one reporter wants to be told, and by which channel."""

    reporter: Reporter
    channel: str
    address: str


def told_of(primary: Complaint) -> list[Letterbox]:
    """Where a change is told: the primary's reporter first, then those of what is merged into it, each address once."""
    concerned = Q(complaint=primary) | Q(complaint__merged_into=primary)
    rows = Reporter.objects.filter(concerned).select_related("complaint__jurisdiction")
    ordered = rows.order_by(F("complaint__merged_into").asc(nulls_first=True), "pk")
    by_address: dict[str, Letterbox] = {}
    for box in (box for reporter in ordered for box in letterboxes(reporter)):
        by_address.setdefault(box.address.casefold(), box)
    return list(by_address.values())


def letterboxes(reporter: Reporter) -> list[Letterbox]:
    """By mail, by short message, by both or not at all, as she asked."""
    boxes = []
    if reporter.consent_contact and reporter.email:
        boxes.append(Letterbox(reporter, EMAIL, reporter.email))
    if reporter.consent_sms and reporter.phone and settings.SMS_URL:
        boxes.append(Letterbox(reporter, SMS, reporter.phone))
    return boxes


def news_for(
    box: Letterbox,
    *,
    subject: Words,
    text: Words,
    dedup: str,
    now: datetime,
    primary: Complaint | None = None,
    actions: Sequence[tuple[str, str]] = (),
) -> OutboxMessage:
    """News for one reporter about her own complaint. `subject` and `text` are asked for under her language.

    `primary`: the complaint under which hers is handled, if that is another one. `dedup` makes the same news go out once.
    `actions`: what she can do with one tap, as (label marked for translation, path name of the closing page's answer).
    """
    complaint, language = box.reporter.complaint, box.reporter.language
    secret = public_url("secret_link", language, secret_token(complaint.pk, complaint.link_version))
    with translation.override(language):
        title = subject()
        words = {"complaint": complaint, "primary": primary, "secret_url": secret, "text": text()}
        taps = [[_(label), f"{closing_url(complaint, language)}?{answer}"] for label, answer in actions]
        if box.channel == SMS:
            body = "\n".join([title, taps[0][1] if taps else secret])
        else:
            body = render_to_string("complaints/mail/news.txt", words)
    message = _message(
        complaint,
        subject=title,
        body=body,
        recipient=box.address,
        language=language,
        dedup=f"{complaint.tracking_number}:{dedup}" + (":sms" if box.channel == SMS else ""),
        now=now,
    )
    message.channel = box.channel
    if box.channel == EMAIL:
        message.actions = taps
        message.reply_to = reply_address(complaint)
    return message


def closing_url(complaint: Complaint, language: str) -> str:
    """The page on which a reporter says what she thinks of the closing; its token allows nothing else."""
    token = secret_token(complaint.pk, complaint.link_version, purpose=CLOSING)
    return public_url("closing", language, token)


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
    return new_row(
        OutboxMessage,
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

    def message(box: Letterbox) -> OutboxMessage:
        own = box.reporter.complaint_id == complaint.pk
        number = box.reporter.complaint.tracking_number

        def text() -> str:
            if asked and not own:
                return _("The unit has asked the person who reported it first something.")
            return note.strip() or str(state_label(event.to_state, to_reporter=own))

        return news_for(
            box,
            subject=lambda: (
                _("%(number)s: %(state)s") % {"number": number, "state": state_label(event.to_state, to_reporter=own)}
            ),
            text=text,
            dedup=f"{event.to_state}:{event.at.isoformat()}",
            now=event.at,
            primary=None if own else complaint,
            actions=_TAPS.get(event.to_state, ()),
        )

    return [message(box) for box in told_of(complaint)]


def answer_news(complaint: Complaint, message: Message, *, now: datetime) -> list[OutboxMessage]:
    """News of a public answer, with its words, for everybody who reported it and wants to be told."""
    return [
        news_for(
            box,
            subject=partial(_numbered, box.reporter.complaint, gettext_noop("%(number)s: you have an answer")),
            text=lambda: message.text,
            dedup=f"answer:{message.pk}",
            now=now,
            primary=None if box.reporter.complaint_id == complaint.pk else complaint,
        )
        for box in told_of(complaint)
    ]


def rerouted_news(complaint: Complaint, job_id: int, *, now: datetime) -> list[OutboxMessage]:
    """News that another unit answers since the rules changed, for everybody who reported it and wants to be told."""

    def message(box: Letterbox) -> OutboxMessage:
        own = box.reporter.complaint_id == complaint.pk
        unit = text_in(complaint.unit.name, box.reporter.language)
        text = gettext_noop(
            "The areas in which units answer have changed. %(unit)s answers your complaint from now on. The dates that you"
            " were promised stay."
        )
        return news_for(
            box,
            subject=partial(_numbered, box.reporter.complaint, gettext_noop("%(number)s: another unit answers now")),
            text=lambda: _(text) % {"unit": unit},
            dedup=f"rerouted:{job_id}",
            now=now,
            primary=None if own else complaint,
        )

    return [message(box) for box in told_of(complaint)]


def reply_refused(complaint: Complaint, reason: object, *, now: datetime) -> list[OutboxMessage]:
    """The reporter learns that something she sent by mail could not be taken, and why; once a day at most."""
    reporter = Reporter.objects.select_related("complaint").filter(complaint=complaint).first()
    boxes = [box for box in letterboxes(reporter) if box.channel == EMAIL] if reporter is not None else []
    subject = gettext_noop("%(number)s: your mail could not be taken, or not all of it")
    return [
        news_for(
            box,
            subject=partial(_numbered, complaint, subject),
            text=lambda: "\n\n".join([str(reason), _("Please use the page below for it.")]),
            dedup=f"mail-refused:{now:%Y-%m-%d}",
            now=now,
        )
        for box in boxes
    ]


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
    reporter = Reporter.objects.select_related("complaint").filter(complaint=complaint).first()
    title = partial(_numbered, complaint, subject)
    boxes = letterboxes(reporter) if reporter is not None else []
    return [news_for(box, subject=title, text=lambda: _(text) % words, dedup=dedup, now=now) for box in boxes]


def _numbered(complaint: Complaint, subject: str) -> str:
    return _(subject) % {"number": complaint.tracking_number}
