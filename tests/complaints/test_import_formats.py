"""Old records as offices really keep them: encodings, delimiters, commas in numbers, broken rows, half-finished imports."""

import csv
import gzip
import json
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from catalogue.models import Jurisdiction
from complaints.history import importing
from complaints.history.importing import DEFAULT_POINT_AT, Import
from complaints.insertion import copy_rows
from complaints.models import Complaint, RoutingAlert
from tests.complaints.test_import import COLUMNS, read_mapping_of, row, run, write_csv


def reasons(folder: Path) -> list[str]:
    file = folder / "old.csv.rejected.csv"
    if not file.exists():
        return []
    with file.open(encoding="utf-8") as stream:
        return [entry["reason"] for entry in csv.DictReader(stream)]


@pytest.mark.parametrize("encoding", ["windows-1256", "utf-16", "utf-8", "iso-8859-6"])
def test_any_encoding_and_delimiter_with_decimal_commas(
    gridville: Jurisdiction, tmp_path: Path, now: datetime, encoding: str
) -> None:
    file = tmp_path / "old.csv"
    cells = row("1") | {"lon": "0,0051", "lat": "0,0052", "quarter": "w1"}
    lines = [
        ";".join(f" {name} " for name in [*COLUMNS, "ملاحظة"]),
        ";".join([*(cells[name] for name in COLUMNS), "حفرة كبيرة"]),
    ]
    lines += [lines[1].replace("0,0051", ""), lines[1].replace("0,0051", "hier")]
    file.write_bytes("\r\n".join(lines).encode(encoding))
    head = f'delimiter = ";"\ndecimal = ","\nencoding = "{encoding}"'
    report = run(gridville, file, now, head=head, columns='description = "ملاحظة"')
    assert report.ok, report.faults
    rejected = tmp_path / "old.csv.rejected.csv"
    mended = rejected.read_text(encoding=encoding)
    assert mended.count(";") == 3 * (len(COLUMNS) + 2) and "ملاحظة" in mended.splitlines()[0]
    old = Complaint.objects.get()
    assert (old.point.x, old.point.y, old.description) == (0.0051, 0.0052, "حفرة كبيرة")


def test_a_wrong_encoding_is_named(gridville: Jurisdiction, tmp_path: Path, now: datetime) -> None:
    file = tmp_path / "old.csv"
    file.write_bytes(",".join(COLUMNS).encode() + b"\n" + "é".encode("windows-1252") * 40)
    [fault] = run(gridville, file, now).faults
    assert fault.code == "unreadable_file" and "windows-1252" in fault.message


def test_a_row_with_a_delimiter_too_many_is_refused_and_nothing_shifts(
    gridville: Jurisdiction, tmp_path: Path, now: datetime
) -> None:
    file = write_csv(tmp_path, [row("1"), row("2")])
    lines = file.read_text().splitlines()
    lines[1] += ",surplus"
    lines[2] += ",, "
    file.write_text("\n".join(lines))
    counts = run(gridville, file, now).counts
    assert (counts["imported"], counts["rejected"]) == (1, 1)
    assert reasons(tmp_path) == ["wrong_columns"]


def test_a_broken_line_is_named_and_nothing_is_stored(
    gridville: Jurisdiction, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 1)
    file = write_csv(tmp_path, [row("1"), row("2")])
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines, '"never closed']))
    report = run(gridville, file, now)
    assert [fault.code for fault in report.faults] == ["unreadable_file"] and ", line " in report.faults[0].message
    assert not Complaint.objects.exists()  # the first look at the file found it, before anything was stored


def test_an_interrupted_import_goes_on_where_it_stopped(
    gridville: Jurisdiction, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 2)
    file = write_csv(tmp_path, [row(str(n)) for n in range(7)])
    calls = []

    def die(rows: list[Complaint]) -> None:
        calls.append(rows)
        if len(calls) > 6:  # in the middle of the second batch
            raise KeyboardInterrupt
        copy_rows(rows)

    monkeypatch.setattr(importing, "copy_rows", die)
    with pytest.raises(KeyboardInterrupt):
        run(gridville, file, now)
    assert Complaint.objects.count() == 2
    monkeypatch.setattr(importing, "copy_rows", copy_rows)
    counts = run(gridville, file, now).counts
    assert (counts["skipped_existing"], counts["imported"], Complaint.objects.count()) == (2, 5, 7)


