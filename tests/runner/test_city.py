"""Any city is a folder of data: ./run serves the one that it is given, and says which folder it cannot use."""

from pathlib import Path

import pytest

from runner.city import DEFAULT_PACK, NoCity, find_city
from runner.environment import WrongUse, compose
from runner.places import Places

CITY = 'code = "chefchaouen"\n[name]\nfr = "Chefchaouen"\nar = "شفشاون"\n'


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "packs" / "chefchaouen"
    folder.mkdir(parents=True)
    (folder / "city.toml").write_text(CITY, encoding="utf-8")
    return folder


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(var=tmp_path, sockets=tmp_path / "run", cluster=tmp_path / "pg", server_user=None)


def test_without_a_word_it_is_the_city_that_ships() -> None:
    city = find_city({})
    assert (city.folder, city.code, city.has_basemap) == (DEFAULT_PACK, "tetouan", True)


def test_the_streets_of_the_drawing_are_known_by_their_source() -> None:
    city = find_city({})
    assert city.streets is not None and city.streets.name == "roads.geojson"
    assert city.source.startswith("Tracé schématique")


def test_a_path_counts_from_where_run_was_called(pack: Path) -> None:
    city = find_city({"GEOPORTAL_CITY": "packs/chefchaouen", "RUN_CALLED_FROM": str(pack.parents[1])})
    assert (city.folder, city.code, city.name, city.has_basemap) == (pack, "chefchaouen", "Chefchaouen", False)
    assert city.streets is None and city.source == ""


def test_the_first_page_shows_the_city_that_is_loaded(pack: Path, places: Places) -> None:
    given = {"GEOPORTAL_CITY": str(pack)}
    assert compose(places, given).variables["DEFAULT_JURISDICTION"] == "chefchaouen"
    assert compose(places, given | {"DEFAULT_JURISDICTION": "fes"}).variables["DEFAULT_JURISDICTION"] == "fes"
    assert compose(places, {}).variables["DEFAULT_JURISDICTION"] == "tetouan"


@pytest.mark.parametrize(
    ("text", "word"),
    [(None, "city.toml"), ("code = ", "cannot be read"), ("name = 1", "code"), ('code = "Fès\'"', "hyphens")],
)
def test_a_folder_that_is_no_pack_stops_the_start_by_name(
    tmp_path: Path, places: Places, text: str | None, word: str
) -> None:
    if text is not None:
        (tmp_path / "city.toml").write_text(text, encoding="utf-8")
    with pytest.raises(NoCity, match=word):
        find_city({"GEOPORTAL_CITY": str(tmp_path)})
    with pytest.raises(WrongUse, match=word):
        compose(places, {"GEOPORTAL_CITY": str(tmp_path)})
