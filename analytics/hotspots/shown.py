"""The hot spots as the office's page, its map and its file show them: touching squares of one kind are one spot."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from analytics.drawing import DistrictMap
from analytics.heat import middle
from analytics.hotspots.naming import Kind
from analytics.hotspots.searching import FEWEST, MONTHS, last_full_month
from analytics.mercator import latitude_of
from analytics.models import HotSpotSearch, HotSquare
from analytics.numbers import rounded
from analytics.periods import months_until
from analytics.whereabouts import district_names
from catalogue.models import Jurisdiction, Service
from catalogue.translated import text_in
from complaints.desk.squares import MOST, squares_text
from complaints.filters import Filters
from queueing.models import QueueState

_ORDER = [Kind.EMERGING, Kind.PERSISTENT, Kind.OVERALL, Kind.COOLING]


@dataclass(frozen=True)
class MonthBox:
    """One month of a spot: `hot`, `calm`, or `few` where it could not be judged."""

    label: str
    state: str


@dataclass(frozen=True)
class Spot:
    """Touching squares of one kind. `expected`: complaints there at the city's rate."""

    number: int
    kind: Kind
    name: str
    squares: list[HotSquare]
    months: list[MonthBox]
    url: str

    @property
    def n(self) -> int:
        return sum(square.n for square in self.squares)

    @property
    def fullest(self) -> HotSquare:
        return max(self.squares, key=lambda square: square.n)

    @property
    def expected(self) -> float:
        return sum(square.expected for square in self.squares)

    @property
    def times(self) -> str:
        """How many times as many as expected."""
        return f"×\u202f{rounded(self.n / self.expected, 1)}" if self.expected else "–"

    @property
    def said(self) -> str:
        """In one line, for the map."""
        return _("%(number)s. %(name)s: %(kind)s, %(n)s complaints, %(times)s the city's rate") % {
            "number": self.number,
            "name": self.name,
            "kind": self.kind.label,
            "n": self.n,
            "times": self.times,
        }

    @property
    def hot_in(self) -> list[MonthBox]:
        return [month for month in self.months if month.state == "hot"]


@dataclass(frozen=True)
class DrawnSpot:
    """A spot on a drawing: its squares as left, top and side, and the middle of the fullest, where its number stands."""

    spot: Spot
    squares: list[tuple[float, float, float]]
    middle: tuple[float, float]


