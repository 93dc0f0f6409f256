"""Contracts come with a city pack: wholly or not at all, every fault named, terms only ever added."""

import json
import shutil
from datetime import date, datetime
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.models import Role
from catalogue.models import Jurisdiction
from complaints.models import Complaint
from complaints.services.submission import NewComplaint, NewReporter, submit
from contracts.breaches import version_on
from contracts.models import Contract, ContractVersion, Treasury
from contracts.services.findings import open_finding
from geoportal.management.commands.load_city import load_pack
from tests.builders import build_staff
from tests.contracts.conftest import clause_of

PACK = Path(__file__).parents[2] / "fixtures" / "tetouan"
pytestmark = pytest.mark.django_db


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACK, tmp_path / "pack"))


def change(pack: Path, old: str, new: str) -> None:
    text = (pack / "contracts.toml").read_text(encoding="utf-8")
    assert old in text
    (pack / "contracts.toml").write_text(text.replace(old, new, 1), encoding="utf-8")


def test_tetouans_three_operators_have_a_contract_each(pack: Path) -> None:
    report = load_pack(pack)
    assert report.ok, report.faults
    contracts = {contract.code: contract for contract in Contract.objects.all()}
    assert {contract.unit.code for contract in contracts.values()} == {
        "proprete-nord",
        "bus-hamama",
        "qandil-eclairage",
    }
    assert all(
        contract.versions.latest("number").clauses.get(code="founded-complaint").amount_centimes == 50_000
        for contract in contracts.values()
    )
    assert Treasury.objects.get().email == "tresorerie@example.org"
    lighting = contracts["eclairage-public"]
    terms = [version_on(lighting, day) for day in (date(2026, 6, 30), date(2026, 7, 1), date(2024, 9, 30))]
    assert [version.number if version else None for version in terms] == [1, 2, None]


def test_loading_again_adds_no_terms_and_changed_terms_are_a_new_version(pack: Path) -> None:
    load_pack(pack)
    before = ContractVersion.objects.count()
    assert "contract_versions_created" not in load_pack(pack).counts
    change(pack, "amount = 500", "amount = 650.50")
    report = load_pack(pack)
    assert (report.counts["contract_versions_created"], ContractVersion.objects.count()) == (1, before + 1)
    assert [remark.code for remark in report.remarks if remark.code == "terms_changed"] == ["terms_changed"]
    contract = Contract.objects.get(code="collecte-nord")
    newest = version_on(contract, date(2026, 11, 1))
    assert newest is not None and newest.clauses.get(code="founded-complaint").amount_centimes == 65_050
    assert contract.versions.get(number=1).clauses.get(code="founded-complaint").amount_centimes == 50_000


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('unit = "proprete-nord"', 'unit = "nobody"', "unknown_reference"),
        ('unit = "proprete-nord"', 'unit = "voirie"', "bad_value"),
        ('services = ["cleanliness"]', 'services = ["cleaning"]', "unknown_reference"),
        ('services = ["cleanliness"]', "services = []", "missing_value"),
        ('prefix = "CN"', 'prefix = "cn"', "bad_value"),
        ('prefix = "CN"', 'prefix = "TU"', "duplicate_code"),
        ("starts_on = 2023-07-01", "starts_on = 2031-07-01", "bad_value"),
        ("starts_on = 2023-07-01", 'starts_on = "soon"', "bad_value"),
        ('silence = "accepts"', 'silence = "golden"', "bad_value"),
        ("cap_percent = 10", "cap_percent = 110", "bad_value"),
        ("amount = 500", "amount = -500", "bad_value"),
        ("amount = 500", "amount = 500.005", "bad_value"),
        ("amount = 500", 'amount = "many"', "bad_value"),
        ("amount = 500", "amount = nan", "bad_value"),
        ('per = "complaint"', 'per = "day_late"', "bad_value"),
        ('breach = "founded_complaint"', 'breach = "bad_mood"', "bad_value"),
        ('grace = "4 working hours"', 'grace = "a while"', "bad_value"),
        ("indexed = true", 'indexed = "yes"', "bad_value"),
        ('ar = "شكاية مبنية على أساس"', 'ar = ""', "missing_name"),
        ('email = "tresorerie@example.org"', 'email = "nobody"', "bad_value"),
        ('reference = "CGD 03/2023"', 'territory = "../../etc/passwd"', "missing_file"),
        ("[treasury]", "[[treasury", "unreadable_file"),
        ('index = {name =', 'index_ = {name =', "bad_value"),
    ],
)  # fmt: skip
def test_each_fault_is_named_and_nothing_is_stored(pack: Path, old: str, new: str, code: str) -> None:
    change(pack, old, new)
    report = load_pack(pack)
    assert code in {fault.code for fault in report.faults if fault.where.startswith("contracts.toml")}
    assert not Jurisdiction.objects.exists() and not Contract.objects.exists()


def test_a_pack_without_contracts_still_loads(pack: Path) -> None:
    (pack / "contracts.toml").unlink()
    assert load_pack(pack).ok
    assert not Contract.objects.exists()


def test_a_territory_of_its_own_is_read_from_the_pack(pack: Path) -> None:
    ring = [[-5.4, 35.55], [-5.35, 35.55], [-5.35, 35.6], [-5.4, 35.6], [-5.4, 35.55]]
    polygon = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {}, "geometry": polygon}
    (pack / "north.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    change(pack, 'reference = "CGD 03/2023"', 'territory = "north.geojson"')
    assert load_pack(pack).ok
    territory = Contract.objects.get(code="collecte-nord").territory
    assert territory is not None and territory.extent == (-5.4, 35.55, -5.35, 35.6)
    change(pack, 'territory = "north.geojson"', 'territory = "city.toml"')
    assert "unreadable_file" in {fault.code for fault in load_pack(pack).faults}


def test_a_contract_with_findings_keeps_its_operator_and_prefix(pack: Path, now: datetime) -> None:
    load_pack(pack)
    city = Jurisdiction.objects.get()
    contract = Contract.objects.get(code="collecte-nord")
    new = NewComplaint(
        category="overflowing-bin", longitude=-5.3684, latitude=35.5727, reporter=NewReporter(language="fr"),
        channel=Complaint.Channel.WEB,
    )  # fmt: skip
    filed = submit(new, now=now)
    officer = build_staff("nadia", Role.CONTRACT_MANAGER, city)
    open_finding(
        filed.complaint_id, clause_of(contract, "founded-complaint"), grounds="x", acting_user=officer, now=now
    )
    change(pack, 'prefix = "CN"', 'prefix = "XX"')
    assert "in_use" in {fault.code for fault in load_pack(pack).faults}


def test_the_command_reports_like_every_other(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_city", str(pack), "--json")
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["ok"] and told["counts"]["contracts_created"] == 3
