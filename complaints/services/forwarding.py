"""Somebody else's job entirely: naming the body that answers, and passing the complaint on to it, with the reporter's consent.

Without consent nothing leaves the city: the reporter is told whom to turn to, and may have it passed on from her own page.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from catalogue.models import Body
from catalogue.translated import text_in
from complaints.errors import NotForwarded, ReporterErased
from complaints.models import Complaint, Event, Forwarding, Reporter
from complaints.permissions import DESK, hats
from complaints.receipts import public_url
from complaints.services.history import new_event, record
from complaints.services.locking import lock_acting
from complaints.services.transitions import acting_role, change_state
from complaints.workflow import REPORTER, State, Verb
from notifications.models import OutboxMessage

_Consent = Forwarding.Consent


@transaction.atomic
def out_of_scope(
    complaint_id: int, *, body: Body | None, consented: bool, note: str, acting_user: User, now: datetime
) -> Complaint:
    """Close it as another body's; `body` None: one that only the note names. With consent it is passed on at once.

    The reporter's words from the desk end with who answers, how to reach them, and whether it was passed on. Raises what
    `change_state` raises, and NotForwarded where there is nobody to pass it on to.
    """
    complaint = lock_acting(complaint_id)
    if consented and (body is None or not body.email):
        raise NotForwarded
    if body is not None:
        note = f"{note.strip()}\n\n{body_words(complaint, body, passed_on=consented)}" if note.strip() else ""
    complaint = change_state(complaint_id, Verb.OUT_OF_SCOPE, acting_user=acting_user, now=now, note=note)
    if body is None:
        Forwarding.objects.filter(complaint=complaint, sent_at=None).delete()
        return complaint
    Forwarding.objects.update_or_create(
        complaint=complaint, defaults={"body": body, "named_at": now, "consent": _Consent.NONE, "sent_at": None}
    )
    if consented:
        forward(complaint_id, acting_user=acting_user, now=now)
    return complaint


@transaction.atomic
def forward(complaint_id: int, *, acting_user: User | None, now: datetime) -> None:
    """Pass it on by e-mail; `acting_user` None is the reporter herself, who came by her secret link.

    Her words, name and contact go along: that is what she agreed to. Photos do not. Raises NotForwarded or ReporterErased.
    """
    complaint = lock_acting(complaint_id)
    row = Forwarding.objects.select_for_update(of=("self",)).select_related("body").filter(complaint=complaint).first()
    if row is None or not row.body.email or row.sent_at is not None or complaint.state != State.OUT_OF_SCOPE:
        raise NotForwarded
    reporter = Reporter.objects.filter(complaint=complaint).first()
    if reporter is None or reporter.erased_at is not None:
        raise ReporterErased
    row.consent, row.sent_at = (_Consent.DESK if acting_user else _Consent.REPORTER), now
    row.save(update_fields=["consent", "sent_at"])
    role = acting_role(DESK, hats(acting_user, complaint)) if acting_user else REPORTER
    complaint.updated_at = now
    complaint.save(update_fields=["updated_at"])
    event = new_event(
        complaint,
        Event.Kind.FORWARDED,
        now=now,
        actor=acting_user,
        actor_role=role,
        is_public=True,
        data={"body": row.body.code, "consent": row.consent},
    )
    record(complaint, event)
    _letter(complaint, reporter, row.body, now).save(force_insert=True)


def body_words(complaint: Complaint, body: Body, *, passed_on: bool) -> str:
    """Who answers, how to reach them and what became of the report, in the reporter's language."""
    reporter = Reporter.objects.filter(complaint=complaint).first()
    language = reporter.language if reporter and reporter.language else complaint.jurisdiction.languages[0]
    with translation.override(language):
        name = text_in(body.name, language)
        lines = [_("Who answers for this: %(body)s") % {"body": name}]
        lines += [part for part in (body.phone, body.email, body.website) if part]
        if passed_on:
            lines.append(_("With your consent we have passed your report on to them, with your contact."))
        elif body.email:
            lines.append(_("We have not passed your report on. You can have it passed on from your own page."))
        else:
            lines.append(_("We could not pass your report on: please turn to them yourself."))
    return "\n".join(lines)


def _letter(complaint: Complaint, reporter: Reporter, body: Body, now: datetime) -> OutboxMessage:
    """To the body, in the city's first language. It is about one reporter: an erasure blanks it."""
    city = complaint.jurisdiction
    language = str(city.languages[0])
    with translation.override(language), timezone.override(ZoneInfo(city.time_zone)):
        words = {
            "complaint": complaint,
            "category": text_in(complaint.category.name, language),
            "district": text_in(complaint.district.name, language) if complaint.district else "",
            "place": f"{complaint.point.y:.6f}, {complaint.point.x:.6f}",
            "reporter": reporter,
            "city": text_in(city.name, language),
            "unit": text_in(complaint.unit.name, language),
            "unit_email": complaint.unit.email,
            "public_url": public_url("complaint", language, complaint.tracking_number),
        }
        text = render_to_string("complaints/mail/forwarding.txt", words)
        subject = _("%(city)s passes on a report: %(number)s") % {
            "city": words["city"],
            "number": complaint.tracking_number,
        }
    return OutboxMessage(
        recipient=body.email,
        language=language,
        subject=subject[:200],
        body=text,
        reference=complaint.tracking_number,
        dedup_key=f"{complaint.tracking_number}:forwarded:{now.isoformat()}",
        created_at=now,
        next_attempt_at=now,
    )
