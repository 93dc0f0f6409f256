"""What long commands share: progress on standard error, a report at the end, `--json` and exit statuses (contract.md §1)."""

import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.core.management.base import BaseCommand

Item = TypeVar("Item")


@dataclass(frozen=True)
class Fault:
    """Something refused: a stable code, a sentence, and where it stands (file, row, field)."""

    code: str
    message: str
    where: str = ""
    # Further facts for programs: more keys of the same JSON object.
    details: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "where": self.where, **self.details}


@dataclass
class Report:
    """What a command did. Any fault means that the input was refused or that something is wrong."""

    counts: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    # Worth knowing, but no reason to refuse.
    remarks: list[Fault] = field(default_factory=list)
    # What else the command found, by key, for programs only.
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.faults

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "counts": self.counts,
            "faults": [fault.as_json() for fault in self.faults],
            "remarks": [remark.as_json() for remark in self.remarks],
            **self.more,
        }


class ReportingCommand(BaseCommand):
    """A command whose `run` returns a Report. Exit status 0 done, 1 faults or input refused, 2 wrong use (argparse)."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the report as one JSON object on the last line")

    def run(self, **options: Any) -> Report:
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        report = self.run(**options)
        for remark in report.remarks:
            self.stderr.write(f"note: {_line(remark)}")
        for fault in report.faults:
            self.stderr.write(f"fault: {_line(fault)}")
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False))
        else:
            for name, count in report.counts.items():
                self.stdout.write(f"{name.replace('_', ' ')}: {count}")
            self.stdout.write("done" if report.ok else f"refused: {len(report.faults)} fault(s)")
        if not report.ok:
            sys.exit(1)


def _line(fault: Fault) -> str:
    return f"{fault.where}: {fault.message} [{fault.code}]" if fault.where else f"{fault.message} [{fault.code}]"


def progress(
    items: Iterable[Item], *, label: str, total: int | None = None, every_seconds: float = 1.0
) -> Iterator[Item]:
    """Pass items through and write `label 1200 of 6000 (20 %)` to standard error about every second."""
    started = shown = time.monotonic()
    done = 0
    for done, item in enumerate(items, start=1):
        yield item
        if time.monotonic() - shown >= every_seconds:
            shown = time.monotonic()
            _show(label, done, total, shown - started)
    if done:
        _show(label, done, total, time.monotonic() - started)


def counter(label: str, *, total: int | None = None, every_seconds: float = 1.0) -> Callable[[int], None]:
    """As `progress`, for work that tells itself how far it is: call the result with the number done so far."""
    started = time.monotonic()
    shown = [started]

    def tell(done: int) -> None:
        if time.monotonic() - shown[0] >= every_seconds:
            shown[0] = time.monotonic()
            _show(label, done, total, shown[0] - started)

    return tell


def _show(label: str, done: int, total: int | None, seconds: float) -> None:
    share = f" of {total} ({100 * done // total} %)" if total else ""
    print(f"{label}: {done}{share}, {seconds:.0f} s", file=sys.stderr, flush=True)  # noqa: T201
