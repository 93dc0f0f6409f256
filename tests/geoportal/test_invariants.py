"""`manage verify_invariants` finds what is wrong, and nothing on a site that lived."""

import json
from contextlib import suppress
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from analytics.feed import consume
from analytics.models import Counted, SquareCount
from analytics.tally.keeping import SQUARE_ZOOMS, count_newly_late
from catalogue.models import Jurisdiction
from complaints.models import Attachment, Complaint, Event, Reporter
from complaints.services.allocation import hand_over, recategorise
from complaints.services.breaches import record_breaches
from complaints.services.erasure import erase_reporter
from complaints.services.escalation import climb_ladders
from complaints.services.file_checks import process_due_attachments
from complaints.services.joining import join
from complaints.services.merging import merge
from complaints.services.quarantine import NewFile, media_path
from complaints.services.transitions import change_state
from complaints.workflow import Verb
from notifications.delivery import deliver_due
from notifications.models import OutboxMessage
from tests.builders import build_complaint, build_ladder
from tests.sandbox.files import jpeg

DAY = timedelta(days=1)


def verify() -> dict[str, Any]:
    out = StringIO()
    with suppress(SystemExit):
        call_command("verify_invariants", "--json", stdout=out, stderr=StringIO())
    result: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return result


@pytest.fixture
def lived(clerk: User, triage_officer: User, gridville: Jurisdiction) -> Complaint:
    """A site with some history; the complaint that the tests damage."""
    start = timezone.now() - 30 * DAY
    for category in ("pothole", "noise", "domestic", "vagrancy", "live-wire", "overflowing-bin", "litter"):
        build_complaint(category, now=start, email="rita@example.org")
    build_ladder(gridville)
    of_roads, others = Q(unit__code="roads-dept"), Q(category__code__in=["noise", "litter"])
    first, second, third = Complaint.objects.filter(of_roads | others).order_by("pk")
    hand_over(third.pk, gridville.units.get(code="roads-dept"), acting_user=triage_officer, now=start + DAY)
    recategorise(second.pk, "pothole", acting_user=triage_officer, now=start + DAY)
    erase_reporter(second.pk, now=start + 2 * DAY)
    main = build_complaint(now=start, email="r@example.org", files=[NewFile("a.jpg", jpeg())])
    for day, (verb, user) in enumerate([(Verb.ACCEPT, clerk), (Verb.ASK, clerk), (Verb.REPLY, None)]):
        change_state(main.pk, verb, acting_user=user, now=start + day * DAY, note="mots")
    change_state(main.pk, Verb.RESOLVE, acting_user=clerk, now=start + 9 * DAY, note="Fait", reason="no_trace")
    change_state(main.pk, Verb.CONTEST, acting_user=None, now=start + 9 * DAY, note="Non")
    merge(first.pk, main.pk, acting_user=clerk, now=start + 10 * DAY)
    join(main.pk, voice="a", now=start + 10 * DAY)
    process_due_attachments(now=timezone.now())
    deliver_due(now=timezone.now())
    record_breaches(now=timezone.now())
    climb_ladders(now=timezone.now())
    while consume(now=timezone.now()) or count_newly_late(now=timezone.now()):
        pass
    return main


def test_a_site_that_lived_is_sound(lived: Complaint) -> None:
    report = verify()
    assert (report["ok"], report["faults"]) == (True, [])
    assert report["counts"]["complaints"] == 8


def codes() -> set[str]:
    return {fault["code"] for fault in verify()["faults"]}


def test_each_damage_is_named(lived: Complaint, gridville: Jurisdiction) -> None:
    mine = Complaint.objects.filter(pk=lived.pk)
    mine.update(state="accepted", closed_at=timezone.now(), paused_at=timezone.now(), merged_count=3)
    assert codes() >= {"state_not_replayed", "closing_time", "clock_stopped", "merged_count"}
    mine.update(joined_count=7, next_rung_at=None, resolution_due_at=timezone.now() + DAY)
    assert codes() >= {"joined_count", "rung_not_climbed", "promise_not_replayed", "group_promise"}
    Complaint.objects.filter(merged_into=lived).update(merged_into=None)
    assert codes() >= {"group_not_replayed", "group_promise"}
    mine.update(unit=gridville.units.get(code="registry"), public_point=None)
    assert codes() >= {"other_than_decided", "place_missing"}
    Counted.objects.filter(pk=lived.pk).update(late=True)
    SquareCount.objects.filter(zoom=SQUARE_ZOOMS[0]).update(n=100)
    assert codes() >= {"counted_wrongly", "sum_wrong"}
    Event.objects.filter(kind="breached").delete()
    Event.objects.filter(complaint=lived, kind="submitted").delete()
    Attachment.objects.update(queue_state="due", next_attempt_at=timezone.now() - DAY)
    Reporter.objects.filter(erased_at__isnull=False).update(phone="0600000000")
    Reporter.objects.filter(complaint=lived).delete()
    assert codes() >= {"breach_not_recorded", "not_filed_once", "work_not_done", "not_erased", "reporter_missing"}


def test_a_lost_file_is_named_with_its_complaint(lived: Complaint) -> None:
    photo = Attachment.objects.get(complaint=lived)
    media_path(photo.thumbnail_path).unlink()
    (fault,) = verify()["faults"]
    assert (fault["code"], fault["where"]) == ("file_missing", lived.tracking_number)


def test_what_was_given_up_is_a_remark(lived: Complaint) -> None:
    OutboxMessage.objects.filter(pk=OutboxMessage.objects.values("pk")[:1]).update(queue_state="failed")
    report = verify()
    assert (report["ok"], report["remarks"][0]["code"]) == (True, "given_up")
