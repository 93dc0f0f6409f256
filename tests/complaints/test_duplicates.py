"""Suggestions of duplicates: good enough on towns of which it is known what is what, with reasons, and for the right eyes."""

from datetime import datetime, timedelta

import pytest
from django.contrib.gis.geos import Point
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from accounts.access import load_memberships
from accounts.models import User
from catalogue.models import Category, Jurisdiction
from catalogue.snapshot import current_snapshot
from complaints.demo.judging import Judgement, judge
from complaints.duplicates import Facts, likeness
from complaints.likeness import picture_distance, text_likeness, vocabulary
from complaints.models import Attachment, Complaint, Hotspot
from complaints.offers import merge_offers
from complaints.services.file_checks import process_due_attachments
from complaints.services.hotspot_search import find_hotspots
from complaints.services.merging import merge
from complaints.services.publication import review_text
from complaints.services.quarantine import NewFile
from complaints.services.transitions import change_state
from complaints.suggestions import suggest_to_clerk, suggest_to_public
from complaints.workflow import Verb
from tests.builders import SCALE, build_complaint
from tests.conftest import SignIn
from tests.sandbox.files import jpeg

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Five metres north, in Gridville units.
STEP = 5 / 1113.2


@pytest.fixture(scope="module")
def judged() -> list[Judgement]:
    """Towns that the weights were not fitted on; `./run bench duplicates` judges more."""
    return [judge(seed) for seed in (1, 2, 3, 4)]


def test_of_things_already_reported_four_in_five_are_found_among_the_first_three(judged: list[Judgement]) -> None:
    assert sum(j.findable for j in judged) > 300
    assert sum(j.found for j in judged) / sum(j.findable for j in judged) >= 0.8


def test_of_what_is_suggested_at_most_one_in_five_is_wrong(judged: list[Judgement]) -> None:
    assert sum(j.wrong for j in judged) / sum(j.shown for j in judged) <= 0.2


def test_alphabets_and_spellings_meet(judged: list[Judgement]) -> None:
    for pair in ("ar/fr", "ar/ary", "ary/fr"):
        hits = [hit for j in judged for hit in j.by_languages[pair]]
        assert sum(hits) / len(hits) >= 0.75, pair


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Trou devant l'école Ibn Sina", "trou, ecole ibn sina"),
        ("حفرة أمام صيدلية الزهراء", "7ofra hda pharmacie zahra"),
        ("قرب السوق", "près du souk"),
        ("lmdrasa Al Wahda", "مدرسة الوحدة"),
        ("numero 12 zen9a", "رقم ١٢ الزنقة"),
    ],
)
def test_the_same_names_are_alike_in_whatever_letters(one: str, other: str) -> None:
    alike, unlike = text_likeness(one, other), text_likeness(one, "panne au stade municipal")
    assert alike is not None
    assert unlike is not None
    assert alike > 0.3 > unlike


def test_words_that_name_the_category_set_nothing_apart() -> None:
    common = vocabulary(["trou", "route", "حفرة"])
    assert text_likeness("trou route", "trou sur la route", without=common) is None
    assert text_likeness("trou, café Atlas", "trou, café Mimosa", without=common) != 0
    assert text_likeness("", "trou") is None


def test_a_nearer_likelier_pair_scores_higher_and_the_score_is_symmetric() -> None:
    at = datetime.fromisoformat("2026-11-23T09:00:00+00:00")

    def facts(metres: float, *, category: int = 1, days: int = 0, text: str = "", looks: tuple[int, ...] = ()) -> Facts:
        return Facts(Point(0, metres / 111_320, srid=4326), 1, category, at + days * DAY, text, looks)

    here = facts(0, text="trou devant le café Atlas", looks=(0b1011,))
    ranked = [facts(5), facts(40), facts(120), facts(120, category=2), facts(120, category=2, days=12)]
    scores = [likeness(here, other).score for other in ranked]
    assert scores == sorted(scores, reverse=True)
    assert likeness(here, ranked[1]).score == likeness(ranked[1], here).score
    assert likeness(here, facts(60, text="café Atlas")).score > likeness(here, facts(60, text="boulangerie Nour")).score
    assert likeness(here, facts(60, looks=(0b1111,))).score > likeness(here, facts(60, looks=(~0b1011,))).score


def test_the_clerk_sees_likely_ones_of_her_desk_with_score_and_reasons(
    clerk: User, triage_officer: User, now: datetime
) -> None:
    known = build_complaint(now=now - DAY, description="Grand trou devant le café Atlas")
    build_complaint(at=(0.5, 0.9), now=now - DAY)
    other_unit = build_complaint("overflowing-bin", at=(0.5, 0.5 + 5 * STEP), now=now - HOUR)
    fresh = build_complaint(at=(0.5, 0.5 + STEP), now=now, description="Trou, cafe atlas")
    (found,) = suggest_to_clerk(fresh, clerk, now=now)
    assert found.complaint == known
    assert found.metres == 5
    assert found.score > 0.8
    assert [reason.speaks_for for reason in found.reasons][:1] == [True]
    assert other_unit not in [s.complaint for s in suggest_to_clerk(fresh, triage_officer, now=now)]


def test_what_was_closed_before_is_a_new_matter_and_what_is_merged_is_no_suggestion(clerk: User, now: datetime) -> None:
    closed = build_complaint(now=now - 5 * DAY)
    change_state(closed.pk, Verb.RESOLVE, acting_user=clerk, now=now - 3 * DAY, note="Fait", reason="no_trace")
    first, second, third = (build_complaint(now=now + n * HOUR) for n in range(3))
    merge(second.pk, first.pk, acting_user=clerk, now=now + 3 * HOUR)
    assert [s.complaint for s in suggest_to_clerk(third, clerk, now=now + 4 * HOUR)] == [first]
    assert suggest_to_clerk(Complaint.objects.get(pk=second.pk), clerk, now=now + 4 * HOUR) == []


