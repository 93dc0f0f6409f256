"""`manage import_boundaries FILE --jurisdiction CODE --layer LAYER`: districts or service areas from a file (contract.md §1)."""

import argparse
import re
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone, translation

from catalogue.models import Jurisdiction
from districts.editions import DateHasPassed, activate, plan_activation
from districts.importing.child import COMMAND_SECONDS, Answer, FileRefused
from districts.importing.imports import Choices, digest, examine_file, read_file, store_answer
from districts.importing.storing import Provenance
from districts.importing.target import Target, UnknownLayer, target_of
from districts.importing.words.defects import defect_sentence
from districts.importing.words.facts import area_text, where
from districts.importing.words.refusals import refusal_sentence
from districts.importing.words.repairs import repair_sentence
from districts.models import BoundaryEdition
from reporting.commands import Fault, Report, ReportingCommand

_ROLES = (
    "code", "level", "parent", "population", "service", "unit", "category", "priority", "schedule", "fallback_unit",
)  # fmt: skip
_LANGUAGES = ("fr", "ar", "en")


class Command(ReportingCommand):
    help = (
        "Import districts or service areas as a new edition and put it in force. Every defect is named with feature and place;"
        " nothing is repaired unless it is accepted, and then nothing is stored that is not sound."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, help="GeoJSON, GeoPackage, Shapefile (zipped or not), FlatGeobuf, KML")
        parser.add_argument("--jurisdiction", required=True, metavar="CODE")
        parser.add_argument("--layer", required=True, type=_layer, help="districts or service-areas:SERVICE")
        parser.add_argument("--dry-run", action="store_true", help="check and report, store nothing")
        reading = parser.add_argument_group("reading the file; what is not said is guessed and reported")
        reading.add_argument("--from-layer", default="", metavar="NAME", help="the layer, where the file holds several")
        reading.add_argument(
            "--crs", default="", metavar="EPSG:N", help="the coordinate system, whatever the file says"
        )
        reading.add_argument("--encoding", default="", help="the alphabet of the texts, such as windows-1256")
        for role in _ROLES:
            reading.add_argument(f"--{role.replace('_', '-')}", metavar="FIELD")
        for language in _LANGUAGES:
            reading.add_argument(f"--name-{language}", metavar="FIELD")
        reading.add_argument(
            "--name", action="append", default=[], type=_named, metavar="LANGUAGE=FIELD", help="any other language"
        )
        deciding = parser.add_argument_group("deciding about defects, by key or by code, or all of them")
        deciding.add_argument(
            "--accept", action="append", default=[], metavar="all|KEY,…", help="proposed repairs to make"
        )
        deciding.add_argument(
            "--keep", action="append", default=[], metavar="all|KEY,…", help="defects to leave as drawn"
        )
        about = parser.add_argument_group("about the edition")
        about.add_argument("--source", default="", help="where the drawing comes from (default: the file's name)")
        about.add_argument("--license", default="", help="its licence (default: the city's)")
        about.add_argument("--date", type=_date, help="of when the drawing is, YYYY-MM-DD")
        about.add_argument("--imported-by", default="import_boundaries", metavar="NAME")
        when = parser.add_mutually_exclusive_group()
        when.add_argument("--activate-on", type=_instant, metavar="DATE", help="in force from this date (or date-time)")
        when.add_argument("--no-activate", action="store_true", help="store the edition, do not put it in force")
        parser.add_argument(
            "--reroute-open", action="store_true", help="route open complaints again once it is in force"
        )
        parser.add_argument("--language", choices=_LANGUAGES, default="en", help="of the messages")

    def run(self, **options: Any) -> Report:
        with translation.override(options["language"]):
            return _Import(options, timezone.now()).run()


