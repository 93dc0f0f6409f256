"""The office's squares: a measure over a period, drawn, as a table and as a file; each leads to its list.

They are heat.json's figures under the office's filter: what is public, so that everybody can make them again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from django.utils.translation import gettext as _

from analytics.drawing import WORLD_METRES, rank_of
from analytics.heat import CELLS_FINER, COARSEST, FINEST, Cell, Heat, heat
from analytics.measures import Measure
from analytics.office import Office
from analytics.periods import Period
from analytics.values import said_of
from analytics.whereabouts import district_names
from complaints.desk.squares import squares_text

# Drawn at least so wide, in units of the drawing: a finger's breadth on a desk's screen.
NARROWEST = 14
# A table longer than this is a file.
ROWS = 100


@dataclass(frozen=True)
class Square:
    """One square: what it says in words, its class (0: too few to say), its list, its left, top and side on the drawing."""

    cell: Cell
    name: str
    said: str
    rank: int
    url: str
    left: float
    top: float
    side: float

    @property
    def text(self) -> str:
        return f"{self.name}: {self.said} (n = {self.cell.n})"

    @property
    def order(self) -> float | str:
        """What a table sorts by; nothing where it says nothing."""
        return "" if self.cell.value is None or not self.rank else self.cell.value


class Squares:
    """A measure over the office's period, or another one. Statements are made when a part is first asked for."""

    def __init__(self, office: Office, measure: Measure, period: Period | None = None) -> None:
        self.office, self.measure = office, measure
        self.period = period or office.period

    @cached_property
    def zoom(self) -> int:
        """The finest whose squares are wide enough on the drawing."""
        drawn = self.office.outlines
        fits = [zoom for zoom in range(COARSEST, FINEST + 1) if WORLD_METRES / 2**zoom * drawn.factor >= NARROWEST]
        return max(fits, default=FINEST - 1 if not drawn.factor else COARSEST)

    @property
    def limits(self) -> list[float]:
        """Of the classes: the same whatever the period."""
        return self.heat.classes

    @cached_property
    def heat(self) -> Heat:
        filters = replace(self.office.filters, since=self.period.since, until=self.period.until)
        return heat(filters, self.measure, self.zoom - CELLS_FINER, now=self.office.now)

    @cached_property
    def all(self) -> list[Square]:
        """Those with most complaints first."""
        cells = sorted(self.heat.cells, key=lambda cell: (-cell.n, cell.y, cell.x))
        names = district_names(self.office.city, [(cell.lon, cell.lat) for cell in cells], self.office.language)
        return [self._square(cell, names.get(number, "")) for number, cell in enumerate(cells, start=1)]

    @property
    def shown(self) -> list[Square]:
        """What a table on a page holds."""
        return self.all[:ROWS]

    @property
    def is_cut(self) -> bool:
        return len(self.all) > ROWS

    def _square(self, cell: Cell, name: str) -> Square:
        unknown = cell.value is None or cell.few or cell.suppressed
        value = None if unknown else cell.value
        said = _("too few to say") if value is None else said_of(self.measure, value)
        drawn = self.office.outlines
        side = WORLD_METRES / 2**self.zoom
        left, top = cell.x * side - WORLD_METRES / 2, WORLD_METRES / 2 - cell.y * side
        return Square(
            cell=cell,
            name=name or _("outside the districts"),
            said=said,
            rank=rank_of(value, self.heat.classes),
            url=self.office.link(
                **{"from": self.period.first.isoformat(), "to": self.period.end.isoformat()},
                state=["open", "closed"],
                squares=squares_text(self.zoom, [(cell.x, cell.y)]),
            ),
            left=round((left - drawn.west) * drawn.factor, 1),
            top=round((drawn.north - top) * drawn.factor, 1),
            side=round(side * drawn.factor, 1),
        )


def square_rows(office: Office) -> Iterable[list[str]]:
    """The table for a file: a row a square, every measure with the cases that it stands on. Nothing is left out."""
    told = {measure: Squares(office, measure) for measure in office.measures}
    plain = [measure for measure in told if measure.grows_with_time]
    head = ["zoom", "x", "y", "longitude", "latitude", "district", *(measure.value for measure in plain)]
    others = [measure for measure in told if measure not in plain]
    for measure in others:
        head += [measure.value, f"{measure.value}_cases"]
    yield head
    by_place = {measure: {(cell.x, cell.y): cell for cell in squares.heat.cells} for measure, squares in told.items()}
    for square in told[Measure.COUNT].all:
        place = square.cell.x, square.cell.y
        row: list[object] = [told[Measure.COUNT].zoom, *place, square.cell.lon, square.cell.lat, square.name]
        row += [_written(by_place[measure][place].value) for measure in plain]
        for measure in others:
            cell = by_place[measure][place]
            row += [_written(cell.value), cell.cases]
        yield [str(part) for part in row]


def _written(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
