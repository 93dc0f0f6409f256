"""One complaint that is about several things becomes several: each is routed and promised on its own, from the first filing.

The reporter gets a number and a link for each part. An undo withdraws the parts: what was numbered is never deleted.
"""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from complaints.errors import CannotSplit, ChangedMeanwhile
from complaints.models import Complaint, Event
from complaints.permissions import DESK, can_split, hats, require
from complaints.services.correspondence import keep_note
from complaints.services.history import new_event, record
from complaints.services.locking import lock, lock_acting
from complaints.services.submission import NewComplaint, NewReporter, submit
from complaints.services.transitions import acting_role
from complaints.workflow import State, Verb


@transaction.atomic
def split(
    complaint_id: int, category_code: str, *, description: str, acting_user: User, now: datetime, note: str = ""
) -> Complaint:
    """File a part of a complaint on its own, under its own category, at the same place and for the same reporter.

    `description`: the words that belong to the part. Returns the new complaint. Raises ActorNotAllowed, CannotSplit
    (imported or erased: there is nobody to file it for), UnknownCategory or OutsideJurisdictions.
    """
    whole = lock_acting(complaint_id)
    require(can_split(acting_user, whole))
    reporter = getattr(whole, "reporter", None)
    if reporter is None or reporter.erased_at is not None:
        raise CannotSplit
    point = whole.point
    given = submit(
        NewComplaint(
            category=category_code,
            longitude=point.x,
            latitude=point.y,
            reporter=NewReporter(
                language=reporter.language,
                name=reporter.name,
                email=reporter.email,
                phone=reporter.phone,
                consent_contact=reporter.consent_contact,
            ),
            channel=Complaint.Channel(whole.channel),
            description=description.strip(),
            location_text=whole.location_text,
            kind=Complaint.Kind(whole.kind),
            jurisdiction_id=whole.jurisdiction_id,
            filed_at=whole.submitted_at,
            filed_by=acting_user,
            district_only=whole.place_precision == "district" != whole.category.place_precision,
        ),
        now=now,
    )
    role = acting_role(DESK, hats(acting_user, whole))
    data: dict[str, object] = {"part": given.complaint_id} | keep_note(whole, note, acting_user, now)
    whole.updated_at = now
    whole.save(update_fields=["updated_at"])
    record(whole, new_event(whole, Event.Kind.SPLIT, now=now, actor=acting_user, actor_role=role, data=data))
    part = lock(given.complaint_id)
    data = {"whole": whole.pk}
    record(part, new_event(part, Event.Kind.SPLIT, now=now, actor=acting_user, actor_role=role, data=data))
    return part


def withdraw_part(part_id: int, *, made_at: datetime, acting_user: User, role: str, now: datetime) -> None:
    """A split is undone: its part is withdrawn and shown to nobody. Raises ChangedMeanwhile if somebody has touched it."""
    part = lock(part_id)
    if part.updated_at != made_at:
        raise ChangedMeanwhile
    event = new_event(
        part,
        Event.Kind.STATE_CHANGED,
        now=now,
        actor=acting_user,
        actor_role=role,
        from_state=part.state,
        to_state=State.WITHDRAWN,
        data={"verb": Verb.UNDO.value},
    )
    part.state, part.closed_at, part.updated_at = State.WITHDRAWN, now, now
    part.visibility = Complaint.Visibility.HIDDEN
    part.next_rung_at = None
    part.save(update_fields=["state", "closed_at", "updated_at", "visibility", "next_rung_at"])
    record(part, event)
