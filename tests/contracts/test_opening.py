"""A finding is opened by an officer, about what a complaint's history shows, once for each thing, and the operator is told."""

import hashlib
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon

from accounts.models import Membership, Role, User
from catalogue.models import Jurisdiction
from complaints.models import Attachment, Complaint, Reporter
from complaints.services.allocation import hand_over
from complaints.services.breaches import record_breaches
from complaints.services.merging import merge
from complaints.services.publication import pass_to_operator
from complaints.services.quarantine import media_path
from complaints.services.transitions import change_state
from complaints.services.undo import undo, undoable
from complaints.workflow import Verb
from contracts.breaches import history_of, options_for
from contracts.chain import facts_hash
from contracts.errors import AlreadyAlleged, EvidenceNotDisclosed, NoContract, NotABreach
from contracts.models import Contract, Evidence, Finding, FindingEvent
from contracts.procedure import PersonNotAllowed, WordsRequired
from contracts.services.decisions import withdraw_finding
from contracts.services.findings import open_finding
from notifications.models import OutboxMessage
from sandbox.storage import write_atomically
from tests.builders import FOUNDED, LATE, SCALE, build_complaint, build_contract, build_staff, new_version
from tests.contracts.conftest import NORTH, build_finding, build_late_complaint, clause_of

pytestmark = pytest.mark.django_db


def test_an_officer_alleges_a_founded_complaint_and_the_operator_is_told(
    contract: Contract, contract_manager: User, now: datetime
) -> None:
    finding = build_finding(contract, contract_manager, now)
    assert (finding.number, finding.state) == ("WN-2026-0001", "notified")
    # Five working days on the operator's calendar, from Monday: the next Monday's closing time.
    assert finding.answer_due_at == datetime(2026, 11, 30, 16, 30, tzinfo=UTC)
    event = FindingEvent.objects.get(finding=finding)
    assert (event.verb, event.actor, event.actor_role) == ("open", contract_manager, "contract_manager")
    mail = OutboxMessage.objects.get(reference=finding.number)
    assert mail.recipient == "waste-north@example.org"
    assert finding.number in mail.subject and "/operator/f/" in mail.body


def test_the_mail_names_no_reporter_and_repeats_no_words(
    contract: Contract, contract_manager: User, now: datetime
) -> None:
    complaint = build_complaint(
        "litter", at=NORTH, now=now - timedelta(days=1), email="canary@example.org", description="mots-du-canari"
    )
    Reporter.objects.update(name="Canarina", phone="+212600000042")
    build_finding(contract, contract_manager, now, complaint=complaint)
    mail = OutboxMessage.objects.get(recipient="waste-north@example.org")
    for canary in ("canary@example.org", "Canarina", "+212600000042", "mots-du-canari"):
        assert canary not in mail.subject + mail.body


def test_a_missed_deadline_is_alleged_with_the_days_it_cost(
    contract: Contract, contract_manager: User, now: datetime
) -> None:
    complaint = build_late_complaint(now, days=20)
    finding = build_finding(contract, contract_manager, now, clause="late-resolution", complaint=complaint)
    assert complaint.resolution_due_at
    assert finding.due_at == complaint.resolution_due_at and finding.met_at is None
    assert (finding.counted_from, finding.counted_to) == (complaint.resolution_due_at, now)
    assert finding.occurred_on == date(2026, 11, 11)
    deadline = finding.evidence.get(kind=Evidence.Kind.DEADLINE)
    assert deadline.facts["due_at"] == complaint.resolution_due_at.isoformat()
    assert deadline.sha256 == facts_hash(deadline.facts)


def test_what_was_done_late_counts_until_it_was_done(
    contract: Contract, contract_manager: User, triage_officer: User, now: datetime
) -> None:
    complaint = build_late_complaint(now - timedelta(days=5), days=20)
    done = now - timedelta(days=3)
    change_state(complaint.pk, Verb.RESOLVE, acting_user=triage_officer, now=done, note="Fait.")
    finding = build_finding(contract, contract_manager, now, clause="late-resolution", complaint=complaint)
    assert (finding.met_at, finding.counted_to) == (done, done)


def test_a_closing_that_was_undone_at_once_ends_no_lateness(
    contract: Contract, contract_manager: User, triage_officer: User, now: datetime
) -> None:
    complaint = build_late_complaint(now - timedelta(days=5), days=20)
    closed, batch = now - timedelta(days=3), uuid.uuid4()
    with undoable(complaint.pk, action="resolve", acting_user=triage_officer, now=closed, batch=batch):
        change_state(complaint.pk, Verb.RESOLVE, acting_user=triage_officer, now=closed, note="Fait.")
    undo(batch, acting_user=triage_officer, now=closed + timedelta(seconds=4))
    finding = build_finding(contract, contract_manager, now, clause="late-resolution", complaint=complaint)
    assert (finding.met_at, finding.counted_to) == (None, now)


