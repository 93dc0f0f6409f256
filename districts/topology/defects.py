"""What can be wrong with boundaries: one record a defect, with its place, and what is proposed against it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import shapely

# A fault keeps the file out until it is repaired or deliberately left; a remark is only worth knowing.
FAULT, REMARK = "fault", "remark"
# The proposal where nothing should be moved: the drawing is taken as it is.
LEAVE = "leave"

# More would not be read by anybody: the file is refused as a whole.
MOST_DEFECTS = 20_000


class Refused(Exception):
    """The file can go no further; `code` says why, `params` fill the sentence."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    def as_message(self) -> str:
        """Params as JSON, short enough for the sandbox's channel of errors."""
        short = {name: value[:200] if isinstance(value, str) else value for name, value in self.params.items()}
        text = json.dumps(short, ensure_ascii=True)
        return text if len(text) <= 900 else "{}"


@dataclass
class Defect:
    """`features` are numbers in the file, from 1. `place` is longitude, latitude in degrees WGS 84 (None: the whole file).

    `repair` names the proposal ("" where there is none), `moved_m2` the area that it moves. A keepable defect may be left
    as it is. `key` names it among the defects of its file: the same file and choices give the same keys.
    """

    code: str
    severity: str = FAULT
    features: tuple[int, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    place: tuple[float, float] | None = None
    shape: Any = None
    repair: str = ""
    repair_params: dict[str, Any] = field(default_factory=dict)
    moved_m2: float | None = None
    keepable: bool = False
    key: str = ""

    @property
    def blocks(self) -> bool:
        return self.severity == FAULT


def give_keys(defects: Iterable[Defect]) -> list[Defect]:
    """Number equal names apart: `overlap-3-8`, `overlap-3-8.2`."""
    seen: dict[str, int] = {}
    named = list(defects)
    if len(named) > MOST_DEFECTS:
        raise Refused("too_many_defects", count=len(named), most=MOST_DEFECTS)
    for defect in named:
        stem = "-".join([defect.code, *(str(number) for number in defect.features[:6])])
        seen[stem] = seen.get(stem, 0) + 1
        defect.key = stem if seen[stem] == 1 else f"{stem}.{seen[stem]}"
    return named


@dataclass(frozen=True)
class Decisions:
    """Which proposals somebody accepted and what she leaves as it is: keys or codes of defects, or all of them."""

    accepted: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()

    def accepts(self, defect: Defect) -> bool:
        return bool(defect.repair) and not self._left_by_hand(defect) and self._names(self.accepted, defect)

    def keeps(self, defect: Defect) -> bool:
        return defect.keepable and self._names(self.kept, defect)

    def settles(self, defect: Defect) -> bool:
        """Nothing more is to be decided about it."""
        return not defect.blocks or self.accepts(defect) or self.keeps(defect)

    def _left_by_hand(self, defect: Defect) -> bool:
        """Left explicitly; what is left only by "all" yields to an accepted repair."""
        return defect.keepable and defect.key in self.kept

    @staticmethod
    def _names(tokens: frozenset[str], defect: Defect) -> bool:
        return not tokens.isdisjoint({"all", defect.code, defect.key})


def point_of(geometry: Any) -> tuple[float, float] | None:
    """A place inside a shape (or on it), for people to look at; None for nothing."""
    if geometry is None or shapely.is_empty(geometry):
        return None
    point = shapely.point_on_surface(geometry)
    if point is None or shapely.is_empty(point):
        return None
    longitude, latitude = float(shapely.get_x(point)), float(shapely.get_y(point))
    return (round(longitude, 7), round(latitude, 7)) if abs(longitude) <= 180 and abs(latitude) <= 90 else None
