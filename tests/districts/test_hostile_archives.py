"""Archives that lie, climb out, explode or hold nothing are refused by name; what several layers hold is asked."""

import io
import zipfile
from pathlib import Path

import pytest

from districts.topology import archives
from tests.districts.drawn import archive, collection, quarters, zipped_shapefile
from tests.districts.examined import Refused, examined

GOOD = collection(quarters())


def refused(data: bytes, name: str = "upload.zip") -> Refused:
    with pytest.raises(Refused) as caught:
        examined(data, name)
    return caught.value


def test_one_file_in_an_archive_is_read_wherever_it_lies() -> None:
    data = archive(
        {"a/b/districts.geojson": GOOD, "a/readme.txt": b"hello", "__MACOSX/a/._districts.geojson": b"\0\5\x16"}
    )
    assert examined(data, "upload.zip").ready


def test_a_kmz_is_read_as_the_archive_that_it_is() -> None:
    kml = (
        "<kml xmlns='http://www.opengis.net/kml/2.2'><Document><Placemark><name>Un</name><Polygon><outerBoundaryIs><LinearRing>"
        "<coordinates>0,0 0.04,0 0.04,0.02 0,0.02 0,0</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        "</Document></kml>"
    )
    found = examined(archive({"doc.kml": kml.encode()}), "city.kmz")
    assert found.header["read"] == 1 and "no_code_field" in found.codes


@pytest.mark.parametrize(
    "name", ["../../etc/cron.d/x.geojson", "/etc/x.geojson", "a/../../x.geojson", "..\\x.geojson", "C:\\x.geojson"]
)
def test_an_entry_that_climbs_out_is_refused(name: str) -> None:
    assert refused(archive({name: GOOD})).code == "archive_path"


def test_a_link_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        link = zipfile.ZipInfo("districts.geojson")
        link.external_attr = 0o120777 << 16
        made.writestr(link, "/etc/passwd")
    found = refused(packed.getvalue())
    assert (found.code, found.params["entry"]) == ("archive_link", "districts.geojson")


def test_a_bomb_is_refused_unopened() -> None:
    assert refused(archive({"districts.geojson": b"\0" * 60_000_000})).code == "archive_bomb"


def test_an_entry_that_lies_about_its_size_is_refused() -> None:
    data = bytearray(archive({"districts.geojson": GOOD}))
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = data.find(mark) + offset
        data[at : at + 4] = (10).to_bytes(4, "little")
    assert refused(bytes(data)).code in {"archive_broken", "archive_bomb"}


def test_too_many_entries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_ENTRIES", 3)
    assert refused(archive({f"{n}.geojson": GOOD for n in range(4)})).code == "archive_bomb"


@pytest.mark.parametrize("cut", [10, 200, -30])
def test_a_damaged_archive_is_refused(cut: int) -> None:
    assert refused(archive({"districts.geojson": GOOD})[:cut]).code == "archive_broken"


def test_a_damaged_entry_is_refused() -> None:
    data = bytearray(archive({"districts.geojson": GOOD}))
    data[80:120] = b"\xff" * 40
    assert refused(bytes(data)).code == "archive_broken"


def test_an_archive_with_a_password_is_refused() -> None:
    data = bytearray(archive({"districts.geojson": GOOD}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + offset] |= 1
    assert refused(bytes(data)).code == "archive_encrypted"


def test_an_archive_in_an_archive_is_not_opened() -> None:
    inner = archive({"districts.geojson": GOOD})
    assert refused(archive({"inner.zip": inner})).params["entry"] == "inner.zip"
    beside = examined(archive({"inner.dat": inner, "districts.geojson": GOOD}), "upload.zip")
    assert (beside.ready, beside.remarks) == (True, ["archive_ignored"])


@pytest.mark.parametrize("entries", [{}, {"readme.txt": b"hello"}, {"districts.dbf": b"\3" * 50}, {"a.geojson": b""}])
def test_an_archive_without_boundaries_says_what_it_holds(entries: dict[str, bytes]) -> None:
    assert refused(archive(entries)).code == "archive_without_layer"


def test_a_shapefile_without_one_of_its_parts_names_it(tmp_path: Path) -> None:
    whole = zipfile.ZipFile(zipped_shapefile(tmp_path, quarters()))
    for part in (".dbf", ".shx"):
        entries = {name: whole.read(name) for name in whole.namelist() if not name.endswith(part)}
        found = refused(archive(entries))
        assert (found.code, found.params["part"]) == ("missing_part", f"districts{part}")


def test_of_several_layers_one_must_be_named(tmp_path: Path) -> None:
    whole = zipfile.ZipFile(zipped_shapefile(tmp_path, quarters()))
    entries = {name: whole.read(name) for name in whole.namelist()}
    entries |= {name.replace("districts", "old"): content for name, content in entries.items()}
    data = archive(entries)
    found = refused(data)
    assert (found.code, found.params["layers"]) == ("several_layers", ["districts", "old"])
    assert examined(data, "upload.zip", source_layer="old").ready
    with pytest.raises(Refused) as unknown:
        examined(data, "upload.zip", source_layer="new")
    assert unknown.value.code == "unknown_layer"


def test_endings_in_capitals_are_endings(tmp_path: Path) -> None:
    whole = zipfile.ZipFile(zipped_shapefile(tmp_path, quarters()))
    assert examined(archive({name.upper(): whole.read(name) for name in whole.namelist()}), "upload.zip").ready
