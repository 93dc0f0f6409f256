"""Taking in a complaint: one transaction that routes, promises, stores and queues, or stores nothing."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, models, transaction

from accounts.models import User
from catalogue.models import Category
from complaints.answers import check_answers
from complaints.errors import IdempotencyInProgress, IdempotencyMismatch
from complaints.insertion import insert_together, new_row
from complaints.models import Complaint, Event, IdempotencyKey, Reporter
from complaints.notices import confirmation, short_confirmation
from complaints.permissions import DESK
from complaints.places import place_for_the_world, wgs84_hex
from complaints.promises import Promises, wall_text, with_promises
from complaints.receipts import Receipt, receipt
from complaints.routing import Decision, decide, decide_at
from complaints.services.decisions import decision_rows
from complaints.services.files import new_attachments
from complaints.services.history import new_event, new_feed_item
from complaints.services.quarantine import NewFile
from complaints.services.small_places import new_recount
from complaints.tracking import new_tracking_number
from complaints.workflow import REPORTER
from districts.prepared import execute_prepared
from districts.selectors import AREAS_BEST_FIRST, PLACE_AND_AREAS, AreaMatch, PlaceMatch, read_place_and_areas

_ATTEMPTS = 5


@dataclass(frozen=True)
class NewReporter:
    """Who files; everything but the language is optional. `consent_contact`: may be written to about this complaint.

    `consent_sms`: wants short messages to her phone.
    """

    language: str
    name: str = ""
    email: str = ""
    phone: str = ""
    consent_contact: bool = False
    consent_sms: bool = False


@dataclass(frozen=True)
class NewComplaint:
    """A filing whose shape was checked by a form or serializer. Degrees WGS 84."""

    category: str
    longitude: float
    latitude: float
    reporter: NewReporter
    channel: Complaint.Channel
    description: str = ""
    location_text: str = ""
    answers: Mapping[str, object] = field(default_factory=dict)
    kind: Complaint.Kind = Complaint.Kind.COMPLAINT
    files: Sequence[NewFile] = ()
    jurisdiction_id: int | None = None
    # Given by who generates records; otherwise the number is drawn at random.
    tracking_number: str = ""
    source: str = ""
    source_id: str = ""
    # The point only stands for its district: nothing finer may be shown.
    district_only: bool = False
    # A member of staff who files it for somebody, and since when promises count (None: now).
    filed_by: User | None = None
    filed_at: datetime | None = None


@dataclass(frozen=True)
class Idempotency:
    """A caller's key and the hash of what it sent with it."""

    key: str
    body_hash: str

    @property
    def stored_key(self) -> str:
        """Keys are kept as hashes: they are the callers' secrets as much as ours."""
        return hashlib.sha256(self.key.encode()).hexdigest()


