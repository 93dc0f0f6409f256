"""The brief each Monday, for those of the office who asked: ordered by a sweep, made like any report, sent by the outbox.

The sweep may run twice, late or not at all for days: a person's mark moves by compare-and-set, and the row of one person's
week is unique. After an outage the newest Monday's brief is made, not those before it.
"""

from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from analytics.measures import usual_measure
from analytics.models import BriefSubscription, Report
from analytics.office import Office
from analytics.periods import last_monday
from analytics.scope import may_see_office, office_filters
from catalogue.models import Jurisdiction
from catalogue.translated import text_in
from complaints.receipts import public_url
from complaints.tracking import complaint_id_of, secret_token, token_matches
from notifications.models import OutboxMessage
from notifications.outbox import erase_messages

READY_AT = time(6, 0)
# Four whole weeks: enough cases to say something, and each weekday as often as the others.
DAYS = 28
_END = "weekly-brief-end"


def subscription_of(user: User, city: Jurisdiction) -> BriefSubscription | None:
    return BriefSubscription.objects.filter(user=user, jurisdiction=city).first()


def subscribe(user: User, city: Jurisdiction, *, language: str, now: datetime) -> None:
    """From the next Monday on, in this language. Who has asked already only changes the language."""
    BriefSubscription.objects.update_or_create(
        user=user,
        jurisdiction=city,
        defaults={"language": language},
        create_defaults={"language": language, "told_until": now},
    )


@transaction.atomic
def end(user: User, city: Jurisdiction) -> None:
    """No more of it; what still waits does not leave."""
    for subscription in BriefSubscription.objects.filter(user=user, jurisdiction=city):
        erase_messages(_reference(subscription))
        subscription.delete()


def subscription_by_token(token: str) -> BriefSubscription | None:
    """The subscription that a letter's link ends; None for another token, or where it has ended."""
    rows = BriefSubscription.objects.select_related("user", "jurisdiction")
    found: BriefSubscription | None = rows.filter(pk=complaint_id_of(token) or 0).first()
    return found if found is not None and token_matches(token, found.pk, 1, purpose=_END) else None


def order_weekly_briefs(*, now: datetime) -> int:
    """Put the briefs of the newest Monday, 6 o'clock in each city, in the queue; how many were put."""
    put = 0
    for city in Jurisdiction.objects.order_by("code"):
        monday = last_monday(city, READY_AT, now)
        due = BriefSubscription.objects.filter(jurisdiction=city, told_until__lt=monday)
        for subscription in due.select_related("user", "jurisdiction").order_by("pk"):
            put += _order(subscription, monday, now)
    return put


@transaction.atomic
def _order(subscription: BriefSubscription, monday: datetime, now: datetime) -> bool:
    user, city = subscription.user, subscription.jurisdiction
    if not may_see_office(user, city):
        end(user, city)
        return False
    mine = BriefSubscription.objects.filter(pk=subscription.pk, told_until=subscription.told_until)
    if not mine.update(told_until=monday):
        return False
    _row, created = Report.objects.get_or_create(
        requested_by=user,
        jurisdiction=city,
        week=monday.date(),
        defaults={
            "kind": Report.Kind.BRIEF,
            "language": subscription.language,
            "query": _query(user, city, monday.date(), now),
            "requested_at": now,
            "next_attempt_at": now,
        },
    )
    return created


def _query(user: User, city: Jurisdiction, monday: date, now: datetime) -> str:
    """Four weeks up to Sunday, within what this person's office shows."""
    span = {"from": (monday - timedelta(days=DAYS)).isoformat(), "to": monday.isoformat()}
    filters = office_filters(QueryDict(urlencode(span)), user, city, now)
    return f"{filters.query_string()}&measure={usual_measure(Office(user, filters, now).measures).value}"


def post(report: Report, *, now: datetime) -> None:
    """Put the letter with a weekly brief in the outbox, once; in the caller's transaction, which marks the brief as made.

    Who has ended it meanwhile gets none.
    """
    user, city = report.requested_by, report.jurisdiction
    subscription = subscription_of(user, city)
    if subscription is None or not user.email or report.week is None:
        return
    with translation.override(report.language):
        day = date_format(report.week, "DATE_FORMAT")
        name = text_in(city.name, report.language)
        page = reverse("office_report", args=[report.public_id])
        body = render_to_string("analytics/mail/brief.txt", {"city_name": name, "day": day, "days": DAYS})
        letter = OutboxMessage(
            recipient=user.email,
            language=report.language,
            subject=_("%(city)s: brief of %(day)s") % {"city": name, "day": day},
            body=body,
            actions=[[_("Open it at the office"), f"{settings.PUBLIC_URL}{page}"]],
            unsubscribe_url=public_url(
                "office_weekly_end", report.language, secret_token(subscription.pk, 1, purpose=_END)
            ),
            attachment_path=report.path,
            attachment_name=f"{city.code}-{report.week.isoformat()}.pdf",
            reference=_reference(subscription),
            dedup_key=f"brief:{report.public_id}",
            created_at=now,
            next_attempt_at=now,
        )
    OutboxMessage.objects.bulk_create([letter], ignore_conflicts=True)


def _reference(subscription: BriefSubscription) -> str:
    """By what the outbox knows a subscription's letters."""
    return f"brief-{subscription.pk}"
