"""A city pack's drawn map: made whole or not at all, and served by ranges as browsers read it."""

import json
import shutil
from pathlib import Path

import pyogrio
import pytest
from django.core.management import call_command
from django.test import RequestFactory
from pytest_django import Settings
from whitenoise.middleware import WhiteNoiseMiddleware

from districts.basemap import LAYERS, BasemapRefused, build_basemap

TETOUAN = Path(__file__).parents[2] / "fixtures" / "tetouan"


def test_every_layer_of_the_pack_is_in_the_map(tmp_path: Path) -> None:
    target = tmp_path / "basemap" / "tetouan.pmtiles"
    assert build_basemap(TETOUAN / "basemap", target) == len(LAYERS) + 1
    assert {name for name, _type in pyogrio.list_layers(target)} == {*LAYERS, "landmarks"}
    assert [path.name for path in target.parent.iterdir()] == ["tetouan.pmtiles"]
    assert target.stat().st_size < 500_000


def test_names_keep_their_letters(tmp_path: Path) -> None:
    target = tmp_path / "map.pmtiles"
    build_basemap(TETOUAN / "basemap", target)
    fields = set(pyogrio.read_info(target, layer="places")["fields"])
    assert {"class", "name_fr", "name_ar", "name_en"} <= fields


def test_a_broken_layer_leaves_the_old_map(tmp_path: Path) -> None:
    target = tmp_path / "map.pmtiles"
    target.write_bytes(b"the old one")
    folder = tmp_path / "layers"
    folder.mkdir()
    shutil.copy(TETOUAN / "basemap" / "water.geojson", folder)
    (folder / "roads.geojson").write_text(json.dumps({"type": "FeatureCollection"})[:-3])
    with pytest.raises(BasemapRefused):
        build_basemap(folder, target)
    assert target.read_bytes() == b"the old one"


def test_the_command_names_the_file_by_the_citys_code_and_it_is_served_by_ranges(
    tmp_path: Path, settings: Settings
) -> None:
    settings.MADE_STATIC_DIR = tmp_path / "made"
    call_command("build_basemap", str(TETOUAN))
    made = tmp_path / "made" / "basemap" / "tetouan.pmtiles"
    assert made.read_bytes().startswith(b"PMTiles")
    settings.STATICFILES_DIRS = [*settings.STATICFILES_DIRS, settings.MADE_STATIC_DIR]
    settings.STATIC_ROOT = tmp_path
    middleware = WhiteNoiseMiddleware(lambda request: pytest.fail("not served"))
    middleware.add_files(str(tmp_path / "made"), prefix="static/")
    request = RequestFactory().get("/static/basemap/tetouan.pmtiles", headers={"Range": "bytes=0-6"})
    response = middleware(request)
    assert response.status_code == 206
    assert b"".join(response) == b"PMTiles"


def test_a_folder_that_is_no_pack_is_a_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("build_basemap", str(tmp_path), "--json")
    assert json.loads(capsys.readouterr().out)["faults"][0]["code"] == "city_unreadable"
