"""Which edition is in force: one a layer at any instant, put there now, on a date, or back again exactly as it was."""

import json
import shutil
from contextlib import suppress
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from catalogue.models import Jurisdiction
from complaints.models import Complaint
from complaints.routing import decide
from districts.citypack.loading import load_city
from districts.editions import (
    AlreadyActive,
    DateHasPassed,
    NothingToGoBackTo,
    activate,
    cancel_planned,
    plan_activation,
    roll_back,
    run_due_activations,
)  # fmt: skip
from districts.importing.imports import Choices, digest, examine_file, store_answer
from districts.importing.storing import Provenance
from districts.importing.target import target_of
from districts.models import BoundaryEdition, District, EditionActivation
from tests.builders import build_complaint
from tests.districts.drawn import collection, quarters

PACK = Path(__file__).parents[2] / "fixtures" / "tetouan"
DAY = timedelta(days=1)


def store_columns(city: Jurisdiction, now: datetime) -> BoundaryEdition:
    """Gridville in four columns as a new edition, not in force yet."""
    target, data = target_of(city, "districts"), collection(quarters())
    answer = examine_file(target, "columns.geojson", data, Choices())
    about = Provenance("made up", "CC0-1.0", digest(data), "columns.geojson", None, "adil")
    return store_answer(target, answer, about, now=now)


@pytest.fixture
def columns(gridville: Jurisdiction, now: datetime) -> BoundaryEdition:
    return store_columns(gridville, now)


def in_force(city: Jurisdiction, layer: str = "districts") -> list[int]:
    return list(
        BoundaryEdition.objects.filter(jurisdiction=city, layer=layer, is_active=True).values_list("number", flat=True)
    )


@pytest.mark.django_db
def test_an_edition_takes_the_place_of_the_one_before(
    gridville: Jurisdiction, columns: BoundaryEdition, now: datetime
) -> None:
    row = activate(columns, requested_by="adil", now=now)
    assert in_force(gridville) == [2]
    assert (row.replaced.number if row.replaced else 0, row.queue_state, row.done_at) == (1, "done", now)
    assert decide(0.015, 0.005, "pothole", at=now).place.district_code == "b"
    with pytest.raises(AlreadyActive):
        activate(columns, requested_by="adil", now=now)


@pytest.mark.django_db
def test_complaints_keep_their_district_and_decision(
    gridville: Jurisdiction, columns: BoundaryEdition, now: datetime
) -> None:
    complaint = build_complaint(at=(1.5, 0.5), now=now)
    decision = complaint.decisions.get()
    activate(columns, requested_by="adil", now=now)
    kept = Complaint.objects.get(pk=complaint.pk)
    assert (kept.district.code if kept.district else "") == "w2"
    assert kept.decisions.get() == decision and kept.decisions.get().district_id == complaint.district_id


@pytest.mark.django_db
def test_going_back_restores_what_was_in_force_exactly(
    gridville: Jurisdiction, columns: BoundaryEdition, now: datetime
) -> None:
    before = list(District.objects.active().filter(jurisdiction=gridville).order_by("pk").values())
    activate(columns, requested_by="adil", now=now)
    row = roll_back(columns, requested_by="adil", now=now + DAY)
    assert (row.is_rollback, in_force(gridville)) == (True, [1])
    assert list(District.objects.active().filter(jurisdiction=gridville).order_by("pk").values()) == before
    with pytest.raises(NothingToGoBackTo):
        roll_back(BoundaryEdition.objects.get(pk=row.edition_id), requested_by="adil", now=now + DAY)


@pytest.mark.django_db
def test_going_back_twice_goes_back_two_steps(gridville: Jurisdiction, columns: BoundaryEdition, now: datetime) -> None:
    third = store_columns(gridville, now)
    activate(columns, requested_by="adil", now=now)
    activate(third, requested_by="adil", now=now + DAY)
    roll_back(third, requested_by="adil", now=now + 2 * DAY)
    assert in_force(gridville) == [2]
    columns.refresh_from_db()
    roll_back(columns, requested_by="adil", now=now + 3 * DAY)
    assert in_force(gridville) == [1]


@pytest.mark.django_db
def test_a_planned_edition_comes_into_force_on_its_day_and_not_before(
    gridville: Jurisdiction, columns: BoundaryEdition, now: datetime
) -> None:
    plan_activation(columns, at=now + DAY, requested_by="adil", now=now)
    assert (run_due_activations(now=now + DAY / 2), in_force(gridville)) == (0, [1])
    assert (run_due_activations(now=now + DAY), in_force(gridville)) == (1, [2])
    assert run_due_activations(now=now + 2 * DAY) == 0
    with pytest.raises(DateHasPassed):
        plan_activation(columns, at=now, requested_by="adil", now=now)


