"""The districts month by month: to be played, compared side by side and laid over each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import floor, log10
from typing import Any

from analytics.drawing import DistrictMap, Outlines, district_map, rank_of
from analytics.measures import Measure, class_limits

# Shares and times have classes that hold for any length of period; their zoom does not matter.
_ANY_ZOOM = 14
_CLASSES = 6


@dataclass(frozen=True)
class MonthFigures:
    """One month: value of the measure by district (None: too few to say), and in words with its n. `partial`: not over."""

    first: date
    last: date
    label: str
    n: int
    values: dict[str, float | None]
    said: dict[str, str]
    partial: bool

    @property
    def key(self) -> str:
        """As addresses name it."""
        return f"{self.first:%Y-%m}"

    @property
    def end(self) -> date:
        return self.last + timedelta(days=1)


@dataclass(frozen=True)
class Months:
    """All months in the same classes. `urls` are lists by district, with FROM and TO for the days."""

    measure: Measure
    limits: list[float]
    every: list[MonthFigures]
    names: dict[str, str]
    urls: dict[str, str]
    outlines: Outlines

    def named(self, key: str, otherwise: int) -> MonthFigures:
        """The month that an address names; else the one at that place."""
        return next((month for month in self.every if month.key == key), self.every[otherwise])

    def drawn(self, month: MonthFigures) -> DistrictMap:
        texts = {code: f"{self.names[code]}: {said}" for code, said in month.said.items()}
        urls = {code: self.url(code, month) for code in month.said}
        return district_map(self.outlines, month.values, self.limits, texts, urls)

    def rows(self, month: MonthFigures) -> list[tuple[str, str, str]]:
        """Name of each district, what the month says of it, and its list."""
        return [(self.names[code], said, self.url(code, month)) for code, said in month.said.items()]

    def url(self, code: str, month: MonthFigures) -> str:
        """The list of a district's month."""
        return self.urls[code].replace("FROM", month.first.isoformat()).replace("TO", month.end.isoformat())

    def as_json(self) -> dict[str, Any]:
        """What a script needs to show any month."""
        return {
            "names": self.names,
            "urls": self.urls,
            "months": [
                {
                    "key": month.key,
                    "label": month.label,
                    "from": month.first.isoformat(),
                    "to": month.end.isoformat(),
                    "n": month.n,
                    "partial": month.partial,
                    "ranks": {code: rank_of(value, self.limits) for code, value in month.values.items()},
                    "said": month.said,
                }
                for month in self.every
            ],
        }


def class_limits_of(measure: Measure, months: Sequence[MonthFigures]) -> list[float]:
    """Lower limits of the classes from the second on, the same for all months.

    Shares and times have fixed ones. Numbers grow with the length of a period: for them as many districts of all months
    together fall into each class, at round limits.
    """
    if not measure.grows_with_time:
        return class_limits(measure, _ANY_ZOOM)
    known = sorted(value for month in months for value in month.values.values() if value)
    cuts = [_rounded(known[len(known) * part // _CLASSES]) for part in range(1, _CLASSES)] if known else []
    return sorted(set(cuts)) or class_limits(measure, _ANY_ZOOM)


def _rounded(value: float) -> float:
    """To one or two digits that are read at once: 0.37 → 0.4, 17 → 17, 128 → 130."""
    step = 10.0 ** (floor(log10(value)) - (1 if value >= 1 else 0))
    return round(round(value / step) * step, 6)
