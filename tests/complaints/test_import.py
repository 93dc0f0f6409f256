"""History from elsewhere: imported once, routed as a live complaint would be, refused rows explained, nobody written to."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import openpyxl
import pytest
from django.core.management import call_command

from catalogue.models import Jurisdiction
from catalogue.snapshot import current_snapshot
from complaints.history.importing import DEFAULT_POINT_AT, Import
from complaints.history.mapping import MappingResult, read_mapping
from complaints.models import Complaint, Event, RoutingDecision
from complaints.routing import decide
from notifications.models import OutboxMessage
from reporting.commands import Report
from tests.builders import SCALE

MAPPING = """
format = "{format}"
source = "old system"
{head}
[columns]
id = "nr"
longitude = "lon"
latitude = "lat"
submitted_at = "opened"
closed_at = "closed"
state = "status"
category = "kind"
stated_district = "quarter"
{columns}
[dates]
formats = ["%m/%d/%Y %I:%M:%S %p", "%m/%d/%y %H:%M", "%Y-%m-%dT%H:%M:%S"]
time_zone = "Africa/Casablanca"
[states]
Closed = "resolved"
Open = "received"
[categories]
"Hole" = "pothole"
"Bin" = "overflowing-bin"
"*" = "litter"
{tail}
"""

COLUMNS = ["nr", "lon", "lat", "opened", "closed", "status", "kind", "quarter"]


def row(nr: str, at: tuple[float, float] = (0.5, 0.5), **more: str) -> dict[str, str]:
    values = {"nr": nr, "lon": str(at[0] * SCALE), "lat": str(at[1] * SCALE), "opened": "01/02/2018 01:30:00 PM"}
    return {"closed": "", "status": "Open", "kind": "Hole", "quarter": ""} | values | more


def write_csv(folder: Path, rows: list[dict[str, str]]) -> Path:
    file = folder / "old.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return file


def read_mapping_of(
    folder: Path, city: Jurisdiction, *, format: str = "csv", head: str = "", columns: str = "", tail: str = ""
) -> MappingResult:
    """The mapping of this module, with more lines at its head, among its columns, or at its end."""
    file = folder / "mapping.toml"
    file.write_text(MAPPING.format(format=format, head=head, columns=columns, tail=tail), encoding="utf-8")
    return read_mapping(file, current_snapshot(city))


def run(city: Jurisdiction, file: Path, now: datetime, **mapping: str) -> Report:
    read = read_mapping_of(file.parent, city, **mapping)
    assert read.mapping is not None, read.faults
    return Import(city, read.mapping, now).run(file)


def test_rows_become_complaints_without_promises_or_messages(
    gridville: Jurisdiction, tmp_path: Path, now: datetime
) -> None:
    closed = row("2", status="Closed", closed="1/3/18 8:43", opened="1/2/18 0:05")
    report = run(gridville, write_csv(tmp_path, [row("1"), closed]), now)
    assert report.ok
    assert report.counts["imported"] == report.counts["read"] == 2
    old = Complaint.objects.get(source_id="2")
    assert (old.state, old.channel, old.answer_due_at) == ("resolved", "import", None)
    assert old.closed_at == datetime(2018, 1, 3, 8, 43, tzinfo=UTC)
    assert set(Event.objects.values_list("kind", flat=True)) == {"imported"}
    assert not OutboxMessage.objects.exists()


def test_a_second_run_imports_nothing(gridville: Jurisdiction, tmp_path: Path, now: datetime) -> None:
    file = write_csv(tmp_path, [row("1"), row("1"), row("2")])
    assert run(gridville, file, now).counts["imported"] == 2
    again = run(gridville, file, now).counts
    assert (again["imported"], again["skipped_existing"], Complaint.objects.count()) == (0, 3, 2)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"lon": "", "lat": ""}, "unlocated"),
        ({"lon": "0", "lat": "0.0"}, "unlocated"),
        ({"lon": "east"}, "bad_coordinates"),
        ({"lon": "nan"}, "bad_coordinates"),
        ({"lat": "1e999"}, "bad_coordinates"),
        ({"lon": "2.5", "lat": "48.8"}, "outside"),
        ({"nr": " "}, "missing_id"),
        ({"opened": "yesterday"}, "bad_date"),
        ({"opened": "01/02/2048 01:30:00 PM"}, "date_in_future"),
        ({"status": "Closed", "closed": "never"}, "bad_date"),
        ({"status": "Closed", "closed": "1/1/17 8:43"}, "closed_before_submitted"),
        ({"status": "Lost"}, "unknown_state"),
    ],
)
def test_a_refused_row_is_kept_with_its_reason(
    gridville: Jurisdiction, tmp_path: Path, now: datetime, bad: dict[str, str], reason: str
) -> None:
    report = run(gridville, write_csv(tmp_path, [row("1"), row("2") | bad]), now)
    assert (report.counts["imported"], report.counts["rejected"]) == (1, 1)
    with (tmp_path / "old.csv.rejected.csv").open(encoding="utf-8") as stream:
        rejected = list(csv.DictReader(stream))
    assert [entry["reason"] for entry in rejected] == [reason]


def test_the_stated_district_is_compared_by_code_or_name_of_any_level(
    gridville: Jurisdiction, tmp_path: Path, now: datetime
) -> None:
    rows = [row(str(n), quarter=stated) for n, stated in enumerate(["w1", "W1 EN", "west", "e2", ""])]
    counts = run(gridville, write_csv(tmp_path, rows), now).counts
    assert (counts["district_compared"], counts["district_agreed"]) == (4, 3)


def test_a_crowded_point_is_flagged_and_kept_off_nothing_else(
    gridville: Jurisdiction, tmp_path: Path, now: datetime
) -> None:
    rows = [row(str(n), (1.5, 1.5)) for n in range(DEFAULT_POINT_AT)] + [row("other")]
    counts = run(gridville, write_csv(tmp_path, rows), now).counts
    assert counts["default_point_suspects"] == DEFAULT_POINT_AT == counts["imported"] - 1
    assert not Complaint.objects.get(source_id="other").default_point_suspect


def test_batches_route_exactly_as_single_complaints_do(gridville: Jurisdiction, tmp_path: Path, now: datetime) -> None:
    """Inside, on edges, on vertices, in overlaps and in the hole without a unit."""
    rng = Random(5)
    places = [(rng.randint(0, 8) / 2, rng.randint(0, 4) / 2) for _ in range(60)]
    places += [(rng.uniform(0, 4), rng.uniform(0, 2)) for _ in range(60)] + [
        (3.8, 1.8),
        (0.95, 1.0),
        (4.0, 2.0),
        (4.0002, 1),
    ]
    kinds = ["Hole", "Bin", "Anything"]
    rows = [row(str(n), place, kind=kinds[n % 3]) for n, place in enumerate(places)]
    report = run(gridville, write_csv(tmp_path, rows), now)
    assert report.counts["imported"] == len(places)
    for complaint in Complaint.objects.select_related("category"):
        live = decide(complaint.point.x, complaint.point.y, complaint.category.code, at=complaint.submitted_at)
        stored = RoutingDecision.objects.get(complaint=complaint)
        assert (stored.unit_id, stored.reason, stored.district_id) == (
            live.unit.pk,
            live.reason,
            live.place.district_id,
        )
        assert stored.service_area_id == (live.area.area_id if live.area else None)
        assert stored.runner_up_id == (live.runner_up.area_id if live.runner_up else None)
        assert (stored.outside_by_m is None) == (live.place.outside_by_m is None)


def test_geojson_xlsx_and_open311_are_read_too(gridville: Jurisdiction, tmp_path: Path, now: datetime) -> None:
    properties = {key: value for key, value in row("g1").items() if key not in {"lon", "lat"}}
    geometry = {"type": "Point", "coordinates": [0.005, 0.005]}
    geojson = tmp_path / "old.geojson"
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    geojson.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    open311 = tmp_path / "old.json"
    open311.write_text(json.dumps([row("o1")]))
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(COLUMNS)
    cells = row("x1") | {"opened": datetime(2018, 1, 2, 13, 30)}
    sheet.append([cells[name] for name in COLUMNS])
    book.save(tmp_path / "old.xlsx")
    for file, kind in [(geojson, "geojson"), (open311, "open311-json"), (tmp_path / "old.xlsx", "xlsx")]:
        assert run(gridville, file, now, format=kind).counts["imported"] == 1
    assert set(Complaint.objects.values_list("submitted_at", flat=True)) == {datetime(2018, 1, 2, 13, 30, tzinfo=UTC)}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b'nr,lon\n"unclosed', b"a,b\n1,2\n"])
def test_a_file_that_is_none_is_a_fault(gridville: Jurisdiction, tmp_path: Path, now: datetime, content: bytes) -> None:
    (tmp_path / "old.csv").write_bytes(content)
    report = run(gridville, tmp_path / "old.csv", now)
    assert [fault.code for fault in report.faults] == ["unreadable_file"]


def test_a_wrong_mapping_is_refused_with_every_fault(
    gridville: Jurisdiction, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mapping = tmp_path / "mapping.toml"
    text = (
        MAPPING.format(format="csv", head="", columns="", tail="")
        .replace('"pothole"', '"dragons"')
        .replace('"resolved"', '"gone"')
    )
    mapping.write_text(text.replace("Africa/Casablanca", "Mars").replace('id = "nr"', ""))
    file = write_csv(tmp_path, [row("1")])
    with pytest.raises(SystemExit):
        call_command("import_complaints", str(file), "--jurisdiction", "gridville", "--mapping", str(mapping), "--json")
    told = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert not told["ok"]
    assert len(told["faults"]) == 4
    assert not Complaint.objects.exists()
