"""The desk's map: tiles of exactly what its list holds, at the places that the person may know."""

from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Role, User
from analytics.mercator import column_row
from catalogue.models import Jurisdiction
from complaints.models import Complaint
from tests.builders import build_complaint, build_enough, build_staff
from tests.complaints.test_desk import copies
from tests.conftest import SignIn
from tests.mvt import features

# It covers all of Gridville.
TILE = "/fr/desk/tiles/12/2048/2047.mvt"


@pytest.fixture
def soon() -> datetime:
    return timezone.now()


def told(client: Client, query: str = "", tile: str = TILE) -> dict[str, list[dict[str, object]]]:
    response = client.get(tile + query)
    assert response.status_code == 200, response.content
    return features(response.content)


def numbers(client: Client, query: str = "") -> set[object]:
    return {row["tracking_number"] for row in told(client, query).get("complaints", [])}


def test_few_are_points_with_what_a_popup_says(signed_in: SignIn, clerk: User, soon: datetime) -> None:
    complaint = build_complaint(now=soon)
    Complaint.objects.filter(pk=complaint.pk).update(joined_count=2)
    client = signed_in(clerk)
    assert told(client) == {
        "complaints": [
            {
                "tracking_number": complaint.tracking_number, "state": "received", "service": "roads",
                "category": "pothole", "late": False, "reports": 3,
            }
        ]
    }  # fmt: skip
    response = client.get(TILE)
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Type"] == "application/vnd.mapbox-vector-tile"


def test_many_are_counted_and_none_is_left_out(signed_in: SignIn, clerk: User, soon: datetime) -> None:
    copies(build_complaint(now=soon), 450)
    found = told(signed_in(clerk))
    assert list(found) == ["cells"]
    assert [(cell["n"], cell["open"], cell["service"], cell["zoom"]) for cell in found["cells"]] == [
        (451, 451, "roads", 14)
    ]


def test_the_map_holds_what_the_list_holds(signed_in: SignIn, clerk: User, soon: datetime) -> None:
    ours, theirs = build_complaint(now=soon), build_complaint("litter", now=soon)
    closed = build_complaint(now=soon, description="Fontaine")
    Complaint.objects.filter(pk=closed.pk).update(state="resolved", closed_at=soon)
    Complaint.objects.filter(pk=ours.pk).update(visibility="hidden")
    client = signed_in(clerk)
    assert numbers(client) == {ours.tracking_number}, "hidden from the world, not from who answers"
    assert theirs.unit_id != ours.unit_id
    assert numbers(client, "?state=resolved") == {closed.tracking_number}
    assert numbers(client, "?q=fontaine") == {closed.tracking_number}
    assert numbers(client, f"?q={theirs.tracking_number}") == set()
    assert numbers(client, "?bbox=0.02,0,0.03,0.02") == set()
    other = signed_in(build_staff("fatima", Role.CLERK, theirs.jurisdiction, unit=theirs.unit.code))
    assert ours.tracking_number not in numbers(other)


def test_the_office_gets_the_places_that_the_public_gets(
    signed_in: SignIn, office_user: User, gridville: Jurisdiction, soon: datetime
) -> None:
    *_others, noise = build_enough("noise", at=(0.512, 0.634), now=soon)
    domestic = build_complaint("domestic", now=soon)
    assert noise.public_point is not None and noise.point != noise.public_point
    deep = "/fr/desk/tiles/22/{}/{}.mvt"

    def has(client: Client, x: float, y: float, number: str) -> bool:
        tile = deep.format(*(int(number) for number in column_row(x, y, 22)))
        return any(row.get("tracking_number") == number for row in told(client, tile=tile).get("complaints", []))

    office = signed_in(office_user)
    assert has(office, noise.public_point.x, noise.public_point.y, noise.tracking_number)
    assert not has(office, noise.point.x, noise.point.y, noise.tracking_number)
    assert domestic.tracking_number not in numbers(office), "a place that is never shown"
    # Who answers for some and oversees the rest knows where the former are, no more.
    both = build_staff("both", Role.CLERK, gridville, unit=noise.unit.code)
    Membership.objects.create(user=both, role=Role.OFFICE, jurisdiction=gridville)
    assert has(signed_in(both), noise.point.x, noise.point.y, noise.tracking_number)
    away = gridville.units.exclude(pk=noise.unit_id).first()
    assert away is not None
    Membership.objects.filter(user=both, role=Role.CLERK).update(unit=away)
    assert not has(signed_in(both), noise.point.x, noise.point.y, noise.tracking_number)
    assert has(signed_in(both), noise.public_point.x, noise.public_point.y, noise.tracking_number)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("12/2048/2047.mvt?state=nonsense", 400),
        ("12/2048/2047.mvt?category=dragons", 400),
        ("3/8/0.mvt", 404),
        ("23/0/0.mvt", 404),
        ("99999999999/0/0.mvt", 404),
    ],
)
def test_what_is_no_tile_or_no_filter_is_said(
    signed_in: SignIn, clerk: User, soon: datetime, address: str, status: int
) -> None:
    assert signed_in(clerk).get(f"/fr/desk/tiles/{address}").status_code == status
