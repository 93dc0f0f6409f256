"""Importing history from elsewhere: set-based, idempotent, without notices and without promises in the past."""

import csv
import json
from array import array
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Mapping_
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
from django.contrib.gis.geos import Point
from django.db import connection, transaction

from catalogue.models import Category, Jurisdiction
from catalogue.snapshot import Snapshot, current_snapshot
from complaints.bulk import BulkRouter, Routed
from complaints.history.mapping import Mapping
from complaints.history.reading import Row, UnreadableFile, read_rows
from complaints.history.records import Record, RowRefused, place_of, record_of
from complaints.insertion import copy_rows
from complaints.models import Complaint, Event, PlaceRecount
from complaints.places import place_for_the_world
from complaints.services.decisions import new_alert
from complaints.services.history import new_event, new_feed_item
from complaints.services.small_places import new_recount, settle_places
from complaints.tracking import new_tracking_number
from districts.batch import NONE, active_editions, load_boundaries
from queueing.alone import alone
from reporting.commands import Fault, Report, progress

BATCH = 5000
# So many records on exactly one point are an office's default, not a place: thirty, and in a large file one in five thousand
# of those that have a place (a large block of flats is reported from often, too).
DEFAULT_POINT_AT, DEFAULT_POINT_SHARE = 30, 5000
SHOWN_DEFAULT_POINTS = 20
COUNTS = (
    "read",
    "imported",
    "skipped_existing",
    "rejected",
    "unlocated",
    "outside",
    "default_point_suspects",
    "district_compared",
    "district_agreed",
)


