"""29,999 real records of Los Angeles land in the council district that each record itself states.

Skipped where the data is absent: it is not ours to ship. GEOPORTAL_SHARED_DATA names its folder.
"""

import gzip
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from catalogue.models import Jurisdiction
from catalogue.snapshot import current_snapshot
from complaints.history.importing import Import
from complaints.history.mapping import read_mapping
from districts.citypack.loading import load_city
from tests.real.los_angeles import DATA, MAPPING, NEW, OLD, build_pack

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the Los Angeles records are not here ({DATA})"),
]


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
