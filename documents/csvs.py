"""Tables as CSV for spreadsheets: UTF-8 with a mark, and no cell that a spreadsheet would take for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

# What a spreadsheet would run, or hide a formula behind (OWASP, CSV injection).
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")


def make_csv(rows: Iterable[Sequence[str | int | None]], *, mark: bool = True) -> bytes:
    """The table. Numbers are written as they are; text that begins like a formula gets an apostrophe before it."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    for row in rows:
        writer.writerow([harmless(cell) if type(cell) is str else cell for cell in row])
    return stream.getvalue().encode("utf-8-sig" if mark else "utf-8")


def harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_RISKY) else text


class Money(str):
    """An amount for a file: units and two decimals, with a point, whatever the language. May begin with a minus."""

    __slots__ = ()

    def __new__(cls, centimes: int) -> "Money":
        sign = "-" if centimes < 0 else ""
        return super().__new__(cls, f"{sign}{abs(centimes) // 100}.{abs(centimes) % 100:02d}")