class HotSpots:
    """What is known about the filter's service (all, if it names none or several) and the months up to its period's end."""

    def __init__(self, filters: Filters, language: str) -> None:
        self.city: Jurisdiction = filters.jurisdiction
        self.language = language
        self.filters = filters
        self.last_month = last_full_month(self.city, min(filters.until or filters.now, filters.now))
        one = len(filters.service_ids) == 1
        self.service = Service.objects.filter(pk=filters.service_ids[0]).first() if one else None
        self.search = HotSpotSearch.objects.filter(
            jurisdiction=self.city, service=self.service, last_month=self.last_month
        ).first()
        self.spots = list(self._spots()) if self.is_known else []

    fewest = FEWEST

    @property
    def is_known(self) -> bool:
        return self.search is not None and self.search.found_at is not None

    @property
    def is_being_made(self) -> bool:
        return self.search is not None and self.search.queue_state == QueueState.DUE

    @property
    def has_failed(self) -> bool:
        return self.search is not None and self.search.queue_state == QueueState.FAILED

    @property
    def is_judged(self) -> bool:
        """Enough complaints to look for anything."""
        return self.search is not None and self.search.n >= FEWEST

    @property
    def follows_part(self) -> bool:
        """The filter asks for something that hot spots do not follow."""
        given = self.filters
        return bool(
            given.category_ids or given.district_codes or given.unit_ids or given.states or given.late
            or given.bbox or given.q or len(given.service_ids) > 1
        )  # fmt: skip

    @property
    def first_month(self) -> date:
        return months_until(self.last_month, MONTHS)[0]

    @property
    def service_name(self) -> str:
        return text_in(self.service.name, self.language) if self.service else ""

    @property
    def kinds(self) -> list[Kind]:
        return _ORDER

    @property
    def wide_m(self) -> int:
        """How wide a square is with those around it."""
        return 3 * self.search.side_m if self.search else 0

    def on(self, drawing: DistrictMap) -> list[DrawnSpot]:
        """The spots on a drawing of the districts."""
        zoom = self.search.zoom if self.search else 0
        drawn = []
        for spot in self.spots:
            left, top, side = drawing.square(zoom, spot.fullest.x, spot.fullest.y)
            squares = [drawing.square(zoom, square.x, square.y) for square in spot.squares]
            drawn.append(DrawnSpot(spot, squares, (round(left + side / 2, 1), round(top + side / 2, 1))))
        return drawn

    def for_map(self) -> list[dict[str, Any]]:
        """The spots for the page's script: number, kind, what one says, its list, and its squares as (zoom, x, y)."""
        zoom = self.search.zoom if self.search else 0
        return [
            {
                "number": spot.number,
                "kind": spot.kind.value,
                "text": spot.said,
                "url": spot.url,
                "squares": [[zoom, square.x, square.y] for square in spot.squares],
            }
            for spot in self.spots
        ]

    def _spots(self) -> Iterable[Spot]:
        search = self.search
        assert search is not None
        touching = clusters(search.hot_squares.all())
        touching.sort(key=lambda found: (_ORDER.index(Kind(found[0].kind)), -sum(square.n for square in found)))
        names = self._names([max(squares, key=lambda square: square.n) for squares in touching])
        months = months_until(self.last_month, MONTHS)[:-1]
        for number, squares in enumerate(touching, start=1):
            hot = {month for square in squares for month in square.hot_months}
            boxes = [_box(month, hot, search.months) for month in months]
            kind = Kind(squares[0].kind)
            yield Spot(number, kind, names.get(number, ""), squares, boxes, self._url(squares))

    def _url(self, squares: list[HotSquare]) -> str:
        """The list of the complaints in its squares; of a very large spot, in the smallest box around it."""
        assert self.search is not None
        side = 2**self.search.zoom
        xs, ys = [square.x for square in squares], [square.y for square in squares]
        half = 180 / side
        west = middle(min(xs), ys[0], self.search.zoom)[0] - half
        east = middle(max(xs), ys[0], self.search.zoom)[0] + half
        north = latitude_of(min(ys), self.search.zoom)
        south = latitude_of(max(ys) + 1, self.search.zoom)
        where = {"squares": squares_text(self.search.zoom, zip(xs, ys, strict=True)), "bbox": None}
        if len(squares) > MOST:
            where = {"bbox": ",".join(f"{edge:.6f}" for edge in (west, south, east, north))}
        span = {"from": self.first_month, "to": months_until(self.last_month, 1)[-1]}
        query = self.filters.query_string(
            **{name: day.isoformat() for name, day in span.items()},
            service=self.service.code if self.service else None,
            category=None,
            district=None,
            unit=None,
            late=None,
            q=None,
            state=["open", "closed"],
            **where,
        )
        return f"{reverse('desk')}?{query}"

    def _names(self, squares: list[HotSquare]) -> dict[int, str]:
        """By number from 1 the name of the smallest district at each square's middle. One statement."""
        if not squares or self.search is None:
            return {}
        middles = [middle(square.x, square.y, self.search.zoom) for square in squares]
        return district_names(self.city, middles, self.language)


def _box(month: date, hot: set[int], judged: list[int]) -> MonthBox:
    number = month.year * 100 + month.month
    state = "hot" if number in hot else "calm" if number in judged else "few"
    return MonthBox(date_format(month, "M Y"), state)


def clusters(squares: "QuerySet[HotSquare] | Iterable[HotSquare]") -> list[list[HotSquare]]:
    """Squares of one kind that touch each other, by edge or corner, directly or over others."""
    left = {(square.x, square.y): square for square in squares}
    found = []
    while left:
        todo = [left.pop(min(left))]
        together = []
        while todo:
            square = todo.pop()
            together.append(square)
            for dx in (-1, 0, 1):
                for dy in (-1, 0, 1):
                    place = square.x + dx, square.y + dy
                    if place in left and left[place].kind == square.kind:
                        todo.append(left.pop(place))
        found.append(sorted(together, key=lambda square: (square.y, square.x)))
    return found


def hot_spot_rows(known: HotSpots) -> Iterable[list[str]]:
    """The table for a file: a row a square, plain numbers."""
    yield [
        "spot", "kind", "district", "zoom", "x", "y", "longitude", "latitude", "complaints", "expected", "z", "p", "hot_months",
    ]  # fmt: skip
    for spot in known.spots:
        for square in spot.squares:
            assert known.search is not None
            longitude, latitude = middle(square.x, square.y, known.search.zoom)
            numbers: list[Any] = [known.search.zoom, square.x, square.y, longitude, latitude, square.n, square.expected]
            tested = ["" if value is None else f"{value:.4g}" for value in (square.z, square.p)]
            months = " ".join(f"{month // 100}-{month % 100:02}" for month in square.hot_months)
            yield [str(spot.number), spot.kind.value, spot.name, *map(str, numbers), *tested, months]
