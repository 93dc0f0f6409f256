"""Streets and assets as data: loaded whole or not at all, cut without losing a metre, and complaints measured by them."""

import json
from contextlib import suppress
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from accounts.models import User
from analytics.heat import heat
from analytics.layers.amounts import by_district, by_square
from analytics.measures import Measure
from analytics.models import Layer, LayerPiece
from analytics.tally.versions import version_of
from catalogue.models import Jurisdiction
from complaints.filter_grammar import parse_filters
from tests.builders import build_complaint

if TYPE_CHECKING:
    from tests.conftest import SignIn

STREETS, ASSETS = Layer.Kind.STREETS, Layer.Kind.ASSETS
NAMES = ("--name=fr=Bacs", "--name=ar=حاويات", "--name=en=Bins")
# From the middle of w1 over w2 to a quarter of e1, along a parallel: 0.0175 degrees of the equator.
STREET = {"type": "LineString", "coordinates": [[0.005, 0.005], [0.0225, 0.005]]}
KM_A_DEGREE = 111.3195


def write(folder: Path, *geometries: dict[str, Any] | None) -> Path:
    features = [{"type": "Feature", "properties": {}, "geometry": geometry} for geometry in geometries]
    file = folder / "layer.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return file


def load(file: Path, kind: Layer.Kind = STREETS, *more: str, city: str = "gridville") -> dict[str, Any]:
    out = StringIO()
    with suppress(SystemExit):
        call_command("load_layer", str(file), "--jurisdiction", city, "--kind", kind, "--json", *more, stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return told


def point(x: float, y: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [x, y]}


def test_streets_are_cut_at_squares_and_districts_without_losing_a_metre(
    gridville: Jurisdiction, tmp_path: Path
) -> None:
    told = load(write(tmp_path, STREET, {"type": "LineString", "coordinates": [[0.001, 0.001], [0.003, 0.013]]}))
    assert told["ok"] and told["counts"]["features"] == 2 and told["counts"]["loaded"] == 1
    slanting = ((0.002 * KM_A_DEGREE) ** 2 + (0.012 * 110.574) ** 2) ** 0.5
    whole = 0.0175 * KM_A_DEGREE + slanting
    for zoom in (17, 15, 12):
        assert sum(by_square(gridville, STREETS, zoom).values()) == pytest.approx(whole, rel=1e-4)
    assert by_district(gridville, STREETS) == pytest.approx(
        {"w1": 0.005 * KM_A_DEGREE + slanting, "w2": 0.01 * KM_A_DEGREE, "e1": 0.0025 * KM_A_DEGREE}, rel=1e-4
    )
    of_w2 = by_square(gridville, STREETS, 14, ["w2"])
    assert sum(of_w2.values()) == pytest.approx(0.01 * KM_A_DEGREE, rel=1e-4)


def test_assets_are_counted_one_by_one_even_on_one_spot(gridville: Jurisdiction, tmp_path: Path) -> None:
    many = {"type": "MultiPoint", "coordinates": [[0.005, 0.005], [0.015, 0.005]]}
    assert load(write(tmp_path, point(0.005, 0.005), many), ASSETS, *NAMES)["ok"]
    assert by_district(gridville, ASSETS) == {"w1": 2, "w2": 1}
    assert sorted(by_square(gridville, ASSETS, 16).values()) == [1, 2]


def test_the_same_again_changes_nothing_and_another_takes_its_place(gridville: Jurisdiction, tmp_path: Path) -> None:
    file = write(tmp_path, STREET)
    load(file)
    first = Layer.objects.get()
    assert load(file)["counts"]["unchanged"] == 1 and Layer.objects.get() == first
    load(write(tmp_path, {"type": "LineString", "coordinates": [[0.005, 0.005], [0.006, 0.005]]}))
    assert by_district(gridville, STREETS) == pytest.approx({"w1": 0.001 * KM_A_DEGREE}, rel=1e-4)
    assert Layer.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "code", "where"),
    [
        (point(0.005, 0.005), "wrong_geometry", "layer.geojson feature 2"),
        (None, "no_geometry", "layer.geojson feature 2"),
        ({"type": "LineString", "coordinates": [[500000, 3900000], [500010, 3900000]]}, "bad_coordinates", "feature 2"),
        ({"type": "LineString", "coordinates": [[0.005, 0.005], [0.005, 0.005]]}, "invalid_geometry", "feature 2"),
    ],
    ids=["a point", "nothing", "metres", "no length"],
)
def test_one_bad_street_keeps_all_out_and_is_named(
    gridville: Jurisdiction, tmp_path: Path, wrong: dict[str, Any] | None, code: str, where: str
) -> None:
    load(write(tmp_path, {"type": "LineString", "coordinates": [[0.005, 0.005], [0.006, 0.005]]}))
    before = list(LayerPiece.objects.values_list("pk"))
    [fault] = load(write(tmp_path, STREET, wrong))["faults"]
    assert fault["code"] == code and where in fault["where"]
    assert list(LayerPiece.objects.values_list("pk")) == before


