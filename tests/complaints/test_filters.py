"""One filter grammar for everybody: each parameter restricts, and refuses a value that it does not know."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import Http404, QueryDict
from django.test import RequestFactory

from catalogue.models import Jurisdiction
from complaints.filter_grammar import jurisdiction_of, parse_filters
from complaints.filters import FilterError
from complaints.models import Complaint
from tests.builders import SCALE, build_complaint, build_gridville

pytestmark = pytest.mark.django_db


@pytest.fixture
def five(gridville: Jurisdiction, now: datetime) -> dict[str, Complaint]:
    filed = {
        "pothole": build_complaint("pothole", at=(0.5, 0.5), now=now, description="Un trou énorme devant l'école"),
        "bin": build_complaint("overflowing-bin", at=(1.5, 1.5), now=now - timedelta(days=1), description="Sac"),
        "litter": build_complaint("litter", at=(2.5, 0.5), now=now - timedelta(days=2), description="أزبال في الشارع"),
        "noise": build_complaint("noise", at=(3.5, 0.5), now=now - timedelta(days=3)),
        "old": build_complaint("pothole", at=(3.5, 1.5), now=now - timedelta(days=40)),
    }
    Complaint.objects.filter(pk=filed["bin"].pk).update(state="resolved")
    return filed


def found(query: str, five: dict[str, Complaint], now: datetime, *, for_staff: bool = False) -> set[str]:
    filters = parse_filters(QueryDict(query), now=now)
    names = {complaint.pk: name for name, complaint in five.items()}
    return {names[c.pk] for c in filters.apply(Complaint.objects.public(), for_staff=for_staff)}


ALL = {"pothole", "bin", "litter", "noise", "old"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ALL),
        ("nonsense=1&utm_source=x", ALL),
        ("service=&state=&q=", ALL),
        ("service=roads", {"pothole", "old"}),
        ("service=roads,cleanliness", ALL - {"noise"}),
        ("service=roads&service=security", {"pothole", "old", "noise"}),
        ("category=litter", {"litter"}),
        ("district=w1", {"pothole"}),
        ("district=west", {"pothole", "bin"}),
        ("district=west,e1", {"pothole", "bin", "litter"}),
        ("unit=roads-dept", {"pothole", "old"}),
        ("state=open", ALL - {"bin"}),
        ("state=closed", {"bin"}),
        ("state=resolved,received", ALL),
        ("state=rejected", set()),
        ("late=true", {"old"}),
        ("late=false", ALL),
        ("from=2026-11-23", {"pothole"}),
        ("to=2026-11-23", ALL - {"pothole"}),
        ("from=2026-11-22T10:00:00%2B01:00&to=2026-11-23T10:00:00%2B01:00", {"bin"}),
        ("from=2026-11-22T10:00:00 01:00", {"pothole", "bin"}),
        ("from=2026-11-22T09:00:00Z&to=2026-11-22T10:00:01", {"bin"}),
        ("bbox=0,0,0.01,0.01", {"pothole"}),
        ("q=TROU%20enorme", set()),
        ("q=pothole", {"pothole", "old"}),
        ("q=zbel", {"bin"}),
        ("q=w2", set()),
        ("jurisdiction=gridville&service=roads&late=true", {"old"}),
    ],
)
def test_a_parameter_restricts(query: str, expected: set[str], five: dict[str, Complaint], now: datetime) -> None:
    assert found(query, five, now) == expected


@pytest.mark.parametrize("side", range(4))
def test_a_box_holds_what_lies_on_its_edge_and_nothing_a_centimetre_outside(
    side: int, five: dict[str, Complaint], now: datetime
) -> None:
    place = five["pothole"].public_point
    assert place is not None
    box = [place.x - 0.001, place.y - 0.001, place.x + 0.001, place.y + 0.001]
    box[side] = (place.x, place.y)[side % 2]
    assert found(f"bbox={','.join(map(repr, box))}", five, now) == {"pothole"}
    box[side] += 1e-7 if side < 2 else -1e-7
    assert found(f"bbox={','.join(map(repr, box))}", five, now) == set()


def test_staff_find_words_that_the_public_does_not_until_they_are_released(
    five: dict[str, Complaint], now: datetime
) -> None:
    for query in ("q=écoles enormes", "q=ÉCOLE", "q=éco"):
        assert found(query, five, now, for_staff=True) == {"pothole"}
        assert found(query, five, now) == set()
    assert found("q=الشارع", five, now, for_staff=True) == {"litter"}
    Complaint.objects.filter(pk=five["pothole"].pk).update(text_review="released")
    assert found("q=ecole", five, now) == {"pothole"}


@pytest.mark.parametrize("words", ["'", "a & | !", "\\", "(((", "%", "_", "🦊", "' OR 1=1 --", ":*", "a" * 200])
def test_no_words_break_the_search(words: str, five: dict[str, Complaint], now: datetime) -> None:
    query = QueryDict(mutable=True)
    query["q"] = words
    list(parse_filters(query, now=now).apply(Complaint.objects.all(), for_staff=True))


def test_a_number_is_found_whole_or_by_its_beginning(five: dict[str, Complaint], now: datetime) -> None:
    number = five["litter"].tracking_number
    for typed in (number, number.lower(), number.replace("-", " "), number[:9]):
        assert found(f"q={typed}", five, now) == {"litter"}


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("service=magic", "service"),
        ("category=roads", "category"),
        ("district=atlantis", "district"),
        ("district=west&unit=nobody", "unit"),
        ("state=done", "state"),
        ("state=Open", "state"),
        ("late=perhaps", "late"),
        ("from=yesterday", "from"),
        ("from=2026-02-30", "from"),
        ("to=0001-01-01", "to"),
        ("to=9999-12-31T23:59:59-14:00", "to"),
        ("to=2026-11-23T25:00:00", "to"),
        ("from=٢٠٢٦-١١-٢٣", "from"),
        ("bbox=1,2,3", "bbox"),
        ("bbox=nan,nan,nan,nan", "bbox"),
        ("bbox=-inf,0,inf,1", "bbox"),
        ("bbox=2,0,1,1", "bbox"),
        ("bbox=0,0,1,91", "bbox"),
        ("bbox=a,b,c,d", "bbox"),
        ("page_size=0", "page_size"),
        ("page_size=1001", "page_size"),
        ("page_size=100000000000000000000", "page_size"),
        ("page_size=-1", "page_size"),
        ("page_size=٣", "page_size"),
        ("cursor=abc", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTkuMQ", "cursor"),
        ("jurisdiction=atlantis", "jurisdiction"),
        ("q=%00", "q"),
        ("q=" + "a" * 201, "q"),
        ("service=roads%00", "service"),
    ],
)
def test_an_unknown_value_is_refused_by_name(
    query: str, parameter: str, gridville: Jurisdiction, now: datetime
) -> None:
    with pytest.raises(FilterError) as refused:
        parse_filters(QueryDict(query), now=now)
    assert refused.value.parameter == parameter
    assert str(refused.value.message)


def test_pages_hold_every_row_once_even_at_the_same_instant(gridville: Jurisdiction, now: datetime) -> None:
    rows = [build_complaint(now=now) for _ in range(7)]
    seen, cursor = [], ""
    while True:
        filters = parse_filters(QueryDict(f"page_size=3&cursor={cursor}"), now=now)
        page = filters.page(filters.apply(Complaint.objects.public()))
        seen += [complaint.pk for complaint in page.rows]
        if page.next is None:
            break
        cursor = str(page.next)
    assert seen == sorted((row.pk for row in rows), reverse=True)


def test_the_query_string_keeps_the_filter_and_takes_changes(gridville: Jurisdiction, now: datetime) -> None:
    filters = parse_filters(QueryDict("service=roads,cleanliness&q=é&x=1&cursor="), now=now)
    assert filters.query_string() == "service=roads%2Ccleanliness&q=%C3%A9"
    assert filters.query_string(service=None, state=["open", "closed"], **{"from": "2026-01-01"}) == (
        "q=%C3%A9&state=open&state=closed&from=2026-01-01"
    )


def test_with_several_cities_and_no_default_one_must_be_named(gridville: Jurisdiction, now: datetime) -> None:
    build_gridville("eastville", "EAS", shift=50)
    with pytest.raises(FilterError) as refused:
        parse_filters(QueryDict(""), now=now)
    assert refused.value.parameter == "jurisdiction"
    assert parse_filters(QueryDict("jurisdiction=eastville"), now=now).jurisdiction.code == "eastville"
    complaint = build_complaint(at=(50.5, 0.5), now=now)
    assert complaint.jurisdiction.code == "eastville"
    assert complaint.point.x == pytest.approx(50.5 * SCALE)


def test_the_city_of_a_page(gridville: Jurisdiction, settings: object) -> None:
    request = RequestFactory().get
    assert jurisdiction_of(request("/")).code == "gridville"
    with pytest.raises(Http404):
        jurisdiction_of(request("/?jurisdiction=atlantis"))


def test_it_costs_at_most_two_statements_to_parse(
    gridville: Jurisdiction, now: datetime, django_assert_max_num_queries: object
) -> None:
    parse_filters(QueryDict(""), now=now)
    with django_assert_max_num_queries(2):  # type: ignore[operator]
        parse_filters(QueryDict("jurisdiction=gridville&district=west&q=trou&service=roads"), now=now)


def test_dates_are_days_of_the_city(gridville: Jurisdiction, now: datetime) -> None:
    # Midnight in Gridville, which was an hour ahead of UTC until September 2026.
    since = parse_filters(QueryDict("from=2026-03-30"), now=now).since
    assert since == datetime(2026, 3, 29, 23, 0, tzinfo=UTC)
