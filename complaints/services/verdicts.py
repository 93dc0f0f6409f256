"""What those concerned say of a closing: confirmed, contested, or nothing, which is recorded as silence and not as consent.

A reporter's word moves the complaint: confirmed, or open again with a new clock. A follower's contest opens it too; her
confirmation is counted and moves nothing, for the state `confirmed` means that a reporter agreed. Where one of a group
has confirmed, another one may still contest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from complaints.errors import MergedAway, NotAsked
from complaints.models import Attachment, Complaint, ContestReason, Event, FeedItem, Reporter, Verdict
from complaints.services.files import new_attachments
from complaints.services.history import new_event, new_feed_item, record
from complaints.services.locking import lock_with_primary
from complaints.services.quarantine import NewFile
from complaints.services.transitions import change_state, move, refuse_erased
from complaints.workflow import FOLLOWER, REPORTER, NoteRequired, State, Verb

BATCH = 200
_CONFIRMABLE = frozenset({State.RESOLVED, State.CONFIRMED})
_CONTESTABLE = frozenset({State.RESOLVED, State.CONFIRMED, State.REJECTED, State.OUT_OF_SCOPE})


@dataclass(frozen=True)
class Voice:
    """Who speaks: the reporter of a complaint, or somebody who follows it. `key` tells voices apart, `role` is for history."""

    key: str
    role: str
    # Since when she was to be told of it: who began to follow after the closing was not asked.
    since: datetime | None = None

    @classmethod
    def of_reporter(cls, complaint_id: int) -> "Voice":
        return cls(f"{REPORTER}:{complaint_id}", REPORTER)

    @classmethod
    def of_follower(cls, follower_id: int, *, since: datetime) -> "Voice":
        return cls(f"{FOLLOWER}:{follower_id}", FOLLOWER, since)


@dataclass(frozen=True)
class Asked:
    """What one voice may say of a complaint's closing now, and what she has said."""

    may_confirm: bool
    may_contest: bool
    may_rate: bool
    given: Verdict | None


def asked(primary: Complaint, voice: Voice) -> Asked:
    """What `voice` may say of `primary` (never a merged complaint)."""
    given = Verdict.objects.filter(complaint=primary, round=primary.reopened_count, voice=voice.key).first()
    late = voice.since is not None and (primary.closed_at is None or voice.since > primary.closed_at)
    spoke = given is not None and given.outcome != ""
    state = State(primary.state)
    return Asked(
        may_confirm=state in _CONFIRMABLE and not spoke and not late,
        may_contest=state in _CONTESTABLE and not spoke and not late,
        may_rate=not primary.is_open and state != State.WITHDRAWN and not late,
        given=given,
    )


@transaction.atomic
def confirm(complaint_id: int, *, voice: Voice, now: datetime) -> Complaint:
    """It is settled. Saying so twice is saying it once. Returns the complaint under which hers is handled.

    Raises NotAsked where there is nothing (or nothing any more) to confirm.
    """
    _, primary = lock_with_primary(complaint_id)
    may = asked(primary, voice)
    if may.given is not None and may.given.outcome == Verdict.Outcome.CONFIRMED:
        return primary
    if not may.may_confirm:
        raise NotAsked
    if voice.role == REPORTER and primary.state == State.RESOLVED:
        change_state(primary.pk, Verb.CONFIRM, acting_user=None, now=now)
    else:
        _count(primary, voice, Verdict.Outcome.CONFIRMED, now)
    _keep(primary, voice, now, outcome=Verdict.Outcome.CONFIRMED)
    return Complaint.objects.get(pk=primary.pk)


@transaction.atomic
def contest(
    complaint_id: int,
    *,
    voice: Voice,
    now: datetime,
    reason: str = "",
    words: str = "",
    files: Sequence[NewFile] = (),
) -> Complaint:
    """It is not settled: open again, with a new clock, and counted. `reason` is a ContestReason; one of the two is needed.

    Words and files of the reporter go to her own complaint. Raises NotAsked, NoteRequired, ReporterErased or a file
    refusal; then nothing is stored.
    """
    complaint, primary = lock_with_primary(complaint_id)
    closing = primary.reopened_count
    if not asked(primary, voice).may_contest:
        raise NotAsked
    if not words.strip() and reason not in ContestReason.values:
        raise NoteRequired
    if voice.role == REPORTER and (words.strip() or files):
        refuse_erased(complaint)
    if complaint is primary and voice.role == REPORTER and primary.state != State.CONFIRMED:
        note = words.strip() or str(ContestReason(reason).label)
        change_state(primary.pk, Verb.CONTEST, acting_user=None, now=now, note=note, files=files)
    else:
        photos = new_attachments(complaint, files, now=now, purpose=Attachment.Purpose.MESSAGE)
        Attachment.objects.bulk_create(photos)
        data: dict[str, object] = {"verb": Verb.CONTEST.value, "by": complaint.pk}
        move(primary, State.REOPENED, role=voice.role, acting_user=None, now=now, data=data)
    said = {"outcome": Verdict.Outcome.CONTESTED, "reason": reason, "words": words.strip()}
    _keep(primary, voice, now, closing=closing, **said)
    return Complaint.objects.get(pk=primary.pk)


