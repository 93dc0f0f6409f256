"""Handing over: the other unit accepts or refuses with a reason, two refusals lead to triage, silence is reminded of once."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Role, User
from catalogue.models import Jurisdiction, Unit
from complaints.errors import MessageEmpty, NothingHandedOver
from complaints.models import Complaint, Event, Handover
from complaints.services.allocation import hand_over, recategorise, refuse, take_over
from complaints.services.handovers import remind_units
from complaints.services.transitions import change_state
from complaints.services.undo import undo, undoable
from complaints.workflow import ActorNotAllowed, Verb
from notifications.models import OutboxMessage
from tests.builders import build_complaint, build_staff
from tests.conftest import SignIn


@pytest.fixture
def bins(gridville: Jurisdiction) -> Unit:
    unit: Unit = gridville.units.get(code="bin-team")
    return unit


@pytest.fixture
def bin_clerk(gridville: Jurisdiction) -> User:
    return build_staff("basma", Role.CLERK, gridville, unit="bin-team")


@pytest.fixture
def handed(gridville: Jurisdiction, clerk: User, bins: Unit, now: datetime) -> Complaint:
    complaint = build_complaint(now=now - timedelta(hours=2), email="rita@example.org")
    hand_over(complaint.pk, bins, acting_user=clerk, now=now, note="C'est un bac.")
    OutboxMessage.objects.all().delete()
    return Complaint.objects.get(pk=complaint.pk)


def outcomes(complaint: Complaint) -> list[str]:
    return list(complaint.handovers.order_by("pk").values_list("outcome", flat=True))


def test_the_other_unit_accepts(handed: Complaint, bin_clerk: User, outsider: User, now: datetime) -> None:
    assert outcomes(handed) == ["open"]
    with pytest.raises(ActorNotAllowed):
        take_over(handed.pk, acting_user=outsider, now=now)
    take_over(handed.pk, acting_user=bin_clerk, now=now)
    assert outcomes(handed) == ["taken"]
    event = handed.events.get(kind=Event.Kind.TAKEN_OVER)
    assert (event.actor, event.is_public) == (bin_clerk, False)
    with pytest.raises(NothingHandedOver):
        take_over(handed.pk, acting_user=bin_clerk, now=now)


def test_who_begins_to_work_on_it_has_accepted_it(handed: Complaint, bin_clerk: User, now: datetime) -> None:
    change_state(handed.pk, Verb.START, acting_user=bin_clerk, now=now)
    assert outcomes(handed) == ["taken"]


def test_a_refusal_needs_a_reason_and_gives_it_back(
    handed: Complaint, bin_clerk: User, clerk: User, now: datetime
) -> None:
    with pytest.raises(MessageEmpty):
        refuse(handed.pk, acting_user=bin_clerk, now=now, note="  ")
    refuse(handed.pk, acting_user=bin_clerk, now=now, note="Ce n'est pas un bac.")
    handed.refresh_from_db()
    assert handed.unit.code == "roads-dept" and outcomes(handed) == ["refused"]
    event = handed.events.filter(kind=Event.Kind.HANDED_OVER).last()
    assert event is not None and event.data["refused"] and event.data["to"] == "roads-dept"
    words = handed.messages.get(pk=event.data["message"])
    assert (words.audience, words.text) == ("internal", "Ce n'est pas un bac.")
    with pytest.raises(NothingHandedOver):
        refuse(handed.pk, acting_user=clerk, now=now, note="Nous non plus.")


def test_after_two_refusals_triage_has_it(
    handed: Complaint, gridville: Jurisdiction, bin_clerk: User, clerk: User, now: datetime
) -> None:
    refuse(handed.pk, acting_user=bin_clerk, now=now, note="Non.")
    hand_over(handed.pk, gridville.units.get(code="waste-south"), acting_user=clerk, now=now + timedelta(hours=1))
    south = build_staff("sami", Role.OPERATOR_USER, gridville, unit="waste-south")
    refuse(handed.pk, acting_user=south, now=now + timedelta(hours=2), note="Hors contrat.")
    handed.refresh_from_db()
    assert handed.unit.code == "registry" and outcomes(handed) == ["refused", "refused"]


def test_an_acceptance_in_between_forgives_an_earlier_refusal(
    handed: Complaint, bins: Unit, bin_clerk: User, clerk: User, now: datetime
) -> None:
    hours = [now + timedelta(hours=n) for n in range(5)]
    refuse(handed.pk, acting_user=bin_clerk, now=hours[0], note="Non.")
    hand_over(handed.pk, bins, acting_user=clerk, now=hours[1])
    take_over(handed.pk, acting_user=bin_clerk, now=hours[1])
    hand_over(handed.pk, Unit.objects.get(code="roads-dept"), acting_user=bin_clerk, now=hours[2])
    refuse(handed.pk, acting_user=clerk, now=hours[3], note="Plus nous.")
    handed.refresh_from_db()
    assert handed.unit.code == "bin-team" and outcomes(handed) == ["refused", "taken", "refused"]


def test_triage_is_not_asked_whether_it_accepts(gridville: Jurisdiction, clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    hand_over(complaint.pk, gridville.units.get(code="registry"), acting_user=clerk, now=now)
    assert outcomes(complaint) == []


def test_a_unit_that_lets_it_wait_is_reminded_once_on_its_own_calendar(
    handed: Complaint, gridville: Jurisdiction, now: datetime
) -> None:
    build_staff("bilal", Role.UNIT_MANAGER, gridville, unit="bin-team")
    User.objects.filter(username="bilal").update(email="bilal@example.org")
    end_of_tomorrow = datetime.fromisoformat("2026-11-24T16:30:00+00:00")
    assert Handover.objects.get().remind_at == end_of_tomorrow
    assert remind_units(now=end_of_tomorrow - timedelta(seconds=1)) == 0
    assert [remind_units(now=end_of_tomorrow) for _ in range(3)] == [1, 0, 0]
    mails = OutboxMessage.objects.order_by("pk")
    assert {mail.recipient for mail in mails} == {"bin-team@example.org", "bilal@example.org"}
    assert all(handed.tracking_number in mail.body for mail in mails)
    assert handed.events.filter(kind=Event.Kind.REMINDED).count() == 1


@pytest.mark.parametrize("ending", ["accepted", "closed", "elsewhere"])
def test_what_waits_no_more_is_not_reminded_of(
    handed: Complaint, bin_clerk: User, triage_officer: User, now: datetime, ending: str
) -> None:
    if ending == "accepted":
        take_over(handed.pk, acting_user=bin_clerk, now=now)
    elif ending == "closed":
        change_state(handed.pk, Verb.REJECT, acting_user=bin_clerk, now=now, note="Non.", reason="other")
    else:
        recategorise(handed.pk, "pavement", acting_user=triage_officer, now=now)
    assert remind_units(now=now + timedelta(days=9)) == 0


def test_refusing_is_undone_with_the_question_open_again(handed: Complaint, bin_clerk: User, now: datetime) -> None:
    batch = uuid.uuid4()
    with undoable(handed.pk, action="refuse", acting_user=bin_clerk, now=now, batch=batch):
        refuse(handed.pk, acting_user=bin_clerk, now=now, note="Non.")
    [undone] = undo(batch, acting_user=bin_clerk, now=now)
    handed.refresh_from_db()
    assert undone.refusal == "" and handed.unit.code == "bin-team" and outcomes(handed) == ["open"]


def test_the_desk_shows_what_waits_and_takes_the_decision(
    signed_in: SignIn, clerk: User, bin_clerk: User, gridville: Jurisdiction
) -> None:
    soon = timezone.now()
    complaint = build_complaint(now=soon)
    hand_over(complaint.pk, gridville.units.get(code="bin-team"), acting_user=clerk, now=soon)
    client: Client = signed_in(bin_clerk)
    assert [row.offered for row in client.get("/fr/desk/").context["list"].rows] == [True]
    with translation.override("fr"):
        page = reverse("desk_complaint", args=[complaint.tracking_number])
    shown = client.get(page)
    assert [offer.slug for offer in shown.context["offers"]][:2] == ["take-over", "refuse"]
    assert "roads-dept" in shown.content.decode()
    assert client.post(f"{page}refuse/", {"note": ""}).status_code == 422
    assert client.post(f"{page}take-over/", {}).status_code == 302
    assert [row.offered for row in client.get("/fr/desk/").context["list"].rows] == [False]
    assert "take-over" not in [offer.slug for offer in client.get(page).context["offers"]]
