"""29,999 real records of Los Angeles land in the council district that each record itself states.

Skipped where the data is absent: it is not ours to ship. GEOPORTAL_SHARED_DATA names its folder.
"""

import gzip
import json
import os
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from catalogue.models import Jurisdiction
from catalogue.snapshot import current_snapshot
from complaints.history.importing import Import
from complaints.history.mapping import read_mapping
from districts.citypack.loading import load_city

DATA = Path(os.environ.get("GEOPORTAL_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data") / "la311"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the Los Angeles records are not here ({DATA})"),
]

CITY = """
code = "los-angeles"
tracking_prefix = "LAX"
languages = ["en"]
time_zone = "America/Los_Angeles"
country = "US"
bounds = [-118.67, 33.70, -118.15, 34.34]
license = "public domain"
source = "City of Los Angeles open data"
name = {en = "Los Angeles"}
"""
UNITS = """
[[calendar]]
code = "office"
week = {mon = ["08:00-17:00"], tue = ["08:00-17:00"], wed = ["08:00-17:00"], thu = ["08:00-17:00"], fri = ["08:00-17:00"]}
[[unit]]
code = "city"
kind = "department"
calendar = "office"
name = {en = "City services"}
[triage]
unit = "city"
"""
CATALOGUE = """
[[service]]
code = "cleanliness"
default_unit = "city"
name = {en = "Cleanliness"}
  [[service.category]]
  code = "bulky-items"
  name = {en = "Bulky items"}
  answer_within = "2 working days"
  resolve_within = "5 working days"
  [[service.category]]
  code = "other"
  name = {en = "Other"}
  answer_within = "2 working days"
  resolve_within = "5 working days"
"""
MAPPING = """
format = "csv"
source = "{file}"
[columns]
id = "{id}"
longitude = "{longitude}"
latitude = "{latitude}"
submitted_at = "{created}"
closed_at = "{closed}"
state = "{status}"
category = "{kind}"
stated_district = "{district}"
[dates]
formats = ["%m/%d/%Y %I:%M:%S %p", "%m/%d/%y %H:%M", "%Y-%m-%dT%H:%M:%S"]
time_zone = "America/Los_Angeles"
[states]
"Closed" = "resolved"
"*" = "received"
[categories]
"Bulky Items" = "bulky-items"
"*" = "other"
"""
OLD = {"id": "SRNumber", "longitude": "Longitude", "latitude": "Latitude", "created": "CreatedDate"}
OLD |= {"closed": "ClosedDate", "status": "Status", "kind": "RequestType", "district": "CD"}
NEW = {name: column.lower() for name, column in OLD.items()}


def build_pack(folder: Path) -> Path:
    """A city pack whose districts are the fifteen council districts."""
    folder.mkdir()
    (folder / "city.toml").write_text(CITY)
    (folder / "units.toml").write_text(UNITS)
    (folder / "catalogue.toml").write_text(CATALOGUE)
    council = json.loads((DATA / "la_council_districts_2012.geojson").read_text())
    for feature in council["features"]:
        number = feature["properties"]["name"]
        feature["properties"] = {"code": number, "name_en": f"Council District {number}", "level": 1, "parent": None}
    (folder / "districts.geojson").write_text(json.dumps(council))
    return folder


def test_real_records_get_the_district_they_state(tmp_path: Path, now: datetime) -> None:
    loaded = load_city(build_pack(tmp_path / "los-angeles"), now=now)
    assert loaded.ok, loaded.faults
    city = Jurisdiction.objects.get()
    totals: dict[str, int] = {}
    for name, columns in [("2017-12", OLD), ("2018-01", OLD), ("2020-01", NEW)]:
        file = tmp_path / f"{name}.csv"
        with gzip.open(DATA / f"la311_{name}.csv.gz") as packed, file.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
        mapping = tmp_path / f"{name}.toml"
        mapping.write_text(MAPPING.format(file=name, **columns))
        read = read_mapping(mapping, current_snapshot(city))
        assert read.mapping is not None, read.faults
        report = Import(city, read.mapping, now).run(file)
        assert report.ok, report.faults
        for key, count in report.counts.items():
            totals[key] = totals.get(key, 0) + count
    assert totals["read"] == 29_999
    assert totals["imported"] + totals["rejected"] + totals["skipped_existing"] == totals["read"]
    # 2,866 records carry no coordinates; 25 claim to have been closed before they were filed; all others are located.
    assert totals["unlocated"] == 2_866
    assert totals["imported"] >= 0.999 * (totals["read"] - totals["unlocated"])
    assert totals["district_compared"] >= 0.99 * totals["imported"]
    assert totals["district_agreed"] / totals["district_compared"] >= 0.993
