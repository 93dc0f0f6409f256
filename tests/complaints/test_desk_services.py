"""What the desk does to a complaint beside moving it through its states."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Role, User
from catalogue.models import Jurisdiction
from complaints.errors import MessageEmpty, NeverPublished, NotACrewMember, SameCategory, SameUnit
from complaints.models import Attachment, Complaint, Event, FeedItem, Message, RoutingDecision
from complaints.services.allocation import assign, hand_over, recategorise
from complaints.services.correspondence import add_note, add_photos, answer
from complaints.services.publication import hide, pass_to_operator, review_photo, review_text, unhide
from complaints.services.quarantine import NewFile
from complaints.services.transitions import change_state
from complaints.workflow import ActorNotAllowed, State, Verb
from notifications.models import OutboxMessage
from tests.builders import build_complaint, build_staff
from tests.sandbox.files import jpeg

LATER = timedelta(hours=2)


def kinds(complaint: Complaint) -> list[str]:
    return list(complaint.events.order_by("id").values_list("kind", flat=True))


def test_the_first_answer_keeps_the_promise_accepts_the_complaint_and_is_mailed(clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now, email="rita@example.org")
    answer(complaint.pk, " We will come on Tuesday. ", acting_user=clerk, now=now + LATER)
    complaint.refresh_from_db()
    assert (complaint.state, complaint.answered_at) == (State.ACCEPTED, now + LATER)
    assert kinds(complaint) == ["submitted", "state_changed", "answered"]
    letter = OutboxMessage.objects.latest("id")
    assert "We will come on Tuesday." in letter.body and letter.recipient == "rita@example.org"
    assert OutboxMessage.objects.count() == 2  # the confirmation and one letter, not two
    assert FeedItem.objects.filter(complaint=complaint).count() == 3


def test_a_second_answer_leaves_the_first_ones_time(clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    answer(complaint.pk, "one", acting_user=clerk, now=now + LATER)
    answer(complaint.pk, "two", acting_user=clerk, now=now + 2 * LATER)
    complaint.refresh_from_db()
    assert complaint.answered_at == now + LATER
    assert complaint.messages.filter(audience="public").count() == 2


def test_an_empty_answer_leaves_nothing(clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    with pytest.raises(MessageEmpty):
        answer(complaint.pk, "  \n", acting_user=clerk, now=now)
    complaint.refresh_from_db()
    assert complaint.state == State.RECEIVED and kinds(complaint) == ["submitted"]


def test_a_note_is_for_colleagues_and_sends_nothing(clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now, email="rita@example.org")
    message = add_note(complaint.pk, "Ask the crew.", acting_user=clerk, now=now)
    assert message.audience == Message.Audience.INTERNAL
    event = complaint.events.get(kind="noted")
    assert not event.is_public and event.data == {"message": message.pk}
    assert OutboxMessage.objects.count() == 1


def test_handing_over_keeps_the_promise_and_forgets_the_crew(
    gridville: Jurisdiction, clerk: User, crew_member: User, now: datetime
) -> None:
    complaint = build_complaint(now=now)
    assign(complaint.pk, crew_member, acting_user=clerk, now=now)
    registry = gridville.units.get(code="registry")
    hand_over(complaint.pk, registry, acting_user=clerk, now=now + LATER, note="Not a road.")
    promised = complaint.resolution_due_at
    complaint.refresh_from_db()
    assert (complaint.unit, complaint.assigned_to, complaint.resolution_due_at) == (registry, None, promised)
    decision = RoutingDecision.objects.filter(complaint=complaint).first()
    assert decision is not None and (decision.reason, decision.unit) == ("by_hand", registry)
    data = complaint.events.get(kind="handed_over").data
    assert (data["from"], data["to"]) == ("roads-dept", "registry")
    assert "Not a road." not in str(data)
    assert not Complaint.objects.visible_to(clerk).filter(pk=complaint.pk).exists()


def test_a_unit_cannot_be_handed_its_own_or_another_citys(gridville: Jurisdiction, clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    with pytest.raises(SameUnit):
        hand_over(complaint.pk, complaint.unit, acting_user=clerk, now=now)


def test_a_new_category_routes_and_promises_anew_and_says_so(clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now, description="A hole")
    old = complaint.resolution_due_at
    assert old is not None
    recategorise(complaint.pk, "live-wire", acting_user=clerk, now=now + LATER)
    complaint.refresh_from_db()
    assert (complaint.category.code, complaint.service.code, complaint.unit.code) == (
        "live-wire",
        "security",
        "registry",
    )
    # 24 hours from the filing, not from the correction.
    assert complaint.resolution_due_at == now + timedelta(hours=24)
    assert complaint.public_point is None and complaint.visibility == "private"
    changed = complaint.events.get(kind="deadline_changed", data__deadline="resolution").data
    assert changed["cause"] == "recategorised" and changed["old"] == old.isoformat()
    moved = complaint.events.get(kind="recategorised").data
    assert (moved["from"], moved["to"], moved["to_unit"]) == ("pothole", "live-wire", "registry")


def test_pauses_survive_a_new_category(clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    change_state(complaint.pk, Verb.ASK, acting_user=clerk, now=now + timedelta(hours=1), note="Where?")
    change_state(complaint.pk, Verb.RESUME, acting_user=clerk, now=now + timedelta(hours=4))
    recategorise(complaint.pk, "live-wire", acting_user=clerk, now=now + timedelta(hours=5))
    complaint.refresh_from_db()
    assert complaint.resolution_due_at == now + timedelta(hours=27)


def test_the_policy_of_the_new_category_decides_about_publication(clerk: User, moderator: User, now: datetime) -> None:
    complaint = build_complaint(now=now, description="words")
    review_text(complaint.pk, release=True, acting_user=moderator, now=now)
    recategorise(complaint.pk, "vagrancy", acting_user=clerk, now=now)
    complaint.refresh_from_db()
    assert (complaint.text_review, complaint.place_precision) == ("withheld", "district")
    with pytest.raises(NeverPublished):
        review_text(complaint.pk, release=True, acting_user=moderator, now=now)


def test_the_same_category_is_refused(clerk: User, now: datetime) -> None:
    with pytest.raises(SameCategory):
        recategorise(build_complaint(now=now).pk, "pothole", acting_user=clerk, now=now)


def test_only_the_units_own_crews_are_sent(
    gridville: Jurisdiction, clerk: User, crew_member: User, outsider: User, now: datetime
) -> None:
    complaint = build_complaint(now=now)
    with pytest.raises(NotACrewMember):
        assign(complaint.pk, outsider, acting_user=clerk, now=now)
    assign(complaint.pk, crew_member, acting_user=clerk, now=now)
    assert Complaint.objects.visible_to(crew_member).get() == complaint
    assert complaint.events.get(kind="assigned").data == {"from": None, "to": crew_member.pk}


def test_unreleased_words_reach_an_operator_only_when_passed_on(gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint("litter", at=(0.5, 1.5), now=now, description="words")
    follower = build_staff("fatima", Role.CLERK, gridville, unit="waste-north")
    pass_to_operator(complaint.pk, acting_user=follower, now=now)
    complaint.refresh_from_db()
    assert complaint.passed_to_operator and complaint.events.filter(kind="passed_on").exists()
    # Another operator has to be given it anew.
    hand_over(complaint.pk, gridville.units.get(code="waste-south"), acting_user=follower, now=now)
    complaint.refresh_from_db()
    assert not complaint.passed_to_operator


def test_a_photo_is_released_only_once_it_was_rebuilt(clerk: User, moderator: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    [photo] = add_photos(complaint.pk, [new_file()], Attachment.Purpose.BEFORE, acting_user=clerk, now=now)
    with pytest.raises(Exception, match="nothing_to_review"):
        review_photo(complaint.pk, photo.pk, release=True, acting_user=moderator, now=now)
    Attachment.objects.filter(pk=photo.pk).update(status="ready")
    review_photo(complaint.pk, photo.pk, release=True, acting_user=moderator, now=now)
    photo.refresh_from_db()
    assert photo.review == "released"
    assert complaint.events.get(kind="reviewed").data["outcome"] == "released"


def test_hiding_takes_a_complaint_out_of_everything_public_and_back(moderator: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    hide(complaint.pk, acting_user=moderator, now=now, note="Names a neighbour.")
    assert not Complaint.objects.public().exists()
    unhide(complaint.pk, acting_user=moderator, now=now)
    assert Complaint.objects.public().exists()
    assert kinds(complaint) == ["submitted", "visibility_changed", "visibility_changed"]


def test_nobody_from_outside_may(outsider: User, office_user: User, crew_member: User, now: datetime) -> None:
    complaint = build_complaint(now=now, description="words")
    for person in (outsider, office_user, crew_member):
        with pytest.raises(ActorNotAllowed):
            answer(complaint.pk, "words", acting_user=person, now=now)
        with pytest.raises(ActorNotAllowed):
            review_text(complaint.pk, release=True, acting_user=person, now=now)
        with pytest.raises(ActorNotAllowed):
            recategorise(complaint.pk, "pavement", acting_user=person, now=now)
    assert Event.objects.filter(complaint=complaint).count() == 1


def new_file() -> NewFile:
    return NewFile("road.jpg", jpeg())
