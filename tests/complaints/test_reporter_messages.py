"""What the reporter adds by her secret link is kept once, as an answer when she was asked."""

from datetime import datetime, timedelta

import pytest

from accounts.models import User
from complaints.errors import MessageEmpty, MessageTooLong, ReporterErased, TooManyFiles
from complaints.models import Attachment, Event, Message
from complaints.services.erasure import erase_reporter
from complaints.services.messages import add_reporter_message
from complaints.services.quarantine import NewFile
from complaints.services.transitions import change_state
from complaints.workflow import State, Verb
from tests.builders import build_complaint
from tests.sandbox.files import jpeg

LATER = timedelta(hours=1)


def test_words_and_files_are_kept_with_an_event(clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    add_reporter_message(complaint.pk, text=" Il est toujours là. ", files=[NewFile("b.jpg", jpeg())], now=now + LATER)
    message = Message.objects.get(complaint=complaint)
    assert (message.text, message.from_reporter, message.audience) == ("Il est toujours là.", True, "reporter")
    event = Event.objects.get(complaint=complaint, kind="message_received")
    assert (event.actor_role, event.is_public, event.data) == ("reporter", False, {"message": message.pk, "files": 1})
    assert Attachment.objects.get(complaint=complaint).purpose == "message"


def test_while_she_is_asked_it_is_the_answer(clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    change_state(complaint.pk, Verb.ASK, acting_user=clerk, now=now + LATER, note="Où exactement ?")
    replied = add_reporter_message(complaint.pk, text="Devant le 12.", now=now + 2 * LATER)
    assert replied.state == State.ACCEPTED
    assert replied.paused_at is None
    assert Message.objects.filter(complaint=complaint, from_reporter=True).count() == 1


def test_nothing_is_refused_and_so_is_too_much(gridville: object, now: datetime) -> None:
    complaint = build_complaint(now=now)
    with pytest.raises(MessageEmpty):
        add_reporter_message(complaint.pk, text="  ", now=now)
    with pytest.raises(MessageTooLong):
        add_reporter_message(complaint.pk, text="x" * 4001, now=now)
    with pytest.raises(TooManyFiles):
        add_reporter_message(complaint.pk, text="x", files=[NewFile("b.jpg", jpeg())] * 6, now=now)
    assert not Message.objects.filter(complaint=complaint).exists()


def test_after_erasure_nothing_can_be_added(clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=now, note="Fait", reason="no_trace")
    erase_reporter(complaint.pk, now=now)
    with pytest.raises(ReporterErased):
        change_state(complaint.pk, Verb.CONTEST, acting_user=None, now=now, note="Non !")
    with pytest.raises(ReporterErased):
        add_reporter_message(complaint.pk, text="Encore moi", now=now)
