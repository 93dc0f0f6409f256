"""Who deals with a complaint: another unit, another category (routed and promised anew), a crew member."""

from datetime import datetime

from django.db import transaction

from accounts.models import Membership, Role, User
from catalogue.models import Category, Unit
from catalogue.snapshot import Snapshot, current_snapshot
from complaints.deadlines import Promise, parse_duration, resume
from complaints.errors import MessageEmpty, NotACrewMember, NothingHandedOver, SameCategory, SameUnit
from complaints.models import Attachment, Complaint, Event, Handover
from complaints.permissions import ANSWERING, DESK, can_assign, can_hand_over, hats, require
from complaints.places import place_for_the_world
from complaints.promises import Promises, promises_for, with_promises
from complaints.routing import Decision, decide
from complaints.services.clocks import replace_promise
from complaints.services.correspondence import keep_note
from complaints.services.decisions import keep_choice, keep_decision
from complaints.services.escalation import catch_up
from complaints.services.handovers import REFUSALS_TO_TRIAGE, offer, open_handover, refused_in_a_row, settle
from complaints.services.history import new_event, record
from complaints.services.locking import lock_acting
from complaints.services.small_places import recount
from complaints.services.transitions import acting_role
from complaints.undone import effective
from complaints.workflow import State


@transaction.atomic
def hand_over(complaint_id: int, to_unit: Unit, *, acting_user: User, now: datetime, note: str = "") -> Complaint:
    """Let another unit of the same city answer. Its promises stay: they were made to the reporter, not to a unit.

    Raises ActorNotAllowed or SameUnit.
    """
    complaint = lock_acting(complaint_id)
    require(can_hand_over(acting_user, complaint) and to_unit.jurisdiction_id == complaint.jurisdiction_id)
    if to_unit.pk == complaint.unit_id:
        raise SameUnit
    role = acting_role(DESK, hats(acting_user, complaint))
    data: dict[str, object] = {"from": complaint.unit.code, "to": to_unit.code}
    data |= keep_note(complaint, note, acting_user, now)
    offer(complaint, to_unit, now=now)
    give_to(complaint, to_unit, now=now)
    event = new_event(
        complaint, Event.Kind.HANDED_OVER, now=now, actor=acting_user, actor_role=role, is_public=True, data=data
    )
    record(complaint, event)
    return complaint


@transaction.atomic
def take_over(complaint_id: int, *, acting_user: User, now: datetime) -> Complaint:
    """The unit accepts what was handed to it. Raises ActorNotAllowed or NothingHandedOver."""
    complaint = lock_acting(complaint_id)
    worn = hats(acting_user, complaint)
    require(bool(ANSWERING & worn))
    if not settle(complaint, Handover.Outcome.TAKEN, now=now):
        raise NothingHandedOver
    complaint.updated_at = now
    complaint.save(update_fields=["updated_at"])
    role = acting_role(ANSWERING, worn)
    event = new_event(complaint, Event.Kind.TAKEN_OVER, now=now, actor=acting_user, actor_role=role)
    record(complaint, event)
    return complaint


@transaction.atomic
def refuse(complaint_id: int, *, acting_user: User, now: datetime, note: str) -> Complaint:
    """The unit refuses what was handed to it: it goes back, and after a second refusal to the triage unit.

    Raises ActorNotAllowed, NothingHandedOver, or MessageEmpty without a reason.
    """
    complaint = lock_acting(complaint_id)
    worn = hats(acting_user, complaint)
    require(bool(ANSWERING & worn))
    pending = open_handover(complaint)
    if pending is None:
        raise NothingHandedOver
    if not note.strip():
        raise MessageEmpty(field="note")
    catalogue = current_snapshot(complaint.jurisdiction)
    again = refused_in_a_row(complaint) + 1 >= REFUSALS_TO_TRIAGE
    target = catalogue.triage_unit if again else pending.from_unit
    role = acting_role(ANSWERING, worn)
    data: dict[str, object] = {"from": complaint.unit.code, "to": target.code, "refused": True}
    data |= keep_note(complaint, note, acting_user, now)
    settle(complaint, Handover.Outcome.REFUSED, now=now)
    give_to(complaint, target, now=now)
    event = new_event(
        complaint, Event.Kind.HANDED_OVER, now=now, actor=acting_user, actor_role=role, is_public=True, data=data
    )
    record(complaint, event)
    return complaint


def give_to(complaint: Complaint, unit: Unit, *, now: datetime) -> None:
    """Somebody chose the unit that answers; saved, with the decision that says so."""
    keep_choice(complaint, unit, now=now)
    change_unit(complaint, unit)
    complaint.updated_at = now
    complaint.save(update_fields=["unit", "assigned_to", "passed_to_operator", "next_rung_at", "updated_at"])


