"""Los Angeles as a city pack and the mapping of its records, for the test and for the tour (scripts/los_angeles.py)."""

import json
import os
from pathlib import Path

DATA = Path(os.environ.get("GEOPORTAL_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data") / "la311"

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
