"""Scorecards as a page and a file show them: one line per district, service or unit, each figure with its list."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from analytics.figures import Figures, Pair

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


@dataclass(frozen=True)
class Subject:
    """What a line is about. `name` is in the page's language; `filter` narrows lists to it."""

    code: str
    name: str
    filter: dict[str, Any] = field(default_factory=dict)
    population: int | None = None
    css_class: str = ""


def _per_1000(figures: Figures, subject: Subject) -> Number:
    return 1000 * figures.n / subject.population if subject.population else None


_ALL = {"state": ["open", "closed"]}
_FIXED = {"state": ["resolved", "confirmed"]}
_PER_1000 = Column("per_1000", gettext_lazy("Per 1,000 residents"), _per_1000, decimals=1, about=_ALL)
_COLUMNS = (
    Column("n", pgettext_lazy("column", "Filed"), lambda f, s: f.n, about=_ALL),
    _PER_1000,
    Column("open", pgettext_lazy("column", "Open"), lambda f, s: f.open, about={"state": "open"}),
    Column("late", pgettext_lazy("column", "Late"), lambda f, s: f.late, about={"late": "true", "state": None}),
    Column(
        "median_days_to_answer",
        gettext_lazy("Days to answer, median"),
        lambda f, s: f.median_answer,
        decimals=1,
        worse=1,
        about=_ALL,
    ),
    Column(
        "median_days_to_resolve",
        gettext_lazy("Days to resolve, median"),
        lambda f, s: f.median_resolve,
        decimals=1,
        worse=1,
        about=_FIXED,
    ),
    Column(
        "answered_in_time",
        gettext_lazy("Answered in time"),
        lambda f, s: f.answers.share,
        percent=True,
        worse=-1,
        about=_ALL,
    ),
    Column(
        "resolved_in_time",
        gettext_lazy("Resolved in time"),
        lambda f, s: f.resolutions.share,
        percent=True,
        worse=-1,
        about=_FIXED,
    ),
    Column(
        "resolved_in_time_without_pauses",
        gettext_lazy("… if the clock never paused"),
        lambda f, s: f.resolutions_unpaused.share,
        percent=True,
        worse=-1,
        about=_FIXED,
    ),
    Column(
        "rejected",
        gettext_lazy("Rejected"),
        lambda f, s: f.rejected_share,
        percent=True,
        about={"state": "rejected"},
    ),
    Column(
        "out_of_scope",
        gettext_lazy("Out of scope"),
        lambda f, s: f.out_of_scope_share,
        percent=True,
        about={"state": "out_of_scope"},
    ),
)


@dataclass(frozen=True)
class Change:
    """Against the period before: an arrow, words, and whether that is worse or better (or neither)."""

    arrow: str
    words: str
    look: str


@dataclass(frozen=True)
class Cell:
    text: str
    url: str
    change: Change | None


@dataclass(frozen=True)
class Labelled(Cell):
    """A figure that stands alone, with its heading."""

    label: str | Promise


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
    by_population: bool = False,
) -> Scorecard:
    """The table of some subjects. `link(**changes)` gives the address of the list under a changed filter."""
    columns = tuple(column for column in _COLUMNS if by_population or column is not _PER_1000)
    lines = [Line(subject, pair, [_cell(column, subject, pair, link) for column in columns]) for subject, pair in pairs]
    return Scorecard(code, title, columns, lines)


def labelled(subject: Subject, pair: Pair, *, link: Callable[..., str]) -> list[Labelled]:
    """One subject's figures with their headings."""
    columns = [column for column in _COLUMNS if column is not _PER_1000]
    return [Labelled(**vars(_cell(column, subject, pair, link)), label=column.label) for column in columns]


def csv_rows(card: Scorecard) -> Iterable[list[str]]:
    """The table for a file: codes as headings, plain numbers, the period before beside the period."""
    head = ["code", "name"]
    for column in card.columns:
        unit = "_percent" if column.percent else ""
        head += [f"{column.code}{unit}", f"{column.code}{unit}_before"]
    yield head
    for line in card.lines:
        row = [line.subject.code, line.subject.name]
        for column in card.columns:
            for figures in (line.pair.now, line.pair.before):
                value = column.value(figures, line.subject)
                row.append("" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value))
        yield row


def shown(value: Number, column: Column) -> str:
    """A figure in the page's language; a dash where there is none."""
    if value is None:
        return "–"
    text = number_format(value, decimal_pos=column.decimals, use_l10n=True)
    # A thin space that does not break; the percent sign comes after the number in all three languages.
    return f"{text}\u202f%" if column.percent else text


def _cell(column: Column, subject: Subject, pair: Pair, link: Callable[..., str]) -> Cell:
    now, before = column.value(pair.now, subject), column.value(pair.before, subject)
    url = link(**subject.filter, **column.about) if column.about is not None and pair.now.n else ""
    return Cell(text=shown(now, column), url=url, change=_change(column, now, before))


def _change(column: Column, now: Number, before: Number) -> Change | None:
    if now is None or before is None:
        return None
    difference = round(now - before, column.decimals)
    was = _("before: %(value)s") % {"value": shown(before, column)}
    if not difference:
        return Change("=", was, "same")
    rose = difference > 0
    look = "neutral" if not column.worse else "worse" if (difference * column.worse > 0) else "better"
    return Change("▲" if rose else "▼", was, look)