@pytest.mark.django_db
def test_a_plan_gives_way_to_a_later_decision(gridville: Jurisdiction, columns: BoundaryEdition, now: datetime) -> None:
    third = store_columns(gridville, now)
    plan_activation(columns, at=now + DAY, requested_by="adil", now=now)
    plan_activation(third, at=now + 2 * DAY, requested_by="adil", now=now)
    states = EditionActivation.objects.order_by("pk").values_list("queue_state", flat=True)
    assert list(states) == ["cancelled", "due"]
    assert cancel_planned(third) == 1
    assert (run_due_activations(now=now + 3 * DAY), in_force(gridville)) == (0, [1])


@pytest.mark.django_db
def test_layers_change_one_by_one(gridville: Jurisdiction, columns: BoundaryEdition, now: datetime) -> None:
    activate(columns, requested_by="adil", now=now)
    assert (in_force(gridville), in_force(gridville, "service-areas:cleanliness")) == ([2], [1])


@pytest.mark.django_db(transaction=True)
def test_two_who_activate_at_once_leave_exactly_one_edition_in_force(gridville: Jurisdiction, now: datetime) -> None:
    editions = [store_columns(gridville, now) for _ in range(3)]
    start, seen = Barrier(4), []

    def work(edition: BoundaryEdition) -> None:
        start.wait()
        for _ in range(5):
            with suppress(AlreadyActive):
                activate(edition, requested_by="adil", now=now)
        connection.close()

    threads = [Thread(target=work, args=[edition]) for edition in editions]
    for thread in threads:
        thread.start()
    start.wait()
    while any(thread.is_alive() for thread in threads):
        seen.append(len(in_force(gridville)))
    for thread in threads:
        thread.join()
    assert set(seen) == {1} and len(in_force(gridville)) == 1


@pytest.mark.django_db
def test_the_command_goes_back_and_says_from_where_to_where(
    gridville: Jurisdiction, columns: BoundaryEdition, now: datetime
) -> None:
    activate(columns, requested_by="adil", now=now)

    def command(*arguments: str) -> dict[str, Any]:
        out = StringIO()
        with suppress(SystemExit):
            call_command(
                "rollback_boundaries", "--jurisdiction", "gridville", "--layer", "districts", "--json", *arguments,
                stdout=out, stderr=StringIO(),
            )  # fmt: skip
        report: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
        return report

    assert command("--dry-run")["counts"] == {"from_edition": 2, "to_edition": 1, "activated": 0}
    assert in_force(gridville) == [2]
    assert command()["counts"] == {"from_edition": 2, "to_edition": 1, "activated": 1}
    assert command()["faults"][0]["code"] == "nothing_to_go_back_to"
    assert command("--to", "2")["ok"] and in_force(gridville) == [2]
    assert command("--to", "9")["faults"][0]["code"] == "unknown_edition"


@pytest.mark.django_db
def test_loading_the_pack_again_keeps_what_an_administrator_imported(now: datetime) -> None:
    load_city(PACK, now=now)
    city = Jurisdiction.objects.get(code="tetouan")
    target = target_of(city, "districts")
    data = (PACK / "districts.geojson").read_bytes()
    answer = examine_file(
        target, "districts.geojson", data, Choices(accept=frozenset({"all"}), keep=frozenset({"all"}))
    )
    about = Provenance("city hall", "ODbL-1.0", digest(data), "districts.geojson", None, "adil")
    activate(store_answer(target, answer, about, now=now), requested_by="adil", now=now)
    again = load_city(PACK, now=now)
    assert again.ok and [remark.code for remark in again.remarks if "districts" in remark.where] == ["edited_here"]
    assert in_force(city) == [2]
    assert load_city(PACK, now=now, overwrite=True).counts["editions_created"] == 1
    assert in_force(city) == [3]


@pytest.mark.django_db
def test_loading_the_pack_again_keeps_what_an_administrator_went_back_to(now: datetime, tmp_path: Path) -> None:
    pack = Path(shutil.copytree(PACK, tmp_path / "pack"))
    load_city(pack, now=now)
    document = json.loads((pack / "districts.geojson").read_text(encoding="utf-8"))
    document["features"].pop()
    (pack / "districts.geojson").write_text(json.dumps(document))
    load_city(pack, now=now)
    city = Jurisdiction.objects.get(code="tetouan")
    roll_back(BoundaryEdition.objects.get(layer="districts", is_active=True), requested_by="adil", now=now)
    assert in_force(city) == [1]
    load_city(pack, now=now)
    assert in_force(city) == [1]


@pytest.mark.django_db
def test_the_shipped_city_passes_its_own_import(now: datetime) -> None:
    load_city(PACK, now=now)
    city = Jurisdiction.objects.get(code="tetouan")
    answer = examine_file(
        target_of(city, "districts"), "d.geojson", (PACK / "districts.geojson").read_bytes(), Choices()
    )
    assert [defect["key"] for defect in answer.header["defects"] if not defect["settled"]] == []
