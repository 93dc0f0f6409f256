"""Scorecards as a page and a file show them: one line per district, service or unit, each figure with its list."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from analytics.figures import Figures, Pair
from analytics.intervals import share_interval
from analytics.numbers import rounded

Number = int | float | None


@dataclass(frozen=True)
class Column:
    """One figure: its code in files, its heading, how to read it, and which complaints it is about (filter changes)."""

    code: str
    label: str | Promise
    value: Callable[[Figures, "Subject"], Number]
    decimals: int = 0
    percent: bool = False
    # More of it is worse (1), better (-1), or neither (0).
    worse: int = 0
    about: dict[str, Any] | None = None
    # On how many cases it stands: with too few of them it says nothing.
    cases: Callable[[Figures], int] | None = None


@dataclass(frozen=True)
class Subject:
    """What a line is about. `name` is in the page's language; `filter` narrows lists to it."""

    code: str
    name: str
    filter: dict[str, Any] = field(default_factory=dict)
    population: int | None = None
    # Kilometres of street and assets, where the city has loaded them.
    km: float | None = None
    assets: float | None = None
    css_class: str = ""


def _per_1000(figures: Figures, subject: Subject) -> Number:
    return 1000 * figures.n / subject.population if subject.population else None


def _per_km(figures: Figures, subject: Subject) -> Number:
    return figures.n / subject.km if subject.km else None


def _per_asset(figures: Figures, subject: Subject) -> Number:
    return figures.n / subject.assets if subject.assets else None


def _filed(figures: Figures) -> int:
    return figures.n


def _answered(figures: Figures) -> int:
    return figures.answered


def _resolved(figures: Figures) -> int:
    return figures.resolved


_ALL = {"state": ["open", "closed"]}
_FIXED = {"state": ["resolved", "confirmed"]}


def _days(
    code: str, label: Promise, value: Callable[[Figures, Subject], Number], cases: Callable[[Figures], int]
) -> Column:
    about = _FIXED if cases is _resolved else _ALL
    return Column(code, label, value, decimals=1, worse=1, about=about, cases=cases)


_PER_1000 = Column("per_1000", gettext_lazy("Per 1,000 residents"), _per_1000, decimals=1, about=_ALL, cases=_filed)
_PER_KM = Column("per_km", gettext_lazy("Per km of street"), _per_km, decimals=1, about=_ALL, cases=_filed)
_PER_ASSET = Column("per_asset", gettext_lazy("Per asset"), _per_asset, decimals=2, about=_ALL, cases=_filed)
_OF_PLACES = (_PER_1000, _PER_KM, _PER_ASSET)
_COLUMNS = (
    Column("n", gettext_lazy("Complaints filed"), lambda f, s: f.n, about=_ALL),
    *_OF_PLACES,
    Column("open", pgettext_lazy("column", "Open"), lambda f, s: f.open, about={"state": "open"}),
    Column("late", pgettext_lazy("column", "Late"), lambda f, s: f.late, about={"late": "true", "state": None}),
    _days("median_days_to_answer", gettext_lazy("Days to answer, median"), lambda f, s: f.median_answer, _answered),
    _days("slow_days_to_answer", gettext_lazy("Days to answer, 9 of 10 within"), lambda f, s: f.slow_answer, _answered),
    _days("median_days_to_resolve", gettext_lazy("Days to resolve, median"), lambda f, s: f.median_resolve, _resolved),
    _days(
        "slow_days_to_resolve", gettext_lazy("Days to resolve, 9 of 10 within"), lambda f, s: f.slow_resolve, _resolved
    ),
    Column(
        "answered_in_time",
        gettext_lazy("Answered in time"),
        lambda f, s: f.answers.share,
        percent=True,
        worse=-1,
        about=_ALL,
        cases=lambda f: f.answers.decided,
    ),
    Column(
        "resolved_in_time",
        gettext_lazy("Resolved in time"),
        lambda f, s: f.resolutions.share,
        percent=True,
        worse=-1,
        about=_FIXED,
        cases=lambda f: f.resolutions.decided,
    ),
    Column(
        "resolved_in_time_without_pauses",
        gettext_lazy("… if the clock never paused"),
        lambda f, s: f.resolutions_unpaused.share,
        percent=True,
        worse=-1,
        about=_FIXED,
        cases=lambda f: f.resolutions_unpaused.decided,
    ),
    Column(
        "confirmed",
        gettext_lazy("Resolutions confirmed"),
        lambda f, s: f.confirmed_share,
        percent=True,
        worse=-1,
        about={"state": "confirmed"},
        cases=_resolved,
    ),
    Column(
        "contested",
        gettext_lazy("Closings contested"),
        lambda f, s: f.contested_share,
        percent=True,
        worse=1,
        about=_ALL,
        cases=lambda f: f.closings,
    ),
    Column(
        "came_back",
        pgettext_lazy("column", "Came back"),
        lambda f, s: f.recurred_share,
        percent=True,
        worse=1,
        about=_FIXED,
        cases=lambda f: f.recurrence.watched,
    ),
    Column(
        "rejected",
        gettext_lazy("Rejected"),
        lambda f, s: f.rejected_share,
        percent=True,
        about={"state": "rejected"},
        cases=lambda f: f.n,
    ),
    Column(
        "out_of_scope",
        gettext_lazy("Out of scope"),
        lambda f, s: f.out_of_scope_share,
        percent=True,
        about={"state": "out_of_scope"},
        cases=lambda f: f.n,
    ),
)


