"""The desk's pages: what is listed and in which order, counted, searched, decided; and that it stays quick."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Role, User
from catalogue.models import Jurisdiction
from complaints.models import Complaint, Reporter
from complaints.services.allocation import assign
from complaints.services.correspondence import answer
from complaints.services.transitions import change_state
from complaints.workflow import Verb
from tests.builders import build_complaint, build_enough, build_staff
from tests.conftest import SignIn

DESK = "/fr/desk/"


@pytest.fixture
def desk(signed_in: SignIn, clerk: User) -> Client:
    return signed_in(clerk)


@pytest.fixture
def soon() -> datetime:
    """Pages compare with the clock: what they list is filed now."""
    return timezone.now()


def page_of(complaint: Complaint) -> str:
    with translation.override("fr"):
        return reverse("desk_complaint", args=[complaint.tracking_number])


def listed(client: Client, query: str = "") -> list[str]:
    address = query if query.startswith("/") else DESK + query
    return [row.tracking_number for row in client.get(address).context["list"].rows]


def copies(complaint: Complaint, number: int) -> None:
    """More of the same, by the row: what is measured here is reading."""
    rows = []
    for copy in range(number):
        row = Complaint.objects.get(pk=complaint.pk)
        row.pk = None
        row.tracking_number = f"GRI-{copy:04d}-COPY"
        row.submitted_at += timedelta(minutes=copy)
        rows.append(row)
    Complaint.objects.bulk_create(rows)


def test_what_is_somebody_elses_job_promises_no_resolution_at_the_desk_either(
    desk: Client, clerk: User, soon: datetime
) -> None:
    overdue = build_complaint(now=soon - timedelta(days=60))
    change_state(overdue.pk, Verb.OUT_OF_SCOPE, acting_user=clerk, now=soon, note="La province.")
    words = desk.get(page_of(overdue)).content.decode()
    facts = words[words.index('id="facts-title"') :].split("</section>")[0]
    assert (facts.count("deadline--lapsed"), facts.count("deadline--late")) == (1, 1), "only the answer came late"


def test_the_least_time_left_comes_first(desk: Client, clerk: User, soon: datetime) -> None:
    calm = build_complaint(now=soon)
    late = build_complaint(now=soon - timedelta(days=30))
    paused = build_complaint(now=soon - timedelta(days=3))
    change_state(paused.pk, Verb.ASK, acting_user=clerk, now=soon - timedelta(days=2, hours=20), note="Where?")
    assert listed(desk)[0] == late.tracking_number
    assert set(listed(desk)) == {calm.tracking_number, late.tracking_number, paused.tracking_number}


def test_a_unit_lists_its_own_and_nobody_elses(desk: Client, signed_in: SignIn, outsider: User, soon: datetime) -> None:
    own = build_complaint(now=soon)
    build_complaint("litter", at=(0.5, 1.5), now=soon)
    assert listed(desk) == [own.tracking_number]
    assert listed(signed_in(outsider)) == []


def test_the_tabs_count_and_lead_to_what_they_count(desk: Client, clerk: User, soon: datetime) -> None:
    build_complaint(now=soon)
    build_complaint(now=soon - timedelta(days=40))
    closed = build_complaint("pavement", now=soon)
    change_state(closed.pk, Verb.RESOLVE, acting_user=clerk, now=soon, note="Done.")
    tabs = desk.get(DESK).context["list"].tabs
    assert [tab.n for tab in tabs] == ["2", "1", "2", "0", "0", "1"]
    for tab in tabs:
        assert str(len(listed(desk, tab.url))) == tab.n, tab.label
    assert tabs[0].current and not tabs[1].current


def test_each_choice_of_the_filter_says_what_it_would_give(desk: Client, soon: datetime) -> None:
    build_complaint(now=soon)
    build_complaint("pavement", at=(1.5, 0.5), now=soon)
    build_complaint("pavement", at=(0.5, 0.5), now=soon)
    for select in desk.get(DESK).context["list"].selects:
        for option in select.options:
            query = f"?state=open&{select.name}={option.value}"
            assert len(listed(desk, query)) == option.n, (select.name, option)


@pytest.mark.parametrize("count", [3, 300])
def test_its_pages_ask_the_database_the_same_few_times(desk: Client, clerk: User, soon: datetime, count: int) -> None:
    complaint = build_complaint(now=soon)
    copies(complaint, count)
    for address in (DESK, "/fr/desk/tiles/12/2048/2047.mvt", "/fr/desk/moderation/"):
        desk.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(address).status_code == 200
        assert len(queries) <= 8, "\n".join(query["sql"][:200] for query in queries)


def test_more_than_a_page_is_paged(desk: Client, soon: datetime) -> None:
    copies(build_complaint(now=soon), 60)
    onward = desk.get(DESK).context["list"].next_url
    first, second = listed(desk), listed(desk, onward)
    assert (len(first), len(second)) == (50, 11) and not set(first) & set(second)


@pytest.mark.parametrize(
    "query", ["?state=nonsense", "?bbox=1,2", "?category=dragons", "?q=" + "a" * 500, "?after=zwei"]
)
def test_a_bad_filter_is_said_and_breaks_nothing(desk: Client, soon: datetime, query: str) -> None:
    build_complaint(now=soon)
    response = desk.get(DESK + query)
    assert response.status_code == 400


def test_words_are_found_in_what_one_may_read_and_nowhere_else(
    signed_in: SignIn, gridville: Jurisdiction, soon: datetime
) -> None:
    complaint = build_complaint("litter", at=(0.5, 1.5), now=soon, description="Sacs éventrés près de la fontaine")
    Reporter.objects.update(name="Zineb Canari", email="zineb@example.org", phone="+212600000042")
    number = complaint.tracking_number
    follower = build_staff("fatima", Role.CLERK, gridville, unit="waste-north")
    client = signed_in(follower)
    for words in ("eventres", "fontaine", number, number[:8].lower(), "Zineb", "zineb@example", "0000042", "litter"):
        assert listed(client, f"?q={words}") == [number], words
    readers = {
        Role.OPERATOR_USER: ("waste-north", {number: True, "fontaine": False, "Zineb": False, "zineb@example": False}),
        Role.MODERATOR: ("", {number: True, "fontaine": True, "Zineb": False}),
        Role.OFFICE: ("", {number: True, "fontaine": False, "Zineb": False}),
    }
    for role, (unit, expected) in readers.items():
        client = signed_in(build_staff(f"reader-{role}", role, gridville, unit=unit or None))
        for words, found in expected.items():
            assert bool(listed(client, f"?q={words}")) == found, (role, words)
    Complaint.objects.update(passed_to_operator=True)
    assert listed(signed_in(User.objects.get(username="reader-operator_user")), "?q=fontaine") == [number]


def test_the_office_gets_no_exact_place(signed_in: SignIn, office_user: User, soon: datetime) -> None:
    *_others, noise = build_enough("noise", at=(0.512, 0.634), now=soon)
    response = signed_in(office_user).get(page_of(noise))
    assert response.status_code == 200 and str(noise.point.x) not in response.content.decode()


def test_an_answer_comes_back_as_history(desk: Client, soon: datetime) -> None:
    complaint = build_complaint(now=soon)
    page = page_of(complaint)
    seen = desk.get(page).context["seen"]
    response = desk.post(f"{page}answer/", {"text": "Nous arrivons mardi.", "seen": seen}, follow=True)
    assert response.redirect_chain == [(page, 302)]
    assert "Nous arrivons mardi." in response.content.decode()
    complaint.refresh_from_db()
    assert complaint.state == "accepted"


def test_what_was_typed_on_an_old_page_is_kept_and_nothing_is_overwritten(
    desk: Client, clerk: User, soon: datetime
) -> None:
    complaint = build_complaint(now=soon)
    page = page_of(complaint)
    seen = desk.get(page).context["seen"]
    answer(complaint.pk, "Un collègue a répondu.", acting_user=clerk, now=soon + timedelta(minutes=1))
    response = desk.post(f"{page}answer/", {"text": "Ma propre réponse", "seen": seen})
    body = response.content.decode()
    assert response.status_code == 422
    assert "Ma propre réponse" in body and "Un collègue a répondu." in body
    assert complaint.messages.count() == 1
    # She has seen it now: sent again, it is her decision.
    again = next(offer for offer in response.context["offers"] if offer.slug == "answer")
    assert (
        desk.post(f"{page}answer/", {"text": "Ma propre réponse", "seen": again.form["seen"].value()}).status_code
        == 302
    )
    assert complaint.messages.count() == 2


@pytest.mark.parametrize(
    ("slug", "data"),
    [
        ("answer", {"text": ""}),
        ("reject", {"note": "Rien à voir."}),
        ("reject", {"note": "Rien à voir.", "reason": "dragons"}),
        ("ask", {"note": "   "}),
        ("resolve", {"note": "Rebouché."}),  # potholes ask for a photo or a reason
        ("hand-over", {"unit": "dragons"}),
        ("hand-over", {"unit": "roads-dept"}),
        ("recategorise", {"category": "pothole"}),
        ("assign", {"crew_member": "999999"}),
        ("answer", {"text": "x", "seen": "yesterday"}),
        ("answer", {"text": "x" * 5000}),
    ],
)
def test_what_is_refused_says_why_and_keeps_the_words(
    desk: Client, soon: datetime, slug: str, data: dict[str, str]
) -> None:
    complaint = build_complaint(now=soon)
    response = desk.post(f"{page_of(complaint)}{slug}/", data)
    assert response.status_code == 422
    assert response.context["refused"].errors
    for name, words in data.items():
        if name in ("text", "note") and words.strip() and slug in ("answer", "reject", "resolve"):
            assert words in response.content.decode()
    assert complaint.events.count() == 1


def test_the_rarer_actions_wait_below_a_disclosure_that_opens_for_what_was_refused(
    desk: Client, soon: datetime
) -> None:
    complaint = build_complaint(now=soon)
    daily, rarer = desk.get(page_of(complaint)).content.decode().split("case-more", 1)
    assert 'data-action="accept"' in daily
    assert 'data-action="reject"' not in daily and 'data-action="reject"' in rarer
    refused = desk.post(page_of(complaint) + "reject/", {"note": ""}).content.decode().split("case-more", 1)[1]
    assert refused.split(">", 1)[0].endswith("open")


def test_every_action_of_a_case_does_its_work(desk: Client, crew_member: User, soon: datetime) -> None:
    complaint = build_complaint(now=soon)
    page = page_of(complaint)
    steps = [
        ("accept", {}, "accepted"),
        ("note", {"text": "Voir avec la voirie."}, "accepted"),
        ("assign", {"crew_member": str(crew_member.pk)}, "accepted"),
        ("start", {}, "in_progress"),
        ("ask", {"note": "Devant quel numéro ?"}, "waiting_reporter"),
        ("resume", {}, "in_progress"),
        ("recategorise", {"category": "pavement", "note": "C'est le trottoir."}, "in_progress"),
        ("resolve", {"note": "Refait."}, "resolved"),
        ("reopen", {"note": "Pas fini."}, "reopened"),
        ("hide", {"note": ""}, "reopened"),
        ("unhide", {"note": ""}, "reopened"),
        ("reject", {"note": "Voirie privée.", "reason": "private_matter"}, "rejected"),
    ]
    for slug, data, state in steps:
        response = desk.post(f"{page}{slug}/", data)
        assert response.status_code == 302, (slug, response.context and response.context["refused"].errors)
        complaint.refresh_from_db()
        assert complaint.state == state, slug
        assert desk.get(page).status_code == 200
    response = desk.post(f"{page_of(build_complaint(now=soon))}hand-over/", {"unit": "registry"})
    assert response.headers["Location"] == DESK, "it is another unit's now"


def test_a_number_is_found_however_it_was_typed(desk: Client, soon: datetime) -> None:
    complaint = build_complaint(now=soon)
    page = page_of(complaint)
    assert (
        desk.get(page.replace(complaint.tracking_number, complaint.tracking_number.lower())).headers["Location"] == page
    )
    assert desk.get("/fr/desk/GRI-0000-0000/").status_code == 404


def test_what_policy_never_publishes_is_not_in_the_moderators_queue(
    signed_in: SignIn, moderator: User, soon: datetime
) -> None:
    waits = build_complaint(now=soon, description="Un trou.")
    build_complaint("vagrancy", now=soon, description="Jamais.")
    build_complaint("domestic", now=soon, description="Jamais non plus.")
    build_complaint("live-wire", now=soon, description="Ni ceci.")
    build_complaint(now=soon)
    client = signed_in(moderator)
    items = client.get("/fr/desk/moderation/").context["items"]
    assert [item.tracking_number for item in items] == [waits.tracking_number]
    here = {"release": "yes", "next": "/fr/desk/moderation/"}
    assert client.post(items[0].review_text_url, here).headers["Location"] == "/fr/desk/moderation/"
    waits.refresh_from_db()
    assert waits.text_review == "released"
    assert not client.get("/fr/desk/moderation/").context["items"]
    foreign = client.post(items[0].review_text_url, {"release": "no", "next": "https://evil.example/"})
    assert foreign.headers["Location"] == page_of(waits)


def test_a_crew_sees_its_stops_and_closes_one_with_a_reason(
    signed_in: SignIn, clerk: User, crew_member: User, soon: datetime
) -> None:
    complaint = build_complaint(now=soon, description="Un trou.", location_text="Devant l'école")
    build_complaint(now=soon)
    assign(complaint.pk, crew_member, acting_user=clerk, now=soon)
    client = signed_in(crew_member)
    page = client.get("/fr/field/")
    assert [stop.tracking_number for stop in page.context["stops"]] == [complaint.tracking_number]
    assert "Rita" not in page.content.decode()
    [stop] = client.get("/fr/field/points.json").json()["stops"]
    assert stop["navigate_url"].startswith("geo:0.005") and "Rita" not in str(stop)
    own = f"/fr/field/{complaint.tracking_number}/"
    assert client.post(f"{own}start/").status_code == 302
    assert client.post(f"{own}resolve/", {"note": "Rebouché."}).status_code == 422
    response = client.post(f"{own}resolve/", {"note": "Rebouché.", "reason": "no_trace"})
    assert response.headers["Location"] == "/fr/field/"
    complaint.refresh_from_db()
    assert complaint.state == "resolved"
