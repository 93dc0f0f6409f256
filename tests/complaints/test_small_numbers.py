"""Few cases of a sensitive category: no answer to the world, whatever the filter, tells where they lie."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from catalogue.models import Jurisdiction
from complaints.models import Complaint, PlaceCount, PlaceRecount
from complaints.services.allocation import recategorise
from complaints.services.publication import hide, unhide
from complaints.services.small_places import recount_everything, settle_places
from complaints.small_numbers import Cases, published
from complaints.tasks import recount_places
from complaints.tasks import settle_places as sweep
from geoportal.invariants import violations
from tests.builders import SCALE, build_complaint, build_enough

pytestmark = pytest.mark.django_db
K = 5
DISTRICTS = ("w1", "w2", "e1", "e2")


def dump(client: Client, query: str = "") -> dict[str, dict[str, str]]:
    """The open data by number."""
    response = client.get(f"/api/v1/complaints.csv?{query}")
    assert response.status_code == 200
    return {row["tracking_number"]: row for row in csv.DictReader(io.StringIO(b"".join(response).decode()))}


def shown(complaint: Complaint) -> tuple[str, bool]:
    complaint.refresh_from_db()
    return complaint.place_shown, complaint.public_point is not None


def test_a_cell_is_shown_from_the_kth_case_on_and_the_earlier_ones_with_it(
    gridville: Jurisdiction, now: datetime
) -> None:
    rows = [build_complaint("noise", at=(0.5, 0.5), now=now) for _ in range(K - 1)]
    assert {shown(row) for row in rows} == {("city", False)}
    rows += [build_complaint("noise", at=(0.5, 1.5), now=now)]
    assert {shown(row) for row in rows} == {("district", True)}, "five in the district, four and one in its cells"
    rows += [build_complaint("noise", at=(0.5, 0.5), now=now)]
    assert [shown(row)[0] for row in rows] == ["grid"] * 4 + ["district", "grid"]


def test_a_new_place_is_withheld_until_it_is_counted(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    *_rest, last = build_enough("noise", now=now)
    Complaint.objects.filter(pk=last.pk).update(place_shown="withheld", public_point=None)
    row = dump(client)[last.tracking_number]
    assert (row["district"], row["unit"], row["longitude"], row["place_precision"]) == ("", "", "", "city")


def test_what_is_not_sensitive_is_shown_at_once_and_not_counted(gridville: Jurisdiction, now: datetime) -> None:
    assert shown(build_complaint("pothole", now=now)) == ("exact", True)
    assert shown(build_complaint("domestic", now=now)) == ("never", False)
    assert not PlaceCount.objects.exists() and not PlaceRecount.objects.exists()


def test_the_public_page_and_the_detail_name_neither_place_nor_area_of_few(
    client: Client, gridville: Jurisdiction, now: datetime
) -> None:
    gridville.categories.filter(code="litter").update(publication="grid")
    few = build_complaint("litter", at=(0.5, 1.5), now=now)
    page = client.get(f"/en/complaints/{few.tracking_number}/").content.decode()
    assert "Somewhere in the city" in page
    for secret in ("w1 en", "north en", "waste-north", '"place"'):
        assert secret not in page, f"{secret} tells the area"
    facts = client.get(f"/api/v1/complaints/{few.tracking_number}/").json()
    assert facts["geometry"] is None
    told = facts["properties"]
    assert (told["district"], told["unit"], told["place_precision"]) == (None, None, "city")
    assert few.tracking_number in client.get("/en/").content.decode()


def test_no_map_shows_few(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    build_complaint("noise", now=now)
    assert client.get("/tiles/complaints/10/512/511.mvt").content == b""
    assert client.get("/api/v1/map.json").json()["n"] == 0
    heat = client.get("/api/v1/heat.json").json()
    assert (heat["cells"], heat["n"], heat["unplaced"]) == ([], 0, 1)


def test_where_units_answer_by_area_each_part_of_a_district_needs_its_own_k(
    client: Client, gridville: Jurisdiction, now: datetime
) -> None:
    gridville.categories.filter(code="litter").update(publication="grid")
    for _ in range(K):
        build_complaint("litter", at=(0.5, 1.5), now=now)
    south = build_complaint("litter", at=(0.5, 0.2), now=now)
    row = dump(client)[south.tracking_number]
    assert (row["district"], row["unit"]) == ("", ""), "one case of waste-south in w1 is one case"


def test_a_place_that_many_records_share_by_default_is_counted_with_its_district_only(
    gridville: Jurisdiction, now: datetime
) -> None:
    rows = build_enough("noise", now=now)
    Complaint.objects.filter(pk__in=[row.pk for row in rows]).update(default_point_suspect=True, place_cell=None)
    recount_everything(now=now)
    settle_places(now=now)
    assert {shown(row)[0] for row in rows} == {"district"}


def test_hiding_and_moving_suppress_what_is_left_and_coming_back_waits_to_be_counted(
    gridville: Jurisdiction, now: datetime, moderator: User, triage_officer: User
) -> None:
    first, *rest = build_enough("noise", now=now)
    hide(first.pk, acting_user=moderator, now=now)
    settle_places(now=now)
    assert {shown(row)[0] for row in rest} == {"city"}
    unhide(first.pk, acting_user=moderator, now=now)
    assert shown(first) == ("withheld", False)
    settle_places(now=now)
    assert {shown(row)[0] for row in [first, *rest]} == {"grid"}
    recategorise(first.pk, "vagrancy", acting_user=triage_officer, now=now)
    settle_places(now=now)
    assert {shown(row)[0] for row in rest} == {"city"} and shown(first)[0] == "city"
    recategorise(first.pk, "pothole", acting_user=triage_officer, now=now)
    settle_places(now=now)
    assert shown(first)[0] == "exact"


def test_merged_complaints_count_once(gridville: Jurisdiction, now: datetime) -> None:
    first, second, *rest = build_enough("noise", now=now)
    Complaint.objects.filter(pk=second.pk).update(merged_into=first)
    recount_places()
    sweep()
    assert {shown(row)[0] for row in [first, *rest]} == {"city"}
    assert shown(second) == ("withheld", False)


def test_another_k_is_heeded_without_being_asked(gridville: Jurisdiction, now: datetime) -> None:
    rows = build_enough("noise", now=now)
    Jurisdiction.objects.update(small_sample_k=K + 1)
    settle_places(now=now)
    assert {shown(row)[0] for row in rows} == {"city"}
    Jurisdiction.objects.update(small_sample_k=2)
    settle_places(now=now)
    assert {shown(row)[0] for row in rows} == {"grid"}


def test_a_request_that_was_rolled_back_with_its_change_is_not_counted(gridville: Jurisdiction, now: datetime) -> None:
    with transaction.atomic():
        build_complaint("noise", now=now)
        transaction.set_rollback(True)
    assert not PlaceRecount.objects.exists() and not PlaceCount.objects.exists()


def test_words_about_the_place_do_not_find_few(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    few = build_complaint("noise", now=now, description="Musique la nuit", location_text="Rue Secrète")
    exact = build_complaint("pothole", now=now, description="Trou", location_text="Rue Secrète")
    Complaint.objects.update(text_review="released")
    assert dump(client, "q=secrete").keys() == {exact.tracking_number}
    assert few.tracking_number in dump(client, "q=musique")


# --- The rule, and its watchers


@given(
    counts=st.lists(st.integers(0, 12), min_size=1, max_size=8),
    order=st.randoms(use_true_random=False),
    empty=st.integers(0, 3),
)
def test_what_is_left_over_could_always_lie_in_two_places(counts: list[int], order: Any, empty: int) -> None:
    ids = list(range(len(counts)))
    order.shuffle(ids)
    places = {place: Cases(n, ids[place] + 1 if n >= K else None) for place, n in enumerate(counts)}
    possible = len(places) + empty
    shown_places = published(places, K, possible=possible)
    assert all(places[place].n >= K for place in shown_places)
    left = sum(n for place, n in enumerate(counts) if place not in shown_places)
    if left and possible > 1:
        assert possible - len(shown_places) >= 2


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["file", "file", "file", "file", "hide", "move"]),
        st.sampled_from(["noise", "vagrancy", "litter"]),
        st.sampled_from([0.3, 0.31, 0.7, 1.3, 1.31, 2.5, 3.5]),
        st.sampled_from([0.4, 1.6]),
        st.integers(0, 10_000),
    ),
    min_size=12,
    max_size=45,
)


@pytest.fixture
def sensitive_litter(gridville: Jurisdiction) -> Jurisdiction:
    """Litter's units answer by area, so that the unit tells the place, too."""
    gridville.categories.filter(code="litter").update(publication="grid")
    return gridville


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_no_filter_tells_where_few_cases_lie(
    sensitive_litter: Jurisdiction, client: Client, now: datetime, moderator: User, triage_officer: User, steps: Any
) -> None:
    with transaction.atomic():
        for number, step in enumerate(steps):
            _play(step, now + timedelta(hours=number), moderator, triage_officer)
        settle_places(now=now)
        _assert_nothing_is_told(client)
        _assert_counting_from_scratch_changes_nothing(now)
        assert [v.invariant.code for v in violations(now) if "shown" in v.invariant.code] == []
        transaction.set_rollback(True)