def test_pauses_are_in_the_evidence_and_move_the_deadline(
    contract: Contract, contract_manager: User, triage_officer: User, now: datetime
) -> None:
    filed = now - timedelta(days=21)
    complaint = build_complaint("litter", at=NORTH, now=filed)
    change_state(complaint.pk, Verb.ASK, acting_user=triage_officer, now=filed + timedelta(days=1), note="Où ?")
    change_state(complaint.pk, Verb.RESUME, acting_user=triage_officer, now=filed + timedelta(days=4))
    complaint.refresh_from_db()
    record_breaches(now=now)
    finding = build_finding(contract, contract_manager, now, clause="late-resolution", complaint=complaint)
    facts = finding.evidence.get(kind=Evidence.Kind.DEADLINE).facts
    assert len(facts["pauses"]) == 1 and len(facts["changes"]) >= 1
    assert finding.due_at == complaint.resolution_due_at


def test_grace_runs_on_the_operators_calendar(gridville: Jurisdiction, contract_manager: User, now: datetime) -> None:
    graceful = new_version(date(2026, 1, 1), FOUNDED, replace(LATE, grace="2 working days"))
    contract = build_contract(gridville, graceful)
    complaint = build_late_complaint(now, days=20)
    finding = build_finding(contract, contract_manager, now, clause="late-resolution", complaint=complaint)
    # The 6th was a holiday: due on Wednesday 11 November at closing time; two working days later is Friday's.
    assert finding.counted_from == datetime(2026, 11, 13, 16, 30, tzinfo=UTC)


def test_done_within_grace_is_no_breach(
    gridville: Jurisdiction, contract_manager: User, triage_officer: User, now: datetime
) -> None:
    graceful = new_version(date(2026, 1, 1), replace(LATE, grace="2 working days"))
    contract = build_contract(gridville, graceful)
    filed = now - timedelta(days=20)
    complaint = build_complaint("litter", at=NORTH, now=filed)
    change_state(
        complaint.pk, Verb.RESOLVE, acting_user=triage_officer, now=datetime(2026, 11, 12, 9, tzinfo=UTC), note="Fait."
    )
    assert complaint.events.filter(kind="breached", data__deadline="resolution").exists()
    with pytest.raises(NoContract):
        build_finding(contract, contract_manager, now, clause="late-resolution", complaint=complaint)


@pytest.mark.parametrize("role", [Role.CLERK, Role.MODERATOR, Role.OFFICE, Role.TREASURY_OFFICER, Role.OPERATOR_USER])
def test_others_may_not_open_findings(contract: Contract, gridville: Jurisdiction, now: datetime, role: Role) -> None:
    unit = "waste-north" if role in (Role.CLERK, Role.OPERATOR_USER) else None
    with pytest.raises(PersonNotAllowed):
        build_finding(contract, build_staff("x", role, gridville, unit=unit), now)
    assert not Finding.objects.exists()


def test_who_works_for_the_operator_sits_on_no_other_side(
    contract: Contract, contract_manager: User, gridville: Jurisdiction, now: datetime
) -> None:
    Membership.objects.create(
        user=contract_manager,
        role=Role.OPERATOR_USER,
        jurisdiction=gridville,
        unit=gridville.units.get(code="waste-north"),
    )
    with pytest.raises(PersonNotAllowed):
        build_finding(contract, contract_manager, now)


def test_a_finding_needs_grounds(contract: Contract, contract_manager: User, now: datetime) -> None:
    complaint = build_complaint("litter", at=NORTH, now=now)
    with pytest.raises(WordsRequired):
        open_finding(
            complaint.pk, clause_of(contract, "founded-complaint"), grounds="  ", acting_user=contract_manager, now=now
        )


def test_one_thing_is_alleged_once_however_many_reported_it(
    contract: Contract, contract_manager: User, triage_officer: User, now: datetime
) -> None:
    first, second = (build_complaint("litter", at=NORTH, now=now - timedelta(days=1)) for _ in range(2))
    merge(second.pk, first.pk, acting_user=triage_officer, now=now)
    finding = build_finding(contract, contract_manager, now, complaint=second)
    assert finding.complaint_id == first.pk
    for complaint in (first, second):
        with pytest.raises(AlreadyAlleged):
            build_finding(contract, contract_manager, now, complaint=complaint)


def test_a_withdrawn_finding_makes_room_for_another_and_numbers_have_no_gaps(
    contract: Contract, contract_manager: User, now: datetime
) -> None:
    finding = build_finding(contract, contract_manager, now)
    withdraw_finding(finding.pk, "Mauvaise clause.", acting_user=contract_manager, now=now)
    again = build_finding(contract, contract_manager, now, complaint=finding.complaint)
    assert (finding.number, again.number) == ("WN-2026-0001", "WN-2026-0002")


