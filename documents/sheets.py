"""Tables as XLSX: typed cells, totals as formulas that carry their value, nothing that a spreadsheet would run.

XlsxWriter, because a formula it writes keeps the value beside it: previews on phones and readers that do not compute show
the total too. Text stays text whatever it begins with.
"""

import io
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

# A cell: text, whole number, money in centimes, a day, an instant (shown in the zone it carries), or nothing.
Cell = str | int | date | datetime | None
# Limits of the format.
MAX_TEXT = 32_767
MAX_ROWS = 1_048_000
# Height of a line in points; how many characters of bold text a column holds, of those its width is counted in.
_LINE, _BOLD = 15, 0.85


class Kind(Enum):
    """What a column holds: how its cells are typed and shown."""

    TEXT = "@"
    NUMBER = "#,##0"
    # Given in centimes, stored in units of the currency.
    MONEY = "#,##0.00;[Red]-#,##0.00"
    DATE = "yyyy-mm-dd"
    MOMENT = "yyyy-mm-dd hh:mm"


@dataclass(frozen=True)
class Column:
    """A heading, the kind of its cells, and whether the last row adds it up."""

    title: str
    kind: Kind = Kind.TEXT
    width: int = 16
    total: bool = False


@dataclass(frozen=True)
class Sheet:
    """One sheet: what it is about (`head`, label and value), a table, and a total under it."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    head: Sequence[tuple[str, str]] = ()
    total_label: str = ""


def make_xlsx(sheets: Sequence[Sheet], *, created: datetime, right_to_left: bool = False, title: str = "") -> bytes:
    """The workbook. `created` is written into it, so that the same table gives the same bytes."""
    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(stream, options) as book:
        book.set_properties({"title": title, "created": created.replace(tzinfo=None)})
        for sheet in sheets:
            _Writer(book, sheet, right_to_left=right_to_left).write()
    return stream.getvalue()


class _Writer:
    """One sheet on its way into the book."""

    def __init__(self, book: "xlsxwriter.Workbook", sheet: Sheet, *, right_to_left: bool) -> None:
        self.sheet = sheet
        self.page = book.add_worksheet(_sheet_name(sheet.name))
        self.strong = book.add_format({"bold": True})
        self.heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "bg_color": "#F2EFE7"})
        self.formats = {kind: book.add_format({"num_format": kind.value, "valign": "top"}) for kind in Kind}
        self.formats[Kind.TEXT].set_text_wrap()
        self.totals = {kind: book.add_format({"num_format": kind.value, "bold": True, "top": 1}) for kind in Kind}
        if right_to_left:
            self.page.right_to_left()
            # Else a text that begins with a number is read from the left.
            self.formats[Kind.TEXT].set_reading_order(2)

    def write(self) -> None:
        sheet, page = self.sheet, self.page
        for row, (label, value) in enumerate(sheet.head):
            page.write_string(row, 0, label[:MAX_TEXT], self.strong)
            page.write_string(row, 1, value[:MAX_TEXT])
        first = len(sheet.head) + 1 if sheet.head else 0
        for place, column in enumerate(sheet.columns):
            page.write_string(first, place, column.title, self.heading)
            page.set_column(place, place, self._width(place))
        # Heights are given, because not every program makes room for what takes two lines.
        titles = [column.title for column in sheet.columns]
        page.set_row(first, _LINE * max(map(self._lines, range(len(titles)), titles)))
        for number, cells in enumerate(sheet.rows[:MAX_ROWS], start=first + 1):
            for place, (column, cell) in enumerate(zip(sheet.columns, cells, strict=True)):
                self._write_cell(number, place, column.kind, cell)
            lines = max(map(self._lines, range(len(cells)), cells))
            if lines > 1:
                page.set_row(number, _LINE * lines)
        page.freeze_panes(first + 1, 0)
        page.set_landscape()
        page.set_paper(9)  # A4
        page.fit_to_pages(1, 0)
        page.repeat_rows(first)
        if any(column.total for column in sheet.columns):
            self._write_totals(first + 1)

    def _width(self, place: int) -> int:
        """As the table gives it; the first column holds the labels above the table, too."""
        labels = [len(label) for label, _value in self.sheet.head] if place == 0 else []
        return max(self.sheet.columns[place].width, *(math.ceil(length / _BOLD) for length in labels), 0)

    def _lines(self, place: int, cell: Cell) -> int:
        """How many lines a text takes in its column."""
        room = int(self._width(place) * _BOLD)
        return len(textwrap.wrap(cell, room)) if isinstance(cell, str) and len(cell) > room else 1

    def _write_cell(self, row: int, place: int, kind: Kind, cell: Cell) -> None:
        look, page = self.formats[kind], self.page
        if cell is None or cell == "":
            page.write_blank(row, place, None, look)
        elif isinstance(cell, str):
            page.write_string(row, place, cell[:MAX_TEXT], look)
        elif isinstance(cell, datetime):
            page.write_datetime(row, place, cell.replace(tzinfo=None), look)
        elif isinstance(cell, date):
            page.write_datetime(row, place, cell, look)
        else:
            page.write_number(row, place, cell / 100 if kind is Kind.MONEY else cell, look)

    def _write_totals(self, first: int) -> None:
        last = first + len(self.sheet.rows)
        self.page.write_string(last, 0, self.sheet.total_label, self.totals[Kind.TEXT])
        for place, column in enumerate(self.sheet.columns):
            look = self.totals[column.kind]
            if column.total:
                value = sum(cell for row in self.sheet.rows if isinstance(cell := row[place], int))
                shown = value / 100 if column.kind is Kind.MONEY else value
                cells = f"{xl_rowcol_to_cell(first, place)}:{xl_rowcol_to_cell(last - 1, place)}"
                # A sum of no rows would point at its own heading.
                formula = f"=SUM({cells})" if self.sheet.rows else "=0"
                self.page.write_formula(last, place, formula, look, shown)
            elif place:
                self.page.write_blank(last, place, None, look)


def _sheet_name(name: str) -> str:
    """A name that the format allows: at most 31 characters, none of []:*?/\\, no apostrophe at its ends."""
    allowed = "".join(" " if character in "[]:*?/\\" else character for character in name)
    return allowed[:31].strip().strip("'") or "1"
