"""Undoing what was just done at the desk: for ten seconds everything can be taken back, and no message leaves before.

The undo is an event of its own (workflow.Verb.UNDO). It names the events that it undoes; history keeps them, but they count
no more (complaints/undone.py).
"""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Max, Q
from django.utils.functional import Promise

from accounts.models import User
from complaints.errors import ChangedMeanwhile, ComplaintError, TooLateToUndo
from complaints.models import Complaint, Deed, Event, Message, RoutingDecision
from complaints.permissions import hats
from complaints.services.escalation import catch_up
from complaints.services.history import new_event, record
from complaints.services.locking import lock_all
from complaints.services.memento import Difference, difference, picture, put_back, replaced_files
from complaints.services.quarantine import media_path
from complaints.services.splitting import withdraw_part
from complaints.services.transitions import acting_role
from complaints.workflow import Verb, WorkflowError, check
from notifications.models import OutboxMessage
from queueing.models import QueueState

WINDOW = timedelta(seconds=10)
# A request that began in time may still be on its way.
FORGOTTEN_AFTER = timedelta(minutes=1)


@contextmanager
def undoable(
    complaint_id: int,
    *,
    action: str,
    acting_user: User,
    now: datetime,
    batch: uuid.UUID,
    seen: datetime | None = None,
    also: Iterable[int] = (),
) -> Iterator[None]:
    """A transaction for what somebody does to a complaint; afterwards a deed remembers how to undo it.

    `seen`: the `updated_at` on which she decided; raises ChangedMeanwhile if it is not that any more. `also`: other
    complaints that the action will touch, locked together with it. Messages written inside wait until WINDOW is over.
    """
    with transaction.atomic():
        held = lock_all([complaint_id, *also])
        if seen is not None and held[complaint_id].updated_at != seen:
            raise ChangedMeanwhile
        for complaint in held.values():
            _catch_up(complaint, now)
        before, last = picture(held), _last_ids(held)
        yield
        change = difference(before, picture(held))
        made = _made_since(last, held, now)
        if change.is_empty and not any(made.values()):
            return
        OutboxMessage.objects.filter(pk__in=made["mails"]).update(next_attempt_at=now + WINDOW)
        left = Complaint.objects.filter(pk__in=held).values_list("pk", "updated_at")
        Deed.objects.create(
            batch=batch,
            complaint_id=complaint_id,
            others=[pk for pk in held if pk != complaint_id],
            user=acting_user,
            action=action,
            until=now + WINDOW,
            before=change.to_json(),
            made=made,
            left={str(pk): at.isoformat() for pk, at in left},
        )


@dataclass(frozen=True)
class Undone:
    """What became of undoing one deed; `refusal` is empty where it worked."""

    complaint: Complaint
    action: str
    refusal: str | Promise = ""


def undo(batch: uuid.UUID, *, acting_user: User, now: datetime) -> list[Undone]:
    """Take back everything that this person did with one click, the last first; each complaint on its own."""
    deeds = Deed.objects.filter(batch=batch, user=acting_user).select_related("complaint").order_by("-pk")
    results = []
    # What an undo of this batch has left behind is no change by somebody else.
    ours: set[int] = set()
    for deed in deeds:
        refusal: str | Promise = ""
        try:
            _undo(deed.pk, acting_user, now, ours)
        except (ComplaintError, WorkflowError) as refused:
            refusal = refused.message
        results.append(Undone(deed.complaint, deed.action, refusal))
    return results


@transaction.atomic
def _undo(deed_id: int, user: User, now: datetime, ours: set[int]) -> None:
    deed = Deed.objects.select_for_update().get(pk=deed_id)
    if deed.undone_at is not None:
        return
    if now > deed.until:
        raise TooLateToUndo
    held = lock_all([deed.complaint_id, *deed.others])
    for pk, complaint in held.items():
        known = [deed.left[str(pk)], *([now.isoformat()] if pk in ours else [])]
        if complaint.updated_at.isoformat() not in known:
            raise ChangedMeanwhile
    worn = _hats_before(deed, held[deed.complaint_id], user)
    step = check(Verb.UNDO, held[deed.complaint_id].state, actors=worn, note="")
    by = acting_role(step.actors, worn)
    mails = OutboxMessage.objects.filter(pk__in=deed.made["mails"])
    recalled = mails.filter(queue_state=QueueState.DUE, leased_until=None).update(queue_state=QueueState.CANCELLED)
    if recalled != len(deed.made["mails"]):
        raise TooLateToUndo
    for part_id, made_at in _parts(deed):
        withdraw_part(part_id, made_at=made_at, acting_user=user, role=by, now=now)
    states = {pk: complaint.state for pk, complaint in held.items()}
    paths = put_back(Difference.from_json(deed.before), held)
    Message.objects.filter(pk__in=deed.made["messages"]).delete()
    for pk, complaint in held.items():
        _decide_as_before(complaint, deed.made["decisions"], now)
        complaint.updated_at = now
        complaint.next_rung_at = None
        complaint.save()
        _record(complaint, deed, user, by, states[pk], now)
    ours.update(held)
    deed.undone_at = now
    deed.save(update_fields=["undone_at"])
    transaction.on_commit(partial(_delete_files, paths))