def test_operators_and_strangers_get_no_suggestions(operator_user: User, outsider: User, now: datetime) -> None:
    one, other = (build_complaint("litter", at=(0.5, 1.5), now=now) for _ in range(2))
    assert suggest_to_clerk(one, operator_user, now=now) == []
    assert suggest_to_clerk(other, outsider, now=now) == []


def test_the_public_is_told_of_open_public_ones_by_what_is_public_only(
    gridville: Jurisdiction, moderator: User, now: datetime
) -> None:
    known = build_complaint(now=now - 2 * DAY, description="Trou devant le café Atlas")
    build_complaint("live-wire", now=now)
    build_complaint("noise", now=now)
    pothole = Category.objects.get(code="pothole")
    point = Point(0.5 * SCALE, (0.5 + 8 * STEP) * SCALE, srid=4326)

    def score(text: str) -> float:
        (found,) = suggest_to_public(point, pothole, current_snapshot(gridville), text=text, now=now)
        assert found.complaint == known
        return found.score

    # Unreleased words tell nothing, in no way.
    assert score("café Atlas") == score("boulangerie Nour")
    review_text(known.pk, release=True, acting_user=moderator, now=now)
    assert score("café Atlas") > score("boulangerie Nour")


def test_the_same_photo_is_known_again(clerk: User, now: datetime) -> None:
    scene = Image.radial_gradient("L").resize((800, 600)).convert("RGB")
    scene.paste((200, 40, 40), (100, 80, 400, 300))
    other_scene = Image.linear_gradient("L").resize((800, 600)).rotate(90).convert("RGB")
    pictures = [jpeg(scene), jpeg(scene.resize((640, 480)), quality=60), jpeg(other_scene)]
    rows = [
        build_complaint(at=(0.5, 0.5 + 9 * n * STEP), now=now, files=[NewFile("a.jpg", picture)])
        for n, picture in enumerate(pictures)
    ]
    process_due_attachments(now=now)
    looks = [look or 0 for look in Attachment.objects.order_by("complaint").values_list("look", flat=True)]
    assert picture_distance(looks[0], looks[1]) <= 4
    assert picture_distance(looks[0], looks[2]) > 16
    by_complaint = {s.complaint: s for s in suggest_to_clerk(rows[0], clerk, now=now)}
    assert any("photo" in reason.words for reason in by_complaint[rows[1]].reasons)
    assert not any(
        "photo" in reason.words for s in by_complaint.values() if s.complaint != rows[1] for reason in s.reasons
    )


def test_the_desk_offers_to_merge_the_later_into_the_earlier(clerk: User, now: datetime, signed_in: SignIn) -> None:
    early, late = build_complaint(now=now), build_complaint(now=now + HOUR)
    for complaint in (early, late):
        (offer,) = merge_offers(complaint, clerk, now=now + 2 * HOUR)
        assert offer.into == early.tracking_number
        assert offer.merge_url == f"/fr/desk/{late.tracking_number}/merge/"
    client = signed_in(clerk)
    assert "Peut-être la même chose" in client.get(f"/fr/desk/{early.tracking_number}/").content.decode()
    answer = client.post(offer.merge_url, {"number": offer.into, "seen": offer.seen, "next": offer.next})
    assert (answer.status_code, answer["Location"]) == (302, f"/fr/desk/{early.tracking_number}/")
    assert Complaint.objects.get(pk=late.pk).merged_into_id == early.pk


def test_the_words_of_a_report_being_written_travel_in_a_body(
    client: Client, gridville: Jurisdiction, now: datetime
) -> None:
    known = build_complaint(now=now)
    asked = {"category": "pothole", "longitude": "0.005", "latitude": "0.005", "description": "Trou"}
    page = client.post("/fr/report/check/", asked).content.decode()
    assert known.tracking_number in page


def test_suggestions_cost_three_statements_however_many_there_are(clerk: User, now: datetime) -> None:
    fresh = build_complaint(now=now)
    load_memberships(clerk)
    for n in range(12):
        build_complaint(at=(0.5, 0.5 + n * STEP), now=now, description=f"trou {n}")
    with CaptureQueriesContext(connection) as queries:
        assert len(suggest_to_clerk(fresh, clerk, now=now)) == 3
    assert len(queries) <= 5


def test_a_place_that_comes_back_is_a_hotspot(clerk: User, now: datetime, signed_in: SignIn, outsider: User) -> None:
    for round_ in range(4):
        at = now - (60 - 15 * round_) * DAY
        complaint = build_complaint(at=(0.5, 0.5 + round_ * STEP), now=at)
        if round_ < 3:
            change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=at + DAY, note="Fait", reason="no_trace")
    # Many at once are many reports, not a thing that comes back; a street full of holes is no spot.
    for _ in range(4):
        build_complaint("pavement", at=(0.7, 0.7), now=now)
    assert find_hotspots(now=now) == 1
    assert find_hotspots(now=now + HOUR) == 1
    spot = Hotspot.objects.get()
    assert (spot.count, spot.returns, spot.open_count) == (4, 3, 1)
    page = signed_in(clerk).get("/fr/desk/hotspots/").content.decode()
    assert complaint.tracking_number in page
    assert complaint.tracking_number not in signed_in(outsider).get("/fr/desk/hotspots/").content.decode()