def test_a_default_point_is_told_with_its_place(gridville: Jurisdiction, tmp_path: Path, now: datetime) -> None:
    rows = [row(str(n), (1.5, 1.5)) for n in range(DEFAULT_POINT_AT)] + [row("other")]
    [remark] = run(gridville, write_csv(tmp_path, rows), now).remarks
    assert (remark.code, remark.where) == ("default_point", "0.0150000, 0.0150000")
    assert str(DEFAULT_POINT_AT) in remark.message


def test_points_survive_their_packing() -> None:
    for point in [(-180.0, -90.0), (180.0, 90.0), (-5.3684, 35.5727), (0.0, 0.0), (0.0000001, -0.0000001)]:
        assert importing._point_of(importing._key(*point)) == pytest.approx(point, abs=1e-9)


def test_only_what_is_still_open_raises_an_alert(gridville: Jurisdiction, tmp_path: Path, now: datetime) -> None:
    nowhere = (3.8, 1.8)
    closed = row("2", nowhere, kind="Anything", status="Closed", closed="1/3/18 8:43")
    run(gridville, write_csv(tmp_path, [row("1", nowhere, kind="Anything"), closed]), now)
    assert list(RoutingAlert.objects.values_list("complaint__source_id", "kind")) == [("1", "no_unit")]


def test_one_source_is_imported_once_at_a_time(
    gridville: Jurisdiction, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "alone", contextmanager(lambda name: iter([False])))
    assert [f.code for f in run(gridville, write_csv(tmp_path, [row("1")]), now).faults] == ["already_running"]


def feature(number: str, **more: object) -> dict[str, object]:
    properties = {key: value for key, value in row(number).items() if key not in {"lon", "lat"}}
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": [0.005, 0.005]}}


def test_geojson_with_byte_order_mark_and_compressed(gridville: Jurisdiction, tmp_path: Path, now: datetime) -> None:
    collection = {"type": "FeatureCollection", "name": "x", "features": [feature("1"), {"type": "Feature"}, 7]}
    file = tmp_path / "old.csv.gz"
    file.write_bytes(gzip.compress(b"\xef\xbb\xbf" + json.dumps(collection).encode()))
    counts = run(gridville, file, now, format="geojson").counts
    assert (counts["read"], counts["imported"], counts["rejected"]) == (3, 1, 2)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::26191"}}, '
         '"features": []}', "26191"),
        ('{"type": "FeatureCollection"}', "FeatureCollection"),
        ('{"type": "FeatureCollection", "features": [{', "JSON"),
        ("[[[[[[[[" * 5000, ""),
        ("", ""),
    ],
)  # fmt: skip
def test_geojson_that_is_none_is_a_fault(
    gridville: Jurisdiction, tmp_path: Path, now: datetime, content: str, told: str
) -> None:
    file = tmp_path / "old.geojson"
    file.write_text(content)
    [fault] = run(gridville, file, now, format="geojson").faults
    assert fault.code == "unreadable_file" and told in fault.message


def test_geojson_that_says_it_is_wgs84_is_taken(gridville: Jurisdiction, tmp_path: Path, now: datetime) -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    file = tmp_path / "old.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature("1")]}))
    assert run(gridville, file, now, format="geojson").counts["imported"] == 1


@pytest.mark.parametrize(
    "wrong",
    ['delimiter = ";;"', 'decimal = "x"', 'encoding = "klingon"', "[endpoint]\nsince = 5", "[endpoint]\npage_size = 0"],
)
def test_a_mapping_that_cannot_be_meant_is_refused(gridville: Jurisdiction, tmp_path: Path, wrong: str) -> None:
    more = {"tail": wrong} if wrong.startswith("[") else {"head": wrong}
    assert len(read_mapping_of(tmp_path, gridville, **more).faults) == 1


def test_the_import_reads_no_more_than_a_batch_at_a_time(
    gridville: Jurisdiction, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory does not grow with the file: what is held is one batch of rows."""
    monkeypatch.setattr(importing, "BATCH", 10)
    held: list[int] = []
    real = Import._import_batch

    def watch(self: Import, rows: list[object], *more: object) -> None:
        held.append(len(rows))
        real(self, rows, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(Import, "_import_batch", watch)
    run(gridville, write_csv(tmp_path, [row(str(n)) for n in range(35)]), now)
    assert held == [10, 10, 10, 5]