def _parts(deed: Deed) -> list[tuple[int, datetime]]:
    """What a split filed: ids, and when."""
    splits = Event.objects.filter(pk__in=deed.made["events"], kind=Event.Kind.SPLIT)
    return [(event.data["part"], event.at) for event in splits if "part" in event.data]


def _hats_before(deed: Deed, complaint: Complaint, user: User) -> frozenset[str]:
    """What this person wore when she acted: handing over may have taken the complaint out of her hands."""
    old = deed.before["changed"]["complaint"].get(str(complaint.pk), {})
    scope = ("jurisdiction_id", "unit_id", "district_id", "assigned_to_id")
    return hats(user, Complaint(**{name: old.get(name, getattr(complaint, name)) for name in scope}))


def _decide_as_before(complaint: Complaint, made: list[int], now: datetime) -> None:
    """Routing decisions are only added: the one before the action is made once more."""
    if not complaint.decisions.filter(pk__in=made).exists():
        return
    earlier = complaint.decisions.exclude(pk__in=made).first()
    if earlier is not None:
        earlier.pk, earlier._state.adding, earlier.decided_at = None, True, now
        earlier.save(force_insert=True)


def _record(complaint: Complaint, deed: Deed, user: User, role: str, state: str, now: datetime) -> None:
    undone = sorted(complaint.events.filter(pk__in=deed.made["events"]).values_list("pk", flat=True))
    moved = complaint.state != state
    event = new_event(
        complaint,
        Event.Kind.UNDONE,
        now=now,
        actor=user,
        actor_role=role,
        from_state=state if moved else "",
        to_state=complaint.state if moved else "",
        data={"events": undone, "action": deed.action},
    )
    record(complaint, event)


def forget_deeds(*, now: datetime) -> int:
    """Delete deeds that can no more be undone, and the files that they made superfluous; how many."""
    old = Deed.objects.filter(until__lt=now - FORGOTTEN_AFTER)
    forgotten = 0
    for deed in old:
        if deed.undone_at is None:
            _delete_files(replaced_files(Difference.from_json(deed.before)))
        deed.delete()
        forgotten += 1
    return forgotten


def forget_deeds_of(complaint: Complaint) -> None:
    """For an erasure: nothing of what a complaint was is kept, undone or not. In the caller's transaction."""
    deeds = Deed.objects.filter(Q(complaint=complaint) | Q(others__contains=[complaint.pk]))
    paths = [path for deed in deeds for path in replaced_files(Difference.from_json(deed.before))]
    deeds.delete()
    transaction.on_commit(partial(_delete_files, paths))


def _catch_up(complaint: Complaint, now: datetime) -> None:
    """What was missed until now was missed, whatever is undone."""
    if complaint.is_open and complaint.merged_into_id is None:
        catch_up(complaint, now=now)
        Complaint.objects.filter(pk=complaint.pk).update(next_rung_at=complaint.next_rung_at)


def _last_ids(held: Iterable[int]) -> dict[str, int]:
    ids = list(held)

    def last(model: type[Event] | type[Message] | type[RoutingDecision]) -> int:
        return model.objects.filter(complaint__in=ids).aggregate(last=Max("pk"))["last"] or 0

    mails = OutboxMessage.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return {"events": last(Event), "messages": last(Message), "decisions": last(RoutingDecision), "mails": mails}


def _made_since(last: dict[str, int], held: Iterable[int], now: datetime) -> dict[str, list[int]]:
    """Ids of the rows that came since. Mails are known by their moment and by whom they are about: others write, too."""
    ids = list(held)
    splits = Event.objects.filter(complaint__in=ids, pk__gt=last["events"], kind=Event.Kind.SPLIT)
    parts = [event.data["part"] for event in splits if "part" in event.data]
    about = Q(pk__in=[*ids, *parts]) | Q(merged_into__in=ids)
    numbers = Complaint.objects.filter(about).values("tracking_number")
    mails = OutboxMessage.objects.filter(pk__gt=last["mails"], created_at=now, reference__in=numbers)

    def made(model: type[Event] | type[Message] | type[RoutingDecision], name: str) -> list[int]:
        rows = model.objects.filter(complaint__in=ids, pk__gt=last[name])
        return sorted(rows.values_list("pk", flat=True))

    return {
        "events": made(Event, "events"),
        "messages": made(Message, "messages"),
        "decisions": made(RoutingDecision, "decisions"),
        "mails": sorted(mails.values_list("pk", flat=True)),
    }


def _delete_files(paths: Iterable[str]) -> None:
    for path in paths:
        media_path(path).unlink(missing_ok=True)
