"""The desk's list: every order, paging both ways, and what its search finds."""

import re
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Role, User
from catalogue.models import Jurisdiction
from complaints.desk.orders import Order
from complaints.models import Complaint, Reporter
from complaints.search import words_match
from complaints.services.allocation import hand_over
from complaints.services.transitions import change_state
from complaints.workflow import State, Verb
from tests.builders import build_complaint, build_staff
from tests.conftest import SignIn

DESK = "/fr/desk/"


@pytest.fixture
def soon() -> datetime:
    return timezone.now()


@pytest.fixture
def desk(signed_in: SignIn, triage_officer: User) -> Client:
    return signed_in(triage_officer)


@pytest.fixture
def many(gridville: Jurisdiction, clerk: User, soon: datetime, monkeypatch: pytest.MonkeyPatch) -> list[Complaint]:
    """Three pages of complaints of all kinds, nine of them closed; a page holds ten."""
    for module in ("queue", "counts"):
        monkeypatch.setattr(f"complaints.desk.{module}.PAGE_SIZE", 10)
    first = [
        build_complaint("pothole", now=soon - timedelta(days=9)),
        build_complaint("litter", at=(0.5, 1.5), now=soon - timedelta(days=5)),
        build_complaint("pavement", at=(2.5, 0.5), now=soon - timedelta(days=1)),
        build_complaint("noise", at=(3.5, 0.5), now=soon, kind=Complaint.Kind.OBSERVATION),
    ]
    waits, done = build_complaint(now=soon - timedelta(days=4)), build_complaint("pavement", now=soon)
    change_state(waits.pk, Verb.ASK, acting_user=clerk, now=soon - timedelta(days=3), note="Où ?")
    change_state(done.pk, Verb.RESOLVE, acting_user=clerk, now=soon, note="Fait.")
    for original, number in [(first[0], 4), (first[1], 4), (first[2], 2), (first[3], 2), (waits, 1), (done, 8)]:
        copies(original, number)
    return list(Complaint.objects.select_related("category", "unit", "district"))


