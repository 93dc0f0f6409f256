"""A few metres outside the city: the nearest district, and the areas of the place where the pin is taken in."""

from django.utils import translation

from catalogue.models import Jurisdiction
from complaints.explain import explain
from complaints.routing import decide
from districts.models import ServiceArea
from tests.builders import SCALE, box
from tests.conftest import NOW

METRE = 1 / 111_320  # of latitude, in degrees


def test_the_areas_that_reach_the_edge_answer_for_it(gridville: Jurisdiction) -> None:
    decision = decide(0.5 * SCALE, 2 * SCALE + 20 * METRE, "overflowing-bin", at=NOW)
    assert decision.place.outside_by_m is not None and 19 < decision.place.outside_by_m < 21
    assert decision.area is not None and decision.runner_up is not None
    assert (decision.area.code, decision.runner_up.code) == ("bins-w1", "north")
    with translation.override("en"):
        assert "20 m outside the city" in explain(decision)


def test_an_area_that_ends_before_the_edge_does_not(gridville: Jurisdiction) -> None:
    ServiceArea.objects.filter(code="bins-w1").update(geometry=box(0.0, 0.0, 1.0, 1.9))
    decision = decide(0.5 * SCALE, 2 * SCALE + 20 * METRE, "overflowing-bin", at=NOW)
    assert decision.area is not None and decision.area.code == "north"


def test_where_no_area_reaches_the_edge_triage_decides(gridville: Jurisdiction) -> None:
    decision = decide(3.8 * SCALE, 2 * SCALE + 10 * METRE, "litter", at=NOW)
    assert decision.triage and decision.place.district_code == "e2"


def test_on_the_corner_outside_there_is_one_answer(gridville: Jurisdiction) -> None:
    answers = {
        (d.unit.code, d.place.district_code)
        for d in (decide(-5 * METRE, -5 * METRE, "litter", at=NOW) for _ in range(3))
    }
    assert answers == {("waste-south", "w1")}
