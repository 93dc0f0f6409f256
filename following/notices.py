"""Words of letters to followers. Each function returns unsaved outbox rows, in the follower's language.

Only what is public is in them: category, public place, state, dates, public answers.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalogue.translated import text_in
from complaints.models import Complaint, Event, Message
from complaints.receipts import public_url
from complaints.workflow import State, state_label
from districts.models import District
from following.links import end_url, manage_url, token
from following.models import Subscription
from notifications.models import OutboxMessage

# More are not listed in a weekly letter; the page of the map has them all.
LISTED = 30


def subscription_reference(subscription_id: int) -> str:
    """By what the outbox knows a subscription's letters."""
    return f"follow-{subscription_id}"


def dedup_key(email: str, news: str) -> str:
    """The outbox's key of one piece of news to one address; says nothing about the address."""
    key = salted_hmac("following.told", email.casefold(), algorithm="sha256").hexdigest()[:32]
    return f"follow:{key}:{news}"


def subject_in_words(subscription: Subscription) -> str:
    """What is followed, in the current language."""
    language = translation.get_language() or "fr"
    if subscription.subject == Subscription.Subject.COMPLAINT:
        complaint = subscription.complaint
        return complaint.tracking_number if complaint else ""
    if subscription.subject == Subscription.Subject.DISTRICT:
        rows = District.objects.active().filter(jurisdiction=subscription.jurisdiction, code=subscription.district_code)
        name = rows.values_list("name", flat=True).first()
        what = text_in(name, language) if name else subscription.district_code
    else:
        what = subscription.place or _("the area that you drew")
    about = subscription.category or subscription.service
    return f"{what} · {text_in(about.name, language)}" if about else what


def confirmation(subscription: Subscription, *, now: datetime) -> OutboxMessage:
    """Asks the address whether it means it; nothing else is sent to it before."""
    with translation.override(subscription.language):
        what = subject_in_words(subscription)
        body = render_to_string("following/mail/confirmation.txt", {"what": what})
        # Asked for once more on another day, it is asked once more.
        news = f"asked:{subscription.pk}:{now:%Y-%m-%d}"
        message = _letter(subscription, _("Do you want to follow %(what)s?") % {"what": what}, body, news, now)
        message.actions = [[_("Yes, I want to follow"), manage_url(subscription)]]
    message.unsubscribe_url = ""
    return message


def change_letter(
    subscription: Subscription, complaint: Complaint, event: Event, answer: Message | None, *, now: datetime
) -> OutboxMessage:
    """One public change of a complaint."""
    with _as(subscription):
        if event.kind == Event.Kind.ANSWERED:
            title = _("%(number)s: an answer") % {"number": complaint.tracking_number}
        else:
            title = _("%(number)s: %(state)s") % {
                "number": complaint.tracking_number,
                "state": state_label(event.to_state),
            }
        body = _body(subscription, complaint, answer.text if answer else "", state=event.to_state)
        message = _letter(subscription, title, body, f"event:{event.pk}", now)
        if event.to_state == State.RESOLVED and subscription.subject == Subscription.Subject.COMPLAINT:
            page = public_url("follower_closing", subscription.language, token(subscription))
            message.actions = [
                [_("Yes, it is settled"), f"{page}?answer=confirm"],
                [_("No, it is not settled"), f"{page}?answer=contest"],
            ]
    return message


def new_letter(subscription: Subscription, complaint: Complaint, *, now: datetime) -> OutboxMessage:
    """A complaint that was filed where its reader looks."""
    with _as(subscription):
        category = text_in(complaint.category.name, subscription.language)
        title = _("New: %(category)s, %(where)s") % {"category": category, "where": _where(complaint, subscription)}
        return _letter(subscription, title, _body(subscription, complaint, ""), f"new:{complaint.pk}", now)


def weekly_letter(
    subscription: Subscription,
    filed: Sequence[Complaint],
    closed: Sequence[Complaint],
    counts: tuple[int, int],
    steps: Sequence[Event],
    *,
    week: str,
    now: datetime,
) -> OutboxMessage:
    """What a week brought: what was filed, what was closed; of one complaint, its steps instead.

    `counts`: how many were filed and how many closed, for not all are listed.
    """
    with _as(subscription):
        what = subject_in_words(subscription)
        words = {
            "what": what,
            "steps": [_step(event) for event in steps],
            "url": public_url("complaint", subscription.language, subscription.complaint.tracking_number)
            if subscription.complaint
            else "",
            "filed": [_line(complaint, subscription) for complaint in filed[:LISTED]],
            "closed": [_line(complaint, subscription) for complaint in closed[:LISTED]],
            "n_filed": counts[0],
            "n_closed": counts[1],
            "manage_url": manage_url(subscription),
        }
        body = render_to_string("following/mail/weekly.txt", words)
        total = len(steps) or sum(counts)
        title = ngettext("%(what)s: %(n)d change this week", "%(what)s: %(n)d changes this week", total) % {
            "what": what,
            "n": total,
        }
        return _letter(subscription, title, body, f"week:{subscription.pk}:{week}", now)


class _as:  # noqa: N801 (reads as a word)
    """The language of a follower and the clock of her city."""

    def __init__(self, subscription: Subscription) -> None:
        self.language = translation.override(subscription.language)
        self.clock = timezone.override(ZoneInfo(subscription.jurisdiction.time_zone))

    def __enter__(self) -> None:
        self.language.__enter__()
        self.clock.__enter__()

    def __exit__(self, *raised: object) -> None:
        self.clock.__exit__(None, None, None)
        self.language.__exit__(None, None, None)


def _body(subscription: Subscription, complaint: Complaint, answer: str, *, state: str = "") -> str:
    """`state`: the one that is told of, if it was another one than the present."""
    words = {
        "line": _line(complaint, subscription, state=state),
        "answer": answer,
        "complaint": complaint,
        "what": subject_in_words(subscription),
        "manage_url": manage_url(subscription),
    }
    return render_to_string("following/mail/change.txt", words)


def _line(complaint: Complaint, subscription: Subscription, *, state: str = "") -> dict[str, object]:
    language = subscription.language
    return {
        "number": complaint.tracking_number,
        "category": text_in(complaint.category.name, language),
        "where": _where(complaint, subscription),
        "state": capfirst(str(state_label(state or complaint.state))),
        "url": public_url("complaint", language, complaint.tracking_number),
    }


def _step(event: Event) -> dict[str, object]:
    answered = event.kind == Event.Kind.ANSWERED
    words = _("The unit has answered.") if answered else capfirst(str(state_label(event.to_state)))
    return {"at": event.at, "words": words}


def _where(complaint: Complaint, subscription: Subscription) -> str:
    district = complaint.shown_district
    names = district.name if district is not None else subscription.jurisdiction.name
    return text_in(names, subscription.language)


def _letter(subscription: Subscription, title: str, body: str, news: str, now: datetime) -> OutboxMessage:
    return OutboxMessage(
        recipient=subscription.email,
        language=subscription.language,
        subject=title[:200],
        body=body,
        unsubscribe_url=end_url(subscription),
        reference=subscription_reference(subscription.pk),
        dedup_key=dedup_key(subscription.email, news),
        created_at=now,
        next_attempt_at=now,
    )