@transaction.atomic
def rate(complaint_id: int, *, voice: Voice, now: datetime, satisfaction: int, remark: str = "") -> Verdict:
    """How satisfied she is, from 1 to 5, and a sentence if she likes. Told again, it replaces what she told.

    Raises NotAsked while nothing is closed, ValueError for another number.
    """
    if not 1 <= satisfaction <= 5:
        raise ValueError(satisfaction)
    complaint, primary = lock_with_primary(complaint_id)
    if not asked(primary, voice).may_rate:
        raise NotAsked
    if remark.strip() and voice.role == REPORTER:
        refuse_erased(complaint)
    verdict = _keep(primary, voice, now, satisfaction=satisfaction, remark=remark.strip()[:500])
    data: dict[str, object] = {"satisfaction": satisfaction, "round": primary.reopened_count}
    record(primary, new_event(primary, Event.Kind.RATED, now=now, actor_role=voice.role, data=data))
    return verdict


@transaction.atomic
def step_back(complaint_id: int, *, now: datetime) -> Complaint:
    """The reporter of a complaint that others reported too withdraws from it: it goes on without her.

    She is told no more. Raises MergedAway where she is the only one: then it is to be withdrawn.
    """
    complaint, primary = lock_with_primary(complaint_id)
    if complaint is primary and not primary.merged_count:
        raise MergedAway
    Reporter.objects.filter(complaint=complaint).update(consent_contact=False, consent_sms=False)
    if not complaint.events.filter(kind=Event.Kind.STEPPED_BACK).exists():
        record(complaint, new_event(complaint, Event.Kind.STEPPED_BACK, now=now, actor_role=REPORTER))
    complaint.updated_at = now
    complaint.save(update_fields=["updated_at"])
    return complaint


def record_silence(*, now: datetime) -> int:
    """Record, once for each closing, that nobody concerned said anything within the time set; how many. It is no consent."""
    recorded = 0
    while batch := _silent_batch(now):
        recorded += batch
    return recorded


@transaction.atomic
def _silent_batch(now: datetime) -> int:
    rows = list(
        Complaint.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(verdict_until__lte=now)
        .order_by("pk")[:BATCH]
    )
    spoken = set(Verdict.objects.filter(complaint__in=rows).exclude(outcome="").values_list("complaint_id", "round"))
    silent = [row for row in rows if row.state == State.RESOLVED and (row.pk, row.reopened_count) not in spoken]
    events = [
        new_event(row, Event.Kind.SILENT, now=now, is_public=True, data={"round": row.reopened_count}) for row in silent
    ]
    Event.objects.bulk_create(events, ignore_conflicts=True)
    FeedItem.objects.bulk_create([new_feed_item(row, now=now) for row in silent])
    Complaint.objects.filter(pk__in=[row.pk for row in rows]).update(verdict_until=None)
    return len(rows)


def forget_voice(voice: Voice) -> None:
    """Erase the words of one voice; that she spoke, and what she meant, stays counted."""
    Verdict.objects.filter(voice=voice.key).update(words="", remark="")


def _count(primary: Complaint, voice: Voice, outcome: Verdict.Outcome, now: datetime) -> None:
    """A word that moves nothing is an event all the same."""
    data: dict[str, object] = {"outcome": outcome.value, "round": primary.reopened_count}
    event = new_event(primary, Event.Kind.VOICED, now=now, actor_role=voice.role, is_public=True, data=data)
    record(primary, event)


def _keep(primary: Complaint, voice: Voice, now: datetime, *, closing: int | None = None, **said: object) -> Verdict:
    round_ = primary.reopened_count if closing is None else closing
    verdict, _created = Verdict.objects.update_or_create(
        complaint=primary, round=round_, voice=voice.key, defaults={"given_at": now, **said}
    )
    return verdict