class _Import:
    """One run of the command."""

    def __init__(self, options: Mapping[str, Any], now: datetime) -> None:
        self.options, self.now = options, now
        self.report = Report()

    def run(self) -> Report:
        city = Jurisdiction.objects.filter(code=self.options["jurisdiction"]).first()
        if city is None:
            self._fault("unknown_jurisdiction", "no such city is loaded", self.options["jurisdiction"])
            return self.report
        at = _in_city(self.options["activate_on"], city)
        if at is not None and at <= self.now:
            self._fault("date_has_passed", "the date to activate on has passed", "--activate-on")
        try:
            target = target_of(city, self.options["layer"])
        except UnknownLayer as unknown:
            self._fault("unknown_layer", f"no such layer; there are {unknown}", self.options["layer"])
        if self.report.ok:
            self._import(target, at)
        return self.report

    def _import(self, target: Target, at: datetime | None) -> None:
        file: Path = self.options["file"]
        try:
            data = read_file(file)
            answer = examine_file(target, file.name, data, self._choices(), on_step=_show_step, seconds=COMMAND_SECONDS)
            self._report_answer(answer, file.name)
            if self.report.ok and not self.options["dry_run"]:
                self._store(target, answer, digest(data), at)
        except FileRefused as refused:
            self._fault(refused.code, refusal_sentence(refused.code, {"file": file.name, **refused.params}), file.name)
        except DateHasPassed:
            self._fault("date_has_passed", "the date to activate on has passed", "--activate-on")

    def _choices(self) -> Choices:
        fields = {role: self.options[role] for role in _ROLES if self.options[role] is not None}
        fields |= {f"name_{code}": name for code in _LANGUAGES if (name := self.options[f"name_{code}"]) is not None}
        fields |= {f"name_{code}": name for code, name in self.options["name"]}
        return Choices(
            source_layer=self.options["from_layer"],
            encoding=self.options["encoding"],
            crs=self.options["crs"],
            fields=fields,
            accept=_tokens(self.options["accept"]),
            keep=_tokens(self.options["keep"]),
        )

    def _report_answer(self, answer: Answer, file: str) -> None:
        header = answer.header
        codes = dict(enumerate(header["codes"], start=1))
        for defect in header["defects"]:
            said = _as_fault(defect, codes, file)
            (self.report.remarks if defect["settled"] else self.report.faults).append(said)
        self.report.counts = {
            "read": header["read"],
            "features": len(header["features"]),
            "vertices": sum(feature["vertices"] for feature in header["features"]),
            "defects": len(header["defects"]),
            "repaired": sum(defect["accepted"] for defect in header["defects"]),
            "editions_created": 0,
            "activated": 0,
        }
        if not header["ready"] and self.report.ok:
            self._fault("not_ready", "the file is not ready to be stored", file)

    @transaction.atomic
    def _store(self, target: Target, answer: Answer, file_hash: str, at: datetime | None) -> None:
        file: Path = self.options["file"]
        about = Provenance(
            source=(self.options["source"] or file.name)[:300],
            license=(self.options["license"] or target.city.license)[:60],
            file_hash=file_hash,
            file_name=file.name,
            data_date=self.options["date"],
            imported_by=self.options["imported_by"][:150],
        )
        twin = BoundaryEdition.objects.filter(jurisdiction=target.city, layer=target.layer, file_hash=file_hash).first()
        if twin is not None:
            self._remark("same_file", f"edition {twin.number} was made of the same file", file.name)
        edition = store_answer(target, answer, about, now=self.now)
        self.report.counts |= {"editions_created": 1, "edition": edition.number}
        reroute: bool = self.options["reroute_open"]
        if at is not None:
            plan_activation(edition, at=at, requested_by=about.imported_by, now=self.now, reroute_open=reroute)
            self._remark("planned", f"edition {edition.number} comes into force at {at.isoformat()}", target.layer)
        elif not self.options["no_activate"]:
            activate(edition, requested_by=about.imported_by, now=self.now, reroute_open=reroute)
            self.report.counts["activated"] = 1

    def _fault(self, code: str, message: str, place: str) -> None:
        self.report.faults.append(Fault(code, message, place))

    def _remark(self, code: str, message: str, place: str) -> None:
        self.report.remarks.append(Fault(code, message, place))


def _as_fault(defect: Mapping[str, Any], codes: Mapping[int, str], file: str) -> Fault:
    params = {**defect["params"], **defect["repair_params"]}
    message = defect_sentence(defect["code"], params)
    if defect["repair"]:
        moved = f", moves {area_text(defect['moved_m2'])}" if defect["moved_m2"] else ""
        message += f" [{repair_sentence(defect['repair'], params)}{moved}: --accept {defect['key']}"
        message += f"; or --keep {defect['key']}]" if defect["keepable"] and defect["repair"] != "leave" else "]"
    names = ("key", "features", "place", "repair", "moved_m2", "keepable", "settled", "params")
    details = {name: defect[name] for name in names}
    return Fault(defect["code"], message, where(defect["features"], codes, defect["place"]) or file, details)


def _tokens(given: list[str]) -> frozenset[str]:
    return frozenset(token for text in given for token in re.split(r"[,\s]+", text) if token)


def _show_step(step: int, steps: int) -> None:
    sys.stderr.write(f"step {step} of {steps}\n")


def _layer(text: str) -> str:
    if text != "districts" and not re.fullmatch(r"service-areas:[a-z0-9-]+", text):
        raise argparse.ArgumentTypeError("must be districts or service-areas:SERVICE")
    return text


def _named(text: str) -> tuple[str, str]:
    language, _, name = text.partition("=")
    if not re.fullmatch(r"[a-z]{2,3}", language) or not name:
        raise argparse.ArgumentTypeError("must be like es=NOMBRE")
    return language, name


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a date like 2026-12-01") from None


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a date like 2026-12-01, or a date-time") from None


def _in_city(at: datetime | None, city: Jurisdiction) -> datetime | None:
    """An instant without a zone is meant on the city's clock."""
    return at.replace(tzinfo=ZoneInfo(city.time_zone)) if at is not None and at.tzinfo is None else at
