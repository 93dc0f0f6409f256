"""Maps: points while there are few, cells when there are many; heat that says n and keeps small numbers to itself."""

import math
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from analytics.feed import consume
from api import maps, tiles
from api.grid import bounds
from catalogue.models import Jurisdiction
from complaints.models import Complaint
from tests.builders import build_complaint
from tests.mvt import features

pytestmark = pytest.mark.django_db


def answer(client: Client, url: str) -> dict[str, Any]:
    response = client.get(url)
    assert response.status_code == 200, response.content
    return response.json()  # type: ignore[no-any-return]


def layers(client: Client, address: str) -> list[str]:
    """Names of the layers of a vector tile."""
    return list(features(client.get(f"/tiles/complaints/{address}").content))


def tile_of(longitude: float, latitude: float, zoom: int) -> tuple[int, int]:
    x = int((longitude + 180) / 360 * 2**zoom)
    y = int((0.5 - math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2)) / (2 * math.pi)) * 2**zoom)
    return x, y


def test_few_are_pins_in_the_language_of_the_page(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(at=(0.5, 0.5), now=now)
    hidden = build_complaint(now=now)
    Complaint.objects.filter(pk=hidden.pk).update(default_point_suspect=True)
    data = client.get("/api/v1/map.json?bbox=0,0,0.02,0.02&zoom=14", headers={"Accept-Language": "ar"}).json()
    number = complaint.tracking_number
    assert data == {
        "kind": "points",
        "n": 1,
        "points": [
            {
                "lon": 0.005, "lat": 0.005, "tracking_number": number, "state": "received",
                "state_label": data["points"][0]["state_label"], "service": "roads", "category": "pothole ar",
                "late": data["points"][0]["late"], "reports": 1, "url": f"/ar/complaints/{number}/",
            }
        ],
    }  # fmt: skip


def test_many_are_cells_that_count_all(
    client: Client, gridville: Jurisdiction, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maps, "FEW_ON_SCREEN", 4)
    for n in range(6):
        build_complaint("pothole" if n < 3 else "litter", at=(0.5 + 3 * (n % 2), 0.5), now=now)
    Complaint.objects.filter(pk=Complaint.objects.latest("pk").pk).update(state="resolved")
    data = answer(client, "/api/v1/map.json?zoom=12")
    assert (data["kind"], data["n"]) == ("cells", 6)
    assert sum(cell["n"] for cell in data["cells"]) == 6
    assert sum(cell["open"] for cell in data["cells"]) == 5
    assert {cell["service"] for cell in data["cells"]} == {None}
    assert answer(client, "/api/v1/map.json?zoom=12&bbox=0,0,0.01,0.02")["kind"] == "points"


def test_a_tile_carries_points_or_cells_never_both(
    client: Client, gridville: Jurisdiction, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "FEW", 2)
    for at in ((0.5, 0.5), (0.6, 0.5), (3.5, 1.5)):
        build_complaint(at=at, now=now)
    assert layers(client, "0/0/0.mvt") == ["cells"]
    x, y = tile_of(0.005, 0.005, 15)
    assert layers(client, f"15/{x}/{y}.mvt") == ["complaints"]
    assert layers(client, "0/0/0.mvt?bbox=0,0,0.01,0.01") == ["complaints"]
    assert client.get("/tiles/complaints/5/0/0.mvt").content == b""


def test_each_complaint_is_in_one_tile_of_a_zoom(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    # Zero longitude and latitude is a corner of four tiles.
    for at in ((0.0, 0.0), (0.5, 0.5)):
        build_complaint(at=at, now=now)
    seen = b"".join(client.get(f"/tiles/complaints/1/{x}/{y}.mvt").content for x in (0, 1) for y in (0, 1))
    for complaint in Complaint.objects.all():
        assert seen.count(complaint.tracking_number.encode()) == 1


def test_a_tile_is_cached_by_content(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    build_complaint(now=now)
    first = client.get("/tiles/complaints/0/0/0.mvt")
    assert first["Content-Type"] == "application/vnd.mapbox-vector-tile"
    assert "max-age" in first["Cache-Control"]
    again = client.get("/tiles/complaints/0/0/0.mvt", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    build_complaint(at=(0.2, 0.3), now=now)
    changed = client.get("/tiles/complaints/0/0/0.mvt", headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200


@pytest.mark.parametrize(
    "tile", ["0/1/0", "0/0/1", "3/8/0", "23/0/0", "5000/0/0", "99999999999/0/0", "1/-1/0", "1/a/0", "1/0/0.5"]
)
def test_a_tile_out_of_range_is_not_found(client: Client, gridville: Jurisdiction, tile: str) -> None:
    assert client.get(f"/tiles/complaints/{tile}.mvt").status_code == 404


def test_heat_counts_in_squares(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    for n in range(12):
        build_complaint(at=(0.5 if n < 8 else 3.5, 0.5), now=now - timedelta(days=n))
    data = answer(client, "/api/v1/heat.json?zoom=12")
    assert list(data) == [
        "measure", "unit_of_measure", "cell_zoom", "n", "unplaced", "period", "few_below", "cells", "classes",
    ]  # fmt: skip
    assert (data["measure"], data["n"], data["cell_zoom"]) == ("count", 12, 15)
    assert data["period"] == {"from": "2026-11-12", "to": "2026-11-23"}
    assert sorted(cell["value"] for cell in data["cells"]) == [4, 8]
    for cell in data["cells"]:
        west, south, east, north = bounds(data["cell_zoom"], cell["x"], cell["y"])
        assert west < cell["lon"] < east
        assert south < cell["lat"] < north
        assert cell["suppressed"] is False
    asked = answer(client, "/api/v1/heat.json?from=2026-11-01&to=2026-12-01")
    assert asked["period"] == {"from": "2026-11-01", "to": "2026-11-30"}


def test_too_few_of_a_sensitive_category_are_suppressed(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    for n in range(9):
        build_complaint("noise", at=(0.5 if n < 5 else 3.5, 0.5), now=now)
    cells = answer(client, "/api/v1/heat.json?category=noise")["cells"]
    assert [(cell["n"], cell["value"], cell["suppressed"]) for cell in cells] == [(5, 5.0, False)]


def test_too_few_cannot_be_found_by_subtraction(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    for category in ("noise", "pothole", "pothole"):
        build_complaint(category, at=(0.5, 0.5), now=now)
    with_noise = answer(client, "/api/v1/heat.json")
    without = answer(client, "/api/v1/heat.json?service=roads")
    assert with_noise["n"] == without["n"] == 2


def test_what_is_known_by_its_district_only_stands_on_no_square(
    client: Client, gridville: Jurisdiction, now: datetime
) -> None:
    for _ in range(6):
        build_complaint("vagrancy", now=now)
    data = answer(client, "/api/v1/heat.json")
    assert (data["cells"], data["n"], data["unplaced"]) == ([], 0, 6)


def test_heat_is_not_counted_again_for_who_has_it(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    build_complaint(now=now)
    consume(now=timezone.now())
    url = "/api/v1/heat.json?measure=per_1000"
    first = client.get(url)
    with CaptureQueriesContext(connection) as captured:
        again = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert not [query for query in captured if "analytics_squarecount" in query["sql"]]
    other = client.get(url, headers={"If-None-Match": first["ETag"], "Accept-Language": "ar"})
    assert other.status_code == 200, "a copy in another language is another one"
    build_complaint(at=(0.2, 0.3), now=now)
    assert client.get(url, headers={"If-None-Match": first["ETag"]}).json()["n"] == 2


def test_heat_per_resident_takes_the_districts_share_by_area(
    client: Client, gridville: Jurisdiction, now: datetime
) -> None:
    for _ in range(3):
        build_complaint(at=(0.5, 0.5), now=now)
    [cell] = answer(client, "/api/v1/heat.json?measure=per_1000&zoom=14")["cells"]
    west, south, east, north = bounds(17, cell["x"], cell["y"])
    share = (east - west) * (north - south) / (0.01 * 0.02)
    assert cell["value"] == pytest.approx(3 * 1000 / (2000 * share), rel=0.01) or cell["value"] is None
    [wide] = answer(client, "/api/v1/heat.json?measure=per_1000&zoom=8")["cells"]
    assert wide["value"] == pytest.approx(3 * 1000 / 4000, rel=0.02)


def test_heat_of_lateness_and_of_days(client: Client, gridville: Jurisdiction) -> None:
    now = timezone.now()
    rows = [build_complaint(at=(0.5, 0.5), now=now - timedelta(days=60)) for _ in range(4)]
    for row, days in zip(rows, (2, 4, 30), strict=False):
        closed = row.submitted_at + timedelta(days=days)
        Complaint.objects.filter(pk=row.pk).update(state="resolved", closed_at=closed, answered_at=closed)
    [cell] = answer(client, "/api/v1/heat.json?measure=late_share")["cells"]
    assert cell["value"] == 0.5, "one open and one closed after its deadline, of four"
    [cell] = answer(client, "/api/v1/heat.json?measure=median_days_to_resolve")["cells"]
    assert cell["value"] == 4


@pytest.mark.parametrize(
    ("url", "field"),
    [
        ("heat.json?measure=magic", "measure"),
        ("heat.json?zoom=-1", "zoom"),
        ("heat.json?zoom=23", "zoom"),
        ("heat.json?zoom=٣", "zoom"),
        ("map.json?zoom=99999999999999999999", "zoom"),
        ("map.json?bbox=nan,nan,nan,nan", "bbox"),
        ("map.json?jurisdiction=atlantis", "jurisdiction"),
    ],
)
def test_a_bad_parameter_is_named(client: Client, gridville: Jurisdiction, url: str, field: str) -> None:
    response = client.get(f"/api/v1/{url}")
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, field)
    assert client.get("/tiles/complaints/0/0/0.mvt?state=done").status_code == 400


@pytest.mark.parametrize(
    "url",
    [
        "map.json?zoom=12",
        "map.json?zoom=1",
        "heat.json",
        "heat.json?measure=per_1000",
        "../../tiles/complaints/0/0/0.mvt",
    ],
)
def test_the_number_of_statements_does_not_grow(
    client: Client, gridville: Jurisdiction, now: datetime, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setattr(maps, "FEW_ON_SCREEN", 10)
    address = "/tiles/complaints/0/0/0.mvt" if "tiles" in url else f"/api/v1/{url}"
    counted = []
    for _ in range(2):
        for _ in range(9):
            build_complaint(now=now)
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            client.get(f"{address}{'&' if '?' in address else '?'}district=west")
        counted.append(len(queries))
    assert max(counted) <= 8