@dataclass
class Import:
    """One run: the city, the mapping, the shapes that route, and the report it fills."""

    city: Jurisdiction
    mapping: Mapping
    now: datetime
    report: Report = field(default_factory=Report)

    def __post_init__(self) -> None:
        self.report.counts = dict.fromkeys(COUNTS, 0)
        self.catalogue: Snapshot = current_snapshot(self.city)
        boundaries = load_boundaries(
            self.city.pk, active_editions(self.city.pk), edge_tolerance_m=self.city.edge_tolerance_m
        )
        self.router = BulkRouter(self.catalogue, boundaries)
        self.districts: list[dict[str, Any]] = boundaries.districts.rows
        self.names = {row["code"]: _names(row) for row in self.districts}

    def run(self, file: Path, *, rejected: Path | None = None) -> Report:
        """Import every row that can be taken; the others go to `rejected` (`<file>.rejected.csv`) with their reason.

        Rows are stored batch by batch: after an interruption the same command goes on where it stopped, since what a
        source's id names is there already. Two runs for one source at a time would race for the same ids: the second is
        refused.
        """
        with alone(f"import {self.city.code} {self.mapping.source}") as is_mine:
            if not is_mine:
                message = "this source is being imported already"
                self.report.faults.append(Fault("already_running", message, self.mapping.source))
                return self.report
            try:
                survey = self._survey(file)
                self._tell_default_points(survey)
                with _Rejects(rejected or file.with_name(file.name + ".rejected.csv"), self.mapping) as rejects:
                    rows = progress(read_rows(file, self.mapping), label="rows imported", total=survey.rows)
                    for batch in _batches(rows, BATCH):
                        self._import_batch(batch, rejects, survey.crowded)
                settle_places(now=self.now)
            except UnreadableFile as error:
                self.report.faults.append(Fault("unreadable_file", str(error), file.name))
        return self.report

    def _survey(self, file: Path) -> "_Survey":
        """A first pass over the file: how many rows, and the points on which suspiciously many of them lie."""
        keys, rows = array("q"), 0
        for row in progress(read_rows(file, self.mapping), label="rows looked through"):
            rows += 1
            try:
                keys.append(_key(*place_of(row, self.mapping)))
            except RowRefused:
                continue
        points, counts = np.unique(np.frombuffer(keys, dtype=np.int64), return_counts=True)
        many = counts >= max(DEFAULT_POINT_AT, len(keys) // DEFAULT_POINT_SHARE)
        return _Survey(rows, dict(zip(points[many].tolist(), counts[many].tolist(), strict=True)))

    def _tell_default_points(self, survey: "_Survey") -> None:
        most = sorted(survey.crowded.items(), key=lambda item: -item[1])
        for key, count in most[:SHOWN_DEFAULT_POINTS]:
            longitude, latitude = _point_of(key)
            message = f"{count} records lie on exactly this point: an office's default? Maps leave them out"
            self.report.remarks.append(Fault("default_point", message, f"{longitude:.7f}, {latitude:.7f}"))
        if len(most) > SHOWN_DEFAULT_POINTS:
            message = f"{len(most) - SHOWN_DEFAULT_POINTS} more points are as crowded"
            self.report.remarks.append(Fault("default_point", message))

    def _import_batch(self, rows: list[Row], rejects: "_Rejects", crowded: Mapping_[int, int]) -> None:
        counts = self.report.counts
        records: dict[str, tuple[Record, Row]] = {}
        for row in rows:
            counts["read"] += 1
            try:
                record = record_of(row, self.mapping, now=self.now)
            except RowRefused as refused:
                self._reject(rejects, row, refused.code, refused.message)
                continue
            if record.source_id in records:
                counts["skipped_existing"] += 1
            else:
                records[record.source_id] = (record, row)
        known = set(
            Complaint.objects.filter(
                jurisdiction=self.city, source=self.mapping.source, source_id__in=list(records)
            ).values_list("source_id", flat=True)
        )
        counts["skipped_existing"] += len(known)
        fresh = [pair for source_id, pair in records.items() if source_id not in known]
        self._store(fresh, rejects, crowded)

    def _reject(self, rejects: "_Rejects", row: Row, code: str, message: str) -> None:
        self.report.counts["rejected"] += 1
        if code in {"unlocated", "outside"}:
            self.report.counts[code] += 1
        rejects.add(row, code, message)

    def _compare(self, record: Record, district: dict[str, Any]) -> None:
        """Does the record state the district that routing finds (or one that holds it), by code or by name?"""
        stated = _folded(record.stated_district)
        if not stated:
            return
        self.report.counts["district_compared"] += 1
        code = str(district["code"])
        parent = str(district["parent_code"] or "")
        if stated in self.names[code] or stated in self.names.get(parent, ()):
            self.report.counts["district_agreed"] += 1

    def _store(self, pairs: list[tuple[Record, Row]], rejects: "_Rejects", crowded: Mapping_[int, int]) -> None:
        """Route and keep what lies in the city; the rest is rejected."""
        if not pairs:
            return
        routed = self._routed([record for record, _ in pairs])
        inside = [index for index in range(len(pairs)) if routed.districts[index] != NONE]
        for index, (_, row) in enumerate(pairs):
            if routed.districts[index] == NONE:
                self._reject(rejects, row, "outside", "the point lies outside the city")
        complaints: list[Complaint] = []
        decisions, events, feed, alerts = [], [], [], []
        recounts: dict[tuple[int, int | None], PlaceRecount | None] = {}
        numbers = self._new_numbers(len(inside))
        for index, pk, number in zip(inside, _new_ids(len(inside)), numbers, strict=True):
            record, decision = pairs[index][0], routed.decision(index, now=self.now)
            self._compare(record, self.districts[routed.districts[index]])
            assert decision.district_id is not None
            complaint = self._complaint(record, pk, number, decision.district_id, decision.unit_id)
            complaint.default_point_suspect = _key(record.longitude, record.latitude) in crowded
            self.report.counts["default_point_suspects"] += complaint.default_point_suspect
            place_for_the_world(complaint, record.longitude, record.latitude)
            recounts[complaint.category_id, complaint.district_id] = new_recount(complaint, now=self.now)
            decision.complaint = complaint
            complaints.append(complaint)
            decisions.append(decision)
            events.append(_imported(complaint, now=self.now))
            feed.append(new_feed_item(complaint, now=self.now))
            alert = routed.alert(index, self.catalogue) if complaint.is_open else None
            if alert is not None:
                alerts.append(new_alert(complaint, alert, service_id=complaint.service_id, now=self.now))
        with transaction.atomic():
            for rows in (complaints, decisions, events, feed, alerts):
                copy_rows(rows)
        self.report.counts["imported"] += len(complaints)

    def _routed(self, records: list[Record]) -> Routed:
        """As routing.decide would, each as of its own filing."""
        coordinates = np.array([(record.longitude, record.latitude) for record in records], dtype=float)
        categories = np.array([self.catalogue.categories[record.category].pk for record in records], dtype=np.int64)
        return self.router.route(coordinates, categories, [record.submitted_at for record in records])

    def _complaint(self, record: Record, pk: int, number: str, district_id: int, unit_id: int) -> Complaint:
        category = self.catalogue.categories[record.category]
        precision = category.place_precision
        private = precision == Category.Publication.NEVER
        never = category.publish_text == Category.Release.NEVER
        return Complaint(
            pk=pk,
            tracking_number=number,
            jurisdiction_id=self.city.pk,
            service_id=category.service_id,
            category_id=category.pk,
            channel=Complaint.Channel.IMPORT,
            point=Point(record.longitude, record.latitude, srid=4326),
            place_precision=precision,
            district_id=district_id,
            unit_id=unit_id,
            description=record.description,
            location_text=record.location_text,
            text_review=Complaint.Review.WITHHELD if never else Complaint.Review.PENDING,
            visibility=Complaint.Visibility.PRIVATE if private else Complaint.Visibility.PUBLIC,
            state=record.state,
            submitted_at=record.submitted_at,
            updated_at=record.closed_at or record.submitted_at,
            closed_at=record.closed_at,
            source=self.mapping.source,
            source_id=record.source_id,
        )

    def _new_numbers(self, count: int) -> list[str]:
        """Random tracking numbers that nobody has yet."""
        numbers: set[str] = set()
        while len(numbers) < count:
            drawn = {new_tracking_number(self.city.tracking_prefix) for _ in range(count - len(numbers))}
            taken = Complaint.objects.filter(tracking_number__in=drawn).values_list("tracking_number", flat=True)
            numbers |= drawn - set(taken)
        return list(numbers)


@dataclass(frozen=True)
class _Survey:
    """`crowded`: key of a point → how many rows lie on it."""

    rows: int
    crowded: dict[int, int]


# A point as one whole number, to the seventh decimal that the gate keeps: eight bytes instead of two objects.
_STEPS = 10_000_000
_EAST, _NORTH = 180 * _STEPS, 90 * _STEPS


def _key(longitude: float, latitude: float) -> int:
    return (round(longitude * _STEPS) + _EAST) * (2 * _NORTH + 1) + round(latitude * _STEPS) + _NORTH


def _point_of(key: int) -> tuple[float, float]:
    east, north = divmod(key, 2 * _NORTH + 1)
    return (east - _EAST) / _STEPS, (north - _NORTH) / _STEPS


def _imported(complaint: Complaint, *, now: datetime) -> Event:
    return new_event(complaint, Event.Kind.IMPORTED, now=now, is_public=True, to_state=complaint.state)


def _new_ids(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('complaints_complaint_id_seq') FROM generate_series(1, %s)", [count])
        return [row[0] for row in cursor.fetchall()]


def _names(district: dict[str, object]) -> set[str]:
    names = json.loads(str(district["name"]))
    return {_folded(str(district["code"])), *(_folded(text) for text in names.values())}


def _folded(text: str) -> str:
    """For comparing what a record states with a district: case, spaces and a trailing ".0" of spreadsheets do not count."""
    return " ".join(text.casefold().split()).removesuffix(".0")


def _batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


class _Rejects:
    """The file of rejected rows: made when the first one comes, removed if there were none.

    Rows of a CSV keep its delimiter and encoding, so that the mended file goes with the same mapping.
    """

    def __init__(self, path: Path, mapping: Mapping) -> None:
        self.path = path
        is_csv = mapping.format == "csv"
        self.delimiter, self.encoding = (mapping.delimiter, mapping.encoding) if is_csv else (",", "utf-8")
        self.stream: IO[str] | None = None

    def __enter__(self) -> "_Rejects":
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self.stream is not None:
            self.stream.close()

    def add(self, row: Row, code: str, message: str) -> None:
        if self.stream is None:
            self.stream = self.path.open("w", encoding=self.encoding, newline="", errors="backslashreplace")
            self.writer = csv.writer(self.stream, delimiter=self.delimiter)
            self.columns = [name for name in row if name]
            self.writer.writerow(["reason", "explanation", *self.columns])
        self.writer.writerow([code, message, *(row.get(name, "") for name in self.columns)])
