"""Tables for spreadsheets: typed, added up, and nothing in them runs."""

import io
from datetime import UTC, date, datetime

import openpyxl
import pytest

from documents.csvs import Money, make_csv
from documents.sheets import Cell, Column, Kind, Sheet, make_xlsx

CREATED = datetime(2026, 11, 3, 8, 0, tzinfo=UTC)
COLUMNS = [
    Column("Numéro"),
    Column("Jour", Kind.DATE),
    Column("Heure", Kind.MOMENT),
    Column("Jours", Kind.NUMBER, total=True),
    Column("Montant", Kind.MONEY, total=True),
]
ROWS: list[list[Cell]] = [
    ["A-1", date(2026, 10, 2), datetime(2026, 10, 2, 9, 30, tzinfo=UTC), 3, 50_000],
    ["A-2", date(2026, 10, 9), None, None, -12_345],
]
RISKY = ["=1+1", "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "https://example.org", "007"]


def workbook(data: bytes, *, values: bool = False) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data), data_only=values)


def test_cells_keep_their_types_and_money_is_in_units() -> None:
    page = workbook(make_xlsx([Sheet("Relevé", COLUMNS, ROWS, head=[("Convention", "C-1")])], created=CREATED)).active
    assert page is not None
    head, row, other = page[3], page[4], page[5]
    assert (page["A1"].value, page["B1"].value) == ("Convention", "C-1")
    assert [cell.value for cell in head] == [column.title for column in COLUMNS]
    assert row[1].value == datetime(2026, 10, 2)
    assert row[2].value == datetime(2026, 10, 2, 9, 30)
    assert (row[3].value, row[4].value, other[3].value, other[4].value) == (3, 500, None, -123.45)
    assert row[4].number_format.startswith("#,##0.00")


def test_totals_are_formulas_that_carry_their_value() -> None:
    made = make_xlsx([Sheet("x", COLUMNS, ROWS, total_label="Total")], created=CREATED)
    formulas, values = workbook(made).active, workbook(made, values=True).active
    assert formulas is not None and values is not None
    assert (formulas["A4"].value, formulas["D4"].value, formulas["E4"].value) == ("Total", "=SUM(D2:D3)", "=SUM(E2:E3)")
    assert (values["D4"].value, values["E4"].value) == (3, 376.55)


def test_a_table_without_rows_adds_up_to_nothing() -> None:
    page = workbook(make_xlsx([Sheet("x", COLUMNS, [])], created=CREATED)).active
    assert page is not None and page["E2"].value == "=0"


@pytest.mark.parametrize("text", RISKY)
def test_text_that_looks_like_a_formula_stays_text(text: str) -> None:
    page = workbook(make_xlsx([Sheet("x", [Column("a")], [[text]])], created=CREATED)).active
    assert page is not None
    assert page["A2"].data_type == "s"
    # The format writes a carriage return as an escape of its own.
    assert str(page["A2"].value).replace("_x000D_", "\r") == text


def test_names_of_sheets_are_made_fit_and_arabic_sheets_run_from_the_right() -> None:
    made = workbook(
        make_xlsx([Sheet("Relevé [2026/10]: " + "x" * 40, COLUMNS, ROWS)], created=CREATED, right_to_left=True)
    )
    assert len(made.sheetnames[0]) <= 31
    assert made.active is not None and made.active.sheet_view.rightToLeft


def test_the_same_table_gives_the_same_bytes() -> None:
    first, second = (make_xlsx([Sheet("x", COLUMNS, ROWS)], created=CREATED) for _ in range(2))
    assert first == second


def test_csv_begins_with_a_mark_and_runs_nothing() -> None:
    made = make_csv([("code", "n"), *((text, 1) for text in RISKY)]).decode("utf-8-sig")
    lines = made.split("\r\n")
    assert lines[0] == "code,n"
    assert "'=1+1,1" in lines
    assert not any(line.lstrip('"').startswith(("=", "+", "-", "@", "\t")) for line in lines)


@pytest.mark.parametrize(("centimes", "text"), [(50_000, "500.00"), (-12_345, "-123.45"), (-5, "-0.05"), (0, "0.00")])
def test_money_in_files_has_two_decimals(centimes: int, text: str) -> None:
    assert make_csv([(Money(centimes),)], mark=False) == f"{text}\r\n".encode()


def test_labels_above_a_table_and_headings_of_two_lines_are_not_cut_off() -> None:
    columns = [Column("Line", Kind.NUMBER, 7), Column("Month of the breach", width=12)]
    sheet = Sheet(
        "S", columns, [[1, "May 2026"], [2, "A sentence of some length"]], [("Delegated operator", "Dersa Nqiya")]
    )
    page = openpyxl.load_workbook(io.BytesIO(make_xlsx([sheet], created=CREATED))).worksheets[0]
    assert page.column_dimensions["A"].width >= len("Delegated operator") and page.column_dimensions["B"].width >= 12
    assert (page.row_dimensions[3].height, page.row_dimensions[4].height, page.row_dimensions[5].height) == (
        30,
        None,
        45,
    )
    assert page["B4"].alignment.wrap_text and not page["A4"].alignment.wrap_text