def copies(complaint: Complaint, number: int) -> None:
    rows = []
    for copy in range(number):
        row = Complaint.objects.get(pk=complaint.pk)
        row.pk = None
        row.tracking_number = f"GRI-{complaint.pk}-{copy:04d}"
        row.submitted_at += timedelta(minutes=copy // 3)
        row.updated_at += timedelta(minutes=copy % 7)
        row.closed_at = row.closed_at and row.closed_at + timedelta(minutes=copy // 4)
        rows.append(row)
    Complaint.objects.bulk_create(rows)


def listed(client: Client, query: str = "") -> list[str]:
    address = query if query.startswith("/") else DESK + query
    return [row.tracking_number for row in client.get(address).context["list"].rows]


def walk(client: Client, query: str) -> list[list[str]]:
    """All pages, forward; and the way back must show the same pages."""
    pages, addresses = [], [DESK + query]
    while True:
        shown = client.get(addresses[-1]).context["list"]
        pages.append([row.tracking_number for row in shown.rows])
        if not shown.next_url:
            break
        addresses.append(shown.next_url)
        assert len(pages) < 20, pages
    back = []
    for _ in pages[1:]:
        shown = client.get(shown.previous_url).context["list"]
        back.append([row.tracking_number for row in shown.rows])
    assert not shown.previous_url
    assert back[::-1] == pages[:-1]
    return pages


@pytest.mark.parametrize("order", Order.values)
@pytest.mark.parametrize("states", ["open", "open,closed"])
def test_the_pages_of_every_order_hold_each_complaint_once(
    desk: Client, many: list[Complaint], order: str, states: str
) -> None:
    pages = walk(desk, f"?state={states}&order={order}")
    wanted = {c.tracking_number for c in many if states != "open" or c.is_open}
    assert [len(page) for page in pages] == [10] * (len(wanted) // 10) + [len(wanted) % 10]
    shown = [number for page in pages for number in page]
    assert len(shown) == len(set(shown)) and set(shown) == wanted


def test_closed_complaints_come_after_all_open_ones_the_newest_closing_first(
    desk: Client, many: list[Complaint]
) -> None:
    by_number = {c.tracking_number: c for c in many}
    shown = [by_number[number] for page in walk(desk, "?state=open,closed") for number in page]
    kinds = [c.is_open for c in shown]
    assert kinds == sorted(kinds, reverse=True)
    closings = [c.closed_at for c in shown if c.closed_at]
    assert closings == sorted(closings, reverse=True)


def test_orders_sort_by_what_they_say(desk: Client, many: list[Complaint], gridville: Jurisdiction) -> None:
    by_number = {c.tracking_number: c for c in many}

    def shown(order: str) -> list[Complaint]:
        return [by_number[number] for page in walk(desk, f"?state=open&order={order}") for number in page]

    filed = [c.submitted_at for c in shown("oldest")]
    assert filed == sorted(filed)
    filed = [c.submitted_at for c in shown("newest")]
    assert filed == sorted(filed, reverse=True)
    changed = [c.updated_at for c in shown("changed")]
    assert changed == sorted(changed, reverse=True)
    for order, name in [("category", "category"), ("unit", "unit"), ("district", "district")]:
        names = [getattr(c, name).name["fr"] for c in shown(order) if getattr(c, name)]
        assert names == sorted(names), order
    assert [c.resolution_due_at is None for c in shown("left")][-3:] == [True] * 3, "without promise: last"


def test_a_complaint_filed_meanwhile_shifts_no_page(desk: Client, many: list[Complaint], soon: datetime) -> None:
    first = desk.get(DESK + "?order=newest").context["list"]
    before = listed(desk, first.next_url)
    build_complaint(now=soon + timedelta(minutes=1))
    assert listed(desk, first.next_url) == before


FILTERS = [
    *(f"state={state}" for state in (*State, "open", "closed", "open,closed")), "late=true", "service=roads", "category=pothole",
    "district=west", "unit=roads-dept", "bbox=-1,-1,9,9", "from=2026-01-01", "to=2100-01-01", "{onward}",
    "state=closed&unit=roads-dept", "state=closed&service=roads", "state=closed&district=w1", "state=reopened&unit=roads-dept",
    "state=open,closed&service=roads&district=west&late=true",
]  # fmt: skip
SEARCHES = ["litter", "trou", "pothole", "nothing-like-it", "GRI-", "{number}", "zineb canari", "rue torres", "%حفرة"]


def test_every_filter_order_and_search_takes_at_most_eight_statements(desk: Client, many: list[Complaint]) -> None:
    """For who looks after the whole city: nobody's list shows more, or is asked for more."""
    first = desk.get(DESK).context["list"]
    desk.post("/fr/desk/filters/", {"query": "unit=roads-dept&q=trou", "name": "Voirie"})
    orders = [f"state=open,closed&order={order}" for order in Order]
    searches = [f"{state}q={quote(words)}" for words in SEARCHES for state in ("", "state=closed&")]
    for query in [*FILTERS, *orders, *searches]:
        query = query.format(onward=first.next_url.partition("?")[2], number=many[0].tracking_number)
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(f"{DESK}?{query}").status_code == 200, query
        assert len(queries) <= 8, "\n".join([query, *(q["sql"][:300] for q in queries)])


def test_words_are_looked_up_among_those_of_the_unit(clerk: User, soon: datetime) -> None:
    """Not in the whole city's, beside all that the unit ever had: both grow for years."""
    copies(build_complaint(now=soon), 300)
    sql, values = Complaint.objects.visible_to(clerk).filter(words_match("mur")).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE complaints_complaint")
        cursor.execute(f"EXPLAIN {sql}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert re.search(r"Index Scan on complaint_search.*\n *Index Cond: \(\(unit_id = .*search @@", plan), plan


@pytest.mark.parametrize("query", ["?order=beauty", "?after=xxxx", "?before=W10", "?after=WzEsIngiLDEsMiwzXQ",
                                   "?after=WzAsIjIwMjYtMTEtMjdUMDA6MDA6MDArMDA6MDAiLDkyMjMzNzIwMzY4NTQ3NzU4MDcsMV0"])  # fmt: skip
def test_an_order_or_a_mark_that_is_none_is_refused(desk: Client, soon: datetime, query: str) -> None:
    build_complaint(now=soon)
    assert desk.get(DESK + query + "&state=open,closed").status_code == 400


SPELLINGS = [
    (
        "Un énorme trou devant l'école",
        ["ENORME", "enormes", "école", "ecole", "éco", "trous", "trou école", '"énorme trou"'],
    ),
    ("حفرة كبيرة أمام المدرسة", ["الحفرة", "مدرسة", "امام", "المدرسه", "كبيرة المدرسة"]),
    ("Kayna 7ofra f tri9 dial l7it", ["7ofra", "hofra", "7ofra tri9", "triq"]),
    ("Broken pavement near the fountain", ["broken", "pavement fountain", "fountian"]),
]


@pytest.mark.parametrize(("text", "words"), SPELLINGS, ids=["fr", "ar", "darija", "en"])
def test_words_are_found_as_people_spell_them(
    desk: Client, gridville: Jurisdiction, soon: datetime, text: str, words: list[str]
) -> None:
    build_complaint("noise", at=(3.5, 0.5), now=soon, description="Musique")
    wanted = build_complaint("noise", at=(3.5, 0.5), now=soon, description=text)
    for typed in words:
        assert listed(desk, f"?q={quote(typed)}") == [wanted.tracking_number], typed


def test_streets_numbers_and_people_are_found_open_and_closed(
    signed_in: SignIn, clerk: User, gridville: Jurisdiction, soon: datetime
) -> None:
    is_open = build_complaint("pavement", now=soon, location_text="12, rue Mohammed Torres")
    closed = build_complaint("pavement", now=soon, location_text="Rue Mohammed Torrès 99")
    change_state(closed.pk, Verb.RESOLVE, acting_user=clerk, now=soon, note="Fait.")
    Reporter.objects.update(name="Zinèb El Canari", email="z.canari@example.org", phone="+212612345678")
    both = [is_open.tracking_number, closed.tracking_number]
    client = signed_in(clerk)
    people = ("zineb", "Zin", "canari zineb", "z.canari@", "612345678", "06 12 34 56 78", "+212 612-345678", "45678")
    for typed in ("rue torres", "Torres 12", *people):
        found = listed(client, f"?q={quote(typed)}")
        assert found == (both[:1] if typed == "Torres 12" else both), typed
    assert listed(client, f"?q={closed.tracking_number}") == [closed.tracking_number]
    assert listed(client, f"?q={closed.tracking_number[:8]}&state=closed") == [closed.tracking_number]
    mistyped = client.get(f"{DESK}?q={closed.tracking_number[:-1]}").context["list"]
    assert [row.tracking_number for row in mistyped.rows] == [closed.tracking_number], "as far as it was typed"
    # A hundred percent is no wildcard, and an apostrophe ends no statement.
    for typed in ("%%%", "___", "o'connor", "\\\\", "a:b & c | !d", "''"):
        assert listed(client, f"?q={quote(typed)}") == [], typed


def test_a_person_is_found_by_the_unit_that_answers_and_goes_with_the_case(
    signed_in: SignIn, clerk: User, triage_officer: User, gridville: Jurisdiction, soon: datetime
) -> None:
    complaint = build_complaint("pavement", now=soon)
    Reporter.objects.update(name="فاطمة الإدريسي")
    office = build_staff("olga", Role.OFFICE, gridville)
    other = build_staff("waste", Role.CLERK, gridville, unit="waste-south")
    for typed in ("الإدريسي", "ادريسي", "فاطم"):
        assert listed(signed_in(clerk), f"?q={quote(typed)}") == [complaint.tracking_number], typed
        assert listed(signed_in(office), f"?q={quote(typed)}") == [], "it would tell who filed"
    hand_over(complaint.pk, gridville.units.get(code="waste-south"), acting_user=triage_officer, now=soon)
    assert listed(signed_in(other), f"?q={quote('الإدريسي')}") == [complaint.tracking_number]
    assert listed(signed_in(triage_officer), f"?q={quote('الإدريسي')}") == [complaint.tracking_number]
    assert listed(signed_in(clerk), f"?q={quote('الإدريسي')}") == []


def test_what_only_sounds_alike_is_shown_as_such_and_only_to_who_may_read_it(
    signed_in: SignIn, gridville: Jurisdiction, clerk: User, soon: datetime
) -> None:
    complaint = build_complaint(now=soon, description="tri9 mherrsa")
    shown = signed_in(clerk).get(DESK + "?q=triq").context["list"]
    assert shown.alike and [row.tracking_number for row in shown.rows] == [complaint.tracking_number]
    exact = signed_in(clerk).get(DESK + "?q=mherrsa").context["list"]
    assert not exact.alike
    office = build_staff("olga", Role.OFFICE, gridville)
    assert listed(signed_in(office), "?q=triq") == []


def test_a_period_is_counted_to_the_end(
    desk: Client, many: list[Complaint], soon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The office's figures lead to such lists: they must hold as many."""
    monkeypatch.setattr("complaints.desk.counts.PAGE_SIZE", 3)
    span = f"from={(soon - timedelta(days=30)).date()}&to={(soon + timedelta(days=2)).date()}"
    assert desk.get(DESK + f"?state=closed&{span}").context["list"].total == "9"
    assert desk.get(DESK + f"?state=open,closed&{span}").context["list"].total == str(len(many))


def test_what_the_form_has_no_field_for_is_said_and_kept(desk: Client, many: list[Complaint], soon: datetime) -> None:
    narrow = "service=roads&from=2026-01-01&to=2099-01-01&squares=10.512.509&bbox=-1,-1,5,5"
    html = desk.get(f"/en/desk/?{narrow}&category=pothole").content.decode()
    for name, value in (pair.split("=") for pair in narrow.split("&")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in html, name
    assert "filed from 1 January 2026 to 31 December 2098" in html and "in 1 square" in html and "Voirie en" in html
    assert 'name="category" value=' not in html
    assert "Only" not in desk.get("/en/desk/").content.decode().split("desk__tools")[0]


@pytest.mark.parametrize(
    ("squares", "numbers"),
    [
        ("16.32768.32767", ["in", "edge"]),
        ("16.32769.32766.32770.32766", []),
        ("16.32767.32767.32769.32767", ["beside"]),
    ],
)
def test_squares_hold_what_the_public_map_shows_in_them(
    desk: Client, gridville: Jurisdiction, soon: datetime, squares: str, numbers: list[str]
) -> None:
    side = 360 / 2**16
    places = {"in": (0.5 * side, 0.5 * side), "edge": (0.0, 0.5 * side), "beside": (1.0 * side, 0.5 * side)}
    found = {name: build_complaint(at=(x * 100, y * 100), now=soon) for name, (x, y) in places.items()}
    for flaw in ({"visibility": "hidden"}, {"default_point_suspect": True}, {"place_shown": "district"}):
        odd = build_complaint(at=(0.5 * side * 100, 0.5 * side * 100), now=soon)
        Complaint.objects.filter(pk=odd.pk).update(**flaw)
    response = desk.get(DESK + f"?squares={squares}")
    assert sorted(row.tracking_number for row in response.context["list"].rows) == sorted(
        found[name].tracking_number for name in numbers
    )


@pytest.mark.parametrize(
    "squares",
    ["16", "16.1", "23.1.1", "16.70000.1", "16.1.1.", "x", "16.-1.1", "16." + ".".join(["1.1"] * 301), "١٦.1.1"],
)
def test_squares_that_are_none_are_refused(desk: Client, squares: str) -> None:
    assert desk.get(DESK + f"?squares={quote(squares)}").status_code == 400


def test_closed_complaints_are_counted_so_far_and_no_further(
    desk: Client, many: list[Complaint], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = desk.get(DESK + "?state=closed").context["list"]
    assert shown.total == "9"
    monkeypatch.setattr("complaints.desk.counts.CLOSED_CAP", 5)
    shown = desk.get(DESK + "?state=closed").context["list"]
    assert shown.total == "5+" and shown.tabs[-1].n == "5+"
    both = desk.get(DESK + "?state=open,closed").context["list"]
    assert both.total == f"{int(both.tabs[0].n) + 5}+", "the open ones are counted to the end"
    monkeypatch.setattr("complaints.desk.counts.PAGE_SIZE", 3)
    category = next(c.category.code for c in many if c.closed_at)
    assert desk.get(DESK + f"?category={category}").context["list"].tabs[-1].n == "3+", "under a filter: a page"
    monkeypatch.setattr("complaints.views.desk.listing._ENOUGH_FOR_A_TAB", 2)
    assert desk.get(DESK + f"?category={category}").context["list"].tabs[-1].n == "2+", "less where they are not listed"
    listed_closed = desk.get(DESK + f"?state=closed&category={category}").context["list"]
    assert (listed_closed.tabs[-1].n, listed_closed.total) == ("3+", "3+")