@dataclass(frozen=True)
class Change:
    """Against the period before: an arrow, words, whether that is worse or better (or neither), and what it was."""

    arrow: str
    words: str
    look: str
    was: str


@dataclass(frozen=True)
class Cell:
    """`few`: it stands on too few cases to say anything. `interval`: what a share may be, chance considered.

    `cases`: on how many it stands; None for a plain count. `order`: what a table sorts by, empty where nothing is told.
    """

    text: str
    url: str
    change: Change | None
    few: bool = False
    interval: str = ""
    cases: int | None = None
    order: float | str = ""


@dataclass(frozen=True)
class Labelled(Cell):
    """A figure that stands alone, with its heading and the code of its column."""

    label: str | Promise = ""
    code: str = ""


@dataclass(frozen=True)
class Line:
    subject: Subject
    pair: Pair
    cells: list[Cell]


@dataclass(frozen=True)
class Scorecard:
    """A table: `code` names it in addresses, `columns` are those that its subjects have."""

    code: str
    title: str
    columns: tuple[Column, ...]
    lines: list[Line]


def scorecard(
    code: str,
    title: str,
    pairs: Iterable[tuple[Subject, Pair]],
    *,
    link: Callable[..., str],
    k: int,
    by_population: bool = False,
    only: Collection[str] | None = None,
) -> Scorecard:
    """The table of some subjects. `link(**changes)` gives the address of the list under a changed filter.

    Figures that stand on fewer than `k` cases are not told. `only`: the codes of the columns, if not all.
    """
    pairs = list(pairs)
    told = {
        _PER_1000.code: any(s.population for s, _pair in pairs),
        _PER_KM.code: any(s.km for s, _pair in pairs),
        _PER_ASSET.code: any(s.assets for s, _pair in pairs),
    }
    columns = tuple(
        column
        for column in _COLUMNS
        if (by_population or column not in _OF_PLACES)
        and told.get(column.code, True)
        and (only is None or column.code in only)
    )
    lines = [
        Line(subject, pair, [_cell(column, subject, pair, link, k) for column in columns]) for subject, pair in pairs
    ]
    return Scorecard(code, title, columns, lines)


def labelled(subject: Subject, pair: Pair, *, link: Callable[..., str], k: int) -> list[Labelled]:
    """One subject's figures with their headings."""
    columns = [column for column in _COLUMNS if column not in _OF_PLACES]
    return [
        Labelled(**vars(_cell(column, subject, pair, link, k)), label=column.label, code=column.code)
        for column in columns
    ]


def csv_rows(card: Scorecard) -> Iterable[list[str]]:
    """The table for a file: codes as headings, plain numbers, the period before beside the period.

    Nothing is left out: on how many cases a figure stands is a column of its own.
    """
    head = ["code", "name"]
    for column in card.columns:
        unit = "_percent" if column.percent else ""
        head += [f"{column.code}{unit}", f"{column.code}{unit}_before"]
        head += [f"{column.code}_cases", f"{column.code}_cases_before"] if column.cases else []
    yield head
    for line in card.lines:
        row = [line.subject.code, line.subject.name]
        for column in card.columns:
            for figures in (line.pair.now, line.pair.before):
                value = column.value(figures, line.subject)
                row.append("" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value))
            row += [str(column.cases(figures)) for figures in (line.pair.now, line.pair.before)] if column.cases else []
        yield row


def shown(value: Number, column: Column) -> str:
    """A figure in the page's language; a dash where there is none."""
    if value is None:
        return "–"
    text = rounded(value, column.decimals)
    # A thin space that does not break; the percent sign comes after the number in all three languages.
    return f"{text}\u202f%" if column.percent else text


def _cell(column: Column, subject: Subject, pair: Pair, link: Callable[..., str], k: int) -> Cell:
    now, before = column.value(pair.now, subject), column.value(pair.before, subject)
    url = link(**subject.filter, **column.about) if column.about is not None and pair.now.n else ""
    if column.cases is None:
        return Cell(text=shown(now, column), url=url, change=_change(column, now, before), order=_order(now))
    cases, cases_before = column.cases(pair.now), column.cases(pair.before)
    if 0 < cases < k:
        text = ngettext("too few: %(n)s case", "too few: %(n)s cases", cases) % {"n": cases}
        return Cell(text=text, url=url, change=None, few=True, cases=cases)
    change = _change(column, now, before) if cases_before >= k else None
    interval = _interval(column, now, cases)
    return Cell(text=shown(now, column), url=url, change=change, interval=interval, cases=cases, order=_order(now))


def _order(value: Number) -> float | str:
    return "" if value is None else round(float(value), 4)


def _interval(column: Column, value: Number, cases: int) -> str:
    if not column.percent or value is None:
        return ""
    found = share_interval(round(value / 100 * cases), cases)
    if found is None:
        return ""
    low, high = (rounded(edge) for edge in found)
    return f"{low}\u2013{high}\u202f%"


def _change(column: Column, now: Number, before: Number) -> Change | None:
    if now is None or before is None:
        return None
    difference = round(now - before, column.decimals)
    was = shown(before, column)
    words = _("before: %(value)s") % {"value": was}
    if not difference:
        return Change("=", words, "same", was)
    rose = difference > 0
    look = "neutral" if not column.worse else "worse" if (difference * column.worse > 0) else "better"
    return Change("▲" if rose else "▼", words, look, was)
