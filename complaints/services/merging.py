"""Several complaints about one thing: merged into a primary one, separated again. Nothing is lost on either way.

A merged complaint keeps its number, its words, its state and its promises as they were; the world sees its primary's. A
group is one level deep: where a primary is merged into another complaint, all that it answered for go along, and come
back with it. Every touched complaint gets an event, so that replaying the history gives the groups (see replay.py).
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from complaints.errors import CannotMerge, ChangedMeanwhile, NotMerged
from complaints.groups import promise_in, put_promise
from complaints.models import Complaint, Event, GroupPromise
from complaints.notices import merged_news, separated_news
from complaints.permissions import DESK, hats, require
from complaints.services.clocks import COLUMNS, NAMES, earliest, given_back, group_promises, resume_clock, set_promise
from complaints.services.correspondence import keep_note
from complaints.services.escalation import catch_up
from complaints.services.history import new_event, record
from complaints.services.locking import lock_all, refuse_merged
from complaints.services.transitions import acting_role
from complaints.undone import effective
from complaints.workflow import State
from notifications.models import OutboxMessage

_CHANGED = ["merged_into", "merged_count", "joined_count", "paused_at", "updated_at", "escalation", *COLUMNS]


@transaction.atomic
def merge(complaint_id: int, into_id: int, *, acting_user: User, now: datetime, note: str = "") -> Complaint:
    """Handle a complaint together with `into_id`, its primary from now on; returns that one.

    Its reporter keeps her number, counts, and is told of each public change from now on. The group takes the earliest
    promise of its members. Locks all of them. Raises ActorNotAllowed, MergedAway, CannotMerge, or ChangedMeanwhile.
    """
    duplicate, primary, along = _hold(complaint_id, into_id)
    require(all(DESK & hats(acting_user, complaint) for complaint in (duplicate, primary)))
    _refuse_unfit(duplicate, primary)
    for complaint in (duplicate, primary):
        catch_up(complaint, now=now)
    by = _By(acting_user, acting_role(DESK, hats(acting_user, duplicate)), now)
    for member in along:
        _detach(member, duplicate, by)
        _attach(member, primary, by, {"along": duplicate.pk})
    _attach(duplicate, primary, by, keep_note(duplicate, note, acting_user, now), public=True)
    _save([duplicate, primary, *along], now)
    OutboxMessage.objects.bulk_create(merged_news(duplicate, primary, now=now))
    return primary


@transaction.atomic
def separate(complaint_id: int, *, acting_user: User, now: datetime, note: str = "") -> Complaint:
    """Handle a merged complaint on its own again, as it was before; what had come along with it goes with it.

    Locks all of them. Raises ActorNotAllowed, NotMerged or ChangedMeanwhile.
    """
    known = Complaint.objects.only("merged_into").get(pk=complaint_id)
    if known.merged_into_id is None:
        raise NotMerged
    along_ids = _came_along(complaint_id, known.merged_into_id)
    held = lock_all([complaint_id, known.merged_into_id, *along_ids])
    complaint, primary = held[complaint_id], held[known.merged_into_id]
    if complaint.merged_into_id != primary.pk:
        raise ChangedMeanwhile
    require(bool(DESK & hats(acting_user, complaint)))
    catch_up(primary, now=now)
    by = _By(acting_user, acting_role(DESK, hats(acting_user, complaint)), now)
    _detach(complaint, primary, by, keep_note(complaint, note, acting_user, now), public=True)
    along = [held[pk] for pk in along_ids if held[pk].merged_into_id == primary.pk]
    for member in along:
        _detach(member, primary, by)
        _attach(member, complaint, by)
    _save([complaint, primary, *along], now)
    OutboxMessage.objects.bulk_create(separated_news(complaint, now=now))
    return complaint


class _By:
    """Who does it, under which hat, when."""

    def __init__(self, user: User, role: str, now: datetime) -> None:
        self.user, self.role, self.now = user, role, now

    def event(self, complaint: Complaint, kind: Event.Kind, data: dict[str, object], *, public: bool) -> Event:
        event = new_event(
            complaint, kind, now=self.now, actor=self.user, actor_role=self.role, is_public=public, data=data
        )
        return record(complaint, event)


def _hold(complaint_id: int, into_id: int) -> tuple[Complaint, Complaint, list[Complaint]]:
    """Lock both and whatever is merged into the first, all at once."""
    members = set(Complaint.objects.filter(merged_into=complaint_id).values_list("pk", flat=True))
    held = lock_all({complaint_id, into_id} | members)
    duplicate, primary = held[complaint_id], held[into_id]
    along = [row for row in held.values() if row.merged_into_id == complaint_id]
    if {row.pk for row in along} != members or duplicate.merged_count != len(members):
        raise ChangedMeanwhile
    return duplicate, primary, along


def _refuse_unfit(duplicate: Complaint, primary: Complaint) -> None:
    refuse_merged(duplicate)
    refuse_merged(primary)
    if duplicate.pk == primary.pk:
        raise CannotMerge(_("Choose another complaint: this is the same one."))
    if not duplicate.is_open:
        raise CannotMerge(_("This complaint is closed: there is nothing left to handle together."))
    if duplicate.jurisdiction_id != primary.jurisdiction_id:
        raise CannotMerge(_("The other complaint belongs to another city."))
    if primary.state == State.WITHDRAWN:
        raise CannotMerge(_("The other complaint was withdrawn."))
    if primary.closed_at is not None and duplicate.submitted_at > primary.closed_at:
        raise CannotMerge(_("The other complaint was closed before this one was filed: the problem has come back."))


def _attach(
    member: Complaint, primary: Complaint, by: _By, data: dict[str, object] | None = None, *, public: bool = False
) -> None:
    """Put `member` under `primary`; both are locked, and saved by the caller.

    A pause of the primary counts for the member from now on only: what it has cost so far is given back first.
    """
    event = by.event(primary, Event.Kind.MERGED, {"with": member.pk}, public=public)
    by.event(member, Event.Kind.MERGED, {"into": primary.pk} | (data or {}), public=public)
    if not primary.merged_count:
        _part(primary, primary).save(force_insert=True)
    primary.merged_count += 1
    if primary.state == State.WAITING_REPORTER:
        if primary.paused_at is not None:
            resume_clock(primary, event, by.now, cause="merged")
        primary.paused_at = by.now
    part = _part(member, primary)
    if member.paused_at is not None:
        _run_on(part, member, by.now)
    part.save(force_insert=True)
    member.merged_into = primary
    primary.joined_count += member.joined_count
    _regroup(primary, event, cause="merged")


def _detach(
    member: Complaint, primary: Complaint, by: _By, data: dict[str, object] | None = None, *, public: bool = False
) -> None:
    """Take `member` out from under `primary`; its own columns are as they were when it came."""
    event = by.event(primary, Event.Kind.SEPARATED, {"without": member.pk}, public=public)
    by.event(member, Event.Kind.SEPARATED, {"from": primary.pk} | (data or {}), public=public)
    GroupPromise.objects.filter(holder=member).delete()
    member.merged_into = None
    primary.merged_count -= 1
    primary.joined_count -= member.joined_count
    _regroup(primary, event, cause="separated")
    if not primary.merged_count:
        GroupPromise.objects.filter(holder=primary).delete()


def _part(holder: Complaint, primary: Complaint) -> GroupPromise:
    """What a complaint brings along: its promises, but no promise of an answer that was given."""
    part = GroupPromise(holder=holder, primary=primary)
    for name in NAMES:
        if holder is primary or name != "answer" or holder.answered_at is None:
            put_promise(part, name, promise_in(holder, name))
    return part


def _run_on(part: GroupPromise, member: Complaint, now: datetime) -> None:
    """A member whose own clock stands still brings its promises as they would be if it went on now."""
    for name in NAMES:
        put_promise(part, name, given_back(member, name, promise_in(part, name), now))


def _regroup(primary: Complaint, event: Event, *, cause: str) -> None:
    """The group's promises are the earliest of its members'. What is closed, or answered, is not promised anew."""
    if not primary.is_open:
        return
    rows = group_promises(primary)
    for name in NAMES:
        if name == "resolution" or primary.answered_at is None:
            set_promise(primary, name, earliest(rows, name), cause=cause, event=event)


def _came_along(complaint_id: int, primary_id: int) -> list[int]:
    """What is merged into the same primary because it came along with this one."""
    members = Complaint.objects.filter(merged_into=primary_id).values_list("pk", flat=True)
    newest: dict[int, Event] = {}
    kinds = (Event.Kind.MERGED, Event.Kind.UNDONE)
    for event in effective(Event.objects.filter(complaint__in=members, kind__in=kinds).order_by("at", "id")):
        if event.data.get("into") == primary_id:
            newest[event.complaint_id] = event
    return sorted(pk for pk, event in newest.items() if event.data.get("along") == complaint_id)


def _save(complaints: list[Complaint], now: datetime) -> None:
    for complaint in complaints:
        complaint.updated_at = now
        complaint.next_rung_at = None
        complaint.save(update_fields=_CHANGED)