def _play(step: tuple[str, str, float, float, int], at: datetime, moderator: User, officer: User) -> None:
    what, category, x, y, draw = step
    rows = Complaint.objects.public().filter(place_precision__in=("grid", "district")).order_by("pk")
    if what == "file" or not rows:
        build_complaint(category, at=(x, y), now=at)
    elif what == "hide":
        hide(rows[draw % len(rows)].pk, acting_user=moderator, now=at)
    else:
        row = rows[draw % len(rows)]
        recategorise(row.pk, "noise" if row.category.code != "noise" else "litter", acting_user=officer, now=at)


def _assert_nothing_is_told(client: Client) -> None:
    rows = dump(client)
    cells: Counter[tuple[str, ...]] = Counter()
    areas: Counter[tuple[str, ...]] = Counter()
    for row in rows.values():
        if row["place_precision"] == "grid":
            cells[row["category"], row["district"], row["longitude"], row["latitude"]] += 1
        if row["district"]:
            areas[row["category"], row["district"]] += 1
    assert all(n >= K for n in [*cells.values(), *areas.values()])
    told: dict[str, set[str]] = defaultdict(set)
    for query in _questions():
        for number in dump(client, query):
            told[number].add(query)
    for number, row in rows.items():
        asked = told[number]
        if not row["district"]:
            assert not any(query.startswith(("district", "bbox", "q=")) for query in asked), (row, asked)
        if not row["unit"]:
            assert not any(query.startswith("unit") for query in asked), (row, asked)
    # What is left over may lie in two districts at least.
    for category in {row["category"] for row in rows.values()}:
        of_category = [row for row in rows.values() if row["category"] == category]
        if any(not row["district"] for row in of_category):
            assert len({row["district"] for row in of_category} - {""}) <= len(DISTRICTS) - 2


def _questions() -> Iterator[str]:
    for code in ("west", "east", *DISTRICTS):
        yield f"district={code}"
        yield f"q={code}"
    for unit in ("waste-north", "waste-south", "registry", "bin-team"):
        yield f"unit={unit}"
    for west in range(4):
        yield f"bbox={west * SCALE},0,{(west + 1) * SCALE},{2 * SCALE}"
    yield "bbox=-1,-1,1,1"


def _assert_counting_from_scratch_changes_nothing(now: datetime) -> None:
    def state() -> list[Any]:
        rows = Complaint.objects.order_by("pk").values_list("pk", "place_shown", "public_point")
        counts = PlaceCount.objects.order_by("category", "district_code", "unit")
        return [list(rows), list(counts.values_list("category", "district_code", "unit", "n", "kth_id", "published"))]

    before = state()
    PlaceCount.objects.all().delete()
    Complaint.objects.filter(place_precision__in=("grid", "district")).update(place_shown="withheld", public_point=None)
    recount_everything(now=now)
    settle_places(now=now)
    assert state() == before
