"""`manage simulate` tells what stored editions or a changed city pack would move, and changes nothing."""

import json
import shutil
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import call_command

from catalogue.models import Jurisdiction
from complaints.models import Complaint, RoutingDecision
from complaints.services.submission import NewComplaint, NewReporter, submit
from districts.citypack.loading import load_city
from districts.models import BoundaryEdition, ServiceArea
from tests.builders import build_complaint
from tests.complaints.test_rerouting import redraw
from tests.conftest import NOW

PACK = Path(__file__).parents[2] / "fixtures" / "tetouan"

Capture = pytest.CaptureFixture[str]


def told(capsys: Capture, *arguments: str) -> dict[str, object]:
    capsys.readouterr()
    with suppress(SystemExit):
        call_command("simulate", *arguments, "--json")
    answer: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return answer


def test_a_stored_edition_is_tried(gridville: Jurisdiction, capsys: Capture) -> None:
    edition = redraw(gridville, north=(0.0, 0.5, 3.0, 2.0))
    build_complaint("litter", at=(0.4, 0.7), now=NOW)
    answer = told(
        capsys, "--jurisdiction", "gridville", "--edition", f"{edition.layer}:{edition.number}", "--months", "24"
    )
    assert answer["ok"] and answer["moves"] == [{"from": "waste-south", "to": "waste-north", "n": 1, "n_open": 1}]
    edition.refresh_from_db()
    assert not edition.is_active


@pytest.mark.django_db
def test_a_changed_city_pack_is_tried_and_taken_back(tmp_path: Path, now: datetime, capsys: Capture) -> None:
    assert load_city(PACK, now=now).ok
    reporter = NewReporter(language="fr", name="", email="", consent_contact=False)
    new = NewComplaint("overflowing-bin", -5.3684, 35.5727, reporter, Complaint.Channel.WEB)
    submit(new, now=now)
    area = ServiceArea.objects.get(pk=_decided_by())
    other = ServiceArea.objects.filter(service=area.service).exclude(unit=area.unit)[0].unit
    pack = Path(shutil.copytree(PACK, tmp_path / "pack"))
    path = pack / "service_areas.geojson"
    features = json.loads(path.read_text(encoding="utf-8"))
    next(f for f in features["features"] if f["properties"]["code"] == area.code)["properties"]["unit"] = other.code
    path.write_text(json.dumps(features), encoding="utf-8")
    editions = BoundaryEdition.objects.count()
    answer = told(capsys, "--jurisdiction", "tetouan", "--city-pack", str(pack), "--months", "24")
    assert answer["ok"] and answer["moves"] == [{"from": area.unit.code, "to": other.code, "n": 1, "n_open": 1}]
    assert BoundaryEdition.objects.count() == editions
    area.refresh_from_db()
    assert area.unit_id != other.pk


def _decided_by() -> int:
    found = RoutingDecision.objects.get().service_area_id
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--edition", "districts:9"), "unknown_edition"),
        (("--edition", "nonsense"), "unknown_edition"),
        (("--city-pack", "/nowhere"), "missing_file"),
        (("--city-pack", str(PACK)), "other_city"),
    ],
)
def test_a_change_that_is_none_is_refused(
    gridville: Jurisdiction, capsys: Capture, arguments: tuple[str, str], code: str
) -> None:
    answer = told(capsys, "--jurisdiction", "gridville", *arguments)
    assert not answer["ok"] and [fault["code"] for fault in answer["faults"]] == [code]  # type: ignore[attr-defined]
    assert not Jurisdiction.objects.filter(code="tetouan").exists()