def test_the_terms_are_those_of_the_day_of_the_breach(
    gridville: Jurisdiction, contract_manager: User, now: datetime
) -> None:
    dearer = replace(FOUNDED, amount_centimes=80_000)
    contract = build_contract(gridville, new_version(), new_version(date(2026, 11, 20), dearer))
    old = build_complaint("litter", at=NORTH, now=datetime(2026, 11, 19, 12, tzinfo=UTC))
    new = build_complaint("litter", at=NORTH, now=datetime(2026, 11, 20, 12, tzinfo=UTC))
    amounts = [
        options_for(complaint, history_of(complaint), now=now)[-1].clause.amount_centimes for complaint in (old, new)
    ]
    assert amounts == [50_000, 80_000]
    with pytest.raises(NotABreach):
        build_finding(
            contract, contract_manager, now, complaint=old
        )  # the newest version's clause is not in force then


def test_outside_dates_territory_and_services_there_is_no_contract(
    gridville: Jurisdiction, contract_manager: User, now: datetime
) -> None:
    west = MultiPolygon(Polygon.from_bbox((0, 0, 1 * SCALE, 2 * SCALE)), srid=4326)
    contract = build_contract(gridville, territory=bytes(west.wkb), ends_on=date(2026, 11, 22))
    inside_late = build_complaint("litter", at=(0.5, 1.5), now=now)
    outside = build_complaint("litter", at=NORTH, now=now - timedelta(days=3))
    inside = build_complaint("litter", at=(0.5, 1.5), now=now - timedelta(days=3))
    for complaint in (inside_late, outside):
        with pytest.raises(NoContract):
            build_finding(contract, contract_manager, now, complaint=complaint)
    assert build_finding(contract, contract_manager, now, complaint=inside).state == "notified"


@pytest.mark.parametrize("verb", [Verb.REJECT, Verb.OUT_OF_SCOPE, Verb.WITHDRAW])
def test_what_was_no_complaint_is_no_breach(
    contract: Contract, contract_manager: User, triage_officer: User, now: datetime, verb: Verb
) -> None:
    complaint = build_late_complaint(now)
    person = None if verb == Verb.WITHDRAW else triage_officer
    change_state(complaint.pk, verb, acting_user=person, now=now, note="Non.", reason="other")
    with pytest.raises(NoContract):
        build_finding(contract, contract_manager, now, complaint=complaint)


def test_a_deadline_missed_by_another_unit_is_not_this_operators(
    contract: Contract, contract_manager: User, triage_officer: User, gridville: Jurisdiction, now: datetime
) -> None:
    complaint = build_late_complaint(now, days=20)
    hand_over(complaint.pk, gridville.units.get(code="waste-south"), acting_user=triage_officer, now=now)
    complaint.refresh_from_db()
    options = options_for(complaint, history_of(complaint), now=now + timedelta(days=3))
    # waste-north still answers for what it missed, and only until it gave the complaint away.
    assert {option.clause.code for option in options} == {"late-resolution", "late-answer"}
    assert {option.counted_to for option in options} == {now}


def ready_photo(complaint: Complaint, now: datetime, **more: object) -> Attachment:
    write_atomically(media_path("files/photo.jpg"), b"a picture")
    values: dict[str, object] = {
        "complaint": complaint, "name": "x", "kind": "jpeg", "size": 1, "sha256": "0" * 64, "status": "ready",
        "path": "files/photo.jpg", "queue_state": "done", "created_at": now, "next_attempt_at": now,
    }  # fmt: skip
    return Attachment.objects.create(**(values | more))


def test_a_photo_that_the_operator_may_not_see_is_no_evidence(
    contract: Contract, contract_manager: User, triage_officer: User, now: datetime
) -> None:
    complaint = build_complaint("litter", at=NORTH, now=now, description="Des sacs")
    photo = ready_photo(complaint, now)
    clause = clause_of(contract, "founded-complaint")
    with pytest.raises(EvidenceNotDisclosed):
        open_finding(complaint.pk, clause, grounds="x", photos=[photo.pk], acting_user=contract_manager, now=now)
    assert not Finding.objects.exists()
    pass_to_operator(complaint.pk, acting_user=triage_officer, now=now)
    finding = open_finding(complaint.pk, clause, grounds="x", photos=[photo.pk], acting_user=contract_manager, now=now)
    kinds = [piece.kind for piece in finding.evidence.all()]
    assert kinds == ["complaint", "words", "steps", "photo"]
    assert finding.evidence.get(kind="photo").sha256 == hashlib.sha256(b"a picture").hexdigest()
