"""Closing that is believed: one tap confirms or contests, a look at the page does neither, and silence is silence."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.models import User
from catalogue.models import Jurisdiction
from complaints.errors import NotAsked
from complaints.models import Complaint, Event, Verdict
from complaints.services.erasure import erase_reporter
from complaints.services.merging import merge
from complaints.services.transitions import change_state
from complaints.services.verdicts import Voice, confirm, contest, rate, record_silence, step_back
from complaints.tracking import CLOSING, secret_token
from complaints.workflow import NoteRequired, State, Verb
from notifications.models import OutboxMessage
from tests.builders import build_complaint
from tests.conftest import SignIn

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def again(complaint: Complaint) -> Complaint:
    return Complaint.objects.get(pk=complaint.pk)


def resolve(complaint: Complaint, clerk: User, at: datetime) -> Complaint:
    return change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=at, note="Réparé.", reason="no_trace")


def address(complaint: Complaint) -> str:
    return f"/fr/c/{secret_token(complaint.pk, complaint.link_version, purpose=CLOSING)}/closing/"


@pytest.fixture
def resolved(clerk: User, now: datetime) -> Complaint:
    complaint = build_complaint(now=now, email="rita@example.org")
    return resolve(complaint, clerk, now + HOUR)


def test_the_message_asks_and_its_links_only_open_a_page(resolved: Complaint, client: Client) -> None:
    mail = OutboxMessage.objects.latest("pk")
    assert [label for label, _ in mail.actions] == ["Oui, c'est réglé", "Non, ce n'est pas réglé"]
    for _, link in mail.actions:
        path = link.partition("//")[2].partition("/")[2]
        for _ in range(3):
            page = client.get(f"/{path}")
            assert page.status_code == 200
            assert "no-store, private" in page["Cache-Control"]
            assert page["Referrer-Policy"] == "no-referrer"
        client.head(f"/{path}")
    assert again(resolved).state == State.RESOLVED
    assert not Verdict.objects.exists()
    assert "Réparé." in page.content.decode()


def test_one_tap_confirms_without_an_account_and_twice_is_once(resolved: Complaint, client: Client) -> None:
    for _ in range(2):
        assert client.post(address(resolved), {"action": "confirm"}).status_code == 302
    assert again(resolved).state == State.CONFIRMED
    assert Verdict.objects.get().outcome == "confirmed"
    assert resolved.events.filter(kind=Event.Kind.STATE_CHANGED, to_state="confirmed").count() == 1


def test_one_tap_contests_opens_it_with_a_new_clock_and_is_counted(
    resolved: Complaint, client: Client, clerk: User, signed_in: SignIn
) -> None:
    promised = resolved.resolution_due_at
    client.post(address(resolved), {"action": "contest", "reason": "partly_done"})
    complaint = again(resolved)
    assert (complaint.state, complaint.contested_count, complaint.reopened_count) == (State.REOPENED, 1, 1)
    assert promised is not None
    assert complaint.resolution_due_at is not None
    assert complaint.resolution_due_at > promised
    assert list(Complaint.objects.contested()) == [complaint]
    verdict = Verdict.objects.get()
    assert (verdict.outcome, verdict.reason, verdict.round) == ("contested", "partly_done", 0)
    page = signed_in(clerk).get(f"/fr/desk/{complaint.tracking_number}/").content.decode()
    assert "contestée" in page
    assert "Une partie seulement" in page


def test_a_contest_needs_a_reason_or_words(resolved: Complaint, client: Client, now: datetime) -> None:
    answer = client.post(address(resolved), {"action": "contest", "reason": "", "words": "  "})
    assert answer.status_code == 400
    box = answer.content.decode().split("<textarea")[1].split(">")[0]
    assert 'aria-describedby="id_words_error"' in box and 'id="id_words_error"' in answer.content.decode()
    assert again(resolved).state == State.RESOLVED
    with pytest.raises(NoteRequired):
        contest(resolved.pk, voice=Voice.of_reporter(resolved.pk), now=now + 2 * HOUR)


def test_the_closing_link_gives_no_other_right(resolved: Complaint, client: Client) -> None:
    token = secret_token(resolved.pk, resolved.link_version, purpose=CLOSING)
    assert client.get(f"/fr/c/{token}/").status_code == 404
    secret = secret_token(resolved.pk, resolved.link_version)
    assert client.get(f"/fr/c/{secret}/closing/").status_code == 404
    Complaint.objects.filter(pk=resolved.pk).update(link_version=2)
    assert client.get(f"/fr/c/{token}/closing/").status_code == 404


def test_each_closing_is_judged_anew(resolved: Complaint, clerk: User, now: datetime) -> None:
    voice = Voice.of_reporter(resolved.pk)
    contest(resolved.pk, voice=voice, now=now + 2 * HOUR, words="Toujours là")
    with pytest.raises(NotAsked):
        confirm(resolved.pk, voice=voice, now=now + 3 * HOUR)
    resolve(resolved, clerk, now + DAY)
    assert confirm(resolved.pk, voice=voice, now=now + 2 * DAY).state == State.CONFIRMED
    assert list(Verdict.objects.order_by("round").values_list("round", "outcome")) == [
        (0, "contested"),
        (1, "confirmed"),
    ]
    # Her own word is given.
    with pytest.raises(NotAsked):
        contest(resolved.pk, voice=voice, now=now + 3 * DAY, words="Non")


def test_every_reporter_of_a_group_is_asked_and_one_confirmation_silences_nobody(
    clerk: User, now: datetime, client: Client
) -> None:
    first = build_complaint(now=now, email="rita@example.org")
    second = build_complaint(now=now, email="said@example.org")
    merge(second.pk, first.pk, acting_user=clerk, now=now)
    resolve(first, clerk, now + HOUR)
    asked = OutboxMessage.objects.filter(subject__contains="résolue")
    assert {m.recipient for m in asked if m.actions} == {"rita@example.org", "said@example.org"}
    assert client.post(address(first), {"action": "confirm"}).status_code == 302
    assert client.post(address(second), {"action": "contest", "words": "Chez moi rien n'a changé"}).status_code == 302
    assert again(first).state == State.REOPENED
    assert again(first).contested_count == 1
    assert again(second).state == State.RECEIVED
    # Her words are on her own voice, not on the other reporter's page.
    page = client.get(f"/fr/c/{secret_token(first.pk, 1)}/").content.decode()
    assert "Chez moi" not in page


def test_a_second_confirmation_is_counted_and_changes_nothing(clerk: User, now: datetime) -> None:
    first, second = build_complaint(now=now), build_complaint(now=now)
    merge(second.pk, first.pk, acting_user=clerk, now=now)
    resolve(first, clerk, now + HOUR)
    confirm(second.pk, voice=Voice.of_reporter(second.pk), now=now + 2 * HOUR)
    confirm(first.pk, voice=Voice.of_reporter(first.pk), now=now + 3 * HOUR)
    assert Verdict.objects.filter(complaint=first, outcome="confirmed").count() == 2
    assert first.events.filter(kind=Event.Kind.VOICED).count() == 1


def test_a_follower_confirms_without_moving_it_and_contests_with_effect(resolved: Complaint, now: datetime) -> None:
    early, late = (Voice.of_follower(n, since=now + n * 2 * HOUR) for n in (0, 1))
    assert confirm(resolved.pk, voice=early, now=now + 3 * HOUR).state == State.RESOLVED
    # Who began to follow after the closing was not asked.
    for act in (confirm, contest):
        with pytest.raises(NotAsked):
            act(resolved.pk, voice=late, now=now + 4 * HOUR)
    other = Voice.of_follower(9, since=now)
    opened = contest(resolved.pk, voice=other, now=now + 5 * HOUR, reason="nothing_done")
    assert (opened.state, opened.contested_count) == (State.REOPENED, 1)
    event = resolved.events.filter(kind=Event.Kind.STATE_CHANGED).latest("pk")
    assert (event.actor_role, event.actor) == ("follower", None)


def test_silence_is_recorded_once_as_silence_and_changes_no_state(
    resolved: Complaint, clerk: User, now: datetime
) -> None:
    assert record_silence(now=now + 14 * DAY) == 0
    for _ in range(2):
        record_silence(now=now + 15 * DAY)
    (event,) = resolved.events.filter(kind=Event.Kind.SILENT)
    assert (event.is_public, event.data) == (True, {"round": 0})
    assert again(resolved).state == State.RESOLVED
    # Late words are heard all the same, and the next closing waits again.
    contest(resolved.pk, voice=Voice.of_reporter(resolved.pk), now=now + 20 * DAY, reason="back_again")
    resolve(resolved, clerk, now + 21 * DAY)
    record_silence(now=now + 60 * DAY)
    rounds = resolved.events.filter(kind=Event.Kind.SILENT).values_list("data__round", flat=True)
    assert list(rounds) == [0, 1]


def test_whoever_spoke_was_not_silent(resolved: Complaint, now: datetime) -> None:
    confirm(resolved.pk, voice=Voice.of_follower(1, since=now), now=now + 2 * HOUR)
    record_silence(now=now + 60 * DAY)
    assert not resolved.events.filter(kind=Event.Kind.SILENT).exists()


def test_satisfaction_is_one_question_with_an_optional_sentence(resolved: Complaint, client: Client) -> None:
    assert client.post(address(resolved), {"action": "rate"}).status_code == 400
    assert client.post(address(resolved), {"action": "rate", "satisfaction": "9"}).status_code == 400
    client.post(address(resolved), {"action": "rate", "satisfaction": "2"})
    client.post(address(resolved), {"action": "rate", "satisfaction": "4", "remark": "Merci, mais lent."})
    verdict = Verdict.objects.get()
    assert (verdict.satisfaction, verdict.remark, verdict.outcome) == (4, "Merci, mais lent.", "")
    client.post(address(resolved), {"action": "confirm"})
    verdict.refresh_from_db()
    assert (verdict.satisfaction, verdict.outcome) == (4, "confirmed")


def test_nothing_is_asked_while_it_is_open(gridville: Jurisdiction, client: Client, now: datetime) -> None:
    complaint = build_complaint(now=now)
    page = client.get(address(complaint)).content.decode()
    assert not re.search(r'name="action" value="(confirm|contest|rate)"', page)
    assert client.post(address(complaint), {"action": "confirm"}).status_code == 400
    with pytest.raises(NotAsked):
        rate(complaint.pk, voice=Voice.of_reporter(complaint.pk), now=now, satisfaction=3)


def test_erasing_a_reporter_erases_what_she_said_and_keeps_that_she_did(resolved: Complaint, now: datetime) -> None:
    voice = Voice.of_reporter(resolved.pk)
    rate(resolved.pk, voice=voice, now=now + 2 * HOUR, satisfaction=1, remark="Mon nom est Rita")
    contest(resolved.pk, voice=voice, now=now + 3 * HOUR, words="J'habite au 12")
    erase_reporter(resolved.pk, now=now + 4 * HOUR)
    verdict = Verdict.objects.get()
    assert (verdict.words, verdict.remark, verdict.outcome, verdict.satisfaction) == ("", "", "contested", 1)


def test_withdrawing_from_what_others_reported_too_leaves_it_to_them(
    clerk: User, client: Client, now: datetime
) -> None:
    first = build_complaint(now=now, email="rita@example.org")
    second = build_complaint(now=now, email="said@example.org")
    merge(second.pk, first.pk, acting_user=clerk, now=now)
    for complaint in (first, second):
        page = f"/fr/c/{secret_token(complaint.pk, 1)}/"
        assert client.post(page, {"action": "withdraw"}).status_code == 302
        assert 'value="withdraw"' not in client.get(page).content.decode()
    assert again(first).state == State.RECEIVED
    OutboxMessage.objects.all().delete()
    change_state(first.pk, Verb.ACCEPT, acting_user=clerk, now=now + HOUR)
    assert OutboxMessage.objects.count() == 0
    step_back(first.pk, now=now + HOUR)
    assert first.events.filter(kind=Event.Kind.STEPPED_BACK).count() == 1