def test_what_cannot_be_a_layer_is_refused(gridville: Jurisdiction, tmp_path: Path) -> None:
    far = write(tmp_path, {"type": "LineString", "coordinates": [[30, 30], [30.1, 30]]})
    broken = tmp_path / "broken.geojson"
    broken.write_text("{")
    for told, code in (
        (load(far), "outside_city"),
        (load(broken), "unreadable_file"),
        (load(tmp_path / "none.gpkg"), "missing_file"),
        (load(far, city="atlantis"), "unknown_jurisdiction"),
    ):
        assert [fault["code"] for fault in told["faults"]] == [code]
    assert {f["code"] for f in load(write(tmp_path, point(0.005, 0.005)), ASSETS)["faults"]} == {"missing_name"}
    assert not Layer.objects.exists()


def test_maps_show_complaints_per_kilometre_only_where_streets_were_loaded(
    gridville: Jurisdiction, client: Client, signed_in: "SignIn", office_user: User, tmp_path: Path
) -> None:
    for _ in range(6):
        build_complaint("pothole", at=(0.5, 0.5), now=timezone.now())
    page = "/en/office/?measure=per_km"
    office = signed_in(office_user)
    assert client.get("/api/v1/heat.json?measure=per_km&zoom=8").status_code == 400
    without = office.get(page)
    assert without.context["measure"] == "per_1000" and "Per km of street" not in without.content.decode()
    load(write(tmp_path, STREET))
    [cell] = client.get("/api/v1/heat.json?measure=per_km&zoom=9").json()["cells"]
    km = sum(amount for amount in by_square(gridville, STREETS, 12).values())
    assert cell["value"] == pytest.approx(6 / km, rel=1e-3) and cell["cases"] == 6
    tag = client.get("/api/v1/heat.json?measure=per_km&zoom=9")["ETag"]
    longer = {"type": "LineString", "coordinates": [[0.005, 0.005], [0.0225, 0.005], [0.0225, 0.006]]}
    load(write(tmp_path, longer))
    again = client.get("/api/v1/heat.json?measure=per_km&zoom=9", headers={"If-None-Match": tag})
    assert again.status_code == 200, "a copy from before the layer was loaded is not taken for right"
    with_streets = office.get(page)
    [area] = [area for area in with_streets.context["map_of_districts"].areas if area.code == "w1"]
    assert area.text == "w1 en: 10.8 per km (n = 6)"
    assert "Per km of street" in with_streets.content.decode() and "layer.geojson" in with_streets.content.decode()


def test_the_map_says_where_what_it_is_measured_by_comes_from(
    signed_in: "SignIn", office_user: User, gridville: Jurisdiction, tmp_path: Path
) -> None:
    client = signed_in(office_user)
    load(write(tmp_path, STREET), STREETS, "--source=Survey of 2024")
    told = client.get("/en/office/?measure=per_km").context
    assert told["measure_source"] == "made up en · Survey of 2024" and "2024" in told["heat"]["words"]["source"]
    assert client.get("/en/office/?measure=count").context["measure_source"] == "made up en"
    load(write(tmp_path, STREET), STREETS, "--source=made up")
    assert client.get("/ar/office/?measure=per_km").context["measure_source"] == "made up ar"


def test_what_was_loaded_can_be_taken_away(
    signed_in: "SignIn", office_user: User, gridville: Jurisdiction, tmp_path: Path
) -> None:
    load(write(tmp_path, STREET))
    before = version_of(gridville.pk, now=timezone.now()).number
    asked = ("load_layer", "--remove", "--jurisdiction", "gridville", "--kind", "streets", "--json")
    for removed in (1, 0):
        out = StringIO()
        with suppress(SystemExit):
            call_command(*asked, stdout=out)
        assert json.loads(out.getvalue())["counts"] == {"removed": removed}
    assert version_of(gridville.pk, now=timezone.now()).number == before + 1
    assert Measure.PER_KM not in signed_in(office_user).get("/en/office/").context["measures"]
    for more in ((), (str(tmp_path / "layer.geojson"), "--remove")):
        with pytest.raises(CommandError):
            call_command("load_layer", *more, "--jurisdiction", "gridville", "--kind", "streets")


def test_a_square_with_next_to_no_street_says_nothing(gridville: Jurisdiction, now: datetime, tmp_path: Path) -> None:
    load(write(tmp_path, {"type": "LineString", "coordinates": [[0.005, 0.005], [0.0051, 0.005]]}))
    for _ in range(6):
        build_complaint("pothole", at=(0.5, 0.5), now=now)
    [cell] = heat(parse_filters(QueryDict(""), now=now), Measure.PER_KM, 12, now=now).cells
    assert cell.value is None