@transaction.atomic
def recategorise(
    complaint_id: int,
    category_code: str,
    *,
    acting_user: User,
    now: datetime,
    note: str = "",
) -> Complaint:
    """Give a complaint its right category: routed again, promised again from its filing, published as that category says.

    Raises ActorNotAllowed, SameCategory, UnknownCategory, or OutsideJurisdictions where the boundaries have left its
    place.
    """
    complaint = lock_acting(complaint_id)
    require(can_hand_over(acting_user, complaint))
    if category_code == complaint.category.code:
        raise SameCategory
    role = acting_role(DESK, hats(acting_user, complaint))
    catch_up(complaint, now=now)
    recount(complaint, now=now)
    place = complaint.point
    decision = decide(
        place.x, place.y, category_code, at=complaint.submitted_at, jurisdiction_id=complaint.jurisdiction_id
    )
    promises: Promises | None = None
    if complaint.resolution_due_at is not None:
        decision, promises = with_promises(decision, at=complaint.submitted_at)
    old_category, old_unit = complaint.category, complaint.unit
    data: dict[str, object] = {
        "from": old_category.code,
        "to": decision.category.code,
        "from_unit": old_unit.code,
        "to_unit": decision.unit.code,
        "reason": decision.reason.value,
    }
    event = new_event(
        complaint,
        Event.Kind.RECATEGORISED,
        now=now,
        actor=acting_user,
        actor_role=role,
        is_public=True,
        data=data | keep_note(complaint, note, acting_user, now),
    )
    keep_decision(complaint, decision, now=now)
    _change_category(complaint, decision)
    _publish_as(complaint, old_category, decision.category)
    if promises is not None:
        _promise_as(complaint, decision, event)
    complaint.updated_at = now
    complaint.save()
    record(complaint, event)
    return complaint


@transaction.atomic
def assign(complaint_id: int, crew_member: User | None, *, acting_user: User, now: datetime) -> Complaint:
    """Send somebody of the unit's crews, or nobody (None). Raises ActorNotAllowed or NotACrewMember."""
    complaint = lock_acting(complaint_id)
    require(can_assign(acting_user, complaint))
    settle(complaint, Handover.Outcome.TAKEN, now=now)
    if crew_member is not None and not _in_crew_of(crew_member, complaint.unit):
        raise NotACrewMember
    event = new_event(
        complaint,
        Event.Kind.ASSIGNED,
        now=now,
        actor=acting_user,
        actor_role=acting_role(ANSWERING, hats(acting_user, complaint)),
        data={"from": complaint.assigned_to_id, "to": crew_member.pk if crew_member else None},
    )
    complaint.assigned_to = crew_member
    complaint.updated_at = now
    complaint.save(update_fields=["assigned_to", "updated_at"])
    record(complaint, event)
    return complaint


def _in_crew_of(person: User, unit: Unit) -> bool:
    return person.is_active and Membership.objects.filter(user=person, role=Role.CREW_MEMBER, unit=unit).exists()


def change_unit(complaint: Complaint, unit: Unit) -> None:
    """The crew was the old unit's; what was passed on was passed to the old operator; rungs run on the new calendar."""
    complaint.next_rung_at = None
    if complaint.unit_id == unit.pk:
        return
    complaint.unit = unit
    complaint.assigned_to = None
    complaint.passed_to_operator = False


def _change_category(complaint: Complaint, decision: Decision) -> None:
    complaint.category = decision.category
    complaint.service = decision.category.service
    complaint.district_id = decision.place.district_id
    change_unit(complaint, decision.unit)


def _publish_as(complaint: Complaint, old: Category, new: Category) -> None:
    """Place, visibility and reviews as the new category's policy says; what a moderator hid stays hidden."""
    precision = new.place_precision
    complaint.place_precision = precision
    place_for_the_world(complaint, complaint.point.x, complaint.point.y)
    if complaint.visibility != Complaint.Visibility.HIDDEN:
        private = precision == Category.Publication.NEVER
        complaint.visibility = Complaint.Visibility.PRIVATE if private else Complaint.Visibility.PUBLIC
    text = _review_under(old.publish_text, new.publish_text)
    if text is not None:
        complaint.text_review = text
    photos = _review_under(old.publish_photos, new.publish_photos)
    if photos is not None:
        Attachment.objects.filter(complaint=complaint).update(review=photos)


def _review_under(old: str, new: str) -> Complaint.Review | None:
    """What a change of publication policy makes of earlier reviews; None leaves them as a moderator decided."""
    if new == Category.Release.NEVER:
        return Complaint.Review.WITHHELD
    return Complaint.Review.PENDING if old == Category.Release.NEVER else None


def _promise_as(complaint: Complaint, decision: Decision, event: Event) -> None:
    """Promise anew from the filing (the resolution: from the last reopening), with the pauses there were."""
    moves = [
        (event.at, event.from_state, event.to_state)
        for event in effective(Event.objects.filter(complaint=complaint))
        if event.kind == Event.Kind.STATE_CHANGED
    ]
    reopened = [at for at, _from, to in moves if to == State.REOPENED]
    start = reopened[-1] if reopened else complaint.submitted_at
    complaint.policy_version = decision.category.policy_version
    if complaint.answered_at is None:
        first = promises_for(decision.catalogue, decision.category, decision.unit, at=complaint.submitted_at).answer
        answer_within = decision.category.answer_within
        promised = _with_pauses(first, moves, complaint.submitted_at, answer_within, decision)
        replace_promise(complaint, "answer", promised, cause="recategorised", event=event)
    resolution = promises_for(decision.catalogue, decision.category, decision.unit, at=start).resolution
    promised = _with_pauses(resolution, moves, start, decision.category.resolve_within, decision)
    replace_promise(complaint, "resolution", promised, cause="recategorised", event=event)


def _with_pauses(
    promise: Promise, moves: list[tuple[datetime, str, str]], since: datetime, within: str, decision: Decision
) -> Promise:
    """The promise after every pause since `since` that is over; one that still runs is added when it ends."""
    catalogue: Snapshot = decision.catalogue
    paused_at: datetime | None = None
    for at, from_state, to_state in moves:
        if at < since:
            continue
        if to_state == State.WAITING_REPORTER:
            paused_at = at
        elif from_state == State.WAITING_REPORTER and paused_at is not None:
            calendar = catalogue.calendar_of(decision.unit, at.date())
            promise = resume(promise, paused_at, at, calendar, parse_duration(within))
            paused_at = None
    return promise
