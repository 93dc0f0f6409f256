"""A year by months for one service or all, as a page draws it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from analytics.drawing import Chart, Mark, bars, marks
from analytics.figures import Figures, Pair
from analytics.intervals import share_interval
from analytics.numbers import rounded


@dataclass(frozen=True)
class TrendMonth:
    """One month in words: `in_time` with its interval, `few` where it stands on fewer than k promises."""

    label: str
    n: int
    days: float | None
    in_time: str
    interval: str
    decided: int
    few: bool


@dataclass(frozen=True)
class Trend:
    """Complaints filed, share resolved in time, and days to resolve, of each month. `partial`: the last is not over."""

    name: str
    css_class: str
    icon: str
    url: str
    pair: Pair
    filed: Chart
    in_time: list[Mark]
    partial: bool
    rows: list[TrendMonth]

    @property
    def has_shares(self) -> bool:
        return any(mark.y is not None for mark in self.in_time)


def trend(
    name: str,
    css_class: str,
    icon: str,
    url: str,
    pair: Pair,
    months: Sequence[tuple[str, Figures]],
    *,
    partial: bool,
    k: int,
) -> Trend:
    """`months`: label and figures, oldest first. Shares that stand on fewer than `k` promises are not drawn."""
    labels = [label for label, _figures in months]
    rows = [_row(label, figures, k) for label, figures in months]
    shares = [None if row.few else _share(figures) for row, (_label, figures) in zip(rows, months, strict=True)]
    mirrored = get_language_bidi()
    counts = [float(figures.n) for _label, figures in months]
    return Trend(
        name=name,
        css_class=css_class,
        icon=icon,
        url=url,
        pair=pair,
        filed=bars(counts, labels, [f"{row.label}: {row.n}" for row in rows], mirrored=mirrored),
        in_time=marks(shares, [_said(row) for row in rows], mirrored=mirrored),
        partial=partial,
        rows=rows,
    )


def _row(label: str, figures: Figures, k: int) -> TrendMonth:
    decided, found = figures.resolutions.decided, _share(figures)
    share, low, high = (rounded(part, 0) for part in found or (0, 0, 0))
    return TrendMonth(
        label=label,
        n=figures.n,
        days=figures.median_resolve,
        in_time=f"{share}\u202f%" if found else "–",
        interval=f"{low}–{high}\u202f%" if found else "",
        decided=decided,
        few=decided < k,
    )


def _said(row: TrendMonth) -> str:
    return f"{row.label}: {_('too few to say') if row.few else f'{row.in_time} ({row.interval}, n = {row.decided})'}"


def _share(figures: Figures) -> tuple[float, float, float] | None:
    """The percentage of promises that was kept, and what it may be; None where none is decided."""
    share = figures.resolutions.share
    found = share_interval(figures.resolutions.kept, figures.resolutions.decided)
    return (share, *found) if share is not None and found else None
