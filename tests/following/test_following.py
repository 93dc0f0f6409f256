"""Following: nothing before a yes, each change once, the end by one click, and nothing that is not public."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from catalogue.models import Category, Jurisdiction, Service
from complaints.models import Complaint, Erasure, Event, PublicChange, Supporter, Verdict
from complaints.services.correspondence import answer
from complaints.services.erasure import erase_reporter
from complaints.services.merging import merge
from complaints.services.publication import hide
from complaints.services.transitions import change_state
from complaints.services.undo import undo, undoable
from complaints.tracking import secret_token
from complaints.workflow import State, Verb
from districts.models import Landmark
from following.links import END, end_url, manage_url, subscription_of, token
from following.models import Subscription
from following.services import Wish, confirm, end, end_for_erased, forget_past, subscribe
from following.subjects import AreaRefused, accept_area, round_place
from following.telling import tell_changes, tell_new, tell_weeks
from notifications.channels.email import compose
from notifications.models import OutboxMessage
from tests.builders import SCALE, box, build_complaint, named

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def path(url: str) -> str:
    return url.partition("://")[2].partition("/")[2].join(["/", ""])


def followed(city: Jurisdiction, now: datetime, *, yes: bool = True, **more: object) -> Subscription:
    wish = Wish(city=city, email="fatima@example.org", language="fr", **more)  # type: ignore[arg-type]
    subscription = subscribe(wish, now=now)
    if yes:
        confirm(subscription, now=now)
        OutboxMessage.objects.all().delete()
    return subscription


def letters() -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(reference__startswith="follow-").order_by("pk"))


def test_an_address_is_asked_once_and_told_nothing_before_it_says_yes(
    gridville: Jurisdiction, clerk: User, client: Client, now: datetime
) -> None:
    complaint = build_complaint(now=now)
    subscription = followed(gridville, now, yes=False, complaint=complaint)
    followed(gridville, now, yes=False, complaint=complaint)
    (asked,) = letters()
    assert asked.actions == [["Oui, je veux suivre", manage_url(subscription)]]
    assert asked.unsubscribe_url == ""
    change_state(complaint.pk, Verb.ACCEPT, acting_user=clerk, now=now + HOUR)
    tell_changes(now=now + 2 * HOUR)
    for _ in range(2):
        assert client.get(path(manage_url(subscription))).status_code == 200
    subscription.refresh_from_db()
    assert subscription.confirmed_at is None
    assert len(letters()) == 1
    client.post(path(manage_url(subscription)), {"action": "confirm"})
    subscription.refresh_from_db()
    assert subscription.confirmed_at is not None


def test_a_follower_hears_each_change_once_with_its_words(gridville: Jurisdiction, clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now, description="mots privés")
    subscription = followed(gridville, now, complaint=complaint)
    change_state(complaint.pk, Verb.START, acting_user=clerk, now=now + HOUR)
    answer(complaint.pk, "Nous passons demain.", acting_user=clerk, now=now + 2 * HOUR)
    tell_changes(now=now + 2 * HOUR)
    tell_changes(now=now + 3 * HOUR)
    tell_changes(now=now + 3 * HOUR)
    started, answered = letters()
    assert "en cours" in started.subject
    assert "Nous passons demain." in answered.body
    assert not any("privés" in letter.body for letter in letters())
    assert answered.unsubscribe_url == end_url(subscription)
    assert PublicChange.objects.count() == 0


def test_what_is_undone_within_seconds_is_told_to_nobody_yet(
    gridville: Jurisdiction, clerk: User, now: datetime
) -> None:
    complaint = build_complaint(now=now)
    followed(gridville, now, complaint=complaint)
    change_state(complaint.pk, Verb.START, acting_user=clerk, now=now + HOUR)
    tell_changes(now=now + HOUR + timedelta(seconds=10))
    assert letters() == []


def test_what_the_desk_undid_is_never_told(gridville: Jurisdiction, clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    followed(gridville, now, complaint=complaint)
    batch = uuid4()
    with undoable(complaint.pk, action="start", acting_user=clerk, now=now + HOUR, batch=batch):
        change_state(complaint.pk, Verb.START, acting_user=clerk, now=now + HOUR)
    undo(batch, acting_user=clerk, now=now + HOUR + timedelta(seconds=5))
    tell_changes(now=now + 2 * HOUR)
    assert letters() == []


def test_a_reporter_who_follows_too_is_told_once(gridville: Jurisdiction, clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now, email="Fatima@example.org")
    followed(gridville, now, complaint=complaint)
    followed(gridville, now, district_code="w1")
    change_state(complaint.pk, Verb.REJECT, acting_user=clerk, now=now + HOUR, note="Non", reason="not_founded")
    tell_changes(now=now + 2 * HOUR)
    assert letters() == []
    assert OutboxMessage.objects.filter(recipient="Fatima@example.org").count() == 1


def test_who_follows_in_two_ways_is_told_once(gridville: Jurisdiction, clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    followed(gridville, now, complaint=complaint)
    followed(gridville, now, district_code="w1")
    change_state(complaint.pk, Verb.REJECT, acting_user=clerk, now=now + HOUR, note="Non", reason="not_founded")
    tell_changes(now=now + 2 * HOUR)
    assert len(letters()) == 1


def test_followers_of_a_merged_complaint_hear_of_its_primary(
    gridville: Jurisdiction, clerk: User, now: datetime
) -> None:
    first, second = build_complaint(now=now), build_complaint(now=now)
    followed(gridville, now, complaint=second)
    merge(second.pk, first.pk, acting_user=clerk, now=now + HOUR)
    change_state(first.pk, Verb.START, acting_user=clerk, now=now + 2 * HOUR)
    tell_changes(now=now + 3 * HOUR)
    (letter,) = letters()
    assert first.tracking_number in letter.subject


@pytest.mark.parametrize("how", ["district", "parent", "street", "area"])
def test_what_is_filed_where_one_looks_is_told_once(gridville: Jurisdiction, now: datetime, how: str) -> None:
    wish: dict[str, dict[str, Any]] = {
        "district": {"district_code": "w1"},
        "parent": {"district_code": "west"},
        "street": {"area": round_place(0.5 * SCALE, 0.5 * SCALE, 200), "place": "Rue des Potiers"},
        "area": {"area": accept_area("0.001 0.001,0.009 0.001,0.009 0.009,0.001 0.009")},
    }
    followed(gridville, now, **wish[how])
    tell_new(now=now)
    here = build_complaint(now=now + HOUR)
    build_complaint(at=(2.5, 0.5), now=now + HOUR)
    assert tell_new(now=now + HOUR + MINUTE) == 0
    for minutes in (5, 6, 30, 500):
        tell_new(now=now + HOUR + minutes * MINUTE)
    (letter,) = letters()
    assert here.tracking_number in letter.body
    assert letter.subject.startswith("Nouveau")


def test_after_an_outage_of_a_day_nothing_is_missed_or_doubled(gridville: Jurisdiction, now: datetime) -> None:
    followed(gridville, now, district_code="w1")
    tell_new(now=now)
    for hour in range(1, 20, 6):
        build_complaint(now=now + hour * HOUR)
    tell_new(now=now + 26 * HOUR)
    tell_new(now=now + 26 * HOUR)
    assert len(letters()) == 4


def test_only_the_wanted_service_or_category_is_told(gridville: Jurisdiction, now: datetime) -> None:
    followed(gridville, now, district_code="west", service=Service.objects.get(code="cleanliness"))
    followed(gridville, now, district_code="west", category=Category.objects.get(code="pothole"))
    tell_new(now=now)
    for category in ("pothole", "pavement", "litter"):
        build_complaint(category, now=now + HOUR)
    tell_new(now=now + 2 * HOUR)
    assert sorted(letter.subject.split(":")[1].split(",")[0].strip() for letter in letters()) == ["litter", "pothole"]


def test_places_that_are_not_public_are_told_to_nobody(
    gridville: Jurisdiction, moderator: User, clerk: User, now: datetime
) -> None:
    everywhere = accept_area("0 0,0.04 0,0.04 0.02,0 0.02")
    followed(gridville, now, area=everywhere)
    tell_new(now=now)
    for category in ("domestic", "live-wire", "vagrancy"):
        build_complaint(category, now=now + HOUR)
    hidden = build_complaint(now=now + HOUR)
    hide(hidden.pk, acting_user=moderator, now=now + HOUR)
    tell_new(now=now + 2 * HOUR)
    followed(gridville, now, complaint=hidden)
    change_state(hidden.pk, Verb.START, acting_user=clerk, now=now + 2 * HOUR)
    tell_changes(now=now + 3 * HOUR)
    assert letters() == []


def test_a_weekly_letter_comes_on_monday_morning_once_and_tells_the_week(
    gridville: Jurisdiction, clerk: User, now: datetime
) -> None:
    followed(gridville, now, district_code="w1", delivery="weekly")
    first = build_complaint("pavement", now=now + DAY)
    second = build_complaint("pavement", now=now + 2 * DAY)
    change_state(first.pk, Verb.RESOLVE, acting_user=clerk, now=now + 3 * DAY, note="Fait")
    tell_new(now=now + 4 * DAY)
    tell_changes(now=now + 4 * DAY)
    monday = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
    assert tell_weeks(now=monday - MINUTE) == 0
    assert tell_weeks(now=monday + MINUTE) == 1
    assert tell_weeks(now=monday + 2 * HOUR) == 0
    (letter,) = letters()
    assert first.tracking_number in letter.body
    assert second.tracking_number in letter.body
    assert "3 changements" in letter.subject
    # A quiet week sends nothing; the week after it, only what is new.
    assert tell_weeks(now=monday + 7 * DAY + HOUR) == 0
    build_complaint(now=monday + 9 * DAY)
    assert tell_weeks(now=monday + 14 * DAY + HOUR) == 1
    assert first.tracking_number not in letters()[-1].body


def test_the_weekly_letter_about_one_complaint_tells_its_steps(
    gridville: Jurisdiction, clerk: User, now: datetime
) -> None:
    complaint = build_complaint(now=now)
    followed(gridville, now, complaint=complaint, delivery="weekly")
    answer(complaint.pk, "mots de la réponse", acting_user=clerk, now=now + HOUR)
    change_state(complaint.pk, Verb.START, acting_user=clerk, now=now + DAY)
    tell_changes(now=now + 2 * DAY)
    assert letters() == []
    assert tell_weeks(now=datetime(2026, 11, 30, 9, 0, tzinfo=UTC)) == 1
    (letter,) = letters()
    assert "Le service a répondu" in letter.body
    assert "En cours" in letter.body


def test_who_ended_one_of_two_ways_is_not_told_again_by_the_other(gridville: Jurisdiction, now: datetime) -> None:
    first = followed(gridville, now, district_code="w1")
    followed(gridville, now, district_code="west")
    tell_new(now=now)
    build_complaint(now=now + HOUR)
    tell_new(now=now + HOUR + 3 * MINUTE)
    end(first)
    tell_new(now=now + HOUR + 4 * MINUTE)
    assert len(letters()) == 1


def test_one_click_ends_it_without_a_page_or_a_session(gridville: Jurisdiction, clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    subscription = followed(gridville, now, complaint=complaint)
    change_state(complaint.pk, Verb.START, acting_user=clerk, now=now + HOUR)
    tell_changes(now=now + 2 * HOUR)
    mail = compose(letters()[0])
    assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = mail.extra_headers["List-Unsubscribe"].strip("<>")
    client = Client(enforce_csrf_checks=True)
    assert client.get(path(link)).status_code == 200
    assert Subscription.objects.filter(pk=subscription.pk).exists()
    assert client.post(path(link), {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not Subscription.objects.exists()
    assert client.post(path(link)).status_code == 404
    (erased,) = letters()
    assert (erased.recipient, erased.body) == ("", "")
    assert erased.queue_state == "cancelled"


def test_each_link_allows_what_it_is_for(gridville: Jurisdiction, client: Client, now: datetime) -> None:
    subscription = followed(gridville, now, complaint=build_complaint(now=now))
    assert client.get(f"/fr/f/{token(subscription, END)}/").status_code == 404
    assert client.get(f"/fr/f/{token(subscription)}/end/").status_code == 404
    assert client.get("/fr/f/AAAA/").status_code == 404
    assert subscription_of(token(subscription)) == subscription


def test_a_follower_contests_from_her_letter(
    gridville: Jurisdiction, clerk: User, client: Client, now: datetime
) -> None:
    complaint = build_complaint(now=now)
    followed(gridville, now, complaint=complaint)
    change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=now + HOUR, note="Fait", reason="no_trace")
    tell_changes(now=now + 2 * HOUR)
    (letter,) = letters()
    page = path(letter.actions[1][1]).partition("?")[0]
    assert client.get(page).status_code == 200
    assert Complaint.objects.get(pk=complaint.pk).state == State.RESOLVED
    client.post(page, {"action": "contest", "reason": "nothing_done"})
    assert Complaint.objects.get(pk=complaint.pk).state == State.REOPENED
    assert Verdict.objects.get().voice.startswith("follower:")


def test_me_too_counts_once_a_browser_with_or_without_an_address(
    gridville: Jurisdiction, client: Client, now: datetime
) -> None:
    complaint = build_complaint(now=now)
    address = f"/fr/complaints/{complaint.tracking_number}/join/"
    for _ in range(2):
        assert client.post(address, {"same": "1"}).status_code == 302
    client.post(address, {"same": "1", "email": "fatima@example.org"})
    Client().post(address, {"same": "1"})
    assert Complaint.objects.get(pk=complaint.pk).joined_count == 2
    assert Supporter.objects.count() == 2
    assert Subscription.objects.get().confirmed_at is None
    page = unescape(client.get(f"/fr/complaints/{complaint.tracking_number}/").content.decode())
    assert re.search(r"Signalée par</dt>\s*<dd>\s*3 personnes", page)
    assert complaint.events.filter(kind=Event.Kind.JOINED).count() == 2


def test_nothing_is_joined_by_nothing_and_hidden_ones_are_not_there(
    gridville: Jurisdiction, client: Client, now: datetime
) -> None:
    complaint, private = build_complaint(now=now), build_complaint("domestic", now=now)
    client.post(f"/fr/complaints/{complaint.tracking_number}/join/", {})
    assert client.post(f"/fr/complaints/{private.tracking_number}/join/", {"same": "1"}).status_code == 404
    assert client.get(f"/fr/complaints/{complaint.tracking_number}/join/").status_code == 405
    assert not Supporter.objects.exists()


def test_the_page_takes_a_district_a_street_or_an_area(gridville: Jurisdiction, client: Client) -> None:
    Landmark.objects.create(
        jurisdiction=gridville, code="rue", name=named("Rue des Potiers"), kind="street", point=box(0, 0, 1, 1).centroid
    )
    usual = {"delivery": "weekly", "email": "fatima@example.org", "about": "roads/pothole"}
    for more in (
        {"subject": "district", "district": "w1"},
        {"subject": "street", "place": "rue", "radius": "100"},
        {"subject": "area", "area": "0.001 0.001,0.009 0.001,0.009 0.009"},
    ):
        assert client.post("/fr/follow/", usual | more).status_code == 302, more
    kinds = Subscription.objects.order_by("pk").values_list("subject", "place", "category__code", "delivery")
    assert list(kinds) == [
        ("district", "", "pothole", "weekly"),
        ("street", "Rue des Potiers", "pothole", "weekly"),
        ("area", "", "pothole", "weekly"),
    ]
    for wrong in (
        {"subject": "district"},
        {"subject": "street", "place": "nowhere"},
        {"subject": "area", "area": "0 0,1 1"},
        {"subject": "area", "area": "0 0,0.01 0.01,0.01 0,0 0.01"},
        {"subject": "area", "area": "0 0,2 0,2 2,0 2"},
        {"subject": "area", "area": "nan nan,inf 0,0 0"},
    ):
        answer_ = client.post("/fr/follow/", usual | wrong)
        assert answer_.status_code == 400, wrong
        assert "fatima@example.org" in answer_.content.decode()
    assert Subscription.objects.count() == 3


@pytest.mark.parametrize("text", ["", "1", "0 0,1 1,2", "0 0," * 300, "900 0,0 0,1 1", "a b,c d,e f"])
def test_no_drawing_however_odd_is_more_than_refused(text: str) -> None:
    with pytest.raises(AreaRefused):
        accept_area(text)


def test_one_address_is_asked_five_times_a_day_at_most(
    gridville: Jurisdiction, settings: Settings, now: datetime
) -> None:
    settings.RATE_LIMIT_SCALE = 1.0
    for n in range(8):
        followed(gridville, now, yes=False, complaint=build_complaint(now=now + n * MINUTE))
    assert len(letters()) == 5


def test_who_does_not_say_yes_is_forgotten_in_a_week(gridville: Jurisdiction, now: datetime) -> None:
    followed(gridville, now, yes=False, district_code="w1")
    kept = followed(gridville, now, district_code="w2")
    assert forget_past(now=now + 6 * DAY)["unconfirmed"] == 0
    assert forget_past(now=now + 8 * DAY)["unconfirmed"] == 1
    assert list(Subscription.objects.all()) == [kept]
    end(kept)


def test_what_follows_one_complaint_ends_when_its_reporter_would_be_erased(
    gridville: Jurisdiction, clerk: User, now: datetime
) -> None:
    done, running, merged = (build_complaint(now=now) for _ in range(3))
    merge(merged.pk, done.pk, acting_user=clerk, now=now)
    for complaint in (done, running, merged):
        followed(gridville, now, complaint=complaint)
    change_state(done.pk, Verb.REJECT, acting_user=clerk, now=now + HOUR, note="Non", reason="not_founded")
    assert forget_past(now=now + 364 * DAY)["past_retention"] == 0
    assert forget_past(now=now + 366 * DAY)["past_retention"] == 2
    assert Subscription.objects.get().complaint == running


def test_erasing_an_address_ends_what_it_follows(gridville: Jurisdiction, now: datetime) -> None:
    own, other = build_complaint(now=now, email="Fatima@Example.org"), build_complaint(now=now)
    for complaint in (own, other):
        followed(gridville, now, complaint=complaint)
    call_command("erase", own.tracking_number, stdout=StringIO(), stderr=StringIO())
    assert Subscription.objects.get().complaint == other
    call_command("erase", "--email", "FATIMA@example.org", stdout=StringIO(), stderr=StringIO())
    assert not Subscription.objects.exists()
    assert not OutboxMessage.objects.filter(recipient__iexact="fatima@example.org").exists()


def test_telling_a_thousand_followers_costs_few_statements(gridville: Jurisdiction, clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)

    def told(followers: int, hours: int) -> int:
        Subscription.objects.bulk_create(
            Subscription(
                jurisdiction=gridville, email=f"f{n}@example.org", language="ar", subject="complaint",
                complaint=complaint, created_at=now, confirmed_at=now, told_until=now,
            )
            for n in range(Subscription.objects.count(), followers)
        )  # fmt: skip
        answer(complaint.pk, "Oui", acting_user=clerk, now=now + hours * HOUR)
        with CaptureQueriesContext(connection) as queries:
            tell_changes(now=now + hours * HOUR + MINUTE)
        return len(queries)

    told(2, 1)
    assert told(5, 2) == told(60, 3)
    # The first answer is an acceptance, too, and one letter.
    assert len(letters()) == 2 + 5 + 60


def test_what_happened_before_anybody_followed_is_worked_off_without_a_look_at_each(
    gridville: Jurisdiction, clerk: User, now: datetime
) -> None:
    complaint = build_complaint(now=now)
    followed(gridville, now + 9 * HOUR, complaint=complaint)

    def statements(steps: int) -> int:
        for step in range(steps):
            answer(complaint.pk, f"Réponse {step}", acting_user=clerk, now=now + step * HOUR)
        assert PublicChange.objects.count() >= steps
        with CaptureQueriesContext(connection) as queries:
            tell_changes(now=now + 9 * HOUR)
        return len(queries)

    assert statements(2) == statements(6)
    assert not letters() and not PublicChange.objects.exists()


def test_feeds_are_atom_and_say_what_the_map_says(
    gridville: Jurisdiction, client: Client, clerk: User, now: datetime
) -> None:
    here, there = build_complaint(now=now), build_complaint(at=(2.5, 0.5), now=now)
    secret = build_complaint("domestic", now=now)
    feed = client.get("/ar/follow/feed.atom", {"jurisdiction": "gridville", "district": "w1"})
    assert feed["Content-Type"] == "application/atom+xml; charset=utf-8"
    content = feed.content.decode()
    feed_element = content.partition("<feed")[2].partition(">")[0]
    assert 'xmlns="http://www.w3.org/2005/Atom"' in feed_element
    assert 'xml:lang="ar"' in feed_element
    assert here.tracking_number in content
    assert there.tracking_number not in content
    again = client.get(
        "/ar/follow/feed.atom",
        {"jurisdiction": "gridville", "district": "w1"},
        headers={"If-None-Match": feed["ETag"]},
    )
    assert again.status_code == 304
    drawn = client.get(
        "/fr/follow/feed.atom", {"jurisdiction": "gridville", "area": "0.02 0,0.03 0,0.03 0.01,0.02 0.01"}
    )
    assert there.tracking_number in drawn.content.decode()
    answer(here.pk, "Nous passons <demain>.", acting_user=clerk, now=now + HOUR)
    one = client.get("/fr/follow/feed.atom", {"complaint": here.tracking_number}).content.decode()
    assert "Nous passons &lt;demain&gt;." in one
    assert client.get("/fr/follow/feed.atom", {"complaint": secret.tracking_number}).status_code == 404
    for wrong in ({"district": "nowhere"}, {"area": "0 0"}, {"street": "nowhere"}):
        assert client.get("/fr/follow/feed.atom", {"jurisdiction": "gridville", **wrong}).status_code == 400


def test_who_is_erased_follows_that_complaint_no_more(
    gridville: Jurisdiction, clerk: User, client: Client, now: datetime
) -> None:
    mine = build_complaint(now=now, email="Fatima@Example.org")
    primary, other = build_complaint(now=now), build_complaint(now=now)
    merge(mine.pk, primary.pk, acting_user=clerk, now=now)
    ended = [followed(gridville, now, complaint=row).pk for row in (mine, primary)]
    asked = followed(gridville, now, yes=False, complaint=primary, category=primary.category).pk
    kept = [followed(gridville, now, complaint=other).pk, followed(gridville, now, district_code="d1").pk]
    stranger = subscribe(Wish(city=gridville, email="zineb@example.org", language="fr", complaint=primary), now=now)
    page = f"/fr/c/{secret_token(mine.pk, 1)}/"
    assert "rues" in client.post(page, {"action": "erase"}).content.decode(), "it says so before"
    client.post(page, {"action": "erase", "sure": "1"})
    (erasure,) = Erasure.objects.all()
    assert "fatima" not in f"{erasure.address} {erasure}".casefold()
    assert end_for_erased(now=timezone.now()) == 1
    assert not Erasure.objects.exists()
    assert set(Subscription.objects.values_list("pk", flat=True)) == {*kept, stranger.pk}
    assert not Subscription.objects.filter(pk__in=[*ended, asked]).exists()
    told = OutboxMessage.objects.filter(reference__in=[f"follow-{pk}" for pk in (*ended, asked)])
    assert not told.exclude(recipient="").exists()
    erase_reporter(mine.pk, now=now)
    assert not Erasure.objects.exists(), "her address is gone already"