def submit(new: NewComplaint, *, now: datetime, idempotency: Idempotency | None = None) -> Receipt:
    """Route, promise and store a complaint; the receipt says who answers and by when.

    The same key and body give the first receipt again. Raises OutsideJurisdictions, UnknownCategory, AnswerInvalid,
    IdempotencyMismatch or IdempotencyInProgress; then nothing is stored.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return _submit_once(new, now=now, idempotency=idempotency)
        except IntegrityError as error:
            # Two random numbers met (once in 27 thousand million pairs), or the first request with this key was stored
            # between our look at the keys and our lock: the whole transaction runs again.
            again = "tracking_number" in str(error) or "idempotencykey" in str(error)
            if not again or attempt + 1 == _ATTEMPTS:
                raise
    raise AssertionError("unreachable")


@transaction.atomic
def _submit_once(new: NewComplaint, *, now: datetime, idempotency: Idempotency | None) -> Receipt:
    filed_at = new.filed_at or now
    complaint_id, found = _reserve(new, idempotency)
    if isinstance(found, Receipt):
        return found
    if found is not None:
        decision = decide_at(*found, new.category, at=filed_at)
    else:
        decision = decide(new.longitude, new.latitude, new.category, at=filed_at, jurisdiction_id=new.jurisdiction_id)
    answers = check_answers(decision.catalogue.questions.get(decision.category.pk, ()), new.answers)
    promises = None
    if new.kind == Complaint.Kind.COMPLAINT:
        decision, promises = with_promises(decision, at=filed_at)
    complaint = _complaint(complaint_id, new, decision, promises, answers, now)
    files = new_attachments(complaint, new.files, now=now)
    given = receipt(complaint, decision, promises, files, language=new.reporter.language)
    insert_together(
        [
            complaint,
            *_history(complaint, new, decision, now),
            *files,
            *_news(complaint, new, given, now),
            *_key_rows(idempotency, complaint, given, now),
        ]
    )
    return given


# $5 is the key's hash, or NULL.
_RESERVE = f"""
WITH reserved AS MATERIALIZED (
  SELECT nextval('complaints_complaint_id_seq'), pg_try_advisory_xact_lock(hashtextextended($5::text, 7)),
         k.body_hash, k.response
  FROM (SELECT 1) one LEFT JOIN complaints_idempotencykey k ON k.key = $5::text
)
SELECT reserved.*, found.* FROM reserved LEFT JOIN ({PLACE_AND_AREAS}) found ON true ORDER BY {AREAS_BEST_FIRST}
"""  # noqa: S608 (made of constants)


def _reserve(
    new: NewComplaint, idempotency: Idempotency | None
) -> tuple[int, Receipt | tuple[PlaceMatch, list[AreaMatch]] | None]:
    """A complaint id, and the receipt of an earlier request with the same key, or else what covers the place, if anything does.

    One statement, for one wait instead of two. The advisory lock is held until the transaction ends: who cannot get it came
    while the first request still runs.
    """
    key = idempotency.stored_key if idempotency else None
    with connection.cursor() as cursor:
        execute_prepared(cursor, _RESERVE, [new.longitude, new.latitude, new.jurisdiction_id, new.category, key])
        rows = cursor.fetchall()
    complaint_id, locked, body_hash, response = rows[0][:4]
    if idempotency is not None and body_hash is not None:
        if body_hash != idempotency.body_hash:
            raise IdempotencyMismatch
        return complaint_id, Receipt.from_json(json.loads(response))
    if idempotency is not None and not locked:
        raise IdempotencyInProgress
    places = [row[4:] for row in rows]
    return complaint_id, read_place_and_areas(places) if places[0][0] is not None else None


def _complaint(
    complaint_id: int,
    new: NewComplaint,
    decision: Decision,
    promises: Promises | None,
    answers: dict[str, object],
    now: datetime,
) -> Complaint:
    category = decision.category
    precision = _precision(category, district_only=new.district_only)
    private = precision == category.Publication.NEVER
    point: Any = wgs84_hex(new.longitude, new.latitude)
    complaint = new_row(
        Complaint,
        pk=complaint_id,
        tracking_number=new.tracking_number or new_tracking_number(decision.catalogue.jurisdiction.tracking_prefix),
        source=new.source,
        source_id=new.source_id,
        jurisdiction=decision.catalogue.jurisdiction,
        service=category.service,
        category=category,
        kind=new.kind,
        channel=new.channel,
        point=point,
        place_precision=precision,
        district_id=decision.place.district_id,
        unit=decision.unit,
        description=new.description,
        location_text=new.location_text,
        answers=answers,
        text_review=_first_review(category.publish_text),
        visibility=Complaint.Visibility.PRIVATE if private else Complaint.Visibility.PUBLIC,
        submitted_at=new.filed_at or now,
        updated_at=now,
    )
    place_for_the_world(complaint, new.longitude, new.latitude)
    if promises is not None:
        complaint.answer_due_at = promises.answer.instant
        complaint.answer_due_wall = wall_text(promises.answer)
        complaint.resolution_due_at = promises.resolution.instant
        complaint.resolution_due_wall = wall_text(promises.resolution)
        complaint.policy_version = promises.policy_version
    return complaint


def _precision(category: Category, *, district_only: bool) -> str:
    """The category's precision, or the district where no finer place is known: a middle point is not where it happened."""
    levels = Category.Publication
    if district_only and category.place_precision in (levels.EXACT, levels.GRID):
        return levels.DISTRICT.value
    return category.place_precision


def _first_review(policy: str) -> str:
    return Complaint.Review.WITHHELD if policy == "never" else Complaint.Review.PENDING


def _history(complaint: Complaint, new: NewComplaint, decision: Decision, now: datetime) -> list[models.Model]:
    consent = decision.catalogue.jurisdiction.consent_version
    reporter = new_row(
        Reporter,
        complaint_id=complaint.pk,
        unit_id=complaint.unit_id,
        name=new.reporter.name,
        email=new.reporter.email,
        phone=new.reporter.phone,
        language=new.reporter.language,
        consent_contact=new.reporter.consent_contact,
        consent_sms=new.reporter.consent_sms,
        consent_version=consent,
        consent_language=new.reporter.language,
        consent_at=now,
    )
    event = new_event(
        complaint,
        Event.Kind.SUBMITTED,
        now=now,
        actor=new.filed_by,
        actor_role=_filing_role(new),
        is_public=True,
        to_state=complaint.state,
        data={
            "channel": complaint.channel,
            "unit": decision.unit.code,
            "reason": decision.reason.value,
            "answer_due": _iso(complaint.answer_due_at),
            "resolution_due": _iso(complaint.resolution_due_at),
        },
    )
    rows = [reporter, *decision_rows(complaint, decision, now=now), event, new_feed_item(complaint, now=now)]
    recount = new_recount(complaint, now=now)
    return [*rows, recount] if recount else rows


def _filing_role(new: NewComplaint) -> str:
    """Who filed it: the reporter herself, or a member of staff under her desk's hat for this city."""
    if new.filed_by is None:
        return REPORTER
    roles = {m.role for m in new.filed_by.memberships.all() if m.jurisdiction_id == new.jurisdiction_id}
    return min(roles & DESK, default=REPORTER)


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _news(complaint: Complaint, new: NewComplaint, given: Receipt, now: datetime) -> list[models.Model]:
    messages: list[models.Model] = []
    if new.reporter.email and new.reporter.consent_contact:
        messages.append(confirmation(complaint, given, recipient=new.reporter.email, now=now))
    if new.reporter.phone and new.reporter.consent_sms and settings.SMS_URL:
        messages.append(short_confirmation(complaint, given, recipient=new.reporter.phone, now=now))
    return messages


def _key_rows(
    idempotency: Idempotency | None, complaint: Complaint, given: Receipt, now: datetime
) -> list[models.Model]:
    if idempotency is None:
        return []
    return [
        new_row(
            IdempotencyKey,
            key=idempotency.stored_key,
            body_hash=idempotency.body_hash,
            complaint_id=complaint.pk,
            response=given.to_json(),
            created_at=now,
        )
    ]
