"""The brief: the office's figures on paper, in words, on maps and in tables that fit the sheet.

It travels, so only what the world may know is counted in it: everybody can make its figures again from the open data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from analytics.comparisons import comparisons
from analytics.drawing import rank_of
from analytics.legends import colour_of, coloured, legend
from analytics.measures import Measure, unit_by_district
from analytics.office import Office
from analytics.outlines import smallest_districts
from analytics.scorecards import Line, Scorecard
from catalogue.translated import text_in
from documents.maps import Label, Layer, draw_map
from documents.pdf import make_pdf

STEPS = 3
# What an upright sheet holds; the rest is on the page.
COLUMNS = ("n", "per_1000", "open", "late", "answered_in_time", "resolved_in_time", "median_days_to_resolve")
TOTALS = ("n", "open", "late", "answered_in_time", "resolved_in_time", "median_days_to_resolve")
_MAP_WIDTH = 400
# Lines of the hatching across the width of a map.
_HATCHES = 70


@dataclass(frozen=True)
class PaperMap:
    """One map with all that is needed to read it."""

    measure: Measure
    unit: str
    drawn: SafeString
    legend: list[dict[str, Any]]
    # Areas that have no colour, by their numbers on the map.
    too_few: list[int]


def make(office: Office, measure: Measure) -> Iterator[bytes]:
    """The PDF, in the active language and time zone. Yields after each of STEPS steps; the last time the whole file.

    Typesetting takes some seconds: call this from a task. Raises PdfFailed.
    """
    tables = [office.scorecard(code, only=COLUMNS) for code in ("districts", "services", "units")]
    yield b""
    outlines = smallest_districts(office.city)
    numbers = {code: number for number, code in enumerate(_numbered(office, outlines), start=1)}
    maps = [_map(office, each, outlines, numbers) for each in dict.fromkeys([measure, Measure.LATE_SHARE])]
    yield b""
    totals = [cell for cell in office.total_cells() if cell.code in TOTALS]
    context = {
        "office": office,
        "city_name": text_in(office.city.name, get_language() or "fr"),
        "city": office.city,
        "dated": office.now,
        "reference": f"{office.city.code} {office.period.first} – {office.period.last}",
        "period": office.period,
        "comparisons": comparisons(office),
        # In rows of three: lines that wrap overlap in right-to-left documents.
        "totals": [totals[:3], totals[3:]],
        "scope": _scope(office),
        "source": office.source_of(measure),
        "tables": [(table, _lines(table, numbers)) for table in tables],
        "maps": maps,
    }
    yield make_pdf(render_to_string("analytics/paper/brief.html", context))


def _lines(table: Scorecard, numbers: dict[str, int]) -> list[tuple[int | None, Line]]:
    """The lines with their numbers on the maps."""
    mapped = table.code == "districts"
    return [(numbers.get(line.subject.code) if mapped else None, line) for line in table.lines]


def _scope(office: Office) -> list[str]:
    """What the filter leaves, in words; empty for the whole city."""
    services = [
        text_in(row.name, office.language) for row in office.all_services if row.pk in office.filters.service_ids
    ]
    units = [subject.name for subject, _pair in office.units] if office.filters.unit_ids else []
    districts = [subject.name for subject, _pair in office.districts] if office.filters.district_codes else []
    return [*services, *units, *districts, *([_("late only")] if office.filters.late else [])]


def _numbered(office: Office, outlines: dict[str, Any]) -> list[str]:
    """Codes in the order of the table, so that numbers on the map run down it."""
    return [subject.code for subject, _pair in office.districts if subject.code in outlines]


def _map(office: Office, measure: Measure, outlines: dict[str, Any], numbers: dict[str, int]) -> PaperMap:
    limits = office.district_limits(measure)
    values = office.district_values(measure)
    ranks = {code: rank_of(values.get(code), limits) for code in outlines}
    bounds = _frame(list(outlines.values()), office.city.bounds)
    by_rank: dict[int, list[Any]] = {}
    for code, shape in outlines.items():
        by_rank.setdefault(ranks[code], []).append(shape)
    layers = [Layer(shapes, fill=colour_of(rank)) for rank, shapes in by_rank.items() if rank]
    if 0 in by_rank:
        layers.append(Layer(by_rank[0], fill=colour_of(0)))
        layers.append(Layer(_hatched(by_rank[0], (bounds[2] - bounds[0]) / _HATCHES), stroke="#5d6a63", width=0.6))
    layers.append(Layer([shape.boundary for shape in outlines.values()], stroke="#435049", width=0.8))
    marks = [
        Label(*_middle(outlines[code]), text=str(number), size=10.5, colour="#16211c")
        for code, number in numbers.items()
    ]
    title = _("%(measure)s by district") % {"measure": measure.label}
    return PaperMap(
        measure=measure,
        unit=unit_by_district(measure),
        drawn=draw_map(bounds, layers, labels=marks, title=title, width=_MAP_WIDTH, ground="#ffffff"),
        legend=coloured(legend(limits, measure)),
        too_few=sorted(numbers[code] for code, rank in ranks.items() if not rank and code in numbers),
    )


def _middle(shape: Any) -> tuple[float, float]:
    point = shape.point_on_surface()
    return point.x, point.y


def _frame(shapes: list[Any], otherwise: list[float]) -> tuple[float, float, float, float]:
    """All districts and a little round them, with room below for the scale."""
    west, south, east, north = shapely.total_bounds(shapes) if shapes else otherwise
    side, up = (east - west) * 0.03, (north - south)
    return float(west - side), float(south - up * 0.09), float(east + side), float(north + up * 0.03)


def _hatched(shapes: list[Any], step: float) -> list[Any]:
    """Slanting lines inside these shapes, `step` degrees apart: "too few" has a mark that a copier keeps."""
    whole = shapely.union_all(shapes)
    west, south, east, north = whole.bounds
    up = north - south
    starts = np.arange(west - up, east, step)
    lines = shapely.linestrings([[(at, south), (at + up, north)] for at in starts])
    return [shapely.intersection(whole, shapely.union_all(lines))]
